"""Which files that hold a deprecated name are looked at whole, where only others are rewritten."""

from dataclasses import replace

import pytest

from bot.domain.migration import Config, Migration, Target, TargetKind
from bot.engine.program.bearing import bearing
from bot.engine.program.collect import facts_of
from bot.engine.program.index import Index

TARGET = Target(name="pkg.impl.old", canonical="pkg.vault.load")
CONFIG = Config(migrations=(Migration(name="m", targets=(TARGET,)),))
EDITED = "import pkg.impl\nfrom pkg import deep\nfrom other import value\n\npkg.impl.old(value, deep)\n"
FILES = {
    "shop/orders.py": EDITED,
    "shop/names.py": "from shop import orders as sold\n",
    "pkg/impl.py": "def old(): ...\n",
}
INDEX = Index.build([(path, source.encode()) for path, source in FILES.items()])

CASES = {
    "a usage": ("from pkg.impl import old\n\nold(1)\n", False),
    "a usage by its module": ("from pkg import impl\n\nx = impl.old(1)\n", True),
    "it takes something of the rewritten module": ("from shop import orders\norders.deep\n", True),
    "by another name for that": ("from shop.names import sold\nsold.deep\n", True),
    "by its path in a string": ("x = 'shop.orders.deep'\n", True),
    "a star": ("from pkg.impl import *\n", True),
    "a write to the target": ("import pkg\npkg.impl.old = f\n", True),
    "a write to what the rewritten file imports": ("import other\nother.value = 1\n", True),
    "a write to something else": ("import other\nother.price = 1\n", False),
    "a patch": ("from unittest.mock import patch\npatch('pkg.vault.load')\n", True),
    "a name that is computed": ("def f(m, name, old):\n    setattr(m, name, old)\n", True),
    "a name that is put together": ("def f(m, n, old):\n    put(f'{m}.{n}', old)\n", True),
    "the beginning of a name": ("def f(n, old):\n    put('pkg.impl.' + n, old)\n", True),
    "the end of a name": ("def f(m):\n    put(m + '.old', 1)\n", True),
    "the target's name in a string": ("names = ['old']\n", True),
    "a module that is handed over": ("from pkg import vault, impl\nf(vault)\nimpl and old\n", True),
    "a stand-in": ("import sys\nsys.modules['pkg.impl'] = old\n", True),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES)
def test_a_file_beside_those_that_are_rewritten(source: str, expected: bool) -> None:
    asked = bearing(CONFIG, INDEX, {"shop/orders.py": facts_of(EDITED.encode())})
    assert asked is not None
    assert asked.of("a.py", source.encode()) is expected


def test_the_module_of_a_target_need_not_name_itself() -> None:
    asked = bearing(CONFIG, INDEX, {"shop/orders.py": facts_of(EDITED.encode())})
    assert asked is not None
    assert asked.of("pkg/impl.py", b"def f():\n    global old\n")
    assert not asked.of("pkg/other.py", b"def old(): ...\n")


def test_a_file_in_a_rewritten_package_need_not_name_it() -> None:
    index = Index.build([("shop/__init__.py", EDITED.encode())])
    asked = bearing(CONFIG, index, {"shop/__init__.py": facts_of(EDITED.encode())})
    assert asked is not None
    assert asked.of("shop/a.py", b"from . import deep\n")
    assert not asked.of("other/a.py", b"from . import deep\n")


def test_where_whole_modules_go_or_a_star_brings_names_any_name_may_matter() -> None:
    module = replace(TARGET, name="pkg.impl", canonical="pkg.vault", kind=TargetKind.MODULE)
    assert bearing(Config(migrations=(Migration(name="m", targets=(module,)),)), INDEX, {}) is None
    assert bearing(CONFIG, INDEX, {"shop/orders.py": facts_of(b"from pkg import *\n")}) is None
