"""What is known of one parsed file: its tree, its scopes and the usages in it.

``bot.engine.usages.detect`` builds an ``Analysis``, ``bot.engine.rewrite`` reads it.  Nodes, scopes and bindings are
compared by identity; they are complete when ``analyse`` returns and are not changed afterwards.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.finding import Fix, Kind, Range
from bot.domain.migration import Applicability, Migration, Target
from bot.engine.resolve.bindings import Binding, Load, Scope, ScopeKind
from bot.engine.source.text import SourceMap

if TYPE_CHECKING:
    from bot.engine.program.facts import Import
    from bot.engine.program.index import Index  # which is built on this module
    from bot.engine.program.view import Witness


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
    the binding that it makes.  Of an ``__all__`` entry: the bindings of the name in the module.  Of a string
    that names a member: the bindings of what has it."""
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
    through: str = ""
    """What it is reached through, as it is written, where a value had to be followed: `bot.engine.resolve.values`."""
    dotted: DottedString | None = None
    resolves: bool | None = None
    """Whether the name exists where the file looks for it: ``False`` for an import or a string that names the target in
    a module that has no such name (``symbol`` is then the target that is meant); ``None``: that module is not known."""

    @property
    def binding(self) -> Binding | None:
        """The binding that counts: the last of those that reach."""
        return self.bindings[-1] if self.bindings else None

    @property
    def successor(self) -> str | None:
        """The dotted name that takes the place of ``symbol``."""
        canonical = self.target.canonical
        return None if canonical is None else canonical + self.symbol[len(self.target.name) :]

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
    leading: "dict[str, Witness | None]" = field(default_factory=dict)
    """What is worked out of the order of imports: `bot.engine.rewrite.import_order`."""
    begun: "list[tuple[Import, str]]" = field(default_factory=list)
    """The imports at the top that do not fail unseen, once they were asked for."""
    deferred: dict[str, bool] = field(default_factory=dict)
    """Of names whose imports lead back here: whether they may come into functions."""
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
