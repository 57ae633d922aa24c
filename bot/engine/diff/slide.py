"""Where an insertion is shown when several places are right.

A run of added lines whose first line equals the line after it may as well begin one line later: the usual case is a
new function among functions, where the blank line or the ``return`` that both share can stand on either side.
"""

from collections.abc import Sequence

MAX_SLIDE = 100
"""Places that are compared for one run, in either direction."""
NO_INDENT = -1
"""The indentation of the end of the file: nothing is further left."""


def run_end(flags: Sequence[bool], start: int) -> int:
    """The end of the run of true flags that begins at ``start``: ``start`` itself when there is none."""
    end = start
    while end < len(flags) and flags[end]:
        end += 1
    return end


def slide(flags: list[bool], others: Sequence[bool], lines: Sequence[bytes]) -> None:
    """Move, in ``flags``, each run that has no counterpart in ``others`` to where a person would put it."""
    start = other = 0
    while start < len(flags):
        end, other_end = run_end(flags, start), run_end(others, other)
        if end > start and other_end == other:
            moved = _best_shift(flags, others, lines, start, end, other)
            flags[start:end] = [False] * (end - start)
            flags[start + moved : end + moved] = [True] * (end - start)
            end, other_end = max(end, end + moved), max(other, other + moved)
        start, other = end + 1, other_end + 1


def _best_shift(
    flags: Sequence[bool], others: Sequence[bool], lines: Sequence[bytes], start: int, end: int, other: int
) -> int:
    """By how many lines the run ``[start, end)`` is best moved; the later of two equally good places wins."""
    up = down = 0
    while up < MAX_SLIDE and _free(flags, start - up - 1) and _free(others, other - up - 1):
        if lines[start - up - 1] != lines[end - up - 1] or not _free(others, other - up - 2, outside=True):
            break
        up += 1
    while down < MAX_SLIDE and _free(flags, end + down) and _free(others, other + down):
        if lines[start + down] != lines[end + down] or not _free(others, other + down + 1, outside=True):
            break
        down += 1
    return min(range(down, -up - 1, -1), key=lambda by: _cut(lines, start + by) + _cut(lines, end + by), default=0)


def _free(flags: Sequence[bool], at: int, *, outside: bool = False) -> bool:
    return not flags[at] if 0 <= at < len(flags) else outside


def _cut(lines: Sequence[bytes], at: int) -> int:
    """How bad it is to part the lines before ``at``: the deeper the code after it is indented, the worse."""
    blank = 0
    while at < len(lines) and not lines[at].strip():
        at, blank = at + 1, blank + 1
    if at == len(lines):
        return 0
    line = lines[at].expandtabs(8)
    return len(line) - len(line.lstrip()) + blank
