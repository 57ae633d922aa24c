"""``import old``, of which the file goes on to speak by the name that it has, and imports of several names."""

from collections.abc import Mapping

import pytest

from bot.domain.migration import Migration, Target
from tests.engine.rewrite.tools import drop_in, module, rewrite

SAME = module("old", "new.old")
OTHER = module("old", "new.lib")

CASES = [
    pytest.param(SAME, "import old\nold.f()\n", "from new import old\nold.f()\n", id="the same name"),
    pytest.param(SAME, "import os, old\nold.f()\n", "import os\nfrom new import old\nold.f()\n", id="in a list"),
    pytest.param(SAME, "import old, os", "import os\nfrom new import old", id="in a list, without a line end"),
    pytest.param(SAME, "if a: import old, os\n", "if a: from new import old; import os\n", id="behind a colon"),
    pytest.param(
        SAME, "import old\nnew = 1\nold.f()\n", "from new import old\nnew = 1\nold.f()\n", id="its root is taken"
    ),
    pytest.param(SAME, "import old as o\no.f()\n", "import new.old as o\no.f()\n", id="an alias"),
    pytest.param(SAME, "import old.x\nold.x.f()\n", "import new.old.x\nnew.old.x.f()\n", id="from below"),
    pytest.param(
        SAME,
        "import old\nimport old.x\nold.f(old.x.g)\n",
        "import new.old\nimport new.old.x\nnew.old.f(new.old.x.g)\n",
        id="whole and from below",
    ),
    pytest.param(
        SAME,
        "try:\n    import old\nexcept ImportError:\n    old = None\nold.f()\n",
        "try:\n    from new import old\nexcept ImportError:\n    old = None\nold.f()\n",
        id="with a fallback",
    ),
    pytest.param(
        OTHER,
        "try:\n    import old.x\nexcept ImportError:\n    old = None\nold.x.f()\n",
        "try:\n    import old.x\nexcept ImportError:\n    old = None\nold.x.f()\n",
        id="from below, with a fallback",
    ),
    pytest.param(
        OTHER,
        "import old\nimport new.lib\nold.f(new.lib.g)\n",
        "import new.lib\nnew.lib.f(new.lib.g)\n",
        id="the successor is imported already",
    ),
    pytest.param(
        OTHER,
        "import new.lib, old\nold.f(new.lib.g)\n",
        "import new.lib\nnew.lib.f(new.lib.g)\n",
        id="the successor is imported already, in a list",
    ),
    pytest.param(OTHER, "import old\nold.f()\n", "import new.lib\nnew.lib.f()\n", id="another name"),
    pytest.param(
        OTHER,
        "import old\n__all__ = ['old']\n",
        "import new.lib as old\n__all__ = ['old']\n",
        id="another name, listed",
    ),
    pytest.param(
        module("old.mod", "new.mod"),
        "from old.mod import a, b\nfrom old import mod, k\na(b, mod.c, k)\n",
        "from new.mod import a, b\nfrom old import k\nfrom new import mod\na(b, mod.c, k)\n",
        id="names of one statement",
    ),
]


@pytest.mark.parametrize(("migration", "before", "after"), CASES)
def test_an_import_of_a_whole_module(migration: Migration, before: str, after: str) -> None:
    assert rewrite(before, migration).text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import pkg\npkg.f()\n", "import pkg.sub\npkg.sub.g()\n", id="alone"),
        pytest.param("import pkg, pkg.sub\npkg.f()\n", "import pkg, pkg.sub\npkg.sub.g()\n", id="beside it"),
        pytest.param("import pkg.sub, pkg\npkg.f()\n", "import pkg.sub, pkg\npkg.sub.g()\n", id="before it"),
        pytest.param(
            "import pkg\nimport pkg.sub\npkg.f(pkg.sub.k)\n",
            "import pkg\nimport pkg.sub\npkg.sub.g(pkg.sub.k)\n",
            id="used",
        ),
    ],
)
def test_a_package_and_a_module_below_it(before: str, after: str) -> None:
    assert rewrite(before, drop_in("pkg.f", "pkg.sub.g")).text == after


@pytest.mark.parametrize(
    ("path", "files"),
    [
        pytest.param("app/__init__.py", {}, id="a package's face"),
        pytest.param("app/x.py", {"app/y.py": "from app.x import old\nold.f()\n"}, id="imported from here"),
    ],
)
def test_what_others_import_keeps_its_name(path: str, files: Mapping[str, str]) -> None:
    done = rewrite("import old\nold.f()\n", OTHER, path=path, files=files)
    assert done.text == "import new.lib as old\nold.f()\n"


def test_names_that_move_to_one_module_are_imported_together() -> None:
    targets = tuple(Target(name=f"old.{name}", canonical=f"new.mod.{name}") for name in "ab")
    done = rewrite("from old import a, b, c\na(b, c)\n", Migration(name="m", drop_in=True, targets=targets))
    assert done.text == "from old import c\nfrom new.mod import a, b\na(b, c)\n"
