"""What an expression of a file stands for: dotted names, from its imports."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.engine.analysis import Binding, BindingKind, Load, Scope
from bot.engine.flow import reaching
from bot.engine.names import absolute

_IMPORTERS = ("import_module", "importlib.import_module", "__import__")
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

    def name(self, load: Load, depth: int = 0) -> tuple[Resolved, ...]:
        """What a name stands for: one answer, or one for each star import that it may come through."""
        bindings = reaching(load, self.parents)
        if not bindings:
            return tuple(
                Resolved(origins=(f"{module}.{load.node.id}",), load=load, star=star)
                for star in self.root.stars
                if star.imported
                for module in star.imported.modules
                if self.offers(module, load.node.id)
            )
        origins = tuple(dict.fromkeys(o for binding in bindings for o in self._origins(binding, depth)))
        return (Resolved(origins=origins, bindings=bindings, load=load),)

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
        match call.args:
            case [ast.Constant(value=str(name)), *rest] if is_importer(call.func):
                level = len(name) - len(name.lstrip("."))
                if level == 0:
                    return (name.partition(".")[0],) if written(call.func) == "__import__" else (name,)
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


def written(expression: ast.expr) -> str:
    """An attribute chain as it is written; empty if it does not begin with a name."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return ""
    return ".".join((expression.id, *reversed(parts)))
