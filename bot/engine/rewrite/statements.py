"""Edits of import statements: names taken out, changed, and put in."""

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import SsotError
from bot.domain.finding import Edit
from bot.engine.rewrite.imports import Addition, Line
from bot.engine.rewrite.layout import Layout

if TYPE_CHECKING:
    from bot.engine.rewrite.token_edits import TextEdit

ImportStatement = ast.Import | ast.ImportFrom
_PRAGMA = re.compile(r"#\s*(noqa|type:|pylint:|isort:|pragma:|nosec|fmt:|mypy:|pyright:|ruff:|NOSONAR)", re.IGNORECASE)


class UneditableImport(SsotError):
    """An import statement that does not come back from LibCST as it was, and of which some names have to stay."""


def add(layout: Layout, additions: Collection[Addition], fading: Collection[ast.stmt] = ()) -> list[Edit]:
    """Each import beside its anchor: as a statement of its own, or in the anchor's list if that is of the same module.

    ``fading`` are statements that may lose names by another fix; those get no new ones.
    """
    ordered = sorted(additions, key=lambda a: (layout.span(a.anchor), a.line.order))
    return [edit for a in ordered for edit in (a.anchor not in fading and _extend(layout, a)) or [_add(layout, a)]]


def takes(statement: ast.stmt, line: Line) -> bool:
    """Whether the list of an import statement can hold a further name."""
    return isinstance(statement, ast.ImportFrom) and _fits(statement, line) and statement.names[0].name != "*"


def _extend(layout: Layout, addition: Addition) -> list[Edit]:
    """A further name at the end of a list of names; nothing where that cannot be."""
    statement = addition.anchor
    if not isinstance(statement, ast.ImportFrom) or not takes(statement, addition.line):
        return []
    from bot.engine.rewrite import import_list  # loads LibCST

    try:
        found = import_list.extended(layout.text_of(statement), [addition.line.item], layout.newline)
    except import_list.NotExact:
        return []
    return _placed(layout, statement, found)


def _placed(layout: Layout, statement: ImportStatement, found: Iterable["TextEdit"]) -> list[Edit]:
    """Edits of a statement's text as edits of the file."""
    first, text = layout.span(statement)[0], layout.text_of(statement)
    encoding = layout.analysis.encoding

    def offset(at: int) -> int:
        return first + len(text[:at].encode(encoding))

    return [Edit(start=offset(e.start), end=offset(e.end), text=e.text) for e in found]


def _add(layout: Layout, addition: Addition) -> Edit:
    """Behind the anchor, or above it."""
    if not addition.above:
        return _behind(layout, addition.anchor, addition.line.statement, addition.pragma)
    decorators: list[ast.expr] = getattr(addition.anchor, "decorator_list", [])
    at = layout.line_start(layout.span(decorators[0] if decorators else addition.anchor)[0])
    indent = layout.indent(addition.anchor) or ""
    gap = layout.newline if indent else ""  # in a function a blank line parts imports from the rest
    return Edit(start=at, end=at, text=indent + addition.line.statement + layout.newline + gap)


def _behind(layout: Layout, anchor: ast.stmt, text: str, remark: str = "") -> Edit:
    """A statement of its own, before the anchor where something else stands on its line."""
    start, end = layout.span(anchor)
    indent, own = layout.indent(anchor), layout.remark(end)
    if indent is None or own is None:
        return Edit(start=start, end=start, text=f"{text}; ")
    text = indent + text + (pragma(remark or own) or pragma(_opening(layout, anchor)))
    at = layout.line_end(end)
    if layout.source[:at].endswith((b"\n", b"\r")):
        return Edit(start=at, end=at, text=text + layout.newline)
    return Edit(start=at, end=at, text=layout.newline + text)


def pragma(remark: str) -> str:
    """A comment for tools, with two spaces before it: what it says of an import holds for the one beside it."""
    return f"  {remark}" if _PRAGMA.match(remark) else ""


def _opening(layout: Layout, statement: ast.stmt) -> str:
    """The comment behind the opening bracket of a list of names."""
    return _comments(layout, statement)[0] if isinstance(statement, ast.ImportFrom) else ""


