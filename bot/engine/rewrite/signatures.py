"""The parameters of a definition: so that ``match`` fits an argument however it is given."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from bot.engine.program.index import Index
from bot.engine.rewrite.requires import definition_in

_KEEPING = frozenset(
    {"deprecated", "cache", "lru_cache", "contextmanager", "asynccontextmanager", "wraps", "coroutine", "override"}
)
"""Decorators that leave the parameters as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a function, or the making of an object, is called with."""

    positional: tuple[str, ...]
    """Those that can be given by place, in their order."""
    unnamed: int
    """So many of them, the first ones, cannot be given by name."""

    def bound(self, args: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> dict[str, ast.expr] | None:
        """The arguments by the names of their parameters; ``None`` where that is not certain."""
        if len(args) > len(self.positional) or any(isinstance(each, ast.Starred) for each in args):
            return None
        found = dict(zip(self.positional, args, strict=False))
        for keyword in keywords:
            if keyword.arg is None or keyword.arg in found or keyword.arg in self.positional[: self.unnamed]:
                return None
            found[keyword.arg] = keyword.value
        return found


def signature(index: Index, symbol: str) -> tuple[Signature | None, frozenset[str]]:
    """The signature of ``symbol``; ``None``: its definition is not in view, or says too little.

    The second value holds the modules whose source would tell.
    """
    resolution = index.resolution(symbol)
    missing_modules = resolution.missing_modules
    for name in resolution.names:
        module, _, leaf = name.rpartition(".")
        known = index.source_of(module) if module else None
        if known is False:
            missing_modules |= {module}
        if isinstance(known, tuple) and (definition := definition_in(known[1], leaf)) is not None:
            return _of(definition), missing_modules
    return None, missing_modules


def _of(definition: ast.stmt) -> Signature | None:
    match definition:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return _of_function(definition, 0)
        case ast.ClassDef(body=body, decorator_list=[]):
            makers = [n for n in body if isinstance(n, ast.FunctionDef) and n.name in ("__init__", "__new__")]
            return _of_function(makers[0], 1) if len(makers) == 1 else None
        case _:
            return None


def _of_function(function: ast.FunctionDef | ast.AsyncFunctionDef, skipped: int) -> Signature | None:
    """Without the first ``skipped`` parameters (``self``)."""
    if not all(_leaf(decorator) in _KEEPING for decorator in function.decorator_list):
        return None
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    unnamed = max(len(arguments.posonlyargs) - skipped, 0)
    return Signature(positional=tuple(names[skipped:]), unnamed=unnamed)


def _leaf(decorator: ast.expr) -> str:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
