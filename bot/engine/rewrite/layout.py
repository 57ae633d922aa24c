"""Where statements stand in the file's bytes, and the edits that take them out."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.finding import Edit
from bot.engine.usages.analysis import Analysis

_REST = re.compile(rb"[ \t\f]*+(?:;[ \t\f]*+)?(#[^\r\n]*+)?(?=[\r\n]|$)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BLANK = re.compile(rb"[ \t\f]*(?:\r\n|\r|\n)")
BODIES = ("body", "orelse", "finalbody")
_DOCUMENTED = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
"""What has a docstring."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The bytes of one analysed file, asked by node."""

    analysis: Analysis

    @property
    def source(self) -> bytes:
        return self.analysis.source

    @property
    def newline(self) -> str:
        """The line end of the file: that of its first line."""
        found = _LINE_END.search(self.source)
        return found[0].decode() if found else "\n"

    def span(self, node: ast.AST) -> tuple[int, int]:
        """``[start, end)`` in bytes."""
        return self.analysis.map.span(node)

    def text(self, start: int, end: int) -> str:
        """The source between two offsets."""
        return self.source[start:end].decode(self.analysis.encoding)

    def text_of(self, node: ast.AST) -> str:
        """The source of a node."""
        return self.text(*self.span(node))

    def line_start(self, offset: int) -> int:
        """Where the line of ``offset`` starts."""
        line, _ = self.analysis.map.position(offset)
        return self.analysis.map.starts[line - 1]

    def line_end(self, offset: int) -> int:
        """Where the line after that of ``offset`` starts, or the end of the file."""
        line, _ = self.analysis.map.position(offset)
        starts = self.analysis.map.starts
        return starts[line] if line < len(starts) else len(self.source)

    def indent(self, statement: ast.stmt) -> str | None:
        """The white space before a statement that begins its line; ``None`` where something stands before it."""
        start, _ = self.span(statement)
        before = self.source[self.line_start(start) : start]
        return None if before.strip(b" \t\f") else before.decode()

    def remark(self, end: int) -> str | None:
        """The comment after ``end``, if nothing else (but a semicolon) follows on the line; ``""`` without one.

        ``None`` when something follows.
        """
        found = _REST.match(self.source, end)
        return None if found is None else (found[1] or b"").decode(self.analysis.encoding)

    def on_own_lines(self, statement: ast.stmt) -> bool:
        """Whether nothing but a comment shares the lines of a statement."""
        return self.indent(statement) is not None and self.remark(self.span(statement)[1]) is not None

    def body(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements among which ``statement`` stands."""
        parent = self.analysis.parents[statement]
        for name in BODIES:
            body = getattr(parent, name, None)
            if isinstance(body, list) and any(statement is each for each in body):
                return body
        raise LookupError("a statement outside every body")

    # --- deletion ---------------------------------------------------------------------------------------------

    def delete(self, statement: ast.stmt, to_delete: Collection[ast.stmt], *, collapse: bool = True) -> Edit:
        """Take a statement out; the last of a body of which all are ``to be deleted`` to go becomes ``pass``.

        With ``collapse`` one of two blank lines that would meet goes as well, and all that would begin the file.
        """
        body = self.body(statement)
        start, end = self.span(statement)
        if statement is body[-1] and all(each in to_delete for each in body) and self._needs_a_body(statement):
            return Edit(start=start, end=end, text="pass")
        if self._hides_a_docstring(statement, body, to_delete):
            return Edit(start=start, end=end, text="pass")
        if self.on_own_lines(statement):
            return self._delete_lines(start, end, collapse=collapse)
        at = next(n for n, each in enumerate(body) if each is statement)
        following = body[at + 1] if at + 1 < len(body) else None
        if following is not None and following.lineno == statement.end_lineno:
            return Edit(start=start, end=self.span(following)[0], text="")
        if at and body[at - 1].end_lineno == statement.lineno:
            return Edit(start=self.span(body[at - 1])[1], end=end, text="")
        return Edit(start=start, end=end, text="pass")

    def _hides_a_docstring(
        self, statement: ast.stmt, body: Sequence[ast.stmt], to_delete: Collection[ast.stmt]
    ) -> bool:  # fmt: skip
        """Whether a string that follows would come first, and be the docstring, without this statement."""
        parent = self.analysis.parents[statement]
        if not isinstance(parent, _DOCUMENTED) or body is not parent.body:
            return False
        at = next(n for n, each in enumerate(body) if each is statement)
        if not all(each in to_delete for each in body[:at]) or at + 1 == len(body):
            return False
        following = body[at + 1]
        text = following.value if isinstance(following, ast.Expr) else None
        return isinstance(text, ast.Constant) and isinstance(text.value, str)

    def _needs_a_body(self, statement: ast.stmt) -> bool:
        return not isinstance(self.analysis.parents[statement], ast.Module)

    def _delete_lines(self, start: int, end: int, *, collapse: bool) -> Edit:
        first, last = self.line_start(start), self.line_end(end)
        if last == len(self.source) and not self.source.endswith((b"\n", b"\r")) and first > 0:
            break_before = 2 if self.source[:first].endswith(b"\r\n") else 1
            return Edit(start=max(first - break_before, self.analysis.map.starts[0]), end=last, text="")
        at_the_start = first == self.analysis.map.starts[0]
        while collapse and self._opens(first) and (blank := _BLANK.match(self.source, last)):
            last = blank.end()
            collapse = at_the_start  # there none is left
        return Edit(start=first, end=last, text="")

    def _opens(self, first: int) -> bool:
        """Whether a blank line, or the header of a block, stands before the line that starts at ``first``."""
        if first == self.analysis.map.starts[0]:
            return True
        before = self.source[self.line_start(first - 1) : first].strip()
        return not before or before.endswith(b":")

    # --- parentheses ------------------------------------------------------------------------------------------

    def outside(self, node: ast.AST, within: tuple[int, int]) -> tuple[int, int]:
        """The span of an expression with the parentheses that are its own, inside ``within``."""
        start, end = self.span(node)
        after = self._closing(end, within[1])
        before = self._opening(start, within[0])
        for opening, closing in zip(before, after, strict=False):
            start, end = opening, closing
        return start, end

    def _closing(self, offset: int, limit: int) -> list[int]:
        found = []
        for at, char in _significant(self.source, offset, limit):
            if char != b")":
                break
            found.append(at + 1)
        return found

    def _opening(self, offset: int, limit: int) -> list[int]:
        """Opening parentheses directly before ``offset``, the nearest first; lines are read forwards for comments."""
        found = []
        for at, char in reversed(list(_significant(self.source, limit, offset))):
            if char != b"(":
                break
            found.append(at)
        return found


_SIGNIFICANT = re.compile(rb"[ \t\f\r\n]+|\\\r?\n|#[^\r\n]*|(?P<char>[^ \t\f\r\n])")


def _significant(source: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The characters of ``[start, end)`` that are neither white space nor comment."""
    for found in _SIGNIFICANT.finditer(source, start, end):
        if found["char"]:
            yield found.start(), found["char"]
