"""Blocks of GitHub's Markdown: tables, and what is folded away."""

from collections.abc import Iterable, Sequence


def fold(title: str, body: str, *, strong: bool = False, opened: bool = False) -> str:
    """``body`` below a line that opens it.  ``title`` is HTML; ``strong``: in bold, ``opened``: to be seen at once."""
    shown = f"<b>{title}</b>" if strong else title
    return f"<details{' open' if opened else ''}><summary>{shown}</summary>\n\n{body}\n\n</details>"


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
    """``text``, in which nothing is escaped yet but what a code span needs, without a bar that would end the cell."""
    return text.replace("|", "\\|")
