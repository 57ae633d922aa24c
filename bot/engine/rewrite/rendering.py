"""From a match and a template to what takes the match's place: text of the template, and stretches of the source."""

import ast
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.engine.resolve.walk import position
from bot.engine.rewrite.fstrings import breaks_field, quotes_around, requoted
from bot.engine.rewrite.intended import Filling
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.lex import breaks_line, tokens
from bot.engine.rewrite.matching import Match, Rest
from bot.engine.rewrite.order import trouble
from bot.engine.rewrite.patterns import (
    CANONICAL,
    Hole,
    Template,
    extent,
    metavariable,
    named,
    offset_of,
    rest_variable,
)
from bot.engine.rewrite.precedence import enclosed, is_delimited, place
from bot.engine.rewrite.reasons import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A stretch of the source that stays as it is."""

    start: int
    end: int
    brackets: bool = False


Piece = str | Captured


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What takes the place of one expression or statement."""

    root: ast.expr | ast.stmt
    start: int
    end: int
    pieces: tuple[Piece, ...]
    intended: ast.AST
    """The tree that the result is to have."""
    quotes: tuple[str, ...] = ()
    """Those of the f-strings in whose fields it stands."""
    warning: Refusal | None = None
    """Why the result wants a review although the rule would be safe."""

    @property
    def captured(self) -> tuple[Captured, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Captured))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """A stretch of the template's text, and what stands there in the result."""

    start: int
    end: int
    pieces: tuple[Piece, ...]


_Ahead = dict[int, Rest]
Becomes = Callable[[ast.expr], tuple[ast.expr, str] | None]
"""The tree and the text of what takes an expression's place, if it is a usage itself."""


def render(
    layout: Layout, template: Template, match: Match, names: Mapping[str, str], becomes: Becomes = lambda _: None
) -> Rendered:
    """Fill ``template`` with what ``match`` found; ``names`` are the spellings of ``canonical`` and of what the rule
    imports, ``becomes`` says what else a captured expression may turn into."""
    start, end = layout.span(match.root)
    pieces: list[Piece] = []
    at = 0
    match, ahead = _in_source_order(template, match)
    filling = Filling(template=template, match=match, names=names, ahead=ahead)
    for slot in _slots(layout, filling, becomes):
        pieces += [template.text[at : slot.start], *slot.pieces]
        at = max(at, slot.end)
    pieces.append(template.text[at:])
    if _wants_brackets(layout, template, match.root):
        pieces = ["(", *pieces, ")"]
    if quotes := quotes_around(layout, match.root):
        pieces = [requoted(piece, quotes) if isinstance(piece, str) else piece for piece in pieces]
    return Rendered(
        root=match.root, start=start, end=end, pieces=_joined(pieces), quotes=quotes, intended=filling.tree(),
        warning=trouble(layout.analysis, template, match, ahead),
    )  # fmt: skip


def _in_source_order(template: Template, match: Match) -> tuple[Match, _Ahead]:
    """The remaining keyword arguments stay before those of the template's that they stand before.

    The match without these, and these by the offset of the keyword argument that they come before.
    """
    ahead: _Ahead = {}
    rest = dict(match.rest)
    for call in ast.walk(template.tree):
        if not isinstance(call, ast.Call) or not call.keywords or (name := rest_variable(call.keywords[-1])) is None:
            continue
        fixed = [(each, match.one.get(metavariable(each.value) or "")) for each in call.keywords[:-1]]
        places = [(position(node), offset_of(template.text, each)) for each, node in fixed if node is not None]
        if len(places) < len(fixed) or places != sorted(places):
            continue
        for node in match.rest.get(name, ()):
            later = next((offset for place, offset in places if place > position(node)), None)
            if later is not None:
                ahead[later] = (*ahead.get(later, ()), node)
        moved = {id(node) for nodes in ahead.values() for node in nodes}
        rest[name] = tuple(node for node in match.rest.get(name, ()) if id(node) not in moved)
    return replace(match, rest=rest), ahead


