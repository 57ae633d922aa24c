"""Sources for a newer Python than the one that runs: read for finding, never rewritten."""

import ast
import sys
import time

import pytest

from bot.config import load
from bot.domain.finding import Failed, Scanned
from bot.engine.program.index import Index
from bot.engine.scan import scan_file
from bot.engine.source.newer import older

CONFIG = load("migrations: {m: {deprecated: pkg.old, canonical: pkg.new, drop_in: true}}")
NEWER = {
    "quotes-again": ('f"{old["a"]}"', ["old"]),
    "nested": ('f"{f"{f"{old}"}"}"', ["old"]),
    "backslash": ('f"{"\\n".join(old)}"', ["old"]),
    "over-lines": ('f"{\n    old  # why\n}"', ["old"]),
    "triple-in-triple": ('f"""{ old["""a"""] }"""', ["old"]),
    "format": ('f"{a["x"]!r:>{old}.{b}} {old=}"', ["a", "old", "b", "old"]),
    "format-of-a-date": ('f"{old["a"]:%H:%M}"', ["old"]),
    "conditional": ('f"{old if a["b"] else "c"}"', ["old", "a"]),
    "comparison": ('f"{old != a["b"]} {old == a["b"]} {old <= a["b"]}"', ["old", "a"] * 3),
    "brackets": ('f"{ {old: [a["b"], 1]}[0] }"', ["old", "a"]),
    "braces-as-text": ('f"{{old}} {old["a"]}"', ["old"]),
    "a-named-character": ('f"\\N{BULLET}{old["a"]}"', ["old"]),
    "raw": ('rf"\\{old["a"]}\\""', ["old"]),
    "joined": ('x = ("a"\n     f"{old["a"]}" "b" f"{old}")', ["x", "old", "old"]),
    "joined-to-a-plain-one": ('f(f"{old["a"]}" "b", "c", old)', ["f", "old", "old"]),
    "template": ('t"{old} and {old["a"]:{b}}"', ["old", "old", "b"]),
    "raw-template": ('x = rt"\\d{old}"', ["x", "old"]),
    "type-alias": ("type X = old | None", ["X", "old"]),
    "type-alias-with-parameters": ("type X[T: int = str, *Ts, **P] = dict[T, old]", ["X", "dict", "T", "old"]),
    "type-alias-in-a-class": ("class A: type X = old", ["X", "old"]),
    "type-alias-below": ("if 1:\n    type X = old\n    old()", ["X", "old", "old"]),
    "generic-function": ("def f[T: (int, str)](a: T, b=old) -> T: ...", ["T", "old", "T"]),
    "generic-class": ("class C[T](old): ...", ["old"]),
    "generic-over-lines": ("async def f[\n    T,\n](a: old): ...", ["old"]),
    "exceptions": ("try: ...\nexcept A, old: ...", ["A", "old"]),
    "lazy-import": ("lazy from pkg import old as x\nold()", ["old"]),
}
OWN = {
    "soft-words": "type = 1\ntype(type)\ntype: int\nmatch.type = lazy\n",
    "f-strings-of-old": "f'{a:{b}} {c!r}' \"it's\" r'\\''\n",
    "text": 'x = \'type X = 1\' # def f[T](): f"{x["a"]}"\n',
    "subscripts": "x[f'{a}'] = d[0]\nclass C: ...\n",
}


def names(source: bytes) -> list[tuple[str, int, int]]:
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    return sorted(((n.id, n.lineno, n.col_offset) for n in found), key=lambda each: each[1:])


@pytest.mark.parametrize(("text", "expected"), NEWER.values(), ids=NEWER)
def test_every_name_stays_at_its_place(text: str, expected: list[str]) -> None:
    source = f"{text}\n".encode()
    made = older(source)
    assert made is not None
    assert len(made.source) == len(source)
    assert made.source.count(b"\n") == source.count(b"\n")
    found = names(made.source)
    assert [name for name, _, _ in found] == expected
    lines = source.split(b"\n")
    assert all(lines[line - 1][column:].startswith(name.encode()) for name, line, column in found)


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_what_needs_nothing_is_left_or_means_the_same(text: str) -> None:
    made = older(text.encode())
    if made is not None:
        assert {name for name, _, _ in names(made.source)} == {name for name, _, _ in names(text.encode())}


@pytest.mark.parametrize(
    "text", ['f"{', 'f"{x', 'f"{x:{', 'f"\n"', "def f[T", 'f"""{x}', "t'\\", "f'{\"", 60 * 'f"{' + "}"]
)
def test_what_is_not_whole_is_not_read(text: str) -> None:
    assert older(text.encode()) is None


HOSTILE = {
    "formats": b'f"{x:' * 20_000,
    "equal-signs": b'f"{' + b"=" * 100_000,
    "excepts": b"except " * 50_000 + b",",
    "generics": b"def f[T]():pass\n" * 20_000 + b"(",
    "brackets": b"class C[" * 30_000,
    "backslashes": b"f'" + b"\\" * 100_000,
    "nested": b'f"{' * 40 + b"x" * 1000 + b'}"' * 40,
    "types": b"type " * 50_000 + b"x=",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_no_source_takes_long(source: bytes) -> None:
    began = time.process_time()
    older(source)
    assert time.process_time() - began < 3


@pytest.mark.parametrize("text", [text for text, _ in NEWER.values()], ids=NEWER)
def test_usages_are_found_on_any_python(text: str) -> None:
    source = f"from pkg import old\n{text.replace('lazy from', 'from')}\n".encode()
    report = scan_file(source, "a.py", CONFIG.migrations, Index(), fixes=True)
    assert isinstance(report, Scanned), report
    assert len(report.findings) > 1
    try:
        ast.parse(source)
    except SyntaxError:
        assert all(finding.fix is None for finding in report.findings)
        running = f"{sys.version_info.major}.{sys.version_info.minor}"
        assert {f.reason for f in report.findings} == {
            f"The file is for a newer Python than {running}, which reads it: run ssot with that one to rewrite it."
        }


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads type parameters itself")
def test_a_name_in_type_parameters_is_not_lost_in_silence() -> None:
    source = b"from pkg import old\ndef f[T: old](a: T): ...\n"
    report = scan_file(source, "a.py", CONFIG.migrations, Index())
    assert isinstance(report, Failed)
    assert (report.line, report.hits) == (1, (1, 2))
    assert report.message == "type parameters cannot be read as Python 3.11; run ssot with Python 3.12 or newer"


@pytest.mark.parametrize("text", ["x = = 1", "def f(:"])
def test_invalid_syntax_is_never_said_alone(text: str) -> None:
    report = scan_file(f"from pkg import old\n{text}\n".encode(), "a.py", CONFIG.migrations, Index())
    assert isinstance(report, Failed)
    assert report.line == 2
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert report.message.endswith(f"(read as Python {running}; if it is for a newer one, run ssot with that)")
