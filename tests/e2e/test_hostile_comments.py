"""Comments and issues that are made to keep a Markdown parser busy: they cost their writer an answer, and nobody else.

None of it is parsed in the server's process.
"""

import pytest
from markdown_it import MarkdownIt

from bot.sandbox import Repo, Sandbox
from tests.e2e.conftest import RunningBot
from tests.e2e.test_tracker import collected
from tests.tracker.test_update import BODY, CLEAN, FILES, boxes

MOST = 65_000
"""GitHub allows 65,536 characters."""


def filled(unit: str, room: int = MOST) -> str:
    return unit * (room // len(unit))


HOSTILE = {
    "table": "|a" * 300 + "\n" + "|-" * 300 + "\n" + filled("|a\n", MOST - 1_300),
    "quotes": filled("> " * 50 + "a\n"),
    "lists": filled("- " * 40 + "a\n"),
    "brackets": filled("["),
    "backticks": "".join("`" * n + " " for n in range(1, 350)),
    "emphasis": filled("*a **b "),
    "html": filled("<a "),
    "references": "".join(f"[{n}]: /u\n" for n in range(6_000)),
}


@pytest.fixture(autouse=True)
def no_markdown_here(bot: RunningBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments are parsed in other processes only."""

    def refuse(*_: object) -> None:
        raise AssertionError("Markdown of people is parsed in the server's process")

    monkeypatch.setattr(MarkdownIt, "parse", refuse)


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_comment_that_is_hard_to_parse_stops_nobody(
    bot: RunningBot, service: Repo, github: Sandbox, kind: str
) -> None:
    issue = await service.open_issue("Retire the factory")
    await issue.comment(f"/ssot help\n\n{HOSTILE[kind]}"[:MOST], by=github.user("rita", role="read"))
    await issue.comment(f"{HOSTILE[kind]}\n\n/ssot help"[-MOST:], by=github.user("ruth", role="read"))
    await issue.comment("/ssot help", by=github.user("ann", role="read"))
    await bot.settled()
    assert await bot.failed() == []
    answers = [comment.body for comment in issue.comments if comment.author == github.app.bot.login]
    assert len(answers) >= 2
    assert all("`/ssot help [COMMAND]`" in body or "too complex" in body for body in answers)


@pytest.mark.parametrize("kind", HOSTILE)
async def test_an_issue_that_is_hard_to_parse_stops_no_tracker(bot: RunningBot, github: Sandbox, kind: str) -> None:
    repo = await github.repo("acme/app", files=dict(FILES))
    issue = await repo.open_issue("Migrate", f"{BODY}\n\n{HOSTILE[kind]}"[:50_000])
    await (await repo.open_pull_request({"routes/a.py": CLEAN}, body="Part of #1")).merge()
    await collected(bot)
    assert boxes(issue.body)["Routes are clean"] or "made" in issue.comments[-1].body
    assert await bot.failed() == []
