"""A usage is new when the pull request has one more of it than before, wherever the lines went."""

import pickle
from textwrap import dedent

import pytest

from bot.domain.file_result import FileChange
from bot.domain.finding import Failed, Scanned
from tests.engine.diff.engine import change, new_in, review, told

BASE = b"""\
from pkg.old import dep
import os


def first(ctx):
    factory = dep()
    return factory.make(ctx)


def second(ctx):
    value = compute(
        dep(1, "a"),
        ctx,
    )
    return value


class Service:
    @cached(dep)
    def run(self):
        if dep() is None:
            return patch("pkg.old.dep")
        return os.getpid()
"""


def edit(*texts: bytes) -> bytes:
    """BASE with the first of each two texts replaced by the second, once."""
    head = BASE
    for old, new in zip(texts[::2], texts[1::2], strict=True):
        assert old in head
        head = head.replace(old, new, 1)
    return head


def block(name: str) -> bytes:
    """The text of one top-level definition of BASE, with the blank lines behind it."""
    start = BASE.index(name.encode())
    after = [at for at in (BASE.find(word, start + 1) for word in (b"\ndef ", b"\nclass ")) if at > 0]
    return BASE[start : min(after, default=len(BASE)) + 1]


def indented(text: bytes) -> bytes:
    return b"".join(b"    " + line if line.strip() else line for line in text.splitlines(keepends=True))


FIRST, SECOND = block("def first"), block("def second")
FACTORY = b"    factory = dep()\n"
WRAPS = {
    "try": b"    try:\n        factory = dep()\n    finally:\n        pass\n",
    "with": b"    with lock:\n        factory = dep()\n",
    "if": b"    if ctx:\n        factory = dep()\n",
    "closure": b"    def inner():\n        factory = dep()\n",
    "match": b"    match ctx:\n        case 1:\n            factory = dep()\n",
}


ALIASED = edit(b"import dep\n", b"import dep as old\n").replace(b" dep(", b" old(").replace(b"(dep)", b"(old)")
THROUGH_MODULE = (
    edit(b"from pkg.old import dep", b"import pkg.old")
    .replace(b" dep(", b" pkg.old.dep(")
    .replace(b"(dep)", b"(pkg.old.dep)")
)
LAZY = edit(b"from pkg.old import dep\n", b"", b"def first(ctx):\n", b"def first(ctx):\n    from pkg.old import dep\n")
MOVED_DOWN = edit(FIRST, b"") + b"\n\n" + FIRST
EXTRACTED = edit(FACTORY, b"    factory = g()\n") + b"\n\ndef g():\n    factory = dep()\n"
RENAMED = edit(b"def first(ctx):\n    factory =", b"def renamed(ctx):\n    value =")
OLD_IMPORTS = b"from pkg.old import dep\nimport os"

NOT_NEW = {
    "unchanged": BASE,
    "shifted": b"# a comment\n\n" + BASE,
    "LF to CRLF": BASE.replace(b"\n", b"\r\n"),
    "tabs": BASE.replace(b"    ", b"\t"),
    "byte-order mark": b"\xef\xbb\xbf" + BASE,
    "final newline lost": BASE.rstrip(b"\n"),
    "function moved down": MOVED_DOWN,
    "made a method": edit(FIRST, b"class K:\n" + indented(FIRST)),
    "reflowed": edit(b'        dep(1, "a"),\n        ctx,\n', b"        dep(1, 'a'), ctx"),
    "spread over lines": edit(b"dep(1, ", b"dep(  # why\n            1,\n            "),
    "quotes": edit(b'"a"', b"'a'"),
    "quotes of a dotted string": edit(b'"pkg.old.dep"', b"'pkg.old.dep'"),
    "brackets": edit(b"factory = dep()", b"(factory) = (dep)()"),
    "import gains a neighbour": edit(b"import dep\n", b"import dep, other\n"),
    "import bracketed": edit(b"import dep\n", b"import (\n    dep,\n    other,\n)\n"),
    "next import edited": edit(OLD_IMPORTS, OLD_IMPORTS.replace(b"import os", b"import sys")),
    "imports sorted": edit(OLD_IMPORTS, b"import os\nfrom pkg.old import dep"),
    "alias": ALIASED,
    "module imported instead": THROUGH_MODULE,
    "import made lazy": LAZY,
    "decorator above": edit(b"    @cached", b"    @traced\n    @cached"),
    "decorator edited": edit(b"@cached(dep)", b"@cached(dep, size=3)"),
    "test edited": edit(b"if dep() is None:", b"if dep() is not None:"),
    "if made while": edit(b"if dep() is None:", b"while dep() is None:"),
    "assigned to another name": edit(b"factory = dep()", b"renamed = dep()"),
    "argument added": edit(b"factory = dep()", b"factory = dep(ctx)"),
    "call made reference": edit(b"factory = dep()", b"factory = dep"),
    "function renamed and edited": RENAMED,
    "signature changed": edit(b"def first(ctx)", b"async def first(ctx, more)"),
    "extracted": EXTRACTED,
    "one removed": edit(FACTORY, b""),
    "one for another in the method": edit(b'patch("pkg.old.dep")', b"1", b"os.getpid()", b"patch('pkg.old.dep')"),
    "comment": edit(b"        return os", b"        # dep()\n        return os"),
    "docstring": edit(b"        return os", b'        "call dep()"\n        return os'),
    "attribute of the same name": edit(b"os.getpid()", b"self.dep()"),
    "all removed": b"import os\n",
    **{f"wrapped in {name}": edit(FACTORY, text) for name, text in WRAPS.items()},
}


