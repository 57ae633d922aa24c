"""A pull request that changes the configuration: the check says whether it is valid, at line and column."""

import asyncio
import re

import pytest

from bot.domain.finding import FileReport
from bot.identity.checks import CHECK_NAME, PREVIEW_NAME
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from bot.sandbox.model import CheckRun
from bot.scanner import Scanner
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


def verdicts(repo: Repo) -> list[CheckRun]:
    return [check for check in repo.check_runs if check.name == CHECK_NAME]


def verdict(repo: Repo) -> CheckRun:
    """The newest one."""
    return verdicts(repo)[-1]


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
    check = verdict(service)
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
    check = verdict(library)
    assert (check.conclusion, check.title) == (conclusion, title)


async def test_it_is_never_applied_from_the_head(bot: RunningBot, service: Repo) -> None:
    await bot.receive(service.open_pull_request({FILE: VALID, HEALTH: HEALTH_WITH_A_PROBE}))
    assert verdict(service).conclusion == "failure"
    assert "2 new deprecated usages" in str(verdict(service).title)


async def test_errors_do_not_hide_usages(bot: RunningBot, service: Repo) -> None:
    pr = await bot.receive(service.open_pull_request({FILE: WRONG, HEALTH: HEALTH_WITH_A_PROBE}))
    check = verdict(service)
    assert check.title == f"{NOT_VALID}: 2 errors; 2 new deprecated usages"
    assert [a["path"] for a in check.annotations] == [FILE, FILE]
    assert {comment.thread.path for comment in pr.review_comments} == {HEALTH}
    assert "line 5, column 11" in (check.text or "")


async def test_what_is_no_file_is_not_valid(bot: RunningBot, service: Repo) -> None:
    await bot.receive(service.open_pull_request({f"{FILE}/readme.txt": b"x\n"}))
    await bot.receive(service.open_pull_request({FILE: b"#" * 200_000}))
    assert [check.conclusion for check in verdicts(service)] == ["failure", "failure"]


async def test_a_broken_parser_is_not_valid(bot: RunningBot, service: Repo) -> None:
    await bot.receive(service.open_pull_request({FILE: b"version: 1\nmigrations: " + b"[" * 90_000}))
    assert verdict(service).conclusion == "failure"


async def test_a_sibling_that_cannot_block_does_not_fail_the_commit(bot: RunningBot, service: Repo) -> None:
    """A check run belongs to the commit; the other one's base only warns."""
    await service.push({FILE: WARN}, branch="release")
    await bot.receive(service.open_pull_request({FILE: WRONG}, head="feature", base="release"))
    assert verdict(service).conclusion == "failure"
    await service.push({FILE: WRONG}, branch="second")
    await bot.receive(service.propose("feature", base="second"))
    assert verdict(service).conclusion == "neutral"


async def test_in_the_merge_queue(bot: RunningBot, service: Repo) -> None:
    pr = await bot.receive(service.open_pull_request({FILE: WRONG}))
    await bot.receive(pr.enqueue())
    assert verdict(service).conclusion == "failure"
    assert verdict(service).head_sha != pr.head_sha


# --- the preview ----------------------------------------------------------------------------------------------------

USING = b"from netra_backend.app.routes.health import health\n\nhealth()\n"
CONFIGURED = b"version: 1\nextends: [websocket-manager-factory]\n"
BOTH = CONFIGURED + (
    b"migrations:\n  health:\n    deprecated: [netra_backend.app.routes.health.health]\n    mode: warn\n"
)


def preview(repo: Repo) -> CheckRun:
    """The only one."""
    (found,) = previews(repo)
    return found


def previews(repo: Repo) -> list[CheckRun]:
    return [check for check in repo.check_runs if check.name == PREVIEW_NAME]


async def test_what_it_would_find_is_shown(bot: RunningBot, service: Repo) -> None:
    await service.push(
        {FILE: CONFIGURED, "late.py": b"from netra_backend.app.routes.health import health\n\nhealth()\n"}
    )
    pr = await bot.receive(service.open_pull_request({FILE: BOTH}))
    check = preview(service)
    assert (check.head_sha, check.conclusion) == (pr.head_sha, "neutral")
    now = sum(int(n) for n in re.findall(r"`websocket-manager-factory` \| (\d+) \|", check.summary or ""))
    assert now > 0
    assert check.title == f"The changed configuration would find {now + 2} usages; now it is {now}"
    assert "| `health` | not there | 2 | 0 | 0 | 2 | warn |" in (check.summary or "")
    assert "late.py:3" in (check.text or "")
    assert service.check_runs[0].name == CHECK_NAME, "the verdict comes first"
    assert await bot.failed() == []


async def test_its_usages_are_counted_by_what_can_be_done(bot: RunningBot, github: Sandbox) -> None:
    """Also those that the branch's own configuration finds already."""
    config = b"version: 1\nmigrations:\n  kept: {deprecated: a.old, canonical: a.new, drop_in: true}\n"
    more = config + b"  clock: {extends: datetime-utcnow}\n  bare: {deprecated: a.gone}\n"
    files = {
        "a.py": b"def old(): ...\n\n\ndef new(): ...\n\n\ndef gone(): ...\n",
        "b.py": b"from datetime import datetime\n\nfrom a import gone, old\n\nnow = datetime.utcnow()\nold()\ngone()\n",
    }
    repo = await github.repo("acme/counted", files={**files, FILE: config})
    await bot.receive(repo.open_pull_request({FILE: more}))
    summary = preview(repo).summary or ""
    assert "| `kept` | 2 | 2 | 2 | 0 | 0 | block-new |" in summary
    assert "| `clock` | not there | 1 | 0 | 1 | 0 | block-new |" in summary
    assert "| `bare` | not there | 2 | 0 | 0 | 2 | block-new |" in summary


