"""Migration pull requests over time: crashes, races, people who push, close and merge, a default branch that moves."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from bot.context import Bot
from bot.domain.commands import CommandCall, CommandPlace, Reply
from bot.domain.effects import ClosePullRequest, Effect, MoveBranch, NewComment, NewPullRequest, TreeCommit
from bot.domain.errors import RetryLater, UserError
from bot.domain.facts import Role
from bot.domain.reactions import Reaction
from bot.domain.references import DeliveryId
from bot.github import DryRunPerformer, GitHub, Performer
from bot.identity.markers import MarkerKeys
from bot.jobs import Done, Ignored, Outcome
from bot.jobs.model import Job
from bot.migrate.batches.request import migrate_issue
from bot.migrate.batches.upkeep import keep_up
from bot.sandbox import Content, IssueHandle, PullRequestHandle, Repo, Sandbox, pulling
from bot.sandbox.example import FILES, HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from bot.scanner.scanner import Scanner
from bot.storage import Storage
from tests.github.clock import ManualClock
from tests.github.conftest import open_as_app, ref_of

APP = "netra_backend/app"
A, B, C = (f"{APP}/{name}/x.py" for name in ("agents", "db", "services"))
CONFIG = """\
version: 1
migrations:
  websocket-manager-factory:
    extends: websocket-manager-factory
    mode: {mode}
    pull_requests: {{files: 1, open: {open}}}
    tracking: {{issue: 1}}
