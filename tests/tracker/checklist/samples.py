"""Facts of a small repository, for tests of the checklist."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.checklist_item import ChecklistItem, Evidence
from bot.domain.finding import FileReport, Kind, Scanned
from bot.domain.migration import Migration, Target
from bot.domain.references import Sha
from bot.domain.tracked import TrackedFacts
from tests.samples import OLD, finding

COMMIT = Sha("c0ffee" + "0" * 34)
MORNING = datetime(2025, 9, 12, 8, 0, tzinfo=UTC)
URL = "https://github.com/acme/app"


def usages(path: str, *kinds: Kind, ignored: str | None = None, migration: str = "managers") -> Scanned:
    """The report of a file with a usage of each of these kinds."""
    found = [
        finding(path, n + 1, kind=k, ignored=ignored, migration=migration) for n, k in enumerate(kinds or (Kind.CALL,))
    ]
    return Scanned(path=path, findings=tuple(found))


def facts(*reports: FileReport, later: timedelta = timedelta(days=1), **changes: Any) -> TrackedFacts:  # noqa: ANN401 - the fields of Facts
    """Facts of a commit of the morning, read ``later``."""
    values: dict[str, Any] = {
        "commit": COMMIT,
        "committed_at": MORNING,
        "read_at": MORNING + later,
        "reports": reports,
        "repository_url": URL,
        "issue": 506,
        "paths": frozenset({"app/a.py", "docs/plan (1).md"}),
        **changes,
    }
    return TrackedFacts(**values)


def tracked(*items: ChecklistItem) -> Migration:
    target = Target(name=OLD, canonical="pkg.manager.Manager")
    return Migration(name="managers", targets=(target,), tracking_issue=506, checklist=items)


def item(text: str, evidence: Evidence, *, phase: str | None = None, id: str = "") -> ChecklistItem:  # noqa: A002 - the field's name
    return ChecklistItem(id=id or text.lower().replace(" ", "-"), text=text, phase=phase, evidence=evidence)
