"""What functions write of what they are given, and what they are given: for those that collect a file's facts."""

import ast
import builtins
import re
import sys
import textwrap
from collections.abc import Collection, Iterator, Sequence

from bot.engine.program.constants import Texts, folded
from bot.engine.program.nodes import stored
from bot.engine.resolve.annotation import last_name
from bot.engine.resolve.exports import PARSE_ERRORS

HOLE = "*"
"""In a pattern: what the function that puts a dotted name together is given."""
_RUNNERS = frozenset({"exec", "eval", "compile"})
_PATCHING = frozenset({"patch", "delattr", "spy", "MonkeyPatch"})
_NAME = re.compile(r"\A[^\W\d][\w.:]*\Z")
_LONGEST = 100
_HOLES = 2
_MOST = 24
"""The strings that one call hands over: of more the first ones."""
_BUILT_IN = frozenset(dir(builtins))
OBJECTS = ("self", "cls")
"""What methods call the object or the class that they belong to."""


def given_names(found: Sequence[ast.AST]) -> frozenset[str]:
    """The variables that hold what a function is given, a part of it, or one after the other of it."""
    names = {node.arg for node in found if type(node) is ast.arg}
    pairs = [pair for node in found for pair in _passed(node)]
    for _ in range(2):
        names |= {target.id for target, value in pairs if isinstance(target, ast.Name) and is_given(value, names)}
    return frozenset(names)


def _passed(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.For(target=target, iter=value) | ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.comprehension(target=target, iter=value):
            yield target, value
        case _:
            return


def is_given(node: ast.expr, names: Collection[str]) -> bool:
    """Whether an expression is what a function is given, or a member of it: not the object whose method it is."""
    depth = 0
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node, depth = node.value, depth + 1
    return isinstance(node, ast.Name) and node.id in names and (depth > 0 or node.id not in OBJECTS)


def arguments(call: ast.Call) -> Iterator[ast.expr]:
    """What a call hands over, also in a list that is written out."""
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        inner = value.value if isinstance(value, ast.Starred) else value
        if isinstance(inner, ast.Tuple | ast.List | ast.Set):
            yield from inner.elts
        elif isinstance(inner, ast.Dict):
            yield from inner.values
        else:
            yield inner


VALUES = (ast.Assign, ast.AnnAssign, ast.Return, ast.Yield, ast.List, ast.Tuple, ast.Set, ast.Dict)
"""Nodes that give expressions on as values."""


def values_of(node: ast.AST) -> Sequence[ast.expr | None]:
    """The expressions that a node gives on as values: to a variable, in a list, to the caller."""
    match node:
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.Return(value=value) | ast.Yield(value=value):
            return (value,)
        case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values) | ast.Dict(values=values):
            return values
        case _:
            return ()


