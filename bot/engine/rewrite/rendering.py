"""From a match and a template to what takes the match's place: text of the template, and stretches of the source."""

import ast
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.lex import breaks_line, tokens
from bot.engine.rewrite.matching import Match, Rest
from bot.engine.rewrite.patterns import CANONICAL, Hole, Template, metavariable, offset_of, rest_variable
from bot.engine.rewrite.reasons import Reason, Refusal

_ATOMS = (
    ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Dict, ast.Set, ast.ListComp,
    ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.JoinedStr,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A stretch of the source that stays as it is."""

    start: int
    end: int
    brackets: bool = False


Piece = str | Captured


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What takes the place of one expression."""

    root: ast.expr
    start: int
    end: int
    pieces: tuple[Piece, ...]
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


def render(layout: Layout, template: Template, match: Match, names: Mapping[str, str]) -> Rendered:
    """Fill ``template`` with what ``match`` found; ``names`` are the spellings of ``canonical`` and of what the rule
    imports."""
    start, end = layout.span(match.root)
    pieces: list[Piece] = []
    at = 0
    match, ahead = _in_source_order(template, match)
    for slot in _slots(layout, template, match, names, ahead):
        pieces += [template.text[at : slot.start], *slot.pieces]
        at = slot.end
    pieces.append(template.text[at:])
    if _wants_brackets(layout, template, match.root):
        pieces = ["(", *pieces, ")"]
    return Rendered(
        root=match.root, start=start, end=end, pieces=_joined(pieces), warning=_warning(template, match, ahead)
    )


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
        places = [(_place(node), offset_of(template.text, each)) for each, node in fixed if node is not None]
        if len(places) < len(fixed) or places != sorted(places):
            continue
        for node in match.rest.get(name, ()):
            later = next((offset for place, offset in places if place > _place(node)), None)
            if later is not None:
                ahead[later] = (*ahead.get(later, ()), node)
        moved = {id(node) for nodes in ahead.values() for node in nodes}
        rest[name] = tuple(node for node in match.rest.get(name, ()) if id(node) not in moved)
    return replace(match, rest=rest), ahead


def _place(node: ast.expr | ast.keyword) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _slots(
    layout: Layout, template: Template, match: Match, names: Mapping[str, str], ahead: _Ahead
) -> list[_Slot]:  # fmt: skip
    parents = {child: node for node in ast.walk(template.tree) for child in ast.iter_child_nodes(node)}
    found = [
        _Slot(start=hole.start, end=hole.end, pieces=tuple(_filling(layout, hole, match, names, parents)))
        for hole in template.holes
        if not (hole.rest and not match.rest.get(hole.name))
    ]
    found += [_Slot(start=at, end=at, pieces=(*_rest(layout, nodes), ", ")) for at, nodes in ahead.items()]
    gone: set[int] = set()
    found += [_gap(template, hole, gone) for hole in template.holes if hole.rest and not match.rest.get(hole.name)]
    for node in ast.walk(template.tree):
        if isinstance(node, ast.Name) and node.id in names:
            start = offset_of(template.text, node)
            found.append(_Slot(start=start, end=start + len(node.id), pieces=(names[node.id],)))
    return sorted(found, key=lambda slot: slot.start)


def _gap(template: Template, hole: Hole, gone: set[int]) -> _Slot:
    """The place of an empty rest, with the comma after it, else with the one before it."""
    commas = [token for token in tokens(template.text) if token.start not in gone]
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
    layout: Layout, hole: Hole, match: Match, names: Mapping[str, str], parents: Mapping[ast.AST, ast.AST]
) -> list[Piece]:
    if hole.name == CANONICAL:
        return [names[CANONICAL]]
    if hole.rest:
        return _rest(layout, match.rest[hole.name])
    node = match.one[hole.name]
    start, end = layout.outside(node, _room(layout, node))
    text = layout.text(start, end)
    bare = (start, end) == layout.span(node)
    delimited = _is_delimited(parents.get(hole.node), hole.node)
    if bare and _needs_brackets(node, text, delimited=delimited, attribute=parents.get(hole.node)):
        return ["(", Captured(start=start, end=end), ")"]
    return [Captured(start=start, end=end)]


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


