"""The front door, cases 1 to 18 of the reliability list: bytes on a socket, and what the server makes of them.

Slow heads, idle connections and what the log says of them are in ``test_connections``.
"""

import asyncio
import gzip
import hashlib
import hmac
import json
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.web import BodyLimits
from bot.web.hook import TEXTS
from tests.web.conftest import SECRET, Answer, Serve, Server, ServerProcess, headers, parse, request, send, sign

MIB = 1024 * 1024
BODY = b'{"action": "opened"}'
SHA1 = "sha1=" + hmac.new(SECRET, BODY, hashlib.sha1).hexdigest()


async def refused(server: Server, answer: Answer, status: int) -> None:
    """With the constant text, and nothing stored."""
    assert (answer.status, answer.body) == (status, TEXTS[status] + "\n")
    assert await server.stored() == 0


SIGNATURES: dict[str, dict[str, str | None]] = {
    "none": {"X_Hub_Signature_256": None},
    "empty": {"X_Hub_Signature_256": ""},
    "wrong": {"X_Hub_Signature_256": "sha256=" + "0" * 64},
    "other secret": {"X_Hub_Signature_256": sign(BODY, b"another secret, just as long")},
    "other body": {"X_Hub_Signature_256": sign(BODY + b" ")},
    "truncated": {"X_Hub_Signature_256": sign(BODY)[:-1]},
    "longer": {"X_Hub_Signature_256": sign(BODY) + "0"},
    "upper case": {"X_Hub_Signature_256": "sha256=" + sign(BODY)[7:].upper()},
    "without its prefix": {"X_Hub_Signature_256": sign(BODY)[7:]},
    "sha-1 only": {"X_Hub_Signature_256": None, "X_Hub_Signature": SHA1},
    "sha-1 in its place": {"X_Hub_Signature_256": SHA1},
    "bytes above 127": {"X_Hub_Signature_256": "sha256=\udcff\udcfe"},
    "umlauts": {"X_Hub_Signature_256": "sha256=ä" + "0" * 63},
}


@pytest.mark.parametrize("changes", SIGNATURES.values(), ids=SIGNATURES.keys())
async def test_without_the_right_signature(server: Server, changes: dict[str, str | None]) -> None:
    await refused(server, await server.post(BODY, **changes), 401)


async def test_two_signatures(server: Server) -> None:
    extra = f"X-Hub-Signature-256: {sign(BODY)}\r\n".encode()
    await refused(server, await server.send(request(BODY, extra=extra)), 401)


HEADERS: dict[str, dict[str, str | None]] = {
    "no event": {"X_GitHub_Event": None},
    "no delivery": {"X_GitHub_Delivery": None},
    "empty event": {"X_GitHub_Event": ""},
    "empty delivery": {"X_GitHub_Delivery": ""},
    "event is a path": {"X_GitHub_Event": "../x"},
    "event with umlaut": {"X_GitHub_Event": "püsh"},
    "delivery is SQL": {"X_GitHub_Delivery": "'; DROP TABLE deliveries"},
    "delivery is long": {"X_GitHub_Delivery": "a" * 65},
    "delivery is not text": {"X_GitHub_Delivery": "\udcff"},
    "delivery has a line break": {"X_GitHub_Delivery": "a\\nb"},
}


@pytest.mark.parametrize("changes", HEADERS.values(), ids=HEADERS.keys())
async def test_headers_that_github_does_not_send(server: Server, changes: dict[str, str | None]) -> None:
    await refused(server, await server.post(BODY, **changes), 400)


@pytest.mark.parametrize("name", ["X-GitHub-Event: push", "X-GitHub-Delivery: other"], ids=["event", "delivery"])
async def test_headers_that_stand_twice(server: Server, name: str) -> None:
    await refused(server, await server.send(request(BODY, extra=f"{name}\r\n".encode())), 400)


async def test_a_delivery_id_of_10_kb(server: Server) -> None:
    assert (await server.post(BODY, X_GitHub_Delivery="a" * 10_240)).status == 400
    assert await server.stored() == 0


TYPES = [
    None,
    "",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/jsonp",
    "application/json; charset=nope",
    "application/json; charset=utf-16",
    "application/json, text/plain",
]


@pytest.mark.parametrize("value", TYPES)
async def test_content_types_but_json(server: Server, value: str | None) -> None:
    await refused(server, await server.post(BODY, Content_Type=value), 415)


