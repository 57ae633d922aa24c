from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.permissions import OLDEST, PER_MINUTE, Asker, CommandPace, may, pace, reason_to_ignore
from bot.domain.commands import CommandHelp, CommandPlace
from bot.domain.facts import Comment, Issue, Role
from tests.samples import REPO

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMENT = Comment(
    id=9,
    node_id="IC_9",
    author="ann",
    author_id=3,
    ours=False,
    body="/ssot scan",
    created_at=NOW - timedelta(minutes=1),
)
ISSUE = Issue(
    repo=REPO, number=7, node_id="I_7", title="", body="", state="open", locked=False, author="ben", ours=False,
    is_pull_request=True, updated_at=NOW,
)  # fmt: skip


def heard(comment: Comment = COMMENT, issue: Issue = ISSUE, *, sender: int = 3, body: str = "/ssot scan") -> bool:
    return reason_to_ignore(comment, issue, sender=sender, body=body, now=NOW) is None


def test_a_comment_as_the_webhook_told_of_it_is_heard() -> None:
    assert heard()
    assert heard(replace(COMMENT, author="anna")), "renamed since"
    assert heard(replace(COMMENT, created_at=NOW - OLDEST))
    assert heard(issue=replace(ISSUE, state="closed"))


@pytest.mark.parametrize(
    ("comment", "issue"),
    [
        (replace(COMMENT, ours=True), ISSUE),
        (replace(COMMENT, author_id=4), ISSUE),
        (replace(COMMENT, author="", author_id=None), ISSUE),
        (replace(COMMENT, body="/ssot scan "), ISSUE),
        (replace(COMMENT, created_at=NOW - OLDEST - timedelta(seconds=1)), ISSUE),
        (replace(COMMENT, created_at=None), ISSUE),
        (COMMENT, replace(ISSUE, locked=True)),
    ],
    ids=["our own", "somebody else's", "deleted account", "edited", "old", "of no time", "locked"],
)
def test_any_other_comment_is_not(comment: Comment, issue: Issue) -> None:
    assert not heard(comment, issue)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("needs", Role)
def test_a_role_may_what_needs_no_more(role: Role, needs: Role) -> None:
    asker = Asker(login="ann", role=role, place=CommandPlace.PULL_REQUEST, is_author=False)
    assert may(asker, CommandHelp(name="x", summary="x", needs=needs)) is role.at_least(needs)


@pytest.mark.parametrize(
    ("place", "is_author", "role", "allowed"),
    [
        (CommandPlace.PULL_REQUEST, True, Role.READ, True),
        (CommandPlace.PULL_REQUEST, True, Role.NONE, False),
        (CommandPlace.PULL_REQUEST, False, Role.READ, False),
        (CommandPlace.ISSUE, True, Role.READ, False),
        (CommandPlace.PULL_REQUEST, False, Role.TRIAGE, True),
    ],
)
def test_an_author_may_more_on_their_own_pull_request_only(
    place: CommandPlace, is_author: bool, role: Role, allowed: bool
) -> None:
    command = CommandHelp(name="x", summary="x", needs=Role.TRIAGE, author_needs=Role.READ)
    assert may(Asker(login="ann", role=role, place=place, is_author=is_author), command) is allowed


def test_the_first_too_many_is_told_and_the_rest_hear_nothing() -> None:
    assert [pace(n) for n in (0, PER_MINUTE - 1)] == [CommandPace.ALLOWED] * 2
    assert [pace(n) for n in (PER_MINUTE, PER_MINUTE + 1, 1_000)] == [
        CommandPace.REFUSED,
        CommandPace.SILENT,
        CommandPace.SILENT,
    ]
