"""The view of the whole program is worked out once, of files that are read once, and only where it is asked for."""

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.fix_files import command as migrate
from bot.config import load
from bot.engine.program.collect import Collector, facts_at
from bot.engine.program.doctests import examples
from bot.engine.program.facts import Facts
from bot.engine.program.sought import Sought
from bot.engine.program.view import Program
from bot.engine.resolve.exports import parse
from bot.local import facts_cache, parallel
from bot.local.cache import Cache
from bot.local.files import list_files
from bot.local.search import Search
from bot.local.tree import Options, TreeScan, scan_tree

SAME = b"""\
version: 1
migrations:
  dep:
    deprecated: [pkg.old.dep]
    canonical: pkg.new.Dep
    drop_in: true
"""
CONFIG = load(SAME)
FILES = {
    "pkg/__init__.py": "",
    "pkg/old.py": "def dep(): ...\n",
    "pkg/new.py": "class Dep: ...\n",
    "a.py": "from pkg import old\nfrom first import hand\n\nold.dep()\nhand(old)\n",
    "first.py": "from second import on\n\n\ndef hand(it):\n    on(it)\n",
    "second.py": "from third import last\n\n\ndef on(it):\n    last(it)\n",
    "third.py": "def last(it):\n    it.dep = None\n",
    "other.py": "x = 1\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_text(text)
    return tmp_path / "tree"


def scanned(tree: Path, cache: Cache | None = None) -> TreeScan:
    listing = list_files(tree)
    search = Search.of(tree, listing, CONFIG, 1)
    return scan_tree(tree, listing, search, CONFIG, Options(jobs=1, fixes=True, cache=cache))


def test_a_file_that_says_nothing_is_looked_into_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, leads_to = Counter[str](), Sought.leads_to

    def counted(self: Sought, source: bytes, path: str = "") -> bool:
        looks[path] += 1
        return leads_to(self, source, path)

    monkeypatch.setattr(Sought, "leads_to", counted)
    reports = scanned(tree).reports
    assert [each.path for each in reports] == ["a.py"]
    assert looks["other.py"] == 1


def test_what_is_kept_needs_no_view_of_the_program(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    made = list[int]()
    monkeypatch.setattr(Program, "_add", lambda *_: made.append(1))
    cache = Cache.of(CONFIG, tmp_path / "cache")
    first = scanned(tree, cache)
    assert made
    made.clear()
    assert scanned(tree, cache).reports == first.reports
    assert not made


def test_the_fixes_of_one_file_ask_once_what_the_other_files_say(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("SSOT_DATA_DIR", str(tmp_path / "data"))
    (tree / "ssot.yml").write_bytes(SAME)
    config, runner = ["--config", str(tree / "ssot.yml")], CliRunner()
    made = list[str]()

    def noted(path: str, source: bytes) -> Facts:
        made.append(path)
        return facts_at(path, source)

    monkeypatch.setattr(parallel, "CAN_FORK", False)  # a list in another process is another one
    monkeypatch.setattr(facts_cache, "facts_at", noted)
    for _ in range(2):
        assert runner.invoke(migrate, [str(tree / "a.py"), *config]).exit_code == 1
        assert len(made) == len(set(made)) > 1
    (tree / "first.py").write_text(FILES["first.py"] + "\n")
    made.clear()
    assert runner.invoke(migrate, [str(tree / "a.py"), *config]).exit_code == 1
    assert made == ["first.py"]


EXAMPLES = b"import json as j\nimport os\n\n\ndef f():\n    '''\n    >>> j.loads(j.__name__)\n    >>> f()\n    '''\n"


def test_what_a_module_says_of_itself_is_noted_once_however_many_examples_there_are() -> None:
    collector, tree = Collector(), parse(EXAMPLES)
    collector.imports_of(tree)
    for code in (tree, *examples(EXAMPLES)):
        collector.names_of(code)
    assert collector.texts["j.__name__"] == ["json"]
    assert collector.texts["os.__name__"] == ["os"]
