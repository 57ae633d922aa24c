"""What a change brings: each of its files scanned on both sides, what is new told from what was there."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.file_result import FileChange, FileReview, NewFinding
from bot.domain.finding import FileReport, Scanned
from bot.engine.diff.comments import new_findings
from bot.engine.diff.new import (
    Alignment,
    Unpaired,
    on_changed_lines,
    pair_across_files,
    pair_in_file,
    without_idle_imports,
)
from bot.engine.diff.suggest import Sides
from bot.engine.diff.unified import Hunk, fits, hunks
from bot.engine.diff.usage import Usage, fingerprints, usages

Scan = Callable[[bytes, str], FileReport]
"""Source and path to what is found there."""
Hunks = Mapping[str, Sequence[Hunk]]


def review_changes(
    changes: Sequence[FileChange], scan_head: Scan, scan_base: Scan, hunks: Hunks
) -> tuple[FileReview, ...]:
    """A review of each change, in their order; see ``bot.engine.diff.compare``, which knows how to scan."""
    files = [_scanned(change, scan_head, scan_base) for change in changes]
    left = pair_across_files([file.unpaired() for file in files])
    quiet = pair_across_files([file.ignored().unpaired() for file in files])
    return tuple(
        FileReview(
            report=file.report(),
            new=_new(file, each.head, identity, hunks.get(file.change.path)),
            ignoring=_shown(file, kept.head, identity, hunks.get(file.change.path)),
        )
        for file, each, kept, identity in zip(files, left, quiet, _identities(changes), strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """One change with both sides scanned; a side that does not exist has nothing in it."""

    change: FileChange
    head_report: FileReport
    base_report: FileReport
    head: tuple[Usage, ...]
    base: tuple[Usage, ...]

    def report(self) -> FileReport:
        """The head's, with what either side wants."""
        match self.head_report, self.base_report:
            case Scanned() as head, Scanned(missing_modules=missing_modules):
                return replace(head, missing_modules=head.missing_modules | missing_modules)
            case head, _:
                return head

    def ignored(self) -> "_File":
        """With nothing but the usages that a comment ignores: what is unpaired of these, the change ignores."""
        head, base = (tuple(u for u in side if u.finding.ignored is not None) for side in (self.head, self.base))
        return replace(self, head=head, base=base)

    def unpaired(self) -> Unpaired:
        """What the diff of this file alone leaves unexplained."""
        if not isinstance(self.head_report, Scanned):
            return Unpaired()  # what the base had may still be there: nothing moved away
        if not self.head or self.change.base is None or self.change.head is None:
            return Unpaired(base=self.base, head=self.head)
        lines = Alignment.of(self.change.base, self.change.head)
        if not isinstance(self.base_report, Scanned):
            return Unpaired(head=on_changed_lines(self.head, lines))
        return pair_in_file(self.base, self.head, lines)


def _scanned(change: FileChange, scan_head: Scan, scan_base: Scan) -> _File:
    if change.head == change.base and change.path == change.base_path:
        nothing = Scanned(path=change.path)
        return _File(change=change, head_report=nothing, base_report=nothing, head=(), base=())
    head = _scan(change.head, change.path, scan_head)
    base = _scan(change.base, change.base_path, scan_base)
    return _File(
        change=change,
        head_report=head,
        base_report=base,
        head=_usages(change.head, head),
        base=_usages(change.base, base),
    )


def _scan(source: bytes | None, path: str, scan: Scan) -> FileReport:
    return Scanned(path=path) if source is None else scan(source, path)


def _usages(source: bytes | None, report: FileReport) -> tuple[Usage, ...]:
    return usages(source, report.findings) if source is not None and isinstance(report, Scanned) else ()


def _identities(changes: Sequence[FileChange]) -> list[str]:
    """The path in a file's fingerprints: that of the base, which outlives a rename while the pull request is open."""
    bases = Counter(change.base_path for change in changes if change.base is not None)
    return [
        change.base_path if change.base is not None and bases[change.base_path] == 1 else change.path
        for change in changes
    ]


def _new(file: _File, unpaired: Sequence[Usage], identity: str, given: Sequence[Hunk] | None) -> tuple[NewFinding, ...]:
    added = [usage for usage in without_idle_imports(unpaired, file.head) if usage.finding.ignored is None]
    return _shown(file, added, identity, given)


def _shown(file: _File, added: Sequence[Usage], identity: str, given: Sequence[Hunk] | None) -> tuple[NewFinding, ...]:
    """These usages of the head, as they are shown in the diff."""
    if not added or file.change.head is None:
        return ()
    if not given or not fits(given, file.change.head):
        given = hunks(file.change.base or b"", file.change.head)
    return new_findings(added, fingerprints(identity, file.head), Sides(file.change.head, given))
