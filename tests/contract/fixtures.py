"""Fixtures for every test that talks to the sandbox GitHub: its traffic keeps GitHub's contract, or the test fails."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.sandbox import Repo, Sandbox
from tests.contract.checker import Contract, github_contract
from tests.contract.observer import ContractObserver
from tests.contract.waivers import SANDBOX, Waivers


@pytest.fixture(scope="session")
def contract() -> Contract:
    """GitHub's own contract, loaded once a process."""
    return github_contract()


@pytest.fixture
def contract_observer(contract: Contract) -> Iterator[ContractObserver]:
    """``Sandbox(observer=contract_observer)``: a mismatch fails the test that caused it."""
    observer = ContractObserver(contract, Waivers(SANDBOX))
    yield observer
    if observer.mismatches:
        pytest.fail(f"the traffic breaks GitHub's contract:\n{observer.report()}", pytrace=False)


@pytest.fixture
async def github(contract_observer: ContractObserver) -> AsyncIterator[Sandbox]:
    """A GitHub on loopback, with the App registered and nothing in it."""
    async with Sandbox(observer=contract_observer) as sandbox:
        yield sandbox


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    """``acme/app``, where the App is installed, with one Python file that nothing is wrong with."""
    return await github.repo("acme/app", files={"src/a.py": b"x = 1\n"})
