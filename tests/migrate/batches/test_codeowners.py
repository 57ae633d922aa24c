"""CODEOWNERS as GitHub reads it.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

import pathspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.migrate.batches.codeowners import Codeowners

PAGE = b"""\
# The examples of GitHub's page.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/apps/github/kept @doctocat
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README", ("@global-owner1", "@global-owner2")),
        ("src/a.js", ("@js-owner",)),
        ("a.go", ("docs@example.com",)),
        ("build/logs/x/y.txt", ("@octocat",)),
        ("x/apps/y.py", ("@octocat",)),
        ("docs/a/b.md", ("@doctocat",)),
        ("scripts/x.sh", ("@doctocat", "@octocat")),
        ("deeply/nested/logs/x", ("@octocat",)),
        ("apps/github/x.py", ()),
        ("apps/github/kept/x.py", ("@doctocat",)),
    ],
)
def test_the_last_rule_that_fits_decides(path: str, owners: tuple[str, ...]) -> None:
    assert Codeowners.parse(PAGE).of(path) == owners


@pytest.mark.parametrize(
    ("line", "path", "fits"),
    [
        ("docs/* @o", "docs/getting-started.md", True),
        ("docs/* @o", "docs/build-app/troubleshooting.md", False),
        ("docs/** @o", "docs/build-app/troubleshooting.md", True),
        ("docs @o", "docs/build-app/troubleshooting.md", True),
        ("docs @o", "x/docs/a.md", True),
        ("/docs @o", "x/docs/a.md", False),
        ("/*.py @o", "a.py", True),
        ("/*.py @o", "x/a.py", False),
        ("a\\ b.py @o", "a b.py", True),
        ("\ta.py\t@o", "a.py", True),
        ("a.py", "a.py", False),
        ("!a.py @o", "a.py", False),
        ("[ab].py @o", "a.py", False),
        ("# a.py @o", "a.py", False),
        ("a.py # @o", "a.py", False),
        ("/ @o", "a.py", False),
        ("A.py @o", "a.py", False),
    ],
)
def test_one_line(line: str, path: str, fits: bool) -> None:
    assert (Codeowners.parse(line.encode()).of(path) == ("@o",)) is fits


@pytest.mark.parametrize("source", [b"", b"\xff\xfe", b"\xef\xbb\xbf* @o", b"* @o\r\n", b"*" * 5_000_000], ids=range(5))
def test_any_bytes_are_read(source: bytes) -> None:
    assert Codeowners.parse(source).of("a.py") in {(), ("@o",)}


def test_a_file_that_github_would_not_load_owns_nothing() -> None:
    assert Codeowners.parse(b"* @o\n" + b"#" * (3 << 20)).of("a.py") == ()


SEGMENTS = st.sampled_from(["a", "b", "ab", "*", "a*", "**", "*.py"])
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "x.py", "c"]), min_size=1, max_size=4).map("/".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(SEGMENTS, min_size=1, max_size=3), st.sampled_from(["", "/"]), st.sampled_from(["", "/"]), PATHS)
def test_patterns_are_those_of_gitignore(segments: list[str], first: str, last: str, path: str) -> None:
    """But for a star at the end, which on GitHub stays in its directory."""
    pattern = first + "/".join(segments) + last
    if pattern.endswith("/*"):
        return
    expected = pathspec.GitIgnoreSpec.from_lines([pattern]).match_file(path)
    assert (Codeowners.parse(f"{pattern} @o".encode()).of(path) == ("@o",)) is expected


def test_no_pattern_takes_long() -> None:
    rule = f"{'*a' * 60}b @o".encode()
    assert Codeowners.parse(rule * 3).of("a" * 4_000) == ()
