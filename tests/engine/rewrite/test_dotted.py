"""Where the module of a successor ends: what is imported, and what is written behind it."""

import pytest

from bot.domain.migration import Migration
from tests.engine.rewrite.tools import drop_in, module, rewrite

FLAT = drop_in("old.mod.f", "datetime.timezone.utc")
MEMBER = drop_in("datetime.timezone.utc", "datetime.UTC")
CAPITAL = module("old.tree", "xml.etree.ElementTree")

CASES = [
    pytest.param(
        FLAT, "from old.mod import f\np(f)\n", "from datetime import timezone\np(timezone.utc)\n", id="a lower case"
    ),
    pytest.param(
        FLAT,
        "from old.mod import f as u\np(u)\n",
        "from datetime import timezone\np(timezone.utc)\n",
        id="by an alias",
    ),
    pytest.param(
        FLAT, "from old import mod\np(mod.f)\n", "from datetime import timezone\np(timezone.utc)\n", id="by its module"
    ),
    pytest.param(
        FLAT, "import old.mod\np(old.mod.f)\n", "import datetime\np(datetime.timezone.utc)\n", id="by a dotted import"
    ),
    pytest.param(
        MEMBER, "from datetime import timezone\np(timezone.utc)\n", "from datetime import UTC\np(UTC)\n", id="a member"
    ),
    pytest.param(
        MEMBER,
        "from datetime import timezone as tz, date\np(tz.utc, date)\n",
        "from datetime import UTC, date\np(UTC, date)\n",
        id="a member by an alias of the class",
    ),
    pytest.param(
        MEMBER,
        "from datetime import timezone\np(timezone.utc, timezone(h))\n",
        "from datetime import timezone, UTC\np(UTC, timezone(h))\n",
        id="the class stays",
    ),
    pytest.param(
        MEMBER,
        "import datetime as d\np(d.timezone.utc)\n",
        "import datetime as d\np(d.UTC)\n",
        id="the module stays",
    ),
    pytest.param(
        drop_in("old.mod.f", "os.path.join"),
        "from old.mod import f\nf()\n",
        "from os.path import join\njoin()\n",
        id="a module below a module",
    ),
    pytest.param(
        CAPITAL,
        "from old.tree import XML, parse\nXML(parse)\n",
        "from xml.etree.ElementTree import XML, parse\nXML(parse)\n",
        id="a module that looks like a class",
    ),
    pytest.param(
        CAPITAL,
        "import old.tree as e\ne.XML()\n",
        "import xml.etree.ElementTree as e\ne.XML()\n",
        id="by an alias of it",
    ),
    pytest.param(
        CAPITAL,
        "import old.tree\nold.tree.XML()\n",
        "import xml.etree.ElementTree\nxml.etree.ElementTree.XML()\n",
        id="whole, by its path",
    ),
]


@pytest.mark.parametrize(("migration", "before", "after"), CASES)
def test_the_module_of_the_successor_is_imported(migration: Migration, before: str, after: str) -> None:
    assert rewrite(before, migration).text == after


def test_a_module_of_the_repository_hides_the_standard_library() -> None:
    files = {"datetime/__init__.py": "", "datetime/timezone.py": "utc = 1\n"}
    done = rewrite("from old.mod import f\np(f)\n", FLAT, files=files)
    assert done.text == "from datetime.timezone import utc\np(utc)\n"
