"""Who may give which command, where and when: every combination of the tables in docs/commands.md, tried out."""

import itertools

import pytest

from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.handles import CommentHandle, IssueHandle
from bot.sandbox.people import User
from handlers.commands import COMMANDS
from tests.documents import ROOT, tables
from tests.e2e.conftest import RunningBot

# Those with the bot's answer to a person, and with a role, are elsewhere in the document.
PERSONS, PLACES, ACTIONS = list(tables((ROOT / "docs" / "commands.md").read_text()))[1:4]
WHO = list(dict.fromkeys(row for row, _ in PERSONS))
LINES = {
    "explain": "/ssot explain websocket-manager-factory",
    "skip": "/ssot skip 123456 no reason",
    "attest": "/ssot attest something it is so",
    "migrate": "/ssot migrate --dry-run",
}
ROLES = ("none", "read", "triage", "write", "maintain", "admin")
FORK, SAME = "author, from a fork, with read", "author, same repository, with read"
ON = {"a pull request": SAME, "a pull request from a fork": FORK, "an issue": ""}
"""Where comments are made, and whose own work that would be."""


def test_the_tables_are_complete() -> None:
    for table, rows in ((PERSONS, WHO), (PLACES, ON), (ACTIONS, ("created", "edited", "deleted"))):
        assert set(table) == set(itertools.product(rows, COMMANDS))
    assert set(ROLES) < set(WHO)


def the_person(github: Sandbox, who: str, place: str) -> User:
    """Somebody else at each place: one person's commands are counted."""
    login = f"p{list(ON).index(place)}"
    if who in ROLES:
        return github.user(login, role=who)
    if who == "another bot, with admin":
        return github.user(f"{login}[bot]", role="admin", bot=True)
    if who == "this bot":
        return github.app.bot
    return github.user(login, role="write" if "write" in who else "read", suspended="suspended" in who)


async def the_conversation(
    repo: Repo, place: str, author: User | None, forker: User
) -> PullRequestHandle | IssueHandle:
    change = {"notes.txt": b"a change\n"}
    if place == "a pull request":
        return await repo.open_pull_request(change, by=author)
    if place == "an issue":
        return await repo.open_issue("A question")
    fork = await repo.fork(by=author or forker)
    return await repo.open_pull_request(change, fork=fork, by=author or forker)


def expected(who: str, place: str, command: str) -> list[str]:
    """The first reaction that the tables promise."""
    row = who if not who.startswith("author") or ON[place] == who else "read"
    cell = PERSONS[row, command]
    if cell == "✓":
        cell = PLACES[place, command]
    return {"✓": ["eyes"], "😕": ["confused"], "👎": ["-1"], "–": []}[cell]


@pytest.mark.parametrize("who", WHO)
async def test_the_role_of_the_moment_decides(bot: RunningBot, service: Repo, github: Sandbox, who: str) -> None:
    given: dict[tuple[str, str], CommentHandle] = {}
    for place, own in ON.items():
        person = the_person(github, who, place)
        author = person if who == own else None
        talk = await bot.receive(the_conversation(service, place, author, github.user("forker", role="read")))
        hook, github.webhook_url = github.webhook_url, None
        for command in COMMANDS:
            body = LINES.get(command, f"/ssot {command}")
            given[place, command] = await talk.comment(body, by=person)
        if who.startswith("renamed"):
            github.rename_user(person, f"{person.login}-now")
        github.webhook_url = hook
        await bot.settled()
    assert await bot.failed() == []
    told = {key: comment.reactions[:1] for key, comment in given.items()}
    assert told == {(place, command): expected(who, place, command) for place, command in given}


async def test_what_is_edited_or_deleted_does_nothing(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    assert {cell for (action, _), cell in ACTIONS.items() if action != "created"} == {"–"}
    boss = github.user("boss", role="admin")
    talks = [
        await bot.receive(the_conversation(service, place, None, github.user("forker", role="read"))) for place in ON
    ]
    before = len(github.mutations)
    for talk, command in itertools.product(talks, COMMANDS):
        comment = await talk.comment("Hello.", by=boss)
        await comment.edit(LINES.get(command, f"/ssot {command}"), by=boss)
        await bot.settled()
        await comment.delete(by=boss)
    await bot.settled()
    assert len(github.mutations) == before
    assert await bot.failed() == []
