"""An import of the successor that stands below the deprecated one does not take its place: a function may be called
between the two."""

import pytest

from tests.engine.rewrite.test_behaviour import LIBRARY, MIGRATIONS, migrated, printed

BELOW = "import lib.new\nT(lib.new.new(1))\n"
FILES = {**LIBRARY, "lib/__init__.py": "", "lib/loads.py": "import lib.old\n", "app/__init__.py": "", "app/b.py": ""}
FUNCTION = "def p():\n    return lib.old.old(3)\n"
PROGRAMS = {
    "a function": f"import lib.old\n{FUNCTION}T(p())\n{BELOW}",
    "a function above both": f"{FUNCTION}import lib.old\nT(p())\n{BELOW}",
    "a function called by another": f"import lib.old\ndef q(): return p()\n{FUNCTION}T(q())\n{BELOW}",
    "a method": f"import lib.old\nclass C:\n    def m(self): return lib.old.old(3)\nT(C().m())\n{BELOW}",
    "a lambda": f"import lib.old\nT((lambda: lib.old.old(3))())\n{BELOW}",
    "a decorator that calls": f"import lib.old\ndef d(f): T(f())\n@d\n{FUNCTION}{BELOW}",
    "a function in a function": "def p():\n    import lib.old\n    def q(): return lib.old.old(3)\n    T(q())\n"
    "    import lib.new\n    return lib.new.new(1)\nT(p())\n",
    "beside another module": f"import lib.old, os\n{FUNCTION}T(p())\n{BELOW}",
    "in a branch": f"try:\n    import lib.old\nexcept ImportError:\n    pass\n{FUNCTION}T(p())\n{BELOW}",
    "by the package": f"import lib\nimport lib.loads\n{FUNCTION}T(p())\n{BELOW}",
    "loaded by another module": f"import lib.loads\n{FUNCTION}T(p())\n{BELOW}",
    "loaded by another module, a function above": f"{FUNCTION}import lib.loads\nT(p())\n{BELOW}",
}


@pytest.mark.parametrize("migration", ["function", "both"])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_function_called_above_the_successors_import_finds_it(program: str, migration: str) -> None:
    files = {**FILES, "app/a.py": f"from out import T\n{program}"}
    after = migrated(files, MIGRATIONS[migration])
    assert "lib.old.old" not in after["app/a.py"]
    assert printed(after) == printed(files)
