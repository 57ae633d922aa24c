"""What keeps a definition although no usage counts, and the other files that name it."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.finding import Skipped
from bot.domain.migration import Migration, Target
from bot.domain.references import Sha
from bot.engine.program.index import Index
from bot.engine.program.standing import in_use, may_name, names_in, standing
from bot.engine.survey import Survey, SurveyedFile, survey_file
from tests.engine.rewrite.tools import drop_in, module

SYMBOL, MODULE = drop_in("pkg.impl.old", "pkg.impl.new"), module("pkg.legacy", "pkg.modern")
TREE = {
    "pkg/__init__.py": "",
    "pkg/impl.py": "def old(): ...\n\n\ndef new(): ...\n",
    "pkg/legacy.py": "from pkg import legacy\n\n\ndef f(): return legacy\n",
    "pkg/modern.py": "def f(): ...\n",
}


def survey_of(files: Mapping[str, str], migration: Migration) -> Survey:
    sources = {path: text.encode() for path, text in files.items()}
    index = Index.build(sources.items())
    entries = {path: survey_file(source, path, [migration], index) for path, source in sources.items()}
    blobs = dict.fromkeys(sources, Sha("0" * 40))
    return Survey(commit=Sha("0" * 40), names=frozenset(), terms=(), roots=(), blobs=blobs, files=entries)


def kept_by(files: Mapping[str, str], migration: Migration, touched: tuple[str, ...] = ("pkg/impl.py",)) -> str | None:
    found = standing(migration, survey_of({**TREE, **files}, migration), touched)
    return found.reason if found else None


KEPT = {
    "does not parse": ("def f(:\n    old()\n", "`x.py` does not parse, and holds the name"),
    "does not parse, in other letters": ("def f(:\n    𝐨ld()\n", "`x.py` does not parse, and holds the name"),
    "on purpose": ("from pkg.impl import old  # ssot: ignore[m] a plugin\n", "`x.py:1` keeps it on purpose"),
    "imported": ("from pkg.impl import old\n", "`x.py:1` names it"),
    "a member": ("import pkg.impl\n\npkg.impl.old()\n", "`x.py:3` names it"),
    "a member of an alias": ("import pkg.impl as i\ni.old\n", "`x.py:2` names it"),
    "a string": ("patch('pkg.impl.old')\n", "`x.py:1` names it"),
    "an entry point": ("load('pkg.impl:old')\n", "`x.py:1` names it"),
    "an entry point of a command": ("setup(entry_points={'c': ['x = pkg.impl:old']})\n", "`x.py:1` names it"),
    "a text that is no entry point": ("print('see = pkg.impl:old or so')\n", None),
    "through a star": ("from pkg.impl import *\n\nold()\n", "`x.py:1` names it"),
    "written": ("import pkg.impl\nsetattr(pkg.impl, 'old', 1)\n", "`x.py:2` names it"),
    "another name": ("from pkg.impl import new\nnew()\n", None),
    "an attribute": ("def f(x): return x.old\n", None),
    "a variable": ("old = 1\nprint(old)\n", None),
    "of another module": ("from pkg.modern import old\n", None),
    "a broken file without it": ("def f(:\n    new()\n", None),
    "a comment": ("# pkg.impl.old\n", None),
    "a star and no use": ("from pkg.impl import *\n\nnew()\n", None),
}


@pytest.mark.parametrize(("user", "reason"), KEPT.values(), ids=KEPT)
def test_what_keeps_a_function(user: str, reason: str | None) -> None:
    excluding = replace(SYMBOL, exclude=("x.py",))
    assert kept_by({"x.py": user}, excluding if reason and "names" in reason else SYMBOL) == reason


FACADES = {
    "by its name": {"pkg/__init__.py": "from pkg.impl import old\n", "x.py": "from pkg import old\n"},
    "by another name": {"pkg/__init__.py": "from .impl import old as o\n", "x.py": "import pkg\npkg.o()\n"},
    "through its module": {"pkg/api.py": "from pkg import impl\n", "x.py": "from pkg.api import impl\nimpl.old()\n"},
    "through a star": {"pkg/__init__.py": "from .impl import *\n", "x.py": "from pkg import old\n"},
    "through two": {
        "a.py": "from pkg.impl import old\n",
        "b.py": "from a import old as o\n",
        "x.py": "import b\nb.o\n",
    },
}


@pytest.mark.parametrize("files", FACADES.values(), ids=FACADES)
def test_a_name_that_is_passed_on_is_followed_into_files_that_the_migration_leaves_out(
    files: Mapping[str, str],
) -> None:
    touched = ("pkg/impl.py", *(path for path in files if path != "x.py"))
    line = files["x.py"].count("\n")
    assert kept_by(files, replace(SYMBOL, exclude=("x.py",)), touched) == f"`x.py:{line}` names it"
    assert kept_by({**files, "x.py": "from pkg.impl import new\n"}, SYMBOL, touched) is None


MODULES = {
    "imported": ("import pkg.legacy\n", "`x.py:1` names it"),
    "imported as": ("import pkg.legacy as l\n", "`x.py:1` names it"),
    "from its package": ("from pkg import legacy\n", "`x.py:1` names it"),
    "something of it": ("from pkg.legacy import f\n", "`x.py:1` names it"),
    "all of it": ("from pkg.legacy import *\n", "`x.py:1` names it"),
    "loaded elsewhere": ("import pkg\npkg.legacy.f()\n", "`x.py:2` names it"),
    "in a string": ("import_module('pkg.legacy')\n", "`x.py:1` names it"),
    "another module": ("import pkg.modern\nfrom pkg.modern import f\n", None),
    "one that is called so": ("import other.legacy\n", None),
}


@pytest.mark.parametrize(("user", "reason"), MODULES.values(), ids=MODULES)
def test_what_keeps_a_module(user: str, reason: str | None) -> None:
    assert kept_by({"x.py": user}, replace(MODULE, exclude=("x.py",)), ("pkg/legacy.py",)) == reason


@pytest.mark.parametrize("name", ["old", "legacy_name", "𝐥egacy_name"])
def test_a_left_out_file_that_does_not_parse_keeps_it(name: str) -> None:
    """Also by the name that another module gives to it."""
    files = {**TREE, "facade.py": "from pkg.impl import old\nlegacy_name = old\n", "x.py": f"def f(:\n    {name}()\n"}
    found = replace(survey_of(files, replace(SYMBOL, exclude=("x.py",))), names=frozenset({"old", "legacy_name"}))
    told = standing(SYMBOL, found, ("pkg/impl.py", "facade.py"))
    assert told is not None
    assert told.reason == "`x.py` does not parse, and holds the name"


IN_USE = {
    "a call": ("from pkg.impl import old\n\nold()\n", "`x.py:1` uses `pkg.impl.old`"),
    "an import alone": ("from pkg.impl import old\n", "`x.py:1` uses `pkg.impl.old`"),
    "kept on purpose": ("from pkg.impl import old  # ssot: ignore[m] a plugin\n", "`x.py:1` keeps it on purpose"),
    "nothing": ("from pkg.impl import new\n", None),
}


@pytest.mark.parametrize(("user", "reason"), IN_USE.values(), ids=IN_USE)
def test_what_is_in_use(user: str, reason: str | None) -> None:
    found = in_use(SYMBOL, survey_of({**TREE, "x.py": user}, SYMBOL), ("pkg/impl.py",))
    assert (found.reason if found else None) == reason


def test_an_import_that_goes_with_the_removal_is_no_use() -> None:
    found = survey_of({**TREE, "x.py": "from pkg.impl import old\n"}, SYMBOL)
    assert in_use(SYMBOL, found, ("pkg/impl.py", "x.py")) is None


def test_a_file_that_could_not_be_read_keeps_it() -> None:
    found = survey_of(TREE, SYMBOL)
    big = SurveyedFile(report=Skipped(path="data.py", reason="too big"))
    told = standing(SYMBOL, replace(found, files={**found.files, "data.py": big}), ("pkg/impl.py",))
    assert told is not None
    assert told.reason == "`data.py` could not be read (too big)"


def test_one_name_of_several_is_enough() -> None:
    both = replace(SYMBOL, targets=(*SYMBOL.targets, Target(name="pkg.modern.f", canonical="pkg.modern.g")))
    assert kept_by({"x.py": "from pkg.modern import f\n"}, replace(both, exclude=("x.py",))) == "`x.py:1` names it"


OTHERS = {
    "a setting": ("pyproject.toml", b'old = "pkg.impl:old"\n', True),
    "a page": ("docs/a.rst", b":func:`pkg.impl.old`\n", True),
    "a notebook": ("n.ipynb", b'{"source": ["from pkg.impl import new, old\\n"]}', True),
    "a list": ("conf/a.yaml", b"- pkg.impl.old\n", True),
    "a script": ("bin/x", b"#!/usr/bin/python3\nfrom pkg.impl import (\n    old,\n)\n", True),
    "a script of the shell": ("bin/x", b"#!/bin/sh\npkg.impl.old\n", False),
    "a file without a line for the shell": ("LICENSE", b"pkg.impl.old\n", False),
    "a longer name": ("a.json", b'"pkg.impl.older"', False),
    "a name below another": ("a.json", b'"my.pkg.impl.old"', False),
    "another import": ("a.md", b"from pkg.impl import new\nold\n", False),
    "a picture": ("a.png", b"pkg.impl.old", False),
}


@pytest.mark.parametrize(("path", "content", "named"), OTHERS.values(), ids=OTHERS)
def test_other_files_that_name_it_are_listed(path: str, content: bytes, named: bool) -> None:
    files = {path: content} if may_name(path) else {}
    assert [each for each, source in files.items() if names_in(source, each, ["pkg.impl.old"])] == [path] * named
