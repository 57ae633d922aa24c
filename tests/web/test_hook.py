"""The hook: what is accepted, and what is stored before the answer."""

import ast
import asyncio
from pathlib import Path

import pytest

import bot.web.signature
from bot.domain.errors import SettingsError
from bot.web.signature import signing_key
from tests.web.conftest import GUID, OLD_SECRET, SECRET, Serve, Server, request, sign


def test_githubs_published_example_is_signed() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation"""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signing_key(b"Hello, World!", signature, [b"It's a Secret to Everybody"]) == 0


@pytest.mark.parametrize(
    ("secret", "index"), [(SECRET, 0), (OLD_SECRET, 1), (b"neither of the two", None)], ids=["new", "old", "third"]
)
def test_during_a_rotation_it_is_known_which_secret_signed(secret: bytes, index: int | None) -> None:
    assert signing_key(b"{}", sign(b"{}", secret), [SECRET, OLD_SECRET]) == index


def test_no_secret_means_no_acceptance() -> None:
    assert signing_key(b"{}", sign(b"{}", b""), []) is None


def test_signatures_are_compared_in_constant_time() -> None:
    tree = ast.parse(Path(bot.web.signature.__file__).read_text())
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert "hmac.compare_digest" in called
    assert [ast.unparse(node) for node in compared] == ["found is None"]


@pytest.mark.parametrize("path", ["/webhook", "/api/github/webhooks"])
async def test_a_good_delivery_is_stored_and_handled(server: Server, path: str) -> None:
    answer = await server.send(request(b'{"a": 1}', path=path))
    assert (answer.status, await server.stored()) == (202, 1)
    async with asyncio.timeout(5):
        while True:
            if server.handled:
                break
            await asyncio.sleep(0.005)
    assert (server.handled[0].id, server.handled[0].body) == (GUID, b'{"a": 1}')


async def test_the_same_delivery_again_is_accepted_and_stored_once(server: Server) -> None:
    answers = await asyncio.gather(*(server.post() for _ in range(20)))
    assert {answer.status for answer in answers} == {202}
    assert await server.stored() == 1
    counted = server.metrics.text().decode()
    assert 'ssot_deliveries_total{event="pull_request",outcome="accepted"} 1.0' in counted
    assert 'ssot_deliveries_total{event="pull_request",outcome="duplicate"} 19.0' in counted


@pytest.mark.parametrize(
    ("event", "status", "stored", "label"),
    [
        ("ping", 200, 0, 'event="ping",outcome="ping"'),
        ("sponsorship", 202, 0, 'event="other",outcome="ignored"'),
        ("push", 202, 1, 'event="push",outcome="accepted"'),
    ],
)
async def test_events_without_a_handler_are_counted_only(
    server: Server, event: str, status: int, stored: int, label: str
) -> None:
    answer = await server.post(X_GitHub_Event=event)
    assert (answer.status, await server.stored()) == (status, stored)
    assert f"ssot_deliveries_total{{{label}}} 1.0" in server.metrics.text().decode()


async def test_a_full_queue_is_503_and_nothing_is_kept(serve: Serve) -> None:
    server = await serve(full=True)
    assert (await server.post()).status == 503
    assert await server.stored() == 0
    assert (await server.get("/health/ready")).status == 503


@pytest.mark.parametrize("secrets", [(), (b"",), (SECRET, b"short")], ids=["none", "empty", "one weak"])
async def test_no_server_without_good_secrets(serve: Serve, secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(SettingsError, match="GITHUB_WEBHOOK_SECRET"):
        await serve(secrets=secrets)
