"""Repositories, branches, commits, comparisons, collaborators.  https://docs.github.com/rest/repos"""

from bot.sandbox import rules
from bot.sandbox.addresses import moved
from bot.sandbox.errors import ApiError, not_found
from bot.sandbox.people import Role
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes import accounts, commits, repositories
from bot.sandbox.shapes.repositories import api, page
from bot.sandbox.world import Obj

router = Router()
MAX_COMPARED = 300
"""Files of a comparison.  https://docs.github.com/rest/commits/commits#compare-two-commits"""
TAILS = ("branches-where-head", "check-runs", "check-suites", "comments", "pulls", "status", "statuses")
"""What GitHub has below ``/commits/{ref}``."""


@router.route("GET", "/rate_limit", "anyone")
async def rate_limit(call: Call) -> Answer:
    """What the caller has left; asking costs nothing."""
    figures = {name: call.limits.figures(call.identity.name, name) for name in call.limits.quotas}
    return Answer(body={"resources": figures, "rate": figures["core"]})


@router.route("GET", "/users/{username}", "anyone")
async def get_user(call: Call) -> Answer:
    """https://docs.github.com/rest/users/users#get-a-user : by the present login only; an App's bot has brackets."""
    user = call.world.user(call.params["username"])
    if user is None:
        raise not_found()
    return Answer(body=accounts.public_user(user, call.url))


@router.route("GET", "/user/{account_id}", "anyone")
async def get_user_by_id(call: Call) -> Answer:
    """https://docs.github.com/rest/users/users#get-a-user-using-their-id"""
    found = [user for user in call.world.users.values() if user.id == call.number("account_id")]
    if not found:
        raise not_found()
    return Answer(body=accounts.public_user(found[0], call.url))


@router.route("GET", "/repos/{owner}/{repo}", "metadata:read")
async def get_repository(call: Call) -> Answer:
    return Answer(body=repositories.full_repository(call.repo, call.url))


