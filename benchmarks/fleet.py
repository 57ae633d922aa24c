"""A fleet of repositories for a simulated day: does anybody wait for somebody else, and how far away are the limits?

    python -m benchmarks.fleet [--repositories 1000] [--installations 20] [--from 0] [--hours 24] [--seed 1]

The real server with its handlers, queue and scanner against the sandbox GitHub, in one process; only time is simulated
(:mod:`benchmarks.simulated`).  The sandbox counts requests as GitHub does: an hourly limit for each installation by its
size, 80 content writes a minute and 500 an hour, 100 requests at once; each answer takes 0.1 s.  The day's traffic
(:mod:`benchmarks.fleet_day`) has its rhythm, with a burst at nine.  One installation is driven into its limits on
purpose: a program opens 300 pull requests in twenty seconds (soon after that somebody opens one in each other
installation), and in the afternoon its hourly limit is used up.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import fleet_day as plan
from benchmarks.fleet_day import Change
from benchmarks.simulated import SimulatedClock, SimulatedLoop, simulated
from bot import log
from bot.app import App, build, registered
from bot.cli.demo import listening, settings_for
from bot.jobs import Job, State
from bot.log import Redactor
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.limits import quota_of
from bot.web import Metrics

DAY = datetime(2024, 1, 8, tzinfo=UTC)
"""A Monday, far from today: nothing that goes by the machine's clock can be taken for it."""
DISTANCE = 0.1
"""Seconds that each answer of GitHub takes."""
LIMITED = "org02"
FLOODED, FLOOD = 10.5, 300
"""When a program opens so many pull requests there: hours since midnight."""
USED_UP = 14.25
"""When its hourly limit is used up: hours since midnight."""
AFFECTED = 1.25
"""Hours for which the others are watched after each of both."""
PATIENCE = 60.0
"""Seconds that the others' reviews may wait, as much as on any busy minute."""
DRAINED = 2 * plan.HOUR
"""Simulated seconds after the day within which all that waits has to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    repositories: int = 1_000
    installations: int = 20
    begin: float = 0.0
    hours: float = 24.0
    seed: int = 1
    flooded: float = FLOODED
    flood: int = FLOOD
    used_up: float = USED_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A job that ended: when it arrived, in seconds since midnight, how long that took, and what it waited before."""

    owner: str | None
    event: str
    action: str
    state: State
    arrived: float
    took: float
    started: float | None

    @property
    def is_review(self) -> bool:
        return self.event == "pull_request" and self.action in ("opened", "synchronize") and self.state is State.DONE


@dataclass
class Watch(Metrics):
    """What the queue tells."""

    owners: dict[int, str] = field(default_factory=dict)
    ended_jobs: list[Ended] = field(default_factory=list)
    postponed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__()
        self._starts: dict[int, float] = {}

    def started(self, job: Job, waited: float) -> None:
        self._starts.setdefault(job.seq, waited)

    def failed(self, job: Job, reason: str) -> None:
        self.postponed[" ".join(reason.split()[:7])] += 1

    def ended(self, job: Job, state: State, seconds: float) -> None:
        number = (job.key or "").partition("repo:")[2].partition("#")[0].partition(" ")[0].partition("@")[0]
        owner = self.owners.get(int(number)) if number.isdecimal() else None
        self.ended_jobs.append(
            Ended(
                owner=owner, event=job.event, action=job.action, state=state,
                arrived=(job.received_at - DAY).total_seconds(), took=seconds,
                started=self._starts.pop(job.seq, None),
            )
        )  # fmt: skip


