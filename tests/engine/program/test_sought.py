"""Which further files are looked at, by a quick look at their bytes."""

from dataclasses import replace

import pytest

from bot.domain.migration import Config, Migration, Target
from bot.engine.program.collect import facts_of
from bot.engine.program.index import Index
from bot.engine.program.sought import Sought, sought, starred, variables_of

VARIABLES = Sought(variables={"impl": frozenset({"facade"})})
MODULES = Sought(modules=frozenset({"pkg.impl"}))
ABSENT = Sought(absent=frozenset({"pkg.gone"}))
NESTED = Sought(modules=frozenset({"pkg.sub", "pkg.sub.impl"}))
SUCCESSOR = Sought(successors=frozenset({"pkg.vault.load"}))
CLASS = Sought(successors=frozenset({"pkg.vault.Vault"}))

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
    "a module around one is stood in for": (NESTED, "patch('pkg.sub', x)\n", True),
    "one in it is": (NESTED, "patch('pkg.sub.impl', x)\n", True),
    "a member of one in it": (NESTED, "patch('pkg.sub.impl.f', x)\n", False),
    "a member of one in it, written": (NESTED, "pkg.sub.impl.f = x\n", True),
    "a module beside it is stood in for": (NESTED, "patch('pkg.sub.other.f', x)\n", False),
    "a name of a longer package": (NESTED, "patch('mypkg.sub', x)\n", False),
    "a path that is put together": (NESTED, "patch(f'pkg.sub.{name}', x)\n", True),
    "a path that is put together of more": (NESTED, "patch('pkg.sub.' + name, x)\n", True),
    "a module beside it is used by a package that is bound": (NESTED, "import pkg\npkg.sub.other.f()\n", True),
    "by a package in a list": (NESTED, "from x import (\n  a,\n  pkg,\n)\npkg.sub.other.f()\n", True),
    "by a package on a line that goes on": (NESTED, "import a, \\\n  pkg\npkg.sub.other.f()\n", True),
    "by a variable": (NESTED, "pkg = load()\npkg.sub.other.f()\n", True),
    "a module beside it is spoken of": (NESTED, "from pkg.a import b\n# see pkg.sub.other.f\n", False),
    "all modules are looked at": (NESTED, "sys.modules['pkg.sub']\n", True),
    "a member is handed over": (NESTED, "import pkg.sub\nsetattr(pkg.sub, 'impl', x)\n", True),
    "a successor is imported": (SUCCESSOR, "from pkg.vault import load\nload(1)\nx = load(2)\n", False),
    "a successor is patched": (SUCCESSOR, "patch('pkg.vault.load')\n", True),
    "a successor is patched as a member": (SUCCESSOR, "from pkg import vault\npatch.object(vault, 'load')\n", True),
    "by a keyword": (SUCCESSOR, "patch.multiple('pkg.vault', load=x)\n", True),
    "a successor is written": (SUCCESSOR, "vault.load = x\n", True),
    "in a list": (SUCCESSOR, "vault.load, y = x\n", True),
    "with a type": (SUCCESSOR, "vault.load: T = x\n", True),
    "by a loop": (SUCCESSOR, "for vault.load in x: pass\n", True),
    "on the next line": (SUCCESSOR, "vault.load \\\n = x\n", True),
    "a successor is deleted": (SUCCESSOR, "del vault.load\n", True),
    "a successor is a variable of its module": (SUCCESSOR, "# vault\ndef f():\n    global load\n", True),
    "a successor is compared": (SUCCESSOR, "vault.load == x\n", False),
    "a name that begins with it": (SUCCESSOR, "vault.loaded = x\n", False),
    "a name of another module": (SUCCESSOR, "other.load = x\n", False),
    "a member of a successor": (CLASS, "from pkg.vault import Vault\nVault.LIMIT = 4\n", True),
    "a member, by another name": (CLASS, "from pkg.vault import Vault as V\nV.LIMIT = 4\n", True),
    "a member, by a variable": (CLASS, "import pkg.vault as v\nV = v.Vault\nV.LIMIT = 4\n", True),
    "a member that is handed over": (CLASS, "from pkg.vault import Vault\npatch.object(Vault, 'LIMIT')\n", True),
    "a member, by its path": (CLASS, "patch('pkg.vault.Vault.LIMIT')\n", True),
    "an object of it": (CLASS, "from pkg.vault import Vault\nv = Vault()\nv.x = 1\n", False),
    "a member of it is read": (CLASS, "from pkg.vault import Vault\nx = Vault.LIMIT\n", False),
    "imports are made in another way": (MODULES, "import builtins\nbuiltins.__import__ = f\nNAME = 'impl'\n", True),
    "by a finder": (MODULES, "import sys\nsys.meta_path.insert(0, f)\nNAME = 'impl'\n", True),
    "a module is imported by its name": (MODULES, "impl = __import__('impl')\n", False),
    "an absent module": (ABSENT, "from pkg.gone import f\n", True),
    "an absent module of its package": (ABSENT, "from pkg import gone\n", True),
    "a module of that name alone": (ABSENT, "import gone\n", False),
    "its package alone": (ABSENT, "import pkg\n", False),
}


