"""A usage that stands where the program has found out that the successor is not there."""

import pytest

from bot.engine.program.guards import guards
from bot.engine.program.index import Index
from bot.engine.usages.analysis import Analysis
from bot.engine.usages.detect import analyse
from tests.engine.rewrite.tools import drop_in

OLD, NEW = "lib.old", "lib.new"
TRY = "try:\n    x = lib.new\n"
CASES = {
    "the handler of an attribute": (f"{TRY}except AttributeError:\n    x = lib.old\n", True),
    "a bare handler": (f"{TRY}except:\n    x = lib.old\n", True),
    "one of several kinds": (f"{TRY}except (KeyError, ImportError):\n    x = lib.old\n", True),
    "a dotted kind": (f"{TRY}except builtins.AttributeError:\n    x = lib.old\n", True),
    "a broad handler": (f"{TRY}except Exception:\n    x = lib.old\n", True),
    "a handler of something else": (f"{TRY}except KeyError:\n    x = lib.old\n", False),
    "its neighbour": (f"{TRY}except AttributeError:\n    pass\nexcept KeyError:\n    x = lib.old\n", False),
    "the body": ("try:\n    x = lib.old\nexcept AttributeError:\n    x = lib.new\n", False),
    "the else": (f"{TRY}except AttributeError:\n    pass\nelse:\n    x = lib.old\n", False),
    "a function in a handler": (f"{TRY}except AttributeError:\n    def f(): return lib.old\n", True),
    "the import of it": ("try:\n    from lib import new\nexcept ImportError:\n    x = lib.old\n", True),
    "the import of a module of that name": ("try:\n    import a.new.b\nexcept ImportError:\n    x = lib.old\n", True),
    "the import of something else": ("try:\n    import other\nexcept ImportError:\n    x = lib.old\n", False),
    "a variable of that name is bound": ("try:\n    new = 1\nexcept NameError:\n    x = lib.old\n", False),
    "hasattr": ("if hasattr(lib, 'new'):\n    pass\nelse:\n    x = lib.old\n", True),
    "not hasattr": ("if not hasattr(lib, 'new'):\n    x = lib.old\n", True),
    "getattr": ("if getattr(lib, 'new', None) is None:\n    x = lib.old\n", True),
    "hasattr of something else": ("if hasattr(lib, 'other'):\n    x = lib.old\n", False),
    "another function": ("if missing(lib, 'new'):\n    x = lib.old\n", False),
    "the first argument": ("if hasattr('new', lib):\n    x = lib.old\n", False),
    "in the question itself": ("if hasattr(lib.old, 'new'):\n    pass\n", False),
    "an alternative": ("x = lib.new if hasattr(lib, 'new') else lib.old\n", True),
    "or": ("x = getattr(lib, 'new', None) or lib.old\n", True),
    "or of something else": ("x = getattr(lib, 'other', None) or lib.old\n", False),
    "the value that stands in": ("x = getattr(lib, 'new', lib.old)\n", True),
    "the value for something else": ("x = getattr(lib, 'other', lib.old)\n", False),
    "an argument of another function": ("x = ask(lib, 'new', lib.old)\n", False),
    "nothing around it": ("x = lib.old\n", False),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES)
def test_a_usage_in_the_place_of_its_successor(source: str, expected: bool) -> None:
    found = analyse(f"import lib\n{source}".encode(), "x.py", [drop_in(OLD, NEW)], Index.build(()))
    assert isinstance(found, Analysis)
    (use,) = found.uses
    assert guards(found, use, NEW) is expected
    assert guards(found, use, "elsewhere.old") is False
