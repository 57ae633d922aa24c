"""Diffs are read as GitHub writes them, and ours are what ``git apply`` takes."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.engine.diff.unified import Hunk, MalformedPatch, commentable, fits, hunks, parse_patch, render, same_hunk


def hunk(base: tuple[int, int], head: tuple[int, int], *lines: str) -> Hunk:
    return Hunk(base_start=base[0], base_count=base[1], head_start=head[0], head_count=head[1], lines=lines)


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        pytest.param("", (), id="empty"),
        pytest.param("@@ -1 +1 @@\n-a\n+b", (hunk((1, 1), (1, 1), "-a", "+b"),), id="counts left out"),
        pytest.param("@@ -0,0 +1,2 @@\n+a\n+b\n", (hunk((0, 0), (1, 2), "+a", "+b"),), id="added file"),
        pytest.param("@@ -1,2 +0,0 @@\n-a\n-b", (hunk((1, 2), (0, 0), "-a", "-b"),), id="deleted file"),
        pytest.param("@@ -3,2 +3 @@ def f():\n a\n-b", (hunk((3, 2), (3, 1), " a", "-b"),), id="with a heading"),
        pytest.param(
            "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a",
            (hunk((1, 1), (1, 1), "-a", "+a"),),
            id="no newline in the base",
        ),
        pytest.param(
            "@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file",
            (hunk((1, 1), (1, 1), "-a", "+b"),),
            id="no newline in the head",
        ),
        pytest.param("@@ -1 +1 @@\n-a\r\n+b\r", (hunk((1, 1), (1, 1), "-a\r", "+b\r"),), id="CRLF"),
        pytest.param(
            "@@ -0,0 +1,2 @@\n+a\x0cb\x85c\u2028d\re\n+f",
            (hunk((0, 0), (1, 2), "+a\x0cb\x85c\u2028d\re", "+f"),),
            id="other line breaks do not split",
        ),
        pytest.param(
            "@@ -1,3 +1,3 @@\n a\n\n-b\n+c", (hunk((1, 3), (1, 3), " a", " ", "-b", "+c"),), id="blank stripped"
        ),
        pytest.param("@@ -1 +1 @@\n--- a\n+++ b", (hunk((1, 1), (1, 1), "--- a", "+++ b"),), id="looks like a header"),
        pytest.param(
            "@@ -1 +1 @@\n-a\n+b\n@@ -9 +9,2 @@\n c\n+d",
            (hunk((1, 1), (1, 1), "-a", "+b"), hunk((9, 1), (9, 2), " c", "+d")),
            id="two hunks",
        ),
    ],
)
def test_a_patch_of_github_is_read(patch: str, expected: tuple[Hunk, ...]) -> None:
    assert parse_patch(patch) == expected


@pytest.mark.parametrize(
    ("patch", "line"),
    [
        pytest.param("@@ -1,2 +1,2 @@\n a", 2, id="cut off"),
        pytest.param("@@ -1,2 +1,2 @@", 1, id="only a header"),
        pytest.param("@@ -1 +1 @@\n-a\n+b\n c", 4, id="text after a hunk"),
        pytest.param("@@ -1 +1 @@\n-a\n-b", 3, id="too many removed"),
        pytest.param("@@ -1 +1 @@\nxa", 2, id="no sign"),
        pytest.param("@@ -1,2 +1,2 @@\n a\n@@ -5 +5 @@\n-a\n+b", 3, id="next header inside a hunk"),
        pytest.param("Binary files differ", 1, id="binary"),
        pytest.param("@@ -x +1 @@\n+a", 1, id="not a number"),
        pytest.param("@@ -5 +5 @@\n-a\n+b\n@@ -1 +1 @@\n-a\n+b", 6, id="out of order"),
        pytest.param("@@@ -1 -1 +1 @@@\n- a", 1, id="combined diff"),
    ],
)
def test_a_patch_that_is_none_is_refused_with_its_line(patch: str, line: int) -> None:
    with pytest.raises(MalformedPatch, match=f"patch line {line}: ") as caught:
        parse_patch(patch)
    assert caught.value.line == line


def test_right_side_is_added_and_context_lines() -> None:
    found = hunks(b"1\n2\n3\n4\n5\n6\n7\n8\n9\n", b"1\n2\n3\n4\nx\ny\n6\n7\n8\n9\n")
    assert found == (hunk((2, 7), (2, 8), " 2", " 3", " 4", "-5", "+x", "+y", " 6", " 7", " 8"),)
    assert commentable(found) == set(range(2, 10))
    assert list(found[0].added()) == [5, 6]


def test_two_far_changes_are_two_hunks() -> None:
    base = b"".join(b"%d\n" % n for n in range(40))
    found = hunks(base, base.replace(b"\n5\n", b"\nfive\n").replace(b"\n30\n", b"\nthirty\n"))
    assert same_hunk(found, 3, 9)
    assert not same_hunk(found, 6, 31)
    assert not same_hunk(found, 10, 10)


def test_a_deletion_has_only_context_on_the_right() -> None:
    found = hunks(b"a\nb\n", b"")
    assert (found[0].head_start, found[0].head_count, commentable(found)) == (0, 0, frozenset())
    assert commentable(hunks(b"a\nb\n", b"a\n")) == {1}


def test_a_patch_of_another_blob_does_not_fit() -> None:
    found = hunks(b"a\n", b"a\nb\n")
    assert fits(found, b"a\nb\n")
    assert not fits(found, b"a\nc\n")
    assert not fits(found, b"a\n")


OLD = b"    a\n    return\n\ndef g():\n    b\n    return\n"


@pytest.mark.parametrize(
    ("base", "head"),
    [
        pytest.param(OLD, OLD.replace(b"def g", b"def f():\n    x\n    return\n\ndef g"), id="function"),
        pytest.param(b"x = [\n    1,\n]\ny = [\n]\n", b"x = [\n    1,\n]\nz = [\n    3,\n]\ny = [\n]\n", id="list"),
        pytest.param(b"a\n" * 6, b"a\n" * 9, id="equal lines"),
        pytest.param(b"a", b"a\n", id="newline added at the end"),
        pytest.param(b"a\r\nb\r\n", b"a\nb\n", id="line ends"),
    ],
)
def test_hunks_are_those_of_git(base: bytes, head: bytes, tmp_path: Path) -> None:
    assert hunks(base, head) == parse_patch(git_diff(base, head, tmp_path))


def git_diff(base: bytes, head: bytes, folder: Path) -> str:
    for name, content in (("base", base), ("head", head)):
        (folder / name).write_bytes(content)
    command = ["git", "diff", "--no-index", "--no-color", "--no-ext-diff", "--text", "base", "head"]
    out = subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout.decode(
        "utf-8", "surrogateescape"
    )
    return out[out.index("\n@@ ") + 1 :] if "\n@@ " in out else ""


def apply(base: bytes, diff: bytes, folder: Path, name: str) -> bytes:
    (folder / name).write_bytes(base)
    if diff:
        command = ["git", "apply", "--whitespace=nowarn", "--unidiff-zero", "-"]
        subprocess.run(command, cwd=folder, input=diff, check=True, capture_output=True)
    return (folder / name).read_bytes()


FILES = st.lists(st.sampled_from([b"a", b"  b", b"", b"\tc\r", b"d\x0c\xff", b"e\re"]), max_size=14).map(b"\n".join)


@settings(derandomize=True, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=FILES, head=FILES, context=st.integers(0, 3))
@example(base=b"a\na", head=b"a\n", context=0)
@example(base=b"a\na", head=b"a\n", context=1)
def test_git_applies_our_diffs(base: bytes, head: bytes, context: int, tmp_path: Path) -> None:
    if not context and not base.endswith(b"\n"):
        return  # git takes the first line for the last here, in its own `diff -U0` of "a\na" and "a\n" too
    if base and head:  # without text it is no file to git: that needs a header of its own
        assert apply(base, render("f.py", base, head, context=context), tmp_path, "f.py") == head


@settings(derandomize=True, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=FILES, head=FILES)
def test_as_many_lines_change_as_in_git(base: bytes, head: bytes, tmp_path: Path) -> None:
    ours, theirs = hunks(base, head), parse_patch(git_diff(base, head, tmp_path))
    assert changed(ours) <= changed(theirs)
    assert fits(ours, head)


def changed(found: tuple[Hunk, ...]) -> int:
    return sum(line[0] != " " for each in found for line in each.lines)


@pytest.mark.parametrize("name", ["a b.py", 'q"uote.py', "back\\slash.py", "tab\there.py", "é.py"])
def test_odd_file_names_survive_git_apply(name: str, tmp_path: Path) -> None:
    assert apply(b"a\n", render(name, b"a\n", b"b\n"), tmp_path, name) == b"b\n"


def test_nothing_changed_is_no_diff() -> None:
    assert render("f.py", b"a\n", b"a\n") == b""
    assert hunks(b"a", b"a") == ()


def test_long_files_in_disorder_take_bounded_time() -> None:
    base = b"".join(b"%d\n" % (n * 7919 % 50) for n in range(20_000))
    head = b"".join(b"%d\n" % (n * 104_729 % 47) for n in range(20_000))
    assert fits(hunks(base, head), head)
