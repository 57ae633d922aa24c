"""Items taken out of a list in the code, such as the entries of ``__all__``."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.finding import Edit
from bot.engine.rewrite.layout import Layout


def remove_items(layout: Layout, display: ast.List | ast.Tuple, gone: Sequence[bool]) -> list[Edit]:
    """Take items out of a list or tuple in the code; a tuple's only item keeps a comma."""
    spans = [layout.span(item) for item in display.elts]
    edits = _without(layout, spans, gone)
    if isinstance(display, ast.Tuple) and list(gone).count(False) == 1:
        return _with_comma(layout, edits, spans[list(gone).index(False)][1], layout.span(display)[1])
    return edits


def _without(layout: Layout, spans: Sequence[tuple[int, int]], gone: Sequence[bool]) -> list[Edit]:
    edits: list[Edit] = []
    for n, (start, end) in enumerate(spans):
        if not gone[n]:
            continue
        before = max((m for m in range(n) if not gone[m]), default=None)
        after = next((m for m in range(n + 1, len(spans)) if not gone[m]), None)
        if lines := _own_lines(layout, start, end):
            edits.append(Edit(start=lines[0], end=lines[1], text=""))
        elif after is not None and (before is None or after == n + 1) and not _ends_line(layout, n, spans):
            edits.append(Edit(start=start, end=spans[n + 1][0], text=""))
        elif before is not None:
            edits.append(Edit(start=spans[n - 1][1], end=end, text=""))
        elif n + 1 < len(spans):
            edits.append(Edit(start=start, end=spans[n + 1][0], text=""))
        else:
            edits.append(Edit(start=start, end=_past_comma(layout, end), text=""))
    return _merged(edits)


def _with_comma(layout: Layout, edits: Sequence[Edit], item: int, end: int) -> list[Edit]:
    """The edits, with a comma behind the item that ends at ``item`` if none is left before ``end``."""
    behind = [edit for edit in edits if edit.start >= item]
    starts, ends = [item, *(edit.end for edit in behind)], [*(edit.start for edit in behind), max(item, end)]
    left = b"".join(layout.source[start:stop] for start, stop in zip(starts, ends, strict=True))
    if b"," in _COMMENT.sub(b"", left):
        return list(edits)
    first = next((edit for edit in behind if edit.start == item), Edit(start=item, end=item, text=""))
    return sorted([replace(first, text=","), *(edit for edit in edits if edit is not first)])


def _ends_line(layout: Layout, n: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether the item is the last on a line that it shares with the one before it."""
    line = layout.line_start
    shares = n > 0 and line(spans[n - 1][1]) == line(spans[n][0])
    return shares and n + 1 < len(spans) and line(spans[n + 1][0]) != line(spans[n][1])


_OWN = re.compile(rb"[ \t\f]*+(?:,[ \t\f]*+)?(?:#[^\r\n]*+)?(?:\r\n|\r|\n)")
_COMMENT = re.compile(rb"#[^\r\n]*")
_COMMA = re.compile(rb"[ \t\f]*,[ \t\f]*")


def _past_comma(layout: Layout, end: int) -> int:
    found = _COMMA.match(layout.source, end)
    return found.end() if found else end


def _own_lines(layout: Layout, start: int, end: int) -> tuple[int, int] | None:
    """The lines of an item that shares them with nothing but its comma and a comment."""
    first = layout.line_start(start)
    after = _OWN.match(layout.source, end)
    if layout.source[first:start].strip(b" \t\f") or not after:
        return None
    return first, after.end()


def _merged(edits: Sequence[Edit]) -> list[Edit]:
    found: list[Edit] = []
    for edit in sorted(edits):
        if found and edit.start <= found[-1].end:
            found[-1] = Edit(start=found[-1].start, end=max(found[-1].end, edit.end), text="")
        else:
            found.append(edit)
    return found
