"""Pull requests.  https://docs.github.com/rest/pulls/pulls"""

from bot.sandbox import pulling
from bot.sandbox.diffs import MAX_FILES
from bot.sandbox.errors import invalid
from bot.sandbox.model import PullRequest, Repository
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes import commits, pulls
from bot.sandbox.world import Obj

router = Router()
MAX_COMMITS = 250
"""Commits that the list of a pull request's commits shows."""


@router.route("GET", "/repos/{owner}/{repo}/pulls", "pull_requests:read")
async def list_pulls(call: Call) -> Answer:
    """By ``state``, ``head`` (``owner:branch``) and ``base``; newest first unless ``direction`` says otherwise."""
    requested = call.query.get("state", "open")
    found = [pull for pull in call.repo.pulls if requested in ("all", pull.issue.state)]
    if head := call.query.get("head"):
        found = [pull for pull in found if f"{pull.head_owner.login}:{pull.head_ref}".lower() == head.lower()]
    if base := call.query.get("base"):
        found = [pull for pull in found if pull.base_ref == base]
    updated = call.query.get("sort") == "updated"
    found.sort(key=lambda pull: (pull.issue.updated_at if updated else pull.issue.created_at, pull.number))
    if call.query.get("direction", "desc") == "desc":
        found.reverse()
    return call.page(found, lambda pull: _as_known(call, pull, pulls.pull_request_simple(pull, call.url)))


@router.route("POST", "/repos/{owner}/{repo}/pulls", "pull_requests:write")
async def create_pull(call: Call) -> Answer:
    head_repo, head = _head(call, call.take("head", str))
    pull = await pulling.open_pull(
        call.world, call.repo, title=call.take("title", str), body=call.maybe("body", str),
        base=call.take("base", str), head_repo=head_repo, head=head, author=call.actor.user, app=call.actor.app,
        draft=call.take("draft", bool, default=False),
        maintainer_can_modify=call.take("maintainer_can_modify", bool, default=True),
    )  # fmt: skip
    return Answer(status=201, body=await pulling.show(call.world, pull))


def _head(call: Call, head: str) -> tuple[Repository, str]:
    """``branch`` or ``owner:branch``, the latter in whichever repository of the network that owner has."""
    owner, colon, branch = head.partition(":")
    if not colon:
        return call.repo, head
    for repo in call.world.repos.values():
        network = repo is call.repo or repo.parent is call.repo
        if network and repo.owner.login.lower() == owner.lower():
            return repo, branch
    raise invalid("PullRequest", "head", code="invalid")


@router.route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests:read")
async def get_pull(call: Call) -> Answer:
    pull = call.pull()
    return Answer(
        body=_as_known(call, pull, await pulling.show(call.world, pull, mergeable=pull.issue.state == "open"))
    )


def _as_known(call: Call, pull: PullRequest, body: Obj) -> Obj:
    return body if call.replica is None else call.replica.pull(pull, body)


@router.route("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests:write")
async def update_pull(call: Call) -> Answer:
    pull, sender = call.pull(), call.actor.user
    await pulling.edit(
        call.world, pull, sender, title=call.maybe("title", str), body=call.maybe("body", str),
        base=call.maybe("base", str),
    )  # fmt: skip
    match call.maybe("state", str), pull.issue.state:
        case "closed", "open":
            await pulling.close(call.world, pull, sender)
        case "open", "closed":
            await pulling.reopen(call.world, pull, sender)
        case _:
            pass
    return Answer(body=await pulling.show(call.world, pull))


@router.route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", "pull_requests:read")
async def list_files(call: Call) -> Answer:
    pull = call.pull()
    shown = (await pulling.files(call.world, pull))[:MAX_FILES]
    return call.page(shown, lambda file: commits.diff_entry(file, pull.head_repo or pull.repo, pull.head_sha, call.url))


@router.route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", "pull_requests:read")
async def list_commits(call: Call) -> Answer:
    pull, git = call.pull(), call.repo.git
    shas = (await git.commits(pull.base_sha, pull.head_sha))[:MAX_COMMITS]
    found = [await git.commit(sha) for sha in shas]
    return call.page(found, lambda commit: commits.commit(commit, call.repo, call.world))
