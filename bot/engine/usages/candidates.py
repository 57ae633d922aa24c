"""Which names of a file are worth resolving, and on which lines they stand: so that the rest need not be walked."""

import ast
import bisect
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from bot.engine.resolve.annotation import MAKERS, last_name
from bot.engine.source.mentions import occurrences
from bot.engine.source.text import SourceMap

_WORD = r"[^\W\d]\w*"
STAR = re.compile(rb"import[ \t\\\r\n(]*\*")  # no word's boundary before it: the search for a literal is quick
_NAME = re.compile(_WORD)
_CHAIN = re.compile(rf"{_WORD}(?:\s*\.\s*{_WORD})*")
_NEVER_IMPORTED = frozenset({"self", "cls"})
_TYPING = frozenset({"Literal", "Annotated"})
"""Their renaming imports decide how string annotations are read."""


def candidate_names(
    tree: ast.Module, source: SourceMap, interest: frozenset[str], holders: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The variables through which ``interest`` (leaf names and their aliases) may be reached.

    Those names, what imports bind to them, and the first names of attribute chains, calls and strings that hold them.
    ``holders`` are the classes of which members are asked for.
    """
    interest = interest | holders
    keep = line_filter(source, interest)
    names = set(interest)
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        names |= _names_of(node, interest)
        pending += [
            child
            for child in ast.iter_child_nodes(node)
            if keep is None or not isinstance(child, ast.stmt) or keep(child)
        ]
    return frozenset(names) - _NEVER_IMPORTED


def _names_of(node: ast.AST, interest: frozenset[str]) -> set[str]:
    match node:
        case ast.Attribute(attr=attribute) if attribute in interest:
            return _roots([node])
        case ast.Call(func=function, args=arguments, keywords=named) if any(
            _mentions(each, interest) for each in (*arguments, *(keyword.value for keyword in named))
        ):
            return _roots([function, *arguments[:1]])
        case ast.Compare(left=left, comparators=others) if _mentions(left, interest):
            return _roots(others)
        case ast.Call(func=function, args=arguments, keywords=keywords) if any(k.arg in interest for k in keywords):
            return _roots([function, *arguments[:1]])
        case ast.Call(func=function) if last_name(function) in MAKERS and _mentions_inside(node, interest):
            return _roots([function])
        case ast.Subscript(value=table, slice=index) if _mentions_inside(index, interest):
            return _roots([table])
        case ast.Constant(value=str(text)) if any(name in text for name in interest):
            return set(_roots_in(text, interest))
        case ast.Import(names=aliases):
            return {a.asname or a.name.partition(".")[0] for a in aliases if not interest.isdisjoint(a.name.split("."))}
        case ast.ImportFrom(module=module, names=aliases):
            whole = not interest.isdisjoint((module or "").split("."))
            return {a.asname or a.name for a in aliases if whole or a.name in interest} - {"*"}
        case _:
            return set()


def _mentions(argument: ast.expr, interest: frozenset[str]) -> bool:
    match argument:
        case ast.Constant(value=str(text)):
            return any(name in text for name in interest)
        case _:
            return False


def _mentions_inside(node: ast.AST, interest: frozenset[str]) -> bool:
    return any(isinstance(each, ast.expr) and _mentions(each, interest) for each in ast.walk(node))


def _roots_in(text: str, interest: frozenset[str]) -> Iterator[str]:
    """The first names of the chains in a string that lead to ``interest``; every chain is read once, however long."""
    for chain in _CHAIN.finditer(text):
        root = None
        for word in _NAME.findall(chain[0]):
            if root is None:
                root = word
            elif word in interest:
                yield root
                root = None


def _roots(expressions: Iterable[ast.expr]) -> set[str]:
    """The first names of attribute chains."""
    found = set()
    for expression in expressions:
        root = expression
        while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
            root = root.func if isinstance(root, ast.Call) else root.value
        if isinstance(root, ast.Name):
            found.add(root.id)
    return found


def line_filter(source: SourceMap, names: frozenset[str]) -> Callable[[ast.stmt], bool] | None:
    """Whether a statement's lines hold one of ``names`` or a star import; ``None``: look at every statement.

    That is when the file spells a name in other characters that Python holds for the same (NFKC, language reference,
    "Names").
    """
    words = names | _TYPING
    if not source.source.isascii() and _respelled(source, words):
        return None
    places = [start for start, _ in occurrences(source.source, words, source.encoding)]
    places += [star.start() for star in STAR.finditer(source.source)]
    lines = sorted({bisect.bisect_right(source.starts, place) for place in places})

    def keep(statement: ast.stmt) -> bool:
        first = statement.lineno
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        if decorators:
            first = decorators[0].lineno
        at = bisect.bisect_left(lines, first)
        return at < len(lines) and lines[at] <= (statement.end_lineno or first)

    return keep


def _respelled(source: SourceMap, names: Iterable[str]) -> bool:
    text = source.source.decode(source.encoding, "replace")
    normal = unicodedata.normalize("NFKC", text)
    return any(normal.count(name) != text.count(name) for name in names)
