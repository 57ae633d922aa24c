"""Five an hour for each installation: the decision, and its document."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.references import InstallationId, RepositoryId
from bot.onboarding.pace import HOUR, MOST, give_back, seconds_to_wait, take_turn, wait_for
from bot.storage import Storage
from tests.samples import REPO

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("ages", "repo", "wait"),
    [
        ([], "9", 0.0),
        ([0, 1, 2, 3], "9", 0.0),
        ([0, 1, 2, 3, 4], "9", HOUR - 4),
        ([0, 1, 2, 3, 4], "2", 0.0),
        ([0, 1, 2, 3, HOUR], "9", 0.0),
        ([0, 1, 2, 3, HOUR - 1], "9", 1.0),
        ([0, 1, 2, 3, 4, 5, 6], "9", HOUR - 4),
        ([-500, 1, 2, 3, 4], "9", HOUR - 4),
    ],
    ids=["none", "four", "five", "has its turn", "one is old", "one is nearly", "seven", "the clock was set back"],
)
def test_how_long_to_wait(ages: list[float], repo: str, wait: float) -> None:
    opened = {str(number): NOW - age for number, age in enumerate(ages)}
    assert wait_for(opened, NOW, repo) == wait


async def test_turns_outlive_the_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    repos = [replace(REPO, id=RepositoryId(number)) for number in range(1, MOST + 3)]
    elsewhere = replace(repos[0], installation=InstallationId(REPO.installation + 1), id=RepositoryId(99))
    one = Storage(url)
    await one.open()
    assert [await take_turn(one, repo) for repo in repos[:MOST]] == [0.0] * MOST
    await one.close()
    two = Storage(url)
    await two.open()
    assert HOUR - 60 < await take_turn(two, repos[MOST]) <= HOUR
    assert HOUR - 60 < await seconds_to_wait(two, repos[MOST]) <= HOUR
    assert await take_turn(two, repos[0]) == 0.0, "it has one"
    assert await take_turn(two, elsewhere) == 0.0
    await give_back(two, repos[0])
    assert await seconds_to_wait(two, repos[MOST]) == 0.0
    assert await take_turn(two, repos[MOST]) == 0.0
    assert await take_turn(two, repos[MOST + 1]) > 0
    await two.close()
