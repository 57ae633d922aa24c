"""The pass over a tree that finds who binds and who reads which name, where."""

import ast
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.engine.resolve.annotation import annotation_strings, makes_types, parse_annotation
from bot.engine.resolve.bindings import Binding, BindingKind, Imported, Load, Scope, ScopeKind
from bot.engine.source.names import absolute
from bot.engine.source.text import SourceMap

_CONTEXTS = frozenset({ast.Load, ast.Store, ast.Del})


@dataclass(slots=True, eq=False)
class Place:
    """Where the walk is: what a node's names belong to."""

    scope: Scope
    statement: ast.stmt
    string: ast.Constant | None = None


Visitor = Callable[["Walk", Any, Place], None]


@dataclass(slots=True, kw_only=True, eq=False)
class Walk:
    """The pass over a tree, with a stack of its own: depth costs no recursion."""

    visitors: Mapping[type[ast.AST], Visitor]
    """What to do at each type of node; all children are visited where it says nothing."""
    modules: Sequence[str]
    package: bool
    source: SourceMap | None
    keep: Callable[[ast.stmt], bool] | None
    bodies: bool = True
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)
    pending: list[tuple[ast.AST, Place]] = field(default_factory=list)
    annotations: list[tuple[ast.expr, Place]] = field(default_factory=list)
    quoted: list[tuple[ast.expr, list[ast.expr], Place]] = field(default_factory=list)
    """Expressions that hold quoted types, if the first one is what it looks like."""
    nonlocal_bindings: list[Binding] = field(default_factory=list)

    def build(self, tree: ast.Module) -> Scope:
        """The module's scope, complete but for ``reads``."""
        root = self.open(ScopeKind.MODULE, tree, None)
        self.push_body(tree, tree.body, root)
        self.run()
        for binding in self.nonlocal_bindings:
            self.settle(binding)
        self.read_annotations()
        return root

    # --- the walk ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        pending, visitors = self.pending, self.visitors
        while pending:
            node, place = pending.pop()
            visit = visitors.get(type(node))
            if visit is None:
                self.push_children(node, place)
            else:
                visit(self, node, place)

    def push(self, parent: ast.AST, nodes: Iterable[ast.AST | None], place: Place) -> None:
        """Have ``nodes``, children of ``parent``, visited before all that waits, in their order."""
        children = [node for node in nodes if node is not None]
        for node in reversed(children):
            self.parents[node] = parent
            self.pending.append((node, place))

    def push_children(self, node: ast.AST, place: Place) -> None:
        children: list[ast.AST] = []
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                children.append(value)
            elif isinstance(value, list):
                children.extend(item for item in value if isinstance(item, ast.AST))
        statements = any(isinstance(child, ast.stmt) for child in children)
        if statements and self.keep:
            children = [child for child in children if not isinstance(child, ast.stmt) or self.keep(child)]
        for child in reversed(children):
            if type(child) in _CONTEXTS:
                continue
            self.parents[child] = node
            within = Place(place.scope, child) if isinstance(child, ast.stmt) else place
            self.pending.append((child, within))

    def push_body(self, parent: ast.AST, body: Sequence[ast.stmt], scope: Scope) -> None:
        if not self.bodies and parent in self.scopes and scope.parent is not None:
            return
        for statement in reversed(body):
            if self.keep is None or self.keep(statement):
                self.parents[statement] = parent
                self.pending.append((statement, Place(scope, statement)))

    def open(self, kind: ScopeKind, node: ast.AST, parent: Scope | None) -> Scope:
        scope = Scope(kind=kind, node=node, parent=parent)
        if kind is not ScopeKind.TYPE_PARAMETERS:
            self.scopes[node] = scope
        if parent is not None:
            parent.children.append(scope)
        return scope

    # --- bindings ---------------------------------------------------------------------------------------------

    def bind(
        self,
        name: str,
        kind: BindingKind,
        node: ast.AST,
        place: Place,
        *,
        value: ast.expr | None = None,
        annotation: ast.expr | None = None,
        imported: Imported | None = None,
    ) -> None:
        written, owner = place.scope, place.scope
        while kind is BindingKind.WALRUS and owner.kind is ScopeKind.COMPREHENSION and owner.parent:
            owner = owner.parent  # PEP 572: the target of := belongs to the scope around all comprehensions
        if name in owner.globals:
            owner = owner.module
        binding = Binding(
            name=name, kind=kind, node=node, statement=place.statement, scope=owner, written_in=written,
            value=value, annotation=annotation, imported=imported,
        )  # fmt: skip
        if name in owner.nonlocals:
            self.nonlocal_bindings.append(binding)  # the variable around may be bound further below
        else:
            owner.bindings.setdefault(name, []).append(binding)

    def settle(self, binding: Binding) -> None:
        """Give a binding of a ``nonlocal`` name to the function that owns the variable."""
        scope = binding.scope.parent
        while scope and not (scope.kind is ScopeKind.FUNCTION and binding.name in scope.bindings):
            scope = scope.parent
        owned = replace(binding, scope=scope or binding.scope)
        bindings = owned.scope.bindings.setdefault(owned.name, [])
        bindings.append(owned)
        bindings.sort(key=lambda each: position(each.node))

    def bind_target(
        self, parent: ast.AST, target: ast.expr, kind: BindingKind, place: Place, value: ast.expr | None = None
    ) -> None:
        """Bind all names of an assignment target; its attributes and subscripts are expressions to visit."""
        self.parents[target] = parent
        match target:
            case ast.Name(id=name):
                self.bind(name, kind, target, place, value=value)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                inner = BindingKind.UNPACKING if kind is BindingKind.ASSIGNMENT else kind
                for element in elements:
                    self.bind_target(target, element, inner, place)
            case ast.Starred(value=starred):
                self.bind_target(target, starred, kind, place)
            case _:
                self.pending.append((target, place))

    def imported(self, statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> Imported:
        type_checking, in_try = self.circumstances(statement)
        level, name = 0, None
        modules: tuple[str, ...] = (alias.name,)
        if isinstance(statement, ast.ImportFrom):
            level, name = statement.level, alias.name
            modules = absolute(statement.module, level, self.modules, package=self.package)
        return Imported(
            statement=statement, alias=alias, level=level, modules=modules, name=name,
            type_checking=type_checking, in_try=in_try,
        )  # fmt: skip

    def circumstances(self, statement: ast.stmt) -> tuple[bool, bool]:
        """Whether an import stands under ``TYPE_CHECKING``, and whether in a ``try``, within its scope."""
        type_checking = in_try = False
        for parent, child in around(statement, self.parents, self.scopes):
            if isinstance(parent, ast.If):
                negated = isinstance(parent.test, ast.UnaryOp) and isinstance(parent.test.op, ast.Not)
                test = parent.test.operand if isinstance(parent.test, ast.UnaryOp) else parent.test
                branch = parent.orelse if negated else parent.body
                type_checking |= _is_type_checking(test) and any(child is each for each in branch)
            elif isinstance(parent, ast.Try | ast.TryStar):
                in_try |= not any(child is each for each in parent.finalbody)
        return type_checking, in_try

    # --- loads ------------------------------------------------------------------------------------------------

    def load(self, node: ast.Name, place: Place) -> None:
        load = Load(node=node, scope=place.scope, statement=place.statement, string=place.string)
        place.scope.loads.setdefault(node.id, []).append(load)

    def push_annotation(self, parent: ast.AST, node: ast.expr | None, place: Place) -> None:
        """Visit an annotation; its strings wait for the end: whether ``Literal`` is typing's is known only then."""
        if node is not None:
            self.push(parent, [node], place)
            self.annotations.append((node, place))

    def read_annotations(self) -> None:
        """Visit the expressions in string annotations, and in the strings in those."""
        if self.source is None:
            return
        for head, parts, place in self.quoted:
            if makes_types(head, place.scope):
                self.annotations += [(part, place) for part in parts]
        seen: set[ast.AST] = set()
        for node, place in self.annotations:  # grows while it is read
            for string in annotation_strings(node, place.scope):
                if string in seen:
                    continue
                seen.add(string)
                expression = parse_annotation(string, self.source)
                if expression is not None:
                    inside = Place(place.scope, place.statement, string)
                    self.push(string, [expression], inside)
                    self.annotations.append((expression, inside))
                    self.run()


def around(
    statement: ast.stmt, parents: Mapping[ast.AST, ast.AST], scopes: Container[ast.AST]
) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What a statement stands in within its scope, from the inside out, each with the part that holds it."""
    child: ast.AST = statement
    parent = parents.get(child)
    while parent is not None and parent not in scopes:
        yield parent, child
        child, parent = parent, parents.get(parent)


def position(node: ast.AST) -> tuple[int, int]:
    """Line and column of a node, to compare; ``(0, 0)`` for a node without a place."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _is_type_checking(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case _:
            return False
