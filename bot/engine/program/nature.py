"""Successors that are another kind of thing than what they take the place of, as far as both definitions are known."""

import ast

from bot.engine.program.classes import class_of, top_of
from bot.engine.program.definition import Definition, Function, definition_of
from bot.engine.program.existence import named_in
from bot.engine.program.index import Index
from bot.engine.program.literals import is_plain, is_table, literal
from bot.engine.program.nodes import own_nodes
from bot.engine.program.state import is_changed_at_home
from bot.engine.resolve.exports import parse
from bot.engine.resolve.resolver import written

_ENUMS = frozenset({"Enum", "Flag", "IntFlag", "IntEnum", "StrEnum", "ReprEnum"})
_EQUAL = frozenset({"StrEnum", "IntEnum", "IntFlag", "ReprEnum"})
"""Bases of enumerations whose members are equal to their values, and shown as those."""
_MIXED = frozenset({"str", "int", "float", "bytes"})
"""Bases that make the members equal, but not shown alike: for that the class has its own ``__str__``."""
_DEEPEST = 8


def differs(index: Index, symbol: str, successor: str | None) -> str | None:
    """How ``successor`` differs from a plain constant: a member of an enumeration, which is not equal, or a method.

    ``_bases`` has ``__str__`` too where a class of its own shows the members otherwise."""
    if successor is None or not _is_constant(index, symbol):
        return None
    if (found := definition_of(index, successor, set())) is not None and found.owner is not None:
        return f"{successor} is a method or a property of a class, which is no value"
    bases = _bases(index, successor.rpartition(".")[0])
    if bases & _ENUMS and (other := _of_another_value(index, symbol, successor, bases)) is not None:
        return other
    if not bases & _ENUMS or bases & _EQUAL or (bases & _MIXED and "__str__" in bases):
        return None
    how = "not shown as" if bases & _MIXED else "not equal to"
    return f"{successor} is a member of an enumeration, which is {how} its value"


def _of_another_value(index: Index, symbol: str, successor: str, bases: frozenset[str]) -> str | None:
    """How a member of an enumeration has another value than a constant: it is written so, or counted so."""
    class_, _, member = successor.rpartition(".")
    module, _, name = class_.rpartition(".")
    known = index.source_of(module) if module else None
    found = class_of(index, *known, name) if isinstance(known, tuple) else None
    one, other = value_of(index, symbol), found.values.get(member) if found else None
    if found is None or other is None or not is_plain(one) or one is None:
        return None
    if isinstance(other, ast.Call) and written(other.func).rpartition(".")[2] == "auto":
        before = list(found.values)[: list(found.values).index(member) + 1]
        counted = all(isinstance(found.values[each], ast.Call) for each in before)
        text: object = member.lower() if "StrEnum" in bases else len(before)
        if not counted or bases & {"Flag", "IntFlag"} or literal(one) == text:
            return None
        return f"{successor} is {text!r}, and {symbol} is {_is_shown(one)}"
    if not is_plain(other) or literal(other) == literal(one):
        return None
    return f"{successor} is {_is_shown(other)}, and {symbol} is {_is_shown(one)}"


def unlike(index: Index, symbol: str, successor: str | None, *, called: bool) -> str | None:
    """How a drop-in successor certainly is another kind of thing, or another value; ``called``: it is only called."""
    if successor is None or symbol == successor or successor in index.resolution(symbol).names:
        return None
    old, new = definition_of(index, symbol, set()), definition_of(index, successor, set())
    if old is not None and new is not None:
        kinds = _kind(old), _kind(new)
        if None in kinds or kinds[0] == kinds[1] or kinds in _ALIKE or (called and kinds == ("class", "function")):
            return None
        passes = isinstance(old.statement, Function) and _speaks_of(old.statement, successor.rpartition(".")[2])
        return None if passes and kinds[0] == "function" else f"{successor} is a {kinds[1]}, and {symbol} a {kinds[0]}"
    if (differs := _of_other_member(index, symbol, successor)) is not None:
        return differs
    one, other = (value_of(index, name) for name in (symbol, successor))
    if old is not None:
        return f"{successor} is a value, and {symbol} a {_kind(old)}" if is_plain(other) and _kind(old) else None
    if new is not None:
        return f"{successor} is a {_kind(new)}, and {symbol} a value" if is_plain(one) and _kind(new) else None
    if one is None or other is None or _value_at(index, symbol) == _value_at(index, successor):
        return None
    return _unlike_values(index, symbol, successor, one, other)


