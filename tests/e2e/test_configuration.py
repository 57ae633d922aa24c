"""A pull request that changes the configuration: the check says whether it is valid, at line and column."""

import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot

FILE = ".github/ssot.yml"
HEALTH = "netra_backend/app/routes/health.py"
EMPTY = {"library/__init__.py": b"x = 1\n"}
VALID = b"version: 1\nmigrations:\n  m: {deprecated: a.b.c, canonical: a.b.d, drop_in: true}\n"
WARN = b"version: 1\nmigrations:\n  m: {deprecated: a.b.c, canonical: a.b.d, drop_in: true, mode: warn}\n"
WRONG = b"version: 1\nmigrations:\n  m:\n    deprecated: [a.b.c]\n    mode: sometimes\n    colour: red\n"
BROKEN = b"version: 1\nmigrations: [\n"
NOT_VALID = "The configuration in this pull request is not valid"


def places(annotations: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(a["path"], a["start_line"], a["start_column"], a["annotation_level"]) for a in annotations]


@pytest.mark.parametrize(
    ("before", "after", "conclusion", "title"),
    [
        (None, WRONG, "failure", f"{NOT_VALID}: 2 errors; no new deprecated usages"),
        (None, BROKEN, "failure", f"{NOT_VALID}: 1 error; no new deprecated usages"),
        (None, VALID, "success", "No new deprecated usages"),
        (VALID, WRONG, "failure", f"{NOT_VALID}: 2 errors; no new deprecated usages"),
        (WARN, WRONG, "failure", f"{NOT_VALID}: 2 errors; no new deprecated usages"),
        (VALID, WARN, "success", "No new deprecated usages"),
        (VALID, None, "success", "No new deprecated usages"),
        (BROKEN, VALID, "neutral", "The configuration is not valid; The changed configuration is valid"),
        (BROKEN, WRONG, "neutral", f"The configuration is not valid; {NOT_VALID}: 2 errors"),
        (BROKEN, None, "neutral", "The configuration is not valid; This pull request removes the configuration"),
    ],
    ids=[
        "added, wrong", "added, no YAML", "added", "made wrong", "made wrong, only warns", "changed", "removed",
        "made valid", "still wrong", "wrong, removed",
    ],
)  # fmt: skip
async def test_the_change_is_judged(
    bot: RunningBot, service: Repo, before: bytes | None, after: bytes | None, conclusion: str, title: str
) -> None:
    if before is not None:
        await service.push({FILE: before})
    await bot.receive(service.open_pull_request({FILE: after}))
    check = service.check_runs[-1]
    assert (check.conclusion, check.title) == (conclusion, title)
    level = "warning" if conclusion == "neutral" else "failure"
    expected = {WRONG: [(FILE, 5, 11, level), (FILE, 6, 5, level)], BROKEN: [(FILE, 3, 1, level)]}
    assert places(check.annotations) == (expected.get(after, []) if after else [])
    assert await bot.failed() == []


@pytest.mark.parametrize(
    ("config", "conclusion", "title"),
    [
        (WRONG, "failure", f"{NOT_VALID}: 2 errors"),
        (VALID, "success", "The changed configuration is valid"),
    ],
)
async def test_the_first_configuration_of_a_repository(
    bot: RunningBot, github: Sandbox, config: bytes, conclusion: str, title: str
) -> None:
    library = await github.repo("acme/library", files=EMPTY)
    await bot.receive(library.open_pull_request({FILE: config}))
    check = library.check_runs[-1]
    assert (check.conclusion, check.title) == (conclusion, title)


async def test_it_is_never_applied_from_the_head(bot: RunningBot, service: Repo) -> None:
    await bot.receive(service.open_pull_request({FILE: VALID, HEALTH: HEALTH_WITH_A_PROBE}))
    assert service.check_runs[-1].conclusion == "failure"
    assert "2 new deprecated usages" in str(service.check_runs[-1].title)


async def test_errors_do_not_hide_usages(bot: RunningBot, service: Repo) -> None:
    await bot.receive(service.open_pull_request({FILE: WRONG, HEALTH: HEALTH_WITH_A_PROBE}))
    check = service.check_runs[-1]
    assert check.title == f"{NOT_VALID}: 2 errors; 2 new deprecated usages"
    assert {a["path"] for a in check.annotations} == {FILE, HEALTH}
    assert "line 5, column 11" in (check.text or "")


async def test_what_is_no_file_is_not_valid(bot: RunningBot, service: Repo) -> None:
    await bot.receive(service.open_pull_request({f"{FILE}/readme.txt": b"x\n"}))
    await bot.receive(service.open_pull_request({FILE: b"#" * 200_000}))
    assert [check.conclusion for check in service.check_runs] == ["failure", "failure"]


async def test_a_broken_parser_is_not_valid(bot: RunningBot, service: Repo) -> None:
    await bot.receive(service.open_pull_request({FILE: b"version: 1\nmigrations: " + b"[" * 90_000}))
    assert service.check_runs[-1].conclusion == "failure"


async def test_a_sibling_that_cannot_block_does_not_fail_the_commit(bot: RunningBot, service: Repo) -> None:
    """A check run belongs to the commit; the other one's base only warns."""
    await service.push({FILE: WARN}, branch="release")
    await bot.receive(service.open_pull_request({FILE: WRONG}, head="feature", base="release"))
    assert service.check_runs[-1].conclusion == "failure"
    await service.push({FILE: WRONG}, branch="second")
    await bot.receive(service.propose("feature", base="second"))
    assert service.check_runs[-1].conclusion == "neutral"


async def test_in_the_merge_queue(bot: RunningBot, service: Repo) -> None:
    pr = await bot.receive(service.open_pull_request({FILE: WRONG}))
    await bot.receive(pr.enqueue())
    assert service.check_runs[-1].conclusion == "failure"
    assert service.check_runs[-1].head_sha != pr.head_sha
