"""Edits on the bytes of a file: put together, checked against each other, applied."""

from collections.abc import Iterable, Sequence

from bot.domain.errors import SsotError
from bot.domain.finding import Edit, Finding, Fix
from bot.domain.migration import Applicability
from bot.engine.source.text import Undecodable, decode


class EditConflict(SsotError):
    """Fixes that cannot be applied together: they replace the same bytes by different texts."""


def apply_fixes(source: bytes, findings: Iterable[Finding], *, unsafe: bool = False) -> bytes:
    """Apply the safe fixes of ``findings`` (with ``unsafe``: those too) to ``source``, each once.

    The findings must be those of a scan of these very bytes; ignored ones are left alone.  Raises `EditConflict`
    when two fixes contradict each other, or lie outside the file.
    """
    applied = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    fixes = [f.fix for f in findings if f.fix and f.ignored is None and f.fix.applicability in applied]
    return apply_edits(source, combine(fixes))


def combine(fixes: Iterable[Fix]) -> list[Edit]:
    """The edits of several fixes, equal ones once, sorted.

    A deletion inside another deletion goes with it: of two statement groups, the larger one may take out a whole
    statement of which the smaller one takes out a part.  Raises `EditConflict` for every other overlap.
    """
    found: list[Edit] = []
    distinct = {id(fix): fix for fix in fixes}.values()  # usages share theirs, which may be of all of them
    for edit in sorted({edit for fix in distinct for edit in fix.edits}):
        last = found[-1] if found else None
        if last is None or edit.start > last.end or (edit.start == last.end and not _both_delete(last, edit)):
            found.append(edit)
        elif _both_delete(last, edit):
            found[-1] = Edit(start=last.start, end=max(last.end, edit.end), text="")
        elif edit.start != last.end and (last.start, last.end) != (edit.start, edit.start):
            raise EditConflict(f"two fixes change the bytes {edit.start} to {last.end}")
        else:
            found.append(edit)
    return found


def _both_delete(first: Edit, second: Edit) -> bool:
    return not first.text and not second.text and first.start < first.end and second.start < second.end


def apply_edits(source: bytes, edits: Sequence[Edit]) -> bytes:
    """``source`` with sorted edits applied; raises `EditConflict` for one outside the file or its encoding."""
    try:
        at = 0
        for edit in edits:
            if not at <= edit.start <= edit.end <= len(source):
                raise EditConflict(f"the edit of the bytes {edit.start} to {edit.end} does not fit the file")
            at = edit.end
        return spliced(source, edits, decode(source).encoding)
    except (Undecodable, UnicodeEncodeError) as error:
        raise EditConflict(str(error)) from error


def spliced(source: bytes, edits: Sequence[Edit], encoding: str = "utf-8") -> bytes:
    """``source`` with the edits made, which are sorted, free of overlaps and inside it."""
    parts: list[bytes] = []
    at = 0
    for edit in edits:
        parts += [source[at : edit.start], edit.text.encode(encoding)]
        at = edit.end
    return b"".join([*parts, source[at:]])
