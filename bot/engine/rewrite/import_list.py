"""The names of one import statement, edited as LibCST reads it: the only module of the rewriting that edits with it.

LibCST takes a fifth of a second to load: import this module where a statement is edited, never before.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import libcst as cst

from bot.engine.rewrite.token_edits import TextEdit, changed

_Import = cst.Import | cst.ImportFrom
_White = cst.BaseParenthesizableWhitespace
_NONE = cst.SimpleWhitespace("")


class NotExact(ValueError):
    """The statement is none that LibCST gives back byte for byte, so that it is not edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """What becomes of the names of a statement; positions count from 0 in the order of the list."""

    items: Mapping[int, str | None]
    """The new text of a name (``name`` or ``name as local``); ``None``: it goes.  At least one name has to stay."""
    added: Sequence[str] = ()
    """Further names, behind the last one."""
    module: str | None = None
    """The module to import from instead, with leading dots when relative."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """What stands behind a name: white space, a comma, white space with the comments in it."""

    comma: bool
    before: _White
    after: _White

    @property
    def breaks(self) -> bool:
        return isinstance(self.after, cst.ParenthesizedWhitespace)

    @property
    def comment(self) -> cst.Comment | None:
        """The comment on the line of the name."""
        after = self.after
        return after.first_line.comment if isinstance(after, cst.ParenthesizedWhitespace) else None


@dataclass(frozen=True, slots=True)
class _Item:
    """A name with what follows it; ``key`` is its position in the statement as it was, ``None`` for a new one."""

    alias: cst.ImportAlias
    gap: _Gap
    key: int | None = None


@dataclass(frozen=True, slots=True)
class _List:
    """A statement, cut into its list and the rest."""

    statement: _Import
    opening: _Gap
    """What stands before the first name."""
    items: tuple[_Item, ...]
    newline: str

    @property
    def is_bracketed(self) -> bool:
        return isinstance(self.statement, cst.ImportFrom) and self.statement.lpar is not None


def edited(text: str, change: ListChange, newline: str) -> list[TextEdit]:
    """The edits that make ``change`` to the import statement ``text``, which begins without indentation.

    ``newline`` is the line end of the file.  Raises `NotExact` for a statement that does not come back as it was.
    """
    before = _read(text, newline)
    after = before
    for key, item in change.items.items():
        if item is not None:
            after = _renamed(after, key, item)
    for key in sorted((k for k, item in change.items.items() if item is None), reverse=True):
        after = _without(after, key)
    for item in change.added:
        after = _with(after, item)
    if change.module is not None:
        after = _moved(after, change.module)
    return _difference(before, after)


def extended(text: str, items: Sequence[str], newline: str) -> list[TextEdit]:
    """The edits that put each of ``items`` at the end of the list, each by edits of its own.

    So two fixes may bring in a name each, or the same one.  Raises `NotExact` as `edited` does.
    """
    before = _read(text, newline)
    return list(dict.fromkeys(edit for item in items for edit in _difference(before, _with(before, item))))


def comments(text: str, newline: str) -> tuple[str, tuple[str, ...]]:
    """The comment behind the opening bracket, and that of each name that has a line of its own; ``""`` for none.

    Raises `NotExact` as `edited` does.
    """
    names = _read(text, newline)
    gaps = [names.opening, *(item.gap for item in names.items)]
    found = [gap.comment.value if gap.comment and before.breaks else "" for before, gap in pairwise(gaps)]
    return names.opening.comment.value if names.opening.comment else "", tuple(found)


# --- reading --------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def _read(text: str, newline: str) -> _List:
    statement = _parsed(text, newline)
    if _code(statement, newline) != text:
        raise NotExact("the import statement does not come back as it was")
    aliases = () if isinstance(statement.names, cst.ImportStar) else statement.names
    opening = _Gap(comma=False, before=_NONE, after=_NONE)
    if not aliases:
        return _List(statement, opening, (), newline)
    gaps = [_gap(alias.comma) for alias in aliases]
    if isinstance(statement, cst.ImportFrom) and statement.lpar and statement.rpar:
        opening = replace(opening, after=statement.lpar.whitespace_after)
        gaps[-1] = _closing(gaps[-1], statement.rpar.whitespace_before)
    bare = [alias.with_changes(comma=cst.MaybeSentinel.DEFAULT) for alias in aliases]
    items = tuple(_Item(alias, gap, n) for n, (alias, gap) in enumerate(zip(bare, gaps, strict=True)))
    return _List(statement, opening, items, newline)


def _parsed(text: str, newline: str) -> _Import:
    try:
        line = cst.parse_statement(text, config=cst.PartialParserConfig(default_newline=newline))
    except cst.ParserSyntaxError as error:
        raise NotExact("the import statement is not read") from error
    match line:
        case cst.SimpleStatementLine(body=[cst.Import() | cst.ImportFrom() as statement]):
            return statement
        case _:
            raise NotExact("it is no import statement")


def _gap(comma: cst.Comma | cst.MaybeSentinel) -> _Gap:
    if isinstance(comma, cst.Comma):
        return _Gap(comma=True, before=comma.whitespace_before, after=comma.whitespace_after)
    return _Gap(comma=False, before=_NONE, after=_NONE)


def _closing(gap: _Gap, bracket: _White) -> _Gap:
    """The last gap, with the white space before the closing bracket."""
    if not gap.after.empty and not bracket.empty:
        raise NotExact("two white spaces before the closing bracket")
    return replace(gap, after=gap.after if bracket.empty else bracket)


def _code(node: cst.CSTNode, newline: str) -> str:
    return cst.Module(body=[], default_newline=newline).code_for_node(node)


# --- changes --------------------------------------------------------------------------------------------------------


def _renamed(names: _List, key: int, text: str) -> _List:
    old, new = names.items[key].alias, _alias(names, text)
    keeps = old.asname and new.asname and old.asname.name.deep_equals(new.asname.name)
    alias = old.with_changes(name=new.name) if keeps else new
    return replace(names, items=tuple(replace(i, alias=alias) if i.key == key else i for i in names.items))


def _alias(names: _List, text: str) -> cst.ImportAlias:
    head = "from m import" if isinstance(names.statement, cst.ImportFrom) else "import"
    aliases = _parsed(f"{head} {text}", names.newline).names
    if isinstance(aliases, cst.ImportStar):
        raise NotExact("a star is no name of a list")
    return aliases[0]


def _without(names: _List, key: int) -> _List:
    """The list without a name: its comment goes, its neighbours' and those on lines of their own stay."""
    at = next(n for n, item in enumerate(names.items) if item.key == key)
    before = names.items[at - 1].gap if at else names.opening
    gap = _met(before, names.items[at].gap, first=at == 0, last=at == len(names.items) - 1)
    items = (*names.items[:at], *names.items[at + 1 :])
    if at == 0:
        return replace(names, opening=gap, items=items)
    return replace(names, items=(*items[: at - 1], replace(items[at - 1], gap=gap), *items[at:]))


