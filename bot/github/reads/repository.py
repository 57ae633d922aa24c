"""The repository, its branches, and who may do what in it.  https://docs.github.com/en/rest/repos."""

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.errors import Gone
from bot.domain.facts import Repository, Role
from bot.domain.references import RepoRef, RepositoryId, Sha
from bot.github import operations as ops
from bot.github.begun import may_be_begun
from bot.github.client import GitHub
from bot.github.errors import NameTaken, NoCommonAncestor, NotFound, Refused

_QUEUED = re.compile(r"/pr-(?P<number>[0-9]{1,9})-(?P<base>[0-9a-f]{40,64})\Z")
"""How GitHub names the merge queue's branches: ``refs/heads/gh-readonly-queue/main/pr-104-0123…``."""


@may_be_begun
async def repository(gh: GitHub, repo: RepoRef) -> Repository:
    """The repository as it is now, under its present name.

    Raises ``NameTaken`` if another repository has the name now: ``repo.id`` identifies the right one.
    """
    found = await gh.call(ops.GET_REPO, repo, lambda data: _repository(repo, data))
    if found.ref.id != repo.id:
        raise NameTaken(repo.full_name)
    return found


async def repository_by_id(gh: GitHub, repo: RepoRef) -> RepoRef:
    """The repository of this id under its present name, whatever has the name that ``repo`` says."""
    found = await gh.call(ops.GET_REPO_BY_ID, repo, lambda data: _repository(repo, data), repository_id=repo.id)
    return found.ref


@may_be_begun
async def branch_head(gh: GitHub, repo: RepoRef, branch: str) -> Sha:
    """The commit that a branch points to.  ``NotFound``: there is no such branch."""
    return await gh.call(ops.GET_REF, repo, lambda data: Sha(str(data["object"]["sha"])), ref=f"heads/{branch}")


async def required_checks(gh: GitHub, repo: RepoRef, branch: str) -> frozenset[str]:
    """The names of the checks that the rules of a branch require before a merge.

    Rulesets only: classic branch protection is shown to administrators alone.
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    pages = gh.pages(ops.BRANCH_RULES, repo, _required, branch=branch)
    return frozenset({name async for names in pages for name in names})


async def dismisses_approvals(gh: GitHub, repo: RepoRef, branch: str) -> bool:
    """Whether a rule of a branch takes approving reviews back when somebody pushes to the pull request.

    Rulesets only, as above: without such a rule the branch's protection may still do so.
    """
    pages = gh.pages(ops.BRANCH_RULES, repo, _dismissing, branch=branch)
    return any([found async for found in pages])


async def queue_judges_the_last(gh: GitHub, repo: RepoRef, branch: str) -> bool:
    """Whether the merge queue merges a group when its last commit passes, whatever the commits before it say.

    That is "Require all queue entries to pass required checks" switched off, as a ruleset shows it.
    """
    pages = gh.pages(ops.BRANCH_RULES, repo, _judging_the_last, branch=branch)
    return any([found async for found in pages])


def _judging_the_last(rule: Any) -> bool:
    return rule["type"] == "merge_queue" and bool(rule["parameters"]["grouping_strategy"] == "HEADGREEN")


async def queue_entries(gh: GitHub, repo: RepoRef, branch: str | None = None) -> Mapping[Sha, tuple[int, Sha]]:
    """The commits of a branch's merge queue: the pull request that each was made of, and what it was put on.

    Without a ``branch`` those of all queues.
    """
    beginning = f"heads/gh-readonly-queue/{branch}/pr-" if branch else "heads/gh-readonly-queue"
    found = await gh.call(ops.MATCHING_REFS, repo, lambda data: [_entry(each) for each in data], ref=beginning)
    return {entry[0]: entry[1:] for entry in found if entry is not None}


def _entry(data: Any) -> tuple[Sha, int, Sha] | None:
    found = _QUEUED.search(str(data["ref"]))
    return None if found is None else (Sha(str(data["object"]["sha"])), int(found["number"]), Sha(found["base"]))


def _dismissing(rule: Any) -> bool:
    return rule["type"] == "pull_request" and bool(rule["parameters"]["dismiss_stale_reviews_on_push"])


def _required(rule: Any) -> tuple[str, ...]:
    if rule["type"] != "required_status_checks":
        return ()
    return tuple(str(check["context"]) for check in rule["parameters"]["required_status_checks"])


async def is_behind(gh: GitHub, repo: RepoRef, commit: Sha, than: Sha) -> bool:
    """Whether ``than`` was made on top of ``commit``.  ``NotFound``: one of them is missing.

    https://docs.github.com/en/rest/commits/commits#compare-two-commits
    """
    basehead = f"{than}...{commit}"
    try:
        return await gh.call(
            ops.COMPARE, repo, lambda data: data["status"] == "behind", basehead=basehead, query={"per_page": 1}
        )
    except NoCommonAncestor:
        return False


@may_be_begun
async def merge_base(gh: GitHub, repo: RepoRef, base: str, head: Sha) -> Sha:
    """The best common ancestor of two commits of the repository's network: what three-dot diffs start from.

    ``base`` is a commit, or a branch: its tip of this moment.  ``NoCommonAncestor``: there is none;
    ``NotFound``: a commit is missing.
    """

    def parse(data: Any) -> Sha:
        return Sha(str(data["merge_base_commit"]["sha"]))

    # One commit a page: only the merge base is of interest, not the up to 250 commits and 300 files.
    return await gh.call(ops.COMPARE, repo, parse, basehead=f"{base}...{head}", query={"per_page": 1})


@may_be_begun
async def role(gh: GitHub, repo: RepoRef, login: str, *, person: int) -> Role:
    """What the account ``person``, called ``login`` when it was last heard of, may do in the repository at this moment.

    One that has another login by now is asked for by that.  Whatever leaves it open is :attr:`Role.NONE`: an unknown or
    suspended person, an unknown custom role.  No answer, or a rate limit, says nothing about anybody:
    ``RetryLater``, so that it is asked again and nothing is done meanwhile.
    """
    try:
        found = await _role_of(gh, repo, login, person)
        if found is None:
            now = await gh.call(ops.GET_USER_BY_ID, repo, lambda data: str(data["login"]), account_id=person)
            found = None if now == login else await _role_of(gh, repo, now, person)
    except (Gone, Refused, ValueError):
        return Role.NONE
    return found or Role.NONE


async def _role_of(gh: GitHub, repo: RepoRef, login: str, person: int) -> Role | None:
    """``None``: nobody is called so, or somebody else is."""
    try:
        return await gh.call(ops.GET_ROLE, repo, lambda data: _role(data, person), username=login)
    except NotFound:
        return None


def _role(data: Any, person: int) -> Role | None:
    """``role_name`` is finer than ``permission`` (which calls maintain "write" and triage "read").

    A custom role has a name of its own; then ``permission`` is what it is based on.
    """
    if data["user"] is None or int(data["user"]["id"]) != person:
        return None
    for name in (data["role_name"], data["permission"]):
        if name in set(Role):
            return Role(name)
    return Role.NONE


def _repository(repo: RepoRef, data: Any) -> Repository:
    return Repository(
        ref=RepoRef(
            installation=repo.installation,
            id=RepositoryId(int(data["id"])),
            owner=str(data["owner"]["login"]),
            name=str(data["name"]),
            owner_id=int(data["owner"]["id"]),
        ),
        node_id=str(data["node_id"]),
        default_branch=str(data["default_branch"]),
        html_url=str(data["html_url"]),
        private=bool(data["private"]),
        archived=bool(data["archived"]),
        fork=bool(data["fork"]),
    )
