"""Programs put together at random behave after their safe fixes as before; `benchmarks.nursery` tries thousands."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from benchmarks.shrinking import shrunk
from bot.domain.migration import Applicability
from tests.programs.generated.composing import program
from tests.programs.generated.drawing import Drawn, Seeded
from tests.programs.generated.reading import pieces
from tests.programs.generated.trying import Trials
from tests.programs.model import Program, Same

SEEDS = range(20)


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    """Where programs are tried."""
    with Trials() as place:
        yield place


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program; the choices of Hypothesis make it smaller where it fails."""
    return program(Drawn(draw), "drawn")


@given(one=programs())
@settings(
    max_examples=15, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # `shrunk` is quicker
)  # fmt: skip
def test_a_program_behaves_after_its_safe_fixes_as_before(trials: Trials, one: Program) -> None:
    outcome = trials.outcome(one)
    assume(outcome.runs)
    assert outcome.after == outcome.before, outcome.files


def test_most_programs_run_and_get_a_safe_fix(trials: Trials) -> None:
    outcomes = [trials.outcome(program(Seeded(seed), str(seed))) for seed in SEEDS]
    running = [outcome for outcome in outcomes if outcome.runs]
    fixed = [o for o in running if any(u.applicability is Applicability.SAFE for u in o.usages)]
    assert len(running) >= 0.8 * len(SEEDS)
    assert len(fixed) >= 0.6 * len(running)


def test_a_seed_is_always_the_same_program() -> None:
    one, same, other = (program(Seeded(seed), "one") for seed in (7, 7, 8))
    assert one == same
    assert one != other


@pytest.mark.parametrize("kind", ["usages", "writers", "tests", "places", "wider"])
def test_pieces_have_names_of_their_own(kind: str) -> None:
    names = [piece.name for piece in pieces(kind)]
    assert len(names) == len(set(names)) > 20


def test_a_program_gets_as_small_as_what_is_asked_of_it_allows() -> None:
    files = {"main.py": "import a\n", "app/a.py": "x = 1\nif x:\n    print(x)\n    y = 2\ndef f():\n    return 3\n"}
    large = Program(name="large", config="{}", files=files, expect=Same(), run=("main.py",))
    small = shrunk(large, lambda each: "print" in each.files["app/a.py"], "app/")
    assert small.files == {"main.py": "import a\n", "app/a.py": "print(x)\n"}
