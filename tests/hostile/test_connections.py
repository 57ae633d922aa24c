"""Strangers at the socket: what they hold costs themselves, and the log stays small."""

import asyncio
import logging
import os
import random
import resource
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.web import BodyLimits, ConnectionLimits
from tests.web.conftest import ROOT, Serve, Server, headers, parse, request, send

MIB = 1024 * 1024
BODY = b'{"action": "opened"}'
Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(port: int, count: int, sent: bytes = b"") -> AsyncIterator[list[Peer]]:
    """Connections that have sent ``sent``, and stay open."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        for _, writer in opened:
            writer.write(sent)
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def is_closed(peer: Peer, within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            await peer[0].read()
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return True


# --- bodies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("senders", "each"), [(6, 11 * MIB), (60, MIB), (600, 100 * 1024)])
async def test_unsigned_slow_bodies_do_not_take_the_room_of_signed_ones(serve: Serve, senders: int, each: int) -> None:
    server = await serve(limits=BodyLimits(in_memory=32 * MIB))
    head = headers(BODY, Content_Length=str(24 * MIB), X_Hub_Signature_256="sha256=" + "0" * 64)
    async with connected(server.port, senders, request(b"x" * each, head=head)):
        for number in range(40):
            answer = await server.post(b"x" * 24_000, X_GitHub_Delivery=f"guid-{number}")
            assert answer.status == 202
        await asyncio.sleep(1.5)  # until they are slow
        big = await send(server.port, request(b"y" * (20 * MIB)), within=30)
        assert big.status == 202


async def test_a_body_that_loses_its_room_is_told_to_try_again(serve: Serve) -> None:
    server = await serve(limits=BodyLimits(in_memory=MIB))
    head = headers(BODY, Content_Length=str(MIB))
    async with connected(server.port, 1, request(b"x" * (900 * 1024), head=head)) as [(reader, _)]:
        await asyncio.sleep(0.2)
        assert (await server.post(b"y" * (500 * 1024))).status == 202
        assert parse(await reader.read()).status == 503


async def test_large_unsigned_bodies_do_not_displace_large_signed_ones(serve: Serve) -> None:
    """They come as fast as the signed ones, again and again, and are more than there is room for."""
    size, good = 10 * MIB, 12
    server = await serve(limits=BodyLimits(in_memory=32 * MIB, largest=12 * MIB))
    unsigned = request(b"x" * size, head=headers(b"", Content_Length=str(size)))
    refused: Counter[int] = Counter()
    enough = asyncio.Event()

    async def attack() -> None:
        while not enough.is_set():
            refused[(await send(server.port, unsigned, within=60)).status] += 1

    attacks = [asyncio.create_task(attack()) for _ in range(8)]
    await asyncio.sleep(0.2)
    for number in range(good):
        raw = request(
            body := b"%d" % number * (size // len(str(number))), head=headers(body, X_GitHub_Delivery=f"{number}")
        )
        assert (await send(server.port, raw, within=60)).status == 202
    enough.set()
    await asyncio.gather(*attacks)
    assert refused[401] > good
    assert await server.stored() == good


# --- connections ---------------------------------------------------------------------------------------------------

SHORT = ConnectionLimits(head=0.5, idle=1.0)
NOTHING_YET = {"nothing": b"", "half a line": b"POST /web", "half a head": b"POST /webhook HTTP/1.1\r\nHost: x\r\n"}


@pytest.mark.parametrize("sent", NOTHING_YET.values(), ids=NOTHING_YET.keys())
async def test_a_connection_without_a_request_is_closed(serve: Serve, sent: bytes) -> None:
    server = await serve(connections=SHORT)
    async with connected(server.port, 1, sent) as [peer]:
        assert await is_closed(peer, 5)


async def test_a_head_that_trickles_has_no_more_time(serve: Serve) -> None:
    server = await serve(connections=SHORT)
    async with connected(server.port, 1, b"POST /webhook HTTP/1.1\r\n") as [(reader, writer)]:
        began = time.monotonic()
        while not reader.at_eof() and time.monotonic() - began < 10:
            writer.write(b"X: y\r\n")
            await asyncio.sleep(0.1)
        assert time.monotonic() - began < 5


async def test_an_idle_connection_is_closed_and_one_in_use_is_not(serve: Serve) -> None:
    server = await serve(connections=SHORT)
    live = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with connected(server.port, 1, live) as [(reader, writer)]:
        for _ in range(6):
            assert b"200" in await reader.readuntil(b"ok\n")
            await asyncio.sleep(0.4)
            writer.write(live)
        assert b"200" in await reader.readuntil(b"ok\n")
        assert await is_closed((reader, writer), 5)


async def test_the_connection_that_has_waited_longest_goes_first(serve: Serve) -> None:
    server = await serve(connections=ConnectionLimits(most=20))
    slow = request(b"x", head=headers(BODY, Content_Length="100"))
    async with connected(server.port, 19) as old, connected(server.port, 100, slow):
        assert (await server.post(BODY)).status == 202
        assert all([await is_closed(peer, 1) for peer in old])
    assert await server.stored() == 1


async def test_heads_that_are_never_complete_have_a_bound_together(serve: Serve) -> None:
    server = await serve(connections=ConnectionLimits(unread=MIB))
    head = b"POST /webhook HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 8000) for n in range(25))
    async with connected(server.port, 20, head) as peers:
        assert (await server.post(BODY)).status == 202
        closed = [await is_closed(peer, 0.2) for peer in peers]
    assert 14 <= sum(closed) <= 17


# --- what is written -------------------------------------------------------------------------------------------


async def test_no_versions(server: Server) -> None:
    answers = [
        await server.get("/health/live"),
        await server.get("/nowhere"),
        await server.get("/"),
        await server.post(BODY),
        await server.post(BODY, X_Hub_Signature_256=None),
        await server.send(b"nonsense\r\n\r\n"),
    ]
    assert {answer.status for answer in answers} == {200, 202, 400, 401, 404}
    for answer in answers:
        assert "Server: ssot-bot\r\n" in answer.head
        assert "python" not in (answer.head + answer.body).lower()
        assert "aiohttp" not in (answer.head + answer.body).lower()


MALFORMED = {
    "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "no method": b" / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nnonsense\r\n\r\n",
    "an address": b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a port": b"CONNECT x:99999999 HTTP/1.1\r\nHost: x\r\n\r\n",
    "an open bracket": b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n",
    "long line": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(1000)) + b"\r\n",
    "line breaks": b"GET / HTTP/1.1\r\nX: a\rb\nc: [31mred\r\n\r\n",
    "a chunk": b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    "a chunk for health": b"GET /health/live HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
    "an upgrade": b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\xff\xff\xff",
    "a preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an expectation": b"POST /webhook HTTP/1.1\r\nExpect: nonsense\r\nContent-Length: 3\r\n\r\nabc",
}


def bad_lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_http_is_at_most_one_line(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], raw: bytes
) -> None:
    caplog.set_level(logging.INFO)
    capfd.readouterr()
    async with connected(server.port, 1, raw) as [(reader, writer)]:
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 5)
    await asyncio.sleep(0.05)
    assert b"Traceback" not in answer
    written = "".join(capfd.readouterr())
    assert not bad_lines(caplog)
    assert len(caplog.records) + written.count("\n") <= 1
    assert "Traceback" not in written
    assert (await server.get("/health/live")).status == 200


async def test_mutilated_requests_are_at_most_one_line_each(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    capfd.readouterr()
    random_ = random.Random(13)  # noqa: S311  # cases, no secrets
    good = request(BODY)
    for _ in range(150):
        raw = bytearray(good)
        for _ in range(random_.randint(1, 6)):
            at = random_.randrange(len(raw))
            raw[at : at + random_.randint(0, 3)] = random_.randbytes(random_.randint(0, 3))
        async with connected(server.port, 1, bytes(raw)) as [(reader, writer)]:
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 5)
    assert not bad_lines(caplog)
    assert len(caplog.records) + "".join(capfd.readouterr()).count("\n") <= 150


def test_a_full_descriptor_table_is_told_once_a_second(tmp_path: Path) -> None:
    """The limit sinks while the server runs, to what it has open: every accept fails."""
    log = tmp_path / "log"
    command = [sys.executable, "-m", "tests.web.process", str(tmp_path / "ssot.db")]
    with log.open("wb") as out, ExitStack() as stack:
        process = subprocess.Popen(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, stdout=out, stderr=out)
        stack.callback(process.wait)
        stack.callback(process.kill)
        while not log.read_text().endswith("\n"):
            assert process.poll() is None
            time.sleep(0.05)
        port, limits = int(log.read_text()), resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        open_now = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (open_now, limits[1]))
        began = time.monotonic()
        for _ in range(60):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        time.sleep(3)
        lines, took = log.read_text().splitlines()[1:], time.monotonic() - began
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, limits)
        assert asyncio.run(send(port, request(BODY), within=15)).status == 202
    assert any("no_descriptors_left" in line for line in lines)
    assert len(lines) <= took + 2