async def test_finding_out_what_can_be_fixed_has_a_deadline(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inventory.foreseen.PLAN_SECONDS", 0.0)
    await bot.receive(service.open_pull_request({FILE: BOTH}))
    summary = preview(service).summary or ""
    assert "| `health` | not there | 0 | 0 | 0 | 0 | warn |" in summary
    assert re.search(r"`websocket-manager-factory` \| (\d+) \| \1 \| \? \| \? \| \? \|", summary)
    assert "took too long to find out" in summary


async def test_a_change_of_what_is_done_needs_no_scan(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.receive(service.push({FILE: CONFIGURED}))
    monkeypatch.setattr("bot.inventory.foreseen._scanned", None)
    name = b"websocket-manager-factory"
    removed = b"version: 1\nmigrations:\n  %s: {extends: %s, mode: removed}\n" % (name, name)
    await bot.receive(service.open_pull_request({FILE: removed}))
    assert "| block-new → removed |" in (preview(service).summary or "")


async def test_once_for_each_head(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    pr = await bot.receive(service.open_pull_request({FILE: BOTH}))
    await bot.receive(pr.comment("/ssot scan", by=github.user("ann", role="write")))
    await bot.receive(pr.close())
    await bot.receive(pr.reopen())
    assert len(previews(service)) == 1
    await bot.receive(pr.push({FILE: CONFIGURED}))
    assert len({check.head_sha for check in previews(service)}) == 2


@pytest.mark.parametrize("config", [WRONG, BROKEN])
async def test_an_invalid_one_has_none(bot: RunningBot, service: Repo, config: bytes) -> None:
    await bot.receive(service.open_pull_request({FILE: config}))
    assert previews(service) == []


async def test_the_first_one_and_its_removal(bot: RunningBot, github: Sandbox) -> None:
    library = await github.repo(
        "acme/library", files={**EMPTY, "use.py": b"import a.b\n\na.b.c()\n", "a/b.py": b"def c(): ...\n"}
    )
    await bot.receive(library.open_pull_request({FILE: VALID}))
    assert preview(library).title == "The changed configuration would find 1 usage; now it is 0"
    await library.push({FILE: VALID})
    await bot.receive(library.open_pull_request({FILE: None}))
    assert previews(library)[-1].title == "The changed configuration would find 0 usages; now it is 1"
    assert "| `m` | 1 | removed |" in (previews(library)[-1].summary or "")


async def test_an_invalid_base_has_nothing_now(bot: RunningBot, service: Repo) -> None:
    await service.push({FILE: BROKEN})
    await bot.receive(service.open_pull_request({FILE: CONFIGURED}))
    assert "configuration is not valid, so nothing is found there now" in (preview(service).summary or "")


async def test_files_that_cannot_be_read_are_told(bot: RunningBot, service: Repo) -> None:
    await service.push({"broken.py": b"def health(:\n    netra_backend.app.routes.health.health()\n"})
    await bot.receive(service.open_pull_request({FILE: BOTH}))
    assert "file could not be read" in (preview(service).summary or "")
    assert "broken.py" in (preview(service).text or "")


async def test_it_has_a_deadline(bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.inventory.foreseen.MOST_SECONDS", 0.01)
    await bot.receive(service.open_pull_request({FILE: BOTH}))
    check = preview(service)
    assert check.title == "No preview"
    assert "the scan takes longer than" in (check.summary or "")
    assert await bot.failed() == []


async def test_the_number_of_names_has_a_bound(bot: RunningBot, service: Repo) -> None:
    names = "\n".join(f"      a.b.c{number}: a.b.d{number}" for number in range(501))
    await bot.receive(
        service.open_pull_request({FILE: f"version: 1\nmigrations:\n  m:\n    deprecated:\n{names}\n".encode()})
    )
    assert "deprecates more than 500 names anew" in (preview(service).summary or "")


async def test_it_never_delays_a_verdict(bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is being made, the next head gets its verdict, and other pull requests theirs."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> tuple[FileReport, ...]:
        reached.set()
        await go_on.wait()
        return ()

    monkeypatch.setattr("bot.inventory.foreseen._scanned", slow)
    pr = await service.open_pull_request({FILE: BOTH})
    await asyncio.wait_for(reached.wait(), 20)
    assert [check.name for check in service.check_runs] == [CHECK_NAME]
    await pr.push({HEALTH: HEALTH_WITH_A_PROBE})
    await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    for _ in range(1_000):
        if len(service.check_runs) == 3:
            break
        await asyncio.sleep(0.02)
    assert {check.name for check in service.check_runs} == {CHECK_NAME}
    go_on.set()
    await bot.settled()


async def test_what_a_stranger_scans_for_takes_no_worker_of_the_reviews(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Scanner] = []
    start = Scanner.__aenter__

    async def noted(self: Scanner) -> Scanner:
        started.append(self)
        return await start(self)

    monkeypatch.setattr(Scanner, "__aenter__", noted)
    await bot.receive(service.open_pull_request({FILE: BOTH}))
    assert len(started) == 1
