"""New usages as review comments: one for each statement group, on a line that GitHub accepts, with its suggestion."""

from collections.abc import Mapping, Sequence

from bot.domain.file_result import NewFinding, Suggestion
from bot.domain.finding import Finding, Kind
from bot.domain.migration import Applicability
from bot.engine.diff.new import first_served, provision
from bot.engine.diff.suggest import Sides, SuggestionRefused, refused, suggest
from bot.engine.diff.usage import Usage

_RANK = {
    kind: rank
    for rank, kind in enumerate(
        (Kind.CALL, Kind.REFERENCE, Kind.STRING_REFERENCE, Kind.DEFINITION, Kind.RE_EXPORT, Kind.IMPORT)
    )
}
"""Which usage of a group the comment is about: what the author wrote it for comes before what it needs."""
MAX_CHECKED = 2 << 20
"""Bytes of source that are checked for the suggestions of one file: each suggestion takes the whole file once."""
MANY = "This file has too many new usages for single suggestions."
OVERLAP = "Another suggestion changes the same lines; commit that one first."


def new_findings(added: Sequence[Usage], fingerprints: Mapping[Usage, str], sides: Sides) -> tuple[NewFinding, ...]:
    """One finding for each group of new usages, in the order of the source."""
    found: list[NewFinding] = []
    taken: list[Suggestion] = []
    affordable = max(1, MAX_CHECKED // max(1, len(sides.head)))
    for group in _groups(added):
        offered = _offer(group[0].finding, sides, taken, affordable=affordable > 0)
        affordable -= group[0].finding.fix is not None
        if isinstance(offered, Suggestion):
            taken.append(offered)
        found.append(_comment(group, fingerprints, offered, sides))
    return tuple(sorted(found, key=lambda new: new.finding.range))


def _groups(added: Sequence[Usage]) -> list[list[Usage]]:
    """Usages that share a fix, and imports without one with the first usage that they serve; the main one first."""
    groups: dict[object, list[Usage]] = {}
    served = first_served(added)
    for usage in added:
        host = usage
        if usage.finding.kind is Kind.IMPORT and usage.finding.fix is None:
            host = served.get(provision(usage), usage)
        groups.setdefault(host.finding.fix or host, []).append(usage)
    return [sorted(members, key=lambda u: (_RANK[u.finding.kind], u.finding.range)) for members in groups.values()]


def _offer(
    finding: Finding, sides: Sides, taken: Sequence[Suggestion], *, affordable: bool
) -> Suggestion | SuggestionRefused:
    fix = finding.fix
    if fix is None:
        return SuggestionRefused(reason=finding.reason or "No rewrite matches this usage.")
    if Applicability.DISPLAY_ONLY in (finding.applicability, fix.applicability):
        return SuggestionRefused(reason=finding.reason or "Please change this by hand.")
    if not affordable:
        return refused(MANY, fix)
    offered = suggest(fix, sides)
    if isinstance(offered, Suggestion) and any(_overlap(offered, other) for other in taken):
        return refused(OVERLAP, fix)
    return offered


def _overlap(one: Suggestion, other: Suggestion) -> bool:
    return one.start_line <= other.end_line and other.start_line <= one.end_line


def _comment(
    group: Sequence[Usage], fingerprints: Mapping[Usage, str], offered: Suggestion | SuggestionRefused, sides: Sides
) -> NewFinding:
    fingerprint, *others = (fingerprints[usage] for usage in group)
    also = tuple(usage.finding for usage in group[1:])
    match offered:
        case Suggestion(start_line=first, end_line=last):
            return NewFinding(
                finding=group[0].finding,
                also=also,
                also_fingerprints=tuple(others),
                fingerprint=fingerprint,
                line=last,
                start_line=first if first < last else None,
                suggestion=offered,
            )
        case SuggestionRefused(reason=reason):
            return NewFinding(
                finding=group[0].finding,
                also=also,
                also_fingerprints=tuple(others),
                fingerprint=fingerprint,
                line=_anchor(group, sides),
                no_suggestion=reason,
            )


def _anchor(group: Sequence[Usage], sides: Sides) -> int | None:
    """The first line of the group's main usage that GitHub accepts a comment on, else of another one's."""
    for usage in group:
        end = sides.lines.line_at(max(usage.finding.range.start, usage.finding.range.end - 1))
        for line in range(usage.line, end + 1):
            if line in sides.commentable:
                return line
    return None
