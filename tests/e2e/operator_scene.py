"""A morning of the bot, for its operator's pages: two repositories, three migrations, and jobs in every state.

Everything comes from the real server at work on the sandbox, but for two old failures, which are put into the queue.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.app import App
from bot.cli.demo import serving, settings_for, settled
from bot.domain.references import Delivery, DeliveryId
from bot.jobs import JobFilter, State
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.settings import Secret
from tests.jobs.conftest import until

_CONFIG = b"""version: 1
migrations:
  connection-factory:
    deprecated: pkg.impl.make_connection
    canonical: pkg.impl.Connection
    drop_in: true
    tracking: {issue: 1, checklist: [{item: All calls replaced, evidence: {usages: none}}]}
    pull_requests: {files: 2}
  utc-clock: {deprecated: pkg.impl.old_clock, canonical: pkg.impl.clock, drop_in: true}
"""
LIBRARY = b"""version: 1
migrations:
  connection-factory: {deprecated: pkg.impl.make_connection, canonical: pkg.impl.Connection, drop_in: true}
  legacy-settings: {deprecated: pkg.impl.LEGACY, canonical: pkg.impl.SETTINGS, drop_in: true}
"""
_IMPL = b"""class Connection: ...


def make_connection(): ...


def clock(): ...


def old_clock(): ...


LEGACY = SETTINGS = {}
"""
CONNECTS = b"from pkg.impl import make_connection\n\nmake_connection()\n"
TICKS = b"from pkg.impl import old_clock\n\nold_clock()\n"
SETS = b"from pkg.impl import LEGACY\n\nprint(LEGACY)\n"
LIBRARY_FILES = {"pkg/__init__.py": b"", "pkg/impl.py": _IMPL, "lib/a.py": CONNECTS, "lib/b.py": SETS}
FAR = datetime(2100, 1, 1, tzinfo=UTC)
OLD_FAILURE = "failed 5 times: KeyError: 'head'"
OLD_WAIT = "still waiting after 2 days, 0:00:00: NoAnswer: GitHub did not answer (not before 2026-01-01T00:00:00+00:00)"
OLD_WAIT += " (2026-01-01T00:00:00+00:00)"


@dataclass(frozen=True)
class Scene:
    """``address`` is the server's; of service's migration pull requests one was ``merged``."""

    app: App
    address: str
    service: Repo
    library: Repo
    merged: PullRequestHandle
    open: list[PullRequestHandle]


@asynccontextmanager
async def scene(github: Sandbox, directory: Path, database: str | None = None) -> AsyncIterator[Scene]:
    """The bot in the middle of it; one job runs until the end, another waits for GitHub's limit."""
    settings = settings_for(github, directory)
    if database is not None:
        settings = replace(settings, database_url=Secret(database))
    async with serving(github, settings) as app:
        await settled(github, app)
        files = {"pkg/__init__.py": b"", "pkg/impl.py": _IMPL}
        some = {f"app/{name}.py": CONNECTS for name in ("chat", "health", "mail", "push", "rooms")}
        service = await github.repo(
            "acme/service", files={**files, **some, "app/time.py": TICKS, ".github/ssot.yml": _CONFIG}
        )
        library = await github.repo("globex/library", files={**LIBRARY_FILES, ".github/ssot.yml": LIBRARY})
        merged, still_open = await _work(github, app, service, library)
        await _fail(github, app)
        async with _held(github, app, service, library):
            address = str(github.webhook_url).removesuffix("/webhook")
            yield Scene(app, address, service, library, merged, still_open)


async def _work(
    github: Sandbox, app: App, service: Repo, library: Repo
) -> tuple[PullRequestHandle, list[PullRequestHandle]]:
    """Reviews, a tracker, migration pull requests of which one is merged; and what is none of the bot's business."""
    issue = await service.open_issue("One way to connect", "- [ ] All calls replaced")
    await service.push({"README.md": b"Soon."})
    await settled(github, app)
    await app.worker.run_now()  # the first survey of each repository
    await settled(github, app)
    await issue.comment("/ssot migrate")
    await settled(github, app)
    pulls = [pull for pull in service.pull_requests if pull.state == "open"]
    await pulls[0].merge()
    await settled(github, app)
    pull = await service.open_pull_request({"app/new.py": CONNECTS}, title="Say hello")
    await pull.label("question")
    await library.open_pull_request({"README.md": b"Words.\n"}, title="Write it down")
    await settled(github, app)
    return pulls[0], [pull for pull in pulls[1:] if pull.state == "open"]


async def _fail(github: Sandbox, app: App) -> None:
    """A delivery that is not what it says, and two failures of before."""
    body = b'{"action": 7}'
    signature = hmac.new(github.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": "00000000-aaaa-bbbb-cccc-000000000001",
        "X-Hub-Signature-256": f"sha256={signature}",
        "Content-Type": "application/json",
    }
    async with aiohttp.ClientSession() as session, session.post(str(github.webhook_url), data=body, headers=headers):
        pass
    for number, reason in enumerate((OLD_FAILURE, OLD_WAIT)):
        old = Delivery(id=DeliveryId(f"00000000-0000-0000-0000-{number:012d}"), event="push", body=b"{}")
        stored = await app.store.put(old, datetime.now(UTC) - timedelta(days=2, hours=number), FAR)
        await app.store.settle(stored.seq, State.DEAD, reason, datetime.now(UTC) - timedelta(hours=3))
    await settled(github, app)


@asynccontextmanager
async def _held(github: Sandbox, app: App, service: Repo, library: Repo) -> AsyncIterator[None]:
    """One job runs, two wait behind it, and one of the other repository waits for GitHub."""
    limit = github.faults.limited(retry_after=1_800, path=f"/repos/{library.full_name}/*", times=None)
    await library.open_pull_request({"lib/c.py": SETS}, title="More settings")
    await github.settled()

    async def waits() -> bool:
        return any(job.reason for job in await app.store.search(JobFilter(states=frozenset({State.QUEUED})), 99))

    await until(waits)
    hold = github.faults.hold(method="POST", path=f"/repos/{service.full_name}/check-runs")
    pull = await service.open_pull_request({"app/late.py": CONNECTS}, title="One more")
    await hold.reached.wait()
    await pull.comment("/ssot explain")
    await pull.comment("/ssot status")
    await github.settled()
    try:
        yield
    finally:
        github.faults.remove(limit)
        hold.release()