def _comments(layout: Layout, statement: ImportStatement) -> tuple[str, tuple[str, ...]]:
    """The comment behind the opening bracket, and that of each name that has a line of its own."""
    nothing = "", ("",) * len(statement.names)
    text = layout.text_of(statement)
    if "#" not in text:
        return nothing
    from bot.engine.rewrite import import_list  # loads LibCST

    try:
        return import_list.comments(text, layout.newline)
    except import_list.NotExact:
        return nothing


def drop(
    layout: Layout,
    statement: ImportStatement,
    gone: Collection[ast.alias],
    to_delete: Collection[ast.stmt],
    *,
    collapse: bool = True,
) -> list[Edit]:
    """Take names out of an import statement; with the last name the statement goes.

    Raises `UneditableImport` where some names have to stay and the statement cannot be edited.
    """
    if all(alias in gone for alias in statement.names):
        return [layout.delete(statement, to_delete, collapse=collapse)]
    return _edited(layout, statement, dict.fromkeys(gone))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListPlan:
    """What becomes of one import statement."""

    changes: Mapping[ast.alias, Line | None]
    """What comes in the place of names; ``None``: nothing."""
    added: tuple[Line, ...] = ()
    """What comes besides."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Arranged:
    """A plan, cut into what the statement's own list holds and what needs statements of its own."""

    inside: Mapping[ast.alias, Line | None]
    added: tuple[Line, ...] = ()
    outside: tuple[Line, ...] = ()
    module: str | None = None


def replace(
    layout: Layout,
    statement: ImportStatement,
    plan: ListPlan,
    to_delete: Collection[ast.stmt],
    *,
    collapse: bool = True,
) -> list[Edit]:
    """Change names of an import statement and bring in further ones, in its place.

    What can stay in the statement stays: comments, layout, and the names that are not spoken of.  Raises
    `UneditableImport` where some names have to stay and the statement cannot be edited.
    """
    lines = list(dict.fromkeys([*(line for line in plan.changes.values() if line), *plan.added]))
    kept = [alias for alias in statement.names if alias not in plan.changes]
    if not lines:
        return drop(layout, statement, list(plan.changes), to_delete, collapse=collapse)
    is_list = statement.names[0].name != "*" or [line.name for line in lines] == ["*"]
    if not kept and (not is_list or isinstance(statement, ast.Import) != (lines[0].name is None)):
        return [_instead(layout, statement, lines)]
    arranged = _arranged(statement, plan, _module(statement) if kept else lines[0].module)
    if not kept and not arranged.added and not any(arranged.inside.values()):
        return [_instead(layout, statement, lines)]
    try:
        edits = _edited(layout, statement, arranged.inside, arranged.added, arranged.module)
    except UneditableImport:
        if kept:
            raise
        return [_instead(layout, statement, lines)]
    return sorted([*_split_off(layout, statement, plan.changes, arranged.outside), *edits])


def further(
    layout: Layout, statement: ImportStatement, before: ListPlan, plan: ListPlan, to_delete: Collection[ast.stmt]
) -> list[Edit]:
    """As `replace`, so that the edits for ``before``, which is part of ``plan``, can be applied as well."""
    first = _arranged(statement, before, _module(statement))
    there = {*first.inside.values(), *first.added, *first.outside}
    changes = {alias: line for alias, line in plan.changes.items() if alias not in before.changes}
    lines = dict.fromkeys(each for each in (*changes.values(), *plan.added) if each and each not in there)
    inside, placed = {**first.inside}, set[Line]()
    for alias, line in changes.items():
        inside[alias] = line if line and line in lines and line not in placed and _fits(statement, line) else None
        placed.update(each for each in [inside[alias]] if each)
    outside = [line for line in lines if line not in placed]
    edits = _split_off(layout, statement, before.changes, first.outside)
    edits += _split_off(layout, statement, changes, outside)
    stays = first.added or any(inside.get(alias, alias) for alias in statement.names)
    if stays:
        return sorted([*edits, *_edited(layout, statement, inside, first.added)])
    if edits and not layout.on_own_lines(statement):
        return sorted([*edits, _cut(layout, statement)])
    leaving = () if edits else to_delete  # what is split off stays in the block
    return sorted([*edits, layout.delete(statement, leaving, collapse=False)])


def _cut(layout: Layout, statement: ImportStatement) -> Edit:
    """Take a statement out of its line, up to the next one: what stands before it ends with a semicolon."""
    body = layout.body(statement)
    at = next(n for n, each in enumerate(body) if each is statement) + 1
    shares = at < len(body) and body[at].lineno == statement.end_lineno
    start, end = layout.span(statement)
    return Edit(start=start, end=layout.span(body[at])[0] if shares else end, text="")


