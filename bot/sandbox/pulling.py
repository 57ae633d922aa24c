"""The life of a pull request: opened, moved, edited, closed, merged."""

from dataclasses import replace

from bot.sandbox import linking, talking
from bot.sandbox.diffs import FileDiff
from bot.sandbox.errors import ApiError, invalid
from bot.sandbox.model import CheckSuite, ForcePush, Issue, PullRequest, Repository, ReviewThread
from bot.sandbox.people import App, User
from bot.sandbox.reviewing import anchored
from bot.sandbox.shapes import checks as check_shapes
from bot.sandbox.shapes import commits as commit_shapes
from bot.sandbox.shapes import pulls as shapes
from bot.sandbox.world import Event, Obj, World


async def files(world: World, pull: PullRequest) -> tuple[FileDiff, ...]:
    """The three-dot diff: from the merge base to the head."""
    git = pull.repo.git
    start = pull.base_sha
    if not world.old_diffs and pull.issue.state == "open":
        start = git.branch(pull.base_ref) or start
    base = await git.merge_base(start, pull.head_sha)
    found = await git.diff(base or start, pull.head_sha)
    return tuple(replace(file, text=file.patch) for file in found) if world.shown_lines_only else found


async def extent(world: World, pull: PullRequest, *, mergeable: bool = False) -> shapes.Extent:
    """How large it is.  Whether it can be merged is computed only when asked for, as on GitHub."""
    changed = await files(world, pull)
    onto = pull.repo.git.branch(pull.base_ref) or pull.base_sha
    merged = await pull.repo.git.merge_tree(onto, pull.head_sha) if mergeable else None
    return shapes.Extent(
        commits=len(await pull.repo.git.commits(pull.base_sha, pull.head_sha)),
        additions=sum(file.additions for file in changed),
        deletions=sum(file.deletions for file in changed),
        changed_files=len(changed),
        mergeable=(merged is not None) if mergeable else None,
    )


async def show(world: World, pull: PullRequest, *, mergeable: bool = False) -> Obj:
    return shapes.pull_request(pull, await extent(world, pull, mergeable=mergeable), world.url)


async def tell(world: World, pull: PullRequest, action: str, sender: User, **fields: object) -> None:
    """Emit ``pull_request`` with that action."""
    body = {"number": pull.number, "pull_request": await show(world, pull), **fields}
    world.emit(Event(name="pull_request", action=action, sender=sender, repo=pull.repo, fields=body))


async def open_pull(
    world: World,
    repo: Repository,
    *,
    title: str,
    body: str | None,
    base: str,
    head_repo: Repository,
    head: str,
    author: User,
    app: App | None = None,
    draft: bool = False,
    maintainer_can_modify: bool = True,
) -> PullRequest:
    """Open a pull request.

    Raises a 422 where GitHub does: unknown base or head, no commits between them or none in common, one open for that
    pair already, a draft where there are none.
    """
    if draft and not repo.drafts:
        raise ApiError(422, "Draft pull requests are not supported in this repository.")
    base_sha, head_sha = repo.git.branch(base), head_repo.git.branch(head)
    if base_sha is None:
        raise invalid("PullRequest", "base", code="invalid")
    if head_sha is None:
        raise invalid("PullRequest", "head", code="invalid")
    if not await repo.git.commits(base_sha, head_sha):
        raise invalid("PullRequest", "base", f"No commits between {base} and {head}")
    if await repo.git.merge_base(base_sha, head_sha) is None:
        raise ApiError(422, f"The {head} branch has no history in common with {base}")
    _refuse_a_second(repo, base, head_repo, head)
    now = world.now()
    issue = Issue(
        id=world.next_id(), repo=repo, number=world.next_number(repo), title=title, body=body, author=author,
        via_app=app, created_at=now, updated_at=now,
    )  # fmt: skip
    pull = PullRequest(
        id=world.next_id(), issue=issue, base_ref=base, base_sha=base_sha, head_repo=head_repo,
        head_owner=head_repo.owner, head_ref=head, head_sha=head_sha, draft=draft, past_heads=[head_sha],
        maintainer_can_modify=maintainer_can_modify and head_repo is not repo,
    )  # fmt: skip
    issue.pull = pull
    repo.issues[issue.number] = issue
    world.nodes[f"PR_{issue.id}"] = pull
    repo.git.set_ref(f"refs/pull/{issue.number}/head", head_sha)
    await tell(world, pull, "opened", author)
    return pull


