"""Which further files are looked at, by a quick look at their bytes."""

import pytest

from bot.domain.migration import Config, Migration, Target
from bot.engine.program.collect import facts_of
from bot.engine.program.index import Index
from bot.engine.program.sought import Sought, variables_of

VARIABLES = Sought(variables={"impl": frozenset({"facade"})})
MODULES = Sought(modules=frozenset({"pkg.impl"}))
ABSENT = Sought(absent=frozenset({"pkg.gone"}))

CASES = {
    "a star": (Sought(), "from a import *\n", True),
    "a product": (Sought(), "x = a * b\n", False),
    "a variable is taken from its module": (VARIABLES, "from facade import impl\n", True),
    "as a member": (VARIABLES, "import facade\nfacade.impl\n", True),
    "by its name": (VARIABLES, "import facade\ngetattr(facade, 'impl')\n", True),
    "by a relative import": (VARIABLES, "from . import impl\n", True),
    "from another module": (VARIABLES, "from other import impl\n", False),
    "not taken": (VARIABLES, "import facade\nx = impl\n", False),
    "another name": (VARIABLES, "from facade import other\n", False),
    "the way to a module of that name": (VARIABLES, "from facade.impl import x\nfrom .impl.y import z\n", False),
    "a way that is continued": (VARIABLES, "from facade.\\\n    impl import x\n", True),
    "the way to a module, and from it": (VARIABLES, "from facade.impl import impl\n", True),
    "a module is stood in for": (MODULES, "sys.modules['pkg.impl'] = x\n", True),
    "a module's member": (MODULES, "pkg.impl.f = 1\n", True),
    "a module is imported": (MODULES, "import pkg.impl\n", False),
    "a module is imported, then written to": (MODULES, "import pkg.impl.x\npkg.impl.f = 1\n", True),
    "a module below it is imported": (MODULES, "from pkg.impl.x import y\n", False),
    "another module": (MODULES, "pkg.other.f = 1\n", False),
    "an absent module": (ABSENT, "from pkg.gone import f\n", True),
    "an absent module of its package": (ABSENT, "from pkg import gone\n", True),
    "a module of that name alone": (ABSENT, "import gone\n", False),
    "its package alone": (ABSENT, "import pkg\n", False),
}


@pytest.mark.parametrize(("asked", "source", "expected"), CASES.values(), ids=CASES)
def test_a_file_that_may_have_a_say(asked: Sought, source: str, expected: bool) -> None:
    assert asked.leads_to(source.encode()) is expected


OLD = Config(migrations=(Migration(name="m", targets=(Target(name="pkg.impl.old", canonical="pkg.impl.new"),)),))
BOUND = {
    "import pkg.impl as i\n": {"i"},
    "import pkg as p, pkg.other\n": {"p", "pkg"},
    "import pkg.other as o, pkg.impl.below as b\n": set(),
    "import pkg.impl.below\n": {"pkg"},
    "from pkg import impl, other\n": {"impl"},
    "import other as pkg\n": set(),
}


@pytest.mark.parametrize(("source", "expected"), BOUND.items())
def test_variables_that_stand_for_the_module_of_a_target(source: str, expected: set[str]) -> None:
    index = Index.build([("a.py", source.encode())])
    assert variables_of(OLD, index, "a.py", facts_of(source.encode())) == expected
