"""Classes that are derived from a deprecated one: what they hand to it, and what they have from it."""

import ast
from collections.abc import Iterator

from bot.engine.program.bound import names_bound
from bot.engine.program.definition import definition_of
from bot.engine.program.existence import lacks
from bot.engine.program.index import Index
from bot.engine.rewrite.parameters import made_otherwise, taken_otherwise
from bot.engine.usages.analysis import Analysis, Use


def derived_otherwise(analysis: Analysis, use: Use, target: str) -> str | None:
    """Why the successor, as a base of a class, does not take what is handed up to the deprecated one.

    What the class's own constructor hands up is known; without one, anything may come that the deprecated one takes.
    """
    below = _below(analysis, use)
    if below is None or use.expression is None:
        return None
    own = {name for node in below.body for name in names_bound(node)}
    if own.isdisjoint({"__init__", "__new__"}):
        return made_otherwise(analysis.index, use.symbol, target)
    calls = (call for call, name in _handed_up(below, use.expression) if name == "__init__")
    reasons = (taken_otherwise(analysis.index, use.symbol, target, call) for call in calls)
    return next((reason for reason in reasons if reason is not None), None)


def inherited_lost(analysis: Analysis, use: Use, target: str) -> str | None:
    """A member that a class has from the deprecated one, and certainly not from its successor.

    Of members with one or two underscores those alone that the class itself reads.
    """
    below = _below(analysis, use)
    found = definition_of(analysis.index, use.symbol, set()) if below is not None else None
    if below is None or found is None or not isinstance(found.statement, ast.ClassDef):
        return None
    own = {name for node in below.body for name in names_bound(node)}
    read = {node.attr for node in ast.walk(below) if isinstance(node, ast.Attribute)}
    members = {name for node in found.statement.body for name in names_bound(node)}
    asked = (name for name in sorted(members - own) if name in read or not name.startswith("_"))
    return next((f"{target}.{name}" for name in asked if _is_lost(analysis.index, target, name)), None)


def _is_lost(index: Index, target: str, name: str) -> bool:
    return not (name.startswith("__") and name.endswith("__")) and lacks(index, f"{target}.{name}")


def _below(analysis: Analysis, use: Use) -> ast.ClassDef | None:
    parent = analysis.parents.get(use.expression) if use.expression is not None else None
    return parent if isinstance(parent, ast.ClassDef) and use.expression in parent.bases else None


def _handed_up(below: ast.ClassDef, base: ast.expr) -> Iterator[tuple[ast.Call, str]]:
    """The calls of what its bases have, without the object: ``super().name(…)``, ``Base.name(self, …)``."""
    written = ast.dump(base)
    for node in ast.walk(below):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name)):
                yield node, name
            case ast.Call(func=ast.Attribute(value=held, attr=name), args=[_, *rest]) if ast.dump(held) == written:
                yield ast.Call(node.func, rest, node.keywords), name
            case _:
                pass