class Day:
    """Makes things happen at the sandbox at their time."""

    def __init__(self, github: Sandbox, loop: SimulatedLoop, options: Options) -> None:
        self._github, self._loop, self._options = github, loop, options
        self.places = plan.fleet(options.repositories, options.installations, options.seed)
        self._repos: dict[int, Repo] = {}
        self._ann = github.user("ann", role="write")
        self.faults: list[str] = []

    async def build(self) -> None:
        for place in self.places:
            repo = self._repos[place.number] = await self._github.repo(place.full_name, files=plan.tree(place))
            if place.tracked:
                await repo.open_issue("Retire the old client", "- [ ] no usage is left\n", by=self._ann)
        sizes = Counter(place.owner for place in self.places)
        limits = self._github.limits
        limits.writes_per_minute, limits.writes_per_hour, limits.concurrent = 80, 500, 100
        for owner, size in sizes.items():
            for resource_name in ("core", "graphql"):
                limits.own_quotas[self.identity(owner), resource_name] = quota_of(size)

    def identity(self, owner: str) -> str:
        repo = next(self._repos[place.number] for place in self.places if place.owner == owner)
        return f"installation:{self._github.installation(repo).id}"

    def owners(self) -> dict[int, str]:
        return {self._repos[place.number].id: place.owner for place in self.places}

    async def run(self) -> None:
        options = self._options
        begin, end = options.begin * plan.HOUR, (options.begin + options.hours) * plan.HOUR
        changes = [*plan.day(self.places, begin, end, options.seed)]
        if begin <= options.flooded * plan.HOUR < end:
            at = options.flooded * plan.HOUR
            changes += plan.flood(self.places, LIMITED, at, options.flood, 1_000_000)
            changes += plan.neighbours(self.places, LIMITED, at, 2_000_000)
        lives: list[Coroutine[Any, Any, None]] = [self._life(change, end) for change in changes]
        async with asyncio.TaskGroup() as group:
            for life in (*lives, self._use_up(end)):
                group.create_task(life)
            group.create_task(self._until(end))

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(max(moment - self._options.begin * plan.HOUR - self._loop.passed, 0.0))

    async def _use_up(self, end: float) -> None:
        at = self._options.used_up * plan.HOUR
        if self._options.begin * plan.HOUR <= at < end:
            await self._until(at)
            for name in ("core", "graphql"):
                self._github.limits.use_up(self.identity(LIMITED), name)

    async def _life(self, change: Change, end: float) -> None:
        repo, tasks = self._repos[change.place.number], []
        await self._until(change.opened)
        with self._loop.work():
            pull = await repo.open_pull_request(plan.content(change, 0), by=self._ann, title=f"Change {change.number}")
        happens = [(at, self._push(change, pull, n + 1)) for n, at in enumerate(change.pushes)]
        happens += [(at, self._comment(pull, text)) for at, text in change.comments]
        happens += [(change.closed, self._close(change, pull))]
        if change.reported:
            happens += [(at + 240, self._report(repo, pull)) for at in (change.opened, *change.pushes)]
        for at, happening in sorted(happens, key=lambda each: each[0]):
            if at >= end:
                happening.close()
                continue
            tasks.append((at, happening))
        for at, happening in tasks:
            await self._until(at)
            with self._loop.work():
                await happening

    async def _push(self, change: Change, pull: PullRequestHandle, version: int) -> None:
        if pull.state == "open":
            await pull.push(plan.content(change, version), by=self._ann)

    async def _comment(self, pull: PullRequestHandle, text: str) -> None:
        await pull.comment(text, by=self._ann)

    async def _close(self, change: Change, pull: PullRequestHandle) -> None:
        await (pull.merge(by=self._ann) if change.merged else pull.close(by=self._ann))

    async def _report(self, repo: Repo, pull: PullRequestHandle) -> None:
        for name in plan.CHECKS:
            await repo.complete_check(name, "success", sha=pull.head_sha)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an installation asked GitHub for; the most in any hour or minute of the clock."""

    owner: str
    repositories: int
    limit: int
    rest: int
    graphql: int
    content: int
    content_minute: int
    at_once: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a day."""

    options: Options
    deliveries: int
    ended: tuple[Ended, ...]
    postponed: Counter[str]
    usages: tuple[Usage, ...]
    refused: int
    """Answers of GitHub that named a limit to any installation but the one that was driven into it."""
    learnt: int
    """The same of the one that was: what was under way then, and nothing after it."""
    deepest: int
    left: int
    seconds: float
    cpu: float
    children: float

    @property
    def reviews(self) -> list[Ended]:
        return [job for job in self.ended if job.is_review]

    def slowest(self, *, affected: bool) -> Ended | None:
        """Of the other installations' reviews, those that came while one was in its limits, or the rest."""
        begun = (self.options.flooded, self.options.used_up)
        found = [
            job
            for job in self.reviews
            if job.owner != LIMITED and affected == any(at <= job.arrived / plan.HOUR < at + AFFECTED for at in begun)
        ]
        return max(found, key=lambda job: job.took, default=None)

    def faults(self) -> list[str]:
        """Which promises were broken."""
        found = [f"{usage.owner} asked for more than its limit" for usage in self.usages if usage.rest > usage.limit]
        dead = [job for job in self.ended if job.state is State.DEAD]
        if dead:
            found.append(f"{len(dead)} jobs were given up")
        if self.refused:
            found.append(f"GitHub refused {self.refused} requests of the others for a limit")
        worst = self.slowest(affected=True)
        if worst is not None and worst.took > PATIENCE:
            found.append(f"a review of {worst.owner} took {worst.took:.0f} s while {LIMITED} was in its limits")
        if self.left:
            found.append(f"{self.left} jobs were not done {DRAINED / plan.HOUR:g} hours after the day")
        return found


