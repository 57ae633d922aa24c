"""The law of the inventory: what is brought up to date equals what is made again, and what the engine finds at once."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.finding import FileReport, Scanned
from bot.domain.migration import Config, Migration, Target, TargetKind
from bot.domain.references import Sha
from bot.engine.prefilter.terms import Prefilter, PrefilterTerm
from bot.engine.program.facts import Facts
from bot.engine.program.index import Index
from bot.engine.program.sought import Sought
from bot.engine.scan import scan_file
from bot.engine.survey import Survey, of_interest, roots_of, survey_file
from bot.inventory.commit_sources import Caught
from bot.inventory.program import facts_of
from bot.inventory.survey import survey_fresh, update
from tests.local.test_prefilter import NOISE, WAYS

T = TypeVar("T")

OLD = Migration(name="m", targets=(Target(name="pkg.impl.old", canonical="pkg.impl.new"),))
LEGACY = Migration(name="n", targets=(Target(name="pkg.legacy", kind=TargetKind.MODULE),), exclude=("app/b.py",))
OUTSIDE = Migration(
    name="x", targets=(Target(name="ext.str"), Target(name="ext.sub.get"), Target(name="builtins.reload"))
)
"""Of a package that no tree here has, and by names that stand in files of all kinds."""
CONFIG = Config(migrations=(OLD, LEGACY, OUTSIDE))

USERS = [
    "from pkg import old\nold()\n",
    "from pkg.impl import old as f\nf()\n",
    "from pkg.facade import make\nx = make()\n",
    "from pkg.facade import old\n",
    "from pkg.facade import *\nold(), make()\n",
    "import pkg\npkg.old()\npkg.facade.make()\n",
    "import pkg.facade as p\np.make\n",
    "from pkg.deep import make\nmake()\n",
    "patch('pkg.facade.old')\npatch('pkg.impl.old')\n",
    "from pkg.legacy import thing\nthing()\n",
    "from lib.tool import again\nagain()\n",
    "old = 1\n",
    "nothing = 1\n",
    "from pkg.compat import e\ne.str(1)\n",
    "from pkg.other import *\ntext(1), get(), e.sub.get(), xp.str\n",
    "from pkg.deep import xp\nxp.str(1)\n",
    "import pkg.deep\npkg.deep.w.str(1), pkg.deep.xp.sub.get\n",
    "import ext\ndef str(get): return get\next.str\n",
    "class C:\n    str = get = 1\n",
    "try: import ext as e, os\nexcept: pass\ne.str\n",
    "from ext \\\n import \\\n str as text\ntext(1)\n",
    "def broken(:\n    old()\n",
]
SHAPES: Mapping[str, list[str]] = {
    "pkg/__init__.py": ["", "from pkg.impl import old\n", "from .impl import *\n", "from .impl import old as make\n"],
    "pkg/impl.py": [
        "def old(): ...\ndef new(): ...\n",
        "def new(): ...\n",
        "from .other import old\n",
        "__all__ = []\n",
    ],
    "pkg/other.py": [
        "from .compat import *\nfrom .deep import *\n",
        "from ext import str\ntext = str\n",
        "from .deep import xp\n",
        "def old(): ...\n",
        "from .impl import old\n",
        "x = 1\n",
    ],
    "pkg/facade.py": [
        "from pkg import old\n",
        "from pkg.impl import old as make\n",
        "import pkg.impl as impl\nmake = impl.old\n",
        "from pkg import *\n",
        "from .other import old\nmake = old\n",
        "def __getattr__(name): ...\n",
    ],
    "pkg/compat.py": [
        "import ext as e\n",
        "from ext import sub as e, str as text\n",
        "import os, \\\n sys, ext.sub as e\n",
        "from .deep import e\n",
    ],
    "pkg/deep.py": [
        "from .compat import e as xp\nimport ext\nw = ext\n",
        "import pkg.compat as k\nw = k.e\nxp = w\n",
        "from .compat import *\nfrom .other import text as e\n",
        "from pkg.facade import *\n",
        "from pkg.facade import make\n",
        "make = 1\n",
    ],
    "pkg/legacy/__init__.py": ["", "from pkg.impl import old\n"],
    "pkg/legacy.py": ["def thing(): ...\n"],
    "src/lib/tool.py": ["from pkg.impl import old as again\n", "def again(): ...\n"],
    "lib/tool.py": ["from pkg.facade import make as again\n", "again = 2\n"],
    "src/pyproject.toml": ["", "[project]\nrequires-python = '>=3.12'\n"],
    "src/pkg/impl.py": ["def old(): ...\n"],
    "app/a.py": USERS,
    "app/b.py": USERS,
    "src/c.py": USERS,
}

trees = st.fixed_dictionaries({}, optional={path: st.sampled_from(shapes) for path, shapes in SHAPES.items()})


@dataclass(frozen=True)
class Files:
    """A commit in memory."""

    content: Mapping[str, str]
    passed_over: Mapping[str, str] = field(default_factory=dict)

    @property
    def commit(self) -> Sha:
        return Sha(hashlib.sha256(repr(sorted(self.content.items())).encode()).hexdigest())

    @property
    def blobs(self) -> Mapping[str, Sha]:
        return {
            path: Sha(hashlib.sha256(text.encode()).hexdigest())
            for path, text in self.content.items()
            if of_interest(path)
        }

    async def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        return {path: self.content[path].encode() for path in paths if path in self.content}

    async def search(self, terms: Sequence[PrefilterTerm], paths: Iterable[str]) -> Caught:
        prefilter, files = Prefilter(terms), await self.read(paths)
        looked = {path: prefilter.look(path, source, len(source)) for path, source in files.items()}
        return Caught(
            files={path: files[path] for path, (hit, _) in looked.items() if hit},
            import_words={path: import_words for path, (_, import_words) in looked.items() if import_words},
        )

    async def facts(self, looked_for: Sought, paths: Iterable[str]) -> Mapping[str, Facts]:
        return await facts_of(each, await self.read(paths), looked_for)


async def each(function: Callable[..., T], files: Iterable[tuple[str, bytes]], *args: object) -> list[T]:
    return [function(source, path, *args) for path, source in files]


def force(tree: Mapping[str, str]) -> Survey:
    return asyncio.run(survey_fresh(Files(tree), CONFIG, each))


def answers(survey: Survey) -> dict[str, FileReport]:
    """What a survey says; which modules were asked for on the way there is nobody's business."""
    return {r.path: replace(r, missing_modules=frozenset()) if isinstance(r, Scanned) else r for r in survey.reports}


