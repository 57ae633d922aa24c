"""Fixes that change places of their own: where all of them hold together, each holds alone.

A grammar has no context.  If a node that one fix changes is still one node, at its place in a tree that parses, then it
may stand in the file in which nothing else changes, too.  So one parse is enough for any number of fixes of which each
changes nodes that no other one touches.
"""

import ast
import bisect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from bot.domain.finding import Edit
from bot.engine.rewrite.groups import Group
from bot.engine.source.text import SourceMap

_WORD = re.compile(r"\w+")
_OPENING = re.compile(rb"[\s(]*")
_CLOSING = re.compile(rb"[\s)]*")

Marked = tuple[Edit, Group | None]
"""An edit, and the group that it belongs to; ``None`` for one that several groups have."""


def alike(groups: Sequence[Group], is_inner: Callable[[Sequence[Edit]], bool]) -> list[tuple[Group, ...]]:
    """The groups, those together that share the same edits and need the same of what these bring.

    ``is_inner`` says of the edits that a group has for itself whether they bring and take no name of the file; a group
    of which it does not hold is alone.
    """
    times = Counter(edit for group in groups for edit in group.fix.edits)
    found: dict[object, list[Group]] = {}
    for group in groups:
        own = [edit for edit in group.fix.edits if times[edit] == 1]
        if not own or not is_inner(own):
            found[group] = [group]
            continue
        shared = frozenset(edit for edit in group.fix.edits if times[edit] > 1)
        words = {word for edit in shared for word in _WORD.findall(edit.text)}
        needed = words.intersection(word for edit in own for word in _WORD.findall(edit.text))
        found.setdefault((shared, frozenset(needed)), []).append(group)
    return [tuple(each) for each in found.values()]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Apart:
    """The untouched file, and the file in which several groups have made their ``edits``: sorted, each once."""

    before: SourceMap
    after: SourceMap
    edits: Sequence[Edit]
    shifts: Sequence[int] = field(init=False)
    """By how much each edit, and at last the end of the file, is moved."""

    def __post_init__(self) -> None:
        grown = (len(e.text.encode(self.before.encoding)) - (e.end - e.start) for e in self.edits)
        object.__setattr__(self, "shifts", list(accumulate(grown, initial=0)))

    def mixed(self, old: ast.Module, new: ast.Module, groups: Sequence[Group]) -> set[Group]:
        """The groups of which it is not shown that they change nodes of their own, each still one node in ``new``."""
        owners: dict[Edit, list[Group]] = {}
        for group in groups:
            for edit in group.fix.edits:
                owners.setdefault(edit, []).append(group)
        marked = sorted(((edit, of[0] if len(of) == 1 else None) for edit, of in owners.items()), key=lambda m: m[0])
        found: set[Group] = set()
        pending: list[tuple[ast.AST, ast.AST | None, Sequence[Marked]]] = [(old, new, marked)]
        while pending:
            one, other, inside = pending.pop()
            who = {group for _, group in inside}
            alone = len(who) == 1 and not isinstance(one, ast.Module)
            if who == {None} or (alone and self._is_still_one(one, other, [edit for edit, _ in inside])):
                continue
            parts, left = ([], inside) if alone or other is None else self._parts(one, other, inside)
            found |= {group for _, group in left if group is not None}
            pending += parts
        return found

    def _parts(
        self, one: ast.AST, other: ast.AST, inside: Sequence[Marked]
    ) -> tuple[list[tuple[ast.AST, ast.AST | None, Sequence[Marked]]], Sequence[Marked]]:
        """The children with an edit, each beside what it became, and the edits that are in none of them.

        Statements may come and go beside them, which are then found at their places; other children may not.
        """
        children, changed = list(_children(one)), list(_children(other))
        rest = [child for child in changed if not isinstance(child, ast.stmt)]
        fixed = [child for child in children if not isinstance(child, ast.stmt)]
        if type(one) is not type(other) or len(fixed) != len(rest) or isinstance(one, ast.JoinedStr):
            return [], inside  # Python 3.11 does not tell where the parts of a formatted string are
        became = dict(zip(fixed, rest, strict=True))
        statements = {_span(self.after, child)[0]: child for child in changed if isinstance(child, ast.stmt)}
        places = sorted((*_span(self.before, child), n) for n, child in enumerate(children))
        starts = [start for start, _, _ in places]
        parts: dict[int, list[Marked]] = {}
        for edit, group in inside:
            at = bisect.bisect_right(starts, edit.start) - 1
            before = group is None and edit.start == edit.end == starts[at]
            within = at >= 0 and edit.end <= places[at][1] and not before
            parts.setdefault(at if within else -1, []).append((edit, group))
        left = parts.pop(-1, [])
        found: list[tuple[ast.AST, ast.AST | None, Sequence[Marked]]] = []
        for at, part in parts.items():
            start, _, n = places[at]
            there = became.get(children[n]) or statements.get(start + self.shifts[self._before(part[0][0])])
            found.append((children[n], there, part))
        return found, left

    def _before(self, edit: Edit) -> int:
        """How many of the edits come before one of them."""
        return bisect.bisect_left(self.edits, edit)

    def _is_still_one(self, one: ast.AST, other: ast.AST | None, own: Sequence[Edit]) -> bool:
        """Whether ``other`` is a node of the sort of ``one`` and all that stands in its place, but for brackets."""
        if other is None or _sort(one) != _sort(other):
            return False
        start, end = _span(self.before, one)
        first = self._before(own[0])
        last = first + len(own)
        if list(self.edits[first:last]) != list(own):
            return False  # put together with another one
        start, end = start + self.shifts[first], end + self.shifts[last]
        found_start, found_end = _span(self.after, other)
        opening = _OPENING.fullmatch(self.after.source, start, found_start)
        closing = _CLOSING.fullmatch(self.after.source, found_end, end)
        return start <= found_start <= found_end <= end and opening is not None and closing is not None


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The nearest nodes below one that have a place."""
    for child in ast.iter_child_nodes(node):
        if hasattr(child, "lineno"):
            yield child
        else:
            yield from _children(child)


def _sort(node: ast.AST) -> tuple[object, ...]:
    """What a node has in common with one that may stand in its place, whatever stands beside it."""
    match node:
        case ast.keyword(arg=label):
            return ast.keyword, label is None  # what may follow arguments depends on their stars
        case ast.expr():
            return ast.expr, isinstance(node, ast.Starred)
        case _:
            return (type(node),)


def _span(of: SourceMap, node: ast.AST) -> tuple[int, int]:
    """The bytes of a node, its decorators included."""
    start, end = of.span(node)
    decorators = getattr(node, "decorator_list", None)
    return (min(start, of.span(decorators[0])[0]) if decorators else start), end
