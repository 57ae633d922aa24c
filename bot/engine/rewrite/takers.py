"""Files that take a name through another one: what that brings hangs together with all that they do with it."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from bot.domain.migration import Migration, TargetKind
from bot.engine.program.facades import PassedOn
from bot.engine.program.index import Index
from bot.engine.program.view import Witness
from bot.engine.rewrite.paths import reached_by
from bot.engine.rewrite.rules import successor
from bot.engine.rewrite.witnesses import is_unlike
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.detect import analyse

ByRule = Callable[[Analysis, Use], bool]
"""Whether a rule of the migration, and not the successor alone, is for a usage, which is not safe then."""


def taken_otherwise(analysis: Analysis, use: Use, by_rule: ByRule) -> Witness | None:
    """Who takes the name through this file, for a usage of its own in which the successor is not the same.

    Followed through further files that pass it on.  A file whose source is not known says nothing: it is asked for by
    `untold`.
    """
    index = analysis.index
    names = _passed_on(analysis, use)
    dotted = frozenset(f"{module}.{name}" for module in analysis.modules for name in names)
    migration = _as_taken(use, names)
    pending, seen = list(_takers(index, analysis.modules, names)), {analysis.path}
    for path in pending if dotted else ():  # grows while it is read
        if path in seen:
            continue
        seen.add(path)
        uses = _taken(index, path, migration, by_rule)
        through = [each for each in uses if each.names is None or not dotted.isdisjoint(each.names)]
        if (found := next((each for each in through if each.differs), None)) is not None:
            return Witness(path=path, line=found.line)
        names = frozenset[str]().union(*(each.passes for each in through))
        pending += _takers(index, index.modules_of(path), names)
    return None


def _as_taken(use: Use, names: frozenset[str]) -> Migration:
    """The migration as the takers see it: what comes from a façade is no usage of the module that it is a member of."""
    target, binding = successor(use), use.binding
    if use.target.kind is not TargetKind.MODULE or target is None:
        return use.migration
    if isinstance(use.node, ast.alias) and binding is not None and binding.name == "*":
        pairs = [(f"{use.symbol}.{name}", f"{target}.{name}") for name in sorted(names)]
    elif use.symbol != use.target.name:
        pairs = [(use.symbol, target)]
    else:
        return use.migration
    members = (replace(use.target, name=one, canonical=other, kind=TargetKind.SYMBOL) for one, other in pairs)
    return replace(use.migration, targets=tuple(members))


def untold(analysis: Analysis) -> frozenset[str]:
    """The modules that take deprecated names from this file, or from one that does, and that the index lacks."""
    index = analysis.index
    names = frozenset[str]().union(*(_passed_on(analysis, use) for use in analysis.uses if use.migration.drop_in))
    found, seen = set[str](), {analysis.path}
    pending = list(_takers(index, analysis.modules, names))
    for path in pending:  # grows while it is read
        if path in seen:
            continue
        seen.add(path)
        modules = index.modules_of(path)
        if path not in index.files:
            found.add(modules[-1])
        again = {
            imported.local if imported.name != "*" else name
            for imported, held in index.program.imports_of(path)
            for name in names
            if imported.early and imported.name in (name, "*")
        }
        pending += _takers(index, modules, again)
    return frozenset(found)


def _takers(index: Index, modules: Sequence[str], names: Iterable[str]) -> Iterator[str]:
    for name in sorted(names):
        for witness in index.program.takers(modules, name, strings=False, at_large=False):
            yield witness.path


def _passed_on(analysis: Analysis, use: Use) -> frozenset[str]:
    """The variables at the top of a file that hold what a usage stands for: an import binds them, or an assignment."""
    if isinstance(use.node, ast.alias):
        binding = use.binding
        if binding is None or binding.scope is not analysis.root:
            return frozenset()
        return frozenset({binding.name}) if binding.name != "*" else _of_star(analysis.index, use.symbol)
    node: ast.AST | None = use.expression
    parent = analysis.parents.get(node) if node is not None else None
    while isinstance(parent, ast.IfExp | ast.BoolOp):
        node, parent = parent, analysis.parents.get(parent)
    match parent:
        case ast.Assign(targets=targets, value=value) if value is node:
            held = targets
        case ast.AnnAssign(target=target, value=value) if value is node:
            held = [target]
        case _:
            return frozenset()
    at_top = parent in analysis.parents and analysis.scope_of(parent) is analysis.root
    return frozenset(each.id for each in held if at_top and isinstance(each, ast.Name))


def _of_star(index: Index, module: str) -> frozenset[str]:
    known = index.source_of(module)
    return frozenset(index.exports(*known).origins) if isinstance(known, tuple) else frozenset()


def _taken(index: Index, path: str, migration: Migration, by_rule: ByRule) -> Sequence[PassedOn]:
    """The usages of a file, remembered: a façade with many names has the same takers for each of them."""
    key = path, migration.name
    known = index.taken.get(key)
    if known is None or known[0] != migration:
        source = index.files.get(path)
        analysis = analyse(source, path, [migration], index) if source is not None else None
        uses = analysis.uses if isinstance(analysis, Analysis) else ()
        found = [_of_use(analysis, use, by_rule) for use in uses if isinstance(analysis, Analysis)]
        known = index.taken[key] = migration, found
    return known[1]


def _of_use(analysis: Analysis, use: Use, by_rule: ByRule) -> PassedOn:
    names = [*reached_by(use)]
    if use.star is not None and use.star.imported is not None and use.load is not None:
        names += [f"{module}.{use.load.node.id}" for module in use.star.imported.modules]
    own = not names and use.expression is not None
    target = successor(use)
    here = use.expression is not None and target is not None
    return PassedOn(
        line=use.range.line,
        names=None if own else frozenset(each for name in names for each in analysis.index.resolution(name).names),
        differs=here and target is not None and (is_unlike(analysis, use, target) or by_rule(analysis, use)),
        passes=_passed_on(analysis, use),
    )
