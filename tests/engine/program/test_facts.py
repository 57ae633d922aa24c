"""What one file contributes to the view of the whole program."""

import json

import pytest

from bot.engine.program.collect import facts_of, imports_of
from bot.engine.program.facts import ANY, GIVEN, OWN, Facts, Name, Stub
from bot.engine.program.packed import pack, unpack

WRITES = {
    "a member": ("import m\nm.X = 1\n", [("m", "X", True)]),
    "under another name": ("import a.m as n\nn.X = 1\n", [("a.m", "X", True)]),
    "of what a package has": ("from a import m\nm.X += 1\n", [("a.m", "X", True)]),
    "in a function": ("def f():\n    from a import m\n    m.X = 1\n", [("a.m", "X", True)]),
    "by a relative import": ("from . import m\nm.X = 1\n", [("m", "X", True)]),
    "deleted": ("import m\ndel m.X\n", [("m", "X", True)]),
    "a loop's target": ("import m\nfor m.X in y: pass\n", [("m", "X", True)]),
    "one of several": ("import m\na, (m.X, *b) = y\n", [("m", "X", True)]),
    "of a class": ("from m import C\nC.X = 1\n", [("m.C", "X", True)]),
    "by its name": ("import m\nsetattr(m, 'X', 1)\n", [("m", "X", True)]),
    "in the dictionary": ("import m\nm.__dict__['X'] = 1\nvars(m)['Y'] = 2\n", [("m", "X", True), ("m", "Y", True)]),
    "through sys.modules": ("import sys\nsys.modules['a.m'].X = 1\n", [("a.m", "X", True)]),
    "through import_module": ("m = importlib.import_module('a.m')\nm.X = 1\n", [("a.m", "X", True)]),
    "of the file itself": ("import sys\nsys.modules[__name__].X = 1\nglobals()['Y'] = 2\n",
                           [("", "X", True), ("", "Y", True)]),
    "patched by a path": ("@patch('a.m.X')\ndef f(): ...\n", [("a.m", "X", False)]),
    "patched with a value": ("with mock.patch('a.m.X', 1): ...\n", [("a.m", "X", False)]),
    "patched in place": ("import m\nmock.patch.object(m, 'X')\n", [("m", "X", False)]),
    "several at once": ("import m\npatch.multiple(m, X=1)\npatch.multiple('n', Y=2)\n",
                        [("m", "X", False), ("n", "Y", False)]),
    "several in a dictionary": ("patch.multiple('n', **{'X': 1, 3: 4})\n", [("n", "X", False)]),
    "several that are computed": ("patch.multiple('n', **{'X': 1, k: 2}, **more)\n",
                                  [("n", "X", False), ("n", ANY, False), ("n", ANY, False)]),
    "several of an object given by name": ("import m\npatch.multiple(target=m, X=1)\n", [("m", "X", False)]),
    "through the get of sys.modules": (
        "sys.modules.get('a.m').X = 1\nsys.modules.get(__name__).Y = 2\nsys.modules.get(z).Z = 3\n",
        [("a.m", "X", True), ("", "Y", True)],
    ),
    "monkeypatched": ("import m\ndef f(monkeypatch):\n    monkeypatch.setattr(m, 'X', 1)\n", [("m", "X", False)]),
    "monkeypatched by a path": ("def f(monkeypatch): monkeypatch.setattr('m.X', 1)\n", [("m", "X", False)]),
    "a fixture of another library": ("fixtures.MonkeyPatch('a.m.X', g)\n", [("a.m", "X", False)]),
    "in the updated dictionary": ("import m\nvars(m).update(X=1)\nm.__dict__.update({'Y': 2})\nglobals().pop('Z')\n",
                                  [("", "Z", True), ("m", "X", True), ("m", "Y", True)]),
    "in the patched dictionary": ("import m\npatch.dict(m.__dict__, {'X': 1})\nmonkeypatch.setitem(vars(m), 'Y', 1)\n",
                                  [("m", "X", False), ("m", "Y", False)]),
    "by a special method": ("import m\nobject.__setattr__(m, 'X', 1)\nm.__setattr__('Y', 1)\nm.__delattr__('Z')\n",
                            [("m", "X", True), ("m", "Y", True), ("m", "Z", True)]),
    "by a constant name": ("import m\nN = 'X'\nsetattr(m, N, 1)\n", [("m", "X", True)]),
    "by one of two names": ("import m\nN = 'X'\nN = 'Y'\nsetattr(m, N, 1)\n",
                           [("m", "X", True), ("m", "Y", True)]),
    "patched by a path that is put together": ("B = 'a'\npatch(f'{B}.m.X')\npatch(B + '.m.Y')\npatch('%s.m.Z' % B)\n",
                                               [("a.m", "X", False), ("a.m", "Y", False), ("a.m", "Z", False)]),
    "patched by a path in this module": ("patch(f'{__name__}.X')\npatch(__name__ + '.Y')\n",
                                         [("", "X", False), ("", "Y", False)]),
    "patched by a path that is not known": ("patch(f'{b}.X')\npatch(f'{1}.m.Y')\npatch('%s.%s' % B)\n", []),
    "by a computed name": ("import m\nsetattr(m, n, 1)\n", []),
    "of something else": ("self.X = 1\nx.y.X = 2\n", []),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), WRITES.values(), ids=WRITES)