def simulate(options: Options, *, told: bool = False) -> Result:
    """Run a day.  ``told``: say each hour how far it is."""
    with simulated(DAY + timedelta(hours=options.begin)) as (loop, clock):
        try:
            return loop.run_until_complete(_simulate(options, loop, clock, told))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())


async def _simulate(options: Options, loop: SimulatedLoop, clock: SimulatedClock, told: bool) -> Result:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ssot-fleet-") as name:
        async with Sandbox(clock=clock.now) as github:
            loop.also = lambda: github.answering
            day = Day(github, loop, options)
            with loop.work():
                await day.build()
            github.faults.distance = DISTANCE
            watch = Watch(owners=day.owners())
            async with _serving(github, Path(name), clock, watch) as app:
                running = asyncio.create_task(day.run())
                deepest = await _look_on(github, app, running, clock if told else None)
                await running
                left = await _drained(app)
            used = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
            return Result(
                options=options, deliveries=len(github.deliveries), ended=tuple(watch.ended_jobs),
                postponed=watch.postponed, usages=usages(day, github), refused=_refused(day, github, limited=False),
                learnt=_refused(day, github, limited=True),
                deepest=deepest, left=left, seconds=time.monotonic() - began,
                cpu=used[0].ru_utime + used[0].ru_stime, children=used[1].ru_utime + used[1].ru_stime,
            )  # fmt: skip


@asynccontextmanager
async def _serving(github: Sandbox, directory: Path, clock: SimulatedClock, watch: Watch) -> AsyncIterator[App]:
    settings = settings_for(github, directory)
    app = build(settings, registered(settings), clock=clock)
    vars(app.worker)["_observer"] = watch
    async with listening(github, app):
        yield app


async def _look_on(github: Sandbox, app: App, running: "asyncio.Task[None]", told: SimulatedClock | None) -> int:
    """Until the day is over; the most deliveries that waited.  Payloads that have arrived are let go."""
    deepest, arrived, minute = 0, 0, 0
    while not running.done():
        await asyncio.wait({running}, timeout=60.0)
        stats, minute = app.worker.stats(), minute + 1
        deepest = max(deepest, stats.waiting)
        sent = github.webhooks.log
        while arrived < len(sent) and sent[arrived].ok:
            sent[arrived].payload = {}
            arrived += 1
        if told is not None and minute % 60 == 0:
            print(f"{told.now():%H:%M}  {arrived} deliveries, {stats.waiting} wait, {stats.delayed} not due",
                  file=sys.stderr, flush=True)  # fmt: skip
    return deepest


async def _drained(app: App) -> int:
    """How many jobs are left after a while."""
    until = asyncio.get_running_loop().time() + DRAINED
    while asyncio.get_running_loop().time() < until:
        stats = app.worker.stats()
        if not stats.waiting and not stats.running:
            return 0
        await asyncio.sleep(30)
    return stats.waiting