def _slots(layout: Layout, filling: Filling, becomes: Becomes) -> list[_Slot]:
    template, match, names = filling.template, filling.match, filling.names
    parents = {child: node for node in ast.walk(template.tree) for child in ast.iter_child_nodes(node)}
    found: list[_Slot] = []
    gone: set[int] = set()
    for hole in template.holes:
        if hole.rest:
            nodes = match.rest.get(hole.name)
            pieces = tuple(_rest(layout, nodes)) if nodes else ()
            found.append(_Slot(start=hole.start, end=hole.end, pieces=pieces) if nodes else _gap(template, hole, gone))
        elif hole.name != CANONICAL:
            pieces = tuple(_filling(layout, hole, filling, parents, becomes))
            found.append(_Slot(start=hole.start, end=hole.end, pieces=pieces))
    found += [_Slot(start=at, end=at, pieces=(*_rest(layout, nodes), ", ")) for at, nodes in filling.ahead.items()]
    found += [_spelled(template, node, names[CANONICAL]) for node in _canonicals(template) if CANONICAL in names]
    written = named(template.tree, lambda path: path in names and path != CANONICAL)
    found += [_spelled(template, node, names[path]) for node, path in written]
    return sorted(found, key=lambda slot: slot.start)


def _canonicals(template: Template) -> list[ast.expr]:
    return [n for n in ast.walk(template.tree) if isinstance(n, ast.Name) and metavariable(n) == CANONICAL]


def _spelled(template: Template, node: ast.expr, name: str) -> _Slot:
    start, end = extent(template.text, node)
    return _Slot(start=start, end=end, pieces=(name,))


def _gap(template: Template, hole: Hole, gone: set[int]) -> _Slot:
    """The place of an empty rest, with the comma after it, else with the one before it."""
    found = tokens(template.text)
    gone |= {token.start for token in found if hole.start <= token.start < hole.end}
    commas = [token for token in found if token.start not in gone]
    after = next((token for token in commas if token.start >= hole.end), None)
    before = next((token for token in reversed(commas) if token.end <= hole.start), None)
    if after and after.text == ",":
        gone.add(after.start)
        beyond = next((token for token in commas if token.start > after.start), after)
        return _Slot(start=hole.start, end=beyond.start, pieces=())
    if before and before.text == ",":
        gone.add(before.start)
        return _Slot(start=before.start, end=hole.end, pieces=())
    return _Slot(start=hole.start, end=hole.end, pieces=())


def _filling(
    layout: Layout, hole: Hole, filling: Filling, parents: Mapping[ast.AST, ast.AST], becomes: Becomes
) -> list[Piece]:
    node = filling.match.one[hole.name]
    start, end = layout.outside(node, _room(layout, node))
    captured = Captured(start=start, end=end)
    if (start, end) != layout.span(node):
        return [captured]
    text, root, template = layout.text(start, end), filling.match.root, filling.template
    around, inside = (layout.analysis.parents, root) if _is_hole(template) else (parents, hole.node)
    if _is_bracketed(template, hole, parents.get(hole.node)):
        return [captured]
    delimited = is_delimited(around.get(inside), inside)
    loose = breaks_line(text) and not delimited and not stands_in_brackets(layout, root)
    loose = loose or _opens_format(layout, root, text, delimited=delimited)
    forms = [(node, text), *([other] if (other := becomes(node)) else [])]
    loose = loose or not all(place(around, inside).takes(*form) for form in forms)
    return ["(", captured, ")"] if loose and not (_is_hole(template) and has_brackets(layout, root)) else [captured]


def has_brackets(layout: Layout, node: ast.expr | ast.stmt) -> bool:
    """Whether ``node`` stands in parentheses of its own."""
    return isinstance(node, ast.expr) and layout.outside(node, _room(layout, node)) != layout.span(node)


def _opens_format(layout: Layout, root: ast.AST, text: str, *, delimited: bool) -> bool:
    """Whether a colon in ``text`` would end the expression of an f-string's field."""
    return not delimited and breaks_field(text) and _is_in_field(layout, root)


def _is_bracketed(template: Template, hole: Hole, parent: ast.AST | None) -> bool:
    """Whether the template puts brackets around this place that are not those of a call."""
    found = tokens(template.text)
    before = [token.text for token in found if token.end <= hole.start]
    after = [token.text for token in found if token.start >= hole.end]
    pairs = 0
    while pairs < min(len(before), len(after)) and before[-1 - pairs] == "(" and after[pairs] == ")":
        pairs += 1
    calls = isinstance(parent, ast.Call) and hole.node is not parent.func
    return pairs > int(calls)