@pytest.mark.parametrize(
    "value", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_spellings_of_json(server: Server, value: str) -> None:
    assert (await server.post(BODY, Content_Type=value)).status == 202


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity", "x, y"])
async def test_content_encodings(server: Server, coding: str) -> None:
    body = gzip.compress(BODY)
    await refused(server, await server.post(body, Content_Encoding=coding), 415)


PAYLOADS = {
    "list": b"[]",
    "null": b"null",
    "number": b"1",
    "string": b'""',
    "cut off": b"{",
    "empty": b"",
    "bad utf-8": b'{"a": "\xff"}',
    "bom": b"\xef\xbb\xbf{}",
    "nan": b'{"a": NaN}',
    "infinite": b'{"a": 1e999}',
    "long number": b'{"a": ' + b"9" * 5_000 + b"}",
    "duplicate keys": b'{"a": 1, "a": 2}',
    "lone surrogate": b'{"a": "\\ud800"}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", PAYLOADS.values(), ids=PAYLOADS.keys())
async def test_what_is_signed_is_stored_whatever_it_is(server: Server, body: bytes) -> None:
    assert (await server.post(body)).status == 202
    (job,) = await server.store.recent(10)
    assert await server.store.body(job.seq) == body


FRAMES = {
    "both lengths": b"Transfer-Encoding: chunked\r\n",
    "two lengths": b"Content-Length: 3\r\n",
    "20 KB header": b"X-Big: " + b"a" * 20_480 + b"\r\n",
    "NUL in a header": b"X-Nul: a\0b\r\n",
    "no colon": b"nonsense\r\n",
}


@pytest.mark.parametrize("extra", FRAMES.values(), ids=FRAMES.keys())
@pytest.mark.filterwarnings("ignore")
async def test_frames_that_can_be_read_in_two_ways(server: Server, extra: bytes) -> None:
    assert (await server.send(request(BODY, extra=extra))).status == 400
    assert await server.stored() == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods(server: Server, method: str) -> None:
    assert (await server.get("/webhook", method=method)).status == 405


@pytest.mark.parametrize("path", ["/../metrics", "/%2e%2e/metrics", "//metrics", "/metrics%00", "/webhook/../metrics"])
async def test_roundabout_paths_open_nothing(serve: Serve, path: str) -> None:
    server = await serve(token="an operator token")
    assert (await server.get(path)).status in (400, 401, 404)


async def test_a_body_that_is_too_large_by_its_own_account(server: Server) -> None:
    head = headers(BODY, Content_Length=str(26 * MIB))
    await refused(server, await server.send(request(BODY, head=head)), 413)


async def test_an_endless_chunked_body(serve: Serve) -> None:
    server = await serve(limits=BodyLimits(largest=MIB))
    head = headers(BODY, Content_Length=None, Transfer_Encoding="chunked")
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request(b"", head=head))
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    for _ in range(32):
        writer.write(chunk)
    answer = parse(await reader.read())
    writer.close()
    await refused(server, answer, 413)


async def test_a_body_that_stops_in_the_middle(serve: Serve) -> None:
    server = await serve(limits=BodyLimits(deadline=0.2))
    began = time.monotonic()
    head = headers(BODY, Content_Length="100")
    await refused(server, await server.send(request(BODY, head=head)), 408)
    assert time.monotonic() - began < 3


async def test_a_sender_that_hangs_up_in_the_middle(server: Server) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request(BODY, head=headers(BODY, Content_Length="100")))
    await writer.drain()
    writer.close()
    assert (await server.post(BODY)).status == 202
    assert await server.stored() == 1


async def test_a_length_that_is_too_short(server: Server) -> None:
    """The rest is neither part of the body nor a second delivery."""
    assert (await server.send(request(BODY, head=headers(BODY, Content_Length="5")))).status == 400
    assert await server.stored() == 0


async def test_all_bodies_together_stay_within_the_memory_set_aside(serve: Serve) -> None:
    server = await serve(limits=BodyLimits(in_memory=MIB, deadline=0.5))
    head = headers(BODY, Content_Length=str(2 * MIB))
    slow = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(4)]
    for _, writer in slow:
        writer.write(request(b"x" * (300 * 1024), head=head))
        await writer.drain()
    statuses = [parse(await reader.read()).status for reader, _ in slow]
    for _, writer in slow:
        writer.close()
    assert sorted(statuses) == [408, 408, 408, 503]
    assert (await server.post(BODY)).status == 202


@pytest.fixture
async def slow_senders(server: Server) -> AsyncIterator[None]:
    """200 connections that have sent half a body."""
    opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(200)]
    for _, writer in opened:
        writer.write(request(BODY, head=headers(BODY, Content_Length="100")))
        await writer.drain()
    yield
    for _, writer in opened:
        writer.close()


@pytest.mark.usefixtures("slow_senders")
async def test_slow_senders_do_not_stop_good_ones(server: Server) -> None:
    times = []
    for number in range(20):
        began = time.monotonic()
        answer = await server.post(BODY, X_GitHub_Delivery=f"guid-{number}")
        times.append(time.monotonic() - began)
        assert answer.status == 202
    # Good ones that had to wait for slow ones would all be late; a busy machine delays a few.
    assert statistics.median(times) < 1


async def test_the_time_does_not_tell_how_much_of_a_signature_is_right() -> None:
    """A smoke test only; that the comparison is constant in time is asserted on the code."""
    from bot.web.signature import signing_key

    right = sign(BODY)
    wrong = ("sha256=" + ("1" if right[7] == "0" else "0") + right[8:], right[:-1] + ("1" if right[-1] == "0" else "0"))
    took: list[list[float]] = [[], []]
    for _ in range(5):  # taken in turns, and the fastest counts: another process may be busy now and then
        for times, signature in zip(took, wrong, strict=True):
            began = time.perf_counter()
            assert not any(signing_key(BODY, signature, [SECRET]) is not None for _ in range(400))
            times.append(time.perf_counter() - began)
    assert 0.2 < min(took[0]) / min(took[1]) < 5


def peak_memory(pid: int) -> int:
    """The process's high-water mark of resident memory, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux' /proc")
async def test_the_largest_bodies_and_bombs_within_300_mib(server_process: ServerProcess) -> None:
    port = server_process.port
    exact = json.dumps("x" * (25 * MIB - 2)).encode()
    assert len(exact) == 25 * MIB
    assert (await send(port, request(exact), within=30)).status == 202
    assert (await send(port, request(exact + b" "), within=30)).status == 413
    bomb = gzip.compress(b"\0" * (256 * MIB), compresslevel=1)
    assert (await send(port, request(bomb, head=headers(bomb, Content_Encoding="gzip")))).status == 415
    big = [send(port, request(exact, head=headers(exact, X_GitHub_Delivery=f"g{n}")), within=60) for n in range(6)]
    assert {answer.status for answer in await asyncio.gather(*big)} <= {202, 503}
    assert peak_memory(server_process.pid) < 300 * MIB
