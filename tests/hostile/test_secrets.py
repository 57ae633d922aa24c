"""Case 63: the real server, with everything going wrong that might show a secret, and then a look everywhere.

The rest of the suite is watched as well: ``tests/canaries.py`` fails whatever test prints a secret.
"""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from bot.app import redactor
from bot.log import HIDDEN, spellings
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import CHANGE, FILES
from bot.settings import Settings
from tests.jobs.conftest import until
from tests.test_settings import env
from tests.web.conftest import sign

ROOT = Path(__file__).parents[2]
HOOK_SECRET = "canary/hook+secret=&'0123456789"
OPERATOR = "canary-operator/token+0123456789"


@dataclass
class Running:
    """``ssot serve`` at its most talkative, and all that it said."""

    process: asyncio.subprocess.Process
    url: str
    directory: Path
    env: dict[str, str]

    async def ssot(self, *arguments: str) -> bytes:
        process = await run(self.env, *arguments)
        out, err = await process.communicate()
        return out + err


async def run(env: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=ROOT, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
async def github() -> AsyncIterator[Sandbox]:
    """Not held to the contract: what is sent to it here is meant to be wrong."""
    async with Sandbox(webhook_secret=HOOK_SECRET) as sandbox:
        yield sandbox


@pytest.fixture
async def server(github: Sandbox, tmp_path: Path) -> AsyncIterator[Running]:
    env = {
        "PATH": os.environ["PATH"],
        "GITHUB_APP_ID": str(github.app.id),
        "GITHUB_PRIVATE_KEY": github.app.private_key,
        "GITHUB_WEBHOOK_SECRET": HOOK_SECRET,
        "GITHUB_API_URL": github.url,
        "SSOT_METRICS_TOKEN": OPERATOR,
        "SSOT_DATA_DIR": str(tmp_path),
        "LOG_LEVEL": "debug",
        "LOG_FORMAT": "json",
    }
    process = await run(env, "serve", "--port", "0")
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    url = line.split()[-1]
    github.webhook_url = f"{url}/webhook"
    yield Running(process, url, tmp_path, env)
    if process.returncode is None:
        process.kill()
        await process.communicate()


def children_of(pid: int) -> set[int]:
    """All processes below ``pid``."""
    found: set[int] = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found |= {child} | children_of(child)
    return found


def seen_of(pids: Iterable[int]) -> bytes:
    """Environment and arguments of processes."""
    found = b""
    for pid in pids:
        for name in ("environ", "cmdline"):
            path = Path(f"/proc/{pid}/{name}")
            found += path.read_bytes() if path.exists() else b""
    return found


async def provoke(github: Sandbox, repo: Repo, server: Running) -> str:
    """All sorts of trouble with secrets in it; what the server answers to it."""
    answers: list[str] = []
    github.faults.status(422, f"echo {HOOK_SECRET} {github.tokens}", path="*/check-runs", method="POST", times=1)
    github.faults.status(401, "Bad credentials", path="/app/hook/deliveries", times=1)
    await repo.open_pull_request(dict(CHANGE), by=github.user("ann", role="write"))
    async with aiohttp.ClientSession() as session:
        for secret in (HOOK_SECRET, OPERATOR):
            body = f'{{"action": "opened", "token": "{secret}"}}'.encode()
            headers = {
                "X-GitHub-Event": "pull_request",
                "X-GitHub-Delivery": base64.b64encode(secret.encode()).decode(),
                "X-Hub-Signature-256": sign(body, HOOK_SECRET.encode()),
                "Content-Type": "application/json",
            }
            for changed in ({}, {"X-GitHub-Delivery": f"guid-{len(answers)}"}, {"X-Hub-Signature-256": secret}):
                async with session.post(f"{server.url}/webhook", data=body, headers={**headers, **changed}) as answer:
                    answers.append(await answer.text())
            async with session.get(f"{server.url}/{quote(secret, safe='')}?token={quote(secret)}") as answer:
                answers.append(await answer.text())
    await github.settled()
    return "".join(answers)


async def looked_at(server: Running) -> str:
    """Every page, as a stranger and as the operator."""
    pages = []
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"Authorization": f"Bearer {OPERATOR}"}, {"Authorization": f"Bearer {OPERATOR}x"}):
            for path in ("/", "/status", "/metrics", "/health/ready", "/health/live", "/commands"):
                async with session.get(server.url + path, headers=headers) as answer:
                    pages.append(str(answer.headers) + await answer.text())
    return "".join(pages)


def said_at_github(github: Sandbox, repo: Repo) -> str:
    runs = [f"{run.title} {run.summary} {run.text} {run.annotations}" for run in repo.check_runs]
    bodies = [request.body for request in github.requests if request.mutating]
    return f"{runs} {bodies}"


async def test_case_63_no_secret_is_seen_anywhere(github: Sandbox, server: Running) -> None:
    repo = await github.repo("acme/service", files={**FILES, "app/a.py": b"x = 1\n"})
    shown = {"answers": await provoke(github, repo, server)}
    jobs = b""

    async def failed() -> bool:
        nonlocal jobs
        jobs = await server.ssot("jobs", "list")
        return b"422: echo" in jobs

    await until(failed, within=20)
    shown["pages"] = await looked_at(server)
    shown["processes"] = seen_of(children_of(server.process.pid)).decode("latin-1")
    shown["jobs"] = (jobs + await server.ssot("jobs", "show", "1")).decode()
    shown["doctor"] = (await server.ssot("doctor")).decode()
    shown["GitHub"] = said_at_github(github, repo)
    server.process.terminate()
    out, err = await server.process.communicate()
    assert server.process.returncode == 0
    shown["log"] = (out + err).decode()
    shown["disk"] = "".join(
        path.read_bytes().decode("latin-1") for path in server.directory.iterdir() if path.is_file()
    )
    for where in ("log", "jobs", "pages"):
        assert HIDDEN in shown[where], f"there was something to hide in {where}"
    assert "redelivery" in shown["log"] or "webhook_refused" in shown["log"]
    lines = [line for line in github.app.private_key.splitlines() if not line.startswith("-----")]
    secrets = [HOOK_SECRET, OPERATOR, *lines, *github.tokens]
    assert github.tokens
    for where, text in shown.items():
        leaked = [secret[:12] for secret in secrets for spelt in spellings(secret) if spelt in text]
        assert leaked == [], where


@pytest.mark.parametrize("spelling", ["p@ss/word-canary", "p%40ss%2Fword-canary"], ids=["as it is", "quoted"])
def test_case_63_the_databases_password_is_hidden_without_its_address(spelling: str) -> None:
    settings = Settings.from_env(env(SSOT_DATABASE_URL="postgresql://bot:p%40ss%2Fword-canary@db.example/ssot"))
    shown = redactor(settings)(f"no connection for bot with {spelling} to db.example")
    assert shown == f"no connection for bot with {HIDDEN} to db.example"