def _room(layout: Layout, node: ast.expr) -> tuple[int, int]:
    """The stretch in which parentheses around ``node`` are its own: from its neighbour before to the one after."""
    parent = layout.analysis.parents[node]
    start, end = layout.span(parent) if hasattr(parent, "lineno") else layout.span(node)
    if isinstance(parent, ast.Call) and node is not parent.func:
        start = layout.span(parent.func)[1]
        opening = layout.source.find(b"(", start) if not _is_sole_generator(parent, node) else start
        start, end = opening + 1, end - 1
    for sibling in ast.iter_child_nodes(parent):
        if sibling is node or not hasattr(sibling, "lineno"):
            continue
        first, last = layout.span(sibling)
        if last <= layout.span(node)[0]:
            start = max(start, last)
        elif first >= layout.span(node)[1]:
            end = min(end, first)
    return start, end


def _is_sole_generator(call: ast.Call, node: ast.expr) -> bool:
    return isinstance(node, ast.GeneratorExp) and call.args == [node] and not call.keywords


def _rest(layout: Layout, nodes: Sequence[ast.expr | ast.keyword]) -> list[Piece]:
    """Arguments as they stand, when nothing stands between them; else one by one."""
    spans = [layout.outside(n, _room(layout, n)) if isinstance(n, ast.expr) else layout.span(n) for n in nodes]
    pairs = list(itertools.pairwise(spans))
    if all(a[1] <= b[0] and _is_comma(layout.text(a[1], b[0])) for a, b in pairs):
        return [Captured(start=spans[0][0], end=spans[-1][1])]
    pieces: list[Piece] = []
    for start, end in spans:
        pieces += [Captured(start=start, end=end), ", "]
    return pieces[:-1]


def _is_comma(text: str) -> bool:
    return [token.text for token in tokens(text)] == [","]


def _wants_brackets(layout: Layout, template: Template, root: ast.AST) -> bool:
    """Whether the whole result must be put in parentheses to stay one operand where the match stood."""
    if _is_hole(template) or not isinstance(root, ast.expr) or not isinstance(template.tree, ast.expr):
        return False
    loose = not place(layout.analysis.parents, root).takes(template.tree, template.text)
    loose = loose or (breaks_field(template.text) and _is_in_field(layout, root))
    if breaks_line(template.text) and not enclosed(template.text):
        loose = loose or not stands_in_brackets(layout, root)
    return loose and not has_brackets(layout, root)


def _is_hole(template: Template) -> bool:
    """Whether the template is a captured expression and nothing else."""
    return metavariable(template.tree) not in (None, CANONICAL)


def _is_in_field(layout: Layout, root: ast.AST) -> bool:
    """Whether nothing parts ``root`` from the braces of an f-string's field."""
    node: ast.AST = root
    while isinstance(parent := layout.analysis.parents[node], ast.expr) and not is_delimited(parent, node):
        if isinstance(parent, ast.FormattedValue):
            return True
        node = parent
    return False


def stands_in_brackets(layout: Layout, root: ast.AST) -> bool:
    """Whether ``root`` can span lines where it stands: between brackets, those around a list of arguments included."""
    node: ast.AST = root
    while isinstance(node, ast.expr):
        parent = layout.analysis.parents[node]
        if isinstance(parent, ast.FormattedValue):
            return False
        if is_delimited(parent, node) or has_brackets(layout, node):
            return True
        node = parent
    return isinstance(node, ast.comprehension)


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece:
            found.append(piece)
    return tuple(found)


# --- what the author should know ------------------------------------------------------------------------------------


def gives_beside_unpacked(template: Template, match: Match) -> bool:
    """Whether the remaining arguments hold a ``**mapping`` that may give what the template gives by its label."""
    unpacked = {name for name, nodes in match.rest.items() if any(_is_unpacking(node) for node in nodes)}
    calls = [node for node in ast.walk(template.tree) if isinstance(node, ast.Call)]
    return any(
        any(keyword.arg for keyword in call.keywords) and any(rest_variable(k) in unpacked for k in call.keywords)
        for call in calls
    )


def _is_unpacking(node: ast.expr | ast.keyword) -> bool:
    return isinstance(node, ast.keyword) and node.arg is None


def outside(layout: Layout, match: Match) -> Sequence[ast.expr | ast.keyword]:
    """Captures that do not stand in the match itself but in the value of a variable that it goes through."""
    start, end = layout.span(match.root)
    everything = [*match.one.values(), *(node for nodes in match.rest.values() for node in nodes)]
    return [node for node in everything if not (start <= layout.span(node)[0] and layout.span(node)[1] <= end)]
