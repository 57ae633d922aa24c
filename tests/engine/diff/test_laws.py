"""Whatever is done to a program's layout brings nothing new; one more usage brings exactly one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.diff.engine import change, new_in, told
from tests.engine.diff.programs import LAYOUTS, PROGRAMS, Layout, program


@settings(derandomize=True, max_examples=120, deadline=None)
@given(bodies=PROGRAMS, layout=LAYOUTS)
def test_another_layout_brings_nothing_new(bodies: list[list[str]], layout: Layout) -> None:
    assert told(new_in(change(program(bodies, Layout()), program(bodies, layout)))) == []


@settings(derandomize=True, max_examples=60, deadline=None)
@given(bodies=PROGRAMS, layout=LAYOUTS)
def test_another_file_brings_nothing_new(bodies: list[list[str]], layout: Layout) -> None:
    old, new = program(bodies, Layout()), program(bodies, layout)
    assert new_in(change(old, new, "app/b.py", "app/a.py")) == []
    # Found as a deletion and an addition: only an import that serves nothing is new then.
    assert [
        kind for kind, _ in told(new_in(change(old, None), change(None, new, "app/b.py"))) if kind != "import"
    ] == []


@settings(derandomize=True, max_examples=120, deadline=None)
@given(
    bodies=PROGRAMS, layout=LAYOUTS, at=st.integers(0, 4), text=st.sampled_from(["dep()", "x = dep(1)", "use([dep])"])
)
def test_one_more_usage_is_one_new_finding(bodies: list[list[str]], layout: Layout, at: int, text: str) -> None:
    head = program(bodies, layout, (at % len(bodies), text))
    found = new_in(change(program(bodies, Layout()), head))
    assert len(told(found)) == 1
    assert len(found) == 1


@settings(derandomize=True, max_examples=60, deadline=None)
@given(bodies=PROGRAMS, layout=LAYOUTS)
def test_fingerprints_do_not_depend_on_the_layout(bodies: list[list[str]], layout: Layout) -> None:
    plain, other = (new_in(change(None, program(bodies, each))) for each in (Layout(), layout))
    assert {new.fingerprint for new in plain} == {new.fingerprint for new in other}
