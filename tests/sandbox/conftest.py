"""Callers of the sandbox, and a sandbox without onlooker for requests that break the contract on purpose."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import Repo, Sandbox


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @property
    def messages(self) -> list[str]:
        """What the ``errors`` say, in GitHub's two shapes."""
        return [each if isinstance(each, str) else each.get("message", each) for each in self.json.get("errors", ())]


class Caller:
    """Sends requests with one credential."""

    def __init__(self, session: aiohttp.ClientSession, github: Sandbox, token: str | None) -> None:
        self._session, self._github, self.token = session, github, token

    async def __call__(
        self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """``path`` may be relative to ``/repos/acme/app`` when it starts with ``./``."""
        if path.startswith("./"):
            path = "/repos/acme/app" + path[1:]
        sent = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **(headers or {})}
        async with self._session.request(
            method, self._github.url + path, json=body, headers=sent, allow_redirects=False
        ) as response:
            data = await response.read()
            parsed = await response.json() if data and "json" in response.content_type else None
            return Answer(status=response.status, headers=response.headers, body=data, json=parsed)

    async def graphql(self, query: str, **variables: object) -> Any:  # noqa: ANN401 - a JSON value
        return (await self("POST", "/graphql", {"query": query, "variables": variables})).json


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class Receiver:
    """A server that takes deliveries; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.status = 202
        self.got: list[tuple[Mapping[str, str], bytes]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.headers, await request.read()))
        return web.Response(status=self.status)

    @property
    def events(self) -> list[str]:
        return [headers["X-GitHub-Event"] for headers, _ in self.got]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def plain(clock: Clock) -> AsyncIterator[Sandbox]:
    """A sandbox that nobody holds against the contract, and whose clock stands still."""
    async with Sandbox(clock=clock) as github:
        yield github


@pytest.fixture
async def plain_repo(plain: Sandbox) -> Repo:
    return await plain.repo("acme/app", files={"src/a.py": b"x = 1\n"})


@pytest.fixture
def plain_bot(session: aiohttp.ClientSession, plain: Sandbox, plain_repo: Repo) -> Caller:
    return Caller(session, plain, plain.token(plain_repo))


@pytest.fixture
def bot(session: aiohttp.ClientSession, github: Sandbox, repo: Repo) -> Caller:
    """The App's installation on ``acme/app``."""
    return Caller(session, github, github.token(repo))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    taker = Receiver()
    application = web.Application()
    application.router.add_post("/webhook", taker.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taker.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    yield taker
    await runner.cleanup()
