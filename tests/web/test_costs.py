"""What the front costs for each delivery.  Counted, not timed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context

import pytest
from aiohttp import web

from bot.web import intake
from bot.web.connections import awaiting_body
from bot.web.health import Check
from tests.web.conftest import Server, headers, request


async def test_requests_of_one_connection_share_its_timer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    call_at = loop.call_at

    def counted(
        when: float, callback: Callable[..., object], *more: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        made[getattr(callback, "__qualname__", "?")] += 1
        return call_at(when, callback, *more, context=context)

    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    monkeypatch.setattr(loop, "call_at", counted)
    for number in range(50):
        head = headers(b"{}", Connection="keep-alive", X_GitHub_Delivery=f"delivery-{number}")
        writer.write(request(b"{}", head=head))
        answer = await reader.readuntil(b"accepted\n")
        assert b" 202 " in answer
    writer.close()
    assert sum(count for name, count in made.items() if name.startswith("PeerConnection")) <= 2


async def test_a_body_that_came_with_its_headers_is_not_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[web.Request] = []
    waits = asyncio.Event()

    @contextmanager
    def note(request: web.Request) -> Iterator[None]:
        waited.append(request)
        waits.set()
        with awaiting_body(request):
            yield

    monkeypatch.setattr(intake, "awaiting_body", note)
    assert (await server.post(b"{}")).status == 202
    assert waited == []
    raw = request(b"{}", head=headers(b"{}", X_GitHub_Delivery="another"))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(raw[:-1])
    await asyncio.wait_for(waits.wait(), 10)
    writer.write(raw[-1:])
    assert b" 202 " in await reader.read()
    writer.close()


async def test_what_is_known_to_be_sound_is_said_at_once() -> None:
    async def sound() -> None:
        return

    check = Check(sound, "not sound")
    assert await check.is_sound_now()
    check._running = asyncio.get_running_loop().create_future()  # somebody else has it looked at
    async with asyncio.timeout(10):
        assert await check.is_sound_now()
