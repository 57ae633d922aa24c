"""Which text may take a name of something: no place is overlooked, and plain uses are none."""

import pytest

from bot.engine.source.mentions import occurrences
from bot.engine.source.taken import is_taken, takes

TAKEN = [
    "m.name",
    "m . name",
    "m.\\\n  name",
    "(m.\n  name)",
    "(m.  # why\n  name)",
    "(m.\r\n\tname)",
    "m.name.more",
    "f().name",
    "from m import name",
    "from m import other, name",
    "from m import (\n    other as o,\n    name,\n)",
    "from m import (\n    name\n)",
    "from m import (\n    name as n,\n)",
    "from m import (other,\n    name)",
    "from m import (  # why\n    name,  # that\n)",
    "from m import \\\n    name",
    "from m \\\n  import (name)",
    "from m import \\\n  (name,)",
    "import name",
    "import name.sub as s",
    "from name.sub import x",
    "x = 1; from m import name",
    "try: from m import name\nexcept ImportError: pass",
    ">>> from m import name",
    ">>> from m import (a,\n...   name)",
    "exec('from m import name')",
    "getattr(m, 'name')",
    'patch("m.name")',
    "resolve('m:name')",
    "import_string('''name.sub''')",
    "patch.multiple(m, name=1)",
    "patch.multiple(m,\n  name = 1)",
    "class A(m.B):\n    def name(self): ...",
    "class A(m.B):\n    async def name(self): ...",
    "@m.name\ndef f(): ...",
    "x: 'm.name'",
    "from m import *\nname()",
]
NOT_TAKEN = [
    "name()",
    "name = 1",
    "for x in name(3): ...",
    "f(name)",
    "f(1, name)",
    "x = [name, 1]",
    "lambda name: 1",
    "f(name=1)",
    "if name == 2: ...",
    "def f(name): ...",
    "class name: ...",
    "return name",
    "not name",
    "x, = name(1)",
    "m.named",
    "m.a_name",
    "'rename'",
    "(\n  name())",
    "(x  # why not\n + name)",
    "# a name",
    "with open(name) as f: ...",
]


@pytest.mark.parametrize("text", TAKEN)
def test_it_may_be_taken(text: str) -> None:
    assert takes(text.encode(), ["other_name", "name"])


@pytest.mark.parametrize("text", NOT_TAKEN)
def test_it_is_not_taken(text: str) -> None:
    assert not takes(text.encode(), ["name"])


@pytest.mark.parametrize("filler", ["a, " * 200, " " * 400, "\n" * 400, "# why" + " not" * 100 + "\n  "])
def test_what_stands_too_far_away_may_be_a_dot(filler: str) -> None:
    source = f"(m.{filler}name)".encode()
    assert all(is_taken(source, start, end) for start, end in occurrences(source, ["name"]))