def _arranged(statement: ImportStatement, plan: ListPlan, module: str | None) -> _Arranged:
    """``module`` is the one that the statement is to be of."""
    lines = dict.fromkeys([*(line for line in plan.changes.values() if line), *plan.added])
    here = plan.changes.values()  # a further module has a statement of its own
    fitting = [line for line in lines if _is_of(statement, module, line) and (line.name or line in here)]
    inside: dict[ast.alias, Line | None] = {}
    for alias, line in plan.changes.items():
        inside[alias] = line if line in fitting and line not in inside.values() else None
    fresh = [line for line in fitting if line not in inside.values()]
    free = [alias for alias, line in inside.items() if line is None and plan.changes[alias] is None]
    inside |= zip(free, fresh, strict=False)
    outside = tuple(line for line in lines if line not in fitting)
    return _Arranged(inside=inside, added=tuple(fresh[len(free) :]), outside=outside, module=module)


def _split_off(
    layout: Layout, statement: ImportStatement, changes: Mapping[ast.alias, Line | None], outside: Sequence[Line]
) -> list[Edit]:
    """Statements for the lines of other modules, each with the comment of the name in whose place it comes."""
    remarks = dict(zip(statement.names, _comments(layout, statement)[1], strict=True))
    said = {line: remarks[alias] for alias, line in changes.items() if line}
    by_remark: dict[str, list[Line]] = {}
    for line in sorted(outside, key=lambda each: each.order):
        by_remark.setdefault(said.get(line, ""), []).append(line)
    return [_behind(layout, statement, text, remark) for remark, of in by_remark.items() for text in _written(of)]


def _edited(
    layout: Layout, statement: ImportStatement, changes: Mapping[ast.alias, Line | None], added: Sequence[Line] = (),
    module: str | None = None,
) -> list[Edit]:  # fmt: skip
    from bot.engine.rewrite import import_list  # loads LibCST

    position = {alias: n for n, alias in enumerate(statement.names)}
    changed = {alias: line for alias, line in changes.items() if line is None or not _says(alias, line)}
    items = {position[alias]: line.item if line else None for alias, line in changed.items()}
    moved = module if isinstance(statement, ast.ImportFrom) and module != _module(statement) else None
    change = import_list.ListChange(items=items, added=[line.item for line in added], module=moved)
    try:
        return _placed(layout, statement, import_list.edited(layout.text_of(statement), change, layout.newline))
    except import_list.NotExact as error:
        raise UneditableImport(str(error)) from error


def _says(alias: ast.alias, line: Line) -> bool:
    """Whether a name of a list stays as it is: ``f as f`` says more than ``f``."""
    name = line.name or line.module
    return name == alias.name and (line.local or name) == (alias.asname or name)


def _module(statement: ImportStatement) -> str | None:
    """The module of a list of names, as it is written."""
    if isinstance(statement, ast.Import):
        return None
    return "." * statement.level + (statement.module or "")


def _is_of(statement: ImportStatement, module: str | None, line: Line) -> bool:
    """Whether a name can be imported by this statement, made one of ``module``."""
    if isinstance(statement, ast.Import):
        return line.name is None
    return line.name is not None and line.module == module


def _fits(statement: ImportStatement, line: Line) -> bool:
    """Whether a name can be imported by this statement as it stands."""
    return _is_of(statement, _module(statement), line)


def _instead(layout: Layout, statement: ImportStatement, lines: Sequence[Line]) -> Edit:
    """New import statements in the place of the whole old one."""
    start, end = layout.span(statement)
    indent = layout.indent(statement)
    own = indent is not None and layout.remark(end) is not None
    texts = _written(lines)
    return Edit(start=start, end=end, text=(layout.newline + (indent or "")).join(texts) if own else "; ".join(texts))


def _written(lines: Sequence[Line]) -> list[str]:
    """Import statements that bring ``lines``, each module named once."""
    texts = []
    for module, alone in dict.fromkeys((line.module, line.name in (None, "*")) for line in lines):
        of_module = [line for line in lines if (line.module, line.name in (None, "*")) == (module, alone)]
        if alone:
            texts += [line.statement for line in of_module]
        else:
            texts.append(f"from {module} import {', '.join(line.item for line in of_module)}")
    return texts
