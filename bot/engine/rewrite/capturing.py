"""Variables of a template itself (of a lambda, a comprehension, ``:=``) that have the name of what is put into it."""

import ast
from collections.abc import Iterator, Mapping
from itertools import chain

from bot.engine.resolve.bindings import Scope
from bot.engine.rewrite.matching import Match
from bot.engine.rewrite.patterns import Template, metavariable, rest_variable

_Inside = Mapping[str, frozenset[str]]


def taken_inside(scope: Scope, template: Template, match: Match) -> str | None:
    """A name that the template binds and that something captured reads there, or the scope has for something else."""
    for node, names in _parts(template.tree, frozenset()):
        if isinstance(node, ast.NamedExpr) and _is_read(scope, node.target.id):
            return node.target.id
        one, rest = metavariable(node), rest_variable(node)
        captured = [match.one[one]] if one in match.one else list(match.rest.get(rest or "", ()))
        if taken := names & {name for part in captured for name in _free(part)}:
            return min(taken)
    return None


def _free(expression: ast.AST) -> Iterator[str]:
    """The names in an expression that are not its own variables."""
    for node, own in _parts(expression, frozenset()):
        if isinstance(node, ast.Name) and node.id not in own:
            yield node.id


def _is_read(scope: Scope, name: str) -> bool:
    owner = scope.owner(name)
    return owner is not None and bool(owner.reads.get(name))


def _parts(node: ast.AST, names: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """The nodes of an expression, each with the expression's own variables that hide others there."""
    yield node, names
    match node:
        case ast.Lambda(args=own, body=body):
            inner = frozenset(each.arg for each in ast.walk(own) if isinstance(each, ast.arg))
            defaults = [each for each in (*own.defaults, *own.kw_defaults) if each is not None]
            yield from chain(*(_parts(each, names) for each in defaults), _parts(body, names | inner))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            stored = (each for part in node.generators for each in ast.walk(part.target))
            inner = names | {each.id for each in stored if isinstance(each, ast.Name)}
            first = node.generators[0].iter
            for child in ast.iter_child_nodes(node):
                parts = ast.iter_child_nodes(child) if isinstance(child, ast.comprehension) else [child]
                yield from chain(*(_parts(each, names if each is first else inner) for each in parts))
        case _:
            yield from chain(*(_parts(child, names) for child in ast.iter_child_nodes(node)))
