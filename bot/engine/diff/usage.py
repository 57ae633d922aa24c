"""What makes a usage the same usage after an edit: its statement, freed of layout, and the scope around it.

The statement is spelled from the tree, so white space, line ends, quotes, brackets and comments do not count; the
deprecated name itself is spelled as what it resolves to, so neither does an alias.  Of a compound statement only the
part of the header that holds the usage counts (the test of an ``if``, one decorator), never the body.  Imports,
re-exports and definitions are their name and nothing else: neighbours in the list come and go.
"""

import ast
import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.finding import Finding, Kind
from bot.engine.diff.lines import LineMap
from bot.engine.resolve.exports import parse
from bot.engine.source.text import SourceMap, decode

Position = tuple[int, int]
"""Line from 1, and column in bytes of UTF-8: as ``ast`` counts."""

_BY_NAME = frozenset({Kind.IMPORT, Kind.RE_EXPORT, Kind.DEFINITION})
_HEADERS = (ast.mod, ast.arguments, ast.ExceptHandler, ast.match_case)
"""Nodes other than statements whose children stand for themselves."""
_LAYOUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A finding and what identifies it."""

    finding: Finding
    scope: str
    """Dotted name of the functions and classes around it (and of the one whose header it is in); ``""``: the module."""
    statement: str
    """Digest of the statement's meaning; ``""`` where the name is all that counts."""
    line: int
    """The line as git counts."""

    @property
    def what(self) -> tuple[str, str, str]:
        """Migration, symbol and kind; a reference that becomes a call is still the same usage.

        A definition is known by its bare name: its dotted one says only which file it stands in.
        """
        finding = self.finding
        match finding.kind:
            case Kind.REFERENCE:
                return finding.migration, finding.symbol, Kind.CALL
            case Kind.DEFINITION:
                return finding.migration, finding.symbol.rpartition(".")[2], finding.kind
            case kind:
                return finding.migration, finding.symbol, kind

    @property
    def function(self) -> str:
        """The innermost function or class around it."""
        return self.scope.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class _Place:
    scope: str
    unit: ast.AST


def usages(source: bytes, findings: Sequence[Finding]) -> tuple[Usage, ...]:
    """The findings of one file that parses, in the order of the source."""
    if not findings:
        return ()
    ordered = sorted(findings, key=lambda finding: (finding.range, finding.migration, finding.kind))
    located = _Locator(source, ordered)
    lines = LineMap.of(source)
    return tuple(
        Usage(
            finding=finding,
            scope=located.place(finding).scope,
            statement="" if finding.kind in _BY_NAME else located.spell(finding),
            line=lines.line_at(finding.range.start),
        )
        for finding in ordered
    )


def fingerprints(path: str, usages: Iterable[Usage]) -> dict[Usage, str]:
    """For each usage of a file 16 hexadecimal characters; equal usages in one scope are counted in their order."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = {}
    for usage in usages:
        key = (path, *usage.what, usage.finding.kind, usage.scope, usage.statement)
        found[usage] = _digest("\0".join((*key, str(seen[key]))), size=8)
        seen[key] += 1
    return found


def _digest(text: str, *, size: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


class _Locator:
    """One walk over the tree that enters only what holds a finding."""

    def __init__(self, source: bytes, findings: Sequence[Finding]) -> None:
        encoding = decode(source).encoding
        self._map = SourceMap(source, encoding)
        self._encoding = encoding
        self._spans = {(self._at(f.range.start), self._at(f.range.end)): f.symbol for f in findings}
        self._starts = sorted(start for start, _ in self._spans)
        nowhere = _Place("", ast.Module(body=[], type_ignores=[]))
        self._places = dict.fromkeys(self._starts, nowhere)
        self._symbols: dict[ast.AST, str] = {}
        self._spelled: dict[ast.AST, str] = {}
        self._walk(parse(source))

    def place(self, finding: Finding) -> _Place:
        return self._places[self._at(finding.range.start)]

    def spell(self, finding: Finding) -> str:
        """A digest of the statement, the same however it is laid out."""
        unit = self.place(finding).unit
        if unit not in self._spelled:
            self._spelled[unit] = _digest(" ".join(self._words(unit)), size=16)
        return self._spelled[unit]

    def _at(self, offset: int) -> Position:
        line, _ = self._map.position(offset)
        before = self._map.source[self._map.starts[line - 1] : offset]
        return line, len(before.decode(self._encoding, "replace").encode())

    def _walk(self, tree: ast.Module) -> None:
        # Not recursive: a chain of a few thousand operators is valid Python.
        pending: list[tuple[ast.AST, _Place]] = [(tree, _Place("", tree))]
        while pending:
            node, place = pending.pop()
            self._note(node, place)
            whole = not _is_compound(node)
            for child in ast.iter_child_nodes(node):
                if self._holds(child):
                    unit = place.unit if whole else child
                    pending.append((child, _Place(_scope_inside(child, place.scope), unit)))

    def _note(self, node: ast.AST, place: _Place) -> None:
        span = _span(node)
        if span is None:
            return
        # Inner nodes come later, so the innermost unit stays.
        low, high = bisect_left(self._starts, span[0]), bisect_left(self._starts, span[1])
        for start in self._starts[low:high]:
            self._places[start] = place
        if span in self._spans and isinstance(node, ast.Name | ast.Attribute | ast.Constant | ast.Call):
            name = node.func if isinstance(node, ast.Call) else node
            self._symbols[name] = self._spans[span]

    def _holds(self, node: ast.AST) -> bool:
        span = _span(node)
        if span is None:
            return True
        return bisect_left(self._starts, span[0]) < bisect_left(self._starts, span[1])

    def _words(self, unit: ast.AST) -> Iterator[str]:
        pending: list[object] = [unit]
        while pending:
            match pending.pop():
                case ast.AST() as node if node in self._symbols:
                    yield f"<{self._symbols[node]}>"
                case ast.AST() as node:
                    yield type(node).__name__
                    fields = [value for name, value in ast.iter_fields(node) if name not in _LAYOUT]
                    pending.extend(reversed(fields))
                case list() as items:
                    yield f"[{len(items)}"
                    pending.extend(reversed(items))
                case value:
                    yield repr(value)


def _span(node: ast.AST) -> tuple[Position, Position] | None:
    """Where the node begins and ends, its decorators included; ``None`` for nodes without a place."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node.decorator_list:
            first: ast.AST = node.decorator_list[0]
        case _:
            first = node
    start = getattr(first, "lineno", None), getattr(first, "col_offset", None)
    end = getattr(node, "end_lineno", None), getattr(node, "end_col_offset", None)
    match (*start, *end):
        case int(line), int(column), int(end_line), int(end_column):
            return (line, column), (end_line, end_column)
        case _:
            return None


def _is_compound(node: ast.AST) -> bool:
    """Whether what is in the node counts part by part: its header's expressions, and the statements of its body."""
    return isinstance(node, _HEADERS) or (
        isinstance(node, ast.stmt) and (hasattr(node, "body") or hasattr(node, "cases"))
    )


def _scope_inside(node: ast.AST, scope: str) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return f"{scope}.{name}" if scope else name
        case _:
            return scope
