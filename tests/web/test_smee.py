"""Deliveries through a channel of smee.io: GitHub's bytes found again, wrong signatures named, real work refused."""

import asyncio
import hmac
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

import aiohttp
import pytest
from aiohttp import web
from click.testing import CliRunner

from bot.cli import main
from bot.domain.errors import SettingsError, UserError
from bot.web.signature import HEADER
from bot.web.smee import EventStream, NotAMessage, Tunnel, channel_url, follow, refuse_where_it_is_no_trial, request_in
from tests.web.smee_server import SmeeServer, smee_server, stringify
from tests.web.test_serve import ROOT, SECRET, env, key, ssot

__all__ = ["env", "key"]

PAYLOAD = {"action": "opened", "title": "<b>é & 𝒳</b>\u2028", "url": "https://x/y", "number": 1, "is": None}


def signed(body: bytes, guid: str, event: str = "pull_request", secret: str = SECRET) -> dict[str, str]:
    signature = f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"
    return {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        HEADER: signature,
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
    }


@dataclass
class Trial:
    """A channel that is read, the server that gets its deliveries, and what the person is told."""

    smee: SmeeServer
    told: list[str] = field(default_factory=list)
    received: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, text: str) -> None:
        self.told.append(text)
        self.news.set()

    async def receive(self, request: web.Request) -> web.Response:
        self.received.append((dict(request.headers), await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 202)

    async def until(self, words: str) -> None:
        async with asyncio.timeout(60):
            while not any(words in text for text in self.told):
                self.news.clear()
                await self.news.wait()

    async def github(self, body: bytes, guid: str, **more: str) -> None:
        async with aiohttp.ClientSession() as session:
            await session.post(self.smee.url, data=body, headers=signed(body, guid, **more))


@pytest.fixture
async def trial(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Trial]:
    monkeypatch.setattr("bot.web.smee.FIRST_PAUSE", 0.01)
    async with smee_server() as smee:
        made = Trial(smee)
        app = web.Application()
        app.add_routes([web.post("/webhook", made.receive)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        target = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
        channel = Tunnel(url=smee.url, target=target, secrets=[SECRET.encode()], tell=made.tell)
        task = asyncio.create_task(follow(channel))
        await smee.is_read()
        yield made
        task.cancel()
        await runner.cleanup()


SPELLINGS = {
    "compact": stringify(PAYLOAD),
    "escaped as HTML needs it": stringify(PAYLOAD)
    .replace("<", "\\u003c")
    .replace(">", "\\u003e")
    .replace("&", "\\u0026")
    .replace("\u2028", "\\u2028"),
    "ASCII": json.dumps(PAYLOAD, separators=(",", ":")),
    "slashes escaped": stringify(PAYLOAD).replace("/", "\\/"),
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
async def test_github_s_own_bytes_are_delivered(trial: Trial, text: str) -> None:
    await trial.github(text.encode(), "11111111-1111")
    await trial.until("delivered pull_request 11111111-1111: 202")
    [(headers, body)] = trial.received
    assert body == text.encode()
    assert headers["X-GitHub-Event"] == "pull_request"
    assert headers["Content-Type"] == "application/json"
    assert "User-Agent" not in headers or "Hookshot" not in headers["User-Agent"]


async def test_bytes_that_cannot_be_found_again_are_named(trial: Trial) -> None:
    await trial.github(b'{"size": 1.0}', "1")
    await trial.until("refused pull_request 1: its signature does not fit GITHUB_WEBHOOK_SECRET.")
    await trial.github(b'{"size":1}', "2")
    await trial.until("delivered pull_request 2: 202")
    await trial.github(b'{"size":  1}', "3")
    await trial.until(
        "refused pull_request 3: its signature does not fit. The channel writes the JSON of a delivery again"
    )
    assert len(trial.received) == 1


async def test_another_secret_is_named(trial: Trial) -> None:
    await trial.github(b'{"a":1}', "4", secret="another secret of the tests")
    await trial.until("Compare it with the secret on the App's settings page")
    assert trial.received == []


async def test_a_delivery_is_tried_again_while_the_server_cannot_store_it(trial: Trial) -> None:
    trial.answers = [503]
    await trial.github(b'{"a":1}', "5")
    await trial.until("delivered pull_request 5: 202")
    assert len(trial.received) == 2


async def test_a_lost_channel_is_opened_again(trial: Trial) -> None:
    trial.smee.send(None)
    async with asyncio.timeout(60):
        while sum("reading deliveries from" in text for text in trial.told) < 2:
            trial.news.clear()
            await trial.news.wait()
    await trial.smee.is_read()
    await trial.github(b'{"a":1}', "6")
    await trial.until("delivered pull_request 6: 202")


JUNK = {
    "nothing": "",
    "no JSON": "hello",
    "a list": "[1]",
    "no body": '{"x-github-event":"push","x-github-delivery":"1","x-hub-signature-256":"sha256=0"}',
    "no signature": '{"x-github-event":"push","x-github-delivery":"1","body":{}}',
    "a number for a name": '{"x-github-event":1,"x-github-delivery":"1","x-hub-signature-256":"s","body":{}}',
    "a line break": '{"x-github-event":"a\\r\\nb","x-github-delivery":"1","x-hub-signature-256":"s","body":{}}',
    "cut off": '{"body":{"a":1}',
    "cut off before the value": '{"body":',
    "very deep": '{"body":' + "[" * 100_000 + "]" * 100_000 + "}",
    "a comma too many": '{"a":1,}',
}


@pytest.mark.parametrize("data", JUNK.values(), ids=JUNK)
def test_junk_is_no_delivery(data: str) -> None:
    with pytest.raises(NotAMessage):
        request_in(data)


async def test_junk_in_the_channel_stops_nothing(trial: Trial) -> None:
    for data in JUNK.values():
        trial.smee.say(data)
    trial.smee.say("{}", kind="ping")
    await trial.github(b'{"a":1}', "7")
    await trial.until("delivered pull_request 7: 202")
    assert sum("passed over what stands in the channel" in text for text in trial.told) == len(JUNK)


def test_a_body_that_is_passed_on_as_it_came() -> None:
    body = '{"a":  1.0}'
    headers = {name.lower(): value for name, value in signed(body.encode(), "8").items()}
    assert request_in(stringify({**headers, "body": body}))[1][0] == body.encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_event_stream_in_pieces(size: int, end: str) -> None:
    lines = [
        ":comment",
        "data: one",
        "",
        "event: ping",
        "data: no",
        "",
        "data:two",
        "data: lines",
        "",
        "data: open",
        "",
    ]
    raw = end.join(lines).encode() + b"x"
    events = EventStream()
    found = [data for at in range(0, len(raw), size) for data in events.feed(raw[at : at + size])]
    assert found == ["one", "two\nlines"]


def test_a_message_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.smee.LARGEST", 1_000)
    events = EventStream()
    pieces = (b"data: x" * 10 for _ in range(200))
    with pytest.raises(aiohttp.ClientError, match="a message has more than"):
        list(chain.from_iterable(map(events.feed, pieces)))


async def test_what_is_no_event_stream_is_told(trial: Trial) -> None:
    channel = Tunnel(url=trial.smee.url.replace("/channel", "/page"), target="", secrets=[], tell=trial.tell)
    task = asyncio.create_task(follow(channel))
    await trial.until("cannot be read (it is no event stream, but text/plain)")
    task.cancel()


@pytest.mark.parametrize(
    ("environment", "database", "words"),
    [
        ({"K_SERVICE": "bot"}, "postgresql://db/ssot", "not for Cloud Run"),
        ({"GAE_ENV": "standard"}, "postgresql://db/ssot", "not for App Engine"),
        ({"GAE_SERVICE": "default"}, "sqlite:///x.db", "not for App Engine"),
        ({}, "postgresql://db/ssot", "not for a server with PostgreSQL"),
        ({}, "postgres://db/ssot", "not for a server with PostgreSQL"),
    ],
    ids=str,
)
def test_it_is_refused_where_it_is_no_trial(environment: dict[str, str], database: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        refuse_where_it_is_no_trial(environment, database)


@pytest.mark.parametrize(
    "url",
    ["", "smee.io/x", "https://smee.io", "https://smee.io/", "http://smee.io/x", "https://a:b@smee.io/x", "file:///x"],
)
def test_what_is_no_channel_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="--smee must be a channel's address"):
        channel_url(url)
    assert channel_url("https://smee.io/x") == "https://smee.io/x"


def test_serve_refuses_it_before_it_starts(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    postgres = {**env, "SSOT_DATABASE_URL": "postgresql://db.example.com/ssot", "K_SERVICE": "bot"}
    done = ssot(postgres, "serve", "--smee", "https://smee.io/x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--smee is for trying the bot on your machine, not for Cloud Run" in done.stderr
    done = ssot(env, "serve", "--smee", "smee.io")
    assert (done.returncode, done.stdout) == (2, "")


async def test_the_whole_way_with_the_real_server(env: dict[str, str]) -> None:
    async with smee_server() as smee:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve", "--port", "0", "--smee", smee.url,
            cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            await smee.is_read()
            body = stringify({"action": "closed", "zen": "é"}).encode()
            async with aiohttp.ClientSession() as session:
                await session.post(smee.url, data=body, headers=signed(body, "guid-of-smee", "ping"))
                await session.post(smee.url, data=body, headers=signed(body, "guid-of-smee-2", "check_run"))
            said = ""
            async with asyncio.timeout(60):
                while "delivered check_run" not in said:
                    said += (await process.stderr.readline()).decode()
        finally:
            process.terminate()
            await process.communicate()
    assert "smee: for trying only: 127.0.0.1, and everybody who knows this address, reads all payloads" in said
    assert "smee: delivered ping guid-of-smee: 200" in said
    assert "smee: delivered check_run guid-of-smee-2: 202" in said
    assert " check_run " in ssot(env, "jobs", "list").stdout


def test_help_names_it() -> None:
    assert "--smee URL" in CliRunner().invoke(main, ["serve", "--help"]).output
