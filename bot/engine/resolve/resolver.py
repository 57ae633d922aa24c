"""What an expression of a file stands for: dotted names, from its imports."""

import ast
import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.engine.resolve.bindings import Binding, BindingKind, Load, Scope
from bot.engine.resolve.flow import bound_above, reaching, runs_with
from bot.engine.resolve.walk import position
from bot.engine.source.names import absolute

_IMPORTERS = frozenset(
    {"import_module", "importlib.import_module", "__import__", "builtins.__import__", "importlib.__import__",
     "importorskip", "pytest.importorskip"}
)  # fmt: skip
_BUILT_IN = frozenset(dir(builtins))
_TABLE = "sys.modules"
_ON_TABLE = frozenset({"get", "pop", "setdefault"})
NAMING = frozenset({"name", "modname", "mod_name", "target"})
"""What the argument that names a module is called."""
MAX_DEPTH = 8
"""How many assignments of modules to variables are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The dotted names that an expression may stand for, and how they came about."""

    origins: tuple[str, ...]
    bindings: tuple[Binding, ...] = ()
    load: Load | None = None
    star: Binding | None = None


NOTHING = Resolved(origins=())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resolver:
    """The loads of one file, answered from its bindings."""

    root: Scope
    parents: Mapping[ast.AST, ast.AST]
    loads: Mapping[ast.Name, Load]
    modules: tuple[str, ...]
    package: bool
    offers: Callable[[str, str], bool]
    """Whether ``from module import *`` brings a name: ``Index.offers``."""
    brings: Callable[[str, str], bool | None]
    """Whether it certainly does: ``Index.brings``."""

    def name(self, load: Load, depth: int = 0) -> tuple[Resolved, ...]:
        """What a name stands for: one answer, or one for each star import that it may come through."""
        bindings = reaching(load, self.parents)
        stars = self._stars(load, bindings)
        if not bindings or stars:
            ways = [(star, each) for star in stars if star.imported for each in star.imported.modules]
            offered = [(star, module) for star, module in ways if self.offers(module, load.node.id)]
            having = [(star, module) for star, module in offered if self.brings(module, load.node.id) is not False]
            return tuple(
                Resolved(origins=(f"{module}.{load.node.id}",), load=load, star=star)
                for star, module in having or (() if load.node.id in _BUILT_IN else offered)
            )
        origins = tuple(dict.fromkeys(o for binding in bindings for o in self._origins(binding, depth)))
        return (Resolved(origins=origins, bindings=bindings, load=load),)

    def _stars(self, load: Load, bindings: Sequence[Binding]) -> Sequence[Binding]:
        """The star imports that may have given a name its value: from the last that certainly has it on.

        Where the name is bound otherwise as well, only such a one below that binding takes it.
        """
        root, name = self.root, load.node.id
        if not root.stars or any(binding.scope is not root for binding in bindings):
            return ()
        early = runs_with(load.scope, root)
        if early and all(position(binding.statement) > position(load.node) for binding in bindings):
            bindings = bound_above(load, self.parents)
        last = max((position(binding.statement) for binding in bindings), default=(0, 0))
        stars = [s for s in root.stars if position(s.statement) > last]
        if early:
            above = [s for s in stars if position(s.statement) < position(load.node)]
            stars = above if above or bindings else stars
        below = [s for s in stars if position(s.statement) > position(load.node)]
        if bindings and not early and below == stars and self._says_again(name, bindings, stars):
            return ()  # also before they run, the name is what it is afterwards
        for n in range(len(stars) - 1, -1, -1):
            imported = stars[n].imported
            sure = imported is not None and any(self.brings(module, name) for module in imported.modules)
            if sure and isinstance(self.parents.get(stars[n].statement), ast.Module):
                return [self._first(stars[: n + 1], name), *stars[n + 1 :]]
        return () if bindings else stars

    def _says_again(self, name: str, bindings: Sequence[Binding], stars: Sequence[Binding]) -> bool:
        """Whether stars bring under a name only what the imports above them have bound it to."""
        modules = [each for star in stars if star.imported for each in star.imported.modules]
        brought = {f"{each}.{name}" for each in modules if self.brings(each, name) is not False}
        return all(binding.imported is not None and brought == {*binding.imported.origins} for binding in bindings)

    def _first(self, stars: Sequence[Binding], name: str) -> Binding:
        """Of star imports the first that says the same as the last, with none between them that may bring the name."""
        first = stars[-1]
        for star in reversed(stars[:-1]):
            modules = star.imported.modules if star.imported else ()
            if first.imported is not None and modules == first.imported.modules:
                first = star if isinstance(self.parents.get(star.statement), ast.Module) else first
            elif any(self.brings(module, name) is not False for module in modules):
                break
        return first

    def _origins(self, binding: Binding, depth: int) -> tuple[str, ...]:
        if binding.imported:
            return binding.imported.origins
        if binding.kind is BindingKind.ASSIGNMENT and isinstance(binding.value, ast.Call) and depth < MAX_DEPTH:
            return self.imported_module(binding.value)
        return ()

    def expression(self, node: ast.expr, depth: int = 0) -> tuple[str, ...]:
        """The dotted names that a name, an attribute chain or a call of ``import_module`` may stand for."""
        match node:
            case ast.Name():
                load = self.loads.get(node)
                answers = self.name(load, depth) if load else ()
                return tuple(origin for answer in answers if not answer.star for origin in answer.origins)
            case ast.Attribute():
                first, parts = _parts(node)
                return tuple(".".join((origin, *parts)) for origin in self.expression(first, depth))
            case ast.Call():
                return self.imported_module(node)
            case ast.Subscript(value=table, slice=ast.Constant(value=str(name))):
                return (name,) if self.is_table(table, depth) else ()
            case _:
                return ()

    def is_table(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether it is ``sys.modules``, however the file calls it."""
        named = isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and node.attr == "modules")
        return named and _TABLE in self.expression(node, depth)

    def gets_module(self, function: ast.expr) -> bool:
        """Whether it is ``sys.modules.get`` or its like."""
        return isinstance(function, ast.Attribute) and function.attr in _ON_TABLE and self.is_table(function.value)

    def is_importer(self, function: ast.expr) -> bool:
        """Whether a call of ``function`` imports a module by name."""
        if is_importer(function):
            return True
        named = isinstance(function, ast.Name | ast.Attribute)
        return named and not _IMPORTERS.isdisjoint(self.expression(function, MAX_DEPTH))

    def imported_module(self, call: ast.Call) -> tuple[str, ...]:
        """The module that ``import_module("…")`` returns, when its arguments are written out."""
        match self._asked(call):
            case [ast.Constant(value=str(name)), *_] if self.gets_module(call.func):
                return (name,)
            case [ast.Constant(value=str()), *_] if self.is_importer(call.func):
                names = self.named_module(call)
                return tuple(name.partition(".")[0] for name in names) if self._brings_top(call) else names
            case _:
                return ()

    def named_module(self, call: ast.Call) -> tuple[str, ...]:
        """The module that is named by a call's first argument, or by one that is called so; perhaps a relative name."""
        match self._asked(call):
            case [ast.Constant(value=str(name)), *rest]:
                level = len(name) - len(name.lstrip("."))
                anchors = [keyword.value for keyword in call.keywords if keyword.arg == "package"] + rest
                return self._relative(name, level, anchors) if level else (name,)
            case _:
                return ()

    def _asked(self, call: ast.Call) -> list[ast.expr]:
        """The arguments, the one that names the module first."""
        named = [keyword.value for keyword in call.keywords if keyword.arg in NAMING]
        return [*call.args[:1], *named, *call.args[1:]]

    def _brings_top(self, call: ast.Call) -> bool:
        """Whether it is ``__import__("a.b")`` without a list of names: that returns ``a``."""
        given = [keyword.value for keyword in call.keywords if keyword.arg == "fromlist"] + call.args[3:4]
        empty = all(isinstance(each, ast.List | ast.Tuple) and not each.elts for each in given)
        return written(call.func).rpartition(".")[2] == "__import__" and empty

    def _relative(self, name: str, level: int, anchors: list[ast.expr]) -> tuple[str, ...]:
        match anchors:
            case [ast.Constant(value=str(package))]:
                return absolute(name[level:], level, (package,), package=True)
            case [ast.Name(id="__package__")]:
                return absolute(name[level:], level, self.modules, package=self.package)
            case _:
                return ()


def is_importer(function: ast.expr) -> bool:
    """Whether ``function`` is called as one that imports a module by name."""
    return written(function) in _IMPORTERS


def gets_module(function: ast.expr) -> bool:
    """Whether ``function`` looks like ``sys.modules.get`` or its like."""
    match function:
        case ast.Attribute(attr=method, value=ast.Attribute(attr="modules")):
            return method in _ON_TABLE
        case _:
            return False


def written(expression: ast.expr) -> str:
    """An attribute chain as it is written; empty if it does not begin with a name."""
    first, parts = _parts(expression)
    return ".".join((first.id, *parts)) if isinstance(first, ast.Name) else ""


def _parts(expression: ast.expr) -> tuple[ast.expr, list[str]]:
    """What an attribute chain begins with, and its attributes: it may be longer than Python calls functions."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    return expression, parts[::-1]