@pytest.mark.parametrize("head", NOT_NEW.values(), ids=NOT_NEW.keys())
def test_is_not_new(head: bytes) -> None:
    assert told(new_in(change(BASE, head))) == []


STRING = b"patch('pkg.old.dep')\n        return os"
NEW = {
    "second in the function": (edit(FACTORY, FACTORY + b"    again = dep()\n"), ("call", 7)),
    "line pasted below": (edit(FACTORY, FACTORY * 2), ("call", 7)),
    "line pasted elsewhere": (edit(b"    return value", FACTORY + b"    return value"), ("call", 15)),
    "two where one was": (edit(FACTORY, b"    x, y = dep(), dep()\n"), ("call", 6)),
    "through the module": (edit(b"import os\n", b"import os\nfrom pkg import old\n\nold.dep()\n"), ("call", 5)),
    "reference": (edit(b"os.getpid()", b"Depends(dep)"), ("reference", 23)),
    "dotted string": (edit(b"return os", STRING), ("string-reference", 23)),
    "re-export": (edit(b"import os\n", b"import os\n\n__all__ = ['dep']\n"), ("re-export", 4)),
    "function pasted": (edit(SECOND, SECOND + SECOND.replace(b"second", b"third")), ("call", 20)),
    "default": (edit(b"def second(ctx)", b"def second(ctx, f=dep)"), ("reference", 10)),
    "idle import": (BASE + b"\n\ndef late():\n    from pkg.old import dep\n", ("import", 27)),
}


@pytest.mark.parametrize(("head", "expected"), NEW.values(), ids=NEW.keys())
def test_is_new(head: bytes, expected: tuple[str, int]) -> None:
    assert told(new_in(change(BASE, head))) == [expected]


def test_another_definition_of_the_name_is_new() -> None:
    definition = b"x = 1\n@cache\ndef dep():\n    pass\n"
    assert told(new_in(change(b"x = 1\n", definition, "pkg/more.py"))) == [("definition", 3)]
    assert told(new_in(change(definition, definition + b"x = 2\n", "pkg/more.py", "pkg/less.py"))) == []


def test_an_uncommented_usage_is_new() -> None:
    base = b"from pkg.old import dep\n# dep()\n"
    assert told(new_in(change(base, b"from pkg.old import dep\ndep()\n"))) == [("call", 2)]


def test_a_line_left_alone_becomes_a_usage_by_its_import() -> None:
    found = new_in(change(b"from pkg.fresh import dep\ndep()\n", b"from pkg.old import dep\ndep()\n"))
    assert told(found) == [("call", 2), ("import", 1)]


def test_an_added_file_is_all_new() -> None:
    found = new_in(change(None, BASE))
    assert len(told(found)) == 6


def test_a_deleted_file_brings_nothing() -> None:
    assert review(change(BASE, None))[0].report == Scanned(path="app/a.py")


@pytest.mark.parametrize("head", [BASE, BASE + b"\nx = 1\n", indented(BASE).replace(b"    ", b"if 1:\n    ", 1)])
def test_a_renamed_file_brings_nothing(head: bytes) -> None:
    assert new_in(change(BASE, head, path="app/b.py", base_path="app/a.py")) == []


