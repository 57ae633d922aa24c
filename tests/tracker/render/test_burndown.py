from collections.abc import Sequence
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.references import Sha
from bot.domain.tracked import Point
from bot.tracker.render.burndown import line, mermaid, points, svg, thinned
from tests.tracker.checklist.samples import COMMIT, MORNING, facts, usages


def history(*counts: int, hours: int = 24) -> list[Point]:
    return [
        Point(at=MORNING + timedelta(hours=n * hours), commit=Sha(f"{n:040x}"), usages=usages)
        for n, usages in enumerate(counts)
    ]


def test_the_evaluated_commit_is_the_last_point_and_later_ones_are_none() -> None:
    earlier, same, later = (
        Point(at=MORNING - timedelta(days=1), commit=Sha("a" * 40), usages=9),
        Point(at=MORNING, commit=COMMIT, usages=7),
        Point(at=MORNING + timedelta(days=1), commit=Sha("d" * 40), usages=3),
    )
    known = facts(usages("a.py"), history=(later, same, earlier))
    assert [point.usages for point in points(known, "managers")] == [9, 1]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((5,), "5 usages on 2025-09-12"),
        ((100, 62), "100 → 62 usages since 2025-09-12 (38 % done) █▅"),
        ((4, 0), "4 → 0 usages since 2025-09-12 (100 % done) █▁"),
        ((0, 0), "0 → 0 usages since 2025-09-12 (100 % done) ▁▁"),
        ((50, 100, 80), "50 → 80 usages since 2025-09-12 (20 % below the peak of 100) ▅█▇"),
    ],
)
def test_the_line(counts: Sequence[int], expected: str) -> None:
    assert line(history(*counts)) == expected


def test_mermaid_is_what_github_draws() -> None:
    chart = mermaid(history(100, 80, 62))
    assert chart.startswith("```mermaid\n---\nconfig:\n")
    assert 'xychart-beta\n    x-axis ["09-12", "09-13", "09-14"]\n' in chart
    assert '    y-axis "usages left" 0 --> 100\n    line [100, 80, 62]\n```' in chart


def test_several_points_of_a_day_have_one_label_and_those_of_one_day_the_time() -> None:
    assert '["09-12", " ", "09-13", " "]' in mermaid(history(4, 3, 2, 1, hours=12)).replace('" "', '" "').replace(
        '"   "', '" "'
    )
    assert '["08:00", "09:00"]' in mermaid(history(4, 3, hours=1))


@pytest.mark.parametrize(("number", "kept"), [(1, 1), (16, 16), (17, 16), (5_000, 16)])
def test_a_long_history_is_thinned_with_both_ends(number: int, kept: int) -> None:
    shown = thinned(history(*range(number)))
    assert len(shown) == kept
    assert (shown[0].usages, shown[-1].usages) == (0, number - 1)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.text(max_size=20))
def test_svg_is_well_formed_and_inside_its_frame(counts: list[int], title: str) -> None:
    title = "".join(c for c in title if c.isprintable())
    root = ElementTree.fromstring(svg(history(*counts), title=title))  # noqa: S314 - our own text
    assert root.attrib["aria-label"].startswith(f"{title}: ")
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    path = root.findall("{http://www.w3.org/2000/svg}path")[-1].attrib["d"]
    for place in path.split():
        x, y = map(float, place[1:].split(","))
        assert 0 <= x <= width
        assert 0 <= y <= height
