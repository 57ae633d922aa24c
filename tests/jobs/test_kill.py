"""``kill -9`` at random moments, in short; ``python -m benchmarks.kill`` is the long form, with the same judge."""

from pathlib import Path

import pytest

from benchmarks.kill import torture


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_cases_19_and_23_nothing_is_lost_or_done_twice(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'ssot.db'}" if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))
    report = await torture(url, tmp_path, rounds=3, deliveries=48, seed=4)
    assert report.faults == [], str(report)
    assert (report.rounds, report.acknowledged) == (3, 144)
    assert report.slowest_restart < 60
