"""Migrate one file: its fixes applied together, and proved again on the bytes that come out."""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.domain.file_result import FileMigration
from bot.domain.finding import Edit, Finding, Range, Scanned
from bot.domain.migration import Applicability, Migration
from bot.engine.diff.hazards import hazards
from bot.engine.diff.unified import hunks, render
from bot.engine.program.index import Index
from bot.engine.rewrite import EditConflict, Reason, Refusal, apply_edits
from bot.engine.rewrite.edits import combine
from bot.engine.scan import scan_file
from bot.engine.source.second_parser import SecondParser

Kept = Mapping[Range, str]
"""Usages of one file that stay, each with the reason for people."""
_NOTHING: Kept = MappingProxyType({})
_KEPT = "kept"


def migrate_file(
    source: bytes,
    path: str,
    migrations: Sequence[Migration],
    index: Index,
    *,
    unsafe: bool = False,
    keep: Kept = _NOTHING,
    patient: bool = False,
) -> FileMigration:
    """The file with its safe fixes applied (with ``unsafe``: those too); what is only displayed is never applied.

    A fix that changes one of the usages to ``keep`` is not applied either.

    The result parses, by ``ast`` and by LibCST, and a second run finds nothing more to do; where that does not hold the
    file stays as it is, and its usages say so.  So does a file in which a line to be changed holds characters that can
    deceive a reader.
    With ``patient`` a file that wants modules stays as it is: the caller asks again when they are there.
    Nothing is raised for bad source.
    """
    report = scan_file(source, path, migrations, index, patient=patient)
    same = FileMigration(path=path, before=source, after=source, report=report)
    if not isinstance(report, Scanned):
        return same
    usages = _without(active(report), keep)
    fixed = tuple(usage for usage in usages if applies(usage, unsafe=unsafe))
    if not fixed:
        return replace(same, left=usages)
    done = _applied(source, path, migrations, index, usages, unsafe=unsafe)
    if isinstance(done, Refusal):
        return replace(same, left=tuple(_refused(u, done) if applies(u, unsafe=unsafe) else u for u in usages))
    after, left = done
    return replace(same, after=after, diff=render(path, source, after), fixed=fixed, left=left)


def _without(usages: tuple[Finding, ...], keep: Kept) -> tuple[Finding, ...]:
    """The usages, those of a fix that would change a kept one without it."""
    reasons = {usage.fix or usage: keep[usage.range] for usage in usages if usage.range in keep}
    if not reasons:
        return usages
    return tuple(_kept(u, reasons[u.fix or u]) if (u.fix or u) in reasons else u for u in usages)


def _kept(usage: Finding, reason: str) -> Finding:
    return replace(usage, applicability=Applicability.DISPLAY_ONLY, fix=None, reason=reason, reason_code=_KEPT)


def _applied(
    source: bytes, path: str, migrations: Sequence[Migration], index: Index, usages: Sequence[Finding], *, unsafe: bool
) -> tuple[bytes, tuple[Finding, ...]] | Refusal:
    """The rewritten file and what is left in it, or what is wrong with it."""
    try:
        edits = combine(usage.fix for usage in usages if usage.fix and applies(usage, unsafe=unsafe))
        after = apply_edits(source, edits)
    except EditConflict as error:
        return Refusal(reason=Reason.NOT_PROVED, name=str(error))
    again = scan_file(after, path, migrations, index)
    if not isinstance(again, Scanned):
        return Refusal(reason=Reason.NOT_PROVED, name="it does not parse")
    kept = {_moved(u.range.start, edits): u.reason or "" for u in usages if u.reason_code == _KEPT}
    left = tuple(_kept(u, kept[u.range.start]) if u.range.start in kept else u for u in active(again))
    if any(applies(finding, unsafe=unsafe) for finding in left):
        return Refusal(reason=Reason.NOT_PROVED, name="a second run would change more")
    if wrong := SecondParser(source).fault(after):
        return Refusal(reason=Reason.NOT_PROVED, name=wrong)
    deceptive = _hazards(source, after)
    return Refusal(reason=Reason.DECEPTIVE, name=", ".join(deceptive)) if deceptive else (after, left)


def _moved(offset: int, edits: Sequence[Edit]) -> int:
    """Where a byte that no edit touches stands afterwards."""
    return offset + sum(len(edit.text.encode()) - (edit.end - edit.start) for edit in edits if edit.end <= offset)


def _hazards(before: bytes, after: bytes) -> tuple[str, ...]:
    """The deceptive characters on the lines that change, on either side (CVE-2021-42574)."""
    found = hunks(before.removeprefix(codecs.BOM_UTF8), after.removeprefix(codecs.BOM_UTF8), 0)
    return hazards("\n".join(line[1:] for hunk in found for line in hunk.lines if line[0] in "+-"))


def active(report: Scanned) -> tuple[Finding, ...]:
    """The usages that no comment in the code silences."""
    return tuple(finding for finding in report.findings if finding.ignored is None)


def applies(finding: Finding, *, unsafe: bool) -> bool:
    """Whether the finding's fix is one of those that are applied."""
    applied = (Applicability.SAFE, Applicability.UNSAFE) if unsafe else (Applicability.SAFE,)
    return finding.fix is not None and finding.fix.applicability in applied


def _refused(finding: Finding, refusal: Refusal) -> Finding:
    """A usage whose fix was not applied after all."""
    return replace(
        finding,
        applicability=Applicability.DISPLAY_ONLY,
        fix=None,
        reason=refusal.sentence,
        reason_code=refusal.reason.value,
    )
