"""What is refused is refused for its reason; beside it what is nearly the same, and is done."""

from collections.abc import Mapping

import pytest

from bot.domain.migration import Condition, Migration, Rewrite, Target
from tests.engine.rewrite.tools import DROP_IN, SAFE, drop_in, factory, pattern, rewrite

OR = pattern("$deprecated($a)", "$a or {}")
F, G = "from old.mod import f\n", "from new.mod import g\n"
TOP = drop_in("old.mod.f", "g")
LESS = pattern("$deprecated($x) < $y", "$canonical($x, $y)")
ENDS = pattern("$deprecated($a, $*m, $b)", "$canonical($b, $a, $*m)")


def told(*rules: Rewrite) -> Migration:
    return Migration(name="m", targets=(Target(name="old.mod.f", canonical="new.mod.g"),), rewrites=rules)


CASES: dict[str, tuple[Migration, str, str | None]] = {
    "a name that a closure may bind": (
        factory(), F + "def a(c):\n    x = f()\n    def b():\n        nonlocal x\n    x.make(c)\n", "rebound",
    ),
    "a value that is awaited": (factory(), F + "async def a():\n    x = f()\n    await x\n", "no-rule"),
    "an annotated attribute": (factory(), F + "def a(self):\n    self.x: int = f()\n", "stored-on-self"),
    "a module's name is taken, and its other one": (TOP, "import old.mod as m\ng = canonical_g = 1\nm.f(m.k)\n",
                                                    "name-taken"),
    "a module's name is taken": (
        TOP, "import old.mod as m\ng = 1\nm.f(m.k)\n",
        "import old.mod as m\nimport g as canonical_g\ng = 1\ncanonical_g(m.k)\n",
    ),
    "a package that is imported for a module below it": (
        TOP, "import g.below\nimport old.mod as m\nm.f(m.k)\n", "import g.below\nimport old.mod as m\ng(m.k)\n",
    ),
    "another package that is": (
        TOP, "import h.below\nimport old.mod as m\nm.f(m.k)\n",
        "import h.below\nimport old.mod as m\nimport g\ng(m.k)\n",
    ),
    "an argument unpacked by name": (OR, F + "h(**f(x))\n", "h(**x or {})\n"),
    "an argument unpacked": (OR, F + "h(*f(x))\n", "h(*x or {})\n"),
    "an argument by its label": (OR, F + "h(k=f(x))\n", "h(k=x or {})\n"),
    "a value unpacked in a display": (OR, F + "{**f(x)}\n", "{**(x or {})}\n"),
    "an item unpacked in a display": (OR, F + "[*f(x)]\n", "[*(x or {})]\n"),
    "a key": (OR, F + "{f(x): 1}\n", "{x or {}: 1}\n"),
    "a value": (OR, F + "{1: f(x)}\n", "{1: x or {}}\n"),
    "an index": (OR, F + "y[f(x)]\n", "y[x or {}]\n"),
    "a rule that names a successor, and a target that has none": (
        Migration(
            name="m", targets=(Target(name="old.mod.f"),),
            rewrites=(Rewrite(match="$deprecated($x)", replace="$canonical($x)", applicability=SAFE),),
        ), F + "f(1)\n", "no-successor",
    ),
    "a built-in name has no import to stand beside": (drop_in("builtins.reload", "g"), "reload(1)\n", "name-taken"),
    "a name is taken, and its other one": (DROP_IN, "import old.mod as m\ng = canonical_g = 1\nm.f(m.k)\n",
                                           "name-taken"),
    "a name is taken": (
        DROP_IN, "import old.mod as m\ng = 1\nm.f(m.k)\n",
        "import old.mod as m\nfrom new.mod import g as canonical_g\ng = 1\ncanonical_g(m.k)\n",
    ),
    "the same comparison": (LESS, F + "f(1) < 2\n", G + "g(1, 2)\n"),
    "another comparison": (LESS, F + "f(1) > 2\n", "compared"),
    "a longer comparison": (LESS, F + "f(1) < 2 < 3\n", "compared"),
    "fewer arguments than the pattern asks": (ENDS, F + "f(1)\n", "no-rule"),
    "just as many": (ENDS, F + "f(1, 2)\n", G + "g(2, 1)\n"),
    "more": (ENDS, F + "f(1, 2, 3, 4)\n", G + "g(4, 1, 2, 3)\n"),
    "an entry that is appended": (factory(), F + "__all__ = []\n__all__.append('f')\n", "re-exported"),
    "a rule that only tells": (told(Rewrite(match="$deprecated($x)", message="think")), F + "f(1)\n", "rule"),
    "a rule for unused results that only tells": (
        told(Rewrite(when=Condition.RESULT_UNUSED, message="think")), F + "f()\n", "rule",
    ),
    "a rule for a value that only tells": (
        told(Rewrite(match="$deprecated().make($x)", message="think")),
        F + "def a():\n    x = f()\n    return x.make(1)\n", "rule",
    ),
    "a call that a handler watches": (
        factory(), F + "def a():\n    try:\n        f()\n    except ImportError:\n        pass\n", "import-probed",
    ),
    "imports beside it": (
        factory(), F + "def a():\n    try:\n        import z\n        f()\n    except ImportError:\n        z = 1\n",
        "import-probed",
    ),
    "more than imports beside it": (
        factory(), F + "def a():\n    try:\n        f()\n        b()\n    except ImportError:\n        pass\n",
        "def a():\n    try:\n        b()\n    except ImportError:\n        pass\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("migration", "source", "expected"), CASES.values(), ids=CASES)
def test_a_refusal_has_its_reason(migration: Migration, source: str, expected: str) -> None:
    found = rewrite(source, migration)
    if "\n" in expected:
        assert (found.text, set(found.codes)) == (expected, {None})
    else:
        assert found.text == source
        assert expected in found.codes


@pytest.mark.parametrize("message", ["think", None])
@pytest.mark.parametrize(
    ("when", "match", "body"),
    [
        (None, "$deprecated($x)", "f(1)\n"),
        (Condition.RESULT_UNUSED, None, "f()\n"),
        (None, "$deprecated().make($x)", "def a():\n    x = f()\n    return x.make(1)\n"),
    ],
)
def test_a_rule_that_only_tells_has_its_own_words(
    when: Condition | None, match: str | None, body: str, message: str | None
) -> None:
    rule = Rewrite(when=when, match=match, message=message, applicability=SAFE)
    found = [each for each in rewrite(F + body, told(rule)).findings if each.reason_code == "rule"]
    assert found
    assert all(message is None or message in (each.reason or "") for each in found)


WATCHED = {
    "a name for it": ("", "ImportError", True),
    "a name for it and a call": ("    z()\n", "ImportError", True),
    "its kind": ("", "ModuleNotFoundError", True),
    "one of several": ("", "(A, ImportError)", True),
    "one of several, dotted": ("", "(A, builtins.ImportError)", True),
    "for something else": ("", "KeyError", False),
    "several for something else": ("", "(A, KeyError)", False),
    "a broad one, nothing else can fail": ("    z = 1\n", "Exception", True),
    "a bare one, nothing else can fail": ("    z = 1\n", "", True),
    "a broad one, another import": ("    import z\n", "Exception", False),
    "a bare one, another import": ("    from z import y\n", "", False),
    "a broad one, a call": ("    z()\n", "BaseException", False),
    "a broad one, an item": ("    z = y[0]\n", "AttributeError", False),
}


@pytest.mark.parametrize(("more", "caught", "watched"), WATCHED.values(), ids=WATCHED)
def test_an_import_that_a_try_watches_stays(more: str, caught: str, watched: bool) -> None:
    handler = f"except {caught}:\n    pass\n" if caught else "except:\n    pass\n"
    used, after = "def a():\n    f()\n    return 1\n", "def a():\n    return 1\n"
    source = f"try:\n    from old.mod import f\n{more}{handler}{used}"
    found = rewrite(source, factory())
    assert found.text == (source if watched else f"try:\n{more or '    pass' + chr(10)}{handler}{after}")
    assert set(found.codes) == ({"import-probed"} if watched else {None})


OTHERS: Mapping[str, tuple[str, str]] = {
    "patched before it is imported": ("@patch('depot.ledger.fetch_row')\ndef t(m):\n    import app.x\n",
                                      "written-elsewhere"),
    "imported, then patched": ("import app.x\n@patch('depot.ledger.fetch_row')\ndef t(m): ...\n", ""),
    "patched, and another imported": ("@patch('depot.ledger.fetch_row')\ndef t(m):\n    import app.y\n", ""),
}  # fmt: skip


@pytest.mark.parametrize(("other", "code"), OTHERS.values(), ids=OTHERS)
def test_a_patch_that_is_there_at_the_import(other: str, code: str) -> None:
    files = {
        "depot/__init__.py": "", "depot/ledger.py": "def fetch_row(q): ...\n",
        "depot/vault.py": "def load_row(q): ...\n", "w.py": other,
    }  # fmt: skip
    source = "from depot.ledger import fetch_row\nfetch_row(1)\n"
    found = rewrite(source, drop_in("depot.ledger.fetch_row", "depot.vault.load_row"), files=files)
    assert set(found.codes) == {code or None}


@pytest.mark.parametrize("body", ["f()\nexec('f')\n", "def a():\n    from old.mod import f\n    f()\n    locals()\n"])
def test_an_import_stays_where_names_are_read_by_their_text(body: str) -> None:
    found = rewrite(F + body, factory())
    assert found.text == F + body.replace("    f()\n", "").replace("f()\n", "")
    assert "scope-escapes" in found.codes


def test_a_name_that_a_string_of_the_file_spells_stays() -> None:
    found = rewrite(F + "f()\nx = 'app.x.f'\n", DROP_IN)
    assert found.text == "from new.mod import g as f\nf()\nx = 'app.x.f'\n"


@pytest.mark.parametrize(
    ("spelled", "expected"), [("'old.mod.f'", "'new.mod.g'"), ("'old\\x2emod.f'", "'old\\x2emod.f'")]
)
def test_a_string_is_changed_where_it_is_written_out(spelled: str, expected: str) -> None:
    found = rewrite(f"patch({spelled})\n", DROP_IN, files={"old/mod.py": "def f(): ...\n"}, unsafe=True)
    assert (found.text, found.codes) == (f"patch({expected})\n", ["string-reference"])
