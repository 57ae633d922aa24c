"""Calls that a drop-in successor does not take, or takes otherwise, as far as both definitions are known."""

import ast
from collections.abc import Iterator

from bot.engine.program.definition import definition_of
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
    given = {keyword.arg: keyword.value for keyword in around.keywords}
    if last in _STARTS and given.get("target") is use.expression:
        args, table = given.get("args"), given.get("kwargs")
        listed = args.elts if isinstance(args, ast.Tuple | ast.List) else []
        return ast.Call(use.expression, [*listed, more], [ast.keyword(None, table)] if table is not None else [])
    return None


def taken_otherwise(index: Index, symbol: str, successor: str, call: ast.Call) -> str | None:
    """Why ``successor`` cannot be given what ``call`` gives to ``symbol``, or would make something else of it."""
    found = definition_of(index, successor, set())
    if found is None or found.owner is not None or successor in index.resolution(symbol).names:
        return None
    new, old = signature(index, successor)[0], signature(index, symbol)[0]
    if new is None or new.own is None:
        return None
    call = _written_out(call)
    reasons = [*_unfit(new, call), *(_moved(old, new, call) if old is not None and old.own is not None else ())]
    return f"{successor} {reasons[0]}" if reasons else None


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
    if any(isinstance(each, ast.Starred) for each in call.args) or any(k.arg is None for k in call.keywords):
        return
    pairs = list(zip(old.positional, new.positional, call.args, strict=False))
    for before, after, _ in pairs:
        if before != after and before in {*new.positional, *new.defaults}:
            yield f"takes {before} at another place"
    given = {*(before for before, _, _ in pairs), *(keyword.arg for keyword in call.keywords)}
    for name in sorted(old.defaults.keys() & new.defaults.keys() - given):
        if _differ(old.defaults[name], new.defaults[name]):
            yield f"has another default for {name}"


def _differ(one: ast.expr, other: ast.expr) -> bool:
    """Whether two literals are not the same."""
    try:
        return repr(ast.literal_eval(one)) != repr(ast.literal_eval(other))
    except (ValueError, TypeError, RecursionError, MemoryError):
        return False
