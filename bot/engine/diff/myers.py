"""Which lines of two files are the same: Myers' O(ND) algorithm in linear space, with a bound on its cost.

E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986), section 4b.  ``difflib`` is
quadratic and does not find shortest edit scripts; this places its changes as git's default does in nearly all
cases, which matters where a comment must fall into the hunk that GitHub shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.engine.diff.slide import run_end, slide

MAX_COST = 256
"""Edits that one search may explore from either end before it settles for the furthest point reached."""
MAX_STEPS = 8_000_000
"""Bounds lines times edits, and so the time of two long files that have nothing but common lines in disorder."""


@dataclass(frozen=True, slots=True)
class Changes:
    """For each line of either side, whether it has no counterpart on the other.

    The lines that are left over on both sides are equal, in order and in number.
    """

    removed: list[bool]
    added: list[bool]

    def blocks(self) -> list[tuple[int, int, int, int]]:
        """The maximal changed runs, as ``(base_start, base_end, head_start, head_end)`` counted from 0."""
        found = []
        base = head = 0
        while base < len(self.removed) or head < len(self.added):
            base_end, head_end = run_end(self.removed, base), run_end(self.added, head)
            if base_end > base or head_end > head:
                found.append((base, base_end, head, head_end))
            base, head = base_end + 1, head_end + 1
        return found


def compare(base: Sequence[bytes], head: Sequence[bytes]) -> Changes:
    """The lines to remove from ``base`` and to add to it, to come to ``head``."""
    numbers: dict[bytes, int] = {}
    old = [numbers.setdefault(line, len(numbers)) for line in base]
    new = [numbers.setdefault(line, len(numbers)) for line in head]
    # A line that the other side lacks is changed whatever the rest is: without these the search has little to do.
    common = set(old) & set(new)
    old_at = [i for i, number in enumerate(old) if number in common]
    new_at = [i for i, number in enumerate(new) if number in common]
    changes = Changes([number not in common for number in old], [number not in common for number in new])
    _mark([old[i] for i in old_at], [new[i] for i in new_at], old_at, new_at, changes)
    slide(changes.removed, changes.added, base)
    slide(changes.added, changes.removed, head)
    return changes


def _mark(a: Sequence[int], b: Sequence[int], a_at: Sequence[int], b_at: Sequence[int], changes: Changes) -> None:
    """Flag what differs between ``a`` and ``b``, whose items stand at ``a_at`` and ``b_at`` in their files."""
    cap = max(32, min(MAX_COST, MAX_STEPS // (len(a) + len(b) + 1)))
    todo = [(0, len(a), 0, len(b))]
    while todo:
        a_low, a_high, b_low, b_high = todo.pop()
        while a_low < a_high and b_low < b_high and a[a_low] == b[b_low]:
            a_low, b_low = a_low + 1, b_low + 1
        while a_low < a_high and b_low < b_high and a[a_high - 1] == b[b_high - 1]:
            a_high, b_high = a_high - 1, b_high - 1
        if a_low == a_high or b_low == b_high:
            for i in range(a_low, a_high):
                changes.removed[a_at[i]] = True
            for i in range(b_low, b_high):
                changes.added[b_at[i]] = True
            continue
        x, y = _middle(a[a_low:a_high], b[b_low:b_high], cap)
        todo.append((a_low, a_low + x, b_low, b_low + y))
        todo.append((a_low + x, a_high, b_low + y, b_high))


def _middle(a: Sequence[int], b: Sequence[int], cap: int) -> tuple[int, int]:
    """A point on a shortest path, strictly between the ends; on a good path once ``cap`` is spent.

    ``a`` and ``b`` are not empty and differ in their first and in their last items.
    """
    n, m = len(a), len(b)
    a_back, b_back = a[::-1], b[::-1]
    size = 2 * min(cap + 1, n + m) + 3
    forward, backward = [0] * size, [0] * size
    for cost in range((n + m + 1) // 2 + 1):
        if cost > cap:
            break
        found = _advance(a, b, forward, backward, cost, overlap_at=cost - 1 if (n - m) % 2 else -1)
        if found:
            return found
        found = _advance(a_back, b_back, backward, forward, cost, overlap_at=cost if (n - m) % 2 == 0 else -1)
        if found:
            return n - found[0], m - found[1]
    return _furthest(forward, n, m, min(cap, n + m))


def _advance(
    a: Sequence[int], b: Sequence[int], mine: list[int], theirs: Sequence[int], cost: int, *, overlap_at: int
) -> tuple[int, int] | None:
    """One more edit on every diagonal; the point where the two searches meet, if they do.

    ``mine[k]`` is the furthest position in ``a`` on diagonal ``k`` (negative indices count from the list's end).
    ``overlap_at`` is the largest diagonal of the other search that can be met now, -1 for none.
    """
    n, m = len(a), len(b)
    for k in range(-cost + 2 * max(0, cost - m), cost - 2 * max(0, cost - n) + 1, 2):
        x = mine[k + 1] if k == -cost or (k != cost and mine[k - 1] < mine[k + 1]) else mine[k - 1] + 1
        y = x - k
        while x < n and y < m and a[x] == b[y]:
            x, y = x + 1, y + 1
        mine[k] = x
        opposite = n - m - k
        if -overlap_at <= opposite <= overlap_at and x + theirs[opposite] >= n:
            return x, y
    return None


def _furthest(forward: Sequence[int], n: int, m: int, cost: int) -> tuple[int, int]:
    diagonals = range(-cost + 2 * max(0, cost - m), cost - 2 * max(0, cost - n) + 1, 2)
    reached = [(forward[k], forward[k] - k) for k in diagonals]
    return max(((x, y) for x, y in reached if x <= n and 0 <= y <= m), key=sum)
