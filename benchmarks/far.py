"""When do people see the check and the review, with GitHub some milliseconds away?

The whole bot as a process of its own; writes keep the pace that GitHub asks for.  Times are counted from the moment
at which GitHub sends the event, until what was written is there.  The first review comes after a start with an empty
database: tokens are minted and the branch is surveyed.  The second is that of another pull request.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kill import ROOT, environment_of, until
from bot.sandbox import PullRequestHandle, Sandbox
from bot.sandbox.example import CHANGE, FILES
from bot.sandbox.recorder import Recorded

SETTLED = 3.0
"""Seconds after a start, and after a review, in which the bot ends what else it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Seconds from the event, and the requests that the bot made for it."""

    check: float
    review: float
    requests: int

    def __str__(self) -> str:
        return f"check {self.check:.2f} s, review {self.review:.2f} s, {self.requests} requests"


async def measure(database_url: str, directory: Path, rtt: float, *, trace: bool) -> None:
    async with Sandbox() as github:
        repo = await github.repo("acme/service", files=dict(FILES))
        author = github.user("ann", role="write")
        environment = {**environment_of(github, directory, database_url), "SSOT_TRACKER_WINDOW": "3600"}
        async with _server(environment) as port:
            await asyncio.sleep(SETTLED)
            for name in ("first", "second"):
                github.webhook_url = None
                pull = await repo.open_pull_request(dict(CHANGE), by=author, title=name)
                github.faults.distance = rtt
                seen = await _review(github, pull, f"http://127.0.0.1:{port}/webhook", trace=trace)
                if name == "first":
                    print(f"first: {seen}", flush=True)
                github.faults.distance = 0.0
                await asyncio.sleep(SETTLED)
    print(seen)


async def _review(github: Sandbox, pull: PullRequestHandle, url: str, *, trace: bool) -> Seen:
    before, began, at = len(github.requests), time.monotonic(), time.time()
    github.webhook_url = url
    check = await _when(lambda: len(pull.check_runs) > 0) - began
    review = await _when(lambda: len(pull.reviews) > 0) - began
    requests = github.requests[before:]
    if trace:
        for request in requests:
            print(f"  {request.at.timestamp() - at:6.3f}  {_named(request)}")
    return Seen(check=check, review=review, requests=len(requests))


async def _when(condition: Callable[[], bool]) -> float:
    await until(condition, within=120)
    return time.monotonic()


def _named(request: Recorded) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    fields = f" {', '.join(request.operations)}" if request.operations else ""
    return f"{request.status} {request.method} {request.path}{'?' if query else ''}{query}{fields}"


@asynccontextmanager
async def _server(environment: dict[str, str]) -> AsyncIterator[int]:
    command = (sys.executable, "-m", "benchmarks.latency", "--serve", "paced")
    environment = {"PATH": os.environ["PATH"], **environment}
    server = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=-1)
    try:
        assert server.stdout is not None  # noqa: S101  # for the type checker
        yield int(await server.stdout.readline())
    finally:
        server.terminate()
        await server.wait()
