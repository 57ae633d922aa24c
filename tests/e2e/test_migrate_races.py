"""`/ssot migrate` where the branch moves, belongs to somebody else, or the bot dies in between."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import handlers
from bot.app import open_bot
from bot.cli.demo import settings_for
from bot.context import Bot
from bot.domain.errors import RetryLater
from bot.domain.references import Delivery, DeliveryId
from bot.github import Pace
from bot.jobs import Job
from bot.sandbox import Content, Executable, PullRequestHandle, Repo, Sandbox, User
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE, NOTIFY
from tests.e2e.conftest import RunningBot

ROUTES = "netra_backend/app/routes"
HEALTH, NOTIFICATIONS, CHAT = f"{ROUTES}/health.py", f"{ROUTES}/notify.py", f"{ROUTES}/chat.py"
UNUSED = (
    b"from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory\nx = 1\n"
)
SECOND_PROBE = HEALTH_WITH_A_PROBE + b"\n\nasync def more" + HEALTH_WITH_A_PROBE.partition(b"async def websockets")[2]


@pytest.fixture
def ann(github: Sandbox) -> User:
    """May write."""
    return github.user("ann", role="write")


async def answered(bot: RunningBot, pull: PullRequestHandle) -> str:
    await bot.settled()
    assert await bot.failed() == []
    assert pull.last_comment.author == bot.github.app.bot.login
    return pull.last_comment.body


async def answer(bot: RunningBot, pull: PullRequestHandle, line: str, by: User) -> str:
    await pull.comment(line, by=by)
    return await answered(bot, pull)


def commits_of_ours(pull: PullRequestHandle, github: Sandbox) -> list[str]:
    """The commits of the branch that the bot made, oldest first."""
    log = pull.head._git("log", "--reverse", "--format=%H %an", pull.head_sha).decode().splitlines()
    return [line.split()[0] for line in log if line.partition(" ")[2] == github.app.bot.login]


# --- the branch moves -----------------------------------------------------------------------------------------------


async def test_a_push_that_changes_nothing_of_it_is_committed_upon(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox
) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    hold = github.faults.hold(effect=False, operation="createCommitOnBranch")
    await pull.comment("/ssot migrate", by=ann)
    await hold.reached.wait()
    pushed = await pull.push({"README.md": b"# other\n", NOTIFICATIONS: NOTIFY, f"{ROUTES}/b.py": HEALTH_WITH_A_PROBE})
    hold.release()
    said = await answered(bot, pull)
    assert "**2 usages in 1 file**" in said
    assert (await service.record.git.commit(pull.head_sha)).parents == (pushed,)
    assert (pull.head[HEALTH], pull.head["README.md"]) == (HEALTH_MIGRATED, b"# other\n")
    assert pull.head[f"{ROUTES}/b.py"] == HEALTH_WITH_A_PROBE, "nobody saw that one"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param({HEALTH: SECOND_PROBE}, HEALTH, id="edited"),
        pytest.param({HEALTH: None}, HEALTH, id="deleted"),
        pytest.param({HEALTH: Executable(HEALTH_WITH_A_PROBE)}, HEALTH, id="mode"),
        pytest.param({HEALTH: HEALTH_MIGRATED}, HEALTH, id="migrated-by-hand"),
    ],
)
async def test_a_push_that_changes_what_was_seen_is_said(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox, change: dict[str, Content], name: str
) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    hold = github.faults.hold(effect=False, operation="createCommitOnBranch")
    comment = await pull.comment("/ssot migrate", by=ann)
    await hold.reached.wait()
    pushed = await pull.push(change)
    hold.release()
    said = await answered(bot, pull)
    assert said.startswith(f"Nothing was committed. The branch has moved and changed `{name}`.")
    assert pull.head_sha == pushed
    assert comment.reactions == ["eyes", "confused"]


@pytest.mark.parametrize("related", [False, True])
async def test_what_was_pushed_after_the_comment_was_not_seen_by_who_wrote_it(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox, related: bool
) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    github.webhook_url, url = None, github.webhook_url
    await pull.comment("/ssot migrate", by=ann)
    pushed = await pull.push({HEALTH if related else f"{ROUTES}/later.py": SECOND_PROBE})
    service.record.suites[-1].created_at += timedelta(seconds=30)
    github.webhook_url = url
    said = await answered(bot, pull)
    if related:
        assert said.startswith(f"Nothing was committed. The branch has moved and changed `{HEALTH}`.")
        assert pull.head_sha == pushed
    else:
        assert (pull.head[HEALTH], pull.head[f"{ROUTES}/later.py"]) == (HEALTH_MIGRATED, SECOND_PROBE)


def some_time_later(service: Repo, pull: PullRequestHandle) -> None:
    """What was pushed last was pushed half a minute later."""
    later = timedelta(seconds=30)
    service.record.suites[-1].created_at += later
    if forced := pull.record.forced:
        forced[-1] = replace(forced[-1], at=forced[-1].at + later)


@pytest.mark.parametrize("kept", [True, False], ids=["keeps the file", "changes the file"])
async def test_a_force_push_after_the_comment_is_looked_through(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox, kept: bool
) -> None:
    """The head that it replaced is the one that was seen."""
    pull = await service.open_pull_request({"README.md": b"# first\n"})
    base = pull.head_sha
    await pull.push({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    github.webhook_url, url = None, github.webhook_url
    await pull.comment("/ssot migrate", by=ann)
    files: dict[str, Content] = {HEALTH: HEALTH_WITH_A_PROBE if kept else SECOND_PROBE}
    pushed = await pull.push({**files, f"{ROUTES}/later.py": HEALTH_WITH_A_PROBE}, force_from=base)
    some_time_later(service, pull)
    github.webhook_url = url
    said = await answered(bot, pull)
    if kept:
        assert (pull.head[HEALTH], pull.head[f"{ROUTES}/later.py"]) == (HEALTH_MIGRATED, HEALTH_WITH_A_PROBE)
    else:
        assert said.startswith(f"Nothing was committed. The branch has moved and changed `{HEALTH}`.")
        assert pull.head_sha == pushed


async def test_nothing_is_committed_where_the_head_of_the_moment_cannot_be_told(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox
) -> None:
    """A force-push that replaced what nobody had seen.  Given again, the command is about what is there now."""
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    base = pull.record.base_sha
    await bot.settled()
    github.webhook_url, url = None, github.webhook_url
    comment = await pull.comment("/ssot migrate", by=ann)
    await pull.push({HEALTH: SECOND_PROBE})
    some_time_later(service, pull)
    pushed = await pull.push({HEALTH: SECOND_PROBE + b"# more\n"}, force_from=base)
    some_time_later(service, pull)
    github.webhook_url = url
    said = await answered(bot, pull)
    assert said.startswith("Nothing was committed. The branch was pushed to at about the same time")
    assert "give the command again." in said
    assert (pull.head_sha, comment.reactions) == (pushed, ["eyes", "confused"])
    service.record.suites[-1].created_at -= timedelta(seconds=60)
    pull.record.forced[-1] = replace(pull.record.forced[-1], at=pull.record.forced[-1].at - timedelta(seconds=60))
    await pull.comment("/ssot migrate", by=ann)
    assert "usages in 1 file**" in await answered(bot, pull)


async def test_a_commit_of_another_branch_was_not_seen_on_this_one(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox
) -> None:
    """It was pushed before the comment, elsewhere, and became the head after it."""
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    first = pull.head_sha
    await service.set_branch("other", first)
    other = await service.push({HEALTH: SECOND_PROBE}, branch="other")
    await bot.settled()
    github.webhook_url, url = None, github.webhook_url
    await pull.comment("/ssot migrate", by=ann)
    await service.set_branch(pull.head_ref, other)
    github.webhook_url = url
    said = await answered(bot, pull)
    assert said.startswith(f"Nothing was committed. The branch has moved and changed `{HEALTH}`.")
    assert pull.head_sha == other


async def test_a_skipped_usage_is_left_alone_on_a_branch_that_got_more_files(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox
) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    code = pull.review_comments[0].body.rpartition("`")[0].rpartition("`")[2]
    await answer(bot, pull, f"/ssot skip {code} on purpose", ann)
    github.webhook_url, url = None, github.webhook_url
    await pull.comment("/ssot migrate", by=ann)
    await pull.push({f"{ROUTES}/later.py": HEALTH_WITH_A_PROBE})
    some_time_later(service, pull)
    github.webhook_url = url
    assert "Skipped with" in await answered(bot, pull)
    assert pull.head[f"{ROUTES}/later.py"] == HEALTH_WITH_A_PROBE


async def test_a_force_push_is_never_undone(bot: RunningBot, service: Repo, ann: User, github: Sandbox) -> None:
    """A branch that went back: what was taken away stays away, also for a commit with file modes."""
    pull = await service.open_pull_request({"tool.py": Executable(HEALTH_WITH_A_PROBE)})
    first = pull.head_sha
    await pull.push({"secret.txt": b"secret"})
    await bot.settled()
    hold = github.faults.hold(effect=False, operation="updateRefs")
    await pull.comment("/ssot migrate", by=ann)
    await hold.reached.wait()
    await service.set_branch(pull.head_ref, first)
    hold.release()
    await answered(bot, pull)
    assert "secret.txt" not in pull.head
    assert (pull.head["tool.py"], pull.head.modes["tool.py"]) == (HEALTH_MIGRATED, "100755")
    assert (await service.record.git.commit(pull.head_sha)).parents == (first,)


# --- what stands in the way -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", ["close", "merge", "enqueue", "delete-branch", "protect"])
@pytest.mark.parametrize("late", [False, True], ids=["before", "in-between"])
async def test_what_stands_in_the_way_is_said(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox, deed: str, late: bool
) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    hold = github.faults.hold(effect=False, operation="createCommitOnBranch") if late else None
    if hold:
        await pull.comment("/ssot migrate", by=ann)
        await hold.reached.wait()
    match deed:
        case "close":
            await pull.close()
        case "merge":
            await pull.merge()
        case "enqueue":
            await pull.enqueue()
        case "delete-branch":
            await service.set_branch(pull.head_ref, None)
        case "protect":
            service.protect(pull.head_ref)
    head = pull.head_sha
    if hold:
        hold.release()
        said = await answered(bot, pull)
    else:
        said = await answer(bot, pull, "/ssot migrate", ann)
    if late and deed in ("close", "merge", "enqueue"):
        # GitHub takes a commit on such a branch too, and there is always a moment left; but the truth is told.
        assert f"`{service.branch(pull.head_ref).sha[:7]}`" in said
        assert service.branch(pull.head_ref)[HEALTH] == HEALTH_MIGRATED
        return
    words = {
        "close": "This pull request is closed.", "merge": "already merged", "enqueue": "in the merge queue",
        "delete-branch": "no longer exists" if late else "closed",
        "protect": "Changes must be made through a pull request",
    }  # fmt: skip
    assert said.startswith("Nothing was committed.")
    assert words[deed] in said
    assert pull.head_sha == head
    assert pull.queued == (deed == "enqueue")


async def test_a_locked_conversation_is_left_alone(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    pull.lock()
    await pull.comment("/ssot migrate", by=ann)
    await bot.settled()
    assert await bot.failed() == []
    assert pull.head[HEALTH] == HEALTH_WITH_A_PROBE


# --- forks ------------------------------------------------------------------------------------------------------------


async def forked(github: Sandbox, service: Repo, *, allow: bool = True) -> tuple[Repo, PullRequestHandle]:
    stranger = github.user("stranger")
    fork = await service.fork(by=stranger)
    files: dict[str, Content] = {
        HEALTH: HEALTH_WITH_A_PROBE,
        f"{ROUTES}/crlf.py": HEALTH_WITH_A_PROBE.replace(b"\n", b"\r\n"),
    }
    pull = await service.open_pull_request(files, fork=fork, by=stranger, maintainer_can_modify=allow)
    return fork, pull


async def test_a_fork_with_the_app_installed_is_pushed_to(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox
) -> None:
    fork, pull = await bot.receive(forked(github, service))
    github.install("stranger", [fork])
    said = await answer(bot, pull, "/ssot migrate", ann)
    assert "**4 usages in 2 files**" in said
    assert pull.head[HEALTH] == HEALTH_MIGRATED
    assert fork.branch(pull.head_ref).sha == pull.head_sha


async def test_a_fork_that_lets_maintainers_in_is_pushed_to_if_github_allows_it(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox
) -> None:
    github.let_maintainers_push_to_forks()
    _, pull = await bot.receive(forked(github, service))
    await answer(bot, pull, "/ssot migrate", ann)
    assert pull.head[HEALTH] == HEALTH_MIGRATED


@pytest.mark.parametrize("allow", [True, False], ids=["no-access", "not-allowed"])
async def test_a_fork_that_cannot_be_pushed_to_gets_a_patch(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox, allow: bool, tmp_path: Path
) -> None:
    fork, pull = await bot.receive(forked(github, service, allow=allow))
    if not allow:
        github.install("stranger", [fork])
    comment = await pull.comment("/ssot migrate", by=ann)
    said = await answered(bot, pull)
    assert said.startswith("Nothing was committed. The branch is in a fork")
    assert ("does not allow edits by maintainers" in said) is not allow
    assert pull.head[HEALTH] == HEALTH_WITH_A_PROBE
    assert comment.reactions == ["eyes", "confused"]
    patch = said.partition("```diff\n")[2].partition("```")[0]
    assert applied(pull, patch, tmp_path) == HEALTH_MIGRATED
    assert f"changed by copying): `{ROUTES}/crlf.py`" in said


def applied(pull: PullRequestHandle, patch: str, directory: Path) -> bytes:
    """The file after ``git apply`` of the patch, as a person copies it."""
    import subprocess

    target = directory / HEALTH
    target.parent.mkdir(parents=True)
    target.write_bytes(pull.head[HEALTH])
    (directory / "ssot.patch").write_text(patch)
    subprocess.run(["git", "init", "-q"], cwd=directory, check=True)
    subprocess.run(["git", "apply", "ssot.patch"], cwd=directory, check=True)
    return target.read_bytes()


# --- exactly once -----------------------------------------------------------------------------------------------------


class Forever:
    """The lease of a run that nothing takes over."""

    def __init__(self, delivery: Delivery) -> None:
        self.job = Job(seq=1, id=delivery.id, event=delivery.event, received_at=datetime.now(UTC))

    def held(self) -> bool:
        return True

    def newer_waits(self) -> bool:
        return False


@pytest.fixture
async def hands(github: Sandbox, tmp_path: Path) -> AsyncIterator[Bot]:
    """The bot without a queue: each run of a job is the test's own."""

    async def drop(_task: object) -> None: ...

    async with AsyncExitStack() as stack:
        pace = Pace(gap=0.0, per_minute=100_000, per_hour=100_000)
        yield await open_bot(settings_for(github, tmp_path), pace, drop, stack)


