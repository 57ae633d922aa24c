"""What objects of a class (or a function) can do, and are, that those of its successor cannot, and are not."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.engine.program.bound import names_bound
from bot.engine.program.definition import Definition, Function, definition_of, is_one, leaf
from bot.engine.program.existence import named_in
from bot.engine.program.index import Index
from bot.engine.resolve.resolver import written

_DEEPEST = 8
_EMPTY = frozenset({"object", "Generic", "Protocol", "ABC", "Enum"})
"""The last component of bases that say little of what objects are."""
_ASKED = frozenset(
    f"__{name}__"
    for name in (
        "eq", "lt", "le", "gt", "ge", "hash", "bool", "len", "iter", "next", "reversed", "contains", "getitem",
        "setitem", "delitem", "call", "enter", "exit", "aenter", "aexit", "aiter", "anext", "await", "add", "radd",
        "sub", "mul", "truediv", "floordiv", "mod", "or", "and", "neg", "int", "float", "index", "str", "bytes",
        "format", "getattr", "init_subclass", "class_getitem",
    )
)  # fmt: skip
"""Methods that are called without being named."""
_OF_TUPLES = frozenset({"__eq__", "__hash__", "__lt__", "__len__", "__iter__", "__contains__", "__getitem__"})
_OF_TABLES = frozenset({"__eq__", "__len__", "__iter__", "__contains__", "__getitem__", "__setitem__"})


@dataclass(slots=True)
class _Able:
    """A class with all that is above it."""

    methods: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    """The built-in classes above it, and those of the repository."""
    abstract: set[str] = field(default_factory=set)
    whole: bool = True
    """All that is above it is known."""


def lost(index: Index, symbol: str, successor: str) -> str | None:
    """What an object of the deprecated class certainly is, or does, and one of its successor is or does not."""
    old, new = definition_of(index, symbol, set()), definition_of(index, successor, set())
    if old is None or new is None or not _is_class(old) or not _is_class(new) or is_one(index, old, new):
        return None
    before, after = _able(index, old), _able(index, new)
    if not after.whole:
        return None
    if gone := sorted(before.kinds - after.kinds - {symbol, successor, *index.resolution(symbol).names}):
        return f"{symbol} is a {gone[0].rpartition('.')[2]}, and {successor} is none"
    if gone := sorted(before.methods - after.methods):
        return f"{successor} has no {gone[0]}, and {symbol} has"
    return None


def unmade(index: Index, symbol: str, successor: str) -> frozenset[str]:
    """The methods that whoever is derived from the successor has to have, and from the deprecated class not."""
    old, new = definition_of(index, symbol, set()), definition_of(index, successor, set())
    if old is None or new is None or not _is_class(old) or not _is_class(new):
        return frozenset()
    return frozenset(_able(index, new).abstract - _able(index, old).abstract)


def lacks_attribute(index: Index, symbol: str, successor: str, name: str) -> bool:
    """Whether a function has an attribute that its successor, a plain function that nobody gives one, has not."""
    old, new = definition_of(index, symbol, set()), definition_of(index, successor, set())
    plain = new is not None and isinstance(new.statement, ast.FunctionDef) and not new.decorators
    if old is None or not isinstance(old.statement, Function) or not plain or hasattr(lost, name):
        return False
    return not any(index.program.writers(f"{successor}.{name}"))


def is_class(index: Index, dotted: str) -> bool:
    """Whether a name certainly leads to a class statement."""
    found = definition_of(index, dotted, set())
    return found is not None and _is_class(found)


def _is_class(found: Definition) -> bool:
    return isinstance(found.statement, ast.ClassDef)


def _able(index: Index, found: Definition, depth: int = 0) -> _Able:
    able = _Able(whole=depth <= _DEEPEST)
    for name, above in _above(index, found) if depth <= _DEEPEST else ():
        if above is not None:
            more = _able(index, above, depth + 1)
            able.kinds |= {name} | more.kinds
            able.methods |= more.methods
            able.abstract |= more.abstract
            able.whole = able.whole and more.whole
        else:
            able.whole = _add_known(able, name) and able.whole
    body = getattr(found.statement, "body", [])
    own = {name for node in body for name in names_bound(node)}
    able.methods |= own & _ASKED
    if any(leaf(each) == "dataclass" for each in found.statement.decorator_list):
        able.methods.add("__eq__")
    marked = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_open(node)}
    able.abstract = (able.abstract - own) | marked
    decorators = {leaf(each) for each in found.statement.decorator_list} - {"dataclass", "final", "deprecated"}
    able.whole = able.whole and not decorators and not getattr(found.statement, "keywords", [])
    return able


def _is_open(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(leaf(each) == "abstractmethod" for each in method.decorator_list)


def _above(index: Index, found: Definition) -> Iterator[tuple[str, Definition | None]]:
    known = index.source_of(found.module)
    for base in getattr(found.statement, "bases", []):
        text = written(base.value if isinstance(base, ast.Subscript) else base)
        names = named_in(index, known, found.module, text)[:1] if isinstance(known, tuple) and text else ()
        for name in names or ("",):
            above = definition_of(index, name, set()) if name else None
            yield name, above if above is not None and _is_class(above) else None


def _add_known(able: _Able, name: str) -> bool:
    """Take in a class that is not of the repository; whether it is known."""
    last = name.rpartition(".")[2]
    if last in ("NamedTuple", "TypedDict"):
        able.methods |= _OF_TUPLES if last == "NamedTuple" else _OF_TABLES
        return True
    if last in _EMPTY:
        return True
    sort = getattr(builtins, last, None)
    if not isinstance(sort, type):
        return False
    above = [each for each in sort.__mro__ if each is not object]
    able.kinds |= {each.__name__ for each in above}
    able.methods |= {method for each in above for method in vars(each)} & _ASKED
    return True
