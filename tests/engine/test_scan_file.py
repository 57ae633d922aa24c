"""Bad bytes, ignores and paths."""

import ast
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.finding import Failed, Scanned, Skipped
from bot.domain.migration import Applicability, Migration, Target
from bot.engine.program.index import Index
from bot.engine.scan import scan_file
from bot.engine.source.text import SourceMap, Undecodable, decode
from tests.engine.repository import MIGRATION, marked, scan

USE = "from pkg.impl import old\nold()\n"

ENCODINGS = {
    "bom": b"\xef\xbb\xbf" + USE.encode(),
    "bom-and-cookie": b"\xef\xbb\xbf# coding: utf-8\n" + USE.encode(),
    "crlf": USE.replace("\n", "\r\n").encode(),
    "lone-cr": USE.replace("\n", "\r").encode(),
    "mixed": b"from pkg.impl import old\r\nx = 1\rold()\n",
    "form-feed": b"\x0cfrom pkg.impl import old\n\x0c\nold()\n",
    "line-separator": "x = '\u2028'\nfrom pkg.impl import old\ny = '\x85'; old()\n".encode(),
    "latin-1": b"# -*- coding: latin-1 -*-\nx = '\xe9\xe9'\nfrom pkg.impl import old\ny = '\xfc'; old()\n",
    "latin-1-second-line": b"#!/bin/python\n# vim: fileencoding=iso-8859-15\nfrom pkg.impl import old\n'\xa4'; old()\n",
    "cp1252": b"# coding: cp1252\nfrom pkg.impl import old\ny = '\x80'; old()\n",
    "no-final-newline": b"from pkg.impl import old\nold()",
    "tabs": b"if 1:\n\tfrom pkg.impl import old\n\told()\n",
    "non-ascii-before": "from pkg.impl import old\nx = '\U0001f600é'; old()\n".encode(),
}


@pytest.mark.parametrize("source", ENCODINGS.values(), ids=ENCODINGS)
def test_marks_are_right_in_every_encoding(source: bytes) -> None:
    found = scan(source).findings
    assert [marked(source, finding) for finding in found] == ["old", "old"]
    for finding in found:
        assert SourceMap(source, decode(source).encoding).range(finding.range.start, finding.range.end) == finding.range


SKIPPED = {
    "not-utf-8": b"x = '\xff'\nold\n",
    "unknown-cookie": b"# coding: no-such\nold\n",
    "utf-7": b"# coding: utf-7\nold\n",
    "rot13": b"# coding: rot13\nold\n",
    "bom-and-other-cookie": b"\xef\xbb\xbf# coding: latin-1\nold\n",
    "several-bytes": b"# coding: shift-jis\nold\n",
}


@pytest.mark.parametrize("source", SKIPPED.values(), ids=SKIPPED)
def test_what_has_no_text_is_skipped_with_a_reason(source: bytes) -> None:
    report = scan(source).report
    assert isinstance(report, Skipped)
    assert report.reason


FAILED = {
    "syntax": (b"from pkg.impl import old\nold(\n", 2, (1, 2)),
    "python-2": (b"print 'x'\nold()\n", 1, (2,)),
    "template": (b"x = {{ value }} else\nold\n", 1, (2,)),
    "null-byte": (b"old\nx = '\0'\n", 2, (1,)),
    "too-deep": (b"old = " + b"(" * 300 + b")" * 300, 1, (1,)),
    "deep-chain": (b"old\nx = " + b"-" * 20_000 + b"1", 1, (1,)),
}


@pytest.mark.parametrize(("source", "line", "hits"), FAILED.values(), ids=FAILED)
def test_what_does_not_parse_is_named_with_its_hits(source: bytes, line: int, hits: tuple[int, ...]) -> None:
    report = scan(source).report
    assert isinstance(report, Failed)
    assert (report.line, report.hits) == (line, hits)
    assert report.message


def test_invalid_escapes_raise_no_warning() -> None:
    assert len(scan(USE + "x = '\\d'\n").findings) == 2


def test_a_long_expression_is_no_recursion_error() -> None:
    report = scan(USE + "x = " + "+".join(["1"] * 3000) + "\n").report
    assert isinstance(report, (Scanned, Failed))


def test_look_alike_characters_are_the_same_name_for_python() -> None:
    found = scan("from pkg.impl import old\n𝐨𝐥𝐝()\n").places
    assert [kind for kind, _, _ in found] == ["import", "call"]


