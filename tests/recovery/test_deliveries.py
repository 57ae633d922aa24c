"""After an outage: every delivery comes in, each is asked for once, whatever happens meanwhile.

Case 31 of the hostile inputs and promise P5, against the sandbox's own delivery log.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from bot.context import Bot, StoredDeliveries
from bot.domain.errors import RetryLater
from bot.domain.references import DeliveryId
from bot.github import GitHub, Performer
from bot.identity.markers import MarkerKeys
from bot.recovery import deliveries
from bot.recovery.deliveries import Swept, sweep_deliveries
from bot.sandbox import Repo, Sandbox
from bot.sandbox.faults import Reply
from bot.sandbox.routes.apps import delivery_item
from bot.scanner.scanner import Scanner
from bot.storage import Storage
from tests.github.clock import ManualClock

EVENTS = frozenset({"issue_comment", "issues", "pull_request", "push"})


class Receiver:
    """The bot's front door, up or down, and what it has stored."""

    def __init__(self) -> None:
        self.up, self.stored, self.url = True, Counter[str](), ""

    async def take(self, request: web.Request) -> web.Response:
        if not self.up:
            return web.Response(status=503)
        self.stored[request.headers["X-GitHub-Delivery"]] += 1
        return web.Response(status=202)

    async def have(self, guids: Collection[DeliveryId]) -> Collection[DeliveryId]:
        return {guid for guid in guids if guid in self.stored}


@pytest.fixture
async def receiver(github: Sandbox) -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/webhook", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    github.webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    yield receiver
    await runner.cleanup()


class Sweeper:
    """The bot, which may be killed and started again: its records are on disk."""

    def __init__(self, github: Sandbox, gh: GitHub, path: Path, receiver: Receiver, clock: ManualClock) -> None:
        self.github, self.gh, self.path, self.receiver, self.clock = github, gh, path, receiver, clock

    async def run(self) -> Swept:
        storage = Storage(f"sqlite:///{self.path}", clock=self.clock.now)
        await storage.open()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(storage.close)
            bot = Bot(
                github=self.gh,
                performer=Performer(self.gh),
                scanner=Scanner(),
                keys=MarkerKeys.derive([b"key"]),
                storage=storage,
                kept=StoredDeliveries(events=EVENTS, known=self.receiver.have),
                send=None,  # type: ignore[arg-type]  # nor does it send tasks
            )
            swept = await sweep_deliveries(bot)
        await self.github.settled()
        return swept

    def redeliveries(self) -> Counter[str]:
        """How often GitHub was asked for each GUID."""
        return Counter(each.guid for each in self.github.deliveries if each.redelivery)


@pytest.fixture
async def sweeper(github: Sandbox, gh: GitHub, tmp_path: Path, receiver: Receiver, clock: ManualClock) -> Sweeper:
    return Sweeper(github, gh, tmp_path / "records.db", receiver, clock)


async def outage(github: Sandbox, repo: Repo, receiver: Receiver, deliveries: int) -> set[str]:
    """So many deliveries while the door is shut, one before and one after; the GUIDs that failed."""
    issue = await repo.open_issue("before", "b")
    await github.settled()
    receiver.up = False
    for n in range(deliveries):
        await issue.comment(f"comment {n}")
    await github.settled()
    receiver.up = True
    await issue.comment("after")
    await github.settled()
    failed = {each.guid for each in github.deliveries if not each.ok}
    assert len(failed) == deliveries
    return failed


async def test_promise_5_after_an_outage_all_is_recovered_and_each_asked_for_once(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper
) -> None:
    failed = await outage(github, repo, receiver, 130)  # more than a page of GitHub's log
    assert await sweeper.run() == Swept(asked=130, left=0)
    assert failed <= set(receiver.stored)
    assert sweeper.redeliveries() == Counter(failed)
    for _ in range(3):
        sweeper.clock.advance(900)
        assert await sweeper.run() == Swept(asked=0, left=0)
    assert max(receiver.stored.values()) == 1


async def test_case_31_pages_that_repeat_themselves_and_are_out_of_order(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper
) -> None:
    failed = await outage(github, repo, receiver, 8)
    entries = [delivery_item(each) for each in github.deliveries]
    mixed = [*entries[::2], *reversed(entries), *entries[1::2]]
    link = f'<{github.url}/app/hook/deliveries?per_page=100&cursor=>; rel="next"'
    page = Reply(status=200, body=json.dumps(mixed).encode(), headers={"link": link})
    github.faults.add("mixed up", page, effect=False, path="/app/hook/deliveries", times=1)
    assert (await sweeper.run()).asked == 8
    assert sweeper.redeliveries() == Counter(failed)


async def test_case_31_a_restart_in_the_middle_asks_for_nothing_twice(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper
) -> None:
    failed = await outage(github, repo, receiver, 5)
    receiver.up = False  # so that GitHub's log alone could not tell what was asked for
    github.faults.drop(effect=True, path="/app/hook/deliveries/*/attempts", times=1)  # the answer is lost, too
    assert (await sweeper.run()).asked == 5
    receiver.up = True
    assert (await sweeper.run()).asked == 0
    assert sweeper.redeliveries() == Counter(failed)


async def test_what_fails_again_is_asked_for_again_later_and_not_for_ever(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper
) -> None:
    (guid,) = await outage(github, repo, receiver, 1)
    receiver.up = False
    asked = 0
    for _ in range(8):
        asked += (await sweeper.run()).asked
        sweeper.clock.advance(2_400)
    assert asked == 5
    assert sweeper.redeliveries() == {guid: 5}


async def test_a_limit_stops_the_sweep_and_the_next_one_goes_on(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper
) -> None:
    failed = await outage(github, repo, receiver, 4)
    github.faults.limited(retry_after=60, path="/app/hook/deliveries/*/attempts", times=1)
    with pytest.raises(RetryLater):
        assert (await sweeper.run()).asked == 0
    assert sweeper.redeliveries() == {}
    sweeper.clock.advance(60)
    assert (await sweeper.run()).asked == 4
    assert sweeper.redeliveries() == Counter(failed)


async def test_a_long_queue_is_worked_off_in_several_runs(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "BATCH", 3)
    failed = await outage(github, repo, receiver, 7)
    runs = [await sweeper.run() for _ in range(3)]
    assert [(run.asked, run.left) for run in runs] == [(3, 4), (3, 1), (1, 0)]
    assert sweeper.redeliveries() == Counter(failed)


async def test_what_the_database_lost_is_asked_for_as_well(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper
) -> None:
    issue = await repo.open_issue("t", "b")
    await issue.comment("c")
    await github.settled()
    receiver.stored.clear()
    assert (await sweeper.run()).asked == 2
    assert len(receiver.stored) == 2


async def test_what_github_does_not_have_any_more_stops_nothing(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper
) -> None:
    failed = await outage(github, repo, receiver, 3)
    github.faults.status(404, path="/app/hook/deliveries/*/attempts", times=1)
    assert (await sweeper.run()).asked == 3
    assert len(failed & set(receiver.stored)) == 2


async def test_only_what_is_new_in_the_log_is_read(
    github: Sandbox, repo: Repo, receiver: Receiver, sweeper: Sweeper
) -> None:
    """The log of three days is read once; then as far as the last sweep."""
    issue = await repo.open_issue("t", "b")
    for n in range(450):
        await issue.comment(str(n))
    await github.settled()
    for pages in (5, 5, 1):
        before = len(github.requests)
        assert (await sweeper.run()).asked == 0
        assert len([r for r in github.requests[before:] if r.path == "/app/hook/deliveries"]) == pages
        sweeper.clock.advance(3_600)
