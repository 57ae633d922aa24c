"""The bot's work for itself: sent from a workflow or by the clock, and done through the same queue."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import Handlers, build
from bot.cli.demo import settings_for
from bot.context import Bot
from bot.domain.references import Delivery, DeliveryId, Task
from bot.github.payloads import parse
from bot.jobs import Done, Lease, Outcome, State, Work
from bot.sandbox import Sandbox
from bot.timers import Timer
from bot.web import create_runner
from tests.jobs.conftest import until


async def test_a_job_sends_a_task_which_is_done_once(github: Sandbox, tmp_path: Path) -> None:
    ran: list[str] = []

    async def run(bot: Bot, delivery: Delivery, lease: Lease) -> Outcome:
        ran.append(delivery.event)
        if delivery.event == "push":
            for _ in range(3):
                await bot.send(Task(event="ssot.tracker", id="1", repo=None))
            hour = timedelta(hours=1)
            await bot.send(Task(event="ssot.later", id="1", repo=None, not_before=datetime.now(UTC) + hour))
        return Done(summary=type(parse(delivery.event, delivery.body)).__name__)

    async def both_ran() -> bool:
        return len(ran) == 2 and not app.worker.stats().running

    wired = Handlers(events=frozenset({"push"}), route=lambda *_: Work(key="k"), run=run)
    app = build(settings_for(github, tmp_path), wired)
    runner = create_runner(app.web)
    await runner.setup()
    try:
        await app.inbox.put(Delivery(id=DeliveryId("1"), event="push", body=b"{}"))
        await until(both_ran)
        later, task, push = await app.store.recent(5)
    finally:
        await runner.cleanup()
    assert ran == ["push", "ssot.tracker"]
    assert [job.state for job in (push, task, later)] == [State.DONE, State.DONE, State.QUEUED]
    assert (task.id, task.reason) == ("ssot.tracker:1", "AppTaskEvent")


async def test_timers_look_at_the_start_and_again_and_survive_a_fault(github: Sandbox, tmp_path: Path) -> None:
    looks: list[datetime] = []
    ran: list[str] = []

    async def look(bot: Bot, now: datetime) -> Iterable[Task]:
        looks.append(now)
        if len(looks) == 1:
            raise KeyError("a defect")
        return [Task(event="ssot.sweep", id=str(min(len(looks), 3)), repo=None)]

    async def run(bot: Bot, delivery: Delivery, lease: Lease) -> Outcome:
        ran.append(delivery.id)
        return Done()

    async def looked_often() -> bool:
        return len(looks) > 6 and len(ran) == 2

    wired = Handlers(events=frozenset(), route=lambda *_: Work(key="k"), run=run)
    wired = replace(wired, timers=(Timer(name="sweep", every=0.01, tasks=look),))
    app = build(settings_for(github, tmp_path), wired)
    runner = create_runner(app.web)
    await runner.setup()
    try:
        await until(looked_often)
    finally:
        await runner.cleanup()
    assert ran == ["ssot.sweep:2", "ssot.sweep:3"]
