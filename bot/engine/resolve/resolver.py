"""What an expression of a file stands for: dotted names, from its imports."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.engine.resolve.bindings import Binding, BindingKind, Load, Scope
from bot.engine.resolve.flow import reaching
from bot.engine.resolve.walk import position
from bot.engine.source.names import absolute

_IMPORTERS = frozenset(
    {"import_module", "importlib.import_module", "__import__", "importorskip", "pytest.importorskip"}
)  # fmt: skip
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
            return tuple(
                Resolved(origins=(f"{module}.{load.node.id}",), load=load, star=star)
                for star in stars
                if star.imported
                for module in star.imported.modules
                if self.offers(module, load.node.id)
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
        early = load.scope is root
        last = max((position(binding.statement) for binding in bindings), default=(0, 0))
        stars = [s for s in root.stars if position(s.statement) > last]
        if early:
            above = [s for s in stars if position(s.statement) < position(load.node)]
            stars = above if above or bindings else stars
        for n in range(len(stars) - 1, -1, -1):
            imported = stars[n].imported
            sure = imported is not None and any(self.brings(module, name) for module in imported.modules)
            if sure and isinstance(self.parents.get(stars[n].statement), ast.Module):
                return stars[n:]
        return () if bindings else stars

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
            case ast.Attribute(value=value, attr=attribute):
                return tuple(f"{origin}.{attribute}" for origin in self.expression(value, depth))
            case ast.Call():
                return self.imported_module(node)
            case ast.Subscript(value=ast.Attribute(attr="modules") as table, slice=ast.Constant(value=str(name))):
                return (name,) if "sys.modules" in self.expression(table, depth) else ()
            case _:
                return ()

    def imported_module(self, call: ast.Call) -> tuple[str, ...]:
        """The module that ``import_module("…")`` returns, when its arguments are written out."""
        named = [keyword.value for keyword in call.keywords if keyword.arg in ("name", "modname")]
        match [*call.args[:1], *named, *call.args[1:]]:
            case [ast.Constant(value=str(name)), *_] if gets_module(call.func):
                return (name,)
            case [ast.Constant(value=str(name)), *rest] if is_importer(call.func):
                level = len(name) - len(name.lstrip("."))
                if level == 0:
                    return (name.partition(".")[0],) if _brings_top(call) else (name,)
                anchors = [keyword.value for keyword in call.keywords if keyword.arg == "package"] + rest
                return self._relative(name, level, anchors)
            case _:
                return ()

    def _relative(self, name: str, level: int, anchors: list[ast.expr]) -> tuple[str, ...]:
        match anchors:
            case [ast.Constant(value=str(package))]:
                return absolute(name[level:], level, (package,), package=True)
            case [ast.Name(id="__package__")]:
                return absolute(name[level:], level, self.modules, package=self.package)
            case _:
                return ()


def is_importer(function: ast.expr) -> bool:
    """Whether a call of ``function`` imports a module by name."""
    return written(function) in _IMPORTERS


def gets_module(function: ast.expr) -> bool:
    """Whether it is ``sys.modules.get`` or its like."""
    match function:
        case ast.Attribute(attr="get" | "pop" | "setdefault", value=ast.Attribute(attr="modules")):
            return True
        case _:
            return False


def _brings_top(call: ast.Call) -> bool:
    """Whether it is ``__import__("a.b")`` without a list of names: that returns ``a``."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "fromlist"] + call.args[3:4]
    empty = all(isinstance(each, ast.List | ast.Tuple) and not each.elts for each in given)
    return written(call.func) == "__import__" and empty


def written(expression: ast.expr) -> str:
    """An attribute chain as it is written; empty if it does not begin with a name."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return ""
    return ".".join((expression.id, *reversed(parts)))
