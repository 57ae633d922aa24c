"""Where a repository is: under its name, under its permanent id, and under its former names.

https://developer.github.com/changes/2015-04-17-preview-repository-redirects : a former name is answered by 301, or by
307 for what is no GET, to ``/repositories/{id}/…``, where all that ``/repos/{owner}/{repo}/…`` has is as well.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Issue, Repository
from bot.sandbox.world import World

_BY_ID = re.compile(r"/repositories/(?P<id>\d{1,18})(?P<tail>/.*)?\Z")
READING = ("GET", "HEAD", "OPTIONS")


def by_name(world: World, raw_path: str) -> str:
    """``/repositories/7/pulls`` as ``/repos/acme/app/pulls``; any other path as it is."""
    found = _BY_ID.match(raw_path)
    repo = world.repos.get(int(found["id"])) if found else None
    if found is None or repo is None or repo.deleted:
        return raw_path
    return f"/repos/{repo.full_name}{found['tail'] or ''}"


def permanent(world: World, repo: Repository, raw_path: str) -> str:
    """The address by id of what is below the repository, for a path of either kind."""
    if raw_path.startswith("/repositories/"):
        return f"{world.url}{raw_path}"
    return "/".join([f"{world.url}/repositories/{repo.id}", *raw_path.split("/", 4)[4:]])


def moved(method: str, location: str) -> ApiError:
    """The answer that leads on."""
    status, message = (301, "Moved Permanently") if method in READING else (307, "Temporary Redirect")
    return ApiError(status, message, headers={"location": location}, url=location)


def redirect_former_name(
    world: World, method: str, raw_path: str, params: Mapping[str, str], query: Mapping[str, str]
) -> None:
    """Raise the redirect when the path holds a former name of a repository."""
    if "owner" not in params or raw_path.startswith("/repositories/"):
        return
    name = f"{params['owner']}/{params['repo']}"
    repo = world.repo(name)
    if repo is not None and repo.full_name.lower() != name.lower():
        tail = f"?{urlencode(query)}" if query else ""
        raise moved(method, permanent(world, repo, raw_path) + tail)


def issue_elsewhere(world: World, method: str, former: Issue, to: Issue, raw_path: str) -> ApiError:
    """The redirect to a transferred issue, and to what is below it."""
    tail = raw_path.partition(f"/issues/{former.number}")[2]
    return moved(method, f"{world.url}/repositories/{to.repo.id}/issues/{to.number}{tail}")
