"""Which files a request means, what stands in its way, and how it is cut into commits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import UserError
from bot.domain.facts import BranchCommit, ForcePush, PullBranch, TreeEntry
from bot.domain.file_result import FileMigration
from bot.domain.finding import Scanned
from bot.domain.references import Sha
from bot.migrate.pull.models import CommitChunk, MigrateRequest, Obstacle
from bot.migrate.pull.plan import (
    COMMIT_BYTES,
    COMMIT_FILES,
    MOST_FILES,
    batches,
    obstacle,
    overtaken,
    seen_head,
    select,
)
from tests.samples import finding, pull

TREE = ("README.md", "a.py", "lib/a.py", "lib/b/c.py", "lib/b/d.pyi", "lib/data.json", "library.py", "[x].py")


def entry(path: str, mode: str = "100644", size: int = 10) -> TreeEntry:
    return TreeEntry(path=path, mode=mode, sha=Sha("a" * 40), size=size)


def chosen(*asked: str, touched: tuple[str, ...] = ()) -> set[str]:
    return set(select([entry(path) for path in TREE], touched, asked).paths)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("a.py",), {"a.py"}),
        (("lib",), {"lib/a.py", "lib/b/c.py", "lib/b/d.pyi"}),
        (("lib/b", "a.py"), {"lib/b/c.py", "lib/b/d.pyi", "a.py"}),
        (("lib/*.py",), {"lib/a.py"}),
        (("lib/**/*.pyi",), {"lib/b/d.pyi"}),
        (("c.py",), {"lib/b/c.py"}),
        (("",), {"a.py", "lib/a.py", "lib/b/c.py", "lib/b/d.pyi", "library.py", "[x].py"}),
        (("[x].py",), {"[x].py"}),
        (("lib/data.json",), set()),
        (("README.md",), set()),
        (("nowhere",), set()),
        (("lib/a.py/x",), set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_paths_are_files_directories_or_globs(asked: tuple[str, ...], expected: set[str]) -> None:
    assert chosen(*asked) == expected


def test_without_paths_it_is_what_the_pull_request_touches() -> None:
    assert chosen(touched=("a.py", "README.md", "gone.py", "lib/a.py")) == {"a.py", "lib/a.py"}
    assert chosen() == set()


def test_what_is_not_there_is_told() -> None:
    assert select([entry("a.py")], (), ("a.py", "b.py", "*.txt")).unmatched == ("b.py", "*.txt")


@pytest.mark.parametrize(
    ("mode", "size", "reason"),
    [("120000", 5, "symbolic link"), ("160000", 0, "not a regular file"), ("100644", 9 << 20, "larger than 8 MiB")],
)
def test_what_is_no_file_to_rewrite_is_passed_over_with_a_reason(mode: str, size: int, reason: str) -> None:
    found = select([entry("a.py", mode, size), entry("b.py", "100755")], ("a.py", "b.py"), ())
    assert found.paths == ("b.py",)
    assert reason in found.skipped[0].reason


@pytest.mark.parametrize("glob", ["[a", "!x", "#x", "a//b"])
def test_what_is_no_glob_is_said(glob: str) -> None:
    with pytest.raises(UserError, match="Invalid glob"):
        chosen(glob)


def test_more_files_than_one_command_takes_are_refused() -> None:
    tree = [entry(f"a/{n}.py") for n in range(MOST_FILES + 1)]
    assert len(select(tree[1:], (), ("a",)).paths) == MOST_FILES
    with pytest.raises(UserError, match="the limit is 500"):
        select(tree, (), ("a",))
    assert len(select(tree, [each.path for each in tree], ()).paths) == MOST_FILES + 1, "a pull request is as it is"


@pytest.mark.parametrize(
    ("changes", "queued", "expected"),
    [
        ({}, False, None),
        ({}, True, Obstacle.QUEUED),
        ({"locked": True}, False, Obstacle.LOCKED),
        ({"state": "closed"}, True, Obstacle.CLOSED),
        ({"state": "closed", "merged": True}, False, Obstacle.MERGED),
        ({"head_repo": None}, False, Obstacle.BRANCH_GONE),
        ({"draft": True}, False, None),
    ],
    ids=str,
)
def test_the_first_obstacle_is_named(changes: dict[str, object], queued: bool, expected: Obstacle | None) -> None:
    assert obstacle(replace(pull(), **changes), in_merge_queue=queued) is expected  # type: ignore[arg-type]


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def head(sha: str, minutes: int | None) -> BranchCommit:
    """Pushed so many minutes after noon; ``None``: somewhere in the middle of a push."""
    at = None if minutes is None else NOON + timedelta(minutes=minutes)
    return BranchCommit(sha=Sha(sha), parent=None, message="", head_at=at)


@pytest.mark.parametrize(
    ("commits", "seen"),
    [
        pytest.param([head("a", -9), head("b", -1)], "b", id="the-last-one"),
        pytest.param([head("a", -9), head("b", 0)], "b", id="in-the-same-second"),
        pytest.param([head("a", -9), head("b", None), head("c", 1)], "a", id="the-last-one-before"),
        pytest.param([head("a", None), head("b", None)], None, id="not-known"),
        pytest.param([head("a", 1)], None, id="all-later"),
        pytest.param([], None, id="none"),
    ],
)
def test_the_head_that_was_seen_is_the_last_one_pushed_by_then(commits: list[BranchCommit], seen: str | None) -> None:
    assert (
        seen_head(PullBranch(commits=tuple(commits), in_merge_queue=False), MigrateRequest(id="1.0", by="ann", at=NOON))
        == seen
    )
    assert (
        seen_head(PullBranch(commits=tuple(commits), in_merge_queue=False), MigrateRequest(id="1.0", by="ann")) is None
    )
    assert (
        seen_head(
            PullBranch(commits=tuple(commits), in_merge_queue=False),
            MigrateRequest(id="1.0", by="ann", seen=Sha("x"), at=NOON),
        )
        == "x"
    )


def forced(minutes: int, before: BranchCommit | None) -> ForcePush:
    return ForcePush(at=NOON + timedelta(minutes=minutes), before=before)


@pytest.mark.parametrize(
    ("pushes", "complete", "seen"),
    [
        pytest.param([forced(-5, head("x", -7))], True, "a", id="before-it-was-asked"),
        pytest.param([forced(3, head("x", -7))], True, "x", id="what-it-replaced"),
        pytest.param([forced(0, head("x", -7))], True, "x", id="in-the-same-second"),
        pytest.param([forced(3, head("x", 2))], True, None, id="it-replaced-a-later-push"),
        pytest.param([forced(3, head("x", None))], True, None, id="nothing-says-when-that-was-a-head"),
        pytest.param([forced(3, None)], True, None, id="github-has-lost-it"),
        pytest.param([forced(3, head("x", -7)), forced(5, head("y", 4))], True, "x", id="the-first-of-two"),
        pytest.param([forced(-1, head("x", -7)), forced(5, head("y", -1))], True, "y", id="the-first-later-one"),
        pytest.param([forced(3, head("x", -7))], False, None, id="there-may-be-earlier-ones"),
        pytest.param([forced(-1, None), forced(3, head("x", -7))], False, "x", id="earlier-ones-do-not-matter"),
    ],
)
def test_a_force_push_says_what_was_there_before(pushes: list[ForcePush], complete: bool, seen: str | None) -> None:
    commits = (head("a", -6), head("b", 4))
    branch = PullBranch(commits=commits, in_merge_queue=False, forced=tuple(pushes), all_forced=complete)
    assert seen_head(branch, MigrateRequest(id="1.0", by="ann", at=NOON)) == seen


def migrated(path: str, before: bytes = b"old", after: bytes = b"new") -> FileMigration:
    fixed = (finding(path),) if before != after else ()
    return FileMigration(path=path, before=before, after=after, report=Scanned(path=path), fixed=fixed)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([migrated("a", b"x", b"x")], [], id="nothing-changed"),
        pytest.param([migrated(str(n)) for n in range(COMMIT_FILES)], [COMMIT_FILES], id="as-many-as-fit"),
        pytest.param([migrated(str(n)) for n in range(COMMIT_FILES + 1)], [COMMIT_FILES, 1], id="one-more"),
        pytest.param([migrated("a", b"", b"x" * COMMIT_BYTES), migrated("b")], [1, 1], id="by-size"),
        pytest.param([migrated("a", b"", b"x" * (COMMIT_BYTES + 1))], [1], id="one-that-is-too-big-goes-alone"),
    ],
)
def test_commits_hold_whole_files_within_bounds(files: list[FileMigration], expected: list[int]) -> None:
    found = batches(files, {})
    assert [len(batch.files) for batch in found] == expected
    assert [batch.number for batch in found] == list(range(1, len(expected) + 1))
    assert [file for batch in found for file in batch.files] == [file for file in files if file.changed]


def test_a_batch_knows_the_modes_that_are_not_ordinary() -> None:
    files = (migrated("a"), migrated("b"), migrated("c", b"x", b"x"))
    modes = {"a": "100644", "b": "100755", "c": "100755", "d": "100755"}
    assert batches(files, modes) == (CommitChunk(number=1, files=files[:2], modes={"b": "100755"}),)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param([migrated("a"), migrated("b")], (), id="the-same"),
        pytest.param([migrated("a"), migrated("b"), migrated("c")], (), id="and-more"),
        pytest.param([migrated("a")], ("b",), id="gone"),
        pytest.param([migrated("a", b"other"), migrated("b")], ("a",), id="edited"),
        pytest.param([migrated("a", b"old", b"otherwise"), migrated("b")], ("a",), id="rewritten-otherwise"),
    ],
)
def test_what_moved_under_the_plan_is_told(now: list[FileMigration], expected: tuple[str, ...]) -> None:
    assert overtaken([migrated("a"), migrated("b")], now) == expected