def names_given(call: ast.Call, texts: Texts) -> tuple[str, ...]:
    """The strings that a call hands over and that may be a name, or a part of one: also as keywords, and as keys."""
    found = [text for value in arguments(call) for text in folded(value, texts)]
    found += [keyword.arg for keyword in call.keywords if keyword.arg]
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        keys = value.keys if isinstance(value, ast.Dict) else ()
        found += [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return tuple(text for text in dict.fromkeys(found) if len(text) < _LONGEST and _NAME.match(text))[:_MOST]


def is_own(function: ast.expr) -> bool:
    """Whether what is called may be the file's own, or call functions of it with what it is given."""
    match function:
        case ast.Name(id=name):
            return name not in _BUILT_IN
        case ast.Attribute(attr=last):
            return last == "parametrize"
        case _:
            return False


def is_of_python(name: str) -> bool:
    """Whether a dotted name begins with a module of the standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names


def names_path(call: ast.Call) -> bool:
    """Whether a function is called that replaces what its first argument names."""
    return last_name(call.func) in _PATCHING


def pattern(call: ast.Call, names: Collection[str], texts: Texts) -> str | None:
    """The dotted name that a call is given, with a `HOLE` for each part that its function is given."""
    last = last_name(call.func)
    if not call.args or not (last in _PATCHING or len(call.args) + len(call.keywords) > 1):
        return None
    parts = list(_parts(call.args[0], names, texts))
    text = "".join(part or "" for part in parts)
    bare = text == HOLE and last not in _PATCHING
    holes = text.count(HOLE)
    dotted = re.fullmatch(r"[\w*]+(?:[.:][\w*]+)*", text) is not None
    return text if dotted and None not in parts and 0 < holes <= _HOLES and not bare else None


def _parts(node: ast.expr, names: Collection[str], texts: Texts) -> Iterator[str | None]:
    """The parts of a string; ``None`` for one of which nothing is known."""
    match node:
        case ast.Constant(value=str(text)) if HOLE not in text:
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                plain = isinstance(value, ast.FormattedValue) and value.conversion == -1 and value.format_spec is None
                yield from _parts(
                    value.value if isinstance(value, ast.FormattedValue) and plain else value, names, texts
                )
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (*_parts(left, names, texts), *_parts(right, names, texts))
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
            values = right.elts if isinstance(right, ast.Tuple) else [right]
            yield from _filled(text.split("%s"), values, names, texts)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=values):
            yield from _filled(re.split(r"\{\d*\}", text), values, names, texts)
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value="."), attr="join"), args=[ast.List() | ast.Tuple() as one]
        ):
            yield from _filled(["", *["."] * (len(one.elts) - 1), ""], one.elts, names, texts)
        case ast.Attribute(value=value, attr="__name__") if is_given(value, names):
            yield HOLE
        case ast.Name(id=name) if len(known := texts.get(name, ())) == 1:
            yield known[0]
        case _:
            yield HOLE if is_given(node, names) else None


def _filled(
    between: Sequence[str], values: Sequence[ast.expr], names: Collection[str], texts: Texts
) -> Iterator[str | None]:  # fmt: skip
    if len(between) != len(values) + 1:
        yield None
        return
    for text, value in zip(between, values, strict=False):
        yield text
        yield from _parts(value, names, texts)
    yield between[-1]


def executed(call: ast.Call, texts: Texts) -> Iterator[ast.Module]:
    """The code that a call of ``exec`` and its like runs, where it is written out; on the call's line."""
    if last_name(call.func) not in _RUNNERS or not call.args:
        return
    for text in folded(call.args[0], texts):
        try:
            tree = ast.parse(textwrap.dedent(text).strip())
        except PARSE_ERRORS:
            continue
        for node in ast.walk(tree):
            if hasattr(node, "lineno"):
                ast.copy_location(node, call)
        yield tree


def bound_by(tree: ast.Module) -> frozenset[str]:
    """The names that code binds or deletes at its top, or says to be global."""
    found = {name for statement in tree.body for node in ast.walk(statement) for name in stored(node)}
    return frozenset(found)


def changed_tables(found: Sequence[ast.AST]) -> frozenset[str]:
    """The variables for dictionaries that get further items."""
    names = set[str]()
    for node in found:
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="update" | "setdefault" | "__setitem__")):
                names.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                pass
    return frozenset(names)


def spread(call: ast.Call, values: "dict[str, list[ast.expr]]") -> ast.Call:
    """A call with the dictionaries in place of the variables that it takes keywords from, where they are known."""
    keywords: list[ast.keyword] = []
    for keyword in call.keywords:
        known = values.get(keyword.value.id, []) if isinstance(keyword.value, ast.Name) else []
        tables = [table for value in known if (table := _table(value)) is not None]
        if keyword.arg is None and known and len(tables) == len(known):
            keywords += [ast.keyword(arg=None, value=table) for table in tables]
        else:
            keywords.append(keyword)
    same = len(keywords) == len(call.keywords) and all(a is b for a, b in zip(keywords, call.keywords, strict=True))
    return call if same else ast.copy_location(ast.Call(call.func, call.args, keywords), call)


def _table(value: ast.expr) -> ast.Dict | None:
    match value:
        case ast.Dict():
            return value
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords) if all(each.arg for each in keywords):
            keys: list[ast.expr | None] = [ast.Constant(each.arg) for each in keywords]
            return ast.Dict(keys=keys, values=[each.value for each in keywords])
        case _:
            return None
