"""A morning of a small fleet, in simulated time: ``python -m benchmarks.fleet`` is the same at length."""

import pytest

from benchmarks.fleet import LIMITED, Options, Result, simulate

OPTIONS = Options(repositories=50, installations=5, begin=9.5, hours=1.5, flooded=9.6, flood=120, used_up=10.5)


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate(OPTIONS)


def test_every_promise_is_kept(result: Result) -> None:
    assert result.faults() == []
    assert len(result.reviews) > OPTIONS.flood


def test_no_installation_waits_for_the_limits_of_another(result: Result) -> None:
    """Before work was admitted by its installation's turns to write, the others waited for as long as the flood."""
    worst = result.slowest(affected=True)
    own = max(job.took for job in result.reviews if job.owner == LIMITED)
    assert worst is not None
    assert own > 60
    assert worst.took < 15


def test_the_limited_installation_asks_for_nothing_before_it_may(result: Result) -> None:
    """What was under way at that moment is refused; after that nothing is sent until the hour is over."""
    assert 1 <= result.learnt <= 16


def test_the_writes_keep_their_pace(result: Result) -> None:
    (limited,) = (usage for usage in result.usages if usage.owner == LIMITED)
    assert limited.content > 50
    assert limited.content_minute <= 60