IMPORT = b"from pkg.old import dep\n"
WITHOUT_SECOND = change(BASE, edit(SECOND, b""))
ACROSS_FILES = {
    "moved without a rename": ([change(BASE, None), change(None, BASE, "app/b.py")], []),
    "function moved to a new file": ([WITHOUT_SECOND, change(None, IMPORT + SECOND, "app/b.py")], []),
    "function moved to a file before": ([change(b"x = 1\n", IMPORT + SECOND, "app/0.py"), WITHOUT_SECOND], []),
    "function moved into a class": (
        [WITHOUT_SECOND, change(None, IMPORT + b"class K:\n" + indented(SECOND), "app/b.py")],
        [],
    ),
    "function copied": (
        [change(BASE, BASE), change(None, IMPORT + SECOND, "app/b.py")],
        [("call", 4), ("import", 1)],
    ),
    "migrating one place does not pay for another": (
        [
            change(BASE, BASE.replace(b"dep()", b"Dep()")),
            change(None, IMPORT + b"def other():\n    factory = dep()\n", "app/b.py"),
        ],
        [("call", 3), ("import", 1)],
    ),
    "moved and pasted": (
        [WITHOUT_SECOND, change(None, IMPORT + SECOND + SECOND.replace(b"second", b"third"), "app/b.py")],
        [("call", 12), ("import", 1)],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), ACROSS_FILES.values(), ids=ACROSS_FILES.keys())
def test_across_files(changes: list[FileChange], expected: list[tuple[str, int]]) -> None:
    assert told(new_in(*changes)) == expected


def test_a_head_that_does_not_parse_is_reported() -> None:
    (found,) = review(change(BASE, b"def (: dep\n"))
    assert isinstance(found.report, Failed)
    assert found.new == ()


def test_a_base_that_does_not_parse_leaves_the_added_lines() -> None:
    broken = b"from pkg.old import dep\ndep()\ndef (:\n"
    assert told(new_in(change(broken, b"from pkg.old import dep\ndep()\ndep(2)\n"))) == [("call", 3)]


def test_an_ignored_usage_is_listed_and_never_new() -> None:
    (found,) = review(
        change(
            b"",
            b"from pkg.old import dep  # ssot: ignore[dep] on purpose\ndep()  # ssot: ignore[dep] on purpose\ndep(1)\n",
        )
    )
    assert told(found.new) == [("call", 3)]
    assert isinstance(found.report, Scanned)
    assert [finding.ignored for finding in found.report.findings] == ["on purpose", "on purpose", None]


def test_an_ignored_copy_does_not_use_up_the_old_usage() -> None:
    head = b"from pkg.old import dep\ndef g():\n    dep()  # ssot: ignore[dep] on purpose\ndef f():\n    dep()\n"
    assert new_in(change(b"from pkg.old import dep\ndef f():\n    dep()\n", head)) == []


def test_what_a_file_that_does_not_parse_had_is_not_taken_as_moved() -> None:
    broken = change(BASE, BASE + b"def (:\n")
    assert len(told(new_in(broken, change(None, BASE, "app/b.py")))) == 6


def test_a_new_usage_may_stand_exactly_where_an_old_one_stood() -> None:
    base = IMPORT + b"def f():\n    a()\n    dep()\n    b()\n"
    head = IMPORT + b"def f():\n    n()\n    dep()\n    a()\n    dep()\n    b()\n"
    assert told(new_in(change(base, head))) == [("call", 4)]


def test_a_file_of_equal_bytes_is_not_scanned() -> None:
    (found,) = review(change(BASE, BASE))
    assert (found.report, found.new) == (Scanned(path="app/a.py"), ())


def test_a_chain_of_thousands_of_operators_is_no_recursion() -> None:
    chain = b"x = dep() + " + b" + ".join(b"1" for _ in range(700)) + b"\n"
    assert told(new_in(change(IMPORT, IMPORT + chain))) == [("call", 2)]


@pytest.mark.parametrize("separator", ["\r", "\x0c", "\u2028", "\x85"])
def test_lines_are_those_of_git(separator: str) -> None:
    text = f"text = 1 #{separator}# more\n" if separator == "\r" else f"text = '{separator}'\n"
    found = new_in(change(IMPORT, IMPORT + text.encode() + b"dep()\n"))
    assert [new.line for new in found] == [3]


def test_reviews_can_be_sent_to_another_process() -> None:
    found = review(change(IMPORT, BASE))
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301  our own bytes


def test_one_comment_speaks_for_the_import_and_its_use() -> None:
    source = dedent("""\
        def f():
            from pkg.old import dep
            return dep()
    """).encode()
    (found,) = new_in(change(None, source))
    assert (found.finding.kind, [other.kind for other in found.also], found.line) == ("call", ["import"], 3)
