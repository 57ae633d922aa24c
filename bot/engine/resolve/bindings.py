"""The scopes of a file, and what binds and reads names in them (language reference, "Naming and binding").

Scopes, bindings and loads are compared by identity; they are complete when ``bot.engine.resolve.scope`` has built them.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class ScopeKind(StrEnum):
    """What opens a scope (language reference, "Naming and binding")."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    LAMBDA = "lambda"
    COMPREHENSION = "comprehension"
    TYPE_PARAMETERS = "type-parameters"
    """The scope of ``[T]`` in ``def f[T]()``, ``class C[T]`` and ``type A[T] = …``, around what it belongs to."""


class BindingKind(StrEnum):
    """How a name comes to be bound."""

    IMPORT = "import"
    """``import a.b`` (binds ``a``), ``import a.b as c``."""
    FROM_IMPORT = "from-import"
    STAR_IMPORT = "star-import"
    """``from m import *``: one binding under the name ``*``; see ``Scope.stars``."""
    ASSIGNMENT = "assignment"
    """``name = value`` alone; ``Binding.value`` is the right-hand side (also one of ``a = b = value``)."""
    UNPACKING = "unpacking"
    """Part of a tuple, list or starred target."""
    ANNOTATION = "annotation"
    """``name: T`` without a value: makes the name local, binds nothing."""
    AUGMENTED = "augmented"
    WALRUS = "walrus"
    PARAMETER = "parameter"
    FUNCTION = "function"
    CLASS = "class"
    LOOP = "loop"
    """The target of a ``for`` statement or of a comprehension's ``for``."""
    WITH = "with"
    EXCEPT = "except"
    MATCH = "match"
    DELETE = "delete"
    TYPE_PARAMETER = "type-parameter"
    TYPE_ALIAS = "type-alias"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imported:
    """What an import statement says of one name.

    ``modules`` are the absolute dotted modules that the statement may mean: one for an absolute import; for a
    relative one, one for each source root above the file, none if it leaves the repository.
    """

    statement: ast.Import | ast.ImportFrom
    alias: ast.alias
    level: int
    modules: tuple[str, ...]
    name: str | None
    """The name taken from the module; ``None`` for ``import …``, ``*`` for a star import."""
    type_checking: bool
    """Under ``if TYPE_CHECKING:`` (not in its ``else``): absent at run time."""
    in_try: bool
    """In the body, a handler or the ``else`` of a ``try``: may fail and be replaced."""

    @property
    def is_plain(self) -> bool:
        """Whether it is ``import a.b``, which binds ``a``."""
        return self.name is None and self.alias.asname is None

    @property
    def origins(self) -> tuple[str, ...]:
        """The dotted names that the bound name stands for, as the statement writes them."""
        if self.name is not None:
            return tuple(f"{module}.{self.name}" for module in self.modules)
        return self.modules if self.alias.asname else tuple(module.partition(".")[0] for module in self.modules)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binding:
    """One place where a name is bound."""

    name: str
    kind: BindingKind
    node: ast.AST
    """``ast.alias``, ``ast.Name`` (store or delete), ``ast.arg``, ``FunctionDef``, ``ClassDef``, ``ExceptHandler``,
    ``MatchAs``, ``MatchStar``, ``MatchMapping``, a type parameter."""
    statement: ast.stmt
    """The innermost statement that holds ``node``; for a parameter the function, for a lambda's its statement."""
    scope: "Scope"
    """The scope that owns the variable (after ``global``, ``nonlocal`` and the walrus rule)."""
    written_in: "Scope"
    """The scope in whose text the binding stands: differs from ``scope`` after ``global``, ``nonlocal``, walrus."""
    value: ast.expr | None = None
    """The right-hand side of ``name = value``, ``name: T = value`` and ``(name := value)``; else ``None``."""
    annotation: ast.expr | None = None
    """Of a parameter or an annotated assignment."""
    imported: Imported | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Load:
    """One place where a name is read.  ``node`` is new, and placed in the file, inside a string annotation."""

    node: ast.Name
    scope: "Scope"
    """The scope in whose text it stands (class and comprehension scopes included)."""
    statement: ast.stmt
    string: ast.Constant | None = None
    """The string annotation that it is written in."""


@dataclass(slots=True, kw_only=True, eq=False)
class Scope:
    """A scope and its variables, each list in the order of the source.

    ``bindings`` and ``reads`` are per *variable* of this scope: ``bindings[n]`` wherever they are written, ``reads[n]``
    every load that resolves to it, from here or from inside.  ``loads[n]`` is per *place*: what is written here,
    wherever it resolves to.
    Names that no scope binds (builtins, star imports) have their reads in the module's scope.
    """

    kind: ScopeKind
    node: ast.AST
    parent: "Scope | None"
    children: list["Scope"] = field(default_factory=list)
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    loads: dict[str, list[Load]] = field(default_factory=dict)
    reads: dict[str, list[Load]] = field(default_factory=dict)
    globals: dict[str, ast.Global] = field(default_factory=dict)
    nonlocals: dict[str, ast.Nonlocal] = field(default_factory=dict)
    _imports: "tuple[Binding, ...] | None" = None

    @property
    def imports(self) -> "tuple[Binding, ...]":
        """The bindings of this scope's variables by imports; found once, when the scope is complete."""
        if self._imports is None:
            self._imports = tuple(b for found in self.bindings.values() for b in found if b.imported is not None)
        return self._imports

    @property
    def stars(self) -> Sequence[Binding]:
        """The star imports written here."""
        return self.bindings.get("*", ())

    @property
    def module(self) -> "Scope":
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def walk(self) -> Iterator["Scope"]:
        """This scope and all inside it, outer first."""
        pending = [self]
        while pending:
            scope = pending.pop()
            yield scope
            pending.extend(reversed(scope.children))

    def owner(self, name: str) -> "Scope | None":
        """The scope whose variable ``name`` means when it is read here; ``None``: a builtin, a star import or nothing.

        Class scopes are seen only from their own text (and through the type-parameter scope written in it).
        """
        if name in self.globals:
            return self.module if name in self.module.bindings else None
        if name in self.bindings and name not in self.nonlocals:
            return self
        if self.parent is None:
            return None
        if self.kind is ScopeKind.TYPE_PARAMETERS:
            return self.parent.owner(name)
        return self.parent.seen_from_inside(name)

    def seen_from_inside(self, name: str) -> "Scope | None":
        """The scope whose variable ``name`` means when a scope inside this one reads it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.globals:
                return scope.module if name in scope.module.bindings else None
            if scope.kind is not ScopeKind.CLASS and name in scope.bindings and name not in scope.nonlocals:
                return scope
            scope = scope.parent
        return None