@pytest.mark.parametrize(("asked", "source", "expected"), CASES.values(), ids=CASES)
def test_a_file_that_may_have_a_say(asked: Sought, source: str, expected: bool) -> None:
    assert asked.leads_to(source.encode()) is expected


INSIDE = Sought(variables={"impl": frozenset({"facade"})}, packages={"impl": frozenset({"pkg/facade/"})})
PLACES = {
    "in the package": ("pkg/facade/a.py", "from . import impl\n", True),
    "further in": ("pkg/facade/b/c.py", "from .. import (\n    x,\n    impl,\n)\n", True),
    "beside it": ("pkg/a.py", "from . import impl\n", False),
    "beside it, and it is spoken of": ("pkg/a.py", "from .facade import impl\n", True),
    "in the package, without a relative import": ("pkg/facade/a.py", "from other import impl\n", False),
}


@pytest.mark.parametrize(("path", "source", "expected"), PLACES.values(), ids=PLACES)
def test_a_relative_import_need_not_name_the_package_around_the_file(path: str, source: str, expected: bool) -> None:
    assert INSIDE.leads_to(source.encode(), path) is expected


def test_the_packages_around_a_variable_are_told() -> None:
    variables = {"src/pkg/facade/__init__.py": {"impl", "old"}, "pkg/other.py": {"impl"}}
    found = sought(OLD, ("src",), variables, {"pkg/__init__.py"}.__contains__)
    assert found.packages == {"impl": {"src/pkg/facade/"}}
    assert found.variables == {"impl": {"facade", "other"}}


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


STARS = {
    "from b import *\n": {"b"},
    "from pkg.b import  *; x = 1\n": {"pkg.b"},
    "from . import *\n": {"pkg"},
    "from .b import\\\n  *\n": {"pkg.b"},
    "from b import x\ny = x * x\n": set(),
}


@pytest.mark.parametrize(("source", "expected"), STARS.items())
def test_the_modules_that_are_imported_with_a_star(source: str, expected: set[str]) -> None:
    assert starred("pkg/a.py", source.encode(), ()) == expected


def test_no_star_is_looked_for_where_that_is_not_asked() -> None:
    assert not Sought(stars=False).leads_to(b"from a import *\n")


ABSENT_AT = {
    "a member of a file": ({"pkg/vault.py"}, set()),
    "a module of a package": ({"pkg/__init__.py", "pkg/vault/__init__.py"}, {"pkg.vault.load"}),
    "no package": ({"pkg/__init__.py"}, {"pkg.vault", "pkg.vault.load"}),
}


@pytest.mark.parametrize(("held", "expected"), ABSENT_AT.values(), ids=ABSENT_AT)
def test_what_may_be_imported_though_it_is_not_there(held: set[str], expected: set[str]) -> None:
    target = Target(name="pkg.old", canonical="pkg.vault.load")
    config = Config(migrations=(Migration(name="m", targets=(target,)),))
    found = sought(config, (), {}, {"pkg/__init__.py", *held}.__contains__)
    assert found.absent == expected
    assert found.successors == {"pkg.vault.load"}


WIDER = {
    "a file to which it is handed": (Sought(paths=frozenset({"a.py"})), "", True),
    "a module that is handed over": (Sought(written=frozenset({"pkg.impl"})), "from pkg import impl\nf(impl)\n", False),
    "a name in quotes": (Sought(quoted=frozenset({"impl.f"})), "x = ['impl.f']\n", False),
    "a name in other quotes": (Sought(quoted=frozenset({"impl.f"})), 'x = "impl.f"\n', False),
    "nothing more": (Sought(), "sys.modules['pkg.impl'] = impl.f\n", True),
    "what was looked for already": (Sought(), "patch(name + '.f')\nfrom a import *\n", True),
}


@pytest.mark.parametrize(("more", "source", "of_paths"), WIDER.values(), ids=WIDER)
def test_a_second_look_is_for_what_the_first_has_not_sought(more: Sought, source: str, of_paths: bool) -> None:
    text = source.encode()
    whole = replace(MODULES, written=more.written, quoted=more.quoted, paths=more.paths)
    second = whole.beyond(MODULES)
    assert second.is_of_paths is of_paths
    assert second.leads_to(text, "a.py") is more.leads_to(text, "a.py") or MODULES.leads_to(text, "a.py")
    assert (MODULES.leads_to(text, "a.py") or second.leads_to(text, "a.py")) is whole.leads_to(text, "a.py")
    assert not second.leads_to(b"patch(name + '.f')\nfrom a import *\n", "b.py")


def test_another_question_is_asked_as_a_whole() -> None:
    assert ABSENT.beyond(MODULES) == ABSENT


QUOTES = {
    "x = 'impl.f'": True, 'x = "impl.f"': True, "x = '''impl.f'''": True, "x = 'a' 'impl.f'": True,
    "x = '''it's 'impl.f' '''": True, "x = 'impl.f\"": False, "x = 'impl.f '": False, "x = impl.f": False,
    "'impl'.f'": False, "x = ''impl.f''": True,
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), QUOTES.items(), ids=QUOTES)
def test_a_name_in_quotes_is_the_whole_of_a_string(source: str, expected: bool) -> None:
    assert Sought(quoted=frozenset({"impl.f"})).leads_to(source.encode()) is expected
