"""The answer to `/ssot migrate`: the truth, within GitHub's limit, and other people's words as text."""

from dataclasses import replace

import pytest

from bot.domain.effects import MAX_BODY, FileCommit, TreeCommit, TreeFile
from bot.domain.file_result import FileMigration
from bot.domain.finding import Failed, Scanned, Skipped
from bot.domain.migration import Applicability
from bot.domain.references import Sha
from bot.identity.commits import part_of
from bot.identity.markers import MarkerKeys
from bot.markdown.diffs import folded_diffs, folded_patch
from bot.migrate.pull import render_commit
from bot.migrate.pull.models import (
    CannotPush,
    CommitChunk,
    CommitRefused,
    MigrateRequest,
    NoPush,
    Obstacle,
    Obstructed,
    Overtaken,
    Report,
    Selection,
    Stop,
)
from bot.migrate.pull.render import answer
from tests.gfm import threats
from tests.markdown.test_text import HOSTILE
from tests.samples import finding, pull

KEYS = MarkerKeys.derive([b"a secret of some length"])
ASK = MigrateRequest(id="991.0", by="ann")
FIRST, SECOND = Sha("1" * 40), Sha("2" * 40)


def migrated(path: str = "app/a.py", *, diff: bytes = b"-old\n+new\n", left: int = 0) -> FileMigration:
    kept = tuple(
        replace(finding(path, 20 + n, applicability=Applicability.UNSAFE), reason="It may change `behaviour`.")
        for n in range(left)
    )
    return FileMigration(
        path=path, before=b"old", after=b"new", diff=diff, report=Scanned(path=path, findings=(finding(path), *kept)),
        fixed=(finding(path),), left=kept,
    )  # fmt: skip


def report(
    *files: FileMigration, ask: MigrateRequest = ASK, shas: tuple[Sha, ...] = (), stop: Stop | None = None
) -> Report:
    committed = files if shas else ()
    return Report(
        pull=pull(), ask=ask, head=pull().head_sha, files=files, commits=shas, committed=committed, stop=stop
    )  # fmt: skip


def test_what_was_done_and_how_to_undo_it() -> None:
    said = answer(report(migrated(), migrated("b.py"), shas=(FIRST, SECOND)))
    assert said.startswith("Migrated **2 usages in 2 files** in [`1111111`](")
    assert f"`git revert --no-edit {SECOND} {FIRST}`" in said, "the newest first"
    assert "- `app/a.py`: 1 usage, line 3" in said


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (Obstructed(obstacle=Obstacle.MERGED), "already merged"),
        (Obstructed(obstacle=Obstacle.CLOSED), "is closed"),
        (Obstructed(obstacle=Obstacle.LOCKED), "is locked"),
        (Obstructed(obstacle=Obstacle.QUEUED), "merge queue"),
        (Obstructed(obstacle=Obstacle.BRANCH_GONE), "no longer exists"),
        (Overtaken(paths=("a.py", "b.py")), "changed `a.py`, `b.py`"),
        (CommitRefused(reason="Changes must be made"), "Changes must be made"),
        (CannotPush(why=NoPush.NOT_ALLOWED), "does not allow edits by maintainers"),
        (CannotPush(why=NoPush.NO_ACCESS), "is not installed"),
    ],
    ids=str,
)
def test_each_reason_has_its_words(stop: Stop, words: str) -> None:
    said = answer(report(migrated(), stop=stop))
    assert said.startswith("Nothing was committed. ")
    assert words in said
    assert ("git apply" in said) == isinstance(stop, CannotPush)
    partly = answer(replace(report(migrated(), migrated("b.py"), shas=(FIRST,)), stop=stop))
    assert partly.startswith("Migrated ")
    assert "The rest was not committed. " in partly


def test_what_is_left_is_grouped_by_its_reason_with_places_that_are_true() -> None:
    file = migrated(left=7)
    done = answer(report(file, shas=(FIRST,)))
    assert "**Not changed: 7 usages**" in done
    assert "- 7 usages: It may change `behaviour`\\. [`app/a.py:20`](" in done
    assert f"/blob/{FIRST}/app/a.py#L20" in done
    assert "and 2 more places" in done
    assert "`/ssot migrate --unsafe` rewrites 7 more usages" in done
    assert "--unsafe" not in answer(report(file, ask=replace(ASK, unsafe=True), shas=(FIRST,)))
    assert f"/blob/{pull().head_sha}/app/a.py#L20" in answer(report(file, ask=replace(ASK, dry_run=True)))


