"""Migrate one file: its fixes applied together, and proved again on the bytes that come out."""

from collections.abc import Sequence
from dataclasses import replace

from bot.engine.index import Index
from bot.engine.rewrite import EditConflict, Reason, Refusal, apply_fixes
from bot.engine.scan import scan_file
from bot.migration import Applicability, Migration
from bot.model import FileMigration, Finding, Scanned


def migrate_file(
    source: bytes, path: str, migrations: Sequence[Migration], index: Index, *, unsafe: bool = False
) -> FileMigration:
    """The file with its safe fixes applied (with ``unsafe``: those too); what is only displayed is never applied.

    The result parses, and a second run finds nothing more to do; where that does not hold the file stays as it is,
    and its usages say so.  Nothing is raised for bad source.
    """
    report = scan_file(source, path, migrations, index)
    before = FileMigration(path=path, before=source, after=source, report=report)
    if not isinstance(report, Scanned):
        return before
    usages = active(report)
    chosen = tuple(usage for usage in usages if applies(usage, unsafe=unsafe))
    if not chosen:
        return replace(before, left=usages)
    try:
        after = apply_fixes(source, report.findings, unsafe=unsafe)
    except EditConflict as error:
        return replace(before, left=tuple(_unproved(usage, str(error), unsafe=unsafe) for usage in usages))
    again = scan_file(after, path, migrations, index)
    if fault := _fault(again, unsafe=unsafe):
        return replace(before, left=tuple(_unproved(usage, fault, unsafe=unsafe) for usage in usages))
    left = active(again) if isinstance(again, Scanned) else ()
    return replace(before, after=after, fixed=chosen, left=left)


def active(report: Scanned) -> tuple[Finding, ...]:
    """The usages that no comment in the code silences."""
    return tuple(finding for finding in report.findings if finding.ignored is None)


def applies(finding: Finding, *, unsafe: bool) -> bool:
    """Whether the finding's fix is one of those that are applied."""
    wanted = (Applicability.SAFE, Applicability.UNSAFE) if unsafe else (Applicability.SAFE,)
    return finding.fix is not None and finding.fix.applicability in wanted


def _fault(again: object, *, unsafe: bool) -> str | None:
    """What the second scan holds against the result."""
    if not isinstance(again, Scanned):
        return "the file does not parse afterwards"
    return "a second run would change more" if any(applies(f, unsafe=unsafe) for f in active(again)) else None


def _unproved(finding: Finding, why: str, *, unsafe: bool) -> Finding:
    """A usage whose fix was not applied after all."""
    if not applies(finding, unsafe=unsafe):
        return finding
    refusal = Refusal(reason=Reason.NOT_PROVED, name=why)
    return replace(
        finding,
        applicability=Applicability.DISPLAY_ONLY,
        fix=None,
        reason=refusal.sentence,
        reason_code=refusal.reason.value,
    )
