"""Pure decisions: what follows a failed run, and what supersedes what."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import RetryLater, UserError
from bot.jobs import Policy
from bot.jobs.order import newest_wins
from bot.jobs.retry import Again, GiveUp, decide

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
POLICY = Policy(tries=4, first=timedelta(seconds=2), factor=5, longest=timedelta(seconds=30))


@pytest.mark.parametrize(
    ("error", "attempts", "age", "decision"),
    [
        (OSError("reset"), 1, 0, Again(at=NOW + timedelta(seconds=2), reason="OSError: reset", counts=True)),
        (OSError("reset"), 2, 0, Again(at=NOW + timedelta(seconds=10), reason="OSError: reset", counts=True)),
        (OSError("reset"), 3, 0, Again(at=NOW + timedelta(seconds=30), reason="OSError: reset", counts=True)),
        (OSError("reset"), 4, 0, GiveUp(reason="failed 4 times: OSError: reset")),
        (OSError("reset"), 9, 0, GiveUp(reason="failed 9 times: OSError: reset")),
        (TimeoutError(), 1, 9, Again(at=NOW + timedelta(seconds=2), reason="TimeoutError", counts=True)),
        (UserError("a\n b"), 1, 0, Again(at=NOW + timedelta(seconds=2), reason="UserError: a b", counts=True)),
    ],
    ids=["first", "second", "capped", "last", "beyond", "no text", "one line"],
)
def test_after_a_failure(error: Exception, attempts: int, age: int, decision: Again | GiveUp) -> None:
    received = NOW - timedelta(days=age)
    assert decide(error, attempts=attempts, received_at=received, now=NOW, policy=POLICY) == decision


@pytest.mark.parametrize("attempts", [1, 4, 400])
@pytest.mark.parametrize(("at", "next_at"), [(LATER, LATER), (NOW - timedelta(hours=1), NOW)], ids=["later", "past"])
def test_waiting_is_no_failure(attempts: int, at: datetime, next_at: datetime) -> None:
    error = RetryLater(at, "rate limit")
    decision = decide(error, attempts=attempts, received_at=NOW, now=NOW, policy=POLICY)
    assert isinstance(decision, Again)
    assert (decision.at, decision.counts) == (next_at, False)


def test_waiting_ends_when_patience_does() -> None:
    received = NOW - POLICY.patience - timedelta(seconds=1)
    error = RetryLater(LATER, "rate limit")
    assert isinstance(decide(error, attempts=1, received_at=received, now=NOW, policy=POLICY), GiveUp)


@pytest.mark.parametrize("failures", [1, 10, 1_000_000])
def test_no_pause_is_longer_than_the_longest(failures: int) -> None:
    assert timedelta(0) < Policy().pause(failures) <= Policy().longest


@pytest.mark.parametrize(
    ("event", "action", "expected"),
    [
        ("pull_request", "synchronize", True),
        ("ssot.tracker", "", True),
        ("ssot.tracker", "#7", True),
        ("pull_request", "opened", False),
        ("push", "synchronize", False),
        ("issue_comment", "created", False),
    ],
)
def test_of_which_kind_only_the_newest_matters(event: str, action: str, expected: bool) -> None:
    assert newest_wins(event, action) is expected
