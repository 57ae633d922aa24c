"""Questions to the view of the whole program, and what a witness does to a fix."""

from collections.abc import Mapping

import pytest

from bot.engine.program.cycles import closes_cycle, closure
from bot.engine.program.existence import lacks, lacks_for
from bot.engine.program.index import Index
from bot.engine.program.nature import differs
from tests.engine.rewrite.tools import drop_in, module, rewrite

DEPOT = {
    "depot/__init__.py": "",
    "depot/ledger.py": "LIMIT = 1\ndef fetch_row(q): return q\ndef other(): return 1\n",
    "depot/vault.py": "CAP = 1\ndef load_row(q): return q\n",
}


def index_of(files: Mapping[str, str]) -> Index:
    return Index.build((path, text.encode()) for path, text in files.items())


TAKEN = {
    "imported": ("from pkg.a import sh\n", True),
    "as a member": ("import pkg.a\npkg.a.sh.scale(1)\n", True),
    "as a member of an alias": ("from pkg import a as b\nb.sh\n", True),
    "in a string": ("x('pkg.a.sh')\n", True),
    "through a star": ("from pkg.a import *\nsh\n", True),
    "through a star, for others": ("from pkg.a import *\n", False),
    "of a module of the same last name": ("from other.a import sh\n", False),
    "another name of it": ("from pkg.a import shell\n", False),
    "as an alias only": ("import shapes as sh\nfrom pkg import a\n", False),
}


@pytest.mark.parametrize(("user", "taken"), TAKEN.values(), ids=TAKEN)
def test_who_takes_a_name_is_told_by_the_resolved_module(user: str, taken: bool) -> None:
    index = index_of({"pkg/__init__.py": "", "pkg/a.py": "import shapes as sh\n", "user.py": user})
    found = list(index.program.takers(["pkg.a"], "sh", besides="pkg/a.py"))
    assert [witness.path for witness in found][:1] == (["user.py"] if taken else [])


def test_a_name_that_goes_on_through_a_star_is_taken() -> None:
    files = {"a.py": "import shapes as sh\n", "b.py": "from a import *\n", "c.py": "from b import sh\n"}
    assert [w.path for w in index_of(files).program.takers(["a"], "sh", besides="a.py")] == ["c.py"]


WITNESSES = {
    "written": ("from depot import ledger\nledger.LIMIT = 3\n", "LIMIT", "written-elsewhere"),
    "written under its package's name": ("import depot.ledger\ndepot.ledger.LIMIT = 3\n", "LIMIT", "written-elsewhere"),
    "patched where it is looked up": ("patch('depot.ledger.fetch_row', f)\n", "fetch_row", "written-elsewhere"),
    "patched through the user": ("import app.x\npatch.object(app.x.ledger, 'fetch_row')\n", "fetch_row",
                                 "written-elsewhere"),
    "the module is stubbed": ("sys.modules['depot.ledger'] = fake\n", "fetch_row", "stubbed"),
    "unreadable": ("def broken(:\n    ledger.fetch_row = 1\n", "fetch_row", "unread"),
    "unreadable, of something else": ("def broken(:\n    ledger.other = 1\n", "fetch_row", None),
    "by a computed name": ("from depot import ledger\nsetattr(ledger, n, 1)\n", "fetch_row", None),
    "another module's": ("from other import ledger\nledger.fetch_row = 1\n", "fetch_row", None),
    "another member": ("from depot import ledger\nledger.other = 1\n", "fetch_row", None),
}  # fmt: skip


@pytest.mark.parametrize(("witness", "name", "code"), WITNESSES.values(), ids=WITNESSES)
def test_a_fix_is_safe_only_without_a_witness(witness: str, name: str, code: str | None) -> None:
    new = {"LIMIT": "CAP", "fetch_row": "load_row"}[name]
    source = f"from depot import ledger\ndef go():\n    print(ledger.{name})\n"
    found = rewrite(source, drop_in(f"depot.ledger.{name}", f"depot.vault.{new}"), files={**DEPOT, "w.py": witness})
    assert found.codes == [code]
    assert (found.after == source.encode()) is (code is not None)
    if code:
        assert "w.py:" in (found.findings[0].reason or "")


