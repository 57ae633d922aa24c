"""What an expression of a file stands for, as dotted names.

Asked of all imports of the file, wherever they stand, and of the variables of the function around it.
"""

import ast
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from sys import intern, maxsize

from bot.engine.program.aliases import Given, alternatives
from bot.engine.program.facts import OWN, Import, Name

_STEPS = 4
"""How often what is given on is followed further."""
_NAMING = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)
"""What may stand for a module."""
_FROM_LIST = 3
"""The place of ``fromlist`` behind the name that ``__import__`` is given: with it, it gives the module itself."""
MOST = 16
"""The dotted names that one variable may stand for, or the strings that it may be: of more the first ones."""


@dataclass(eq=False)
class Meanings:
    """The names of one file while they are collected."""

    imports: list[Import] = field(default_factory=list)
    locals: dict[str, list[Name]] = field(default_factory=dict)
    """What a variable of the module, or an import anywhere, may stand for."""
    by_function: dict[str, dict[int, list[Name]]] = field(default_factory=dict)
    """What the variables of functions may stand for, by the first line of the function."""
    later: Sequence[tuple[int, int]] = ()
    """The first and the last line of each function that is in no other one, decorators included; in their order."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    """The strings that variables are bound to."""

    def bind(self, local: str, name: Name, function: int = 0) -> bool:
        """Note that a variable (of a function by its line, else the module) may stand for a name; whether it is new."""
        table = self.by_function.setdefault(local, {}) if function else None
        known = self.locals.setdefault(local, []) if table is None else table.setdefault(function, [])
        new = name not in known and len(known) < MOST
        if new:
            known.append(name)
        return new

    def function_at(self, line: int) -> int:
        """The first line of the function around a line; 0 outside of all."""
        n = bisect_right(self.later, (line, maxsize)) - 1
        return self.later[n][0] if n >= 0 and line <= self.later[n][1] else 0

    def follow(self, pairs: Sequence[Given], shared: Collection[str]) -> None:
        """``name = pkg.module``: the variable stands for it, in its function; ``shared`` are declared ``global``."""
        named = [
            (name, value, 0 if name in shared else self.function_at(line))
            for name, value, line in pairs
            if type(value) in _NAMING
        ]
        for _ in range(_STEPS):
            new = [self.bind(name, meant, function) for name, value, function in named for meant in self.meaning(value)]
            if not any(new):
                return

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
                known = self.locals.get(name, ())
                own = self.by_function[name].get(self.function_at(node.lineno)) if name in self.by_function else None
                return [*known, *own] if own else known
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
            case ast.Call(func=ast.Name(id="__import__"), args=[first, *more], keywords=keywords):
                found = self._named(first)
                if len(more) >= _FROM_LIST or any(each.arg == "fromlist" for each in keywords):
                    return found
                return [replace(name, text=name.text.partition(".")[0]) for name in found]
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
