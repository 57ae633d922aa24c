"""GFM task lists, parsed as GitHub renders them and edited by one character.

https://github.github.com/gfm/#task-list-items-extension-

A body belongs to people: ``set_boxes`` changes the given state characters and nothing else.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import table
from markdown_it.token import Token

_LINE_END = re.compile(r"\r\n|\n|\r")
"""What CommonMark calls a line ending; ``str.splitlines`` would also split at U+2028, form feeds and others."""
_ITEM = re.compile(r"^[ \t]*(?:[-+*]|\d{1,9}[.)])[ \t]+\[(?P<state>[ xX])\][ \t\v\f]+")
"""The line that a task begins on, as cmark-gfm's ``scan_tasklist`` has it; white space has to follow the box."""
_BOLD_LINE = re.compile(r"^(\*\*|__)(?P<text>[^*_].*?)\1:?$")
_MAX_NESTING = 100
"""Blocks in blocks that are looked into; a list costs two.  A bound for what somebody writes to hurt."""
_PSEUDO_LEVEL = 7
"""A paragraph that is one bold line is read as a heading below all real ones: people write them so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One task of a list."""

    box: int
    """The offset of the state character in the body, in code points."""
    checked: bool
    text: str
    """The item's own first paragraph (heading, table cell) as Markdown, on one line."""
    line: int
    """Counts from 1."""
    depth: int
    """0 for an item of an outermost list."""
    headings: tuple[str, ...]
    """The headings above the item, outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullet:
    """An item of a list that is no task."""

    text: str
    line: int
    headings: tuple[str, ...]


def html_blocks(body: str) -> frozenset[int]:
    """The offsets of the lines where HTML blocks begin that are in no list, quotation or other block."""
    starts = _line_starts(body)
    tokens = _parser().parse(body)
    return frozenset(starts[t.map[0]] for t in tokens if t.type == "html_block" and t.level == 0 and t.map)


def line_of(body: str, offset: int) -> int:
    """The line that an offset is on; counts from 1."""
    return bisect_right(_line_starts(body)[:-1], offset)


def line_start(body: str, offset: int) -> int:
    """Where the line begins that an offset is on."""
    return _line_starts(body)[line_of(body, offset) - 1]


def parse(body: str) -> tuple[Item, ...]:
    """All task-list items of ``body``, in order.

    Not in code, tables, headings, HTML, comments or quotes; nested, numbered and ``*``/``-``/``+`` lists alike.
    """
    return tuple(entry for entry in read(body) if isinstance(entry, Item)) if "[" in body else ()


def read(body: str) -> tuple[Item | Bullet, ...]:
    """All items of lists, tasks or not, in order; not those in quotes."""
    return tuple(_items(body, _line_starts(body), _parser().parse(body)))


def _line_starts(body: str) -> list[int]:
    return [0, *(match.end() for match in _LINE_END.finditer(body)), len(body)]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING})
    # GitHub looks for a table in what is a paragraph so far; in markdown-it's own order a row swallows a list's marker.
    parser.block.ruler.before("lheading", "table_in_paragraph", table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.enableOnly(["normalize", "block"])  # the line maps are all that is needed
    return parser


def _items(body: str, starts: Sequence[int], tokens: Sequence[Token]) -> Iterator[Item | Bullet]:
    headings: list[tuple[int, str]] = []
    lists = quotes = 0
    for index, token in enumerate(tokens):
        lists += {"bullet_list_open": 1, "ordered_list_open": 1, "bullet_list_close": -1, "ordered_list_close": -1}.get(
            token.type, 0
        )
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        heading = _heading(tokens, index, in_list=lists > 0)
        if heading is not None:
            headings = [*((level, text) for level, text in headings if level < heading[0]), heading]
        elif token.type == "list_item_open" and token.map and not quotes and tokens[index + 1].type != "code_block":
            start, line, below = starts[token.map[0]], token.map[0] + 1, tuple(text for _, text in headings)
            text = _text_of(tokens, index)
            if box := _ITEM.match(body[start : starts[line]]):
                yield Item(
                    box=start + box.start("state"),
                    checked=box["state"] != " ",
                    text=text[3:].strip(),
                    line=line,
                    depth=lists - 1,
                    headings=below,
                )
            elif text:
                yield Bullet(text=text, line=line, headings=below)


def _heading(tokens: Sequence[Token], index: int, *, in_list: bool) -> tuple[int, str] | None:
    token = tokens[index]
    if token.type == "heading_open" and tokens[index - 1].type != "list_item_open":
        return int(token.tag[1]), " ".join(tokens[index + 1].content.split())
    if token.type == "paragraph_open" and not in_list and (bold := _BOLD_LINE.match(tokens[index + 1].content)):
        return _PSEUDO_LEVEL, bold["text"]
    return None


def _text_of(tokens: Sequence[Token], index: int) -> str:
    """The first text of the list item at ``index``, on one line, whatever block it is in."""
    for place in range(index + 1, len(tokens)):
        if tokens[place].type == "inline":
            return " ".join(tokens[place].content.split())
        if tokens[place].type in ("list_item_open", "list_item_close"):  # none, or nested too deep
            break
    return ""


def set_boxes(body: str, states: Mapping[int, bool]) -> str:
    """``body`` with the boxes at these offsets ticked or cleared; a box that is right already keeps its ``X``.

    Raises ``ValueError`` if an offset is not that of a box.
    """
    characters = list(body)
    for offset, checked in states.items():
        if not _is_box(body, offset):
            raise ValueError(f"no box at offset {offset}")
        if (body[offset] != " ") != checked:
            characters[offset] = "x" if checked else " "
    return "".join(characters)


def _is_box(body: str, offset: int) -> bool:
    return 0 < offset < len(body) - 1 and body[offset - 1] == "[" and body[offset] in " xX" and body[offset + 1] == "]"
