"""Names change, ids do not: repositories, accounts, the App, branches and issues that get another name or place."""

from bot.sandbox import talking
from bot.sandbox.model import Issue, PullRequest, Repository
from bot.sandbox.people import User
from bot.sandbox.pulling import close, tell
from bot.sandbox.pushing import Actor, tell_push
from bot.sandbox.shapes import accounts, repositories, stamp
from bot.sandbox.shapes import conversation as shapes
from bot.sandbox.world import Event, Obj, World


def rename_repository(world: World, repo: Repository, name: str, by: User) -> None:
    """``repository.renamed``; the former name is answered by a redirect until another repository takes it."""
    before = repo.name
    _take(world, repo, repo.owner, name)
    _tell(world, repo, "renamed", by, {"repository": {"name": {"from": before}}})


def transfer_repository(world: World, repo: Repository, owner: User, by: User) -> None:
    """``repository.transferred``, which the App hears where it is installed on the new owner."""
    before = repo.owner
    for installation in world.installations.values():
        if installation.account is before and installation.repositories is not None:
            installation.repositories.discard(repo.id)
    _take(world, repo, owner, repo.name)
    former: Obj = {"user": accounts.user(before, world.url)}
    if before.type == "Organization":
        former = {"organization": accounts.organization(before, world.url)}
    _tell(world, repo, "transferred", by, {"owner": {"from": former}})


def _take(world: World, repo: Repository, owner: User, name: str) -> None:
    holder = world.repo(f"{owner.login}/{name}")
    if holder is not None and holder is not repo and holder.full_name.lower() == f"{owner.login}/{name}".lower():
        raise ValueError(f"{holder.full_name} exists")
    repo.owner, repo.name = owner, name
    world.names[repo.full_name.lower()] = repo.id


def rename_account(world: World, account: User, login: str, by: User) -> None:
    """A person, an organization or an App's bot: its repositories move with it, and its login is free again.

    ``installation_target.renamed`` for an account that has the App.
    """
    if login.lower() != account.login.lower() and world.user(login) is not None:
        raise ValueError(f"{login} exists")
    before, account.login = account.login, login
    del world.users[before.lower()]
    world.users[login.lower()] = account
    for repo in world.repos.values():
        if repo.owner is account:
            world.names[repo.full_name.lower()] = repo.id
    for installation in world.installations.values():
        if installation.account is account and not installation.deleted and world.tells_renamed_accounts:
            fields: Obj = {
                "account": _target(account, world),
                "changes": {"login": {"from": before}},
                "target_type": account.type,
            }
            event = Event(name="installation_target", action="renamed", sender=by, fields=fields,
                          installation=installation)  # fmt: skip
            world.emit(event)


def _target(account: User, world: World) -> Obj:
    shown = {**accounts.user(account, world.url), "created_at": stamp(world.now()), "updated_at": stamp(world.now())}
    return {**shown, "followers": 0, "following": 0, "public_gists": 0, "public_repos": 0}


def rename_app(world: World, slug: str) -> None:
    """Nothing is sent: an App is not told of its own new name."""
    app = world.app
    before, app.slug, app.name = app.bot.login, slug, slug
    app.bot.login = f"{slug}[bot]"
    del world.users[before.lower()]
    world.users[app.bot.login.lower()] = app.bot


async def rename_branch(
    world: World, repo: Repository, before: str, after: str, by: User, *, follow: bool = True
) -> None:
    """What https://docs.github.com/rest/branches/branches#rename-a-branch does.

    The rules and the open pull requests onto it follow; one that starts from it is closed.  GitHub does not say what it
    sends: here a ``push`` that makes the new branch and one that deletes the former, ``pull_request.edited`` for each
    that follows, and ``repository.edited`` where it was the default branch.  The rename goes on in the background:
    without ``follow`` pull requests still have the former base, which is not there.
    """
    sha = repo.git.refs[f"refs/heads/{before}"]
    repo.git.set_ref(f"refs/heads/{after}", sha)
    default = repo.default_branch == before
    if default:
        repo.default_branch = after
        (repo.git.path / "HEAD").write_text(f"ref: refs/heads/{after}\n")
    repo.git.set_ref(f"refs/heads/{before}", None)
    _follow_rules(repo, before, after)
    repo.former_branches[before] = after
    repo.former_branches.pop(after, None)
    actor = Actor(user=by)
    await tell_push(world, repo, f"refs/heads/{after}", None, sha, actor)
    await tell_push(world, repo, f"refs/heads/{before}", sha, None, actor)
    if default:
        _tell(world, repo, "edited", by, {"default_branch": {"from": before}})
    for pull in [pull for pull in repo.pulls if follow and pull.base_ref == before]:
        await _follow_base(world, pull, after, by)
    for other in list(world.repos.values()):
        for pull in [each for each in other.pulls if each.head_repo is repo and each.head_ref == before]:
            if pull.issue.state == "open":
                await close(world, pull, by)


def _follow_rules(repo: Repository, before: str, after: str) -> None:
    for names in (repo.protected, repo.dismissing):
        if before in names:
            names.remove(before)
            names.add(after)
    if before in repo.required:
        repo.required[after] = repo.required.pop(before)
    if before in repo.queues:
        repo.queues[after] = repo.queues.pop(before)


async def _follow_base(world: World, pull: PullRequest, after: str, by: User) -> None:
    """A closed one keeps the name that it had."""
    if pull.issue.state == "open":
        changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
        pull.base_ref, pull.issue.updated_at = after, world.now()
        await tell(world, pull, "edited", by, changes=changes)


def transfer_issue(world: World, issue: Issue, to: Repository, by: User) -> Issue:
    """The issue as it is in the other repository, with its comments; the former address leads there.

    https://docs.github.com/rest/issues/issues#get-an-issue : 301 for who may read the other, 404 for everybody else.
    """
    moved = Issue(
        id=world.next_id(), repo=to, number=world.next_number(to), title=issue.title, body=issue.body,
        author=issue.author, via_app=issue.via_app, created_at=issue.created_at, updated_at=world.now(),
        state=issue.state, state_reason=issue.state_reason, closed_at=issue.closed_at, closed_by=issue.closed_by,
        edited_at=issue.edited_at, edits=issue.edits, reactions=issue.reactions,
    )  # fmt: skip
    to.issues[moved.number] = moved
    world.register("I", moved)
    for comment in issue.comments:
        comment.issue = moved
    moved.comments, issue.comments = issue.comments, []
    issue.gone, issue.moved_to = 301, moved
    there = {"new_issue": shapes.issue_told(moved, world.url), "new_repository": repositories.repository(to, world.url)}
    talking.tell_issue(world, issue, "transferred", by, changes=there)
    here = {
        "old_issue": shapes.issue_told(issue, world.url),
        "old_repository": repositories.repository(issue.repo, world.url),
    }
    talking.tell_issue(world, moved, "opened", by, changes=here)
    return moved


def _tell(world: World, repo: Repository, action: str, by: User, changes: Obj) -> None:
    world.emit(Event(name="repository", action=action, sender=by, repo=repo, fields={"changes": changes}))
