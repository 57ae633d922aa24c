"""Patterns that are statements: which part of one is an expression, and what binds variables.

A pattern is given with an identifier of the same length in the place of each metavariable, so that every offset is one
of the pattern as it was written.
"""

import ast
import re
import warnings
from dataclasses import dataclass

_HEAD = re.compile(r"@|(?:async\s+)?(?:with|for)\b")
_BODY = " pass"
_DECORATED = "\ndef _(): pass"
_FSTRING = re.compile(r"(?i:f|rf|fr)['\"]")
_INSIDE = re.compile(r"(?<!\{)(?:\{\{)*\{(?!\{)[^{}]*?(\$\*{0,2}[^\W\d]\w*)")
NO_FSTRING = 'an f-string has no room for {0}: write "…{{}}…".format({0})'
"""What is wrong with a metavariable in one, which Python before 3.12 does not place."""
SIMPLE = ast.Assign | ast.AugAssign | ast.Return | ast.Raise | ast.Assert | ast.Expr
"""Statements that a pattern can be as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first line of a ``with``, of a ``for`` (a clause of a comprehension has the same), or a decorator."""

    word: str
    """``with``, ``async with``, ``for``, ``async for``, ``@``."""
    value: tuple[int, int]
    """The expression, ``[start, end)`` in characters."""
    target: tuple[int, int] | None = None
    """What it binds."""


def in_fstring(token: str) -> tuple[int, str] | None:
    """The offset and the text of a metavariable in the braces of an f-string that begins a text."""
    found = _INSIDE.search(token) if _FSTRING.match(token) else None
    return (found.start(1), found[1]) if found else None


def begins_head(text: str) -> bool:
    """Whether a pattern can only be a head: no expression begins so."""
    return _HEAD.match(text) is not None


def head(source: str) -> Head:
    """The parts of a head.  Raises ``SyntaxError`` for what is none, with Python's place of the fault."""
    ending = _DECORATED if source.startswith("@") else _BODY
    statement = _parse(source + ending)
    match statement:
        case ast.FunctionDef(decorator_list=[value]):
            return Head(word="@", value=_extent(source, value))
        case ast.With(items=[item]) | ast.AsyncWith(items=[item]):
            word = "with" if isinstance(statement, ast.With) else "async with"
            target = _extent(source, item.optional_vars) if item.optional_vars else None
            return Head(word=word, value=_extent(source, item.context_expr), target=target)
        case ast.For(target=bound, iter=value, orelse=[]) | ast.AsyncFor(target=bound, iter=value, orelse=[]):
            word = "for" if isinstance(statement, ast.For) else "async for"
            return Head(word=word, value=_extent(source, value), target=_extent(source, bound))
        case _:
            raise SyntaxError("a pattern has one decorator, or one item after `with`")


def simple(source: str) -> SIMPLE:
    """The one simple statement that ``source`` is.  Raises ``SyntaxError``."""
    statement = _parse(source)
    if isinstance(statement, SIMPLE) and not (isinstance(statement, ast.Assign) and len(statement.targets) > 1):
        return statement
    raise SyntaxError("not a statement that a pattern can be")


def targets(statement: ast.AST) -> list[ast.expr]:
    """What a simple statement binds."""
    match statement:
        case ast.Assign(targets=found):
            return found
        case ast.AugAssign(target=target):
            return [target]
        case _:
            return []


def _parse(source: str) -> ast.stmt:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body = ast.parse(source).body
    if len(body) != 1:
        raise SyntaxError("a pattern is one statement")
    return body[0]


def _extent(source: str, node: ast.expr) -> tuple[int, int]:
    end_line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return _offset(source, node.lineno, node.col_offset), _offset(source, end_line, end)


def _offset(source: str, line: int, column: int) -> int:
    """The offset in characters of a place that Python gives in bytes."""
    lines = source.split("\n")
    return sum(len(text) + 1 for text in lines[: line - 1]) + len(lines[line - 1].encode()[:column].decode())
