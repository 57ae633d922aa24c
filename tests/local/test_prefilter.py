"""A usage of a package that is not in the repository is found through every way by which it can come into a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest

from bot.config import load
from bot.domain.finding import Scanned
from bot.domain.migration import Config
from bot.engine.prefilter.terms import PrefilterTerm
from bot.local.files import list_files
from bot.local.search import Search
from bot.local.tree import Options, scan_tree

CONFIG = """
version: 1
migrations:
  m:
    deprecated: [ext.str, ext.sub.get, builtins.reload]
"""
NOISE = {
    "noise.py": "def get(str):\n    return str\nget(1)\n",
    "other.py": "import ext\nfor str in ext.all():\n    print(str(1), {1: 2}[get], len(str) == 3)\n",
}
"""The names as text, and nothing that could bring the package's; or the package, and nothing that takes them of it."""

WAYS = {
    "imported": {"a.py": "from ext import str\nstr(1)\n"},
    "through the module": {"a.py": "import ext as e\ne.sub.get()\n"},
    "as a string": {"a.py": "patch('ext.sub.get')\n"},
    "a built-in name needs no import": {"a.py": "reload(x)\n"},
    "a module's name for the package": {"compat.py": "import ext as e\n", "a.py": "from compat import e\ne.str(1)\n"},
    "a module's name for a module": {
        "compat.py": "from ext import sub as s\n",
        "a.py": "import compat\ncompat.s.get()\n",
    },
    "a module's own name for it": {
        "compat.py": "from ext import str as text\n",
        "a.py": "from compat import text\ntext(1)\n",
    },
    "a module that passes it on": {"compat.py": "from ext import str\n", "a.py": "import compat\ncompat.str(1)\n"},
    "a star": {"compat.py": "from ext.sub import *\n", "a.py": "from compat import get\nget()\n"},
    "a package that passes it on": {
        "lib/__init__.py": "from ext import str\n",
        "lib/inner.py": "from . import str\nstr(1)\n",
    },
    "two modules in a row": {
        "one.py": "from ext import (\n    str,\n)\n",
        "two.py": "from one import str\n",
        "a.py": "from two import str\nstr(1)\n",
    },
    "a module's name for the package, renamed": {
        "one.py": "import ext as e\n",
        "two.py": "from one import e as xp\n",
        "a.py": "from two import xp\nxp.str(1)\n",
    },
    "a module's name for the package, assigned": {
        "one.py": "import ext as e\n",
        "two.py": "import one\nw = one.e\n",
        "a.py": "import two\ntwo.w.sub.get()\n",
    },
    "a module that passes it on, renamed": {
        "one.py": "from ext import str\n",
        "two.py": "import one as o\n",
        "a.py": "from two import o\no.str(1)\n",
    },
    "a way out of a file that was found before it": {
        "one.py": "import ext as e\n",
        "two.py": "import ext\nfrom one import e as xp\next.sub.get()\n",
        "a.py": "from two import xp\nxp.str(1)\n",
    },
    "an import on a line with others": {
        "one.py": "try: import ext as e\nexcept ImportError: pass\n",
        "a.py": "from one import e\ne.str(1)\n",
    },
    "an import on several lines": {
        "one.py": "import os, \\\n  sys, ext \\\n as e\n",
        "a.py": "from one import e\ne.str(1)\n",
    },
    "an import from on several lines": {
        "one.py": "from ext \\\n  import \\\n  str\n",
        "a.py": "from one import str\nstr(1)\n",
    },
    "an import from without a blank": {
        "lib/__init__.py": "",
        "lib/one.py": "from ext import str\n",
        "lib/two.py": "from.one import str\n",
        "a.py": "from lib.two import str\nstr(1)\n",
    },
    "a member on the next line": {"a.py": "import ext\n(ext.  # of others\n    str(1))\n(ext.\n sub.\\\n get())\n"},
    "a member by its name": {"one.py": "from ext import str\n", "a.py": "import one\ngetattr(one, 'str')(1)\n"},
    "a keyword": {"one.py": "from ext import str\n", "a.py": "import one\npatch.multiple(one, str = 1)\n"},
    "an object's path": {
        "lib/__init__.py": "",
        "lib/one.py": "from ext import str\n",
        "a.py": "resolve_name('lib.one:str')\n",
    },
    "a long list": {
        "one.py": "from ext import (\n    other, str as text,\n    str\n)\n",
        "a.py": f"from one import ({', '.join(f'name{n}' for n in range(90))}, str)\nstr(1)\n",
    },
    "a star that brings it here": {"one.py": "from ext import str\n", "a.py": "from one import *\nstr(1)\n"},
    "an import among others on its line": {"a.py": "x = 1; from ext import other, str; str(1)\n"},
    "a name that is given to another name": {
        "one.py": "from ext import str as text\n",
        "two.py": "from one import text\nwords = text\n",
        "a.py": "from two import words\nwords(1)\n",
    },
}


