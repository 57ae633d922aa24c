"""Blocks of GitHub's Markdown: tables and folded sections."""

from collections.abc import Iterable, Sequence


def fold(title: str, body: str, *, strong: bool = False, opened: bool = False) -> str:
    """``body`` folded below ``title``, which is HTML.  ``strong``: bold title; ``opened``: not folded at first."""
    shown = f"<b>{title}</b>" if strong else title
    return f"<details{' open' if opened else ''}><summary>{shown}</summary>\n\n{body}\n\n</details>"


def cut(items: Sequence[str], most: int) -> list[str]:
    """The first items of a list, and a last one that counts the rest."""
    rest = len(items) - most
    return [*items[:most], *([f"- … and {rest:,} more"] if rest > 0 else [])]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> str:
    """A table (GFM 4.10).  Cells are Markdown; the columns ``numbers``, from 0, are aligned to the right.

    A bar ends a cell even inside a code span: see `cell`.
    """
    right = frozenset(numbers)
    rule = ["---:" if column in right else "---" for column in range(len(head))]
    return "\n".join(map(_row, (head, rule, *rows)))


def _row(cells: Sequence[str]) -> str:
    return "".join(f"| {text} " if text else "| " for text in cells) + "|"


def cell(text: str) -> str:
    """``text`` (plain or a code span) with its bars escaped, so that none ends the cell."""
    return text.replace("|", "\\|")
