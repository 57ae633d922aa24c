"""Commit statuses and deployments."""

from bot.sandbox.model import CommitStatus, Deployment, DeploymentStatus, Repository
from bot.sandbox.shapes import accounts, commits, stamp
from bot.sandbox.shapes.repositories import TEMPLATES, api, page, repository
from bot.sandbox.world import Obj, World

_MINIMAL = {"id", "node_id", "name", "full_name", "private", "owner", "html_url", "description", "fork", "url"}


def status(of: CommitStatus, url: str) -> Obj:
    """simple-commit-status."""
    return {
        "url": f"{api(of.repo, url)}/statuses/{of.sha}",
        "avatar_url": f"{url}/avatars/u/{of.creator.id}",
        "id": of.id,
        "node_id": f"SC_{of.id}",
        "state": of.state,
        "description": None,
        "target_url": of.target_url,
        "context": of.context,
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.created_at),
    }


def combined(repo: Repository, sha: str, total: int, shown: list[Obj], state: str, url: str) -> Obj:
    """combined-commit-status."""
    here = f"{api(repo, url)}/commits/{sha}"
    whole = repository(repo, url)
    minimal = {name: value for name, value in whole.items() if name in _MINIMAL or name in TEMPLATES}
    return {
        "state": state,
        "statuses": shown,
        "sha": sha,
        "total_count": total,
        "repository": minimal,
        "commit_url": here,
        "url": f"{here}/status",
    }


async def status_event(of: CommitStatus, world: World) -> Obj:
    """The payload of ``status``, without its common part."""
    commit = commits.commit(await of.repo.git.commit(of.sha), of.repo, world)
    for person in (commit["author"], commit["committer"]):
        if person is not None:
            del person["user_view_type"]  # this event alone does not have it
    shown = status(of, world.url)
    heads = [name for name, at in of.repo.git.refs.items() if at == of.sha and name.startswith("refs/heads/")]
    return {
        "id": of.id,
        "sha": of.sha,
        "name": of.repo.full_name,
        "context": of.context,
        "state": of.state,
        "description": None,
        "target_url": of.target_url,
        "avatar_url": shown["avatar_url"],
        "branches": [
            {"name": name.removeprefix("refs/heads/"), "protected": False, "commit": _short(of.repo, of.sha, world.url)}
            for name in heads
        ],
        "commit": commit,
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.created_at),
    }


def _short(repo: Repository, sha: str, url: str) -> Obj:
    return {"sha": sha, "url": f"{api(repo, url)}/commits/{sha}"}


def deployment(of: Deployment, url: str) -> Obj:
    me = f"{api(of.repo, url)}/deployments/{of.id}"
    last = of.statuses[-1].created_at if of.statuses else of.created_at
    return {
        "url": me,
        "id": of.id,
        "node_id": f"DE_{of.id}",
        "sha": of.sha,
        "ref": of.sha,
        "task": "deploy",
        "payload": {},
        "original_environment": of.environment,
        "environment": of.environment,
        "description": None,
        "creator": accounts.user(of.creator, url),
        "created_at": stamp(of.created_at),
        "updated_at": stamp(last),
        "statuses_url": f"{me}/statuses",
        "repository_url": api(of.repo, url),
        "transient_environment": False,
        "production_environment": of.environment == "production",
    }


def deployment_status(of: Deployment, status: DeploymentStatus, url: str) -> Obj:
    me = f"{api(of.repo, url)}/deployments/{of.id}"
    target = status.target_url or f"{page(of.repo, url)}/deployments"
    return {
        "url": f"{me}/statuses/{status.id}",
        "id": status.id,
        "node_id": f"DES_{status.id}",
        "state": status.state,
        "creator": accounts.user(status.creator, url),
        "description": "",
        "environment": of.environment,
        "target_url": target,
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
        "deployment_url": me,
        "repository_url": api(of.repo, url),
        "environment_url": target,
        "log_url": target,
    }


def deployment_status_event(of: Deployment, status: DeploymentStatus, url: str) -> Obj:
    """The payload of ``deployment_status``, without its common part."""
    return {
        "deployment": deployment(of, url),
        "deployment_status": deployment_status(of, status, url),
        "check_run": None,
        "workflow": None,
        "workflow_run": None,
    }