def _of_other_member(index: Index, symbol: str, successor: str) -> str | None:
    """How two members of enumerations have other values."""
    one, other = (_member_value(index, name) for name in (symbol, successor))
    if one is None or other is None or not is_plain(one) or not is_plain(other) or literal(one) == literal(other):
        return None
    return f"{successor} is {_is_shown(other)}, and {symbol} is {_is_shown(one)}"


def _member_value(index: Index, dotted: str) -> ast.expr | None:
    class_, _, member = dotted.rpartition(".")
    module, _, name = class_.rpartition(".")
    known = index.source_of(module) if module else None
    found = class_of(index, *known, name) if isinstance(known, tuple) else None
    return found.values.get(member) if found and _ENUMS & _bases(index, class_) else None


def _unlike_values(index: Index, symbol: str, successor: str, one: ast.expr, other: ast.expr) -> str | None:
    if (_is_fresh(one) and _is_fresh(other)) or (_is_object(one) and _is_object(other)):
        if not _is_read_at_home(index, symbol):
            return None
        return f"{successor} and {symbol} are two objects, and what one of them is or holds the other is not"
    if is_table(one) and is_table(other) and any(is_changed_at_home(index, name) for name in (symbol, successor)):
        return f"{successor} and {symbol} are two objects, and what one of them is or holds the other is not"
    if _names_its_module(one) or _names_its_module(other):
        return f"{successor} is {ast.unparse(other)}, and {symbol} is {ast.unparse(one)}, each in its module"
    if (made := _made_otherwise(one, other)) is not None:
        return f"{successor} is made by {made}, and {symbol} by {ast.unparse(one)}"
    if is_plain(one) and (made := _made_of(other)):
        return f"{successor} is made by {made}, and {symbol} is {_is_shown(one)}"
    if not is_plain(one) or not is_plain(other) or _is_shown(one) == _is_shown(other):
        return None
    return f"{successor} is {_is_shown(other)}, and {symbol} is {_is_shown(one)}"


def has_member(index: Index, dotted: str, name: str) -> bool:
    """Whether a class certainly has a member, by itself or from a class above it in the repository."""
    if definition_of(index, f"{dotted}.{name}", set()) is not None:
        return True
    found = definition_of(index, dotted, set())
    known = index.source_of(found.module) if found else None
    class_ = class_of(index, *known, found.statement.name) if found and isinstance(known, tuple) else None
    return class_ is not None and class_.has(name) is True


_ALIKE = frozenset({("function", "class"), ("property", "class")})
"""What may take the place of what: a class is called as a function is."""
_HARMLESS = frozenset(
    {"deprecated", "override", "final", "cache", "lru_cache", "staticmethod", "classmethod", "abstractmethod"}
)
"""Decorators that leave a function what it is."""
_PROPERTIES = frozenset({"property", "cached_property"})


def _kind(found: Definition) -> str | None:
    """What a definition makes, in a word; ``None`` if a decorator may make anything of it."""
    if isinstance(found.statement, ast.ClassDef):
        return None if found.decorators - {"dataclass", "final", "deprecated", "runtime_checkable"} else "class"
    if found.decorators & _PROPERTIES and found.owner is not None:
        return "property"
    if found.decorators - _HARMLESS:
        return None
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(found.statement))
    if isinstance(found.statement, ast.AsyncFunctionDef):
        return "asynchronous generator" if yields else "coroutine function"
    return "generator" if yields else "function"


def _speaks_of(function: Function, name: str) -> bool:
    """Whether a function may be one that hands on to another of this name: it gives what that gives."""
    words = (getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(function))
    return name in words


def is_enumeration(index: Index, dotted: str) -> bool:
    """Whether a class is an enumeration whose members are equal to nothing else."""
    bases = _bases(index, dotted)
    return bool(bases & _ENUMS) and not bases & _EQUAL


def value_of(index: Index, dotted: str) -> ast.expr | None:
    """The expression that a variable of a module, or of a class at its top, is bound to once and for all."""
    found = _value_at(index, dotted)
    return found[1] if found else None


def _value_at(index: Index, dotted: str) -> tuple[str, ast.expr] | None:
    """The same, with the path of its file: files of equal bytes have one tree."""
    for name in index.resolution(dotted).names:
        module, _, leaf = name.rpartition(".")
        known = index.source_of(module) if module else None
        if isinstance(known, tuple):
            found = top_of(index, *known).values.get(leaf)
        else:
            holder, _, owner = module.rpartition(".")
            known = index.source_of(holder) if holder else None
            class_ = class_of(index, *known, owner) if isinstance(known, tuple) else None
            found = class_.values.get(leaf) if class_ and not _ENUMS & _bases(index, module) else None
        if found is not None and isinstance(known, tuple):
            return known[0], found
    return None