def test_who_writes_a_name(source: str, expected: list[tuple[str, str, bool]]) -> None:
    found = facts_of(source.encode())
    named = [w for w in found.writes if w.holder.level != GIVEN]
    assert sorted((w.holder.text, w.attribute, w.lasting) for w in named) == sorted(expected)


UNNAMED = {
    "a parameter": ("def f(m):\n    m.X = 1\n", ["X"]),
    "a member of the object": ("class C:\n    def f(self):\n        self.own = 1\n        self.m.X = 2\n", ["X"]),
    "an item": ("import m\nt = [m]\nt[0].X = 1\nsetattr(t[0], 'Y', 2)\n", ["X", "Y"]),
    "a result": ("sys.modules.get(z).X = 1\n", ["X"]),
    "an object of the file's own": ("class C: ...\nc = C()\nc.X = 1\nC.Y = 2\n", []),
}


@pytest.mark.parametrize(("source", "expected"), UNNAMED.values(), ids=UNNAMED)
def test_who_writes_what_has_no_name_here(source: str, expected: list[str]) -> None:
    found = [w.attribute for w in facts_of(source.encode()).writes if w.holder.level == GIVEN]
    assert sorted(found) == expected


def test_what_functions_bind_anew() -> None:
    source = b"X = 1\ndef f():\n    global X, Y\n    X = 2\n    return Y\n"
    assert facts_of(source).rebound == (("X", 4),)


TAKINGS = {
    "imported": ("from a.m import x\n", ["a.m.x"]),
    "a member": ("import a.m\na.m.x.y()\n", ["a.m.x.y"]),
    "a member of a member": ("from a import m\nm.x\n", ["a.m", "a.m.x"]),
    "by getattr": ("import m\ngetattr(m, 'x')\n", ["m.x"]),
    "through another variable": ("import m\nn = m.sub\nn.x\n", ["m.sub", "m.sub.x"]),
    "in an example": ('"""\n>>> from m import x\n>>> x.y\n1\n"""\n', ["m.x", "m.x.y"]),
    "a local thing's": ("x = object()\nx.y\n", []),
}


@pytest.mark.parametrize(("source", "expected"), TAKINGS.values(), ids=TAKINGS)
def test_what_is_taken(source: str, expected: list[str]) -> None:
    assert sorted(t.name.text for t in facts_of(source.encode()).takings if not t.string) == expected


STUBS = {
    "an item": "sys.modules['m'] = None\n",
    "patched": "patch.dict(sys.modules, {'m': Mock()})\n",
    "patched by its name": "patch.dict('sys.modules', {'m': None})\n",
    "monkeypatched": "monkeypatch.setitem(sys.modules, 'm', fake)\n",
    "updated": "sys.modules.update({'m': fake})\n",
    "an item of the table alone": "modules['m'] = None\n",
}


@pytest.mark.parametrize("source", STUBS.values(), ids=STUBS)
def test_what_stands_in_for_a_module(source: str) -> None:
    assert facts_of(source.encode()).stubs == (Stub("m", 1),)


@pytest.mark.parametrize(
    "source",
    ["del sys.modules['m']\n", "sys.modules.pop('m', None)\n", "monkeypatch.delitem(sys.modules, 'm')\n"],
)
def test_a_module_that_is_taken_out_may_run_once_more(source: str) -> None:
    assert facts_of(source.encode()).stubs == (Stub("m", 1, out=True),)


NO_STUBS = {
    "taken out and put back": "old = sys.modules.pop('m', None)\nimport m\nsys.modules['m'] = old\n",
    "read and put back": "old = sys.modules['m']\ndel sys.modules['m']\nsys.modules['m'] = old\n",
    "put back by an attribute": "self.old = sys.modules.get('m')\nsys.modules['m'] = self.old\n",
    "put back in each test": (
        "def a():\n    m = sys.modules.pop('m')\n    sys.modules['m'] = m\n"
        "def b():\n    m = sys.modules.pop('m')\n    sys.modules['m'] = m\n"
    ),
}


@pytest.mark.parametrize("source", NO_STUBS.values(), ids=NO_STUBS)
def test_what_is_put_back_stands_in_for_nothing(source: str) -> None:
    assert facts_of(source.encode()).stubs == ()


