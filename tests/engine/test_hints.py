"""What a configuration gets wrong about a repository, and all that only looks like it."""

import pytest

from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.program.hints import asked, hints
from bot.engine.program.index import Index
from bot.engine.source.names import module_paths

FILES = {
    "pkg/__init__.py": "from .impl import f, k as kk\nfrom . import loose\n",
    "pkg/impl.py": "def f(): ...\ndef fetch_all(): ...\nclass Client: ...\nk = 1\n",
    "pkg/old.py": "def f(): ...\n",
    "pkg/new.py": "def f(): ...\n",
    "pkg/loose.py": "",
    "pkg/shim.py": "from .new import f\n",
    "pkg/both/__init__.py": "def part(): ...\n",
    "pkg/both/part.py": "",
    "src/lib/__init__.py": "",
    "src/lib/mod.py": "def f(): ...\n",
}


def told(name: str, canonical: str | None, *used: str, kind: TargetKind = TargetKind.SYMBOL) -> list[str]:
    """The hints of a migration of one name."""
    migration = Migration(name="m", targets=(Target(name=name, canonical=canonical, kind=kind),))
    index = Index(roots=("src",))
    while missing := asked([migration], index):
        paths = [path for module in missing for path in module_paths(module, index.roots)]
        index = index.with_modules((path, FILES[path].encode() if path in FILES else None) for path in paths)
    return list(hints([migration], index, used))


ORIGIN = "list that one under `deprecated`"
BELOW = "list pkg.old under `modules`, not under `deprecated`"


@pytest.mark.parametrize(
    ("name", "canonical", "hint"),
    [
        pytest.param("pkg.old", "pkg.new", f"pkg.old is a module: {BELOW}", id="a module"),
        pytest.param(
            "pkg.loose", None, f"pkg.loose is a module: {BELOW}".replace("old", "loose"),
            id="one that its package imports",
        ),
        pytest.param(
            "pkg.gone", "pkg.new", f"pkg.new, its successor, is a module: {BELOW}".replace("old", "gone"),
            id="a module that is gone",
        ),
        pytest.param(
            "pkg.f", "pkg.new.f", f"pkg.f is another name of pkg.impl.f: {ORIGIN}",
            id="a façade's name",
        ),
        pytest.param(
            "pkg.kk", None, f"pkg.kk is another name of pkg.impl.k: {ORIGIN}",
            id="a façade's alias",
        ),
        pytest.param(
            "src.lib.mod.f", None, "imports start below src/: write lib.mod.f, not src.lib.mod.f", id="a source root"
        ),
        pytest.param(
            "pkg.impl.f", "pkg.new.ff", "the successor pkg.new.ff does not exist: pkg.new has no ff",
            id="a successor that is not there",
        ),
        pytest.param(
            "pkg.impl.gone", None, "pkg.impl has no gone", id="neither a definition nor a successor",
        ),
        pytest.param(
            "pkg.impl.fetch_al", None, "pkg.impl has no fetch_al: did you mean pkg.impl.fetch_all?", id="misspelt"
        ),
    ],
)  # fmt: skip
def test_a_name_that_cannot_mean_what_it_says(name: str, canonical: str | None, hint: str) -> None:
    assert told(name, canonical) == [f"m: {hint}"]


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        pytest.param("pkg.impl.f", "pkg.new.f", id="a definition that nothing uses"),
        pytest.param("pkg.impl.gone", "pkg.new.f", id="a definition that is gone"),
        pytest.param("pkg.impl.client", "pkg.impl.Client", id="gone, and its successor is like it"),
        pytest.param("pkg.shim.f", "pkg.new.f", id="a shim of the successor"),
        pytest.param("pkg.both.part", None, id="a function with a module of its name"),
        pytest.param("pkg.impl.Client.send", None, id="a member of a class"),
        pytest.param("elsewhere.mod.f", "pkg.new.f", id="a package of others"),
        pytest.param("builtins.reload", "importlib.reload", id="a built-in"),
    ],
)
def test_a_name_that_may_mean_what_it_says(name: str, canonical: str | None) -> None:
    assert told(name, canonical) == []


def test_a_module_where_modules_are_named() -> None:
    assert told("pkg.old", "pkg.new", kind=TargetKind.MODULE) == []


def test_a_name_with_usages_is_doubted_only_if_it_is_a_module() -> None:
    assert told("pkg.f", "pkg.new.f", "pkg.f") == []
    assert told("pkg.f", "pkg.g", "pkg.fine") != []
    assert told("pkg.old", "pkg.new", "pkg.old") != []