def _met(before: _Gap, after: _Gap, *, first: bool, last: bool) -> _Gap:
    """What stands between the neighbours of a name that goes."""
    if before.breaks and after.breaks and after.before.empty:
        return replace(before, after=_joined(before.after, after.after))  # a line of its own
    ends_line = not before.breaks and after.breaks
    if first or not (last or ends_line):
        return before
    if before.comment is not None and not after.breaks:
        return replace(after, after=_joined(before.after, cst.ParenthesizedWhitespace()))
    return after


def _joined(before: _White, after: _White) -> _White:
    """The rest of the line before, the lines between, and the indentation of what follows."""
    if isinstance(before, cst.ParenthesizedWhitespace) and isinstance(after, cst.ParenthesizedWhitespace):
        lines = (*before.empty_lines, *after.empty_lines)
        return before.with_changes(empty_lines=lines, indent=after.indent, last_line=after.last_line)
    return after


def _moved(names: _List, module: str) -> _List:
    new = _parsed(f"from {module} import m", names.newline)
    if not isinstance(names.statement, cst.ImportFrom) or not isinstance(new, cst.ImportFrom):
        raise NotExact("only a list of names has a module")
    return replace(names, statement=names.statement.with_changes(module=new.module, relative=new.relative))


def _with(names: _List, text: str) -> _List:
    """The list with one more name at its end, on a line of its own if the last one has that."""
    if not names.items:
        raise NotExact("a star stands alone")
    last = names.items[-1]
    before = names.items[-2].gap if len(names.items) > 1 else names.opening
    closing, gap = last.gap, _Gap(comma=True, before=_NONE, after=cst.SimpleWhitespace(" "))
    if names.is_bracketed and isinstance(before.after, cst.ParenthesizedWhitespace):
        indent, rest = before.after.last_line, closing.after
        plain = cst.ParenthesizedWhitespace(first_line=cst.TrailingWhitespace(), indent=True, last_line=indent)
        gap = replace(gap, after=plain)
        if isinstance(rest, cst.ParenthesizedWhitespace):
            gap = replace(gap, after=plain.with_changes(first_line=rest.first_line))
            bare = rest.with_changes(first_line=plain.first_line)
            closing = _Gap(comma=closing.comma or closing.comment is not None, before=_NONE, after=bare)
    items = (*names.items[:-1], replace(last, gap=gap), _Item(_alias(names, text), closing))
    return replace(names, items=items)