def _refuse_a_second(repo: Repository, base: str, head_repo: Repository, head: str) -> None:
    for pull in repo.pulls:
        same = (pull.base_ref, pull.head_ref) == (base, head) and pull.head_repo is head_repo
        if same and pull.issue.state == "open":
            label = f"{head_repo.owner.login}:{head}"
            message = f"A pull request already exists for {label}."
            raise ApiError(
                422,
                "Validation Failed",
                errors=[{"resource": "PullRequest", "code": "custom", "message": message}],
            )


async def branch_moved(
    world: World, repo: Repository, branch: str, before: str | None, after: str | None, sender: User
) -> None:
    """What a moved, new or deleted branch does to the open pull requests that start from it or lead to it."""
    for other in list(world.repos.values()):
        for pull in [pull for pull in other.pulls if pull.issue.state == "open"]:
            if pull.head_repo is repo and pull.head_ref == branch:
                await _head_moved(world, pull, before, after, sender)
            elif other is repo and pull.base_ref == branch:
                await _base_moved(world, pull, after, sender)
    if after is not None:
        await _request_checks(world, repo, branch, before, after, sender)


async def _head_moved(world: World, pull: PullRequest, before: str | None, after: str | None, sender: User) -> None:
    if after is None:
        await close(world, pull, sender)
        return
    if before is not None and not await pull.repo.git.contains(after, before):
        pull.forced.append(ForcePush(at=world.now(), before=before, after=after))
    pull.head_sha, pull.queued = after, False
    pull.past_heads.append(after)
    pull.base_sha = pull.repo.git.branch(pull.base_ref) or pull.base_sha
    pull.issue.updated_at = world.now()
    pull.repo.git.set_ref(f"refs/pull/{pull.number}/head", after)
    await follow_threads(world, pull)
    await tell(world, pull, "synchronize", sender, before=before, after=after)


async def _base_moved(world: World, pull: PullRequest, after: str | None, sender: User) -> None:
    """A base that has come to hold its head has merged it; a deleted one closes it, unless it was merged itself.

    https://docs.github.com/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/about-branches#working-with-branches
    """
    if after is None and (onto := _merged_into(pull.repo, pull.base_ref)):
        await edit(world, pull, sender, base=onto)
    elif after is None:
        await close(world, pull, sender)
    elif await pull.repo.git.contains(after, pull.head_sha):
        await close(world, pull, sender, merged_as=after)


def _merged_into(repo: Repository, branch: str) -> str | None:
    """The branch that the last merged pull request of a branch went into."""
    merged = [pull for pull in repo.pulls if pull.merged_at and (pull.head_repo, pull.head_ref) == (repo, branch)]
    return merged[-1].base_ref if merged and repo.git.branch(merged[-1].base_ref) else None


async def follow_threads(world: World, pull: PullRequest) -> None:
    """Move each review thread to its place on the present head, or mark it outdated."""
    changed = {file.path: file for file in await files(world, pull)}
    for thread in pull.threads:
        file = changed.get(thread.path)
        if file is None:
            thread.current = None
        elif thread.original.line is not None:
            line, start = await _moved(pull, thread)
            thread.current = anchored(thread.original, file, line, start)
        if thread.current is not None:
            thread.commit = pull.head_sha


async def _moved(pull: PullRequest, thread: ReviewThread) -> tuple[int | None, int | None]:
    """The thread's first lines followed from the commit it was written on to the present head (or merge base)."""
    git, then = pull.repo.git, thread.original
    if then.side == "LEFT" or then.line is None:
        return then.line, then.start_line
    for file in await git.diff(thread.original_commit, pull.head_sha):
        if (file.previous_path or file.path) == thread.path:
            spans = range(then.start_line or then.line, then.line + 1)
            moved = [file.moved(line) for line in spans]
            if None in moved:
                return None, None
            return moved[-1], moved[0] if then.start_line else None
    return then.line, then.start_line