def usages(day: Day, github: Sandbox) -> tuple[Usage, ...]:
    """Of each installation, the largest first."""
    hours: Counter[tuple[str, str, int]] = Counter()
    minutes: Counter[tuple[str, int]] = Counter()
    for request in github.requests:
        if request.status == 304 or not request.identity.startswith("installation:"):
            continue
        at = (request.at - DAY).total_seconds()
        hours[request.identity, "graphql" if request.template == "/graphql" else "rest", int(at // plan.HOUR)] += 1
        if request.mutating and "/check-runs" not in request.path:
            hours[request.identity, "content", int(at // plan.HOUR)] += 1
            minutes[request.identity, int(at // 60)] += 1
    found = []
    for owner, size in Counter(place.owner for place in day.places).most_common():
        identity = day.identity(owner)

        def most(kind: str, identity: str = identity) -> int:
            return max((n for (who, what, _), n in hours.items() if (who, what) == (identity, kind)), default=0)

        found.append(
            Usage(
                owner=owner, repositories=size, limit=quota_of(size), rest=most("rest"), graphql=most("graphql"),
                content=most("content"), at_once=github.limits.most_at_once[identity],
                content_minute=max((n for (who, _), n in minutes.items() if who == identity), default=0),
            )
        )  # fmt: skip
    return tuple(found)


def _refused(day: Day, github: Sandbox, *, limited: bool) -> int:
    """GraphQL's refusal has status 200; the REST API's counter is used up at the same time."""
    of = day.identity(LIMITED)
    return sum(request.status in (403, 429) and (request.identity == of) == limited for request in github.requests)


def report(result: Result) -> None:
    """Print the figures."""
    options = result.options
    print(f"{options.repositories} repositories, {options.installations} installations,"
          f" {options.begin:g}:00 to {options.begin + options.hours:g}:00")  # fmt: skip
    print(f"{result.deliveries} deliveries, {len(result.ended)} jobs, {len(result.reviews)} reviews;"
          f" at most {result.deepest} waited")  # fmt: skip
    print(f"\n{'installation':<13} {'repositories':>12} {'limit':>6} {'REST':>6} {'GraphQL':>8} {'content':>8}"
          f" {'a minute':>8} {'at once':>8}")  # fmt: skip
    for usage in result.usages:
        print(f"{usage.owner:<13} {usage.repositories:>12} {usage.limit:>6} {usage.rest:>6} {usage.graphql:>8}"
              f" {usage.content:>8} {usage.content_minute:>8} {usage.at_once:>8}")  # fmt: skip
    waits = sorted(job.took for job in result.reviews)
    if waits:
        print(f"\nreviews: {waits[len(waits) // 2]:.1f} s (median), {waits[int(len(waits) * 0.99)]:.1f} s (99 %)")
    for affected, words in ((False, "otherwise"), (True, f"while {LIMITED} was in its limits")):
        if (worst := result.slowest(affected=affected)) is not None:
            at = DAY + timedelta(seconds=worst.arrived)
            print(f"the slowest of the others {words}: {worst.took:.1f} s ({worst.owner}, {at:%H:%M:%S})")
    own = [job.took for job in result.reviews if job.owner == LIMITED]
    print(f"the slowest of {LIMITED}: {max(own, default=0):.0f} s")
    for reason, times in result.postponed.most_common(5):
        print(f"postponed {times} times: {reason}")
    print(f"CPU: {result.cpu:.0f} s server and sandbox, {result.children:.0f} s scanner and git;"
          f" {result.seconds:.0f} s in all")  # fmt: skip


def main() -> int:
    usual = Options()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=int, default=usual.repositories)
    parser.add_argument("--installations", type=int, default=usual.installations)
    parser.add_argument("--from", type=float, default=usual.begin, dest="begin", help="hours since midnight")
    parser.add_argument("--hours", type=float, default=usual.hours)
    parser.add_argument("--seed", type=int, default=usual.seed)
    options = Options(**vars(parser.parse_args()))
    log.configure(form="text", level="error", redact=Redactor(()))
    result = simulate(options, told=True)
    report(result)
    for fault in (faults := result.faults()):
        print(f"NOT KEPT: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
