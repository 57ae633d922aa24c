"""The list of bad inputs is true: all 67 are there, and every test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", (ROOT / "tests/hostile/README.md").read_text(), re.MULTILINE)


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_all_cases_are_listed_once() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 68))


@pytest.mark.parametrize(("number", "case", "tests"), ROWS, ids=[row[0] for row in ROWS])
def test_a_case_has_its_tests(number: str, case: str, tests: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", tests)
    assert named or len(tests) > 40, f"case {number} ({case}) has neither a test nor a reason"
    for file, test in named:
        assert not test or test in names_in(ROOT / file), f"{file} has no {test}"
        assert names_in(ROOT / file), f"{file} has no test"
