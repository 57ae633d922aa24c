"""Events that come out of order, and again when everything about them is forgotten: the state decides."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.references import Delivery, DeliveryId
from bot.jobs import Duplicate, State
from bot.sandbox import Repo
from bot.sandbox.example import CHANGE, HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_case_21_events_out_of_order_end_in_the_newest_state(bot: RunningBot, service: Repo, seed: int) -> None:
    faults = bot.github.webhooks.faults
    faults.hold()
    faults.order = random.Random(seed)  # noqa: S311  # to be repeatable
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await pr.push({HEALTH: HEALTH_MIGRATED})
    await pr.push({"README.md": b"# Notes\n"})
    bot.github.webhooks.release()
    await bot.settled()
    assert pr.review_comments == []
    assert {check.head_sha for check in service.check_runs} == {pr.head_sha}
    assert [check.conclusion for check in service.check_runs] == ["success"]
    assert await bot.failed() == []


async def test_case_22_an_old_delivery_is_replayed_after_it_was_forgotten(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request(dict(CHANGE))
    await bot.settled()
    said, runs, old = len(pr.review_comments), len(service.check_runs), bot.github.deliveries[0]
    ends = (State.DONE, State.IGNORED, State.SUPERSEDED)
    assert await bot.app.store.clean(ends, datetime.now(UTC) + timedelta(days=8), 100) >= 1
    forgotten = Delivery(id=DeliveryId(old.guid), event=old.event, body=b"{}")
    assert await bot.app.store.known([forgotten.id]) == frozenset()
    bot.github.webhooks.redeliver(old)
    await bot.settled()
    assert (len(pr.reviews), len(pr.review_comments), len(service.check_runs)) == (1, said, runs)
    assert isinstance(await bot.app.inbox.put(forgotten), Duplicate)