def test_a_patch_of_the_definition_does_not_reach_what_was_imported_from_there() -> None:
    source = "from depot.ledger import fetch_row\nprint(fetch_row(1))\n"
    files = {**DEPOT, "w.py": "patch('depot.ledger.fetch_row', f)\n"}
    found = rewrite(source, drop_in("depot.ledger.fetch_row", "depot.vault.load_row"), files=files)
    assert found.text == "from depot.vault import load_row\nprint(load_row(1))\n"


CYCLES = {
    "itself": ({"new.py": "import user\n"}, "new.py:1"),
    "by way of another": ({"new.py": "x = 1\nfrom mid import y\n", "mid.py": "\nimport user\n"}, "mid.py:2"),
    "in a function": ({"new.py": "def f():\n    import user\n"}, None),
    "for types": ({"new.py": "if TYPE_CHECKING:\n    import user\n"}, None),
    "of something else": ({"new.py": "import mid\n", "mid.py": ""}, None),
}


@pytest.mark.parametrize(("files", "expected"), CYCLES.values(), ids=CYCLES)
def test_an_import_that_leads_back(files: Mapping[str, str], expected: str | None) -> None:
    found = closes_cycle(index_of({"user.py": "", **files}), "user.py", "new", frozenset(), 1)
    assert (str(found) if found else None) == expected


def test_of_a_module_that_is_not_there_nothing_is_run() -> None:
    assert closure(index_of({"user.py": "import new\n"}), "new").steps == {}


def test_a_package_that_has_begun_is_not_imported_again() -> None:
    files = {"p/__init__.py": "from p import user, new\n", "p/user.py": "", "p/new.py": "import os\n"}
    assert closes_cycle(index_of(files), "p/user.py", "p.new", frozenset(), 1) is None


EXISTENCE = {
    "a name": ("depot.vault.load_row", False),
    "no name": ("depot.vault.nothing", True),
    "a module": ("depot.vault", False),
    "a member of a class": ("depot.kinds.Kind.A", False),
    "no member of it": ("depot.kinds.Kind.B", True),
    "of a class with an unknown base": ("depot.kinds.Open.B", False),
    "of a class with a known base": ("depot.kinds.Derived.A", False),
    "of a known base no member": ("depot.kinds.Derived.B", True),
    "through a façade": ("depot.face.Kind.B", True),
    "another package's": ("elsewhere.mod.name", False),
    "imported somewhere, though it is not there": ("depot.generated.name", False),
}


@pytest.mark.parametrize(("dotted", "expected"), EXISTENCE.values(), ids=EXISTENCE)
def test_what_is_not_there(dotted: str, expected: bool) -> None:
    kinds = (
        "import enum, ext\nclass Kind(enum.Enum):\n    A = 1\nclass Open(ext.Base): pass\nclass Derived(Kind): C = 2\n"
    )
    files = {
        **DEPOT,
        "depot/kinds.py": kinds,
        "depot/face.py": "from .kinds import Kind\n",
        "u.py": "import depot.generated\n",
    }
    assert lacks(index_of(files), dotted) is expected


def test_a_successor_has_to_be_below_the_file_s_own_root() -> None:
    files: dict[str, bytes | None] = {
        "a/pyproject.toml": b"", "b/pyproject.toml": b"", "a/depot/__init__.py": b"", "b/depot/__init__.py": b"",
        "a/depot/vault.py": b"", "b/depot/vault.py": None, "b/depot/vault/__init__.py": None,
    }  # fmt: skip
    index = Index(files, ("a", "b"))
    assert [lacks_for(index, path, "depot.vault.load_row") for path in ("a/x.py", "b/x.py")] == [False, True]