async def run(bot: Bot, github: Sandbox) -> None:
    """Work on the last comment, as the queue would."""
    last = next(d for d in reversed(github.deliveries) if d.event == "issue_comment" and d.action == "created"
                and d.payload["sender"]["type"] == "User")  # fmt: skip
    delivery = Delivery(id=DeliveryId(last.guid), event=last.event, body=json.dumps(last.payload).encode())
    await handlers.run(bot, delivery, Forever(delivery))


@pytest.mark.parametrize("file", [HEALTH_WITH_A_PROBE, Executable(HEALTH_WITH_A_PROBE)], ids=["ordinary", "executable"])
async def test_a_commit_whose_answer_was_lost_is_found_again(
    hands: Bot, service: Repo, ann: User, github: Sandbox, file: Content
) -> None:
    pull = await service.open_pull_request({"tool.py": file})
    await pull.comment("/ssot migrate", by=ann)
    operation = "updateRefs" if isinstance(file, Executable) else "createCommitOnBranch"
    github.faults.drop(effect=True, operation=operation)
    with pytest.raises(RetryLater):
        await run(hands, github)
    assert len(pull.comments) == 1
    await run(hands, github)
    assert len(commits_of_ours(pull, github)) == 1
    assert "**2 usages in 1 file**" in pull.last_comment.body
    assert pull.head["tool.py"] == HEALTH_MIGRATED


