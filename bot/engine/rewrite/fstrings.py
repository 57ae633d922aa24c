"""What can be written in a field of an f-string.

Before Python 3.12 the field is cut out of the string first: it can hold neither the string's own quotes nor a backslash
or a comment.  That rule holds unless the project is for later ones only, and the one that runs this can read it.
"""

import ast
import sys
from collections.abc import Iterator

from bot.engine.program.pythons import oldest_for
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.lex import CLOSING, OPENING, comments, is_string, tokens

NESTED = (3, 12)
"""The first Python in which a field is an expression like any other (PEP 701)."""
_TRIPLE = ('"""', "'''")


def quotes_around(layout: Layout, node: ast.AST) -> tuple[str, ...]:
    """The quotes of the f-strings in whose fields ``node`` stands, from the inside out."""
    found: list[str] = []
    start, _ = layout.span(node)
    above = layout.analysis.parents.get(node)
    while above is not None and not isinstance(above, ast.stmt):
        if isinstance(above, ast.JoinedStr):
            found += _quotes_of(layout, above, start)
        above = layout.analysis.parents.get(above)
    return tuple(dict.fromkeys(found))


def _quotes_of(layout: Layout, string: ast.JoinedStr, offset: int) -> tuple[str, ...]:
    """Those of the part of a (concatenated) string that holds the byte ``offset``; all, where that is not clear."""
    start, end = layout.span(string)
    at = len(layout.text(start, offset)) if start <= offset < end else -1
    for token in tokens(layout.text(start, end)):
        if token.start <= at < token.end and is_string(token):
            return (_quote(token.text),)
    return ('"', "'")


def _quote(literal: str) -> str:
    body = literal.lstrip("rRbBuUfF")
    return body[:3] if body[:3] in _TRIPLE else body[:1]


def requoted(text: str, quotes: tuple[str, ...]) -> str:
    """``text`` with its string literals in other quotes, where theirs are those of the strings around."""
    parts, at = [], 0
    for token in tokens(text):
        if is_string(token) and any(quote in token.text for quote in quotes):
            parts += [text[at : token.start], _other(token.text, quotes)]
            at = token.end
    return "".join([*parts, text[at:]])


def _other(literal: str, quotes: tuple[str, ...]) -> str:
    quote = _quote(literal)
    prefix, _, body = literal.partition(quote)
    body = body.removesuffix(quote)
    free = next((mark for mark in ("'", '"') if mark not in "".join(quotes) and mark not in body), None)
    return literal if free is None or "\n" in body or "\\" in body else f"{prefix}{free}{body}{free}"


def takes_anything(layout: Layout) -> bool:
    """Whether all Pythons that the file is for, and this one, take any expression in a field."""
    return min(sys.version_info[:2], oldest_for(layout.analysis.index, layout.analysis.path)) >= NESTED


def fits_field(text: str, quotes: tuple[str, ...]) -> bool:
    """Whether ``text`` can stand in a field of strings with these quotes."""
    if any(quote in text for quote in quotes) or "\\" in text or any(comments(text)):
        return False
    return "\n" not in text or all(quote in _TRIPLE for quote in quotes)


def breaks_field(text: str) -> bool:
    """Whether ``text``, outside its own brackets, holds a colon, as a lambda does: it would begin the format."""
    return any(mark in (":", ":=") for mark in _outside(text))


def _outside(text: str) -> Iterator[str]:
    depth = 0
    for token in tokens(text):
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth == 0:
            yield token.text
