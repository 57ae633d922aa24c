"""Migrations over all repositories: what is left, and how it went."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.domain.tracked import Point
from bot.inventory.models import MigrationProgress, MigrationPulls
from bot.inventory.progress import KnownProgress
from bot.tracker.record import BurnDown
from bot.tracker.render import burndown
from bot.web.rendering import iso

if TYPE_CHECKING:
    from markupsafe import Markup

_POINTS = 2_000
"""Of all histories that one chart is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRow:
    """One migration in one repository."""

    name: str
    page: str
    usages: int
    files: int | None
    """``None``: not known."""
    issue: int | None
    open: tuple[int, ...]
    """The numbers of open migration pull requests."""
    merged: int
    closed: int
    commit: str | None
    at: datetime
    problem: str | None
    history: tuple[Point, ...]

    def document(self) -> dict[str, Any]:
        return {
            "repository": self.name,
            "url": self.page,
            "usages": self.usages,
            "files": self.files,
            "tracking_issue": self.issue,
            "open_pull_requests": list(self.open),
            "merged_pull_requests": self.merged,
            "closed_pull_requests": self.closed,
            "commit": self.commit,
            "at": iso(self.at),
            "problem": self.problem,
        }


@dataclass(frozen=True, kw_only=True)
class MigrationView:
    """One migration over all repositories."""

    name: str
    rows: tuple[RepositoryRow, ...] = field(repr=False)
    """Most usages first."""

    @property
    def usages(self) -> int:
        return sum(row.usages for row in self.rows)

    @property
    def files(self) -> int:
        return sum(row.files or 0 for row in self.rows)

    @property
    def repositories(self) -> int:
        return len(self.rows)

    @property
    def done(self) -> int:
        """Repositories without usages."""
        return sum(not row.usages for row in self.rows)

    @property
    def open(self) -> int:
        return sum(len(row.open) for row in self.rows)

    @property
    def merged(self) -> int:
        return sum(row.merged for row in self.rows)

    @property
    def issues(self) -> list[tuple[str, str]]:
        """The tracking issues: address and ``owner/name#5``."""
        return [(f"{row.page}/issues/{row.issue}", f"{row.name}#{row.issue}") for row in self.rows if row.issue]

    @cached_property
    def history(self) -> list[Point]:
        """All usages over time."""
        most = max(16, _POINTS // max(1, len(self.rows)))
        return total([burndown.thinned(row.history, most) for row in self.rows if row.history])

    @property
    def line(self) -> str:
        history = self.history
        return burndown.line(history) if history else ""

    def chart(self, now: datetime) -> "Markup":
        """The history up to now, as SVG."""
        from markupsafe import Markup

        history = self.history
        drawn = [*history, replace(history[-1], at=now)] if now > history[-1].at else history
        return Markup(burndown.svg(drawn, title=f"{self.name}: usages left"))  # noqa: S704  # it escapes

    def document(self) -> dict[str, Any]:
        return {
            "migration": self.name,
            "usages": self.usages,
            "files": self.files,
            "repositories": self.repositories,
            "repositories_done": self.done,
            "open_pull_requests": self.open,
            "merged_pull_requests": self.merged,
        }


def total(histories: Sequence[Sequence[Point]]) -> list[Point]:
    """The sum of several histories; before its first point each one counts as at it."""
    now = [history[0].usages for history in histories]
    events = sorted(
        ((point.at, number, point) for number, history in enumerate(histories) for point in history),
        key=lambda event: event[:2],
    )
    found: list[Point] = []
    for at, number, point in events:
        now[number] = point.usages
        found.append(Point(at=at, commit=point.commit, usages=sum(now)))
    return found


def migrations(known: Sequence[KnownProgress], tracked: Sequence[BurnDown]) -> list[MigrationView]:
    """All that are known, by surveys or by tracking issues; most usages first."""
    charts = {(chart.repository, chart.migration): chart for chart in tracked}
    rows: defaultdict[str, list[RepositoryRow]] = defaultdict(list)
    for each in known:
        for migration in each.repository.migrations:
            chart = charts.pop((each.repository.repository, migration.migration), None)
            rows[migration.migration].append(_surveyed(each, migration, chart))
    pulls = {each.repository.repository: each.pulls for each in known}
    for (repository, name), chart in charts.items():
        rows[name].append(_tracked(chart, pulls.get(repository, {}) if repository is not None else {}))
    views = (MigrationView(name=name, rows=_sorted(found)) for name, found in rows.items())
    return sorted(views, key=lambda view: (-view.usages, view.name))


def _sorted(rows: Iterable[RepositoryRow]) -> tuple[RepositoryRow, ...]:
    return tuple(sorted(rows, key=lambda row: (-row.usages, row.name.lower())))


def _surveyed(each: KnownProgress, migration: MigrationProgress, chart: BurnDown | None) -> RepositoryRow:
    found, pulls = each.repository, each.pulls.get(migration.migration, MigrationPulls(migration=migration.migration))
    longer = chart is not None and (not migration.history or chart.history[0].at <= migration.history[0].at)
    return RepositoryRow(
        name=found.name,
        page=found.page,
        usages=migration.usages,
        files=migration.files,
        issue=migration.tracking_issue,
        open=pulls.open,
        merged=pulls.merged,
        closed=pulls.closed,
        commit=found.commit,
        at=found.at,
        problem=found.problem,
        history=chart.history if chart is not None and longer else migration.history,
    )


def _tracked(chart: BurnDown, pulls: Mapping[str, MigrationPulls]) -> RepositoryRow:
    """Of a tracker whose branch was not surveyed since this is kept."""
    page, _, number = chart.page.rpartition("/issues/")
    found = pulls.get(chart.migration, MigrationPulls(migration=chart.migration))
    last = chart.history[-1]
    return RepositoryRow(
        name="/".join(page.rsplit("/", 2)[-2:]),
        page=page,
        usages=last.usages,
        files=None,
        issue=int(number) if number.isdecimal() else None,
        open=found.open,
        merged=found.merged,
        closed=found.closed,
        commit=last.commit,
        at=last.at,
        problem=None,
        history=chart.history,
    )
