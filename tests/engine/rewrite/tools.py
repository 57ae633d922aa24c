"""Rewriting one file in memory, and what the tests hold against the result."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.finding import Finding, Scanned
from bot.domain.migration import Action, Applicability, Condition, Migration, Rewrite, Target, TargetKind
from bot.engine.program.index import Index
from bot.engine.rewrite import apply_fixes
from bot.engine.scan import scan_file

PATH = "app/x.py"
SAFE = Applicability.SAFE
DROP_IN = Migration(name="m", drop_in=True, targets=(Target(name="old.mod.f", canonical="new.mod.g"),))


def drop_in(old: str, new: str, kind: TargetKind = TargetKind.SYMBOL) -> Migration:
    """``old`` becomes ``new``, and that is all."""
    return Migration(name="m", drop_in=True, targets=(Target(name=old, canonical=new, kind=kind),))


def module(old: str, new: str) -> Migration:
    """A module or package moves."""
    return drop_in(old, new, TargetKind.MODULE)


def pattern(match: str, replace: str, *imports: str) -> Migration:
    """One safe rule for ``old.mod.f``, whose successor is ``new.mod.g``."""
    rewrite = Rewrite(match=match, replace=replace, applicability=SAFE, imports=imports)
    return Migration(name="m", targets=(Target(name="old.mod.f", canonical="new.mod.g"),), rewrites=(rewrite,))


def factory(*more: Rewrite) -> Migration:
    """``old.mod.f`` makes a factory; what is made of it, ``new.mod.G`` makes for a context."""
    rewrites = (
        Rewrite(when=Condition.RESULT_UNUSED, action=Action.DELETE_STATEMENT, applicability=SAFE),
        Rewrite(when=Condition.IMPORT_UNUSED, action=Action.DELETE_STATEMENT, applicability=SAFE),
        Rewrite(when=Condition.ONLY_PROBED, replace="$canonical", applicability=SAFE),
        Rewrite(match="await $deprecated().make($c)", replace="$canonical(context=$c)", applicability=SAFE),
        Rewrite(match="$deprecated().make($c)", replace="$canonical(context=$c)"),
        *more,
    )
    return Migration(name="m", targets=(Target(name="old.mod.f", canonical="new.mod.G"),), rewrites=rewrites)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A file before and after."""

    before: bytes
    after: bytes
    findings: tuple[Finding, ...]

    @property
    def text(self) -> str:
        return self.after.decode()

    @property
    def codes(self) -> list[str | None]:
        """The reasons of the usages, in the order of the source."""
        return [finding.reason_code for finding in self.findings]


def rewrite(
    source: str | bytes, migration: Migration, *, path: str = PATH, files: Mapping[str, str] | None = None,
    unsafe: bool = False,
) -> Rewritten:  # fmt: skip
    """Scan and apply; a second run must find nothing more to do."""
    before = source.encode() if isinstance(source, str) else source
    known = {path: before, **{name: text.encode() for name, text in (files or {}).items()}}
    findings = scan(before, migration, path, known)
    after = apply_fixes(before, findings, unsafe=unsafe)
    again = scan(after, migration, path, {**known, path: after})
    assert apply_fixes(after, again, unsafe=unsafe) == after, "a second run changes more"
    return Rewritten(before=before, after=after, findings=findings)


def scan(source: bytes, migration: Migration, path: str, known: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """The findings of one file."""
    report = scan_file(source, path, [migration], Index.build(known.items()))
    assert isinstance(report, Scanned), report
    return report.findings