"""


T = TypeVar("T")


class Lease:
    """Held until the test takes it."""

    def __init__(self, clock: ManualClock) -> None:
        self.job = Job(seq=0, id=DeliveryId("1"), event="issue_comment", received_at=clock.now())
        self.lost = False

    def held(self) -> bool:
        return not self.lost

    def newer_waits(self) -> bool:
        return False


Make = Callable[..., Awaitable["Stage"]]


class Stage:
    """A tracked repository, and a bot that may be killed and started again at any request."""

    def __init__(self, github: Sandbox, bot: Bot, clock: ManualClock, repo: Repo, issue: IssueHandle) -> None:
        self.github, self.bot, self.clock, self.repo, self.issue = github, bot, clock, repo, issue
        self.ref = ref_of(github, repo)

    async def migrate(self, *paths: str, comment: int = 77, **arguments: object) -> Reply:
        """The command, until it is answered."""
        given = {"paths": paths, "unsafe": False, "dry_run": False, **arguments}
        call = CommandCall(
            repo=self.ref,
            number=1,
            place=CommandPlace.ISSUE,
            comment_id=comment,
            index=0,
            sender="octocat",
            role=Role.ADMIN,
            arguments=given,
        )
        return await self._until_done(lambda: migrate_issue(self.bot, call, Lease(self.clock)))

    async def refresh(self) -> Outcome:
        """What a push to the default branch leads to."""
        return await self._until_done(lambda: keep_up(self.bot, self.ref, 1, Lease(self.clock)))

    async def _until_done(self, work: Callable[[], Awaitable[T]]) -> T:
        for _ in range(5):
            try:
                return await work()
            except RetryLater as later:
                self.clock.advance(max(0.0, (later.at - self.clock.now()).total_seconds()) + 1)
        raise AssertionError("it never came to an end")

    @property
    def pulls(self) -> list[PullRequestHandle]:
        return self.repo.pull_requests

    @property
    def open(self) -> list[PullRequestHandle]:
        return [pull for pull in self.pulls if pull.state == "open"]

    async def files(self) -> list[list[str]]:
        """The paths that each open pull request changes."""
        return [sorted(await changed(pull)) for pull in self.open]


async def changed(pull: PullRequestHandle) -> dict[str, bytes]:
    head = pull.head
    return {file.path: head[file.path] for file in await pulling.files(pull._world, pull.record)}


@pytest.fixture
async def bot(gh: GitHub, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Bot]:
    storage = Storage(f"sqlite:///{tmp_path / 'records.db'}", clock=clock.now)
    await storage.open()
    async with Scanner(workers=1) as scanner:
        yield Bot(
            github=gh,
            performer=Performer(gh),
            scanner=scanner,
            keys=MarkerKeys.derive([b"key"]),
            storage=storage,
            send=None,  # type: ignore[arg-type]  # nor are tasks sent
            kept=None,  # type: ignore[arg-type]  # nor is the inbox asked
        )
    await storage.close()


@pytest.fixture
def stage(github: Sandbox, bot: Bot, clock: ManualClock) -> Make:
    async def make(
        *paths: str, mode: str = "block-new", limit: int = 5, more: Mapping[str, Content] | None = None
    ) -> Stage:
        files = {**FILES, **dict.fromkeys(paths, HEALTH_WITH_A_PROBE), **(more or {})}
        repo = await github.repo(
            "acme/service", files={**files, ".github/ssot.yml": CONFIG.format(mode=mode, open=limit).encode()}
        )
        return Stage(github, bot, clock, repo, await repo.open_issue("Retire the factory"))

    return make


async def test_it_is_done_once_and_says_so(stage: Make) -> None:
    at = await stage(A, B)
    reply = await at.migrate()
    assert await at.files() == [[A], [B]]
    assert reply.reaction is Reaction.ROCKET
    again = await at.migrate(comment=78)
    assert len(at.pulls) == 2
    assert again.body.count("| already open |") == 2
    assert (await at.migrate()).body.count("| opened |") == 2, "the same comment, answered again"


async def test_a_dry_run_opens_nothing_and_closes_nothing(stage: Make) -> None:
    at = await stage(A, B)
    await at.migrate(A)
    (pull,) = at.pulls
    await at.repo.push({A: b"X = 1\n"})
    told: list[Effect] = []
    real, at.bot = at.bot, replace(at.bot, performer=DryRunPerformer(told.append))
    writes = len(at.github.mutations)
    await at.migrate(comment=78)
    kinds = Counter(type(effect) for effect in told)
    assert kinds == Counter([TreeCommit, NewPullRequest, NewComment, ClosePullRequest, MoveBranch])
    assert (len(at.github.mutations), pull.state) == (writes, "open")
    at.bot = real
    await at.migrate(comment=78)
    assert (await at.files(), pull.state) == ([[B]], "closed")


# --- crashes and races -----------------------------------------------------------------------------------------------

STEPS = {
    "tree": {"method": "POST", "path": "*/git/trees"},
    "commit": {"method": "POST", "path": "*/git/commits"},
    "branch": {"operation": "updateRefs"},
    "pull-request": {"method": "POST", "path": "*/pulls"},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("effect", [False, True], ids=["before", "after"])
async def test_an_answer_that_is_lost_leaves_nothing_twice(stage: Make, step: str, *, effect: bool) -> None:
    at = await stage(A, B)
    at.github.faults.drop(effect=effect, **STEPS[step])
    reply = await at.migrate()
    assert await at.files() == [[A], [B]]
    assert len(at.pulls) == 2
    assert sorted(at.repo.branches) == sorted(["main", *(pull.head_ref for pull in at.pulls)])
    assert reply.body.count("| opened |") == 2


async def test_a_crash_between_branch_and_pull_request_is_made_good(stage: Make) -> None:
    at = await stage(A)
    gate = at.github.faults.hold(effect=True, operation="updateRefs")
    running = asyncio.create_task(at.migrate())
    await gate.reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    gate.release()
    assert (len(at.repo.branches), at.pulls) == (2, [])
    await at.migrate()
    assert await at.files() == [[A]]
    assert len(at.repo.branches) == 2


async def test_two_at_once_open_it_once(stage: Make) -> None:
    at = await stage(A, B)
    await asyncio.gather(at.migrate(comment=77), at.migrate(comment=78))
    assert await at.files() == [[A], [B]]
    assert len(at.pulls) == 2


async def test_without_its_lease_it_writes_nothing(stage: Make) -> None:
    at = await stage(A)
    lease = Lease(at.clock)
    lease.lost = True
    await at.migrate("--nothing")  # identity and tokens are asked for
    before = len(at.github.mutations)
    call = CommandCall(
        repo=at.ref,
        number=1,
        place=CommandPlace.ISSUE,
        comment_id=7,
        index=0,
        sender="o",
        role=Role.ADMIN,
        arguments={},
    )
    with pytest.raises(RetryLater):
        await migrate_issue(at.bot, call, lease)
    assert len(at.github.mutations) == before


async def test_a_branch_of_that_name_with_a_person_s_work_is_not_touched(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (first,) = at.pulls
    name = first.head_ref
    sha = await first.push({"notes.md": b"mine\n"}, by=at.github.user("ann", "write"))
    await first.close()
    await at.migrate(A)
    (second,) = at.open
    assert second.head_ref == f"{name}-2"
    assert at.repo.branch(name).sha == sha
    assert f"/blob/{name}-2/" in second.body


# --- people ----------------------------------------------------------------------------------------------------------


async def test_what_a_person_closed_is_not_opened_again_unless_asked_for_by_name(stage: Make) -> None:
    at = await stage(A, B)
    await at.migrate()
    first = at.pulls[0]
    await first.close()
    reply = await at.migrate(comment=78)
    assert await at.files() == [[B]]
    assert f"| #{first.number} | 1 | | closed by a person |" in reply.body
    assert "/ssot migrate PATH" in reply.body
    await at.migrate(A, comment=79)
    assert await at.files() == [[B], [A]]
    assert len(at.pulls) == 3


async def test_a_closed_pull_request_is_known_without_our_words_and_without_its_branch(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    await pull.edit(body="Not now.")
    await at.repo.set_branch(pull.head_ref, None)
    assert pull.state == "closed"
    await at.migrate(comment=78)
    assert len(at.pulls) == 1


async def test_one_that_a_person_pushed_to_is_left_alone_and_that_is_said_once(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    mine = await pull.push({"notes.md": b"mine\n"}, by=at.github.user("ann", "write"))
    await at.refresh()
    assert pull.comments == [], "nothing is to be said while it is right as it is"
    await at.repo.push({A: HEALTH_WITH_A_PROBE + b"\n\nMORE = 1\n"})
    for _ in range(3):
        await at.refresh()
    assert pull.head_sha == mine
    (said,) = pull.comments
    assert "I no longer update it" in said.body
    reply = await at.migrate(comment=78)
    assert "somebody else pushed" in reply.body
    assert len(at.pulls) == 1


async def test_a_push_in_the_last_moment_is_not_overwritten(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    await at.repo.push({A: HEALTH_WITH_A_PROBE + b"\n\nMORE = 1\n"})
    gate = at.github.faults.hold(effect=True, method="POST", path="*/git/commits")
    running = asyncio.create_task(at.refresh())
    await gate.reached.wait()
    mine = await pull.push({"notes.md": b"mine\n"}, by=at.github.user("ann", "write"))
    gate.release()
    await running
    assert pull.head_sha == mine


async def test_the_words_that_people_add_stay(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    await pull.edit(title="My title", body=f"Before.\n\n{pull.body}\n\nAfter.")
    await at.repo.push({A: HEALTH_WITH_A_PROBE + b"\n\nMORE = 1\n"})
    await at.refresh()
    assert pull.title == "My title"
    assert pull.body.startswith("Before.\n\n<!-- ssot:batch=")
    assert pull.body.endswith("-->\n\nAfter.")
    assert pull.head[A] == HEALTH_MIGRATED + b"\n\nMORE = 1\n"


async def test_text_without_our_words_is_left_alone(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    await pull.edit(body="Mine.")
    await at.repo.push({A: HEALTH_WITH_A_PROBE + b"\n\nMORE = 1\n"})
    await at.refresh()
    assert pull.body == "Mine."
    assert pull.head[A] == HEALTH_MIGRATED + b"\n\nMORE = 1\n"


async def test_a_forged_marker_is_text(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    forged = re.sub(r",safe,", ",unsafe,", pull.body)
    await pull.edit(body=forged)
    await at.refresh()
    assert pull.body == forged
    assert pull.head[A] == HEALTH_MIGRATED


async def test_one_aimed_at_another_branch_is_not_touched(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    await at.repo.push({"README.md": b"# Next\n"}, branch="next")
    await pull.edit(base="next")
    head = pull.head_sha
    await at.repo.push({A: HEALTH_MIGRATED})
    await at.refresh()
    assert (pull.state, pull.head_sha) == ("open", head)


# --- the default branch moves ----------------------------------------------------------------------------------------


async def test_a_base_that_moves_elsewhere_changes_nothing(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    head, body = pull.head_sha, pull.body
    await at.repo.push({"README.md": b"# Another title\n"})
    assert await at.refresh() == Done(summary="websocket-manager-factory: nothing to do")
    assert (pull.head_sha, pull.body) == (head, body)


async def test_a_conflict_is_resolved_by_making_it_anew(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    moved = HEALTH_WITH_A_PROBE.replace(b"factory is not None", b"factory is not None, 'more': 1")
    base = await at.repo.push({A: moved})
    await at.refresh()
    assert pull.head[A] == HEALTH_MIGRATED.replace(b"factory is not None", b"factory is not None, 'more': 1")
    assert (await at.repo.record.git.commit(pull.head_sha)).parents == (base,)
    await pull.merge()
    assert at.repo.branch()[A] == pull.head[A]


async def test_done_by_hand_it_is_closed_with_a_word_and_its_branch_goes(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    await at.repo.push({A: b"X = 1\n"})
    await at.refresh()
    assert pull.state == "closed"
    assert not pull.merged
    (said,) = pull.comments
    assert "Nothing is left to migrate in these files" in said.body
    assert at.repo.branches == ["main"]
    await at.repo.push({A: HEALTH_WITH_A_PROBE})
    await at.migrate(comment=78)
    assert await at.files() == [[A]], "what the bot closed itself is no person's no"


@pytest.mark.parametrize("step", ["comment", "close", "branch"])
@pytest.mark.parametrize("effect", [False, True], ids=["before", "after"])
async def test_closing_is_done_once_whatever_is_lost(stage: Make, step: str, *, effect: bool) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    await at.repo.push({A: b"X = 1\n"})
    where = {
        "comment": {"method": "POST", "path": "*/comments"},
        "close": {"method": "PATCH", "path": "*/pulls/*"},
        "branch": {"operation": "updateRefs"},
    }[step]
    at.github.faults.drop(effect=effect, **where)
    await at.refresh()
    assert pull.state == "closed"
    assert len(pull.comments) == 1


async def test_a_crash_between_commit_and_text_is_made_good(stage: Make) -> None:
    at = await stage(A)
    await at.migrate()
    (pull,) = at.pulls
    more = b"\n\nasync def more(context):\n    return get_websocket_manager_factory() is context\n"
    await at.repo.push({A: HEALTH_WITH_A_PROBE + more.replace(b"get_w", b"other_w")})
    at.github.faults.drop(effect=False, method="PATCH", path="*/pulls/*")
    await at.refresh()
    said = pull.body
    assert await at.refresh() == Done(summary="websocket-manager-factory: nothing to do")
    assert pull.body == said


async def test_the_next_one_comes_when_one_is_merged_in_the_mode_migrate_only(stage: Make) -> None:
    for mode, then in (("migrate", [[B]]), ("block-new", [])):
        at = await stage(A, B, mode=mode, limit=1)
        await at.migrate()
        assert await at.files() == [[A]]
        await at.open[0].merge()
        await at.refresh()
        assert await at.files() == then
        at.repo.delete()


async def test_in_the_mode_migrate_they_are_opened_without_a_command(stage: Make) -> None:
    at = await stage(A, B, C, mode="migrate", limit=2)
    assert await at.refresh() == Done(summary="websocket-manager-factory: 2 opened")
    assert await at.files() == [[A], [B]]
    assert await at.refresh() == Done(summary="websocket-manager-factory: nothing to do")


async def test_without_anything_open_a_push_costs_nothing(stage: Make) -> None:
    at = await stage(A)
    assert isinstance(await at.refresh(), Ignored)
    assert at.github.mutations == []


@pytest.mark.parametrize("paths", [("[",), ("x.py", "["), (".", "[")], ids=["alone", "after a file", "after all"])
async def test_what_is_no_glob_is_said_before_anything_is_done(stage: Make, paths: tuple[str, ...]) -> None:
    at = await stage(A)
    with pytest.raises(UserError, match="Invalid glob"):
        await at.migrate(*paths)
    assert at.github.mutations == []


async def test_files_of_an_open_removal_wait(stage: Make) -> None:
    at = await stage(A, B)
    removal = await open_as_app(at.bot, at.ref, "ssot-removal/websocket-manager-factory", {A: b"x = 1\n"})
    reply = await at.migrate()
    assert f"so they wait: `{A}` in #{removal}." in reply.body
    assert await at.files() == [[A], [B]], "the removal's own, and the rest"
    await next(pull for pull in at.open if pull.number == removal).close()
    await at.migrate(comment=78)
    assert await at.files() == [[B], [A]]


async def test_two_migrations_never_open_the_same_file(stage: Make) -> None:
    other = """\
  clock:
    deprecated: datetime.datetime.utcnow
    rewrites:
      - match: $deprecated()
        replace: datetime.now(timezone.utc)
        imports: [datetime.datetime, datetime.timezone]
        applicability: safe
    tracking: {issue: 1}
"""
    both = HEALTH_WITH_A_PROBE.replace(
        b'service."""\n', b'service."""\n\nfrom datetime import datetime\n\nNOW = datetime.utcnow()\n'
    )
    config = CONFIG.format(mode="block-new", open=5) + other
    at = await stage(more={A: both})
    await at.repo.push({".github/ssot.yml": config.encode()})
    reply = await at.migrate()
    assert await at.files() == [[A]]
    assert f"Another open pull request changes these files, so they wait: `{A}` in #2." in reply.body
    await at.open[0].merge()
    await at.migrate(comment=78)
    assert await at.files() == [[A]]
    assert b"utcnow" not in at.open[0].head[A]
