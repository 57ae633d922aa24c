"""What the next commit means for a survey: which files are scanned again, and when it is made again as a whole."""

from collections.abc import Mapping

import pytest

from bot.domain.finding import Scanned
from bot.domain.migration import Config, Migration, Target
from bot.domain.references import Sha
from bot.engine.prefilter.terms import Prefilter
from bot.engine.program.index import Index
from bot.engine.resolve.renamed import renamed
from bot.engine.survey import (
    Survey,
    SurveyedFile,
    Update,
    differing,
    given_names,
    glance,
    of_interest,
    plan_update,
    roots_of,
    survey_file,
    terms_of,
)

INSIDE = Config(migrations=(Migration(name="m", targets=(Target(name="pkg.impl.old", canonical="pkg.impl.new"),)),))
OUTSIDE = Config(migrations=(Migration(name="m", targets=(Target(name="ext.old", canonical="ext.new"),)),))
PKG = {"pkg/__init__.py": "", "pkg/impl.py": "def old(): ...\n", "pkg/face.py": "from pkg.impl import old as make\n"}
USER = "from pkg.face import make\nmake()\n"


def blobs_of(tree: Mapping[str, str]) -> dict[str, Sha]:
    return {path: Sha(text) for path, text in tree.items() if of_interest(path)}


def surveyed(tree: Mapping[str, str], config: Config) -> Survey:
    sources = {path: text.encode() for path, text in tree.items() if path.endswith(".py")}
    blobs = blobs_of(tree)
    names = frozenset({"old"})
    while more := frozenset[str]().union(*(given_names(each, path, names, names) for path, each in sources.items())):
        names |= more
    terms = tuple(
        type(term)(package=term.package, names=names, modules=term.modules, opening_words=term.opening_words)
        for term in terms_of(config, blobs)
    )
    looked = {path: Prefilter(terms).look(path, source, len(source)) for path, source in sources.items()}
    hits = [path for path, (hit, _) in looked.items() if hit]
    roots = roots_of(config, hits, blobs)
    index = Index.build(sources.items(), source_roots=roots, modules=config.target_modules)
    entries = {}
    for path in hits:
        entry = survey_file(sources[path], path, config.migrations, index)
        gives = renamed(sources[path], names)
        entries[path] = SurveyedFile(report=entry.report, looked=entry.looked, gives=gives, facts=entry.facts)
    return Survey(
        commit=Sha("1"), names=names, terms=terms, roots=roots, blobs=blobs, files=entries,
        import_words={path: words for path, (_, words) in looked.items() if words},
    )  # fmt: skip


def planned(before: Mapping[str, str], after: Mapping[str, str], config: Config = INSIDE) -> Update | None:
    changed = {path: text.encode() for path, text in after.items() if before.get(path) != text and path[-3:] == ".py"}
    known = surveyed(before, config)
    seen = {path: glance(source, path, known.terms, known.names) for path, source in changed.items()}
    return plan_update(known, config, blobs_of(after), seen)


def test_a_survey_has_the_files_with_a_name_and_what_they_depend_on() -> None:
    found = surveyed({**PKG, "a.py": USER, "b.py": "x = 1\n", "README.md": "old\n"}, INSIDE)
    assert found.names == {"old", "make"}
    assert sorted(found.files) == ["a.py", "pkg/face.py", "pkg/impl.py"]
    assert [(f.path, f.range.line) for f in found.findings] == [("a.py", 1), ("a.py", 2), ("pkg/face.py", 1)]
    assert "pkg/face.py" in found.files["a.py"].looked
    assert [report.path for report in found.reports] == ["a.py", "pkg/face.py"]


def test_the_variables_of_a_file_are_told_where_it_uses_something() -> None:
    index = Index.build([(path, text.encode()) for path, text in PKG.items()])
    source = b"import pkg.impl as i\n"
    used = survey_file(source + b"i.old()\n", "a.py", INSIDE.migrations, index)
    assert isinstance(used.report, Scanned)
    assert used.variables == {"i"}
    assert survey_file(source, "a.py", INSIDE.migrations, index).variables == frozenset()
    assert survey_file(b"import pkg.impl as i\ni.old(\n", "a.py", INSIDE.migrations, index).variables == frozenset()