NOT_PUT_BACK = {
    "something else is put in between": "old = sys.modules.pop('m')\nsys.modules['m'] = fake\nsys.modules['m'] = old\n",
    "another module's": "old = sys.modules.pop('n')\nsys.modules['m'] = old\n",
    "a variable that also holds something else": "old = sys.modules.pop('m')\nold = fake\nsys.modules['m'] = old\n",
    "a parameter": "def f(old):\n    sys.modules['m'] = old\nold = sys.modules.pop('m')\n",
    "patched besides": "old = sys.modules.pop('m')\npatch.dict(sys.modules, m=1, **{'m': 2})\n"
    "patch.dict(sys.modules, {'m': fake})\nsys.modules['m'] = old\n",
    "bound by a loop": "old = sys.modules.pop('m')\nfor old in fakes:\n    sys.modules['m'] = old\n",
}


@pytest.mark.parametrize("source", NOT_PUT_BACK.values(), ids=NOT_PUT_BACK)
def test_what_is_not_put_back_stands_in_for_a_module(source: str) -> None:
    assert "m" in {stub.module for stub in facts_of(source.encode()).stubs}


EARLY = {
    "at the top": ("import m\n", True),
    "in a try": ("try: import m\nexcept ImportError: m = None\n", True),
    "in a class": ("class C:\n    import m\n", True),
    "in a function": ("def f():\n    import m\n", False),
    "in a method": ("class C:\n    def f(self): import m\n", False),
    "for types": ("if TYPE_CHECKING:\n    import m\n", False),
    "but for types": ("if TYPE_CHECKING: pass\nelse:\n    import m\n", True),
}


@pytest.mark.parametrize(("source", "early"), EARLY.values(), ids=EARLY)
def test_what_runs_when_the_file_is_imported(source: str, early: bool) -> None:
    (found,) = imports_of(source.encode()).imports
    assert found.early is early


CALLS = {
    "of a module": ("import m\nm.f()\n", ["m.f"]),
    "of a function of its own": ("def f(): ...\nf()\n", ["-f"]),
    "of a class of its own": ("class C: ...\nx = C()\nx.f()\n", ["-C"]),
    "by a method of what is imported": ("from m import registry\nregistry.items['a'].add(1)\n", ["m.registry"]),
    "handed over": ("from m import f\nmap(f, [])\nsorted([], key=f)\n", ["m.f"]),
    "a decorator": ("from m import d\n@d\ndef f(): ...\n", ["m.d"]),
    "a decorator with arguments": ("import m\n@m.d(1)\nclass C: ...\n", ["m.d"]),
    "in a default value": ("import m\ndef f(x=m.g()): ...\n", ["m.g"]),
    "in a class": ("import m\nclass C:\n    x = m.g()\n", ["m.g"]),
    "in a condition": ("import m\nif m.f():\n    pass\n", ["m.f"]),
    "in a with": ("import m\nwith m.f():\n    m.g()\n", ["m.f", "m.g"]),
    "in a handler": ("import m\ntry:\n    pass\nexcept OSError:\n    m.f()\n", ["m.f"]),
    "in a comprehension": ("import m\nx = [m.f(n) for n in m.g()]\n", ["m.f", "m.g"]),
    "in a function": ("import m\ndef f(): m.g()\n", []),
    "in a method": ("import m\nclass C:\n    def f(self): m.g()\n", []),
    "in a lambda": ("import m\nx = lambda: m.g()\n", []),
    "when run as a script": ("import m\nif __name__ == '__main__':\n    m.f()\n", []),
    "for types": ("import m\nif TYPE_CHECKING:\n    m.f()\n", []),
    "of what is built in": ("print(len([]))\n", []),
    "named alone": ("import m\nx = m.f\n", []),
}


@pytest.mark.parametrize(("source", "expected"), CALLS.values(), ids=CALLS)
def test_what_is_called_when_the_file_is_imported(source: str, expected: list[str]) -> None:
    for found in (facts_of(source.encode()), imports_of(source.encode())):
        names = [f"{'-' if call.name.level == OWN else ''}{call.name.text}" for call in found.calls]
        assert sorted(names) == expected
        assert unpack(json.loads(json.dumps(pack(found)))) == found


def test_a_file_that_does_not_parse_has_words() -> None:
    found = facts_of(b"def broken(:\n    depot.fetch_row\n")
    assert (found.readable, {"depot", "fetch_row"} <= found.words) == (False, True)


@pytest.mark.parametrize(
    "source", [*(each[0] for each in WRITES.values()), "from m import *\nx\n", "def broken(:\n", ""]
)
def test_facts_are_kept_as_json(source: str) -> None:
    found = facts_of(source.encode())
    assert unpack(json.loads(json.dumps(pack(found)))) == found


def test_what_is_written_of_the_file_itself_has_a_level_of_its_own() -> None:
    (write,) = facts_of(b"globals()['X'] = 1\n").writes
    assert write.holder == Name("", OWN)
    assert Facts() == facts_of(b"")


def test_a_file_that_does_not_parse_gives_no_imports() -> None:
    assert imports_of(b"import a\ndef f(:\n") == Facts(readable=False)
