"""What an expression of a file stands for, as dotted names: asked of all imports of the file, wherever they stand."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import intern

from bot.engine.program.aliases import alternatives
from bot.engine.program.facts import OWN, Import, Name


@dataclass(eq=False)
class Meanings:
    """The names of one file while they are collected."""

    imports: list[Import] = field(default_factory=list)
    locals: dict[str, list[Name]] = field(default_factory=dict)
    """What a variable may stand for."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    """The strings that variables are bound to."""

    def bind(self, local: str, name: Name) -> None:
        """Note that a variable may stand for a name."""
        known = self.locals.setdefault(local, [])
        if name not in known:
            known.append(name)

    def meaning(self, node: ast.expr) -> Sequence[Name]:
        """The dotted names that an expression may stand for."""
        if isinstance(node, ast.NamedExpr | ast.IfExp | ast.BoolOp):
            return [name for each in alternatives(node) for name in self.meaning(each)]
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        tail = ".".join(reversed(parts))
        return [Name(joined(name.text, tail), name.level) for name in self._base(node)]

    def reached(self, node: ast.expr) -> Sequence[Name]:
        """What is written to: also what a star import may have brought."""
        if found := self.meaning(node):
            return found
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ()
        tail = ".".join((node.id, *reversed(parts)))
        stars = dict.fromkeys(each.module for each in self.imports if each.name == "*")
        return [Name(joined(module.text, tail), module.level) for module in stars]

    def _base(self, node: ast.expr) -> Sequence[Name]:
        match node:
            case ast.Name(id=name):
                return self.locals.get(name, ())
            case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Constant(value=str(module))):
                return [Name(module)]
            case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Name(id="__name__")):
                return [Name("", OWN)]
            case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Attribute(value=held, attr="__module__")):
                return self.home(held)
            case ast.Call(func=ast.Name(id="getmodule") | ast.Attribute(attr="getmodule"), args=[held]):
                return self.home(held)
            case ast.Call(func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"), args=[first, *_]):
                return self._named(first)
            case ast.Call(func=ast.Attribute(attr="get", value=ast.Attribute(attr="modules")), args=[first, *_]):
                return self._named(first)
            case ast.Call(func=ast.Name(id="getattr"), args=[holder, ast.Constant(value=str(member)), *_]):
                return [Name(joined(name.text, member), name.level) for name in self.meaning(holder)]
            case _:
                return ()

    def _named(self, node: ast.expr) -> Sequence[Name]:
        match node:
            case ast.Constant(value=str(module)):
                level = len(module) - len(module.lstrip("."))
                return [Name(module[level:], level)]
            case ast.Name(id="__name__"):
                return [Name("", OWN)]
            case ast.Name(id=name):
                return [Name(text) for text in self.texts.get(name, ())]
            case _:
                return ()

    def home(self, node: ast.expr) -> Sequence[Name]:
        """The modules of what an expression stands for: of a function, a class."""
        found = [(name, name.text.rpartition(".")[0]) for name in self.meaning(node)]
        return [Name(module, name.level) for name, module in found if module or name.level > 0]


def joined(module: str | None, name: str) -> str:
    """A member's dotted name."""
    return intern(f"{module}.{name}") if module and name else module or name  # many files speak of the same
