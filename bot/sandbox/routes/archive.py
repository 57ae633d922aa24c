"""Source archives.  https://docs.github.com/rest/repos/contents#download-a-repository-archive-tar"""

from urllib.parse import quote

from bot.sandbox.errors import not_found
from bot.sandbox.routing import Answer, Call, Router

router = Router()


@router.route("GET", "/repos/{owner}/{repo}/tarball/{ref}", "contents:read")
async def tarball(call: Call) -> Answer:
    """302 to the archive, which on GitHub is on another host and carries its own token in the query."""
    repo = call.repo
    if await repo.git.resolve(call.params["ref"]) is None:
        raise not_found()
    location = f"{call.url}/codeload/{repo.full_name}/legacy.tar.gz/{quote(call.params['ref'])}"
    return Answer(status=302, headers={"location": location})


@router.route("GET", "/repos/{owner}/{repo}/tarball", "contents:read")
async def tarball_of_default(call: Call) -> Answer:
    location = f"{call.url}/codeload/{call.repo.full_name}/legacy.tar.gz/{quote(call.repo.default_branch)}"
    return Answer(status=302, headers={"location": location})


@router.route("GET", "/codeload/{owner}/{repo}/legacy.tar.gz/{ref}", "anyone")
async def codeload(call: Call) -> Answer:
    """The archive itself: everything below ``owner-repo-<short id>/``."""
    repo = call.repo
    sha = await repo.git.resolve(call.params["ref"])
    if sha is None:
        raise not_found()
    prefix = f"{repo.owner.login}-{repo.name}-{sha[:7]}"
    headers = {"content-disposition": f"attachment; filename={prefix}.tar.gz"}
    return Answer(body=repo.git.archive(sha, prefix), headers=headers, content_type="application/x-gzip")
