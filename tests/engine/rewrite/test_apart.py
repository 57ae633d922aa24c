"""Many fixes are proved at once: with the same result as one by one, and in as many steps as few."""

import ast
from collections.abc import Callable, Sequence

import pytest

from bot.domain.finding import Edit, Fix
from bot.domain.migration import Migration
from bot.engine.rewrite import proving
from bot.engine.rewrite.apart import Apart, alike
from bot.engine.rewrite.edits import apply_edits, combine
from bot.engine.rewrite.groups import Group
from bot.engine.rewrite.proof import Prover
from bot.engine.source.text import SourceMap
from tests.engine.rewrite.tools import PATH, SAFE, pattern, rewrite, scan

PLACES = [
    pytest.param("x = f(1, 2)\ny = f(3, 4)\n", 0, id="statements of their own"),
    pytest.param("x = [f(1, 2), f(3, 4)]\n", 0, id="elements of one list"),
    pytest.param("x = {f(1, 2): f(3, 4), **f(5, 6)}\n", 0, id="keys and values"),
    pytest.param("x = f(1, 2) * f(3, 4) ** f(5, 6)\n", 0, id="operands"),
    pytest.param("@f(1, 2)\n@f(3, 4)\nclass A(f(5, 6), k=f(7, 8)): ...\n", 0, id="decorators, bases and keywords"),
    pytest.param("def a(x=f(1, 2), *y, z=f(3, 4)) -> f(5, 6): ...\n", 0, id="defaults"),
    pytest.param("x = [f(1, n) for n in f(3, 4) if f(5, n)]\n", 0, id="a comprehension"),
    pytest.param("with f(1, 2) as a, f(3, 4) as b:\n    f(5, 6)\n", 0, id="items of with"),
    pytest.param("if f(1, 2):\n    f(3, 4); f(5, 6)\nelif f(7, 8):\n    f(9, 0)\n", 0, id="branches"),
    pytest.param("try:\n    f(1, 2)\nexcept f(3, 4):\n    raise f(5, 6) from f(7, 8)\n", 0, id="handlers"),
    pytest.param("match f(1, 2):\n    case 1 if f(3, 4):\n        f(5, 6)\n", 0, id="cases"),
    pytest.param("x = f'{f(1, 2)} {f(3, 4)}'\n", 2, id="parts of a formatted string"),
    pytest.param("x = f'{f(1, 2)}', f'{f(3, 4)}'\n", 0, id="formatted strings"),
    pytest.param("x = f(1, 2) if f(3, 4)else f(5, 6)\n", 0, id="no space between"),
    pytest.param("a = f(f(1, 2), 3), f(4, 5)\n", 0, id="one in another"),
    pytest.param("é = 'ü', f(1, 2)\nf('ö', 3); f(4, 5)\n", 0, id="letters of two bytes"),
]
RULES = [
    pytest.param(pattern("$deprecated($a, $b)", "g($b, $a)", "new.mod.g"), id="a call"),
    pytest.param(pattern("$deprecated($a, $b)", "$a + $b"), id="an operation"),
    pytest.param(pattern("$deprecated($a, $b)", "$a"), id="a capture"),
    pytest.param(pattern("$deprecated($a, $b)", "g($a)", "new.mod.g", "new.mod.unused"), id="an import too many"),
]
STAYS = "from old.mod import f\nprint(f)\n"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("body", "_"), PLACES)
def test_as_one_by_one(body: str, _: int, rule: Migration, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = rewrite(STAYS + body, rule)
    monkeypatch.setattr(proving, "alike", lambda groups, _: [(group,) for group in groups])
    assert rewrite(STAYS + body, rule) == at_once


@pytest.mark.parametrize(("body", "extra"), PLACES)
def test_one_proof_for_all(body: str, extra: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = pattern("$deprecated($a, $b)", "g($b, $a)", "new.mod.g")
    asked = _counted(monkeypatch)
    scan((STAYS + body).encode(), rule, PATH, {PATH: (STAYS + body).encode()})
    assert len(asked) <= 1 + extra + ("f(f(" in body)


@pytest.mark.parametrize("template", ["g($b, $a)", "$a", "$a + $b"])
@pytest.mark.parametrize("shape", ["def a{n}(x):\n    return f(x, {n})\n", "x{n} = f({n}, 1)\n"])
def test_as_many_proofs_for_many_as_for_few(shape: str, template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = pattern("$deprecated($a, $b)", template, *(["new.mod.g"] if "g" in template else []))
    asked = _counted(monkeypatch)
    found = []
    for number in (3, 60):
        source = (STAYS + "".join(shape.format(n=n) for n in range(number))).encode()
        done = scan(source, rule, PATH, {PATH: source})
        assert sum(finding.fix is not None for finding in done) == number
        found.append(len(asked))
        asked.clear()
    assert found[0] == found[1]


def test_what_does_not_hold_is_looked_for_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "".join(f"x{n} = f({n}, 1)\n" for n in range(64))
    bad = b"x17 = g("
    asked = _counted(monkeypatch, lambda after: "it is one too many" if bad in after else None)
    done = rewrite(STAYS + source, pattern("$deprecated($a, $b)", "g($b, $a)", "new.mod.g"))
    assert done.codes.count("not-proved") == 1
    assert done.text.count("g(") == 63
    assert len(asked) < 2 * 2 * 8


def _counted(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[bytes], str | None] = lambda _: None
) -> list[Sequence[Edit]]:  # fmt: skip
    """The edits that are proved from now on; ``fault`` may find something wrong with a file."""
    asked: list[Sequence[Edit]] = []
    proof = Prover._fault  # what is counted are proofs that are made, not those that are known

    def counting(prover: Prover, edits: Sequence[Edit], *, names: bool) -> str | None:
        asked.append(edits)
        return fault(apply_edits(prover.analysis.source, edits)) or proof(prover, edits, names=names)

    monkeypatch.setattr(Prover, "_fault", counting)
    return asked


# --- what each group changes ----------------------------------------------------------------------------------------

OWN = [
    pytest.param("a = [[1], [2]]\n", ["[1]=>3", "[2]=>4"], "", id="elements"),
    pytest.param("a = [1]*[2]\n", ["[1]=>3+3", "[2]=>4+4"], "01", id="operands that are torn"),
    pytest.param("a = [1]*[2]\n", ["[1]=>(3+3)", "[2]=>( (4+4) )"], "", id="operands in brackets"),
    pytest.param("a = [1]+[2]\n", ["[1]=>3+3", "[2]=>4"], "", id="one more operand before"),
    pytest.param("a = [1]+[2]\n", ["[1]=>3", "[2]=>4+4"], "01", id="one more operand behind"),
    pytest.param("a = [1], [2]\n", ["[1]=>3, 3", "[2]=>4"], "01", id="one more element"),
    pytest.param("[1]\n[2]\n", ["[1]=>3", "[2]=>b = 4"], "1", id="another sort of statement"),
    pytest.param("[1]\n[2]\n", ["[1]=>3; 3", "[2]=>4"], "0", id="two statements for one"),
    pytest.param("[1]\n[2]\n", ["[1]=>3", "[2]\n=>"], "1", id="a statement goes"),
    pytest.param("[1]\n[2]\n", ["=>import z\n", "[1]=>z"], "01", id="beside what only one brings"),
    pytest.param("[1]\n[2]\n", ["=>z\n", "=>z\n", "[1]=>3"], "", id="beside what several bring"),
    pytest.param("def a():\n    [1]\n    [2]\n", ["[1]=>3", "[2]=>4"], "", id="in a function"),
    pytest.param("a([1], b=[2])\n", ["[1]=>*c", "[2]=>4"], "0", id="a star for an argument"),
    pytest.param("a([1], b=[2])\n", ["b=[2]=>**c", "[1]=>4"], "0", id="two stars for an argument"),
    pytest.param("f'{[1]}{[2]}'\n", ["[1]=>3", "[2]=>4"], "01", id="parts of a formatted string"),
    pytest.param("a = '[1]' '[2]'\n", ["[1]=>3", "[2]=>4"], "01", id="parts of one string"),
]


@pytest.mark.parametrize(("source", "changes", "mixed"), OWN)
def test_nodes_of_their_own(source: str, changes: list[str], mixed: str) -> None:
    groups = [_group(source, change) for change in changes]
    edits = combine([group.fix for group in groups])
    after = apply_edits(source.encode(), edits)
    apart = Apart(before=SourceMap(source.encode()), after=SourceMap(after), edits=edits)
    found = apart.mixed(ast.parse(source), ast.parse(after), groups)
    assert "".join(str(n) for n, group in enumerate(groups) if group in found) == mixed


def _group(source: str, change: str) -> Group:
    """``old=>new``: a group that writes one for the other."""
    old, _, new = change.partition("=>")
    start = source.index(old)
    edit = Edit(start=start, end=start + len(old), text=new)
    return Group(uses=(), fix=Fix(edits=(edit,), applicability=SAFE))


def test_only_fixes_that_need_the_same_are_proved_together() -> None:
    source = "a = [1]\nb = [2]\nc = [3]\nd = [4]\n"
    line = Edit(start=0, end=0, text="from m import x, y\n")
    groups = [_with(_group(source, each), line) for each in ("[1]=>x", "[2]=>x", "[3]=>y")] + [_group(source, "[4]=>5")]
    assert [len(each) for each in alike(groups, lambda _: True)] == [2, 1, 1]
    assert [len(each) for each in alike(groups, lambda _: False)] == [1, 1, 1, 1]


def _with(group: Group, edit: Edit) -> Group:
    edits = (edit, *group.fix.edits)
    return Group(uses=(), fix=Fix(edits=edits, applicability=group.fix.applicability))