async def _request_checks(
    world: World, repo: Repository, branch: str, before: str | None, after: str, sender: User
) -> None:
    """``check_suite.requested``: GitHub makes a suite for every pushed commit and every App that may write checks."""
    if world.installation_on(repo) is None:
        return
    await tell_suite(world, suite_for(world, repo, after, branch, before), "requested", sender)


async def rerequest_suite(world: World, suite: CheckSuite, sender: User) -> None:
    """ "Re-run all checks": the suite waits again, its runs stay as they are, and its App is told.

    https://docs.github.com/rest/checks/suites#rerequest-a-check-suite
    """
    suite.reset, suite.updated_at = True, world.now()
    await tell_suite(world, suite, "rerequested", sender)


async def tell_suite(world: World, suite: CheckSuite, action: str, sender: User) -> None:
    """Emit ``check_suite``."""
    head = commit_shapes.head_commit(await suite.repo.git.commit(suite.head_sha))
    body = {"check_suite": check_shapes.check_suite(suite, world.url) | {"head_commit": head}}
    world.emit(Event(name="check_suite", action=action, sender=sender, repo=suite.repo, fields=body))


def suite_for(
    world: World, repo: Repository, sha: str, branch: str | None = None, before: str | None = None
) -> CheckSuite:
    """The App's suite of that commit, made when there is none."""
    for suite in repo.suites:
        if suite.head_sha == sha:
            return suite
    now = world.now()
    suite = CheckSuite(
        id=world.next_id(), repo=repo, app=world.app, head_sha=sha, head_branch=branch, before=before,
        created_at=now, updated_at=now,
    )  # fmt: skip
    repo.suites.append(suite)
    return suite


async def close(world: World, pull: PullRequest, sender: User, *, merged_as: str | None = None) -> None:
    """Close it, as merged when the commit that did it is given."""
    issue, now = pull.issue, world.now()
    pull.queued = False
    issue.state, issue.closed_at, issue.closed_by, issue.updated_at = "closed", now, sender, now
    if merged_as is not None:
        pull.merged_at, pull.merged_by, pull.merge_commit_sha = now, sender, merged_as
    await tell(world, pull, "closed", sender)
    for other in pull.repo.issues.values() if merged_as is not None else ():
        if other.pull is None and linking.closes(pull, other):
            talking.set_state(world, other, "closed", sender)


async def reopen(world: World, pull: PullRequest, sender: User) -> None:
    """Open it again on the head that its branch has now.  422 when merged, or when the branch is gone."""
    head = pull.head_repo.git.branch(pull.head_ref) if pull.head_repo and not pull.head_repo.deleted else None
    if pull.merged_at is not None or head is None:
        raise invalid("PullRequest", "state", "state cannot be changed. The pull request cannot be reopened.")
    pull.issue.state, pull.issue.closed_at, pull.issue.closed_by = "open", None, None
    pull.issue.updated_at = world.now()
    if head != pull.head_sha:
        pull.head_sha = head
        pull.past_heads.append(head)
        pull.repo.git.set_ref(f"refs/pull/{pull.number}/head", head)
        await follow_threads(world, pull)
    await tell(world, pull, "reopened", sender)


async def edit(
    world: World,
    pull: PullRequest,
    sender: User,
    *,
    title: str | None = None,
    body: str | None = None,
    base: str | None = None,
) -> None:
    """Change title, body or base; ``edited`` tells what they were."""
    changes: Obj = {}
    if title is not None and title != pull.issue.title:
        changes["title"] = {"from": pull.issue.title}
        pull.issue.title = title
    if body is not None and body != pull.issue.body:
        changes["body"] = {"from": pull.issue.body or ""}
        pull.issue.body, pull.issue.edited_at = body, world.now()
    if base is not None and base != pull.base_ref:
        sha = pull.repo.git.branch(base)
        if sha is None:
            raise invalid("PullRequest", "base", code="invalid")
        changes["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
        pull.base_ref, pull.base_sha = base, sha
        await follow_threads(world, pull)
    if changes:
        pull.issue.updated_at = world.now()
        await tell(world, pull, "edited", sender, changes=changes)


async def set_draft(world: World, pull: PullRequest, sender: User, *, draft: bool) -> None:
    if pull.draft != draft:
        pull.draft = draft
        await tell(world, pull, "converted_to_draft" if draft else "ready_for_review", sender)
