"""Globs: git's own rules, in linear time."""

import contextlib
import random
import time

import pathspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.globs import GlobError, compile_glob, matches, translate

TABLE = [
    ("*.py", "a.py", True),
    ("*.py", "x/y/a.py", True),
    ("*.py", "a.pyc", False),
    ("/*.py", "a.py", True),
    ("/*.py", "x/a.py", False),
    ("src/*.py", "src/a.py", True),
    ("src/*.py", "src/x/a.py", False),
    ("src/*.py", "x/src/a.py", False),
    ("src", "x/src/a.py", True),
    ("src/", "x/src/a.py", True),
    ("src/", "x/src", False),
    ("backups/**", "backups/a/b.py", True),
    ("backups/**", "backups", False),
    ("backups/**", "x/backups/a.py", False),
    ("**/gen/**", "a/gen/b/c.py", True),
    ("**/gen/**", "gen/c.py", True),
    ("**/gen", "a/b/gen", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a/**/b", "ax/b", False),
    ("**", "a", True),
    ("a?c", "abc", True),
    ("a?c", "a/c", False),
    ("[ab].py", "b.py", True),
    ("[!ab].py", "b.py", False),
    ("[!a]", "x/b", True),
    ("a[!x]c", "a/c", False),
    ("[]a]", "]", True),
    ("[a-c]x", "bx", True),
    ("[*--]x", "+x", True),
    ("[*--]x", ".x", False),
    ("[a&&b]", "&", True),
    ("[a-]", "-", True),
    ("[-a]", "-", True),
    ("[a||b~~c[[]", "[", True),
    ("[,--0]", "0", True),
    ("[,--0]", ".", False),
    ("\\!a", "!a", True),
    ("\\*", "*", True),
    ("\\*", "a", False),
    ("a+b.(py)", "a+b.(py)", True),
    ("a*b*c", "a-b-b-c", True),
    ("a*b*c", "a-c-b", False),
    ("Größe*", "Größe 1.py", True),
    ("a*", "a\nb", True),
]


@pytest.mark.parametrize(("glob", "path", "wanted"), TABLE)
def test_what_a_glob_matches(glob: str, path: str, wanted: bool) -> None:
    assert matches(path, [glob]) is wanted


@pytest.mark.parametrize(
    ("glob", "offset"),
    [
        pytest.param("", 0, id="empty"),
        pytest.param("  ", 0, id="blank"),
        pytest.param("!a", 0, id="negated"),
        pytest.param("#a", 0, id="comment"),
        pytest.param("/", 0, id="root"),
        pytest.param("a//b", 0, id="slashes"),
        pytest.param("a/[b", 2, id="open-class"),
        pytest.param("a/b\\", 3, id="backslash"),
        pytest.param("x[z-a]", 1, id="range"),
        pytest.param("a" * 501, 500, id="long"),
    ],
)
def test_what_no_glob_is(glob: str, offset: int) -> None:
    with pytest.raises(GlobError) as caught:
        compile_glob(glob)
    assert caught.value.offset == offset


def test_no_glob_matches_nothing() -> None:
    assert not matches("a", [])


SEGMENTS = ["a", "b", "*", "**", "a*", "*b", "?", "[ab]", "*a*b", "a*b*", "ab", "[!a]*"]


def test_it_agrees_with_pathspec() -> None:
    generator = random.Random(506)  # noqa: S311 (no secret)
    for _ in range(4000):
        parts = [generator.choice(SEGMENTS) for _ in range(generator.randint(1, 4))]
        glob = generator.choice(["", "/"]) + "/".join(parts) + generator.choice(["", "", "/"])
        path = "/".join(
            "".join(generator.choices("ab", k=generator.randint(1, 3))) for _ in range(generator.randint(1, 4))
        )
        wanted = pathspec.GitIgnoreSpec.from_lines([glob]).match_file(path)
        assert matches(path, [glob]) is wanted, (glob, path)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*a" * 60, "a" * 4000 + "b"),
        ("/" + "**/a/" * 60 + "c", "a/" * 2000 + "b"),
        ("/" + "**/*a*b/" * 40 + "c", "ab/" * 1500 + "b"),
        ("[ab]*" * 90 + "c", "ab" * 2000),
    ],
    ids=["stars", "double-stars", "both", "classes"],
)
def test_hostile_globs_take_no_time(glob: str, path: str) -> None:
    started = time.process_time()
    matches(path, [glob])
    assert time.process_time() - started < 0.5


@settings(derandomize=True, max_examples=500, deadline=None)
@given(st.text("ab*?[]!^-\\/.&~|+(){}$ é", max_size=20))
def test_a_glob_compiles_or_is_refused(glob: str) -> None:
    with contextlib.suppress(GlobError):
        translate(glob)
        compile_glob(glob).match("a/b")