async def test_a_crash_between_commit_and_answer_leads_to_one_of_each(
    hands: Bot, service: Repo, ann: User, github: Sandbox
) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await pull.comment("/ssot migrate", by=ann)
    github.faults.drop(effect=False, method="POST", path="*/comments")
    with pytest.raises(RetryLater):
        await run(hands, github)
    await pull.push({"README.md": b"# somebody else works on\n"})
    await run(hands, github)
    await run(hands, github)
    (ours,) = commits_of_ours(pull, github)
    assert f"[`{ours[:7]}`]" in pull.last_comment.body
    assert "**2 usages in 1 file**" in pull.last_comment.body
    assert len(pull.comments) == 2


async def test_many_files_are_several_commits_each_made_once(
    hands: Bot, service: Repo, ann: User, github: Sandbox
) -> None:
    files: dict[str, Content] = {f"{ROUTES}/r{n:03}.py": UNUSED for n in range(103)}
    pull = await service.open_pull_request(files)
    await pull.comment("/ssot migrate", by=ann)
    hold = github.faults.hold(operation="createCommitOnBranch")
    running = asyncio.create_task(run(hands, github))
    await hold.reached.wait()
    github.faults.drop(effect=False, operation="createCommitOnBranch")
    hold.release()
    with pytest.raises(RetryLater):
        await running
    (first,) = commits_of_ours(pull, github)
    assert sum(content == b"x = 1\n" for content in pull.head.values()) == 100
    await run(hands, github)
    assert commits_of_ours(pull, github)[0] == first
    assert len(commits_of_ours(pull, github)) == 2
    assert {pull.head[path] for path in files} == {b"x = 1\n"}
    assert "**103 usages in 103 files**" in pull.last_comment.body
