"""Calls that a drop-in successor does not take, or takes otherwise, as far as both definitions are known."""

import ast
from collections.abc import Iterator

from bot.engine.program.definition import Function, definition_of
from bot.engine.program.index import Index
from bot.engine.resolve.annotation import last_name
from bot.engine.rewrite.signatures import Signature, signature
from bot.engine.usages.analysis import Analysis, Use

_HANDS_ON = frozenset({"partial", "partialmethod", "submit", "to_thread"})
"""The last component of functions that give all that they are given to the first of it."""
_STARTS = frozenset({"Thread", "Process", "Timer"})
"""Of those that give ``args`` and ``kwargs`` to ``target``."""


def called_with(analysis: Analysis, use: Use) -> ast.Call | None:
    """The call of a usage, also by a function that it is handed to: with what it is known to be given there."""
    around = analysis.parents.get(use.expression) if use.call is None and use.expression is not None else None
    if isinstance(around, ast.keyword):
        around = analysis.parents.get(around)
    if use.call is not None or not isinstance(around, ast.Call) or use.expression is None:
        return use.call
    last = last_name(around.func)
    more = ast.Starred(ast.Tuple([], ast.Load()), ast.Load())
    if last in _HANDS_ON and around.args[:1] == [use.expression]:
        return ast.Call(use.expression, [*around.args[1:], more], around.keywords)
    if last == "map" and around.args[:1] == [use.expression] and not around.keywords:
        return ast.Call(use.expression, around.args[1:], [])
    given = {keyword.arg: keyword.value for keyword in around.keywords}
    if last in _STARTS and given.get("target") is use.expression:
        args, table = given.get("args"), given.get("kwargs")
        listed = args.elts if isinstance(args, ast.Tuple | ast.List) else []
        return ast.Call(use.expression, [*listed, more], [ast.keyword(None, table)] if table is not None else [])
    return None


def taken_otherwise(index: Index, symbol: str, successor: str, call: ast.Call) -> str | None:
    """Why ``successor`` cannot be given what ``call`` gives to ``symbol``, or would make something else of it."""
    old, new = _signatures(index, symbol, successor)
    if new is None:
        return None
    call = _written_out(call)
    reasons = [*_unfit(new, call), *(_moved(old, new, call) if old is not None else ())]
    return f"{successor} {reasons[0]}" if reasons else None


def handed_on_otherwise(analysis: Analysis, use: Use, successor: str) -> str | None:
    """As `taken_otherwise`, where whoever is handed a function may call it in any way that it takes."""
    parent = analysis.parents.get(use.expression) if use.expression is not None else None
    if use.call is not None or parent is None or isinstance(parent, ast.Attribute | ast.Compare | Function):
        return None
    found = definition_of(analysis.index, use.symbol, set())
    old, new = _signatures(analysis.index, use.symbol, successor)
    if found is None or not isinstance(found.statement, Function) or old is None or new is None:
        return None
    anything = ast.Call(use.expression or ast.Name(""), [ast.Starred(ast.Tuple([], ast.Load()), ast.Load())], [])
    reason = _takes_less(old, new) or next(_moved(old, new, anything), None)
    return f"{successor} {reason}" if reason else None


def made_otherwise(index: Index, symbol: str, successor: str) -> str | None:
    """As `taken_otherwise`, where a class is derived, and made in whatever way the deprecated one can be."""
    old, new = _signatures(index, symbol, successor)
    if old is None or new is None or old.own is None or new.own is None:
        return None
    star = ast.Starred(ast.Tuple([], ast.Load()), ast.Load())
    anything = ast.Call(ast.Name(symbol), [star], [ast.keyword(None, ast.Name(""))])
    reason = _takes_less(old, new) or next(_moved(old, new, anything), None)
    return f"{successor} {reason}" if reason else None


def _signatures(index: Index, symbol: str, successor: str) -> tuple[Signature | None, Signature | None]:
    """Of the deprecated thing and of its successor, if that is known, and another; not of members of classes."""
    found = definition_of(index, successor, set())
    if found is None or found.owner is not None or successor in index.resolution(symbol).names:
        return None, None
    old, new = signature(index, symbol)[0], signature(index, successor)[0]
    return old if old and old.own else None, new if new and new.own else None


