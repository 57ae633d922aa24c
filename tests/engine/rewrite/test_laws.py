"""Laws of rewriting, on programs put together at random."""

import ast
import builtins
import itertools
import re
import types
from collections.abc import Mapping, Sequence

import libcst
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyflakes import checker, messages

from bot.domain.migration import Migration
from bot.engine.rewrite import apply_edits, apply_fixes
from tests.engine.rewrite.tools import DROP_IN, PATH, factory, pattern, rewrite, scan

HEADS = [
    "from old.mod import f\n",
    "from old.mod import f as a\n",
    "from old.mod import (\n    k,  # k\n    f,  # f\n)\n",
    "from old.mod import f, k\n",
    "import old.mod\n",
    "import old.mod as m\n",
    "from old import mod\n",
    "try:\n    from old.mod import f\nexcept ImportError:\n    f = None\n",
    "from old.mod import f\nfrom new.mod import g\n",
    "from old.mod import f; from old.mod import k\n",
    "'''doc'''\nfrom __future__ import annotations\nfrom old.mod import f\n",
]
BODIES = [
    "F(1)\n",
    "print(F(F(2)), [F(x) for x in (3, 4)])\n",
    "def p1(c=F):\n    return c(5)\np1()\n",
    "def p2(g=6):\n    return F(g)\np2()\n",
    "def p3():\n    x = F(7)\n    return x\np3()\n",
    "def p4():\n    x = F(8)\np4()\n",
    "def p5():\n    x = F(9)\n    return x is None, not x\np5()\n",
    "def p6():\n    from old.mod import f\n    return f(10)\np6()\n",
    "def p7():\n    import old.mod as q\n    return q.f(11), q.k(12)\np7()\n",
    "class P8:\n    h = staticmethod(F)\nP8.h(13)\n",
    "y = lambda f: f\nz = F(\n    14,  # why\n)\n",
    "def p9(f):\n    return f\np9(F)(15)\n",
    "g = 16\n",
    "print(f'{F(17)}')\n",
    "if F: F(18)\n",
    "F(19); F(20)\n",
    "\n# F is here: f, old.mod.f\n",
    "def p10(x: 'F' = None): ...\np10()\n",
]
SPELLED = {
    "from old.mod import f as a": "a",
    "import old.mod\n": "old.mod.f",
    "import old.mod as m": "m.f",
    "from old import mod": "mod.f",
}


@st.composite
def programs(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(HEADS))
    bodies = draw(st.lists(st.sampled_from(BODIES), max_size=6))
    name = next((spelling for start, spelling in SPELLED.items() if head.startswith(start)), "f")
    text = head + "".join(body.replace("F", name) for body in bodies)
    return text if draw(st.booleans()) else text.rstrip("\n")


MIGRATIONS: Sequence[Migration] = [
    DROP_IN,
    factory(),
    pattern("$deprecated($*a, $**k)", "$canonical($*a, $**k)"),
    pattern("$deprecated($a)", "$canonical(value=$a)"),
]
by_migration = pytest.mark.parametrize("migration", MIGRATIONS, ids=["drop-in", "factory", "rest", "label"])
LAWS = settings(max_examples=20, derandomize=True, deadline=None)


@by_migration
@given(source=programs(), unsafe=st.booleans())
@LAWS
def test_a_second_run_changes_nothing(migration: Migration, source: str, unsafe: bool) -> None:
    rewrite(source, migration, unsafe=unsafe)


@by_migration
@given(source=programs())
@LAWS
def test_the_result_parses_and_no_name_is_newly_undefined(migration: Migration, source: str) -> None:
    found = rewrite(source, migration, unsafe=True)
    assert undefined(found.text) <= undefined(source)
    assert libcst.parse_module(found.after).bytes == found.after  # a second parser reads the same


@by_migration
@given(source=programs())
@LAWS
def test_line_ends_and_the_mark_commute_with_rewriting(migration: Migration, source: str) -> None:
    assume("\n" in source)
    plain = rewrite(source, migration).after
    windows = rewrite(source.encode().replace(b"\n", b"\r\n"), migration).after
    assert windows == plain.replace(b"\n", b"\r\n")
    assert rewrite(b"\xef\xbb\xbf" + source.encode(), migration).after == b"\xef\xbb\xbf" + plain


@by_migration
@given(source=programs())
@LAWS
def test_every_fix_can_be_applied_alone(migration: Migration, source: str) -> None:
    before = source.encode()
    for finding in scan(before, migration, PATH, {PATH: before}):
        if finding.fix is not None:
            edits = finding.fix.edits
            assert list(edits) == sorted(edits)
            assert all(one.end <= other.start for one, other in itertools.pairwise(edits))
            after = apply_edits(before, edits).decode()
            assert undefined(after) <= undefined(source)


@by_migration
@given(source=programs(), data=st.data())
@LAWS
def test_any_choice_of_fixes_goes_together(migration: Migration, source: str, data: st.DataObject) -> None:
    before = source.encode()
    findings = scan(before, migration, PATH, {PATH: before})
    chosen = [finding for finding in findings if data.draw(st.booleans())]
    ast.parse(apply_fixes(before, chosen, unsafe=True))


@given(source=programs())
@LAWS
def test_a_drop_in_successor_is_called_as_the_deprecated_one_was(source: str) -> None:
    after = rewrite(source, DROP_IN).text
    assert calls(after) == calls(source)


@given(source=programs(), alias=st.sampled_from(["q", "_x", "é", "g", "mod"]))
@LAWS
def test_the_name_of_an_alias_does_not_matter(source: str, alias: str) -> None:
    body = source.partition("\n")[2] if source.startswith("from old.mod import f as a\n") else "a(1)\nprint(a)\n"
    assume(not re.search(rf"\b{alias}\b", body))  # it is something else there
    bodies = [re.sub(r"\ba\b", name, body) for name in ("a", alias)]
    one, other = (f"from old.mod import f as {name}\n{text}" for name, text in zip(("a", alias), bodies, strict=True))
    assert shape(one) == shape(other)


def shape(source: str) -> list[tuple[object, ...]]:
    """What is found where."""
    found = scan(source.encode(), DROP_IN, PATH, {})
    return [(f.kind, f.symbol, f.range.line, f.applicability, f.reason_code) for f in found]


def undefined(source: str) -> set[str]:
    """The names that pyflakes calls undefined."""
    found = checker.Checker(ast.parse(source)).messages
    return {str(m.message_args[0]) for m in found if isinstance(m, messages.UndefinedName)}


def calls(source: str) -> list[object]:
    """What the program calls ``f`` (or its successor) with, and what it prints, in order."""
    log: list[object] = []

    def function(argument: object) -> object:
        log.append(argument)
        return argument

    members = {"f": function, "g": function, "k": log.append}
    modules = {"old.mod": types.SimpleNamespace(**members), "new.mod": types.SimpleNamespace(**members)}
    packages = {name: types.SimpleNamespace(mod=modules[f"{name}.mod"]) for name in ("old", "new")}

    def importer(name: str, _g: object = None, _l: object = None, names: Sequence[str] = (), level: int = 0) -> object:
        found: Mapping[str, object] = {**modules, **packages}
        if name == "__future__":
            return __import__(name, fromlist=list(names))
        return found[name] if names else found[name.partition(".")[0]]

    scope = {**vars(builtins), "__import__": importer, "print": lambda *a: log.append(repr(a))}
    exec(compile(source, "p", "exec"), {"__builtins__": scope, "__name__": "p"})  # noqa: S102  our own snippets
    return log