def test_a_homoglyph_is_another_name() -> None:
    assert [kind for kind, _, _ in scan("from pkg.impl import old\nоld()\n").places] == ["import"]  # a Cyrillic o


IGNORED = {
    "on-the-line": ("from pkg.impl import old  # ssot: ignore[m] needed here\n", "needed here"),
    "several": ("from pkg.impl import old  # ssot: ignore[x, m] both\n", "both"),
    "with-another-comment": ("from pkg.impl import old  # noqa: F401  # ssot: ignore[m] kept\n", "kept"),
    "first-line-of-statement": ("from pkg.impl import (  # ssot: ignore[m] kept\n    old,\n)\n", "kept"),
    "crlf": ("x = 1\r\nfrom pkg.impl import old  # ssot: ignore[m] kept\r\n", "kept"),
    "other-migration": ("from pkg.impl import old  # ssot: ignore[x] kept\n", None),
    "line-above": ("# ssot: ignore[m] kept\nfrom pkg.impl import old\n", None),
    "in-a-string": ("from pkg.impl import old; x = '# ssot: ignore[m] kept'\n", None),
    "without-reason": ("from pkg.impl import old  # ssot: ignore[m]\n", None),
    "without-name": ("from pkg.impl import old  # ssot: ignore kept\n", None),
    "with-empty-name": ("from pkg.impl import old  # ssot: ignore[] kept\n", None),
    "alone": ("from pkg.impl import old  # ssot:ignore\n", None),
    "another-word": ("from pkg.impl import old  # ssot: ignored[m] kept\n", None),
}


@pytest.mark.parametrize(("source", "reason"), IGNORED.values(), ids=IGNORED)
def test_ignores(source: str, reason: str | None) -> None:
    (finding,) = scan(source).findings
    assert finding.ignored == reason
    assert ("needs a reason" in finding.message) is source.endswith("ignore[m]\n")


IDLE = {
    "ignore[m]": "An ignore needs a reason",
    "ignore": "An ignore needs the name of the migration",
    "ignore kept": "An ignore needs the name of the migration",
    "ignore[] kept": "An ignore needs the name of the migration",
    "ignore[x] kept": "An ignore names x, and there is no such migration",
    "ignore[x, y] kept": "An ignore names x, y, and there is no such migration",
    "ignore[other] kept": None,
    "ignored": None,
}


@pytest.mark.parametrize(("comment", "why"), IDLE.items(), ids=IDLE)
def test_an_ignore_without_effect_is_told(comment: str, why: str | None) -> None:
    source = f"from pkg.impl import old  # ssot: {comment}\n".encode()
    other = Migration(name="other", targets=(Target(name="z.y"),))
    report = scan_file(source, "a.py", (MIGRATION, other), Index())
    assert isinstance(report, Scanned)
    (finding,) = report.findings
    assert (finding.ignored, finding.idle_ignore) == (None, why)
    assert (why or "An ignore") in finding.message or why is None


def test_messages_say_what_to_use() -> None:
    (finding,) = scan("from pkg.impl import old\n").findings
    assert finding.message == "This imports the deprecated pkg.impl.old. Use pkg.impl.new instead."
    own = replace(MIGRATION, message="Ask the core team.")
    (finding,) = scan("from pkg.impl import old\n", migration=own).findings
    assert finding.message.endswith("Ask the core team.")


PATHS = {
    "all": ((), (), 2),
    "included": (("pkg/",), (), 2),
    "not-included": (("src/**",), (), 0),
    "excluded": ((), ("pkg/user.py",), 0),
    "exclusion-wins": (("pkg/**",), ("**/user.py",), 0),
}


@pytest.mark.parametrize(("include", "exclude", "number"), PATHS.values(), ids=PATHS)
def test_paths(include: tuple[str, ...], exclude: tuple[str, ...], number: int) -> None:
    migration = replace(MIGRATION, include=include, exclude=exclude, critical=("pkg/**",))
    found = scan(USE, migration=migration).findings
    assert len(found) == number
    assert all(finding.critical for finding in found)


def test_listing_only_says_so() -> None:
    report = scan_file(USE.encode(), "a.py", [MIGRATION], Index.build([]), fixes=False)
    assert isinstance(report, Scanned)
    assert {(f.applicability, f.reason, f.fix) for f in report.findings} == {(Applicability.DISPLAY_ONLY, None, None)}


def test_undecodable_bytes_name_the_place() -> None:
    with pytest.raises(Undecodable, match="at byte 4"):
        decode(b"x = \xff")


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"old", "pkg", "impl", "x", "f", "self"} and name.isidentifier() and _usable(name)
)


