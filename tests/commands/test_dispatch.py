"""What the framework does around a command: once, in order, at a bearable pace, whatever breaks in between."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click
import pytest

import handlers
from bot.commands.buttons import answer_press
from bot.commands.dispatch import TRIES, answer_comment
from bot.commands.parse import MOST_COMMANDS, CommandSpec
from bot.commands.permissions import PER_MINUTE
from bot.context import Bot, StoredDeliveries
from bot.domain.commands import CommandCall, CommandError, Reply
from bot.domain.errors import RetryLater, UserError
from bot.domain.events import CheckRunEvent, IssueCommentEvent, Person
from bot.domain.facts import Role
from bot.domain.references import DeliveryId, PullRequestRef, Sha
from bot.github import GitHub, Performer
from bot.github.errors import MissingPermission
from bot.github.payloads import parse
from bot.identity.markers import MarkerKeys, write
from bot.jobs import Done, Ignored, Job, Lease, Outcome, Route, Superseded, Work
from bot.sandbox import Repo, Sandbox
from bot.sandbox.handles import IssueHandle
from bot.sandbox.people import User
from bot.scanner.scanner import Scanner
from bot.settings import Allowed
from bot.storage import Storage
from tests.github.clock import ManualClock
from tests.github.conftest import ref_of

T = TypeVar("T")
KEYS = MarkerKeys.derive([b"a secret of some length"])


@dataclass
class Recorder:
    """A command that writes down its calls; it may fail first."""

    SPEC: CommandSpec
    calls: list[CommandCall] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def run(self, _bot: Bot, call: CommandCall, _lease: Lease) -> Reply:
        self.calls.append(call)
        if self.failures:
            raise self.failures.pop(0)
        return Reply(body=f"Did {self.SPEC.name}.")


@dataclass
class Held:
    """The lease of a job; ``alive`` is how often it still says yes."""

    job: Job
    alive: int = 1_000

    def held(self) -> bool:
        self.alive -= 1
        return self.alive >= 0

    def newer_waits(self) -> bool:
        return False


@dataclass
class Desk:
    """A bot with two commands: ``look``, which everybody may, and ``act``, which takes write access."""

    bot: Bot
    github: Sandbox
    clock: ManualClock
    look: Recorder
    act: Recorder

    async def take(self, body: bytes | None = None, *, alive: int = 1_000, attempts: int = 0) -> Outcome | Route:
        """The newest delivery, through routing and workflow."""
        delivery = self.github.deliveries[-1]
        content = body or json.dumps(delivery.payload).encode()
        route = handlers.route(delivery.event, content, Allowed())
        event = parse(delivery.event, content)
        if not isinstance(route, Work) or not isinstance(event, IssueCommentEvent):
            return route
        job = Job(seq=1, id=DeliveryId("d-1"), event="issue_comment", received_at=self.clock.now(), attempts=attempts)
        return await answer_comment(self.bot, event, {"look": self.look, "act": self.act}, Held(job=job, alive=alive))


class InThisProcess(Scanner):
    """Parses where it is called: these comments are short, and workers take a second to start."""

    async def run(self, function: Callable[..., T], *args: object) -> T:
        return function(*args)


@pytest.fixture
async def desk(github: Sandbox, gh: GitHub, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Desk]:
    storage = Storage(f"sqlite:///{tmp_path / 'records.db'}", clock=clock.now)
    await storage.open()
    bot = Bot(
        github=gh,
        performer=Performer(gh),
        scanner=InThisProcess(),
        keys=KEYS,
        storage=storage,
        kept=StoredDeliveries(events=frozenset(), known=None),  # type: ignore[arg-type]
        send=None,  # type: ignore[arg-type]
    )
    words = (click.Argument(["words"], nargs=-1),)
    yield Desk(
        bot=bot,
        github=github,
        clock=clock,
        look=Recorder(CommandSpec(name="look", summary="Looks.", needs=Role.READ, params=words)),
        act=Recorder(CommandSpec(name="act", summary="Acts.", needs=Role.WRITE, params=words)),
    )
    await storage.close()


@pytest.fixture
def ann(github: Sandbox) -> User:
    return github.user("ann", role="write")


@pytest.fixture
async def issue(repo: Repo) -> IssueHandle:
    """In a repository that the built-in migration is about."""
    await repo.push({"netra_backend/app/websocket_core/websocket_manager.py": b""})
    return await repo.open_issue("A question")


def replies(issue: IssueHandle) -> list[str]:
    """What the bot said, without its markers."""
    return [c.body.partition("\n\n<!--")[0] for c in issue.comments if c.author == "ssot-bot[bot]"]


async def test_a_command_is_run_answered_and_reacted_to(desk: Desk, issue: IssueHandle, ann: User) -> None:
    comment = await issue.comment("Thanks.\n\n/ssot act a 'b c'\n", by=ann)
    assert await desk.take() == Done(summary="rocket")
    (call,) = desk.act.calls
    assert (call.sender, call.role, call.number, call.arguments) == ("ann", Role.WRITE, 1, {"words": ("a", "b c")})
    assert replies(issue) == ["Did act."]
    assert comment.reactions == ["eyes", "rocket"]


async def test_different_commands_are_run_in_order_and_each_is_answered(
    desk: Desk, issue: IssueHandle, ann: User
) -> None:
    comment = await issue.comment("/ssot act\n/ssot look\n/ssot act\n/ssot nonsense\n/ssot rubbish\n/ssot look", by=ann)
    await desk.take()
    assert (len(desk.act.calls), len(desk.look.calls)) == (1, 1)
    assert replies(issue)[:2] == ["Did act.", "Did look."]
    assert replies(issue)[2].startswith("Unknown command")
    assert len(replies(issue)) == 3
    assert comment.reactions == ["eyes", "rocket", "confused"]


async def test_fifty_times_the_same_is_once(desk: Desk, issue: IssueHandle, ann: User) -> None:
    await issue.comment("/ssot act\n" * 50, by=ann)
    await desk.take()
    assert len(desk.act.calls) == len(replies(issue)) == 1


async def test_too_many_in_one_comment_are_not_begun(desk: Desk, issue: IssueHandle, ann: User) -> None:
    await issue.comment("\n".join(f"/ssot act {n}" for n in range(MOST_COMMANDS + 1)), by=ann)
    await desk.take()
    assert desk.act.calls == []
    assert "None of these was run" in replies(issue)[0]


# --- once --------------------------------------------------------------------------------------------------------


async def test_the_same_comment_again_changes_nothing(desk: Desk, issue: IssueHandle, ann: User) -> None:
    await issue.comment("/ssot act", by=ann)
    await desk.take()
    before = len(desk.github.requests)
    assert await desk.take(json.dumps(told(desk)).encode()) == Done(summary="rocket")
    assert len(desk.act.calls) == len(replies(issue)) == 1
    assert [r.method for r in desk.github.requests[before:] if r.mutating] == ["POST"], "the reaction, which is there"


def told(desk: Desk) -> Mapping[str, object]:
    """The payload of the newest comment by a person."""
    payloads = [d.payload for d in desk.github.deliveries if d.event == "issue_comment"]
    return next(p for p in reversed(payloads) if p["sender"]["type"] == "User")


@pytest.mark.parametrize("effect", [True, False], ids=["it was written", "it was not written"])
async def test_a_reply_whose_answer_is_lost_is_there_once(
    desk: Desk, issue: IssueHandle, ann: User, effect: bool
) -> None:
    comment = await issue.comment("/ssot act", by=ann)
    payload = json.dumps(told(desk)).encode()
    fault = desk.github.faults.drop(effect=effect, method="POST", path="*/comments")
    with pytest.raises(RetryLater):
        await desk.take(payload)
    assert len(replies(issue)) == effect
    desk.github.faults.remove(fault)
    await desk.take(payload)
    assert len(replies(issue)) == 1
    assert comment.reactions == ["eyes", "rocket"]
    assert len(desk.act.calls) == (1 if effect else 2), "what was answered is not run again"


async def test_a_command_that_has_to_wait_is_run_again_and_answered_once(
    desk: Desk, issue: IssueHandle, ann: User
) -> None:
    comment = await issue.comment("/ssot look\n/ssot act", by=ann)
    payload = json.dumps(told(desk)).encode()
    desk.act.failures.append(RetryLater(at=desk.clock.now() + timedelta(seconds=9), reason="a limit"))
    with pytest.raises(RetryLater):
        await desk.take(payload)
    assert replies(issue) == ["Did look."]
    await desk.take(payload)
    assert replies(issue) == ["Did look.", "Did act."]
    assert comment.reactions == ["eyes", "rocket"]


@pytest.mark.parametrize("alive", [0, 1, 2])
async def test_whoever_lost_the_lease_writes_no_more(desk: Desk, issue: IssueHandle, ann: User, alive: int) -> None:
    comment = await issue.comment("/ssot act", by=ann)
    assert isinstance(await desk.take(alive=alive), Superseded)
    assert (len(comment.reactions), len(replies(issue))) == [(0, 0), (1, 0), (1, 1)][alive]


# --- what goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (UserError("The branch is gone: `x`."), "The branch is gone&#58; `x`\\."),
        (UserError("@everyone, fixes #1"), "@&#8203;everyone, fixes #&#8203;1"),
        (CommandError("No such path."), "No such path\\.\n\n`/ssot act [WORDS]...`"),
        (MissingPermission("contents: write", "git/create-ref"), "`d-1`"),
    ],
)
async def test_what_cannot_be_done_is_said(
    desk: Desk, issue: IssueHandle, ann: User, failure: Exception, says: str
) -> None:
    comment = await issue.comment("/ssot act", by=ann)
    desk.act.failures.append(failure)
    await desk.take()
    assert says in replies(issue)[0]
    assert comment.reactions == ["eyes", "confused"]


async def test_a_defect_is_not_hidden(desk: Desk, issue: IssueHandle, ann: User) -> None:
    """It fails the job, which tries again; the last time the person is told, once, and nothing of the fault."""
    comment = await issue.comment("/ssot act", by=ann)
    payload = json.dumps(told(desk)).encode()
    desk.act.failures += [ZeroDivisionError("a defect")] * 3
    for attempts, said in ((0, 0), (TRIES - 1, 1), (TRIES - 1, 1)):
        with pytest.raises(ZeroDivisionError):
            await desk.take(payload, attempts=attempts)
        assert len(replies(issue)) == said
    assert replies(issue) == ["Internal error (delivery `d-1`). See the bot's log."]
    assert comment.reactions == ["eyes", "confused"]
    await desk.take(payload)
    assert replies(issue)[1:] == ["Did act."], "the operator had it tried again"


@pytest.mark.parametrize("fault", ["502", "timeout", "limit"])
async def test_while_nobody_says_who_may_nothing_is_done(desk: Desk, issue: IssueHandle, ann: User, fault: str) -> None:
    await issue.comment("/ssot act", by=ann)
    payload = json.dumps(told(desk)).encode()
    faults, path = desk.github.faults, "*/permission"
    made = {
        "502": lambda: faults.error(502, path=path, times=None),
        "timeout": lambda: faults.drop(effect=False, path=path, times=None),
        "limit": lambda: faults.limited(retry_after=60, path=path, times=None),
    }[fault]()
    with pytest.raises(RetryLater):
        await desk.take(payload)
    assert desk.github.mutations == []
    desk.github.faults.remove(made)
    desk.clock.advance(120)
    assert await desk.take(payload) == Done(summary="rocket")


@pytest.mark.parametrize("status", [404, 403, 410])
async def test_an_answer_that_names_no_role_is_a_no(desk: Desk, issue: IssueHandle, ann: User, status: int) -> None:
    comment = await issue.comment("/ssot act", by=ann)
    desk.github.faults.status(status, path="*/permission")
    await desk.take()
    assert (desk.act.calls, comment.reactions, replies(issue)) == ([], ["-1"], [])


# --- who is meant ------------------------------------------------------------------------------------------------


async def test_whoever_takes_the_name_of_somebody_gets_nothing_of_it(desk: Desk, issue: IssueHandle) -> None:
    github = desk.github
    boss, mallory = github.user("boss", role="admin"), github.user("mallory", role="read")
    comment = await issue.comment("/ssot act", by=mallory)
    payload = json.dumps(told(desk)).encode()
    github.rename_user(mallory, "m2")
    github.rename_user(boss, "mallory")
    await desk.take(payload)
    assert (desk.act.calls, comment.reactions) == ([], ["-1"])


async def test_the_role_is_the_one_of_the_moment_not_of_the_comment(
    desk: Desk, repo: Repo, issue: IssueHandle, ann: User
) -> None:
    comment = await issue.comment("/ssot act", by=ann)
    repo.set_role(ann, "read")
    await desk.take()
    assert (desk.act.calls, comment.reactions) == ([], ["-1"])


async def test_a_comment_that_was_edited_meanwhile_is_not_heard(desk: Desk, issue: IssueHandle, ann: User) -> None:
    comment = await issue.comment("/ssot act", by=ann)
    payload = json.dumps(told(desk)).encode()
    await comment.edit("/ssot act --harder", by=ann)
    assert await desk.take(payload) == Ignored(reason="the comment was edited")
    assert desk.github.mutations == []


async def test_a_locked_conversation_is_left_alone(desk: Desk, issue: IssueHandle, ann: User) -> None:
    await issue.comment("/ssot act", by=ann)
    issue.lock()
    assert await desk.take() == Ignored(reason="the conversation is locked")
    assert desk.github.mutations == []


async def test_a_delivery_from_long_ago_does_nothing(desk: Desk, issue: IssueHandle, ann: User) -> None:
    await issue.comment("/ssot act", by=ann)
    desk.clock.advance(timedelta(days=4).total_seconds())
    assert isinstance(await desk.take(), Ignored)
    assert desk.github.mutations == []


async def test_what_was_written_through_this_app_is_not_heard(desk: Desk, issue: IssueHandle, ann: User) -> None:
    await issue.comment("/ssot act", by=ann)
    payload = json.loads(json.dumps(told(desk)))
    payload["comment"]["performed_via_github_app"] = {"id": desk.github.app.id}
    assert isinstance(await desk.take(json.dumps(payload).encode()), Ignored)
    assert desk.act.calls == []


# --- pace --------------------------------------------------------------------------------------------------------


async def test_more_than_ten_a_minute_are_told_once_and_then_not_heard(
    desk: Desk, issue: IssueHandle, ann: User
) -> None:
    comments = []
    for n in range(PER_MINUTE + 3):
        comments.append(await issue.comment(f"/ssot act {n}", by=ann))
        await desk.take(json.dumps(told(desk)).encode())
    assert len(desk.act.calls) == PER_MINUTE
    assert [c.reactions[-1:] for c in comments[PER_MINUTE:]] == [["confused"], [], []]
    assert len(replies(issue)) == PER_MINUTE + 1
    desk.clock.advance(61)
    await issue.comment("/ssot act again", by=ann)
    await desk.take(json.dumps(told(desk)).encode())
    assert len(desk.act.calls) == PER_MINUTE + 1


async def test_one_persons_haste_is_nobody_elses(desk: Desk, issue: IssueHandle, ann: User) -> None:
    for n in range(PER_MINUTE + 1):
        await issue.comment(f"/ssot act {n}", by=ann)
        await desk.take(json.dumps(told(desk)).encode())
    await issue.comment("/ssot act", by=desk.github.user("ben", role="write"))
    await desk.take(json.dumps(told(desk)).encode())
    assert desk.act.calls[-1].sender == "ben"


async def test_buttons_and_commands_are_counted_together(desk: Desk, repo: Repo, issue: IssueHandle, ann: User) -> None:
    pull = await repo.open_pull_request({"b.txt": b"2\n"})
    ref = PullRequestRef(repo=ref_of(desk.github, repo), number=pull.number)
    pressed: list[str] = []
    times: dict[str, datetime] = {}

    async def act(press: str) -> Reply:
        pressed.append(press)
        return Reply(body="Done.")

    async def press(name: str, by: User) -> Outcome:
        event = CheckRunEvent(
            action="requested_action", repo=ref.repo, check_run_id=1, name="ssot", app_id=desk.bot.github.app_id,
            head_sha=Sha(pull.head_sha), external_id="", pulls=(), sender=Person(id=by.id, login=by.login, type="User"),
        )  # fmt: skip
        at = times.setdefault(name, desk.clock.now())
        job = Job(seq=1, id=DeliveryId(name), event="check_run", received_at=at)
        return await answer_press(desk.bot, event, ref, command=desk.act.SPEC, act=act, lease=Held(job=job))

    for n in range(PER_MINUTE - 2):
        await issue.comment(f"/ssot act {n}", by=ann)
        await desk.take(json.dumps(told(desk)).encode())
    desk.clock.advance(1)
    for _ in range(2):
        assert [type(await press(f"d-{n}", ann)) for n in range(2)] in ([Done, Done], [Ignored, Ignored])
    assert len(pressed) == 2, "the same press again counts once, and is answered once"
    desk.clock.advance(1)
    assert await press("d-2", ann) == Done(summary="confused")
    assert "Rate limit: 10 commands a minute" in pull.last_comment.body
    said = len(pull.comments)
    desk.clock.advance(1)
    assert isinstance(await press("d-3", ann), Ignored)
    await issue.comment("/ssot act more", by=ann)
    assert isinstance(await desk.take(json.dumps(told(desk)).encode()), Ignored)
    assert (len(pressed), len(pull.comments), len(desk.act.calls)) == (2, said, PER_MINUTE - 2)
    assert await press("d-4", desk.github.user("ben", role="write")) == Done(summary="rocket")


async def test_a_queue_that_was_held_up_is_no_haste(desk: Desk, issue: IssueHandle, ann: User) -> None:
    payloads = []
    for n in range(PER_MINUTE + 3):
        await issue.comment(f"/ssot act {n}", by=ann)
        payloads.append(json.dumps(told(desk)).encode())
        desk.clock.advance(10)
    for payload in payloads:
        await desk.take(payload)
    assert len(desk.act.calls) == PER_MINUTE + 3


# --- forged markers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("real", [True, False], ids=["copied", "made up"])
async def test_nobody_can_say_that_a_command_was_answered(
    desk: Desk, issue: IssueHandle, ann: User, real: bool
) -> None:
    await issue.comment("/ssot act", by=ann)
    payload = told(desk)
    number = payload["comment"]["id"]  # type: ignore[index]
    place = f"{desk.github.repo_named('acme/app').id}/issue/{issue.number}"
    marker = write(KEYS, place, "re", [str(number), "0", "rocket"])
    await issue.comment(marker if real else marker.replace("sig=", "sig=0"), by=desk.github.user("eve", role="write"))
    await desk.take(json.dumps(payload).encode())
    assert replies(issue) == ["Did act."]
