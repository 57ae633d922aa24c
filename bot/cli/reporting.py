"""The results of a scan as text, as JSON and as GitHub's workflow commands."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.cli.fixable import UNPLANNED, Fixable, tier
from bot.domain.finding import Failed, FileReport, Finding, Scanned, Skipped
from bot.engine.source.text import SourceMap, Undecodable, decode, line_around

VERSION = 1
"""The JSON document's version: raised when a field is removed or changes its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The results of a scan, sorted by kind."""

    root: Path
    files: int
    findings: tuple[Finding, ...]
    ignored: int
    failed: tuple[Failed, ...]
    skipped: tuple[Skipped, ...]
    sources: dict[str, bytes] = field(default_factory=dict)
    planned: bool = False
    """Whether the fixes were planned."""
    allowed: int = 0
    """Usages that a baseline allows: they are not among the findings."""

    @classmethod
    def of(
        cls, root: Path, files: int, reports: tuple[FileReport, ...], sources: dict[str, bytes], *, planned: bool,
        allowed: int = 0,
    ) -> "Shown":  # fmt: skip
        every = [finding for report in reports if isinstance(report, Scanned) for finding in report.findings]
        return cls(
            root=root,
            files=files,
            findings=tuple(finding for finding in every if finding.ignored is None),
            ignored=sum(finding.ignored is not None for finding in every),
            failed=tuple(report for report in reports if isinstance(report, Failed)),
            skipped=tuple(report for report in reports if isinstance(report, Skipped)),
            sources=sources,
            planned=planned,
            allowed=allowed,
        )

    @property
    def fixable(self) -> Fixable | None:
        """``None``: no fix was planned."""
        return Fixable.of(self.findings) if self.planned else None

    def content(self, path: str) -> tuple[bytes, str] | None:
        """The content of a file and its encoding, to quote from; ``None`` if it can no longer be read."""
        try:
            content = self.sources[path] if path in self.sources else (self.root / path).read_bytes()
            return content, decode(content).encoding
        except (OSError, Undecodable):
            return None

    def source(self, path: str) -> SourceMap | None:
        """The same with its lines."""
        content = self.content(path)
        return SourceMap(*content) if content else None


# --- JSON -----------------------------------------------------------------------------------------------------


def as_json(shown: Shown) -> str:
    """One JSON document; `VERSION` names its form."""
    import json  # not needed for what people read

    document = {
        "version": VERSION,
        "root": str(shown.root),
        "files": shown.files,
        "findings": [finding_fields(finding) for finding in shown.findings],
        "unparsable": [
            {"path": each.path, "line": each.line, "message": each.message, "hits": list(each.hits)}
            for each in shown.failed
        ],
        "skipped": [{"path": each.path, "reason": each.reason} for each in shown.skipped],
        "ignored": shown.ignored,
        "fixable": asdict(shown.fixable) if shown.fixable else None,
    }
    return json.dumps(document, indent=1) + "\n"


def finding_fields(finding: Finding) -> dict[str, Any]:
    """One entry of ``findings``."""
    place, fix = finding.range, finding.fix
    edits = [{"start": edit.start, "end": edit.end, "text": edit.text} for edit in fix.edits] if fix else []
    return {
        "migration": finding.migration,
        "path": finding.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "kind": finding.kind.value,
        "symbol": finding.symbol,
        "message": finding.message,
        "applicability": finding.applicability.value,
        "reason": finding.reason,
        "fix": {"edits": edits} if fix else None,
        "fixable": tier(finding),
        "critical": finding.critical,
    }


def fingerprints(findings: Sequence[Finding]) -> Iterator[str]:
    """A name for each finding that stays when lines above it change: the n-th of its kind in its file."""
    import hashlib

    seen: Counter[str] = Counter()
    for finding in findings:
        identity = f"{finding.migration}\0{finding.path}\0{finding.kind}\0{finding.symbol}"
        seen[identity] += 1
        digest = hashlib.sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "surrogatepass")).hexdigest()
        yield digest[:32]


# --- GitHub's workflow commands ---------------------------------------------------------------------------------


def as_github(shown: Shown) -> str:
    """One workflow command a line (docs.github.com, "Workflow commands for GitHub Actions")."""
    lines = []
    for finding in shown.findings:
        place = finding.range
        fields = {
            "file": finding.path, "line": place.line, "endLine": place.end_line, "col": place.column,
            "endColumn": place.end_column, "title": finding.migration,
        }  # fmt: skip
        lines.append(_command("error" if finding.critical else "warning", fields, finding.message))
    for failure in shown.failed:
        fields = {"file": failure.path, "line": failure.line, "title": "does not parse"}
        lines.append(_command("error", fields, failure_text(failure)))
    lines += [_command("warning", {"file": s.path, "title": "not scanned"}, s.reason) for s in shown.skipped]
    if shown.findings and shown.fixable:
        lines.append(_command("notice", {"title": "ssot"}, str(shown.fixable)))
    return "".join(f"{line}\n" for line in lines)