NATURES = {
    "an enumeration": ("class K(enum.Enum): A = 'a'\n", True),
    "one that is shown otherwise": ("class K(str, enum.Enum): A = 'a'\n", True),
    "one that is text": ("class K(enum.StrEnum): A = 'a'\n", False),
    "one of its own that is text": (
        "class S(str, enum.Enum):\n    def __str__(self): ...\nclass K(S): A = 'a'\n",
        False,
    ),
    "no enumeration": ("class K: A = 'a'\n", False),
}


@pytest.mark.parametrize(("source", "expected"), NATURES.values(), ids=NATURES)
def test_a_constant_is_no_member_of_an_enumeration(source: str, expected: bool) -> None:
    index = index_of({"old.py": "A = 'a'\n", "new.py": f"import enum\n{source}"})
    assert (differs(index, "old.A", "new.K.A") is not None) is expected


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        ("A = 'a'\n", True),
        ("A: str = 'a'\n", True),
        ("A = B = 'a'\n", True),
        ("A: str\n", False),
        ("B: str = 'a'\n", False),
        ("A = f()\n", False),
        ("A = 'a'\ndef f(:\n", False),
        ("def A(): ...\n", False),
    ],
)
def test_what_is_a_constant(old: str, expected: bool) -> None:
    index = index_of({"old.py": old, "new.py": "import enum\nclass K(enum.Enum): A = 'a'\n"})
    assert (differs(index, "old.A", "new.K.A") is not None) is expected


STARS = {
    "the last one wins": ("from lib import *\nfrom more import *\nf()\n", None),
    "the one above does not": ("from more import *\nfrom lib import *\nf()\n", "g()"),
    "over an import above it": ("from lib import f\nfrom more import *\nf()\n", None),
    "not over one below it": ("from more import *\nfrom lib import f\nf()\n", "g()"),
    "that may be another's": ("from lib import *\nfrom unknown import *\nf()\n", None),
}


@pytest.mark.parametrize(("source", "expected"), STARS.values(), ids=STARS)
def test_the_last_star_wins(source: str, expected: str | None) -> None:
    files = {"lib.py": "def f(): ...\ndef g(): ...\n", "more.py": "def f(): ...\n"}
    found = rewrite(source, drop_in("lib.f", "lib.g"), path="x.py", files=files)
    assert found.text == source if expected is None else found.text.endswith(f"\n{expected}\n")


def test_a_new_name_does_not_take_another_s_place_through_a_star() -> None:
    files = {**DEPOT, "b.py": "def load_row(): ...\nfrom app.x import *\nload_row()\n"}
    migration = drop_in("depot.ledger.fetch_row", "depot.vault.load_row")
    found = rewrite("from depot.ledger import fetch_row\nfetch_row(1)\n", migration, files=files)
    assert set(found.codes) == {"shadows-elsewhere"}


def test_a_module_that_is_moved_needs_all_that_is_used_of_it() -> None:
    source = "from depot.ledger import *\nother()\n"
    found = rewrite(source, module("depot.ledger", "depot.vault"), files=DEPOT)
    assert (found.text, set(found.codes)) == (source, {"successor-missing"})


def test_an_index_that_is_watched_remembers_the_files_that_it_is_asked_about() -> None:
    index = index_of({"a.py": "from b import x\n", "b.py": "from c import x\n", "d.py": "x = 1\n"})
    watched, asked = index.watched()
    assert (list(watched.files), len(watched.files)) == (["a.py", "b.py", "d.py"], 3)
    assert list(watched.files.values()) == list(index.files.values())
    assert asked == set()
    assert watched.resolution("b.x").names == index.resolution("b.x").names
    assert {"b.py", "c.py"} <= asked
    assert asked.isdisjoint({"a.py", "d.py"})
    assert watched.files["d.py"] == b"x = 1\n"
    assert "d.py" in asked
