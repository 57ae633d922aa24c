"""The parameters of a definition: so that ``match`` fits an argument however it is given."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.engine.program.bound import names_bound
from bot.engine.program.definition import Definition, Function, bases_of, definition_of, last, leaf
from bot.engine.program.index import Index

_KEEPING = frozenset(
    {"deprecated", "cache", "lru_cache", "contextmanager", "asynccontextmanager", "wraps", "coroutine", "override"}
)
"""Decorators that leave the parameters as they are."""
_OF_CLASS = frozenset({"staticmethod", "classmethod"})
_PLAIN_KEYWORDS = frozenset({"frozen", "slots", "eq", "order", "repr", "unsafe_hash", "match_args", "weakref_slot"})
"""What ``dataclass`` is given without another constructor coming of it."""
_NO_FIELD = frozenset({"ClassVar", "InitVar", "KW_ONLY"})
_DEEPEST = 8
_NO_MORE = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
"""Of fields: nothing beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a function, or the making of an object, is called with."""

    positional: tuple[str, ...]
    """Those that can be given by place, in their order."""
    unnamed: int
    """So many of them, the first ones, cannot be given by name."""
    own: ast.arguments | None = field(default=None, compare=False)
    """The parameters as they are written, with those that are not in ``positional``; ``None`` if there are none."""
    defaults: Mapping[str, ast.expr] = field(default_factory=dict, compare=False)
    """What is taken for those that are not given."""

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
    missing_modules: set[str] = set()
    definition = definition_of(index, symbol, missing_modules)
    found = _of(index, definition, missing_modules, _DEEPEST) if definition else None
    return found, frozenset(missing_modules)


def _of(index: Index, definition: Definition, missing_modules: set[str], depth: int) -> Signature | None:
    match definition.statement:
        case ast.ClassDef():
            return _of_class(index, definition, missing_modules, depth)
        case function if definition.owner is None:
            return _of_function(function, 0) if definition.decorators <= _KEEPING else None
        case function:
            skipped = 1 if "classmethod" in definition.decorators else 0
            return _of_function(function, skipped) if definition.decorators <= _KEEPING | _OF_CLASS else None


def _of_class(index: Index, definition: Definition, missing_modules: set[str], depth: int) -> Signature | None:
    """What makes an object of a class: its own constructor, the fields of a dataclass, or what its base has."""
    holder = definition.statement
    if not isinstance(holder, ast.ClassDef) or holder.keywords or depth == 0:
        return None
    if holder.decorator_list:
        return _of_fields(holder)
    makers = [name for name in ("__init__", "__new__") if any(name in names_bound(node) for node in holder.body)]
    if makers:
        maker = last(holder.body, makers[0]) if len(makers) == 1 else None
        return _of_function(maker, 1) if isinstance(maker, ast.FunctionDef) and not maker.decorator_list else None
    bases = list(bases_of(index, definition))
    if not bases:
        return Signature(positional=(), unnamed=0) if not holder.bases else None
    above = definition_of(index, bases[0], missing_modules) if len(holder.bases) == 1 else None
    return _of_class(index, above, missing_modules, depth - 1) if above else None


def _of_fields(holder: ast.ClassDef) -> Signature | None:
    """The fields of a dataclass that is derived from nothing, where each of them is a plain one."""
    decorators = holder.decorator_list
    keywords = [k.arg for each in decorators if isinstance(each, ast.Call) for k in each.keywords]
    plain = len(decorators) == 1 and leaf(decorators[0]) == "dataclass" and not holder.bases
    if not plain or not _PLAIN_KEYWORDS.issuperset(keywords) or any("__init__" in names_bound(n) for n in holder.body):
        return None
    fields = [node for node in holder.body if isinstance(node, ast.AnnAssign)]
    if any(_is_special(node) for node in fields):
        return None
    named = {node.target.id: node.value for node in fields if isinstance(node.target, ast.Name)}
    return Signature(
        positional=tuple(named), unnamed=0, own=_NO_MORE,
        defaults={name: value for name, value in named.items() if value is not None},
    )  # fmt: skip


def _is_special(node: ast.AnnAssign) -> bool:
    """Whether a field may be none, or not be given by place."""
    kinds = {name for n in ast.walk(node.annotation) if (name := getattr(n, "id", getattr(n, "attr", "")))}
    text = node.annotation.value if isinstance(node.annotation, ast.Constant) else ""
    made = isinstance(node.value, ast.Call) and any(k.arg in ("init", "kw_only", None) for k in node.value.keywords)
    return made or bool(kinds & _NO_FIELD) or any(kind in str(text) for kind in _NO_FIELD)


def _of_function(function: Function, skipped: int) -> Signature:
    """Without the first ``skipped`` parameters (``self``)."""
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    unnamed = max(len(arguments.posonlyargs) - skipped, 0)
    defaults = dict(zip(names[::-1], arguments.defaults[::-1], strict=False))
    defaults |= {
        each.arg: value for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
    }
    return Signature(positional=tuple(names[skipped:]), unnamed=unnamed, own=arguments, defaults=defaults)
