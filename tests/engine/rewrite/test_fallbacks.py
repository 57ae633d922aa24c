"""A ``try`` or an ``if`` that takes the deprecated name where its successor is missing."""

from dataclasses import replace

import pytest

from bot.domain.migration import Migration
from tests.engine.rewrite.tools import DROP_IN, module, rewrite

MOVED = module("old.mod", "new.mod")

KEPT = [
    pytest.param(
        DROP_IN,
        "try:\n    from new.mod import g\nexcept ImportError:\n    from old.mod import f as g\ng()\n",
        id="a name",
    ),
    pytest.param(
        DROP_IN,
        "try:\n    from new.mod import g\nexcept ImportError:\n    from old.mod import f\n    g = f(1)\ng()\n",
        id="a value made of it",
    ),
    pytest.param(
        DROP_IN,
        "try:\n    import new.mod as m\nexcept ImportError:\n    from old import mod as m\n    m.g = m.f\nm.g()\n",
        id="a module",
    ),
    pytest.param(
        MOVED,
        "try:\n    import new.mod as m\nexcept ImportError:\n    import old.mod as m\nm.x()\n",
        id="a moved module",
    ),
    pytest.param(
        MOVED,
        "try:\n    from new.mod import x\nexcept ImportError:\n    from old.mod import x\nx()\n",
        id="from below it",
    ),
    pytest.param(
        MOVED, "try:\n    from new.mod import *\nexcept ImportError:\n    from old.mod import *\nx()\n", id="all of it"
    ),
    pytest.param(
        DROP_IN, "if V > 3:\n    from new.mod import g\nelse:\n    from old.mod import f as g\ng()\n", id="by a version"
    ),
    pytest.param(
        DROP_IN,
        "if V < 3:\n    from old.mod import f as g\nelse:\n    from new.mod import g\ng()\n",
        id="the other way",
    ),
    pytest.param(
        DROP_IN,
        "if V > 3:\n    from new.mod import g\nelif V > 2:\n    from old.mod import f as g\ng()\n",
        id="by two versions",
    ),
    pytest.param(
        DROP_IN,
        "try:\n    from new.mod import g\nexcept A:\n    pass\n"
        "except ImportError:\n    from old.mod import f as g\ng()\n",
        id="in a second handler",
    ),
    pytest.param(
        DROP_IN,
        "def a():\n try:\n  from new.mod import g\n except ImportError:\n  from old.mod import f as g\n return g\n",
        id="in a function",
    ),
]


@pytest.mark.parametrize(("migration", "source"), KEPT)
def test_what_replaces_a_missing_successor_stays(migration: Migration, source: str) -> None:
    done = rewrite(source, migration, unsafe=True)
    assert done.text == source
    assert "fallback-import" in done.codes


CHANGED = [
    pytest.param(
        DROP_IN,
        "try:\n    from old.mod import f\nexcept ImportError:\n    f = None\nf()\n",
        "try:\n    from new.mod import g as f\nexcept ImportError:\n    f = None\nf()\n",
        id="the fallback is something else",
    ),
    pytest.param(
        DROP_IN,
        "try:\n    from old.mod import f as g\nexcept ImportError:\n    from new.mod import g\ng()\n",
        "try:\n    from new.mod import g\nexcept ImportError:\n    from new.mod import g\ng()\n",
        id="the successor is the fallback",
    ),
    pytest.param(
        replace(DROP_IN, targets=(replace(DROP_IN.targets[0], exists=True),)),  # else ``a`` may ask for it
        "if a:\n    from new.mod import g\n    g()\nelse:\n    from old.mod import f\n    f()\n",
        "if a:\n    from new.mod import g\n    g()\nelse:\n    from new.mod import g as f\n    f()\n",
        id="each branch its own",
    ),
    pytest.param(
        DROP_IN,
        "if a:\n    from new.mod import g\n    from old.mod import f\n    f(g)\n",
        "if a:\n    from new.mod import g\n    g(g)\n",
        id="both in one branch",
    ),
    pytest.param(
        DROP_IN,
        "if a:\n    from new.mod import g\n    from old.mod import f as g\n    g()\n",
        "if a:\n    from new.mod import g\n    from new.mod import g\n    g()\n",
        id="both in one branch by one name",
    ),
    pytest.param(
        DROP_IN,
        "try:\n    from new.mod import g\nfinally:\n    from old.mod import f\nf(g)\n",
        "try:\n    from new.mod import g\nfinally:\n    from new.mod import g as f\nf(g)\n",
        id="what is done in any case",
    ),
    pytest.param(
        DROP_IN,
        "try:\n    from new.mod import g\n    g()\n    from old.mod import f\n    f()\nexcept E:\n    pass\n",
        "try:\n    from new.mod import g\n    g()\n    g()\nexcept E:\n    pass\n",
        id="in the same branch",
    ),
]


@pytest.mark.parametrize(("migration", "before", "after"), CHANGED)
def test_another_import_changes(migration: Migration, before: str, after: str) -> None:
    assert rewrite(before, migration).text == after