@pytest.mark.parametrize("files", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("jobs", [1, 2])
def test_it_is_found(tmp_path: Path, files: Mapping[str, str], jobs: int) -> None:
    found, read = scan(tmp_path, {**NOISE, **files}, jobs)
    assert {(path, line) for path, line in found if path == list(files)[-1]}, found
    assert all(path not in NOISE for path, _ in found)
    assert read.isdisjoint(NOISE)


FILLERS = {f"filler/f{number}.py": f"x = {number}\n" for number in range(80)}


@pytest.mark.parametrize("files", WAYS.values(), ids=WAYS.keys())
def test_names_that_stand_in_few_files_lead_to_them_without_gates(tmp_path: Path, files: Mapping[str, str]) -> None:
    found, read = scan(tmp_path, {**FILLERS, **files}, 1)
    assert {(path, line) for path, line in found if path == list(files)[-1]}, found
    assert read <= files.keys()
    assert all(not term.opening_words for term in terms(tmp_path))
    assert any(term.opening_words for term in terms(tmp_path, {f"common/{n}.py": "def get(): ...\n" for n in range(5)}))


def terms(root: Path, more: Mapping[str, str] = MappingProxyType({})) -> Sequence[PrefilterTerm]:
    """The prefilter terms that are looked for in a tree, once ``more`` files are in it."""
    write(root, more)
    return Search.of(root, list_files(root), load(CONFIG.encode(), file="ssot.yml"), 1).terms


def test_a_package_of_the_repository_needs_no_import_of_its_name(tmp_path: Path) -> None:
    """A string that goes astray does not name the module that has it."""
    files = {
        "ext/__init__.py": "",
        "ext/sub.py": "def get(): ...\n",
        "ext/other.py": "",
        "a.py": "patch('ext.other.get')\n",
    }
    found, _ = scan(tmp_path, files, 1)
    assert found == {("a.py", 1)}


def test_a_file_of_the_packages_name_is_not_the_package(tmp_path: Path) -> None:
    """``utils/ext.py`` is named after what it helps with, and uses it."""
    found, _ = scan(tmp_path, {"utils/ext.py": "import ext\next.str(1)\n"}, 1)
    assert found == {("utils/ext.py", 2)}


def write(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def scan(root: Path, files: Mapping[str, str], jobs: int) -> tuple[set[tuple[str, int]], set[str]]:
    """The places of the usages, and the files that were parsed."""
    write(root, files)
    config: Config = load(CONFIG.encode(), file="ssot.yml")
    listing = list_files(root)
    search = Search.of(root, listing, config, jobs)
    scanned = scan_tree(root, listing, search, config, Options(jobs=jobs))
    reports = [report for report in scanned.reports if isinstance(report, Scanned)]
    again = Search(root, listing.paths, search.terms, jobs).result()
    return {(report.path, f.range.line) for report in reports for f in report.findings}, set(again.sources)
