"""What a call of ``setattr``, ``patch``, ``monkeypatch`` and their like takes, writes or stands in for."""

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.engine.program.facts import ANY, GIVEN, OWN, Name

Meaning = Callable[[ast.expr], Sequence[Name]]
_DOTTED = re.compile(r"[^\W\d]\w*(?:[.:][^\W\d]\w*)+\Z")
_READERS = frozenset({"getattr", "hasattr"})
_WRITERS = frozenset({"setattr", "delattr"})
_IN_PLACE = frozenset({"object", "spy", "stub", "setattr", "delattr", "patch", "patch_object", "replace", "swap"})
"""The last component of functions that are given a module and a member's name, and take the write back."""
_ON_TABLE = frozenset({"update", "pop", "setdefault", "__setitem__", "__delitem__"})
_WITH_TABLE = frozenset({"dict", "setitem", "delitem"})
"""The last component of functions that are given a dictionary, and take the write back."""
_TAKING = frozenset({"pop", "delitem", "__delitem__"})
"""Of both, those that take something out."""
_EXPECTING = frozenset({"should_receive", "should_call", "expects", "stubs", "to_receive", "and_stub"})
"""What is called, with a member's name, on what a function gives for a module."""
_TARGETS = ("target", "attribute", "name")
"""What the parameters of such functions are called, in their order."""
_SPECIAL = frozenset({"__setattr__", "__delattr__"})
_PLAIN = frozenset(dir(builtins))
"""What is there without an import replaces nothing by a dotted name: ``print("a.b", value)``."""
_NAMING = frozenset({"typing", "typing_extensions", "logging", "importlib", "runpy", "pkgutil", "warnings"})
"""Modules whose functions take a dotted name, and something else with it, and replace nothing."""
_KNOWN = _READERS | _WRITERS | _IN_PLACE | _ON_TABLE | _WITH_TABLE | _SPECIAL | {"multiple", "get"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a call does to members of modules."""

    taken: tuple[Name, ...] = ()
    written: tuple[tuple[Name, str], ...] = ()
    stubbed: tuple[str, ...] = ()
    taken_out: tuple[str, ...] = ()
    """Of ``sys.modules``."""
    looked_up: tuple[str, ...] = ()
    lasting: bool = False


_NOTHING = Called()


def called(call: ast.Call, meaning: Meaning) -> Called:
    """What ``call`` does; a name that is computed says nothing."""
    if not call.args and not call.keywords:
        return _NOTHING
    function, last = _function(call.func)
    if last not in _KNOWN:
        if written := tuple(_put(call, last, meaning)):
            return Called(written=written)
        given = function and call.args and type(call.args[0]) is ast.Constant
        if not given or (function in _PLAIN and not meaning(call.func)) or _only_names(call.func, meaning):
            return _NOTHING
        return Called(written=_by_path(call))
    if last in _ON_TABLE | _WITH_TABLE and (stubbed := _stubbed(call)):
        return Called(taken_out=stubbed) if last in _TAKING else Called(stubbed=stubbed)
    if last in _ON_TABLE | _WITH_TABLE and (written := tuple(_in_table(call, last, meaning))):
        return Called(written=written, lasting=last in _ON_TABLE)
    if last == "get":
        return Called(looked_up=_stubbed(call))
    if last == "multiple":
        return Called(written=tuple(_multiple(call, meaning)))
    if last in _SPECIAL:
        return Called(written=tuple(_specially(call, meaning)), lasting=True)
    match [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("attribute", "name"))]:
        case [holder, ast.Constant(value=str(member)), *_] if last in _READERS | _WRITERS | _IN_PLACE:
            names = meaning(holder)
            if last in _READERS:
                return Called(taken=tuple(Name(f"{n.text}.{member}" if n.text else member, n.level) for n in names))
            bare = function == last and last in _WRITERS
            return Called(written=tuple((name, member) for name in names) or _by_path(call), lasting=bare)
        case _:
            return Called(written=_by_path(call)) if function else _NOTHING


def _put(call: ast.Call, last: str, meaning: Meaning) -> Iterator[tuple[Name, str]]:
    """``stubs.Set(module, "name", value)`` and ``flexmock(module).should_receive("name")``, whoever these are."""
    match call:
        case ast.Call(args=[holder, ast.Constant(value=str(member)), _, *_]) if member.isidentifier():
            if not meaning(call.func):  # what is in view is looked at itself
                yield from ((name, member) for name in meaning(holder))
        case ast.Call(
            func=ast.Attribute(value=ast.Call(args=[holder, *_])), args=[ast.Constant(value=str(member)), *_]
        ) if last in _EXPECTING:
            yield from ((name, member) for name in meaning(holder))
        case _:
            return


def _only_names(function: ast.expr, meaning: Meaning) -> bool:
    """Whether it is a function of the standard library to which a dotted name is a type, a logger or a module."""
    names = meaning(function)
    return bool(names) and all(not name.level and name.text.partition(".")[0] in _NAMING for name in names)


def is_writer(node: ast.expr) -> bool:
    """Whether it is one of the functions that write, perhaps with its first arguments (``functools.partial``)."""
    if isinstance(node, ast.Call) and _function(node.func)[1] == "partial" and node.args:
        node = node.args[0]
    return _function(node)[1] in _WRITERS | _IN_PLACE | {"multiple"}


def written_out(call: ast.Call, functions: Mapping[str, ast.expr]) -> ast.Call:
    """A call with the function that it means, all of its arguments, and what names a target and a member in front."""
    function, args, keywords = call.func, call.args, call.keywords
    if isinstance(function, ast.Name):
        function = functions.get(function.id, function)
    if isinstance(function, ast.Call) and _function(function.func)[1] == "partial" and function.args:
        args, keywords = [*function.args[1:], *args], [*function.keywords, *keywords]
        function = function.args[0]
    if _function(function)[1] in _IN_PLACE and any(keyword.arg in _TARGETS for keyword in keywords):
        front = [keyword for keyword in keywords if keyword.arg in _TARGETS]
        args = [*args, *(each.value for each in sorted(front, key=lambda each: _TARGETS.index(each.arg or "")))]
        keywords = [keyword for keyword in keywords if keyword.arg not in _TARGETS]
    if function is call.func and args is call.args:
        return call
    return ast.copy_location(ast.Call(function, args, keywords), call)


def _function(node: ast.expr) -> tuple[str, str]:
    """A function as it is written, and the last component of it."""
    match node:
        case ast.Attribute(attr=last):
            return f".{last}", last
        case ast.Name(id=last):
            return last, last
        case _:
            return "", ""


def _by_path(call: ast.Call) -> tuple[tuple[Name, str], ...]:
    """A dotted name, and a value for it; ``patch`` needs none."""
    last = _function(call.func)[1]
    alone = last in ("patch", "delattr", "spy", "MonkeyPatch")
    match call.args:
        case [ast.Constant(value=str(path)), *rest] if (rest or call.keywords or alone) and _DOTTED.match(path):
            holder, _, member = path.replace(":", ".").rpartition(".")
            return ((Name(holder), member),)
        case _:
            return ()


def _multiple(call: ast.Call, meaning: Meaning) -> Iterator[tuple[Name, str]]:
    """``patch.multiple("a.b", f=…)``."""
    match call.args[:1] or [k.value for k in call.keywords if k.arg == "target"]:
        case [ast.Constant(value=str(path))]:
            holders: Sequence[Name] = [Name(path)]
        case [holder]:
            holders = meaning(holder)
        case _:
            return
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg != "target":
            yield from ((holder, keyword.arg) for holder in holders)
        elif keyword.arg is None:
            keys = keyword.value.keys if isinstance(keyword.value, ast.Dict) else [None]
            names = (key.value if isinstance(key, ast.Constant) else ANY for key in keys)
            yield from ((holder, name) for name in names if isinstance(name, str) for holder in holders)


def _specially(call: ast.Call, meaning: Meaning) -> Iterator[tuple[Name, str]]:
    """``object.__setattr__(module, "name", …)``, ``module.__setattr__("name", …)``."""
    match call:
        case ast.Call(args=[holder, ast.Constant(value=str(member)), *_]):
            yield from ((name, member) for name in meaning(holder))
        case ast.Call(func=ast.Attribute(value=holder), args=[ast.Constant(value=str(member)), *_]):
            yield from ((name, member) for name in meaning(holder))
        case _:
            return


def table_of(node: ast.expr, meaning: Meaning) -> Sequence[Name]:
    """The modules or classes whose members an expression gives as a dictionary: ``vars(m)``, ``m.__dict__`` …"""
    match node:
        case ast.Attribute(value=holder, attr="__dict__") | ast.Call(func=ast.Name(id="vars"), args=[holder]):
            return meaning(holder)
        case ast.Call(func=ast.Name(id="globals"), args=[]):
            return (Name("", OWN),)
        case ast.Attribute(value=function, attr="__globals__"):
            return [Name(n.text.rpartition(".")[0], n.level) for n in meaning(function) if n.level != GIVEN]
        case _:
            return ()


def written_at_large(call: ast.Call, meaning: Meaning) -> Sequence[Name]:
    """The modules or classes of which a call writes members by names that are computed."""
    last = _function(call.func)[1]
    if last in _WRITERS | _IN_PLACE and len(call.args) > 1:
        named = isinstance(call.args[1], ast.Constant)
        return () if named or isinstance(call.args[0], ast.Constant) else meaning(call.args[0])
    if last in _ON_TABLE | _WITH_TABLE and isinstance(call.func, ast.Attribute):
        table, *rest = [call.func.value, *call.args] if last in _ON_TABLE else (call.args or [call.func])
        computed = any(not isinstance(each, ast.Dict | ast.Constant) for each in rest[:1])
        return table_of(table, meaning) if computed or any(k.arg is None for k in call.keywords) else ()
    return ()


def is_lasting(call: ast.Call) -> bool:
    """Whether nobody takes back what a call of a function that writes has written."""
    function, last = _function(call.func)
    return last in _ON_TABLE or (last in _WRITERS and function == last)


def _in_table(call: ast.Call, last: str, meaning: Meaning) -> Iterator[tuple[Name, str]]:
    """``vars(m).update(name=…)``, ``patch.dict(m.__dict__, {"name": …})`` and their like."""
    table, *rest = (
        [call.func.value, *call.args]
        if last in _ON_TABLE and isinstance(call.func, ast.Attribute)
        else (call.args or [call])
    )
    holders = table_of(table, meaning) if table is not call else ()
    for holder in holders:
        yield from ((holder, keyword.arg) for keyword in call.keywords if keyword.arg)
        for given in rest:
            keys = given.keys if isinstance(given, ast.Dict) else [given]
            yield from ((holder, k.value) for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str))


def _stubbed(call: ast.Call) -> tuple[str, ...]:
    """The modules that ``patch.dict(sys.modules, {…})`` and its like put something else for."""
    table = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in _ON_TABLE | {"get"} else None
    first = call.args[0] if call.args else None
    if not any(is_modules(each) for each in (table, first)):
        return ()
    found = []
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        match argument:
            case ast.Dict(keys=keys):
                found += [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            case ast.Constant(value=str(name)) if name != "sys.modules":
                found.append(name)
            case _:
                pass
    return tuple(found)


def is_modules(node: ast.expr | None) -> bool:
    """Whether an expression looks like ``sys.modules``."""
    match node:
        case ast.Attribute(attr="modules") | ast.Constant(value="sys.modules") | ast.Name(id="modules"):
            return True
        case _:
            return False
