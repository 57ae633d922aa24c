"""Commit statuses, deployments, and which commits changed a path.

https://docs.github.com/rest/commits, https://docs.github.com/rest/deployments
"""

from bot.sandbox.errors import ApiError, not_found
from bot.sandbox.model import Deployment
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes import ci, commits
from bot.sandbox.shapes.pulls import pull_request_simple

router = Router()


@router.route("GET", "/repos/{owner}/{repo}/commits/{ref}/status", "statuses:read")
async def combined_status(call: Call) -> Answer:
    """The newest status of each context; a commit without any is pending."""
    sha = await call.repo.git.resolve(call.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['ref']}")
    newest = list({each.context: each for each in call.repo.statuses if each.sha == sha}.values())
    states = {each.state for each in newest}
    state = "failure" if states & {"failure", "error"} else "pending" if states != {"success"} else "success"
    shown = call.page(newest, lambda each: ci.status(each, call.url))
    body = ci.combined(call.repo, sha, len(newest), shown.body, state, call.url)
    return Answer(body=body, headers=shown.headers)


@router.route("GET", "/repos/{owner}/{repo}/deployments", "deployments:read")
async def list_deployments(call: Call) -> Answer:
    """Newest first, by ``sha``, ``ref``, ``environment``."""
    found = call.repo.deployments[::-1]
    for name in ("sha", "environment"):
        if requested := call.query.get(name):
            found = [each for each in found if getattr(each, name) == requested]
    return call.page(found, lambda each: ci.deployment(each, call.url))


@router.route("GET", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "deployments:read")
async def list_deployment_statuses(call: Call) -> Answer:
    """Newest first."""
    number = call.number("deployment_id")
    found: Deployment | None = next((each for each in call.repo.deployments if each.id == number), None)
    if found is None:
        raise not_found()
    return call.page(found.statuses[::-1], lambda each: ci.deployment_status(found, each, call.url))


@router.route("GET", "/repos/{owner}/{repo}/commits", "contents:read")
async def list_commits(call: Call) -> Answer:
    """Those that ``sha`` (or else the default branch) reaches, newest first; with ``path``, those that changed it."""
    repo = call.repo
    start = await repo.git.resolve(call.query.get("sha") or repo.default_branch)
    if start is None:
        raise not_found()
    found = await repo.git.log(start, call.query.get("path"))
    listed = call.page(found, lambda sha: sha)
    shown = [commits.commit(await repo.git.commit(sha), repo, call.world) for sha in listed.body]
    return Answer(body=shown, headers=listed.headers)


@router.route("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", "contents:read")
async def list_pulls_of_commit(call: Call) -> Answer:
    """The merged pull request that brought the commit to the default branch; else the open ones that hold it.

    https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit
    """
    repo, sha = call.repo, call.params["commit_sha"]
    if await repo.git.store.commit(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    holding = []
    for pull in repo.pulls:
        base = (await repo.git.commit(pull.merge_commit_sha)).parents[0] if pull.merge_commit_sha else pull.base_sha
        if sha == pull.merge_commit_sha or sha in await repo.git.commits(base, pull.head_sha):
            holding.append(pull)
    merged = [pull for pull in holding if pull.merged_at is not None]
    still_open = [pull for pull in holding if pull.issue.state == "open"]
    return call.page(merged or still_open, lambda pull: pull_request_simple(pull, call.url))
