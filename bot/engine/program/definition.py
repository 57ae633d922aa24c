"""The function, the class or the method that a dotted name leads to."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.engine.program.bound import names_bound
from bot.engine.program.existence import named_in
from bot.engine.program.index import Index
from bot.engine.resolve.annotation import last_name
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.resolve.resolver import written

_DEEPEST = 8
_KEPT = 64
"""Of so many modules it is remembered what binds their names: those of a configuration's targets are asked about again
and again."""
_IMPLICIT = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
"""Methods that need no decorator to be called on the class."""
_OF_CLASS = frozenset({"staticmethod", "classmethod"})
_OF_OBJECT = frozenset(
    {"abstractmethod", "override", "final", "deprecated", "cache", "lru_cache", "wraps", "contextmanager",
     "asynccontextmanager", "coroutine", "overload", "singledispatchmethod"}
)  # fmt: skip
"""Decorators with which a method still takes its object first."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a name stands for, where that is certain."""

    module: str
    statement: Function | ast.ClassDef
    owner: ast.ClassDef | None = None
    """The class whose body holds it."""

    @property
    def decorators(self) -> frozenset[str]:
        """The last components of what decorates it; an empty one for what is no name."""
        return frozenset(leaf(decorator) for decorator in self.statement.decorator_list)


def leaf(applied: ast.expr) -> str:
    """The last component of the name of a decorator or a context manager, called or not."""
    function = applied.func if isinstance(applied, ast.Call) else applied
    return last_name(function)


def is_one(index: Index, one: Definition | None, other: Definition | None) -> bool:
    """Whether two definitions are one: files of equal bytes have one tree, and are two modules all the same."""
    if one is None or other is None or one.statement is not other.statement:
        return False
    return one.module == other.module or index.source_of(one.module) == index.source_of(other.module)


def definition_of(index: Index, dotted: str, missing_modules: set[str]) -> Definition | None:
    """The definition of ``dotted``; ``missing_modules`` gets those that the index lacks and whose source would tell."""
    return _follow(index, dotted, missing_modules, _DEEPEST)


def _follow(index: Index, dotted: str, missing_modules: set[str], depth: int) -> Definition | None:
    resolution = index.resolution(dotted)
    missing_modules |= resolution.missing_modules
    for name in resolution.names if depth > 0 else ():
        found = _of_name(index, name, missing_modules, depth - 1)
        if found is not None:
            return found
        module = name.rpartition(".")[0]
        if module and index.source_of(module) is False and not _module_of(index, module):
            missing_modules.add(module)
    return None


def _of_name(index: Index, dotted: str, missing_modules: set[str], depth: int) -> Definition | None:
    known = _module_of(index, dotted)
    if known is None:
        return None
    module, rest = known
    source = index.source_of(module)
    statement = _bound_in(source[1], rest[0]) if isinstance(source, tuple) else None
    if statement is None or len(rest) > 2:
        return None
    if len(rest) == 1:
        return Definition(module=module, statement=statement)
    if not isinstance(statement, ast.ClassDef):
        return None
    return _member(index, Definition(module=module, statement=statement), rest[1], missing_modules, depth)


def _module_of(index: Index, dotted: str) -> tuple[str, Sequence[str]] | None:
    """The longest known module that a name begins with, and the rest."""
    parts = dotted.split(".")
    cuts = (cut for cut in range(len(parts) - 1, 0, -1) if index.has(".".join(parts[:cut])))
    return next(((".".join(parts[:cut]), parts[cut:]) for cut in cuts), None)


def _bound_in(source: bytes, name: str) -> Function | ast.ClassDef | None:
    """The statement at the top of a module that defines ``name`` for good."""
    try:
        return _last(parse(source).body, name, _binding_at_top(source))
    except PARSE_ERRORS:
        return None


@lru_cache(maxsize=_KEPT)
def _binding_at_top(source: bytes) -> Mapping[str, Sequence[int]]:
    return _binding(parse(source).body)


@lru_cache(maxsize=_KEPT)
def _binding_in(holder: Function | ast.ClassDef) -> Mapping[str, Sequence[int]]:
    return _binding(holder.body)


def _binding(body: Sequence[ast.stmt]) -> Mapping[str, Sequence[int]]:
    """By name, which statements of a body may bind it."""
    found: dict[str, list[int]] = {}
    for n, node in enumerate(body):
        for name in names_bound(node):
            found.setdefault(name, []).append(n)
    return found


def last(body: Sequence[ast.stmt], name: str) -> Function | ast.ClassDef | None:
    """The definition of ``name`` in a body; ``None`` if something else binds it after that, or perhaps."""
    return _last(body, name, _binding(body))


def _last(
    body: Sequence[ast.stmt], name: str, binding: Mapping[str, Sequence[int]]
) -> Function | ast.ClassDef | None:  # fmt: skip
    end = len(body)
    while (at := max((n for n in binding.get(name, ()) if n < end), default=None)) is not None:
        match body[at]:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() as node:
                return node
            case ast.Assign(targets=[ast.Name()], value=ast.Name(id=other)) if other != name:
                name, end = other, at
            case _:
                return None
    return None


def _member(
    index: Index, holder: Definition, name: str, missing_modules: set[str], depth: int
) -> Definition | None:  # fmt: skip
    """A method of a class or, where it has none, of the first base that has it."""
    binding = _binding_in(holder.statement)
    if name in binding:
        found, owner = _last(holder.statement.body, name, binding), holder.statement
        if found is None or not isinstance(owner, ast.ClassDef):
            return None
        return Definition(module=holder.module, statement=found, owner=owner)
    for base in bases_of(index, holder):
        above = _follow(index, base, missing_modules, depth)
        if above is None or not isinstance(above.statement, ast.ClassDef):
            return None
        inherited = _member(index, above, name, missing_modules, depth - 1) if depth > 0 else None
        if inherited is not None:
            return inherited
    return None


def bases_of(index: Index, holder: Definition) -> Iterator[str]:
    """The dotted names of what a class is derived from; ``object`` is left out."""
    known = index.source_of(holder.module)
    for base in getattr(holder.statement, "bases", ()):
        text = written(base)
        if isinstance(known, tuple) and text != "object":
            yield from named_in(index, known, holder.module, text)[:1]


def needs_object(index: Index, dotted: str, missing_modules: set[str]) -> Definition | None:
    """The method that ``dotted`` is, if it is called on an object of its class."""
    found = definition_of(index, dotted, missing_modules)
    if found is None or found.owner is None or not isinstance(found.statement, Function):
        return None
    decorators = found.decorators
    plain = decorators <= _OF_OBJECT and not decorators & _OF_CLASS
    return found if plain and found.statement.name not in _IMPLICIT else None


def runs_for_subclasses(index: Index, dotted: str) -> bool:
    """Whether code of the repository runs when a class is derived from ``dotted``: its own, or its metaclass's."""
    found, depth = [definition_of(index, dotted, set())], 0
    while found and depth < _DEEPEST:
        for each in found:
            if each is not None and isinstance(each.statement, ast.ClassDef):
                has = any("__init_subclass__" in names_bound(node) for node in each.statement.body)
                if has or any(keyword.arg == "metaclass" for keyword in each.statement.keywords):
                    return True
        found = [definition_of(index, base, set()) for each in found if each for base in bases_of(index, each)]
        depth += 1
    return False