def warns(index: Index, dotted: str) -> bool | None:
    """Whether a function or a class says, when it is used, that it is deprecated; ``None`` if that is not known."""
    found = definition_of(index, dotted, set())
    if found is None:
        return None
    names = (getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(found.statement))
    return any("warn" in name.lower() or "deprecat" in name.lower() for name in names)


_MADE = frozenset(
    {"timedelta", "datetime", "date", "time", "Decimal", "Fraction", "Path", "PurePath", "UUID", "compile", "object",
     "SimpleNamespace", "Lock", "RLock", "Event", "ContextVar"}
)  # fmt: skip
"""The last component of what makes objects that no literal is."""


_OF_THE_MODULE = frozenset({"__name__", "__file__", "__path__", "__package__", "__spec__", "__doc__"})


def _made_otherwise(one: ast.expr, other: ast.expr) -> str | None:
    """How the same function makes the second of two values, if it is given other literals for it."""
    if not isinstance(one, ast.Call) or not isinstance(other, ast.Call) or written(one.func) != written(other.func):
        return None
    given = [[*call.args, *(keyword.value for keyword in call.keywords)] for call in (one, other)]
    plain = all(is_plain(value) for values in given for value in values)
    return ast.unparse(other) if written(one.func) and plain and ast.dump(one) != ast.dump(other) else None


def _names_its_module(value: ast.expr) -> bool:
    """Whether a value is made of the name, or the path, of the module that makes it: ``getLogger(__name__)``."""
    return any(isinstance(node, ast.Name) and node.id in _OF_THE_MODULE for node in ast.walk(value))


def _made_of(value: ast.expr) -> str | None:
    function = written(value.func) if isinstance(value, ast.Call) else ""
    return function if function.rpartition(".")[2] in _MADE else None


def _is_shown(value: ast.expr) -> str:
    return repr(literal(value))


def _is_object(value: ast.expr) -> bool:
    """Whether it is an object of some class that may have a state: not of one that is equal to its like."""
    name = written(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    return name in ("local", "deque", "defaultdict") or (name[:1].isupper() and name not in _EQUAL_ONES)


_EQUAL_ONES = frozenset({"Path", "PurePath", "Decimal", "Fraction", "UUID", "TypeVar", "NewType", "Literal", "Q", "F"})


def _is_read_at_home(index: Index, dotted: str) -> bool:
    """Whether the module that makes an object uses it itself: what that does with it, no other object sees."""
    for name in index.resolution(dotted).names:
        module, _, leaf = name.rpartition(".")
        known = index.source_of(module) if module else None
        for node in ast.walk(parse(known[1])) if isinstance(known, tuple) else ():
            if isinstance(node, ast.Name) and node.id == leaf and isinstance(node.ctx, ast.Load):
                return True
    return False


def _is_fresh(value: ast.expr) -> bool:
    """Whether it is an object that nothing else is equal to, or an empty one that is there to be filled."""
    match value:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[]):
            return name in ("object", "list", "dict", "set")
        case _:
            return False


def _is_constant(index: Index, dotted: str) -> bool:
    """Whether a module binds a literal to the name."""
    module, _, name = dotted.rpartition(".")
    known = index.source_of(module) if module else None
    if not isinstance(known, tuple):
        return False
    return name in top_of(index, *known).constants


def _of_call(value: ast.expr | None) -> set[str]:
    """The base of an enumeration that a call makes: ``Verb = Enum("Verb", "GET POST")``, and what its members are."""
    if not isinstance(value, ast.Call) or (base := written(value.func).rpartition(".")[2]) not in _ENUMS:
        return set()
    return {base, *(written(each.value) for each in value.keywords if each.arg == "type")}


def _bases(index: Index, dotted: str, depth: int = 0) -> frozenset[str]:
    """The last components of all that a class is derived from, as far as is known."""
    found: set[str] = set()
    for name in index.resolution(dotted).names:
        module, _, leaf = name.rpartition(".")
        known = index.source_of(module) if module else None
        found |= _of_call(top_of(index, *known).values.get(leaf)) if isinstance(known, tuple) else set()
        definition = class_of(index, *known, leaf) if isinstance(known, tuple) else None
        if definition is None or not isinstance(known, tuple) or depth > _DEEPEST:
            continue
        found |= definition.members & {"__str__"}
        for base in definition.written:
            found.add(base.rpartition(".")[2])
            for origin in named_in(index, known, module, base):
                found |= _bases(index, origin, depth + 1)
    return frozenset(found)
