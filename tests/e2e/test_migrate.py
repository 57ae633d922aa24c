"""`/ssot migrate` on a pull request: over HTTP and real git, the files compared byte for byte."""

import pytest

from bot.sandbox import PullRequestHandle, Repo, Sandbox, User
from bot.sandbox.example import CHANGE, HEALTH_MIGRATED, NOTIFY
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"
NOTIFICATIONS = "netra_backend/app/routes/notify.py"
CHAT = "netra_backend/app/routes/chat.py"


@pytest.fixture
def ann(github: Sandbox) -> User:
    """May write."""
    return github.user("ann", role="write")


async def answer(bot: RunningBot, pull: PullRequestHandle, line: str, by: User) -> str:
    """The bot's answer to a comment; every job has ended well."""
    await pull.comment(line, by=by)
    await bot.settled()
    assert await bot.failed() == []
    assert pull.last_comment.author == bot.github.app.bot.login
    return pull.last_comment.body


async def test_the_safe_fixes_are_committed(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await service.open_pull_request(dict(CHANGE))
    await bot.settled()
    before = pull.head_sha
    said = await answer(bot, pull, "/ssot migrate", ann)
    assert (pull.head[HEALTH], pull.head[NOTIFICATIONS]) == (HEALTH_MIGRATED, NOTIFY)
    assert pull.head_sha != before
    assert "**2 usages in 1 file**" in said
    assert f"git revert --no-edit {pull.head_sha}" in said
