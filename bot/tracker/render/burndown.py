"""The burn-down of a migration: as Mermaid for GitHub, as a line of text, and as SVG for the web."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.tracked import Point, TrackedFacts, usages_of
from bot.markdown.text import count

_POINTS = 16
"""Points of one chart: what labels leave room for."""
_DRAWN = 300
"""Points of the SVG: about one for two pixels."""
_BLOCKS = "▁▂▃▄▅▆▇█"
_COLOUR = "#2da44e"
"""Readable on light and dark; Mermaid's own colour for a line can hardly be seen on white."""
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 260, 52, 16, 16, 34


def points(facts: TrackedFacts, migration: str) -> tuple[Point, ...]:
    """The history with the evaluated commit as its last point, oldest first."""
    now = Point(at=facts.committed_at, commit=facts.commit, usages=len(usages_of(facts, migration)))
    before = sorted((p for p in facts.history if p.at <= now.at and p.commit != now.commit), key=lambda p: p.at)
    return (*before, now)


def thinned(history: Sequence[Point], most: int = _POINTS) -> list[Point]:
    """At most ``most`` of the points, evenly spread, the first and the last among them."""
    if len(history) <= most:
        return list(history)
    step = (len(history) - 1) / (most - 1)
    return [history[round(n * step)] for n in range(most)]


def line(history: Sequence[Point]) -> str:
    """``120 → 62 usages since 2025-09-11 (48 % done) ▇▅▃``."""
    first, last = history[0], history[-1]
    if len(history) < 2:
        return f"{count(last.usages, 'usage')} on {_day(last.at)}"
    top = max(point.usages for point in history)
    done = round(100 * (top - last.usages) / top) if top else 100
    bars = "".join(_BLOCKS[_scaled(point.usages, top)] for point in thinned(history, 16))
    share = f"{done} % done" if top == first.usages else f"{done} % below the peak of {top:,}"
    return f"{first.usages:,} → {count(last.usages, 'usage')} since {_day(first.at)} ({share}) {bars}"


def _scaled(usages: int, top: int) -> int:
    return round((len(_BLOCKS) - 1) * usages / top) if top else 0


def mermaid(history: Sequence[Point]) -> str:
    """The chart as GitHub renders it (``xychart-beta`` is in Mermaid since 10.6, and was not taken out again).

    https://mermaid.js.org/syntax/xyChart.html
    """
    shown = thinned(history)
    labels = ", ".join(f'"{label}"' for label in _labels(shown))
    top = max(1, *(point.usages for point in shown))
    values = ", ".join(str(point.usages) for point in shown)
    return "\n".join(
        (
            "```mermaid",
            "---",
            "config:",
            "  xyChart:",
            "    height: 260",
            "  themeVariables:",
            "    xyChart:",
            f'      plotColorPalette: "{_COLOUR}"',
            "---",
            "xychart-beta",
            f"    x-axis [{labels}]",
            f'    y-axis "usages left" 0 --> {top}',
            f"    line [{values}]",
            "```",
        )
    )


def _labels(shown: Sequence[Point]) -> list[str]:
    """Month and day, each once; the time of day where all are of one day."""
    days = [f"{_utc(point.at):%m-%d}" for point in shown]
    if len(set(days)) == 1:
        return [f"{_utc(point.at):%H:%M}" for point in shown]
    return [day if n == 0 or day != days[n - 1] else " " * n for n, day in enumerate(days)]


def _day(at: datetime) -> str:
    return f"{_utc(at):%Y-%m-%d}"


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def svg(history: Sequence[Point], *, title: str = "Usages left") -> str:
    """The chart as one SVG element, in the colours of the page around it (light or dark).

    ``title`` is what is read out; it is escaped.  Of a long history only some points are drawn.
    """
    top = max(1, *(point.usages for point in history))
    first, last = history[0].at, history[-1].at
    span = (last - first).total_seconds() or 1.0
    places = [
        (_LEFT + (_WIDTH - _LEFT - _RIGHT) * (point.at - first).total_seconds() / span, _height(point.usages, top))
        for point in thinned(history, _DRAWN)
    ]
    path = " ".join(f"{'M' if n == 0 else 'L'}{x:.1f},{y:.1f}" for n, (x, y) in enumerate(places))
    area = f"{path} L{places[-1][0]:.1f},{_height(0, top):.1f} L{places[0][0]:.1f},{_height(0, top):.1f} Z"
    end = f'<circle cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="4" fill="{_COLOUR}"/>'
    said = _escaped(f"{title}: {line(history)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="currentColor"><title>{said}</title>'
        f"{_grid(top)}{_dates(history)}"
        f'<path d="{area}" fill="{_COLOUR}" fill-opacity="0.15"/>'
        f'<path d="{path}" fill="none" stroke="{_COLOUR}" stroke-width="2" stroke-linejoin="round"/>{end}</svg>'
    )


def _height(usages: int, top: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * usages / top


def _grid(top: int) -> str:
    marks = sorted({0, top // 2, top})
    return "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_height(n, top):.1f}" y2="{_height(n, top):.1f}" '
        f'stroke="currentColor" stroke-opacity="0.2"/>'
        f'<text x="{_LEFT - 8}" y="{_height(n, top) + 4:.1f}" text-anchor="end">{n:,}</text>'
        for n in marks
    )


def _dates(history: Sequence[Point]) -> str:
    y = _HEIGHT - 12
    first = f'<text x="{_LEFT}" y="{y}">{_day(history[0].at)}</text>'
    last = f'<text x="{_WIDTH - _RIGHT}" y="{y}" text-anchor="end">{_day(history[-1].at)}</text>'
    return first + (last if len(history) > 1 else "")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
