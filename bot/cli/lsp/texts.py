"""Findings in the words of the Language Server Protocol (microsoft.github.io/language-server-protocol, 3.17).  Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from lsprotocol import types as lsp

from bot.cli.lsp.scanning import FileAnswer
from bot.domain.errors import ConfigError
from bot.domain.finding import Edit, Failed, Finding, Fix, Scanned, Skipped
from bot.domain.migration import Applicability
from bot.engine.rewrite.edits import combine
from bot.engine.source.text import SourceMap, Undecodable, declared_encoding, decode

SOURCE = "ssot"
FIX_ALL = "source.fixAll.ssot"

_UNITS: Mapping[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "utf-32": len,
}
"""The units in which characters of a line are counted; a client that asks for none counts in UTF-16."""


def as_bytes(text: str) -> bytes:
    """An editor's text as the bytes that it would save: in the encoding that the source declares, if that can be."""
    source = text.encode("utf-8", "surrogatepass")
    declared = declared_encoding(source)
    try:
        return text.encode(declared) if declared else source
    except (LookupError, UnicodeEncodeError):
        return source


@dataclass(frozen=True, kw_only=True)
class OpenText:
    """An open file's content, as it was scanned."""

    uri: str
    version: int
    source: bytes
    unit: str
    """How its characters are counted: a key of ``_UNITS``."""

    @cached_property
    def lines(self) -> SourceMap:
        """Its lines.  What cannot be decoded has no findings."""
        try:
            return SourceMap(self.source, decode(self.source).encoding)
        except Undecodable:
            return SourceMap(self.source)

    def place(self, start: int, end: int) -> lsp.Range:
        """A span of bytes."""
        return lsp.Range(start=self._position(start), end=self._position(end))

    def _position(self, offset: int) -> lsp.Position:
        lines = self.lines
        line, _ = lines.position(offset)
        before = lines.source[lines.starts[line - 1] : offset].decode(lines.encoding, "replace")
        return lsp.Position(line=line - 1, character=_UNITS[self.unit](before))


# --- diagnostics ------------------------------------------------------------------------------------------------


def diagnostics(text: OpenText, answer: FileAnswer) -> list[lsp.Diagnostic]:
    """What the editor shows of a file."""
    match answer.report:
        case Scanned():
            return [_diagnostic(text, finding) for finding in active(answer)]
        case Failed(line=line, message=message, hits=hits):
            return [_note(line, f"not checked, because the file does not parse: {message}")] if hits else []
        case Skipped(reason=reason):
            return [_note(1, f"not checked: {reason}")]


def active(answer: FileAnswer) -> tuple[Finding, ...]:
    """The findings that no comment in the code ignores."""
    findings = answer.report.findings if isinstance(answer.report, Scanned) else ()
    return tuple(finding for finding in findings if finding.ignored is None)


def _diagnostic(text: OpenText, finding: Finding) -> lsp.Diagnostic:
    return lsp.Diagnostic(
        range=text.place(finding.range.start, finding.range.end),
        message=finding.message + (f" {finding.reason}" if finding.reason else ""),
        severity=lsp.DiagnosticSeverity.Error if finding.critical else lsp.DiagnosticSeverity.Warning,
        code=finding.migration,
        source=SOURCE,
        tags=[lsp.DiagnosticTag.Deprecated],
    )


def _note(line: int, message: str) -> lsp.Diagnostic:
    start = lsp.Position(line=max(line, 1) - 1, character=0)
    severity = lsp.DiagnosticSeverity.Information
    return lsp.Diagnostic(range=lsp.Range(start=start, end=start), message=message, severity=severity, source=SOURCE)


def problems(errors: Iterable[ConfigError]) -> list[lsp.Diagnostic]:
    """The errors of a configuration; its columns count characters, which in YAML's keys are one unit each."""
    return [_problem(error) for error in errors]


def _problem(error: ConfigError) -> lsp.Diagnostic:
    start = lsp.Position(line=max(error.line, 1) - 1, character=max(error.column, 1) - 1)
    severity = lsp.DiagnosticSeverity.Error
    place = lsp.Range(start=start, end=start)
    return lsp.Diagnostic(range=place, message=error.message, severity=severity, source=SOURCE)


