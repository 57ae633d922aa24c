"""The dotted paths by which a file reaches a thing, and the imports that they go through."""

import ast
from collections.abc import Mapping, Sequence

from bot.domain.migration import TargetKind
from bot.engine.program.taken import named_by_string
from bot.engine.resolve.bindings import Binding, Load
from bot.engine.resolve.resolver import written
from bot.engine.rewrite.dotted import split
from bot.engine.rewrite.flow import dominates
from bot.engine.rewrite.import_order import place_inside
from bot.engine.rewrite.imports import in_force
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.rules import successor
from bot.engine.rewrite.twice import imported_name, is_plain, siblings
from bot.engine.usages.analysis import Analysis, Use


def as_written(layout: Layout, use: Use) -> bool:
    """Whether a usage stands in the file as it is: in a string annotation, an escape may be between."""
    return isinstance(use.node, ast.expr) and layout.text_of(use.node) == written(use.node)


def serves(binding: Binding, load: Load, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a read needs this of several imports below one package: its path goes on with what this one names."""
    node: ast.AST = load.node
    while isinstance(parent := parents.get(node), ast.Attribute):
        node = parent
    path = f"{written(node)}." if isinstance(node, ast.expr) else ""
    found = [imported_name(b) for b in siblings(binding) if path.startswith(f"{imported_name(b)}.")]
    return max(found, key=len, default="") == imported_name(binding)


def successor_of_node(use: Use) -> str:
    """What takes the place of ``use.node``: for a module target the module alone, else the whole."""
    below = use.symbol[len(use.target.name) :]
    if use.expression is use.node or not below:
        return successor(use) or ""
    names: list[str] = []
    node = use.expression
    while node is not use.node and isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    tail = "".join(f".{name}" for name in reversed(names))
    return (successor(use) or "").removesuffix(tail)


def names_module(use: Use) -> bool:
    """Whether ``use.node`` names a module: not a member of one, which may come here through another module."""
    return use.target.kind is TargetKind.MODULE and (use.symbol == use.target.name or use.expression is not use.node)


def is_left(binding: Binding, builtin: str, use: Use) -> bool:
    """Whether ``builtin`` means the built-in thing where ``use`` stands, once the import is gone."""
    owner = use.scope.owner(builtin)
    if owner is binding.scope and builtin == binding.name:
        owner = owner.parent.owner(builtin) if owner.parent else None
    return owner is None


def goes_inside(layout: Layout, binding: Binding, uses: Sequence[Use]) -> bool:
    """Whether every usage through an import has a function into which the successor's import goes instead.

    Not where a string names the variable of this file, perhaps to patch it.
    """
    targets = [(use, split(layout.analysis, successor(use) or "")) for use in uses]
    inside = (
        module and place_inside(layout, module, rest.partition(".")[0], use) is not None
        for use, (module, rest) in targets
    )
    at_the_top = bool(uses) and binding.written_in is layout.analysis.root
    return at_the_top and all(inside) and not named_by_string(layout.analysis, binding.name)


def imports_already(analysis: Analysis, binding: Binding, target: str, uses: Sequence[Use]) -> bool:
    """Whether another ``import`` of the successor has happened wherever it is used, or wherever this one happens."""
    found = [b for b in binding.scope.bindings.get(target.partition(".")[0], ()) if b is not binding]
    again = [other for other in found if is_plain(other) and imported_name(other) == target]
    if all(map(is_plain, found)) and any(dominates(analysis, b.statement, binding.statement) for b in again):
        return True
    return bool(again) and all(any(in_force(analysis, other, use) for other in again) for use in uses)


def reached_by(use: Use) -> list[str]:
    """The dotted names that the file goes through to reach the usage, as its imports name them."""
    parts, node = [], use.expression
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    found = []
    origins = [(o, b.imported.name is not None) for b in use.bindings if b.imported for o in b.imported.origins]
    for origin, taken in dict.fromkeys(origins):
        dotted = [*origin.split("."), *reversed(parts)]
        first = origin.count(".") + 1 if taken else 2  # ``from a.b import c`` finds ``a.b`` itself, however ``a`` is
        found += [".".join(dotted[:cut]) for cut in range(max(first, 2), len(dotted) + 1)]
    return found


def names_of(analysis: Analysis, node: ast.expr) -> tuple[str, ...]:
    """The dotted names that an expression has by the one import that its first name comes from."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    owner = analysis.scope_of(node).owner(node.id) if isinstance(node, ast.Name) else None
    bindings = owner.bindings[node.id] if owner is not None and isinstance(node, ast.Name) else []
    imports = [binding.imported for binding in bindings]
    if len({imported.origins if imported else () for imported in imports}) != 1 or imports[0] is None:
        return ()
    tail = "".join(f".{name}" for name in reversed(names))
    return tuple(origin + tail for origin in imports[0].origins)


def usages_inside(analysis: Analysis) -> Mapping[ast.AST, Sequence[Use]]:
    """The usages by the expressions around them that a rule could fit."""
    found: dict[ast.AST, list[Use]] = {}
    for use in analysis.uses:
        node: ast.AST | None = use.expression
        while isinstance(node, ast.expr | ast.keyword):
            found.setdefault(node, []).append(use)
            node = analysis.parents.get(node)
    return found
