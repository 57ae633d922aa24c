"""Fixtures for every test that talks to the sandbox GitHub: its traffic keeps GitHub's contract, or the test fails."""

from collections.abc import Iterator

import pytest

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
