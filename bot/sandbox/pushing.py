"""Commits and moving refs, and what follows: ``push`` events, pull requests whose head or base moved."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox import pulling, rules
from bot.sandbox.content import Content, entries
from bot.sandbox.model import Repository
from bot.sandbox.objects import ZERO, Signature
from bot.sandbox.people import App, User
from bot.sandbox.shapes import commits as shapes
from bot.sandbox.shapes.repositories import page
from bot.sandbox.world import Event, Obj, World

MAX_COMMITS_IN_EVENT = 2_048
"""https://docs.github.com/webhooks/webhook-events-and-payloads#push"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something, and through which App."""

    user: User
    app: App | None = None


def signature(world: World, user: User) -> Signature:
    return Signature(name=user.login, email=user.email, at=world.now())


async def commit_files(
    world: World,
    repo: Repository,
    files: Mapping[str, Content],
    *,
    parent: str | None,
    by: User,
    message: str,
    verified: bool = False,
) -> str:
    """Write a commit on top of ``parent``; no ref moves."""
    store = repo.git.store
    base = None if parent is None else (await repo.git.commit(parent)).tree
    tree = await store.edit_tree(base, await entries(store, base, files))
    who = signature(world, by)
    parents = () if parent is None else (parent,)
    sha = store.write_commit(tree=tree, parents=parents, author=who, committer=who, message=message)
    if verified:
        repo.verified.add(sha)
    return sha


async def move_ref(world: World, repo: Repository, name: str, sha: str | None, actor: Actor) -> None:
    """Create, move or (with ``None``) delete a ref, and tell everyone.  ``name`` starts with ``refs/``.

    Raises what GitHub answers where a rule forbids it.
    """
    before = repo.git.refs.get(name)
    if before != sha:
        await rules.enforce(repo, name, before, sha, actor.user.login)
        repo.git.set_ref(name, sha)
        await ref_moved(world, repo, name, before, sha, actor)


async def ref_moved(
    world: World, repo: Repository, name: str, before: str | None, after: str | None, actor: Actor
) -> None:
    """The consequences of a ref that has moved already."""
    repo.pushed_at = world.now()
    repo.former_branches.pop(name.removeprefix("refs/heads/"), None)
    await tell_push(world, repo, name, before, after, actor)
    if name.startswith("refs/heads/"):
        await pulling.branch_moved(world, repo, name.removeprefix("refs/heads/"), before, after, actor.user)


async def tell_push(
    world: World, repo: Repository, name: str, before: str | None, after: str | None, actor: Actor
) -> None:
    """Emit ``push``."""
    fields = await _push(world, repo, name, before, after, actor)
    world.emit(Event(name="push", action=None, sender=actor.user, repo=repo, fields=fields))


async def _push(world: World, repo: Repository, name: str, before: str | None, after: str | None, actor: Actor) -> Obj:
    """push, without its common part."""
    forced = bool(before and after) and not await repo.git.contains(after or "", before or "")
    shas: tuple[str, ...] = ()
    if after is not None:
        base = before or repo.git.branch(repo.default_branch)
        shas = (after,) if base in (None, after) else await repo.git.commits(base or "", after)
    listed = [await _pushed(world, repo, sha) for sha in shas[-MAX_COMMITS_IN_EVENT:]] if before and after else []
    return {
        "ref": name,
        "before": before or ZERO,
        "after": after or ZERO,
        "created": before is None,
        "deleted": after is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{page(repo, world.url)}/compare/{(before or ZERO)[:12]}...{(after or ZERO)[:12]}",
        "commits": listed,
        "head_commit": None if after is None else await _pushed(world, repo, after),
        "pusher": {"name": actor.user.login, "email": actor.user.email},
    }


async def _pushed(world: World, repo: Repository, sha: str) -> Obj:
    commit = await repo.git.commit(sha)
    files = await repo.git.diff(commit.parents[0], sha) if commit.parents else ()
    return shapes.pushed_commit(commit, repo, files, world)
