"""Lists lag behind the comments that the bot has just written: nothing is said twice."""

import re

import pytest

from bot.domain.references import Delivery, DeliveryId, Task
from bot.github.payloads import delivery_of
from bot.migrate.batches.upkeep import UPKEEP
from bot.review.siblings import REVIEW
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from bot.sandbox.people import User
from tests.e2e.conftest import RunningBot
from tests.e2e.test_migrate_issue import config, probes, tracked
from tests.e2e.test_refusals import NAMES, told
from tests.e2e.test_threads import CLOCK, LIB
from tests.github.conftest import ref_of

HEALTH = "netra_backend/app/routes/health.py"


@pytest.fixture
def ann(github: Sandbox) -> User:
    return github.user("ann", role="write")


async def again(bot: RunningBot, repo: Repo, number: int, name: str) -> None:
    """A review of the same head, as a look or another event brings it."""
    task = Task(event=REVIEW, id=name, repo=ref_of(bot.github, repo), subject=number)
    await bot.app.inbox.put(delivery_of(task))
    await bot.settled()


async def repeated(bot: RunningBot, event: str, name: str) -> None:
    """What the event's first run did not record, because the process died: it runs once more."""
    job = [job for job in await bot.jobs() if job.event == event][-1]
    body = await bot.app.store.body(job.seq)
    await bot.app.inbox.put(Delivery(id=DeliveryId(name), event=event, body=body))
    await bot.settled()


async def test_an_answer(bot: RunningBot, service: Repo, github: Sandbox, ann: User) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    github.hide_own()
    await bot.receive(pull.comment("/ssot help", by=ann))
    await repeated(bot, "issue_comment", "again")
    assert len(pull.comments) == 2


async def test_a_skip_counts_at_once(bot: RunningBot, service: Repo, github: Sandbox, ann: User) -> None:
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    (code,) = re.findall(r"· `([0-9a-f]{8})`", pull.review_comments[0].body)
    github.hide_own()
    await bot.receive(pull.comment(f"/ssot skip {code} it stays", by=ann))
    assert pull.check_runs[-1].conclusion == "success"
    await again(bot, service, pull.number, "again")
    assert pull.check_runs[-1].conclusion == "success"


async def test_an_answer_that_somebody_deleted_is_gone(
    bot: RunningBot, service: Repo, github: Sandbox, ann: User
) -> None:
    """It is missing in the list because it is there no longer."""
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    (code,) = re.findall(r"· `([0-9a-f]{8})`", pull.review_comments[0].body)
    await bot.receive(pull.comment(f"/ssot skip {code} it stays", by=ann))
    await pull.last_comment.delete(by=ann)
    await bot.receive(pull.comment("/ssot scan", by=ann))
    assert pull.check_runs[-1].conclusion == "failure"


async def test_what_joins_a_thread(bot: RunningBot, github: Sandbox) -> None:
    files = {".github/ssot.yml": CLOCK.partition(b"  zone")[0], "lib.py": LIB, "app.py": b""}
    repo = await github.repo("acme/clock", files=files)
    use = b"import lib\n\n\ndef at():\n    print(lib.now()); print(lib.zone())\n"
    pull = await bot.receive(repo.open_pull_request({"app.py": use}))
    github.hide_own()
    await bot.receive(repo.push({".github/ssot.yml": CLOCK}))
    for name in ("second", "third"):
        await again(bot, repo, pull.number, name)
    assert [len(thread.comments) for thread in pull.threads] == [2]


async def test_what_is_said_on_a_tracking_issue(bot: RunningBot, github: Sandbox) -> None:
    it = await tracked(bot, probes("a.py"), config(mode="migrate"))
    it.repo.rule(NAMES)
    github.hide_own()
    for name in ("first", "second"):
        task = Task(event=UPKEEP, id=name, repo=ref_of(github, it.repo), subject=1)
        await bot.app.inbox.put(delivery_of(task))
        await bot.settled()
    assert len(told(it.issue)) == 1