def _usable(name: str) -> bool:
    try:
        ast.parse(f"{name} = 1")
    except SyntaxError:
        return False
    return not name.startswith("__")


@settings(derandomize=True, max_examples=60, deadline=None)
@given(alias=NAMES)
def test_the_name_of_an_alias_changes_nothing(alias: str) -> None:
    template = "def f():\n    from pkg.impl import old as {0}\n    x = {0}()\n    return lambda: {0}\n"
    usual, renamed = scan(template.format("alias")), scan(template.format(alias))
    assert renamed.places == usual.places


@settings(derandomize=True, max_examples=60, deadline=None)
@given(alias=NAMES)
def test_the_name_of_a_module_alias_changes_nothing(alias: str) -> None:
    template = "import pkg.impl as {0}\nclass C:\n    x = {0}.old()\n    def f(self): return {0}.old\n"
    usual, renamed = scan(template.format("alias")), scan(template.format(alias))
    assert renamed.places == usual.places


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab\n\r\x0c\té\U0001f600\u2028 "), max_size=30))
def test_positions_and_offsets_agree(text: str) -> None:
    source = text.encode()
    placed = SourceMap(source)
    for offset in range(len(source) + 1):
        if offset < len(source) and source[offset] & 0xC0 == 0x80:
            continue
        line, column = placed.position(offset)
        prefix = placed.source[placed.starts[line - 1] : offset].decode()
        assert len(prefix) == column - 1
        assert placed.offset(line, len(prefix.encode())) == offset


MESSAGES = {
    "from pkg.impl import old\n": "This imports the deprecated pkg.impl.old.",
    "import pkg.impl\npkg.impl.old()\n": "This calls the deprecated pkg.impl.old.",
    "import pkg.impl\npkg.impl.old\n": "This refers to the deprecated pkg.impl.old.",
    "patch('pkg.impl.old')\n": "This string refers to the deprecated pkg.impl.old.",
    "patch('pkg.other.old')\n": "",
    "patch('pkg.empty.old')\n": "This string refers to the deprecated old, but pkg.empty has no such name.",
    "from pkg.empty import old\n": "This imports the deprecated old from a module that does not have it.",
    "import pkg.empty\npkg.empty.old()\n": "This uses the deprecated old, from a module that does not have it.",
    "import pkg.empty\npkg.empty.old\n": "This uses the deprecated old, from a module that does not have it.",
    "def old(): ...\n": "This defines old again, which is deprecated as pkg.impl.old.",
}


@pytest.mark.parametrize(("source", "message"), MESSAGES.items(), ids=list(MESSAGES))
def test_the_message_says_what_the_usage_is(source: str, message: str) -> None:
    found = scan(source, files={"pkg/empty.py": ""}).findings
    expected = [f"{message} Use pkg.impl.new instead."] if message else []
    assert [finding.message for finding in found] == expected


def test_the_message_of_an_export() -> None:
    found = scan("from pkg.impl import old\n__all__ = ['old']\n").findings
    assert "This re-exports the deprecated pkg.impl.old. Use pkg.impl.new instead." in [f.message for f in found]


def test_the_message_of_a_string_that_resolves() -> None:
    (found,) = scan("patch('pkg.impl.old')\n", known=True).findings
    assert found.message == "This string refers to the deprecated pkg.impl.old. Use pkg.impl.new instead."


def test_the_message_of_a_string_into_a_module_of_others() -> None:
    theirs = Migration(name="m", targets=(Target(name="theirs.impl.old", canonical="theirs.impl.new"),))
    (found,) = scan("patch('theirs.impl.old')\n", migration=theirs).findings
    assert found.message.startswith("This string refers to the deprecated theirs.impl.old; it may not resolve.")


@pytest.mark.parametrize(
    ("source", "line", "message", "hits"),
    [
        ("old\nx = 1" + " + 1" * 9000 + "\nold\n", 1, "too deeply nested to parse", (1, 3)),
        ("x = 1\nold = \0\n", 2, "the source contains a null byte", (2,)),
        ("x\nold = (\n", 2, "'(' was never closed", (2,)),
    ],
)
def test_a_file_that_does_not_parse_tells_where_and_why(
    source: str, line: int, message: str, hits: tuple[int, ...]
) -> None:
    assert scan(source).report == Failed(path="pkg/user.py", line=line, message=message, hits=hits)
