"""The names that a module's ``__getattr__`` brings when they are asked for (PEP 562), by its tables and imports."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.engine.source.names import absolute

_MAKERS = frozenset({"attach", "attach_stub"})
"""Functions that are given such tables (Scientific Python's ``lazy_loader``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyName:
    """A name that a table or an import of ``__getattr__`` brings."""

    name: str
    node: ast.Constant | ast.alias
    """Where the name is written."""
    statement: ast.stmt
    dotted: tuple[str, ...]
    """What it may stand for."""


def lazy_names(tree: ast.Module, modules: Sequence[str], *, package: bool) -> Iterator[LazyName]:
    """The names that ``__getattr__``, if there is one, of a file with the dotted names ``modules`` may bring.

    Tables at the top level are read as name to module, name to module and member, or module to names.
    """
    asked = any(isinstance(each, ast.FunctionDef) and each.name == "__getattr__" for each in tree.body)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__":
            yield from _imported(statement, modules, package=package)
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            for table in _tables(statement.value, asked=asked):
                for key, value in zip(table.keys, table.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield from _entry(key, key.value, value, statement, _Home(modules, package))


@dataclass(frozen=True, slots=True)
class _Home:
    modules: Sequence[str]
    package: bool

    def module(self, written: str) -> list[str]:
        """The modules that a string may name: from the top, or below the file's package."""
        inside = written.lstrip(".")
        level = len(written) - len(inside)
        below = absolute(inside or None, level or 1, self.modules, package=self.package)
        return [*below] if level else [inside, *below]


def _tables(value: ast.expr, *, asked: bool) -> list[ast.Dict]:
    if isinstance(value, ast.Dict):
        return [value] if asked else []
    if isinstance(value, ast.Call) and getattr(value.func, "attr", getattr(value.func, "id", "")) in _MAKERS:
        return [each.value for each in value.keywords if isinstance(each.value, ast.Dict)]
    return []


def _entry(key: ast.Constant, name: str, value: ast.expr, statement: ast.stmt, home: _Home) -> Iterator[LazyName]:
    match value:
        case ast.Constant(value=str(text)):
            module, _, member = text.partition(":")
            found = [f"{each}.{member or name}" for each in home.module(module)]
            found += [each for each in home.module(text) if each.endswith(f".{name}")]
            yield LazyName(name=name, node=key, statement=statement, dotted=tuple(found))
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            texts = [each for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if isinstance(value, ast.Tuple) and texts and texts[0] is parts[0]:  # the module, and what it is there
                last = str(texts[1].value) if len(texts) > 1 else name
                found = [f"{each}.{last}" for each in home.module(str(texts[0].value))]
                yield LazyName(name=name, node=key, statement=statement, dotted=tuple(found))
            for each in texts:
                found = [f"{module}.{each.value!s}" for module in home.module(name)]
                yield LazyName(name=str(each.value), node=each, statement=statement, dotted=tuple(found))
        case _:
            return


def _imported(function: ast.FunctionDef, modules: Sequence[str], *, package: bool) -> Iterator[LazyName]:
    for node in ast.walk(function):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                holders = absolute(node.module, node.level, modules, package=package)
                dotted = tuple(f"{holder}.{alias.name}" for holder in holders)
                yield LazyName(name=alias.asname or alias.name, node=alias, statement=node, dotted=dotted)
