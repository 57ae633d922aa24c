"""Formatted strings that show an expression as it is written: ``f"{name=}"`` prints its name, too."""

import ast
import re
from collections.abc import Iterator, Sequence

from bot.domain.finding import Edit
from bot.engine.rewrite.layout import Layout

_SHOWN = re.compile(rb"[\s)]*=\s*[!:}]")
"""What stands behind such an expression."""
_SIGN = re.compile(rb"=\s*[!:}]")
"""What a file with one has: it is searched for from its first byte on, however many blank lines there are."""


def shown(layout: Layout) -> list[tuple[int, int]]:
    """Where these expressions stand, ``[start, end)`` in bytes."""
    return list(_spans(layout)) if _SIGN.search(layout.source) else []


def _spans(layout: Layout) -> Iterator[tuple[int, int]]:
    for node in ast.walk(layout.analysis.tree):
        if isinstance(node, ast.FormattedValue):
            start, end = layout.span(node.value)
            if _SHOWN.match(layout.source, end):
                yield start, end


def within(spans: Sequence[tuple[int, int]], edits: Sequence[Edit]) -> bool:
    """Whether one of ``edits`` changes what stands in one of ``spans``."""
    return any(start < edit.end and edit.start < end for edit in edits for start, end in spans)
