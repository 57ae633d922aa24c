"""Servers to be killed: ``python -m benchmarks.forked_servers`` forks one for each line on stdin.

Each is the whole server (``bot.app.build``) with a handler that has one visible effect for a delivery: a check run
whose name is the delivery's GUID, looked for before it is made, as every write of the bot is.  It says ``PID PORT`` on
stdout.
"""

import asyncio
import json
import os
import signal
import sys

from aiohttp import web

from bot import log
from bot.app import Handlers, build, redactor
from bot.context import Bot
from bot.domain.effects import CheckRun
from bot.domain.references import Delivery, InstallationId, RepoRef, RepositoryId, Sha
from bot.github import reads
from bot.github.limits import Pace
from bot.jobs import Done, Lease, Outcome, Superseded, Work
from bot.settings import Settings
from bot.web import create_runner

EVENT = "pull_request"


def route(_event: str, body: bytes) -> Work:
    return Work(key=json.loads(body)["partition"], action="opened")


async def run(bot: Bot, delivery: Delivery, lease: Lease) -> Outcome:
    """Look, then write: what a run before this one made is found."""
    about = json.loads(delivery.body)
    repo = RepoRef(
        installation=InstallationId(about["installation"]),
        id=RepositoryId(about["repository"]),
        owner=about["owner"],
        name="app",
    )
    sha = Sha(about["sha"])
    if await reads.check_runs(bot.github, repo, sha, name=delivery.id):
        return Done(summary="found")
    if not lease.held():
        return Superseded(reason="another process has it")
    check = CheckRun(
        repo=repo,
        name=delivery.id,
        head_sha=sha,
        status="completed",
        conclusion="success",
        title="done",
        summary="done",
        external_id=about["partition"],
    )
    await bot.performer.perform(check)
    return Done(summary="made")


async def serve() -> None:
    settings = Settings.from_env(os.environ)
    log.configure(form="text", level="error", redact=redactor(settings))
    app = build(
        settings,
        Handlers(events=frozenset({EVENT}), route=route, run=run),
        pace=Pace(gap=0.0, per_minute=1_000_000, per_hour=1_000_000),
    )
    runner = create_runner(app.web)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(os.getpid(), runner.addresses[0][1], flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    await runner.cleanup()


def main() -> None:
    """The children end by being killed; whatever is left at the end of stdin is killed here."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    children: list[int] = []
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sys.stdin.close()
            asyncio.run(serve())
            os._exit(0)
        children.append(child)
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