def _takes_less(old: Signature, new: Signature) -> str | None:
    """What the old function can be called with by place, and the new one cannot."""
    if new.own is None or old.own is None:
        return None
    many = old.own.vararg is not None or len(old.positional) > len(new.positional)
    if many and new.own.vararg is None:
        return f"takes {len(new.positional)} arguments by place"
    needed = [name for name in new.positional if name not in new.defaults]
    fewest = sum(name not in old.defaults for name in old.positional)
    only = [each.arg for each in new.own.kwonlyargs if each.arg not in new.defaults]
    given = {each.arg for each in old.own.kwonlyargs}
    lost = [*needed[fewest:], *(name for name in only if name not in given)]
    return f"needs the argument {lost[0]}" if lost else None


def _written_out(call: ast.Call) -> ast.Call:
    """A call with the keywords of a dictionary that is unpacked as it is written."""
    keywords: list[ast.keyword] = []
    for keyword in call.keywords:
        table = keyword.value if keyword.arg is None and isinstance(keyword.value, ast.Dict) else None
        given = [key.value for key in table.keys if isinstance(key, ast.Constant)] if table else []
        keys = [key for key in given if isinstance(key, str)]
        if table is None or len(keys) != len(table.values):
            keywords.append(keyword)
        else:
            keywords += [ast.keyword(arg=key, value=value) for key, value in zip(keys, table.values, strict=True)]
    return ast.Call(call.func, call.args, keywords)


def _unfit(new: Signature, call: ast.Call) -> Iterator[str]:
    """What is given and not taken, and what is needed and not given."""
    own = new.own
    starred = any(isinstance(each, ast.Starred) for each in call.args)
    unpacked = any(keyword.arg is None for keyword in call.keywords)
    count = sum(not isinstance(each, ast.Starred) for each in call.args)
    if own is None:
        return
    if count > len(new.positional) and own.vararg is None:
        yield f"takes {len(new.positional)} arguments by place"
    only = {each.arg for each in own.kwonlyargs}
    named = {keyword.arg for keyword in call.keywords if keyword.arg}
    known = {*new.positional[new.unnamed :], *only}
    for name in sorted(named - known) if own.kwarg is None else ():
        yield f"takes no argument {name}"
    if not starred:
        for name in sorted(named & set(new.positional[:count])):
            yield f"takes {name} by place here"
    needed = {*new.positional, *only} - new.defaults.keys()
    given = {*named, *new.positional[:count]}
    for name in sorted(needed - given) if not starred and not unpacked else ():
        yield f"needs the argument {name}"


def _moved(old: Signature, new: Signature, call: ast.Call) -> Iterator[str]:
    """What has another place, or another value where it is not given."""
    own, names = new.own, {each.arg for each in old.own.kwonlyargs} if old.own else set()
    lost = {*old.positional[old.unnamed :], *names} - {*new.positional[new.unnamed :], *new.defaults}
    if lost and own and own.kwarg is None and any(keyword.arg is None for keyword in call.keywords):
        yield f"takes no argument {min(lost)}, which may be among those that are unpacked"
    plain = next((n for n, each in enumerate(call.args) if isinstance(each, ast.Starred)), len(call.args))
    starred = plain < len(call.args)
    pairs = list(zip(old.positional, new.positional, strict=False))[: None if starred else plain]
    for before, after in pairs:
        if before != after and before in {*new.positional, *new.defaults}:
            yield f"takes {before} at another place"
    given = {*(before for before, _ in pairs[:plain]), *(keyword.arg for keyword in call.keywords)}
    for name in sorted(old.defaults.keys() & new.defaults.keys() - given):
        if _differ(old.defaults[name], new.defaults[name]):
            yield f"has another default for {name}"


def _differ(one: ast.expr, other: ast.expr) -> bool:
    """Whether two literals are not the same."""
    try:
        return repr(ast.literal_eval(one)) != repr(ast.literal_eval(other))
    except (ValueError, TypeError, RecursionError, MemoryError):
        return False
