"""The doctor's round trip: a signed ping to the webhook's address, which the real server answers and does not keep."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from bot.cli.doctor import DoctorVerdict
from bot.cli.round_trip import check_round_trip
from tests.web.conftest import SECRET, Server

Serve = Callable[[int, str], Awaitable[str]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def answering() -> AsyncIterator[Serve]:
    """Starts a server that is no ssot-bot: it answers with this status and text."""
    runners = []

    async def serve(status: int, text: str) -> str:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, text=text, headers={"Location": "/elsewhere"})

        app = web.Application()
        app.add_routes([web.post("/webhook", answer)])
        runners.append(runner := web.AppRunner(app))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"

    yield serve
    for runner in runners:
        await runner.cleanup()


async def test_the_running_server_answers_and_keeps_nothing(server: Server, session: aiohttp.ClientSession) -> None:
    url = f"http://127.0.0.1:{server.port}/webhook"
    found = await check_round_trip(session, SECRET, url)
    assert (found.verdict, found.text) == (DoctorVerdict.OK, f"round trip: the server at {url} answers a signed ping")
    assert sum((await server.store.counts()).values()) == 0
    assert server.handled == []


async def test_another_secret_is_a_fault(server: Server, session: aiohttp.ClientSession) -> None:
    found = await check_round_trip(session, b"another secret of the tests", f"http://127.0.0.1:{server.port}/webhook")
    assert found.verdict is DoctorVerdict.FAULT
    assert "another GITHUB_WEBHOOK_SECRET than this environment, or a proxy changes the body" in found.text


async def test_another_path_of_the_server_is_a_fault(server: Server, session: aiohttp.ClientSession) -> None:
    found = await check_round_trip(session, SECRET, f"http://127.0.0.1:{server.port}/hooks")
    assert (found.verdict, "no ssot-bot at" in found.text) == (DoctorVerdict.FAULT, True)


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (200, "welcome", "no ssot-bot at"),
        (401, "please log in", "no ssot-bot at"),
        (404, "", "(it answers 404); the path is /webhook"),
        (301, "", "redirects, which GitHub does not follow"),
        (307, "", "redirects, which GitHub does not follow"),
        (502, "bad gateway", "answers 502: the server does not run"),
        (503, "", "answers 503: the server does not run, or is not ready"),
    ],
)
async def test_another_answer_is_a_fault(
    answering: Serve, session: aiohttp.ClientSession, status: int, text: str, words: str
) -> None:
    found = await check_round_trip(session, SECRET, await answering(status, text))
    assert found.verdict is DoctorVerdict.FAULT
    assert words in found.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/webhook", "https://bot.invalid/webhook", "", "bot", "ftp://x/y"])
async def test_what_cannot_be_reached_from_here_is_a_warning(session: aiohttp.ClientSession, url: str) -> None:
    found = await check_round_trip(session, SECRET, url)
    assert found.verdict is DoctorVerdict.WARNING
    assert "cannot be reached from this machine" in found.text


async def test_nothing_is_written_to_a_channel_of_smee(session: aiohttp.ClientSession) -> None:
    found = await check_round_trip(session, SECRET, "https://smee.io/abc123")
    assert (found.verdict, "not tried" in found.text) == (DoctorVerdict.OK, True)
