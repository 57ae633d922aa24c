"""Pure decisions: what follows a failed run, and what supersedes what."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import RetryLater, UserError
from bot.jobs import Job, Policy, newest_wins
from bot.jobs.retry import Again, GiveUp, decide
from bot.model import DeliveryId

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


def job(seq: int, action: str = "synchronize", key: str = "acme/app#1", event: str = "pull_request") -> Job:
    return Job(seq=seq, id=DeliveryId(str(seq)), event=event, received_at=NOW, key=key, action=action)


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (job(2), job(1), True),
        (job(1), job(2), False),
        (job(1), job(1), False),
        (job(2), job(1, "opened"), False),
        (job(2, "opened"), job(1), False),
        (job(2), job(1, key="acme/app#2"), False),
        (job(2, event="push"), job(1, event="push"), False),
        (job(2, "created", event="issue_comment"), job(1, "created", event="issue_comment"), False),
    ],
    ids=["newer push", "older", "itself", "after opened", "opened", "another", "branch push", "comments"],
)
def test_what_supersedes(new: Job, old: Job, expected: bool) -> None:
    assert newest_wins(new, old) is expected
