"""Evidence in the source: usages, definitions, files."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.checklist_item import DefinitionRemoved, FileExists, UsageEvidence, UsageState
from bot.domain.finding import Failed, FileReport, Finding, Kind, Skipped
from bot.domain.globs import matches
from bot.domain.migration import Migration
from bot.domain.tracked import NotKnown, TrackedFacts, findings_of
from bot.markdown.links import commit_page, file_page
from bot.tracker.models import CannotTell, Holds, ItemVerdict, Missing, Proof

_NAMED = 2
"""Names in one sentence; the others are counted."""


def usages(evidence: UsageEvidence, migration: Migration, facts: TrackedFacts) -> ItemVerdict:
    """None left, or all known.  Unknown while a file that may hide some cannot be read."""
    found = [f for f in findings_of(facts, migration.name) if _concerns(evidence, f)]
    unread = sorted(report.path for report in facts.reports if may_hide(report) and _inside(evidence, report.path))
    if evidence.state is UsageState.NONE and found:
        return Missing(what=(_left(found, facts),))
    if unread:
        unsure = f"{_counted(len(unread), 'file')} containing the name could not be read: {_names(unread)}"
        return CannotTell(why=(unsure,))
    if evidence.state is UsageState.NONE:
        return Holds(because=(_proof(facts, "no usages are left"),))
    files = len({finding.path for finding in found})
    known = f"{_counted(len(found), 'usage')} in {_counted(files, 'file')}, and every file was read"
    return Holds(because=(_proof(facts, known),))


def _concerns(evidence: UsageEvidence, finding: Finding) -> bool:
    kinds = evidence.kinds or tuple(kind for kind in Kind if kind is not Kind.DEFINITION)
    return finding.kind in kinds and _inside(evidence, finding.path)


def _inside(evidence: UsageEvidence, path: str) -> bool:
    return (not evidence.paths or matches(path, evidence.paths)) and not matches(path, evidence.exclude)


def may_hide(report: FileReport) -> bool:
    """Whether usages may hide in the file: it was not scanned, or does not parse and contains the name."""
    return isinstance(report, Skipped) or (isinstance(report, Failed) and bool(report.hits))


def _left(found: Sequence[Finding], facts: TrackedFacts) -> Proof:
    """How many are left and where; and who added the newest of them, where that is known."""
    files = sorted({finding.path for finding in found}, key=lambda path: (path not in facts.origins, path))
    text = f"{_counted(len(found), 'usage')} left in {_counted(len(files), 'file')}: {_names(files)}"
    origin = facts.origins.get(files[0])
    if origin is None:
        return _proof(facts, text)
    by = f"added by `{origin.author}`" if origin.author else "added"
    where = "in" if origin.pull else f"in `{origin.commit[:7]}`"
    proof = _proof(facts, f"{text}; the newest, in `{files[0]}`, was {by} {where}")
    return replace(proof, pull=origin.pull)


def definitions(evidence: DefinitionRemoved, migration: Migration, facts: TrackedFacts) -> ItemVerdict:
    """The definitions were removed, and nothing else is defined under their names."""
    if isinstance(facts.definitions, NotKnown):
        return CannotTell(why=(facts.definitions.why,))
    requested = evidence.symbols or tuple(target.name for target in migration.targets)
    leaves = {name.rpartition(".")[2] for name in requested}
    left = {name: path for name, path in facts.definitions.items() if name in requested}
    again = (f for f in findings_of(facts, migration.name) if f.kind is Kind.DEFINITION)
    left |= {f.symbol: f.path for f in again if f.symbol.rpartition(".")[2] in leaves}
    if not left:
        gone = "the definition was removed" if len(requested) == 1 else f"all {len(requested)} definitions were removed"
        return Holds(because=(_proof(facts, gone),))
    return Missing(what=tuple(_defined(facts, *each) for each in sorted(left.items())[:_NAMED]))


def _defined(facts: TrackedFacts, name: str, path: str) -> Proof:
    leaf = name.rpartition(".")[2]
    return _proof(facts, f"`{leaf}` is still defined in `{path}`", file_page(facts, path))


def files(evidence: FileExists, facts: TrackedFacts) -> ItemVerdict:
    """Each glob matches a file."""
    if isinstance(facts.paths, NotKnown):
        return CannotTell(why=(facts.paths.why,))
    first = {glob: min((p for p in facts.paths if matches(p, (glob,))), default=None) for glob in evidence.paths}
    if missing := [glob for glob, path in first.items() if path is None]:
        return Missing(what=tuple(_proof(facts, f"no file matches `{glob}`") for glob in missing))
    found = [path for path in first.values() if path is not None]
    return Holds(because=tuple(_proof(facts, f"`{path}` exists", file_page(facts, path)) for path in found))


def _proof(facts: TrackedFacts, text: str, link: str | None = None) -> Proof:
    """What is known about the commit."""
    page = link or commit_page(facts, facts.commit)
    return Proof(text=text, link=page, commit=facts.commit, at=facts.committed_at)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _names(paths: Sequence[str]) -> str:
    rest = len(paths) - _NAMED
    shown = ", ".join(f"`{path}`" for path in paths[:_NAMED])
    return f"{shown} and {rest:,} more" if rest > 0 else shown
