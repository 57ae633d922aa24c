"""``ssot demo``: the real server against a GitHub on loopback, step by step.  No network, no account."""

import asyncio
import html
import re
import sys
import tempfile
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.demo_configuration import edit_the_configuration
from bot.cli.demo_issue import keep_the_checklist, migrate_from_the_issue
from bot.domain.errors import SsotError

if TYPE_CHECKING:
    from bot.app import App
    from bot.sandbox import PullRequestHandle, Repo, Sandbox
    from bot.settings import Settings

_WIDTH = 100
_HEALTH = "netra_backend/app/routes/health.py"
_NOTIFY = "netra_backend/app/routes/notify.py"


@click.command("demo")
def command() -> None:
    """Show the whole bot at work: the real server, real HTTP and git, and a built-in GitHub on loopback.

    Needs no account and no network.  Exit codes: 0 every check passed, 1 a check failed.
    """
    began = time.monotonic()
    story = Story()
    asyncio.run(_tell(story))
    story.end(time.monotonic() - began)
    sys.exit(1 if story.broken else 0)


@dataclass
class Story:
    """The narration, and the checks that failed."""

    steps: int = 0
    broken: list[str] = field(default_factory=list)

    def step(self, title: str, text: str) -> None:
        """A heading and a paragraph."""
        self.steps += 1
        click.echo(click.style(f"\n{self.steps}. {title}", bold=True))
        for paragraph in text.split("\n\n"):
            click.echo(
                textwrap.fill(" ".join(paragraph.split()), _WIDTH, initial_indent="   ", subsequent_indent="   ")
            )

    def quote(self, text: str, title: str = "") -> None:
        """A text as GitHub shows it, in a frame."""
        click.echo(click.style(f"   ┌─ {title}" if title else "   ┌─", dim=True))
        for line in readable(text):
            click.echo(click.style("   │ ", dim=True) + _shown(line))
        click.echo(click.style("   └─", dim=True))

    def check(self, what: str, holds: bool) -> None:
        """One checked fact."""
        click.echo("   " + (click.style("✓ ", fg="green") if holds else click.style("✗ ", fg="red")) + what)
        if not holds:
            self.broken.append(what)

    def end(self, seconds: float) -> None:
        if self.broken:
            click.echo(click.style(f"\nFailed checks: {len(self.broken)}.", fg="red", bold=True))
        else:
            click.echo(click.style(f"\nAll {self.steps} steps passed in {seconds:.1f} s.", fg="green", bold=True))


def readable(markdown: str) -> list[str]:
    """A comment as a person sees it: no escapes, hidden markers or tags; fenced code unchanged."""
    lines: list[str] = []
    for piece in re.split(r"(^```.*?^```$)", markdown.strip(), flags=re.MULTILINE | re.DOTALL):
        fenced = piece.startswith("```")
        for line in (piece if fenced else _words(piece)).strip("\n").split("\n"):
            lines += [line] if fenced else textwrap.wrap(line, _WIDTH - 5, break_long_words=False) or [""]
    return lines


def _words(markdown: str) -> str:
    text = re.sub(r"<!--.*?-->|</?sub>|\*\*", "", markdown, flags=re.DOTALL)
    text = re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r"\1: \2", text)
    return html.unescape(re.sub(r"\\([^\w\s])", r"\1", text)).replace("\u200b", "")


def _shown(line: str) -> str:
    if line.startswith("+") and not line.startswith("+++"):
        return click.style(line, fg="green")
    if line.startswith("-") and not line.startswith("---"):
        return click.style(line, fg="red")
    return line


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What the demo runs on."""

    github: "Sandbox"
    app: "App"
    repo: "Repo"

    async def settled(self) -> None:
        await settled(self.github, self.app)


class Stuck(SsotError):
    """A job waits for a retry, so the step cannot be shown."""


async def settled(github: "Sandbox", app: "App") -> None:
    """Wait until every webhook is answered and every job done.  Raises :class:`Stuck` with the job's reason."""
    from bot.jobs import State

    await github.settled()
    while (stats := app.worker.stats()).waiting or stats.running:
        await asyncio.sleep(0.005)
        await github.settled()
        waiting = [job for job in await app.store.recent(1_000) if job.state is State.QUEUED and job.reason]
        if waiting:
            raise Stuck("; ".join(f"{job.event}: {job.reason}" for job in waiting))


async def _tell(story: Story) -> None:
    async with _stage() as stage:
        story.step(
            "A GitHub and a server",
            f"""The sandbox GitHub answers at {stage.github.url}: REST, GraphQL, git and signed webhooks, all on
            loopback. The real server, as `ssot serve` runs it, receives the webhooks.

            The repository acme/service is in the middle of a migration: get_websocket_manager_factory() is deprecated
            and WebSocketManager replaces it. This migration is built in, so the repository needs no configuration.""",
        )
        pull = await _open(story, stage)
        await _apply(story, stage, pull)
        await _push_without_news(story, stage, pull)
        await _migrate(story, stage, pull)
        await edit_the_configuration(story, stage)
        await migrate_from_the_issue(story, stage)
        await keep_the_checklist(story, stage)


