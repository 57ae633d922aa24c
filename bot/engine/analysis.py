"""What is known of one parsed file: its tree, its scopes and the usages in it.

``bot.engine.detect`` builds an ``Analysis``, ``bot.engine.rewrite`` reads it.  Nodes, scopes and bindings are compared
by identity; they are complete when ``analyse`` returns and are not changed afterwards.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.finding import Fix, Kind, Range
from bot.domain.migration import Applicability, Migration, Target
from bot.engine.source import SourceMap

if TYPE_CHECKING:
    from bot.engine.index import Index  # which is built on this module


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DottedString:
    """A string that names a module member: the argument of ``patch``, ``setattr``, ``getattr``, ``import_module``."""

    text: str
    """The whole dotted name; for the two-argument forms the module's name and the string, joined."""
    function: str
    """What it is given to, as written: ``patch``, ``monkeypatch.setattr``, ``importlib.import_module`` …"""
    resolves: bool | None
    """Whether the name exists there; ``None`` when the index does not know the module."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Use:
    """One usage of a deprecated name."""

    node: ast.AST
    """``ast.alias`` (import, re-export by import), ``ast.Name`` or ``ast.Attribute`` (call, reference),
    ``ast.Constant`` (string-reference, an entry of ``__all__``), ``FunctionDef``, ``ClassDef`` (definition)."""
    kind: Kind
    migration: Migration
    target: Target
    symbol: str
    """The dotted name that it resolves to: ``target.name``, or something below it for a module target."""
    statement: ast.stmt
    scope: Scope
    """The scope in whose text it stands."""
    range: Range
    expression: ast.expr | None = None
    """Of a call or reference: the whole expression that means ``symbol``.  Is ``node``, but for a module target, where
    ``node`` is the part that names the module and ``expression`` the chain that names the member of it."""
    bindings: tuple[Binding, ...] = ()
    """Of a call or reference: those bindings of its first name that may reach it, the last one last, some of them
    perhaps not deprecated (``except ImportError: f = None``); empty if it comes through a star import.  Of an import:
    the binding that it makes.  Of an ``__all__`` entry: the bindings of the name in the module."""
    call: ast.Call | None = None
    """The call whose function ``expression`` is."""
    awaited: bool = False
    """The call (or the bare expression) is the operand of ``await``."""
    load: Load | None = None
    """Of a call or reference: the load of its first name."""
    star: Binding | None = None
    """The star import through which the name comes."""
    object: Binding | None = None
    """Of a method taken of an object: the one binding of the variable that holds it."""
    dotted: DottedString | None = None
    resolves: bool | None = None
    """Whether the name exists where the file looks for it: ``False`` for an import or a string that names the target in
    a module that has no such name (``symbol`` is then the target that is meant); ``None``: that module is not known."""

    @property
    def binding(self) -> Binding | None:
        """The binding that counts: the last of those that reach."""
        return self.bindings[-1] if self.bindings else None

    @property
    def string(self) -> ast.Constant | None:
        """The string annotation that the usage is written in."""
        return self.load.string if self.load else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be done about one use: the fields of a ``Finding`` that ``bot.engine.rewrite`` decides."""

    applicability: Applicability
    reason: str | None = None
    reason_code: str | None = None
    fix: Fix | None = None
    missing_modules: frozenset[str] = frozenset()
    """Modules that the index lacks and that could change the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Export:
    """One entry of ``__all__``."""

    name: str
    node: ast.Constant
    statement: ast.stmt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """A file that parses, with its names resolved."""

    path: str
    source: bytes
    text: str
    """The decoded source, without its byte-order mark, line ends as they are."""
    encoding: str
    """Python's name for it: ``utf-8`` (also with a byte-order mark), else that of the coding cookie."""
    map: SourceMap
    tree: ast.Module
    modules: tuple[str, ...]
    """The dotted names that the file can have, one for each source root above it, the shortest first."""
    is_package: bool
    """The file is an ``__init__.py``."""
    root: Scope
    scopes: Mapping[ast.AST, Scope]
    """From the node that opens a scope to the scope (the type-parameter scope is its parent)."""
    parents: Mapping[ast.AST, ast.AST]
    uses: tuple[Use, ...]
    """In the order of the source."""
    exports: tuple[Export, ...]
    index: "Index"
    """What the rest of the repository exports."""
    moved_to: frozenset[str] = frozenset()
    """The successors of modules, which are modules although the repository may not have them."""
    missing_modules: frozenset[str] = frozenset()
    """See ``bot.domain.finding.Scanned.missing_modules``."""

    @property
    def editable(self) -> bool:
        """Edits are planned for UTF-8 only: elsewhere the new text may have no encoding."""
        return self.encoding == "utf-8"

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds ``node`` (itself, if it is one)."""
        return statement_of(node, self.parents)

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope in which ``node`` is evaluated; for a statement the one that it stands in.

        Decorators, defaults, annotations, bases and the first iterable of a comprehension belong to the scope around.
        """
        return scope_of(node, self.root, self.scopes, self.parents)


def statement_of(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> ast.stmt:
    """See ``Analysis.statement_of``."""
    while not isinstance(node, ast.stmt):
        node = parents[node]
    return node


def scope_of(node: ast.AST, root: Scope, scopes: Mapping[ast.AST, Scope], parents: Mapping[ast.AST, ast.AST]) -> Scope:
    """See ``Analysis.scope_of``."""
    below: ast.AST | None = None
    child, parent = node, parents.get(node)
    while parent is not None:
        scope = scopes.get(parent)
        if scope is not None:
            if evaluated_inside(parent, child, below):
                return scope
            if scope.parent and scope.parent.kind is ScopeKind.TYPE_PARAMETERS and not decorates(parent, child):
                return scope.parent
        below, child, parent = child, parent, parents.get(parent)
    return root


def evaluated_inside(opener: ast.AST, child: ast.AST, below: ast.AST | None) -> bool:
    """Whether ``child``, directly below the node ``opener`` of a scope, is evaluated in that scope.

    ``below`` is the node under ``child`` that is asked for: a comprehension's first iterable is evaluated outside.
    """
    match opener:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return any(child is statement for statement in opener.body)
        case ast.Lambda():
            return child is opener.body
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            first = opener.generators[0]
            return not (child is first and below is first.iter)
        case _:
            return True


def decorates(opener: ast.AST, child: ast.AST) -> bool:
    """Whether ``child`` is a decorator of ``opener``: evaluated outside its type parameters."""
    return any(child is decorator for decorator in getattr(opener, "decorator_list", ()))
