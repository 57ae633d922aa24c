"""Every effect goes through the performer; a dry run tells the same effects and sends nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import bot
from bot.domain.effects import (
    CheckRun,
    ClosePullRequest,
    EditIssue,
    EditPullRequest,
    EditReview,
    Effect,
    FileCommit,
    MoveBranch,
    NewComment,
    NewIssue,
    NewPullRequest,
    NewReaction,
    Redeliver,
    ResolveThread,
    Review,
    ReviewComment,
    SetDraft,
    ThreadReply,
    TreeCommit,
    TreeFile,
    UnresolveThread,
)
from bot.domain.reactions import Reaction
from bot.domain.references import PullRequestRef, RepoRef, Sha
from bot.github import DryRunPerformer, GitHub, Performer, reads
from bot.github import operations as ops
from bot.github.operations import Operation, RequestKind
from bot.sandbox import Repo, Sandbox

EFFECTS: tuple[type[Effect], ...] = get_args(Effect)
NOT_EFFECTS = {"CREATE_TOKEN", "CONVERT_MANIFEST"}
"""What asks for access: nothing of a repository is changed."""


@pytest.fixture
async def effects(github: Sandbox, gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo) -> dict[type, Effect]:
    """One of each kind that GitHub accepts now."""
    pull = await repo.open_pull_request({"src/a.py": b"x = 1\ny = 2\n"})
    other = await repo.open_pull_request({"src/b.py": b"x = 1\n"})
    issue = await repo.open_issue("Retire it", "- [ ] all")
    at, head = PullRequestRef(repo=ref, number=pull.number), Sha(pull.head_sha)
    on_line = ReviewComment(path="src/a.py", line=1, body="here")
    await performer.perform(Review(pull=at, head_sha=head, body="first", comments=(on_line,)))
    review = await performer.perform(Review(pull=at, head_sha=head, body="again", comments=(on_line,)))
    assert review.review_id is not None
    threads = await reads.review_threads(gh, at)
    open_thread, resolved = (thread.id for thread in threads)
    await performer.perform(ResolveThread(repo=ref, thread_id=resolved))
    base = Sha(repo.branch("main").sha)
    for name in ("one", "two", "three"):
        await performer.perform(MoveBranch(repo=ref, branch=name, before=None, after=base))
    await performer.perform(
        FileCommit(repo=ref, branch="three", expected_head=base, headline="Add", additions={"d.py": b""})
    )
    seen = await reads.issue(gh, ref, issue.number)
    comment = await performer.perform(NewComment(repo=ref, number=issue.number, body="hello"))
    github.webhook_url = "http://127.0.0.1:9/nobody"
    await github.ping()
    await github.settled()
    delivery = await anext(aiter(reads.hook_deliveries(gh)))
    made: list[Effect] = [
        Review(pull=at, head_sha=head, body="what was found"),
        CheckRun(
            repo=ref, name="ssot", head_sha=head, status="completed", conclusion="success", title="Done", summary="…"
        ),
        FileCommit(repo=ref, branch="one", expected_head=base, headline="Migrate", additions={"c.py": b""}),
        TreeCommit(
            repo=ref,
            branch="two",
            before=base,
            parent=base,
            message="Migrate",
            files=(TreeFile(path="c.py", content=b""),),
        ),
        NewPullRequest(repo=ref, title="Migrate", head="three", base="main", body="why"),
        ResolveThread(repo=ref, thread_id=open_thread),
        UnresolveThread(repo=ref, thread_id=resolved),
        ThreadReply(pull=at, comment_id=threads[0].comments[0].id or 0, body="there as well"),
        NewComment(repo=ref, number=issue.number, body="done"),
        NewIssue(repo=ref, title="Deprecation migrations", body="what is left"),
        NewReaction(repo=ref, comment_id=comment, content=Reaction.ROCKET),
        EditIssue(repo=ref, number=issue.number, body="- [x] all", replaces=seen.body, updated_at=seen.updated_at),
        EditPullRequest(pull=at, body="Other words"),
        SetDraft(pull=at, node_id=(await reads.pull_request(gh, at)).node_id, draft=True),
        EditReview(pull=at, review_id=review.review_id, body="again, and more"),
        ClosePullRequest(pull=PullRequestRef(repo=ref, number=other.number)),
        MoveBranch(repo=ref, branch="one", before=base, after=None),
        Redeliver(attempt=delivery.id, guid=delivery.guid),
    ]
    return {type(effect): effect for effect in made}


@pytest.mark.parametrize("kind", EFFECTS, ids=lambda kind: kind.__name__)
async def test_an_effect_is_performed_and_only_told_in_a_dry_run(
    github: Sandbox, performer: Performer, effects: dict[type, Effect], kind: type[Effect]
) -> None:
    effect = effects[kind]
    told: list[Effect] = []
    requests, writes = len(github.requests), len(github.mutations)
    instead = await DryRunPerformer(told.append).perform(effect)
    assert told == [effect]
    assert len(github.requests) == requests
    result = await performer.perform(effect)
    assert len(github.mutations) > writes
    assert type(result) is type(instead), "a workflow goes on with either"
    await github.settled()


def test_a_branch_that_moves_from_nothing_to_nothing_is_a_defect(ref: RepoRef) -> None:
    with pytest.raises(ValueError, match="moves"):
        MoveBranch(repo=ref, branch="x", before=None, after=None)


def named_operations(path: Path) -> Iterator[str]:
    """The constants of ``bot.github.operations`` that a module names."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Attribute(value=ast.Name(id="ops" | "operations"), attr=name):
                yield from (name,) if isinstance(getattr(ops, name, None), Operation) else ()
            case ast.ImportFrom(module="bot.github.operations", names=names):
                yield from (each.name for each in names if isinstance(getattr(ops, each.name, None), Operation))


def test_nothing_else_writes_to_github() -> None:
    package = Path(bot.__file__).parent
    found = {
        (path.relative_to(package).parts[:2], name)
        for path in package.rglob("*.py")
        if path.name != "operations.py" and "sandbox" not in path.parts
        for name in named_operations(path)
        if getattr(ops, name).kind is not RequestKind.READ and name not in NOT_EFFECTS
    }
    assert found, "the performer's own are seen"
    assert {where for where, _ in found} == {("github", "perform")}
