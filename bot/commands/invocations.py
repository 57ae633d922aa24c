"""Finds the command lines in a comment's Markdown.  Pure.

A command is a line that begins with ``/ssot`` in a plain paragraph at the top level of the comment.  In a quote, a
list, a table, a fence, a code span, a link, HTML or ``<details>`` it is an example, and does not count.

Anybody may write a comment.  ``command_lines`` only splits it into lines, so it may run anywhere; to parse its
Markdown can take minutes and gigabytes, so ``find_invocations`` runs in a process that can be killed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.commands import PREFIX

_LONGEST_PARAGRAPH = 8_192
"""Characters of a paragraph that commands are looked for in; looking takes the square of it, at worst."""
_INLINE_RULES = ("newline", "backticks", "link", "image", "autolink", "html_inline")
"""Without emphasis, escapes and entities: ``app/*.py tests/*.py`` has to stay what it is."""
_DETAILS = re.compile(r"<(?P<close>/?)details\b", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command line of a comment: its first word after ``/ssot`` (lower case) and the rest."""

    name: str
    rest: str


def command_lines(body: str) -> Iterator[str]:
    """The lines that begin with ``/ssot``, wherever they stand: each may be a command.  Linear in the length."""
    if PREFIX in body.lower():
        yield from (line.strip() for line in _LINE_END.split(body) if _is_command(line))


def find_invocations(body: str) -> tuple[Invocation, ...]:
    """All command lines of a comment, in order.  ``body`` is the comment's Markdown as GitHub gives it."""
    if PREFIX not in body.lower():
        return ()
    lines = (line for paragraph in _plain_paragraphs(body) for line in _lines(paragraph))
    return tuple(_invocation(line) for line in lines if _is_command(line))


@cache
def _markdown() -> MarkdownIt:
    """Finds the blocks; a paragraph's inline rules are applied only where a command may be in it."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    parser.inline.ruler.enableOnly(["text", *_INLINE_RULES])
    parser.inline.ruler2.enableOnly([])
    return parser


def _plain_paragraphs(body: str) -> Iterable[Sequence[Token]]:
    """The inline tokens of the paragraphs at the top level, outside ``<details>``, that can hold a command."""
    parser, depth = _markdown(), 0
    references: dict[str, Any] = {}
    tokens = parser.parse(body, references)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "html_block":
            depth = _details_depth(depth, token.content)
        if token.type != "inline" or before is None or before.type != "paragraph_open" or before.level:
            continue
        if PREFIX not in token.content.lower() and not _DETAILS.search(token.content):
            continue
        if len(token.content) > _LONGEST_PARAGRAPH:
            depth = _details_depth(depth, token.content)
            continue
        children: list[Token] = []
        parser.inline.parse(token.content, parser, references, children)
        if depth == 0:
            yield children
        for child in children:
            if child.type == "html_inline":
                depth = _details_depth(depth, child.content)


def _details_depth(depth: int, html: str) -> int:
    for match in _DETAILS.finditer(html):
        depth = max(0, depth + (-1 if match["close"] else 1))
    return depth


def _lines(children: Sequence[Token]) -> Iterable[str]:
    """The lines of a paragraph that begin with plain text; a link's or a code span's words stay in their line."""
    line: list[Token] = []
    for child in (*children, Token("softbreak", "", 0)):
        if child.type not in ("softbreak", "hardbreak"):
            line.append(child)
            continue
        if (
            line
            and line[0].type == "text"
            and line[0].level == 0
            and all(token.type != "html_inline" for token in line)
        ):
            yield "".join(f"{t.markup}{t.content}{t.markup}" if t.type == "code_inline" else t.content for t in line)
        line = []


def _is_command(line: str) -> bool:
    word = line.split(maxsplit=1)[0] if line.split() else ""
    return word.lower() == PREFIX


def _invocation(line: str) -> Invocation:
    words = line.split(maxsplit=2)
    return Invocation(name=words[1].lower() if len(words) > 1 else "help", rest=words[2] if len(words) > 2 else "")