def _is_delimited(parent: ast.AST | None, node: ast.AST) -> bool:
    """Whether ``node`` stands between brackets and commas, where any expression but a few can stand bare."""
    match parent:
        case ast.Call(func=function):
            return node is not function
        case ast.keyword() | ast.List() | ast.Set() | ast.Tuple() | ast.Dict():
            return True
        case ast.Subscript(value=value):
            return node is not value
        case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
            return node is element
        case _:
            return False


def _needs_brackets(node: ast.expr, text: str, *, delimited: bool, attribute: ast.AST | None) -> bool:
    match node:
        case ast.NamedExpr() | ast.Yield() | ast.YieldFrom():
            return True
        case ast.Tuple():
            return not text.startswith("(")
    if delimited:
        return False
    if breaks_line(text):
        return True
    if isinstance(node, ast.Constant):
        return isinstance(attribute, ast.Attribute) and isinstance(node.value, int | float | complex)
    return not isinstance(node, _ATOMS)


def _wants_brackets(layout: Layout, template: Template, root: ast.expr) -> bool:
    """Whether the whole result must be put in parentheses to stay one operand where the match stood."""
    if isinstance(template.tree, _ATOMS) and not breaks_line(template.text):
        return False
    parent = layout.analysis.parents[root]
    if isinstance(template.tree, ast.Tuple) and template.text.startswith("("):
        return False
    start, end = layout.span(root)
    if layout.outside(root, _room(layout, root)) != (start, end):
        return False
    if breaks_line(template.text) or isinstance(template.tree, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Tuple):
        return True
    return not (_is_delimited(parent, root) or isinstance(parent, ast.stmt) or type(parent) is type(template.tree))


def stands_in_brackets(layout: Layout, root: ast.expr) -> bool:
    """Whether ``root`` can span lines where it stands: between brackets, those around a list of arguments included."""
    parent = layout.analysis.parents[root]
    return _is_delimited(parent, root) or layout.outside(root, _room(layout, root)) != layout.span(root)


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece:
            found.append(piece)
    return tuple(found)


# --- what the author should know ------------------------------------------------------------------------------------


def has_effects(node: ast.AST) -> bool:
    """Whether evaluating ``node`` can do more than give a value, as far as its form shows."""
    effects = ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr
    return any(isinstance(each, effects) for each in ast.walk(node))


def _warning(template: Template, match: Match, ahead: _Ahead) -> Refusal | None:
    """Captured expressions with effects must each be evaluated once, in their order."""
    before = [*match.one.values(), *itertools.chain(*match.rest.values()), *itertools.chain(*ahead.values())]
    places = [
        (hole.start, match.rest.get(hole.name, ()) if hole.rest else _one(match, hole)) for hole in template.holes
    ]
    after = [node for _, nodes in sorted([*places, *ahead.items()], key=lambda pair: pair[0]) for node in nodes]
    given = sorted((node for node in before if has_effects(node)), key=_place)
    used = [node for node in after if has_effects(node)]
    if sorted(map(id, given)) != sorted(map(id, used)):
        return Refusal(reason=Reason.SIDE_EFFECTS)
    if any(one is not other for one, other in zip(given, used, strict=True)):
        return Refusal(reason=Reason.EVALUATION_ORDER)
    return None


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


def _one(match: Match, hole: Hole) -> Rest:
    return (match.one[hole.name],) if hole.name in match.one else ()


def outside(layout: Layout, match: Match) -> Sequence[ast.expr | ast.keyword]:
    """Captures that do not stand in the match itself but in the value of a variable that it goes through."""
    start, end = layout.span(match.root)
    everything = [*match.one.values(), *(node for nodes in match.rest.values() for node in nodes)]
    return [node for node in everything if not (start <= layout.span(node)[0] and layout.span(node)[1] <= end)]
