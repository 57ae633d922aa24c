"""A deprecated name, and scans that find it: the real detection, with fixes made by hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.domain.file_result import FileChange, FileReview, NewFinding
from bot.domain.finding import Edit, FileReport, Finding, Fix, Scanned
from bot.domain.migration import Applicability, Migration, Target
from bot.engine.diff.changes import review_changes
from bot.engine.program.index import Index
from bot.engine.scan import scan_file

MIGRATION = Migration(name="dep", targets=(Target(name="pkg.old.dep", canonical="pkg.new.Dep"),))
INDEX = Index.build(
    [
        ("pkg/__init__.py", b""),
        ("pkg/new.py", b"class Dep: ...\n"),
        ("pkg/old.py", b"def dep(*args): ...\n"),
        ("app/__init__.py", b""),
    ]
)
Fixer = Callable[[bytes, Finding], Fix | None]


def unfixed(source: bytes, finding: Finding) -> Fix | None:
    return None


def scan(source: bytes, path: str) -> FileReport:
    return scan_file(source, path, [MIGRATION], INDEX, fixes=False)


def scan_with(fixer: Fixer) -> Callable[[bytes, str], FileReport]:
    """A scan whose findings carry the fixes that ``fixer`` gives."""

    def scanned(source: bytes, path: str) -> FileReport:
        match scan(source, path):
            case Scanned() as report:
                return replace(report, findings=tuple(_with_fix(each, fixer(source, each)) for each in report.findings))
            case report:
                return report

    return scanned


def _with_fix(finding: Finding, fix: Fix | None) -> Finding:
    return replace(finding, fix=fix, applicability=fix.applicability if fix else Applicability.DISPLAY_ONLY)


def change(base: bytes | None, head: bytes | None, path: str = "app/a.py", base_path: str | None = None) -> FileChange:
    return FileChange(path=path, base_path=base_path or path, base=base, head=head)


def review(*changes: FileChange, fixer: Fixer = unfixed) -> tuple[FileReview, ...]:
    return review_changes(changes, scan_with(fixer), scan, {})


def new_in(*changes: FileChange, fixer: Fixer = unfixed) -> list[NewFinding]:
    return [new for each in review(*changes, fixer=fixer) for new in each.new]


def told(found: Sequence[NewFinding]) -> list[tuple[str, int | None]]:
    """Kind and line of every new usage, whether it has a comment of its own or shares one."""
    return sorted((str(finding.kind), finding.range.line) for new in found for finding in (new.finding, *new.also))


def edits(*found: Edit, applicability: Applicability = Applicability.SAFE) -> Fix:
    return Fix(edits=tuple(sorted(found)), applicability=applicability)