@asynccontextmanager
async def _stage() -> AsyncIterator[Stage]:
    from bot import log
    from bot.app import redactor
    from bot.sandbox import Sandbox
    from bot.sandbox.example import FILES

    with tempfile.TemporaryDirectory(prefix="ssot-demo-") as directory:
        async with Sandbox() as github:
            settings = settings_for(github, Path(directory))
            log.configure(form="console", level="warning", redact=redactor(settings))
            repo = await github.repo("acme/service", files=dict(FILES))
            async with serving(github, settings) as app:
                yield Stage(github=github, app=app, repo=repo)


def settings_for(github: "Sandbox", directory: Path) -> "Settings":
    """The environment of a server that works for this sandbox, read as ``ssot serve`` reads its own."""
    from bot.settings import Settings

    return Settings.from_env(
        {
            "GITHUB_APP_ID": str(github.app.id),
            "GITHUB_PRIVATE_KEY": github.app.private_key,
            "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
            "GITHUB_API_URL": github.url,
            "SSOT_DATA_DIR": str(directory),
            "SSOT_TRACKER_WINDOW": "0.05",
        }
    )


@asynccontextmanager
async def serving(github: "Sandbox", settings: "Settings") -> "AsyncIterator[App]":
    """The real server on a free port of loopback, with the sandbox's webhooks coming in."""
    from bot.app import build, registered
    from bot.github.limits import Pace

    # GitHub asks for a second between two writes; nobody has to wait for that on loopback.
    app = build(settings, registered(settings), pace=Pace(gap=0.0, per_minute=100_000, per_hour=100_000))
    async with listening(github, app):
        yield app


@asynccontextmanager
async def listening(github: "Sandbox", app: "App") -> "AsyncIterator[None]":
    """The server takes the sandbox's webhooks on a free port of loopback."""
    from aiohttp import web

    from bot.web import create_runner

    runner = create_runner(app.web)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        github.webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
        yield
    finally:
        await runner.cleanup()


async def _open(story: Story, stage: Stage) -> "PullRequestHandle":
    from bot.sandbox.example import CHANGE

    story.step(
        "A pull request adds deprecated usages",
        "Ann opens a pull request with a health check that probes the factory, and a module that sends notifications.",
    )
    began = time.monotonic()
    pull = await stage.repo.open_pull_request(
        dict(CHANGE), by=stage.github.user("ann", role="write"), title="Notify users"
    )
    await stage.settled()
    story.check(f"the review appears after {time.monotonic() - began:.1f} s", len(pull.reviews) == 1)
    for review in pull.reviews:
        story.quote(review.body, "the review")
    for comment in pull.review_comments:
        thread = comment.thread
        line = thread.current.line if thread.current else "outdated"
        story.quote(comment.body, f"{thread.path}, line {line}")
    check = stage.repo.check_runs[-1]
    story.quote(f"{check.name}: {check.conclusion}\n{check.summary}", "the check run")
    story.check("the check run fails", check.conclusion == "failure")
    return pull


async def _apply(story: Story, stage: Stage, pull: "PullRequestHandle") -> None:
    from bot.sandbox.example import HEALTH_MIGRATED

    story.step(
        "The suggestion is committed",
        "Ann presses “Commit suggestion” on the health check. The file is then exactly the migrated one. The "
        "commit is a push, and the bot scans it like any other.",
    )
    comment = next(c for c in pull.review_comments if c.thread.path == _HEALTH and "```suggestion" in c.body)
    await pull.commit_suggestion(comment)
    await stage.settled()
    story.check("the file is the migrated one, byte for byte", pull.head[_HEALTH] == HEALTH_MIGRATED)
    story.check("no comment was posted twice", len(pull.reviews) == 1)


async def _push_without_news(story: Story, stage: Stage, pull: "PullRequestHandle") -> None:
    story.step(
        "A redelivery, and a push without new usages",
        "GitHub redelivers a webhook, and Ann pushes a change to the README. Neither adds a comment.",
    )
    said = len(pull.review_comments)
    stage.github.webhooks.redeliver(stage.github.deliveries[-1])
    await pull.push({"README.md": b"# A chat service\n\nIt notifies.\n"})
    await stage.settled()
    story.check(f"there are still {said} comments", len(pull.review_comments) == said)
    story.check("the new head has its own check run", stage.repo.check_runs[-1].head_sha == pull.head_sha)


async def _migrate(story: Story, stage: Stage, pull: "PullRequestHandle") -> None:
    from bot.sandbox.example import NOTIFY_MIGRATED

    story.step(
        "Ann asks for the rest: /ssot migrate --unsafe",
        """One comment is enough. The bot commits the same checked rewrites to her branch, on top of the head that she
        saw. GitHub signs the commit. --unsafe includes rewrites that a person should review. What the bot cannot
        rewrite stays, and the reply says why.""",
    )
    before = pull.head_sha
    comment = await pull.comment("/ssot migrate --unsafe", by=stage.github.user("ann"))
    await stage.settled()
    story.quote(pull.last_comment.body, "the reply")
    story.check("the commit is on top of the head that Ann saw", (await _parents(stage, pull.head_sha)) == (before,))
    story.check("the file is the migrated one, byte for byte", pull.head[_NOTIFY] == NOTIFY_MIGRATED)
    story.check("her comment got 👀 and 🚀", comment.reactions == ["eyes", "rocket"])


async def _parents(stage: Stage, sha: str) -> tuple[str, ...]:
    return (await stage.repo.record.git.commit(sha)).parents