class Everything(dict[str, bytes]):
    """All files, and the knowledge that there are no others."""

    def __contains__(self, path: object) -> bool:
        return True


def at_once(tree: Mapping[str, str], survey: Survey) -> dict[str, FileReport]:
    """The engine's answer with all files in view.

    A file that does not parse is told of if a usage could be in it: not if nothing leads there from others' packages.
    """
    python = {path: text.encode() for path, text in tree.items() if path.endswith(".py")}
    index = Index(Everything(python), survey.roots, survey.names)
    reports = (scan_file(source, path, CONFIG.migrations, index, fixes=False) for path, source in python.items())
    prefilter = Prefilter(survey.terms)
    led_to = {path for path, source in python.items() if prefilter.look(path, source, len(source))[0]}
    kept = (r for r in reports if (r.findings if isinstance(r, Scanned) else r.path in led_to))
    return {r.path: replace(r, missing_modules=frozenset()) if isinstance(r, Scanned) else r for r in kept}


@given(tree=trees)
@example(tree={"app/a.py": "def broken(:\n    old()\n"})
@example(tree={"app/a.py": "def broken(:\n    old()\n", "pkg/impl.py": "def old(): ...\n"})
@settings(max_examples=150, deadline=None)
def test_a_survey_is_what_the_engine_finds_with_all_files_in_view(tree: Mapping[str, str]) -> None:
    survey = force(tree)
    assert answers(survey) == at_once(tree, survey)


@pytest.mark.parametrize("files", WAYS.values(), ids=WAYS)
def test_every_way_into_a_file_is_followed(files: Mapping[str, str]) -> None:
    """As on this machine: both look with the same prefilter terms."""
    survey = force({**NOISE, **files})
    assert answers(survey) == at_once({**NOISE, **files}, survey)
    assert survey.findings
    assert "noise.py" not in survey.files
    for path in files:
        assert asyncio.run(update(Files({**files, path: files[path] + "x = 1\n"}), CONFIG, each, survey)) is not None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("two.py", "import ext\n", id="a way goes"),
        pytest.param("new.py", "from two import xp as another\n", id="a way comes"),
        pytest.param("one.py", None, id="a file goes"),
        pytest.param("ext/__init__.py", "str = 1\n", id="the package is the repository's own"),
    ],
)
def test_another_way_is_looked_for_anew(path: str, text: str | None) -> None:
    files = WAYS["a module's name for the package, renamed"]
    after = {p: t for p, t in {**files, path: text}.items() if t is not None}
    assert asyncio.run(update(Files(after), CONFIG, each, force(files))) is None


@given(first=trees, edits=st.lists(trees, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_brought_up_to_date_equals_made_anew(first: Mapping[str, str], edits: list[Mapping[str, str]]) -> None:
    """Each edit writes some files; a file with the same content as before is deleted instead."""
    tree, survey = dict(first), force(first)
    for edit in edits:
        for path, text in edit.items():
            if tree.get(path) == text:
                del tree[path]
            else:
                tree[path] = text
        survey = asyncio.run(update(Files(tree), CONFIG, each, survey)) or force(tree)
        fresh = force(tree)
        assert answers(survey) == answers(fresh)
        assert survey.roots == roots_of(CONFIG, survey.files, survey.blobs)
        assert survey.facts == fresh.facts


def test_a_changed_facade_changes_what_others_use() -> None:
    tree = {
        "pkg/impl.py": "def old(): ...\n",
        "pkg/facade.py": "from pkg.impl import old\n",
        "app/a.py": "from pkg.facade import old\nold()\n",
        "app/b.py": "nothing = 1\n",
    }
    before = force(tree)
    assert sorted(report.path for report in before.reports) == ["app/a.py", "pkg/facade.py"]
    changed = tree | {"pkg/facade.py": "def old(): ...  # its own\n"}
    after = asyncio.run(update(Files(changed), CONFIG, each, before))
    assert after is not None
    assert [(f.path, f.kind) for f in after.findings] == [("pkg/facade.py", "definition")]


def test_a_change_that_concerns_nobody_scans_nothing() -> None:
    tree = {"pkg/impl.py": "def old(): ...\n", "app/a.py": "from pkg.impl import old\nold()\n", "app/b.py": "x = 1\n"}
    before = force(tree)

    async def never(function: Callable[..., T], files: Iterable[tuple[str, bytes]], *args: object) -> list[T]:
        assert function is not survey_file, dict(files)
        return await each(function, files, *args)

    after = asyncio.run(update(Files(tree | {"app/b.py": "x = 2\n"}), CONFIG, never, before))
    assert after is not None
    assert after.files == before.files