# --- writing --------------------------------------------------------------------------------------------------------


def _difference(before: _List, after: _List) -> list[TextEdit]:
    """Between names that stay, the text between them; so fixes of different names can be put together."""
    old, new = list(_pieces(before)), list(_pieces(after))
    stays = {key for key, _ in new if key is not None}
    found: list[TextEdit] = []
    at = 0
    for (_, one), (_, two) in zip(_runs(old, stays), _runs(new, stays), strict=True):
        found += changed(one, two, at)
        at += len(one)
    return found


def _runs(pieces: Sequence[tuple[int | None, str]], stays: set[int]) -> Iterator[tuple[int | None, str]]:
    """The names that stay and, in one piece each, what stands before, between and behind them."""
    between = ""
    for key, text in pieces:
        if key in stays:
            yield None, between
            yield key, text
            between = ""
        else:
            between += text
    yield None, between


def _pieces(names: _List) -> Iterator[tuple[int | None, str]]:
    """The text of the statement in order: the names with their keys, and what stands around them."""
    yield None, _head(names) + _code(names.opening.after, names.newline)
    for item in names.items:
        yield item.key, _code(item.alias, names.newline)
        comma = "," if item.gap.comma else ""
        yield None, _code(item.gap.before, names.newline) + comma + _code(item.gap.after, names.newline)
    if names.is_bracketed:
        yield None, ")"


def _head(names: _List) -> str:
    """Up to the first name, without the white space that the opening bracket has behind it."""
    if not names.items:
        return _code(names.statement, names.newline)  # a star
    mark = cst.ImportAlias(name=cst.Name("m"))
    if isinstance(names.statement, cst.Import):
        return _code(names.statement.with_changes(names=[mark]), names.newline).removesuffix("m")
    lpar, rpar = names.statement.lpar, names.statement.rpar
    if lpar is not None and rpar is not None:
        lpar, rpar = lpar.with_changes(whitespace_after=_NONE), rpar.with_changes(whitespace_before=_NONE)
    bare = names.statement.with_changes(names=[mark], lpar=lpar, rpar=rpar)
    return _code(bare, names.newline).removesuffix(")").removesuffix("m")
