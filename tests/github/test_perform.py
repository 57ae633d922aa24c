"""Effects, against the sandbox: what was asked for is there, once; what GitHub declines changes nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.effects import (
    Annotation,
    CheckAction,
    CheckRun,
    ClosePullRequest,
    EditIssue,
    EditPullRequest,
    FileCommit,
    Level,
    MoveBranch,
    NewComment,
    NewPullRequest,
    NewReaction,
    ResolveThread,
    Review,
    ReviewComment,
    TreeCommit,
    TreeFile,
    UnresolveThread,
)
from bot.domain.errors import RetryLater
from bot.domain.reactions import Reaction
from bot.domain.references import InstallationId, PullRequestRef, RepoRef, RepositoryId, Sha
from bot.github import GitHub, Performer, reads
from bot.github.errors import AlreadyExists, GraphQLError, HeadMoved, Uncertain, Unprocessable
from bot.github.perform.commits import write_commit
from bot.github.perform.conversations import IssueEdited
from bot.github.perform.reviews import Submitted
from bot.github.throttle import Throttle
from bot.sandbox import Executable, PullRequestHandle, Repo, Sandbox
from tests.github.clock import ManualClock


@pytest.fixture
async def pull(repo: Repo) -> PullRequestHandle:
    """Adds ten lines to ``src/a.py``."""
    return await repo.open_pull_request({"src/a.py": b"x = 1\n" + b"".join(b"y%d = 1\n" % n for n in range(10))})


@pytest.fixture
def at(ref: RepoRef, pull: PullRequestHandle) -> PullRequestRef:
    return PullRequestRef(repo=ref, number=pull.number)


AT = PullRequestRef(
    repo=RepoRef(installation=InstallationId(1), id=RepositoryId(1), owner="acme", name="app"), number=1
)


def review(
    at: PullRequestRef, pull: PullRequestHandle, *comments: ReviewComment, body: str = "what was found"
) -> Review:
    return Review(pull=at, head_sha=Sha(pull.head_sha), body=body, comments=comments)


def on(line: int, start: int | None = None, path: str = "src/a.py") -> ReviewComment:
    return ReviewComment(path=path, line=line, start_line=start, body=f"line {line}")


async def test_a_review_is_posted_at_once(performer: Performer, at: PullRequestRef, pull: PullRequestHandle) -> None:
    done = await performer.perform(review(at, pull, on(3), on(6, start=4)))
    (posted,) = pull.reviews
    assert done == Submitted(review_id=posted.id)
    assert (posted.body, posted.state, posted.commit_id) == ("what was found", "COMMENTED", pull.head_sha)
    lines = [(thread.current.start_line, thread.current.line) for thread in pull.threads if thread.current]
    assert lines == [(None, 3), (4, 6)]


async def test_one_bad_line_does_not_silence_the_others(
    github: Sandbox, performer: Performer, at: PullRequestRef, pull: PullRequestHandle
) -> None:
    done = await performer.perform(review(at, pull, on(3), on(400), on(1, path="no/such.py")))
    assert [comment.path for comment in done.rejected] == ["no/such.py"]
    placed = [(thread.original.line, thread.comments[0].body) for thread in pull.threads]
    assert placed == [(3, "line 3"), (None, "line 400")], "the second on its file"
    assert [r.body for r in pull.reviews if r.id == done.review_id] == ["what was found"]


async def test_a_review_that_github_declines_for_itself_is_an_error(
    github: Sandbox, performer: Performer, at: PullRequestRef, pull: PullRequestHandle
) -> None:
    github.faults.status(422, "Validation Failed", method="POST", path="*/reviews")
    with pytest.raises(Unprocessable):
        await performer.perform(review(at, pull))
    assert pull.reviews == []


async def test_threads_are_read_resolved_and_read_again(
    github: Sandbox, gh: GitHub, performer: Performer, ref: RepoRef, at: PullRequestRef, pull: PullRequestHandle
) -> None:
    await performer.perform(review(at, pull, on(3), on(5)))
    await pull.reply(pull.review_comments[0], "but why", by=github.user("ann"))
    threads = await reads.review_threads(gh, at)
    assert [(t.path, t.line, t.resolved, t.outdated) for t in threads] == [
        ("src/a.py", 3, False, False),
        ("src/a.py", 5, False, False),
    ]
    assert [(c.author, c.ours) for c in threads[0].comments] == [("ssot-bot[bot]", True), ("ann", False)]
    await performer.perform(ResolveThread(repo=ref, thread_id=threads[1].id))
    await pull.resolve(pull.threads[0], by=github.user("ann"))
    threads = await reads.review_threads(gh, at)
    assert [(t.resolved, t.resolved_by_us) for t in threads] == [(True, False), (True, True)]
    for _ in range(2):
        await performer.perform(UnresolveThread(repo=ref, thread_id=threads[1].id))
    threads = await reads.review_threads(gh, at)
    assert [(t.resolved, t.resolved_by_us) for t in threads] == [(True, False), (False, False)]


async def test_more_threads_than_a_page(
    github: Sandbox, gh: GitHub, performer: Performer, at: PullRequestRef, pull: PullRequestHandle
) -> None:
    await performer.perform(review(at, pull, *[on(2 + n % 10) for n in range(53)]))
    assert len(await reads.review_threads(gh, at)) == 53


def check_run(repo: RepoRef, pull: PullRequestHandle, annotations: int = 0) -> CheckRun:
    return CheckRun(
        repo=repo,
        name="ssot",
        head_sha=Sha(pull.head_sha),
        status="completed",
        conclusion="failure",
        title="2 new usages",
        summary="…",
        text="more",
        external_id="here",
        actions=(CheckAction(label="Fix it", description="Commit the fixes", identifier="fix"),),
        annotations=tuple(
            Annotation(path="src/a.py", start_line=1, end_line=1, level=Level.FAILURE, message=f"number {n}")
            for n in range(annotations)
        ),
    )


@pytest.mark.parametrize("annotations", [0, 1, 50, 51, 120])
async def test_a_check_run_has_all_its_annotations_once(
    gh: GitHub, performer: Performer, ref: RepoRef, pull: PullRequestHandle, annotations: int
) -> None:
    created = await performer.perform(check_run(ref, pull, annotations))
    (run,) = pull.check_runs
    assert run.id == created
    assert [a["message"] for a in run.annotations] == [f"number {n}" for n in range(annotations)]
    (found,) = await reads.check_runs(gh, ref, Sha(pull.head_sha), name="ssot")
    assert (found.id, found.conclusion, found.external_id, found.title) == (
        created, "failure", "here", "2 new usages",
    )  # fmt: skip


async def test_a_commit_is_made_on_the_expected_head(
    performer: Performer, ref: RepoRef, pull: PullRequestHandle
) -> None:
    commit = FileCommit(
        repo=ref,
        branch=pull.head_ref,
        expected_head=Sha(pull.head_sha),
        headline="Migrate",
        body="why",
        additions={"src/a.py": b"\xff\x00", "new/b.py": b""},
    )
    assert await performer.perform(commit) == pull.head_sha
    assert (pull.head["src/a.py"], pull.head["new/b.py"]) == (b"\xff\x00", b"")
    with pytest.raises(HeadMoved):
        await performer.perform(commit)


async def test_a_commit_deletes(performer: Performer, ref: RepoRef, pull: PullRequestHandle) -> None:
    commit = FileCommit(
        repo=ref, branch=pull.head_ref, expected_head=Sha(pull.head_sha), headline="Drop", deletions=("src/a.py",)
    )
    await performer.perform(commit)
    assert "src/a.py" not in pull.head
    again = replace(commit, expected_head=Sha(pull.head_sha))
    with pytest.raises(GraphQLError, match="does not exist"):
        await performer.perform(again)


async def test_a_lost_commit_is_uncertain(
    github: Sandbox, performer: Performer, ref: RepoRef, pull: PullRequestHandle
) -> None:
    before = pull.head_sha
    github.faults.drop(effect=True, operation="createCommitOnBranch")
    commit = FileCommit(
        repo=ref, branch=pull.head_ref, expected_head=Sha(before), headline="Migrate", additions={"b.py": b"b"}
    )
    with pytest.raises(Uncertain):
        await performer.perform(commit)
    assert pull.head_sha != before, "it had happened"
    with pytest.raises(HeadMoved):
        await performer.perform(commit)


async def test_a_tree_commit_keeps_modes(gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo) -> None:
    await repo.push({"run.sh": Executable(b"#!/bin/sh\n"), "old.py": b"old"})
    head = await reads.branch_head(gh, ref, "main")
    commit = TreeCommit(
        repo=ref,
        branch="main",
        before=head,
        parent=head,
        message="Migrate",
        files=(
            TreeFile(path="run.sh", content=b"#!/bin/bash\n", mode="100755"),
            TreeFile(path="old.py", content=None),
        ),
    )
    made = await performer.perform(commit)
    branch = repo.branch("main")
    assert branch.sha == made
    assert (branch["run.sh"], branch.modes["run.sh"]) == (b"#!/bin/bash\n", "100755")
    assert "old.py" not in branch
    with pytest.raises(HeadMoved):
        await performer.perform(commit)
    assert repo.branch("main").sha == made


async def test_a_branch_and_its_pull_request(gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo) -> None:
    head = await reads.branch_head(gh, ref, "main")
    await performer.perform(MoveBranch(repo=ref, branch="ssot/migrate", before=None, after=head))
    await performer.perform(
        FileCommit(repo=ref, branch="ssot/migrate", expected_head=head, headline="x", additions={"n.py": b""})
    )
    new = NewPullRequest(repo=ref, title="Migrate", head="ssot/migrate", base="main", body="why", draft=True)
    opened = await performer.perform(new)
    assert repo.pull_request(opened.number).draft
    with pytest.raises(AlreadyExists):
        await performer.perform(new)


async def test_a_conversation(performer: Performer, ref: RepoRef, at: PullRequestRef, pull: PullRequestHandle) -> None:
    said = await performer.perform(NewComment(repo=ref, number=at.number, body="one moment"))
    await performer.perform(NewReaction(repo=ref, comment_id=said, content=Reaction.EYES))
    await performer.perform(NewReaction(repo=ref, comment_id=said, content=Reaction.EYES))
    assert (pull.last_comment.body, pull.last_comment.reactions) == ("one moment", ["eyes"])


async def test_an_issue_is_edited(gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo) -> None:
    issue = await repo.open_issue("title", "- [ ] a\r\n")
    before = await reads.issue(gh, ref, issue.number)
    edit = EditIssue(
        repo=ref, number=issue.number, body="- [x] a\r\n", replaces=before.body, updated_at=before.updated_at
    )
    assert await performer.perform(edit) == IssueEdited(body="- [x] a\r\n")
    assert (issue.title, issue.body) == ("title", "- [x] a\r\n")


async def test_writes_keep_their_distance(
    github: Sandbox, performer: Performer, ref: RepoRef, repo: Repo, clock: ManualClock
) -> None:
    issue = await repo.open_issue("t", "b")
    await asyncio.gather(*(performer.perform(NewComment(repo=ref, number=issue.number, body=str(n))) for n in range(3)))
    assert sum(clock.slept) >= 2
    assert sorted(comment.body for comment in issue.comments) == ["0", "1", "2"]


async def test_a_limit_that_comes_while_waiting_for_a_turn_holds(
    github: Sandbox, gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo, clock: ManualClock
) -> None:
    issue = await repo.open_issue("t", "b")
    await performer.perform(NewComment(repo=ref, number=issue.number, body="0"))
    rate_limit = gh.channel(ref.installation).rate_limit
    limit = Throttle(seconds=60, reason="another request was told so")
    told: list[asyncio.Task[None]] = []
    clock.while_asleep = lambda: told.append(asyncio.create_task(rate_limit.close(limit)))
    sent = len(github.requests)
    with pytest.raises(RetryLater):
        await performer.perform(NewComment(repo=ref, number=issue.number, body="1"))
    assert len(github.requests) == sent


@pytest.mark.parametrize(
    "make",
    [
        lambda: ReviewComment(path="a", line=3, start_line=3, body=""),
        lambda: ReviewComment(path="a", line=3, body="x" * 65_537),
        lambda: Review(pull=AT, head_sha=Sha("0" * 40), body=""),
        lambda: CheckAction(label="x" * 21, description="", identifier=""),
        lambda: CheckRun(repo=AT.repo, name="x", head_sha=Sha(""), status="completed", title="", summary=""),
        lambda: CheckRun(repo=AT.repo, name="x", head_sha=Sha(""), status="queued", title="", summary="x" * 65_536),
        lambda: NewPullRequest(repo=AT.repo, title="", head="", base="", body="x" * 65_537),
        lambda: EditPullRequest(pull=AT, body="x" * 65_537),
        lambda: EditIssue(repo=AT.repo, number=1, body="x" * 65_537, replaces="", updated_at=datetime.now(UTC)),
    ],
)
def test_what_github_never_takes_is_never_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"characters|come before|needs a body|conclusion"):
        make()


async def test_a_branch_moves_from_where_it_was_seen_or_not_at_all(
    gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo
) -> None:
    first = Sha(repo.branch().sha)
    file = TreeFile(path="src/run.sh", content=b"\xef\xbb\xbf# \xc3\xa9\r\n", mode="100755")
    commit = TreeCommit(repo=ref, branch="b", before=None, parent=first, message="One", files=(file,))
    second = await write_commit(gh, commit)
    assert "b" not in repo.branches, "a commit alone is seen by nobody"
    await performer.perform(MoveBranch(repo=ref, branch="b", before=None, after=second))
    assert (repo.branch("b")["src/run.sh"], repo.branch("b").modes["src/run.sh"]) == (file.content, "100755")
    for wrong in (None, first):
        with pytest.raises(HeadMoved):
            await performer.perform(MoveBranch(repo=ref, branch="b", before=wrong, after=first))
    assert repo.branch("b").sha == second
    await performer.perform(MoveBranch(repo=ref, branch="b", before=second, after=first))
    with pytest.raises(HeadMoved):
        await performer.perform(MoveBranch(repo=ref, branch="b", before=second, after=None))
    await performer.perform(MoveBranch(repo=ref, branch="b", before=first, after=None))
    assert "b" not in repo.branches


async def test_what_is_no_text_is_committed_byte_for_byte(performer: Performer, ref: RepoRef, repo: Repo) -> None:
    contents = {"latin.py": b"# \xe9\n", "big.py": b"x = 1\n" * 60_000, "empty.py": b""}
    files = tuple(TreeFile(path=path, content=content) for path, content in contents.items())
    parent = Sha(repo.branch().sha)
    await performer.perform(
        TreeCommit(repo=ref, branch="main", before=parent, parent=parent, message="Add", files=files)
    )
    assert {path: repo.branch()[path] for path in contents} == contents


async def test_a_pull_request_is_reworded_and_closed(
    gh: GitHub, performer: Performer, at: PullRequestRef, pull: PullRequestHandle
) -> None:
    await performer.perform(EditPullRequest(pull=at, title="Another", body="Other words"))
    assert (pull.title, pull.body, pull.state) == ("Another", "Other words", "open")
    await performer.perform(ClosePullRequest(pull=at))
    assert (pull.title, pull.body, pull.state) == ("Another", "Other words", "closed")
    issue = await reads.issue(gh, at.repo, at.number)
    assert issue.closed_by == (await reads.identity(gh)).login
