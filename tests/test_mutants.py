"""What ``make mutants`` turns round, and what it tells."""

from pathlib import Path

import pytest

from benchmarks.mutants import Fate, equivalents, told
from benchmarks.mutation import Mutant, code, mutants


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(a):\n x = a == 1\n", ["f: a == 1 -> a != 1"]),
        ("def f(a):\n x = a < 1\n", ["f: a < 1 -> a >= 1", "f: a < 1 -> a <= 1"]),
        ("def f(a):\n x = a is not None\n", ["f: a is not None -> a is None"]),
        ("def f(a):\n x = 0 == a in b\n", ["f: 0 == a in b -> 0 != a in b", "f: 0 == a in b -> 0 == a not in b"]),
        ("def f(a):\n x = a and b\n", ["f: a and b -> a or b"]),
        ("def f(a):\n x = not a\n", ["f: not a -> a"]),
        ("def f(a):\n if a: g()\n", ["f: a -> not a"]),
        ("def f(a):\n while a: g()\n", ["f: a -> not a"]),
        ("def f(a):\n if not a: g()\n", ["f: not a -> a"]),
        ("def f(a):\n if a in b: g()\n", ["f: a in b -> a not in b"]),
        ("def f(a):\n if a or b: g()\n", ["f: a or b -> a and b", "f: a or b -> not (a or b)"]),
        ("def f(a):\n x = 1 if a else 2\n", ["f: a -> not a"]),
        ("def f(a):\n x = [b for b in a if b]\n", ["f: b -> not b"]),
        ("def f(a):\n match a:\n  case 1 if b: g()\n", ["f: b -> not b"]),
        ("def f(a) -> bool:\n return a\n", ["f: a -> not a"]),
        ("def f(a) -> bool:\n return True\n", ["f: True -> not True"]),
        ("def f(a) -> bool:\n return a in b\n", ["f: a in b -> a not in b"]),
        ("def f(a) -> str | None:\n return a\n", ["f: a -> None"]),
        ("def f(a) -> tuple[int, ...]:\n return a\n", ["f: a -> ()"]),
        ("def f(a) -> Other:\n return a\n", ["f: a -> None"]),
        ("class C:\n def f(self):\n  g(not a)\n", ["C.f: not a -> a"]),
        ("def f(a):\n def g(b) -> bool:\n  return b\n", ["f: b -> not b"]),
        ("def f(a):\n if a: g()\n if a: h()\n", ["f: a -> not a", "f #2: a -> not a"]),
        ("def f(a) -> str | None:\n return None\n", []),
        ("def f(a) -> list[int]:\n return []\n", []),
        ("def f(a):\n return\n", []),
        ("def f(a: x == y):\n pass\n", []),
        ("def f(a=x == y):\n pass\n", []),
        ("a = b == c\n", []),
        ("class C:\n a = not b\n", []),
    ],
)
def test_the_mutants_of_a_module(source: str, found: list[str], tmp_path: Path) -> None:
    assert [mutant.label for mutant in _mutants(tmp_path, source)] == found


def _mutants(folder: Path, source: str) -> list[Mutant]:
    path = folder / "module.py"
    path.write_text(source)
    return mutants(path)


def test_the_code_of_a_mutant_takes_the_place_of_the_function_s(tmp_path: Path) -> None:
    source = "class C:\n @staticmethod\n def f(a):\n  return [b for b in range(9) if b < a]\ndef f(a): pass\n"
    _, first, second = _mutants(tmp_path, source)
    assert (first.label, second.label) == ("C.f: b < a -> b >= a", "C.f: b < a -> b <= a")

    def loaded(a: int) -> object:
        return a

    loaded.__code__ = code(first)
    assert loaded(7) == [7, 8]
    loaded.__code__ = code(second)
    assert loaded(2) == [0, 1, 2]


def test_the_lines_of_a_mutant_are_those_that_run_it(tmp_path: Path) -> None:
    source = "def f(a):\n g()\n return h(\n  1,\n  a and\n  b,\n )\n"
    assert [sorted(mutant.lines) for mutant in _mutants(tmp_path, source)] == [[3, 4, 5, 6, 7], [3, 5, 6]]


def test_equivalent_mutants_have_their_reasons() -> None:
    text = "# the list\nx.py f: a -> b\n  because it is\n  so\n\ny.py g: c -> d\n  never\n"
    assert equivalents(text) == {"x.py f: a -> b": "because it is so", "y.py g: c -> d": "never"}


@pytest.mark.parametrize(
    ("killed", "survived", "equivalent", "stale", "well"),
    [
        (92, 8, 0, (), True),
        (91, 9, 0, (), False),
        (92, 8, 9, (), True),
        (92, 8, 0, ("x.py f: a -> b",), False),
    ],
)
def test_the_share_is_of_those_that_are_not_equivalent(
    killed: int, survived: int, equivalent: int, stale: tuple[str, ...], well: bool
) -> None:
    fates = [_fate("test"), *[_fate("test")] * (killed - 1), *[_fate("")] * survived, *[_fate("", "so")] * equivalent]
    text, answer = told(fates, stale)
    assert f"{killed} killed, {survived} survived, {equivalent} equivalent; {killed}.0% of 100 killed" in text
    assert answer is well


def test_a_mutant_that_is_named_as_equivalent_and_killed_is_told() -> None:
    text, well = told([_fate("test", "so")], ())
    assert "named as equivalent: " in text
    assert not well


def _fate(killer: str, equivalent: str = "") -> Fate:
    path = Path(__file__).parent.parent / "bot" / "engine" / "x.py"
    mutant = Mutant(
        path=path, source=b"", function="f", first=1, lines=frozenset({1}), before="a", after="b", place=0
    )  # fmt: skip
    return Fate(mutant=mutant, tried=1, killer=killer, equivalent=equivalent)