@router.route("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents:read")
async def get_branch(call: Call) -> Answer:
    repo, name = call.repo, call.params["branch"]
    sha = repo.git.branch(name)
    if sha is None and name in repo.former_branches:
        raise moved(call.method, f"{call.url}/repositories/{repo.id}/branches/{repo.former_branches[name]}")
    if sha is None:
        raise ApiError(404, "Branch not found")
    here = f"{api(repo, call.url)}/branches/{name}"
    body: Obj = {
        "name": name,
        "commit": commits.commit(await repo.git.commit(sha), repo, call.world),
        "_links": {"self": here, "html": f"{page(repo, call.url)}/tree/{name}"},
        "protected": False,
        "protection": {
            "enabled": False,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{here}/protection",
    }
    return Answer(body=body)


@router.route("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", "metadata:read")
async def get_branch_rules(call: Call) -> Answer:
    """The branch need not exist."""
    repo = call.repo
    required = repo.required.get(call.params["branch"], ())
    checks = [{"context": name, **_pinned(repo.pinned.get(name))} for name in required]
    asked_of_merges: list[Obj] = []
    if checks:
        asked = {"strict_required_status_checks_policy": False, "required_status_checks": checks}
        asked_of_merges.append({"type": "required_status_checks", "parameters": asked})
    if call.params["branch"] in repo.dismissing:
        asked_of_merges.append({"type": "pull_request", "parameters": _REVIEWED})
    if strategy := repo.queues.get(call.params["branch"]):
        asked_of_merges.append({"type": "merge_queue", "parameters": {**_QUEUE, "grouping_strategy": strategy}})
    source = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": 42}
    shown = [{**rule, **source} for rule in asked_of_merges]
    return call.page([*shown, *rules.of_branch(repo, call.params["branch"])], lambda rule: rule)


def _pinned(app: int | None) -> Obj:
    return {} if app is None else {"integration_id": app}


_QUEUE = {
    "check_response_timeout_minutes": 60,
    "max_entries_to_build": 5,
    "max_entries_to_merge": 5,
    "merge_method": "MERGE",
    "min_entries_to_merge": 1,
    "min_entries_to_merge_wait_minutes": 5,
}
_REVIEWED = {
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_approving_review_count": 1,
    "required_review_thread_resolution": False,
}


@router.route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read")
async def get_permission(call: Call) -> Answer:
    """``role_name`` is the role itself, ``permission`` its four-valued shadow."""
    user = call.world.user(call.params["username"])
    if user is None or user.suspended:
        raise not_found()
    role = call.repo.role_of(user)
    flags = {
        name: role.level >= least.level
        for name, least in (
            ("pull", Role.READ), ("triage", Role.TRIAGE), ("push", Role.WRITE), ("maintain", Role.MAINTAIN),
            ("admin", Role.ADMIN),
        )
    }  # fmt: skip
    shown = accounts.user(user, call.url) | {"permissions": flags, "role_name": role.value}
    return Answer(body={"permission": role.permission, "role_name": role.value, "user": shown})


@router.route("GET", "/repos/{owner}/{repo}/commits/{ref}", "contents:read")
async def get_commit(call: Call) -> Answer:
    repo, ref = call.repo, call.params["ref"]
    sha = await repo.git.resolve(ref)
    if await _is_tail(call, ref, known=sha is not None):
        raise not_found()
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    commit = await repo.git.commit(sha)
    files = await repo.git.diff(commit.parents[0], sha) if commit.parents else ()
    return Answer(body=commits.commit(commit, repo, call.world, files[:MAX_COMPARED]))


async def _is_tail(call: Call, ref: str, *, known: bool) -> bool:
    """Whether a path asks for something below a commit: what the sandbox has of that has a route of its own."""
    above, _, last = ref.rpartition("/")
    if above and (last in TAILS or not known):
        starts = ref.split("/")
        parts = ["/".join(starts[:count]) for count in range(1, len(starts))]
        return any([await call.repo.git.resolve(part) is not None for part in parts])
    return False


@router.route("GET", "/repos/{owner}/{repo}/compare/{basehead}", "contents:read")
async def compare(call: Call) -> Answer:
    """``base...head``; either side may be ``owner:branch`` of a fork."""
    base_name, dots, head_name = call.params["basehead"].partition("...")
    if not dots:
        raise not_found()
    repo = call.repo
    base, head = await _side(call, base_name), await _side(call, head_name)
    common = await repo.git.merge_base(base, head)
    if common is None:
        raise ApiError(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = await repo.git.commits(base, head), await repo.git.commits(head, base)
    status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    site = f"{page(repo, call.url)}/compare/{base_name}...{head_name}"
    listed = call.page(ahead, lambda sha: sha)
    body: Obj = {
        "url": f"{api(repo, call.url)}/compare/{base_name}...{head_name}",
        "html_url": site,
        "permalink_url": f"{page(repo, call.url)}/compare/{base[:7]}...{head[:7]}",
        "diff_url": f"{site}.diff",
        "patch_url": f"{site}.patch",
        "base_commit": commits.commit(await repo.git.commit(base), repo, call.world),
        "merge_base_commit": commits.commit(await repo.git.commit(common), repo, call.world),
        "status": status[bool(ahead), bool(behind)],
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commits.commit(await repo.git.commit(sha), repo, call.world) for sha in listed.body],
    }
    if call.query.get("page", "1") == "1":
        files = (await repo.git.diff(common, head))[:MAX_COMPARED]
        body["files"] = [commits.diff_entry(file, repo, head, call.url) for file in files]
    return Answer(body=body, headers=listed.headers)


async def _side(call: Call, name: str) -> str:
    owner, colon, branch = name.rpartition(":")
    repo = call.repo
    if colon:
        repo = call.world.repo(f"{owner.partition(':')[0]}/{repo.name}") or repo
    sha = await repo.git.resolve(branch)
    if sha is None:
        raise not_found()
    return sha