def _command(name: str, fields: dict[str, Any], message: str) -> str:
    properties = ",".join(f"{key}={_escaped(str(value), ',:')}" for key, value in fields.items())
    return f"::{name} {properties}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    """As actions/toolkit's ``command.ts`` escapes data, and properties with ``more``."""
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return printable(text)


# --- text -----------------------------------------------------------------------------------------------------


def as_text(shown: Shown, *, color: bool = False, width: int | None = None) -> str:
    """For people: each finding with its line and a caret, then a summary.  ``width``: columns to cut lines to."""
    paint = _Paint(color)
    parts: list[str] = []
    path, content = None, None
    for finding in shown.findings:
        if finding.path != path:
            path, content = finding.path, shown.content(finding.path)
        parts += [_headline(finding, paint), *_excerpt(finding, content, paint, width), ""]
    for failure in shown.failed:
        place = paint.bold(f"{printable(failure.path)}:{failure.line}")
        parts += [f"{place}: {paint.red('does not parse')}: {failure_text(failure)}", ""]
    for skipped in shown.skipped:
        parts += [f"{paint.bold(printable(skipped.path))}: {paint.yellow('not scanned')}: {skipped.reason}", ""]
    return "".join(f"{part}\n" for part in [*parts, *_summary(shown, paint)])


def _headline(finding: Finding, paint: "_Paint") -> str:
    place = f"{printable(finding.path)}:{finding.range.line}:{finding.range.column}"
    kind = paint.red(finding.kind.value) if finding.critical else paint.yellow(finding.kind.value)
    critical = " (critical path)" if finding.critical else ""
    text = f"{paint.bold(place)}: {kind}{critical}: {finding.message}"
    fix = f" [{tier(finding)} fix]" if finding.fix is not None else ""
    return f"{text} [{finding.migration}]{fix}" + (f"\n  {finding.reason}" if finding.reason else "")


def _excerpt(
    finding: Finding, content: tuple[bytes, str] | None, paint: "_Paint", width: int | None
) -> list[str]:  # fmt: skip
    """The line and the caret below it."""
    place = finding.range
    if content is None or place.end > len(content[0]):
        return []
    text = line_around(content[0], place.start, content[1])
    end = place.end_column if place.end_line == place.line else len(text) + 1
    gutter = f"{place.line:>5} | "
    before, marked, after = (_columns(part) for part in _split(text, place.column - 1, end - 1))
    if width is not None:
        room = max(width - len(gutter), 20)
        cut = max(_width(before + marked) - room, 0)
        before, after = before[cut:], after[: max(room - _width(before[cut:] + marked), 0)]
    caret = "^" * max(_width(marked), 1)
    return [f"{gutter}{before}{marked}{after}".rstrip(), f"{'':>5} | {' ' * _width(before)}{paint.red(caret)}"]


def _split(text: str, start: int, end: int) -> tuple[str, str, str]:
    return text[:start], text[start:end], text[end:]


def _columns(text: str) -> str:
    return printable(text.replace("\t", "    "))


def _width(text: str) -> int:
    """The width of a printable ``text`` in terminal columns."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def printable(text: str) -> str:
    """Control and invisible characters as escapes: quoted text moves no cursor and hides nothing."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def failure_text(failure: Failed) -> str:
    lines = ("line " if len(failure.hits) == 1 else "lines ") + ", ".join(map(str, failure.hits))
    return failure.message + (f"; the name is on {lines}" if failure.hits else "")


def _summary(shown: Shown, paint: "_Paint") -> list[str]:
    scanned = _count(shown.files, "file")
    rest = [
        text
        for number, text in (
            (len(shown.failed), f"{_count(len(shown.failed), 'file')} not parsed"),
            (len(shown.skipped), f"{_count(len(shown.skipped), 'file')} not scanned"),
            (shown.ignored, f"{_count(shown.ignored, 'usage')} ignored with a reason"),
            (shown.allowed, f"{_count(shown.allowed, 'usage')} in the baseline"),
        )
        if number
    ]
    tail = "".join(f"; {text}" for text in rest)
    if not shown.findings:
        return [paint.bold(f"No {'new ' if shown.allowed else ''}usages in {scanned}") + tail + "."]
    kinds = Counter(finding.kind.value for finding in shown.findings)
    named = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    where = _count(len({finding.path for finding in shown.findings}), "file")
    total = paint.bold(f"{_count(len(shown.findings), 'usage')} in {where}") + f" ({named}), of {scanned}{tail}."
    return [total, str(shown.fixable) if shown.fixable else UNPLANNED]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(frozen=True, slots=True)
class _Paint:
    """Colours, or none."""

    on: bool

    def bold(self, text: str) -> str:
        return self._with("1", text)

    def red(self, text: str) -> str:
        return self._with("1;31", text)

    def yellow(self, text: str) -> str:
        return self._with("33", text)

    def _with(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text