# --- hover ------------------------------------------------------------------------------------------------------


def hover(text: OpenText, answer: FileAnswer, position: lsp.Position) -> lsp.Hover | None:
    """The migration of the usage at a position, and what is known of the usage's fix."""
    for finding in active(answer):
        place = text.place(finding.range.start, finding.range.end)
        if place.start <= position <= place.end:
            parts = [answer.explained.get(finding.migration, finding.message), "---", _about(finding, answer.planned)]
            value = "\n\n".join(parts)
            return lsp.Hover(contents=lsp.MarkupContent(kind=lsp.MarkupKind.Markdown, value=value), range=place)
    return None


def _about(finding: Finding, planned: bool) -> str:
    if not planned:
        return f"**This {finding.kind.value}**: {finding.message}"
    fix = {
        Applicability.SAFE: "a safe fix is offered as a code action",
        Applicability.UNSAFE: "an unsafe fix is offered as a code action; look at what it does",
        Applicability.DISPLAY_ONLY: "change it by hand",
    }[finding.applicability]
    return f"**This {finding.kind.value}**: {fix}." + (f" {finding.reason}" if finding.reason else "")


# --- code actions -----------------------------------------------------------------------------------------------


def actions(
    text: OpenText, answer: FileAnswer, asked: lsp.CodeActionParams, *, versioned: bool
) -> list[lsp.CodeAction]:  # fmt: skip
    """The fixes of the usages in a range, and all safe ones of the file; only kinds that are asked for."""
    found = [*_quick_fixes(text, answer, asked.range, versioned), *_fix_all(text, answer, versioned)]
    only = asked.context.only
    if only is None:
        return found
    kinds = [str(getattr(kind, "value", kind)) for kind in only]
    return [each for each in found if any(_is_kind(each, kind) for kind in kinds)]


def _is_kind(action: lsp.CodeAction, kind: str) -> bool:
    own = str(getattr(action.kind, "value", action.kind))
    return not kind or own == kind or own.startswith(f"{kind}.")


def _quick_fixes(text: OpenText, answer: FileAnswer, span: lsp.Range, versioned: bool) -> Iterator[lsp.CodeAction]:
    groups: dict[Fix, list[Finding]] = {}
    for finding in active(answer):
        if finding.fix and finding.applicability is not Applicability.DISPLAY_ONLY:
            groups.setdefault(finding.fix, []).append(finding)
    for fix, findings in groups.items():
        shown = [_diagnostic(text, finding) for finding in findings]
        here = [each for each in shown if each.range.start <= span.end and span.start <= each.range.end]
        if here:
            safe = fix.applicability is Applicability.SAFE
            first = findings[0]
            yield lsp.CodeAction(
                title=f"Apply the {fix.applicability.label} fix ({first.migration})"
                + ("" if safe or not first.reason else f": {first.reason}"),
                kind=lsp.CodeActionKind.QuickFix,
                diagnostics=here,
                is_preferred=safe,
                edit=_edit(text, fix.edits, versioned),
            )


def _fix_all(text: OpenText, answer: FileAnswer, versioned: bool) -> Iterator[lsp.CodeAction]:
    fixes = [f.fix for f in active(answer) if f.fix and f.fix.applicability is Applicability.SAFE]
    if fixes:
        title = "Apply all safe fixes of ssot in this file"
        yield lsp.CodeAction(title=title, kind=FIX_ALL, edit=_edit(text, combine(fixes), versioned))


def _edit(text: OpenText, edits: Iterable[Edit], versioned: bool) -> lsp.WorkspaceEdit:
    made = [lsp.TextEdit(range=text.place(edit.start, edit.end), new_text=edit.text) for edit in edits]
    if not versioned:
        return lsp.WorkspaceEdit(changes={text.uri: made})
    document = lsp.OptionalVersionedTextDocumentIdentifier(uri=text.uri, version=text.version)
    return lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(text_document=document, edits=[*made])])
