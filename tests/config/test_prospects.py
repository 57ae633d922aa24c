"""What a tree could migrate, from what its modules say: pure."""

from bot.config.prospects import OwnName, deprecated_in, may_deprecate, own_names, successor_files, with_successors
from bot.engine.source.deprecations import Deprecation

TOOLS = b'def old():\n    """Old.\n\n    .. deprecated:: 1\n       Use :func:`new`.\n    """\n\n\ndef new(): ...\n'


def names(sources: dict[str, bytes], roots: tuple[str, ...] = ()) -> dict[str, str | None]:
    told = {path: deprecated_in(source, path) for path, source in sources.items() if may_deprecate(path, roots)}
    own = own_names({path: each for path, each in told.items() if each}, roots)
    files = successor_files(own, roots, frozenset(sources))
    found = with_successors(own, {path: sources[path] for path in files}, roots)
    return {each.name: each.successor for each in found}


def test_a_neighbour_is_the_successor() -> None:
    assert names({"pkg/tools.py": TOOLS}) == {"pkg.tools.old": "pkg.tools.new"}


def test_a_name_that_the_tree_lacks_is_none() -> None:
    assert names({"pkg/tools.py": TOOLS.replace(b"def new(): ...", b"")}) == {"pkg.tools.old": None}


def test_tests_and_stubs_deprecate_nothing() -> None:
    assert names({"tests/test_tools.py": TOOLS, "pkg/tools.pyi": TOOLS, "not a module.py": TOOLS}) == {}


def test_a_module_below_two_roots_is_named_once() -> None:
    assert names({"pkg/tools.py": TOOLS, "src/pkg/tools.py": TOOLS}, ("src",)) == {"pkg.tools.old": "pkg.tools.new"}


def test_what_a_preset_has_is_left_to_it() -> None:
    found = {"pkg_resources/__init__.py": (Deprecation(name="", line=1),)}
    assert [each.name for each in own_names(found, ())] in ([], ["pkg_resources"])
    name = OwnName(name="a.b.old", path="a/b.py", found=Deprecation(name="old", line=1, successors=("new", "c.d")))
    assert name.candidates == ("a.b.new", "a.new", "c.d", "a.b.c.d", "a.c.d")