@pytest.mark.parametrize("text", HOSTILE)
def test_other_peoples_text_is_text(text: str) -> None:
    name = text.strip("/") or "x"
    hostile = replace(migrated(name, diff=f"-{text}\n+{text}\n".encode(errors="replace"), left=1), report=Failed(
        path=name, line=1, message=text))  # fmt: skip
    selection = Selection(skipped=(Skipped(path=name, reason=text),), unmatched=(text,))
    for stop in (None, CommitRefused(reason=text), Overtaken(paths=(name,)), CannotPush(why=NoPush.NO_ACCESS)):
        for ask in (ASK, replace(ASK, dry_run=True)):
            shas = () if stop else (FIRST,)
            said = answer(replace(report(hostile, ask=ask, shas=shas, stop=stop), selection=selection))
            assert threats(said) == [], said


@pytest.mark.parametrize("files", [1, 60, 3_000])
@pytest.mark.parametrize("stop", [None, CannotPush(why=NoPush.NO_ACCESS)], ids=["done", "patch"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_an_answer_fits_into_a_comment(files: int, stop: Stop | None, dry_run: bool) -> None:
    lines = b"".join(b"-old %d\n+new %d\n" % (n, n) for n in range(400))
    many = [migrated(f"some/long/directory/name/of/a/package/file_{n}.py", diff=lines, left=3) for n in range(files)]
    said = answer(report(*many, ask=replace(ASK, dry_run=dry_run), shas=() if stop or dry_run else (FIRST,), stop=stop))
    assert len(said) <= MAX_BODY - 2_000, "the framework adds its markers"
    assert f"**{files:,} usage{'s' if files > 1 else ''} in {files:,} file{'s' if files > 1 else ''}**" in said


# --- diffs ----------------------------------------------------------------------------------------------------------


def test_the_longest_diffs_are_left_out_and_named() -> None:
    files = [migrated("short.py"), migrated("long.py", diff=b"-x\n" * 1_000), migrated("other.py")]
    said = folded_diffs(files, room=1_000)
    assert "<code>short.py</code>" in said
    assert "<code>other.py</code>" in said
    assert "Too long to show here: `long.py`." in said
    assert "Too long" not in folded_diffs(files)


def test_a_diff_for_reading_spells_what_cannot_be_seen() -> None:
    said = folded_diffs([migrated(diff="-\u202eevil\r\n+\u200bx\ty\r\n```\n".encode())])
    assert "\u202e" not in said
    assert "-\\u202eevil\n+\\u200bx" in said
    assert said.count("````") == 2, "no fence ends inside"


@pytest.mark.parametrize(
    "diff",
    [b"-a\r\n+b\r\n", "-\u202e\n".encode(), b"-\xff\n", "-\u00a0\n".encode(), b"-\x00\n", b"-\x0c\n"],
    ids=["carriage-return", "bidi", "no-text", "no-break-space", "null", "form-feed"],
)
def test_a_patch_holds_only_what_survives_copying(diff: bytes) -> None:
    said = folded_patch([migrated("a.py"), migrated("b.py", diff=diff)])
    assert "Patch: 1 file" in said
    assert "changed by copying): `b.py`" in said
    assert "```diff\n-old\n+new\n```" in said
    assert "Patch:" not in folded_patch([migrated("b.py", diff=diff)])


# --- commits --------------------------------------------------------------------------------------------------------


def test_ordinary_files_go_one_way_and_modes_the_other() -> None:
    files = (migrated("a.py"), migrated("b.py"))
    plain = render_commit.commit(pull(), ASK, CommitChunk(number=1, files=files), 1, FIRST, KEYS)
    assert isinstance(plain, FileCommit)
    assert (plain.expected_head, dict(plain.additions)) == (FIRST, {"a.py": b"new", "b.py": b"new"})
    tree = render_commit.commit(
        pull(), ASK, CommitChunk(number=1, files=files, modes={"b.py": "100755"}), 1, FIRST, KEYS
    )
    assert isinstance(tree, TreeCommit)
    assert (tree.parent, tree.message) == (FIRST, f"{plain.headline}\n\n{plain.body}")
    assert tree.files == (
        TreeFile(path="a.py", content=b"new"), TreeFile(path="b.py", content=b"new", mode="100755"),
    )  # fmt: skip


def test_a_commit_names_its_request_and_its_part() -> None:
    made = render_commit.commit(pull(), ASK, CommitChunk(number=2, files=(migrated(),)), 3, FIRST, KEYS)
    assert isinstance(made, FileCommit)
    assert made.headline == "Migrate 1 usage of get_manager"
    assert "Part 2 of 3." in made.body
    message = f"{made.headline}\n\n{made.body}"
    assert part_of(KEYS, pull().ref, ASK.id, message) == 2
    assert part_of(KEYS, pull().ref, "992.0", message) is None
    assert part_of(KEYS, replace(pull().ref, number=8), ASK.id, message) is None
    assert part_of(MarkerKeys.derive([b"another secret, long"]), pull().ref, ASK.id, message) is None