def test_differing_paths_are_those_added_removed_or_changed() -> None:
    before = {"a": Sha("1"), "b": Sha("2"), "c": Sha("3")}
    assert differing(before, {"b": Sha("2"), "c": Sha("4"), "d": Sha("5")}) == {"a", "c", "d"}


def test_configured_roots_are_the_roots() -> None:
    config = Config(migrations=INSIDE.migrations, source_roots=("lib",))
    paths = ["src/pkg/impl.py", "src/pyproject.toml"]
    assert (roots_of(config, paths, paths), roots_of(INSIDE, paths, paths)) == (("lib",), ("src",))


TREE = {**PKG, "a.py": USER, "b.py": "from pkg.impl import old\n", "c.py": "x = 1\n"}
KEPT = {
    "nothing": (TREE, set(), set()),
    "a file without the name": ({**TREE, "c.py": "x = 2\n"}, set(), set()),
    "a new file without the name": ({**TREE, "d.py": "x = 2\n"}, set(), set()),
    "a user": ({**TREE, "a.py": USER + "make()\n"}, set(), {"a.py"}),
    "a new user": ({**TREE, "d.py": USER}, set(), {"d.py"}),
    "a user that goes": ({path: text for path, text in TREE.items() if path != "b.py"}, set(), set()),
    "a user that uses it no more": ({**TREE, "b.py": "x = 1\n"}, set(), set()),
    "a façade": ({**TREE, "pkg/face.py": "from pkg.impl import old as make  # so\n"}, {"a.py"}, {"pkg/face.py"}),
    "the definition": ({**TREE, "pkg/impl.py": "def old(n): ...\n"}, {"a.py", "b.py", "pkg/face.py"}, {"pkg/impl.py"}),
    "a page": ({**TREE, "README.md": "old\n"}, set(), set()),
}


@pytest.mark.parametrize(("after", "again", "hits"), KEPT.values(), ids=KEPT)
def test_only_what_depends_on_a_change_is_looked_at(after: Mapping[str, str], again: set[str], hits: set[str]) -> None:
    found = planned(TREE, after)
    assert found is not None
    assert found.again == again
    assert found.hits == hits
    entries = {"a.py", "b.py", "pkg/face.py", "pkg/impl.py"}
    unchanged = {path for path in entries if after.get(path) == TREE[path]}
    assert found.kept.keys() == unchanged - again
    given = {"pkg/face.py": frozenset({"make"})}
    assert {path: names for path, names in found.gives.items() if names} == {
        path: names for path, names in given.items() if path in again | hits
    }


AGAIN = {
    "a façade gives another name": {**TREE, "pkg/face.py": "from pkg.impl import old as build\n"},
    "a façade gives no name": {**TREE, "pkg/face.py": "from pkg.impl import old\n"},
    "a façade goes": {path: text for path, text in TREE.items() if path != "pkg/face.py"},
    "a file becomes a façade": {**TREE, "c.py": "from pkg.impl import old as other\n"},
    "a source root comes": {**TREE, "src/pyproject.toml": "", "src/pkg/impl.py": "def old(): ...\n"},
}


@pytest.mark.parametrize("after", AGAIN.values(), ids=AGAIN)
def test_a_change_of_what_all_share_is_answered_with_another_survey(after: Mapping[str, str]) -> None:
    assert planned(TREE, after) is None


EXT = {"a.py": "import ext\next.old()\n", "b.py": "import os\n", "c.py": "from a import ext as e\ne.old\n"}


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        ({**EXT, "b.py": "import sys\n"}, True),
        ({**EXT, "a.py": "import ext\next.old(1)\n"}, True),
        ({**EXT, "b.py": "import ext as other\n"}, False),
        ({**EXT, "d.py": "import ext as other\n"}, False),
        ({**EXT, "ext/__init__.py": "def old(): ...\n"}, False),
    ],
)
def test_the_ways_to_a_package_outside_the_tree(after: Mapping[str, str], kept: bool) -> None:
    assert (planned(EXT, after, OUTSIDE) is not None) is kept
