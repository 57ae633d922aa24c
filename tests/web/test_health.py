"""How long readiness waits: for one look at what may be frozen, whoever else looks."""

import asyncio
from typing import cast

import pytest

from bot.jobs import Inbox, StoreUnavailable, Worker
from bot.web import health
from bot.web.health import Check, Readiness


class Frozen:
    """Answers when the test says so."""

    alive = True

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[None]] = []

    async def check(self) -> None:
        self.asked.append(asyncio.get_running_loop().create_future())
        await self.asked[-1]


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_inbox_and_the_records_are_looked_at_at_the_same_time() -> None:
    inbox, records = Frozen(), Frozen()
    readiness = Readiness(cast("Inbox", inbox), cast("Worker", Frozen()), lambda: None, records.check)
    asked = asyncio.ensure_future(readiness.fault())
    await turns()
    assert (len(inbox.asked), len(records.asked)) == (1, 1)
    inbox.asked[0].set_result(None)
    records.asked[0].set_exception(StoreUnavailable("away"))
    assert await asked == "the records cannot be used"


async def test_who_asks_for_readiness_waits_for_no_look_but_the_one_under_way() -> None:
    """Deliveries have a fault looked at again, one after the other."""
    frozen = Frozen()
    check = Check(frozen.check, "away")
    first = asyncio.ensure_future(check.fault())
    await turns()
    deliveries = [asyncio.ensure_future(check.is_sound_now()) for _ in range(3)]
    await turns()
    ready = asyncio.ensure_future(check.fault())
    await turns()
    assert len(frozen.asked) == 1
    frozen.asked[0].set_exception(StoreUnavailable("away"))
    await turns()
    assert len(frozen.asked) == 2, "the deliveries' own look, which is still under way"
    assert first.done()
    assert ready.done()
    assert (first.result(), ready.result()) == ("away", "away")
    assert not any(delivery.done() for delivery in deliveries)
    frozen.asked[1].set_result(None)
    assert await asyncio.gather(*deliveries) == [True, True, True]


async def test_a_look_that_hangs_is_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ANSWERED_WITHIN", 0.01)
    frozen = Frozen()
    check = Check(frozen.check, "away")
    for _ in range(3):
        assert not await check.is_sound_now()
    assert len(frozen.asked) == 1
