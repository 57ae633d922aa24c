"""The sandbox answers and tells as GitHub does: its whole surface, held against the contract."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import Repo, Sandbox
from tests.contract.checker import Contract, github_contract
from tests.contract.observer import ContractObserver
from tests.contract.surface import AREAS, Api, Callers, installations, integration, names, people, review


@pytest.fixture
async def receiver() -> AsyncIterator[str]:
    """The address of a server that takes every delivery."""

    async def take(_: web.Request) -> web.Response:
        return web.Response(status=202)

    application = web.Application()
    application.router.add_post("/webhook", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    await runner.cleanup()


@pytest.fixture(params=github_contract().versions)
async def callers(github: Sandbox, repo: Repo, request: pytest.FixtureRequest) -> AsyncIterator[Callers]:
    """Once for each version of the API."""
    person = github.user("octocat", "admin")
    tokens = {"app": github.jwt(), "bot": github.token(repo), "person": person.token}
    async with aiohttp.ClientSession() as session:

        def api(name: str) -> Api:
            return Api(session=session, url=github.url, token=tokens[name], version=request.param)

        yield Callers(app=api("app"), bot=api("bot"), person=api("person"))


def dotted(pair: str) -> str:
    """``pull-request-ready-for-review`` as the observer names it, whose underscores are lost in the description."""
    return pair.replace("-", "_")


async def test_the_whole_surface_keeps_the_contract(
    github: Sandbox,
    repo: Repo,
    callers: Callers,
    receiver: str,
    contract: Contract,
    contract_observer: ContractObserver,
) -> None:
    """Every operation, mutation and webhook was met, and every waiver needed."""
    github.webhook_url = receiver
    for area in AREAS:
        await area(callers)
    await people(github, repo)
    await review(callers, repo)
    await integration(callers, repo)
    await installations(github, repo)
    await names(github, repo)
    await github.settled()
    assert {operation.id for operation in contract.rest.operations} - contract_observer.seen == set()
    told = {name.replace(".", "_") for name in contract_observer.seen}
    assert {dotted(pair) for pair in contract.webhooks.events} - told == NEVER_SENT
    assert contract_observer.waivers.unused == []


NEVER_SENT = {"check_suite_completed"}
"""What the sandbox cannot be brought to send: nothing that the bot does depends on it."""
