"""The attributes of a file's own classes and objects: what is assigned to them, and who reads them."""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from bot.engine.resolve.annotation import last_name
from bot.engine.resolve.bindings import Binding, BindingKind, Scope, ScopeKind
from bot.engine.resolve.flow import reaching
from bot.engine.resolve.resolver import Resolver
from bot.engine.resolve.scope import Scopes, owner_at

_LATER = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


@dataclass(slots=True, eq=False)
class Attributes:
    """The attributes of one file; all of them are looked for when one is asked for."""

    scopes: Scopes
    resolver: Resolver
    _read: dict[str, list[ast.Attribute]] = field(default_factory=dict)
    _stored: dict[str, list[tuple[ast.expr, ast.expr]]] = field(default_factory=dict)
    _below: dict[ast.ClassDef, list[ast.ClassDef]] = field(default_factory=dict)
    _above: dict[ast.ClassDef, list[ast.ClassDef]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node, parent in self.scopes.parents.items():
            if isinstance(node, ast.Attribute):
                if isinstance(node.ctx, ast.Load):
                    self._read.setdefault(node.attr, []).append(node)
                elif isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
                    self._stored.setdefault(node.attr, []).append((node.value, parent.value))
            elif isinstance(node, ast.ClassDef):
                for base in (each for expression in node.bases if (each := self.named(expression))):
                    self._above.setdefault(node, []).append(base)
                    self._below.setdefault(base, []).append(node)

    def read(self, name: str) -> Sequence[ast.Attribute]:
        """The places where an attribute of this name is read."""
        return self._read.get(name, ())

    def stored(self, node: ast.Attribute) -> Iterator[ast.expr]:
        """What is assigned to the same attribute of the same variable."""
        variable = self._variable(node.value)
        for holder, value in self._stored.get(node.attr, ()):
            if variable is not None and self._variable(holder) == variable:
                yield value

    def stored_in(self, classes: Sequence[ast.ClassDef], name: str) -> Iterator[ast.expr]:
        """What is assigned to an attribute of the objects of classes: ``self.name = …`` in one of their methods."""
        kin = self._kin(classes)
        for holder, value in self._stored.get(name, ()):
            own = self.of_self(holder) or self.named(holder)
            if own in kin:
                yield value

    def bindings(self, classes: Sequence[ast.ClassDef], name: str) -> Iterator[Binding]:
        """What an attribute's name is bound to in the bodies of classes, of those above and of those below them."""
        for each in self._kin(classes):
            scope = self.scopes.scopes.get(each)
            yield from scope.bindings.get(name, ()) if scope else ()

    def related(self, one: ast.ClassDef, others: Sequence[ast.ClassDef]) -> bool:
        """Whether a class is one of ``others``, above or below one."""
        return one in self._kin(others)

    def inherited(self, classes: Sequence[ast.ClassDef], name: str, *, own: bool = True) -> Iterator[ast.expr]:
        """The classes of other files that an attribute of objects of ``classes`` may come from.

        None where a class of the file has it itself; without ``own`` those above are asked.
        """
        above = self._kin(classes, (self._above,))
        asked = [each for each in above if own or each not in classes]
        bound = (self.scopes.scopes.get(each) for each in asked)
        if not any(scope and name in scope.bindings for scope in bound):
            yield from (base for each in above for base in each.bases if self.named(base) is None)

    def _kin(
        self, classes: Sequence[ast.ClassDef], directions: "Sequence[dict[ast.ClassDef, list[ast.ClassDef]]]" = ()
    ) -> Collection[ast.ClassDef]:
        found = dict.fromkeys(classes)
        for ways in directions or (self._above, self._below):
            pending, seen = [*classes], set(classes)
            while pending:
                more = [each for each in ways.get(pending.pop(), ()) if each not in seen]
                seen.update(more)
                pending += more
                found.update(dict.fromkeys(more))
        return found

    def of_self(self, node: ast.expr) -> ast.ClassDef | None:
        """The class of whose method ``node`` is the first parameter."""
        load = self.resolver.loads.get(node) if isinstance(node, ast.Name) else None
        owner = owner_at(load) if load else None
        if owner is None or load is None or not isinstance(owner.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        arguments = owner.node.args
        first = next(iter([*arguments.posonlyargs, *arguments.args]), None)
        bound = owner.bindings.get(load.node.id, ())
        if (
            first is None
            or len(bound) != 1
            or bound[0].node is not first
            or self.decorated(owner.node, ["staticmethod"])
        ):
            return None
        return _class_of(owner.parent)

    def around(self, node: ast.Name) -> ast.ClassDef | None:
        """The class in whose method ``node`` stands."""
        load = self.resolver.loads.get(node)
        scope = load.scope if load else None
        while scope is not None:
            found = _class_of(scope.parent)
            if found is not None and scope.kind is ScopeKind.FUNCTION:
                return found
            scope = scope.parent
        return None

    def named(self, node: ast.expr) -> ast.ClassDef | None:
        """The class of the file that a name stands for."""
        load = self.resolver.loads.get(node) if isinstance(node, ast.Name) else None
        bound = reaching(load, self.scopes.parents) if load else ()
        found = [b.node for b in bound if b.kind is BindingKind.CLASS and isinstance(b.node, ast.ClassDef)]
        return found[0] if len(found) == 1 == len(bound) else None

    def decorated(self, function: ast.FunctionDef | ast.AsyncFunctionDef, names: Collection[str]) -> bool:
        """Whether a function has a decorator of one of these names."""
        return any(last_name(each) in names for each in function.decorator_list)

    def returns(self, function: ast.FunctionDef) -> list[ast.expr]:
        """What a function returns itself."""
        found: list[ast.expr] = []
        pending: list[ast.AST] = [*function.body]
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Return) and node.value is not None:
                found.append(node.value)
            if not isinstance(node, _LATER):
                pending += ast.iter_child_nodes(node)
        return found

    def _variable(self, node: ast.expr) -> tuple[Scope, str] | None:
        load = self.resolver.loads.get(node) if isinstance(node, ast.Name) else None
        owner = owner_at(load) if load else None
        return (owner, load.node.id) if owner is not None and load is not None else None


def _class_of(scope: Scope | None) -> ast.ClassDef | None:
    if scope is not None and scope.kind is ScopeKind.TYPE_PARAMETERS:
        scope = scope.parent
    return scope.node if scope is not None and isinstance(scope.node, ast.ClassDef) else None
