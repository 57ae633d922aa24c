"""A small repository in memory, and what a scan finds in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.finding import FileReport, Finding, Scanned
from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.program.index import Index
from bot.engine.scan import looks_at, scan_file
from bot.engine.source.names import module_paths
from bot.engine.usages.analysis import Analysis
from bot.engine.usages.detect import analyse

OLD = "pkg.impl.old"
MIGRATION = Migration(name="m", targets=(Target(name=OLD, canonical="pkg.impl.new"),))
MODULE_MIGRATION = Migration(
    name="m", targets=(Target(name="pkg.legacy", canonical="pkg.modern", kind=TargetKind.MODULE),)
)
BASE = {
    "pkg/__init__.py": "",
    "pkg/impl.py": "def old(): ...\ndef new(): ...\n",
    "pkg/other.py": "def old(): ...\ndef thing(): ...\n",
}
"""The package that the snippets import from: ``pkg.other.old`` is a homonym."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was found, and how many times modules had to be fetched."""

    report: FileReport
    rounds: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        assert isinstance(self.report, Scanned), self.report
        return self.report.findings

    @property
    def places(self) -> list[tuple[str, int, str]]:
        """Kind, line and the text that is marked."""
        return [(f.kind.value, f.range.line, f.symbol.rpartition(".")[2]) for f in self.findings]


def scan(
    source: str | bytes,
    path: str = "pkg/user.py",
    *,
    files: Mapping[str, str] | None = None,
    migration: Migration = MIGRATION,
    known: bool = False,
    source_roots: tuple[str, ...] = (),
) -> Scan:
    """Scan ``source`` at ``path`` among ``files``, fetching the modules that are wanted.

    ``known`` puts all files into the index at once.  The result must be the same with all scopes as with the few that
    listing needs.
    """
    content = source.encode() if isinstance(source, str) else source
    repository = {name: text.encode() for name, text in {**BASE, **(files or {})}.items()} | {path: content}
    modules = [target.name.rpartition(".")[0] for target in migration.targets]
    start = repository if known else {path: content}
    index = Index.build(start.items(), source_roots=source_roots, modules=modules)
    for rounds in range(10):
        report = scan_file(content, path, [migration], index, fixes=False)
        missing_modules = report.missing_modules if isinstance(report, Scanned) else frozenset()
        if not missing_modules:
            _same_in_full(content, path, migration, index, report)
            return Scan(report=report, rounds=rounds)
        names = [name for module in missing_modules for name in module_paths(module, index.roots)]
        index = index.with_modules((name, repository.get(name)) for name in names)
    raise AssertionError(f"still wanted: {missing_modules}")


def _same_in_full(content: bytes, path: str, migration: Migration, index: Index, report: FileReport) -> None:
    full = analyse(content, path, [migration] if looks_at(migration, path) else [], index)
    if isinstance(report, Scanned) and isinstance(full, Analysis):
        assert [(u.kind, u.range, u.symbol) for u in full.uses] == [
            (f.kind, f.range, f.symbol) for f in report.findings
        ]


def marked(source: str | bytes, finding: Finding) -> str:
    """The text that a finding marks."""
    content = source.encode() if isinstance(source, str) else source
    return content[finding.range.start : finding.range.end].decode()
