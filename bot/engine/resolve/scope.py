"""From a tree to its scopes: who binds and who reads which name, where (language reference, "Naming and binding")."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.engine.resolve.bindings import Load, Scope, ScopeKind
from bot.engine.resolve.visitors import VISITORS
from bot.engine.resolve.walk import Walk, position
from bot.engine.source.text import SourceMap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scopes:
    """The scopes of one file: see the fields of the same names in ``Analysis``."""

    root: Scope
    scopes: dict[ast.AST, Scope]
    parents: dict[ast.AST, ast.AST]

    @property
    def loads(self) -> dict[ast.Name, Load]:
        """All reads of names, by their nodes."""
        return {load.node: load for scope in self.root.walk() for each in scope.loads.values() for load in each}


def build_scopes(
    tree: ast.Module,
    *,
    modules: Sequence[str],
    package: bool,
    source: SourceMap | None = None,
    keep: Callable[[ast.stmt], bool] | None = None,
    bodies: bool = True,
) -> Scopes:
    """All scopes of ``tree``, a file with the dotted names ``modules``.

    ``source`` places the names in string annotations; without it these are left out.  ``keep`` leaves out the
    statements for which it is false (those without any of the names that are asked for), ``bodies=False`` those in
    functions and classes.
    """
    walk = Walk(visitors=VISITORS, modules=modules, package=package, source=source, keep=keep, bodies=bodies)
    root = walk.build(tree)
    collect_reads(root)
    return Scopes(root=root, scopes=walk.scopes, parents=walk.parents)


def collect_reads(root: Scope) -> None:
    """Fill in ``Scope.reads``, and put the loads in the order of the source."""
    for scope in root.walk():
        for name, loads in scope.loads.items():
            if len(loads) > 1:
                loads.sort(key=lambda load: position(load.node))
            for load in loads:
                owner = owner_at(load) or root
                owner.reads.setdefault(name, []).append(load)
    for scope in root.walk():
        for reads in scope.reads.values():
            if len(reads) > 1:
                reads.sort(key=lambda load: position(load.node))


def owner_at(load: Load) -> Scope | None:
    """The scope whose variable a load means.

    A class body reads the module's as long as it has not bound the name itself: ``class C: f = f``.  Variables of a
    function around it are none of those that it looks at then (language reference, "Resolution of names").
    """
    name = load.node.id
    owner = load.scope.owner(name)
    if owner is load.scope and owner.kind is ScopeKind.CLASS and owner.parent:
        first = owner.bindings[name][0]
        if position(load.statement) <= position(first.statement):
            return owner.module if name in owner.module.bindings else None
    return owner
