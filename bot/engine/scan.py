"""Scan one file: the usages of all migrations in it, as findings."""

from collections.abc import Mapping, Sequence

from bot.domain.finding import FileReport, Finding, Scanned
from bot.domain.globs import matches
from bot.domain.migration import Applicability, Migration, TargetKind
from bot.engine.program.index import Index
from bot.engine.resolve.exports import newer_parts
from bot.engine.source.ignores import Ignore, ignores
from bot.engine.source.mentions import respelled
from bot.engine.usages.analysis import Analysis, Use, Verdict
from bot.engine.usages.detect import analyse
from bot.engine.usages.messages import message
from bot.engine.usages.targets import Targets, brought

_UNPLANNED = Verdict(applicability=Applicability.DISPLAY_ONLY)


def scan_file(
    source: bytes,
    path: str,
    migrations: Sequence[Migration],
    index: Index,
    *,
    fixes: bool = True,
    patient: bool = False,
) -> FileReport:
    """The usages in one file of those migrations whose paths hold it.

    ``path`` is relative to the repository, ``/``-separated.  Without ``fixes`` no fix is planned: every finding is
    display-only, without a reason.  Nor is one with ``patient`` while modules are missing, for a caller that scans
    again when they are there.  Nothing is raised for bad source: it is ``Failed`` or ``Skipped``.
    """
    asked = [migration for migration in migrations if looks_at(migration, path)]
    if not may_use(source, asked, index):
        return Scanned(path=path)
    analysis = analyse(source, path, asked, index, sparse=True)
    if isinstance(analysis, Analysis) and analysis.uses and fixes:
        analysis = analyse(source, path, asked, index)
    if not isinstance(analysis, Analysis):
        return analysis
    planned = fixes and bool(analysis.uses)
    missing_modules = analysis.missing_modules | (
        _required(analysis) | _facades(analysis) | _takers(analysis) if planned else frozenset()
    )
    verdicts = _verdicts(analysis) if planned and not (patient and missing_modules) else {}
    missing_modules = missing_modules.union(*(verdict.missing_modules for verdict in verdicts.values()))
    comments = ignores(_tokenized(analysis)) if analysis.uses else {}
    known = frozenset(migration.name for migration in migrations)
    found = (_finding(use, path, verdicts.get(n, _UNPLANNED), comments, known) for n, use in enumerate(analysis.uses))
    return Scanned(path=path, findings=tuple(found), missing_modules=missing_modules)


def _tokenized(analysis: Analysis) -> str:
    """The text in which comments are looked for: as the running Python can read it."""
    newer = newer_parts(analysis.tree)
    return newer.source.decode(analysis.encoding, "replace") if newer else analysis.text


def looks_at(migration: Migration, path: str) -> bool:
    """Whether the migration's ``paths`` hold the file."""
    return (not migration.include or matches(path, migration.include)) and not matches(path, migration.exclude)


def may_use(source: bytes, migrations: Sequence[Migration], index: Index) -> bool:
    """Whether a target's last component, or a name that a known module gives to it, stands in ``source``."""
    names = [name.encode() for name in index.aliases(Targets(migrations).leaves)] if migrations else []
    return any(name in source for name in names) or (bool(names) and respelled(source, len(source), names))


def _verdicts(analysis: Analysis) -> Mapping[int, Verdict]:
    from bot.engine.rewrite import plan_fixes  # costs more start-up than a scan: loaded when there is something to fix

    verdicts: Mapping[int, Verdict] = plan_fixes(analysis)
    return verdicts


def _required(analysis: Analysis) -> frozenset[str]:
    """The modules in which requirements and the successors are looked up, as far as the index lacks them.

    A successor in a package that is neither the file's own nor known is not looked for, unless the repository has the
    deprecated name's module.
    """
    required = required_modules([use.migration for use in analysis.uses], analysis.index)
    own = {module.partition(".")[0] for module in analysis.modules}
    found = ((use.target.canonical, use.symbol[len(use.target.name) :]) for use in analysis.uses)
    successors = {canonical + tail for canonical, tail in found if canonical}
    migrations = {id(use.migration): use.migration for use in analysis.uses}.values()
    successors.update(name for migration in migrations for rule in migration.rewrites for name in brought(rule))
    tops = {name: name.partition(".")[0] for name in successors}
    held = any(analysis.index.has(use.target.name.rpartition(".")[0] or use.target.name) for use in analysis.uses)
    near = [name for name, top in tops.items() if held or top in own or analysis.index.has(top)]
    whole = {use.symbol for use in analysis.uses if use.target.kind is TargetKind.MODULE} if held else frozenset()
    resolutions = [analysis.index.resolution(name) for name in (*near, *whole)]
    return required.union(*(resolution.missing_modules for resolution in resolutions))


def _facades(analysis: Analysis) -> frozenset[str]:
    """The modules through which the file may have a successor already, as far as the index lacks them."""
    leaves = {use.target.canonical.rpartition(".")[2] for use in analysis.uses if use.target.canonical}
    imports = [b.imported for leaf in leaves for b in analysis.root.bindings.get(leaf, ()) if b.imported]
    origins = {origin for imported in imports for origin in imported.origins}
    return frozenset[str]().union(*(analysis.index.resolution(origin).missing_modules for origin in origins))


def _takers(analysis: Analysis) -> frozenset[str]:
    from bot.engine.rewrite.takers import untold

    return untold(analysis)


def required_modules(migrations: Sequence[Migration], index: Index) -> frozenset[str]:
    """The modules that the migrations' requirements are read from and that ``index`` lacks."""
    symbols = {requirement.symbol for migration in migrations for requirement in migration.requires}
    return frozenset[str]().union(*(index.resolution(symbol).missing_modules for symbol in symbols))


def _finding(use: Use, path: str, verdict: Verdict, comments: Mapping[int, Ignore], known: frozenset[str]) -> Finding:
    lines = (use.range.line, getattr(use.statement, "lineno", use.range.line))
    found = [comments[line] for line in dict.fromkeys(lines) if line in comments]
    own = [comment for comment in found if use.migration.name in comment.migrations]
    reason = next((comment.reason for comment in own if comment.reason), None)
    text, idle = message(use), None
    if reason is None and (idle := _idle(own, found, known)):
        text += f" {idle}: # ssot: ignore[{use.migration.name}] why it has to stay."
    return Finding(
        migration=use.migration.name, path=path, range=use.range, kind=use.kind, symbol=use.symbol, message=text,
        applicability=verdict.applicability, reason=verdict.reason, reason_code=verdict.reason_code,
        fix=verdict.fix, critical=matches(path, use.migration.critical), ignored=reason, idle_ignore=idle,
    )  # fmt: skip


def _idle(own: Sequence[Ignore], found: Sequence[Ignore], known: frozenset[str]) -> str | None:
    """Why the comments at a usage do not ignore it, if one of them means to."""
    if own:
        return "An ignore needs a reason"
    if any(not comment.migrations for comment in found):
        return "An ignore needs the name of the migration"
    if unknown := sorted({name for comment in found for name in comment.migrations} - known):
        return f"An ignore names {', '.join(unknown)}, and there is no such migration"
    return None
