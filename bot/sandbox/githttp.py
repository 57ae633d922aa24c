"""``git clone`` and ``git push``: git's own ``http-backend`` behind the sandbox's credentials.

https://git-scm.com/docs/git-http-backend
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from bot.sandbox import git, rules
from bot.sandbox.addresses import moved
from bot.sandbox.auth import Identity, InstallationIdentity, UserIdentity, authorize
from bot.sandbox.errors import ApiError, not_found
from bot.sandbox.model import Repository
from bot.sandbox.pushing import Actor, ref_moved
from bot.sandbox.routing import Answer
from bot.sandbox.world import World

PATH = re.compile(r"^/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)$")


def is_git(path: str) -> bool:
    return PATH.match(path) is not None


def refused(error: ApiError) -> Answer:
    """git asks for credentials only after a 401 with a challenge."""
    challenge = {"www-authenticate": 'Basic realm="GitHub"'} if error.status == 401 else {}
    headers = {**error.headers, **challenge}
    return Answer(status=error.status, body=error.message.encode(), headers=headers, content_type="text/plain")


async def serve(
    world: World,
    identity: Identity,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
) -> Answer:
    """Answer one request of git's smart protocol.  A push is followed by its events before git hears of it; what a
    rule forbids is taken back."""
    match = PATH.match(path)
    repo = world.repo(f"{match[1]}/{match[2]}") if match else None
    if match is None or repo is None:
        raise not_found()
    pushing = "git-receive-pack" in (match[3], query.get("service"))
    _admit(identity, repo, pushing=pushing)
    if repo.full_name.lower() != f"{match[1]}/{match[2]}".lower():
        tail = f"?{urlencode(query)}" if query else ""
        raise moved(method, f"{world.url}/{repo.full_name}.git/{match[3]}{tail}")
    environment = {
        "GIT_PROJECT_ROOT": str(repo.git.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{match[3]}",
        "REQUEST_METHOD": method,
        "QUERY_STRING": "&".join(f"{name}={value}" for name, value in query.items()),
        "CONTENT_TYPE": headers.get("content-type", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
        "REMOTE_USER": identity.name,
        "REMOTE_ADDR": "127.0.0.1",
    }
    async with world.writing:
        answer = await _backend(repo, environment, body)
        if match[3] == "git-receive-pack" and isinstance(identity, UserIdentity | InstallationIdentity):
            user = identity.user if isinstance(identity, UserIdentity) else world.app.bot
            changes = await repo.git.reread_refs()
            found = {name: await rules.violations(repo, name, *ends, user.login) for name, ends in changes.items()}
            for name, (before, after) in changes.items():
                if found[name]:
                    repo.git.set_ref(name, before)
                else:
                    await ref_moved(world, repo, name, before, after, Actor(user=user))
            if any(found.values()):
                return replace(answer, body=_declined(found, sideband=b"side-band-64k" in body[:1000]))
    return answer


def _declined(found: Mapping[str, Sequence[str]], *, sideband: bool) -> bytes:
    """The report of a push of which rules forbid a part: GitHub's sentences, and how each ref ended.

    https://git-scm.com/docs/pack-protocol#_report_status
    """
    report, said = _line(b"unpack ok\n"), ""
    for name, wrong in found.items():
        end = f"ng {name} push declined due to repository rule violations" if wrong else f"ok {name}"
        report += _line(f"{end}\n".encode())
        if wrong:
            listed = "\n\n- ".join(wrong)
            said += f"error: GH013: Repository rule violations found for {name}.\n\n- {listed}\n\n"
    report += b"0000"
    return _line(b"\x02" + said.encode()) + _line(b"\x01" + report) + b"0000" if sideband else report


def _line(content: bytes) -> bytes:
    return b"%04x%s" % (len(content) + 4, content)


def _admit(identity: Identity, repo: Repository, *, pushing: bool) -> None:
    try:
        authorize(identity, repo, "contents:write" if pushing else "contents:read")
    except ApiError as error:
        if identity.name == "anonymous":  # git has to be asked for credentials before it sends any
            raise ApiError(401, "Requires authentication") from error
        raise


async def _backend(repo: Repository, environment: Mapping[str, str], body: bytes) -> Answer:
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**git.ENVIRONMENT, **environment, "CONTENT_LENGTH": str(len(body))},
    )
    out, err = await process.communicate(body)
    if process.returncode != 0:
        raise git.GitError(f"git http-backend on {repo.full_name}: {err.decode(errors='replace')}")
    head, _, content = out.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(fields.pop("Status", "200").split()[0])
    kind = fields.pop("Content-Type", "text/plain")
    return Answer(status=status, body=content, headers=fields, content_type=kind)
