"""Edits of import statements and of other lists: names taken out, changed, and put in."""

import ast
import re
from collections.abc import Collection, Mapping, Sequence

from bot.domain.finding import Edit
from bot.engine.rewrite.imports import Addition, Line
from bot.engine.rewrite.layout import Layout

ImportStatement = ast.Import | ast.ImportFrom
_PRAGMA = re.compile(r"#\s*(noqa|type:|pylint:|isort:|pragma:|nosec|fmt:|mypy:|pyright:|ruff:|NOSONAR)", re.IGNORECASE)
_MODULE = re.compile(rb"from(?:[ \t\f]|\\\r?\n)*(?P<module>[\w.][\w. \t]*?)(?:[ \t\f]|\\\r?\n)*\bimport\b")


def add(layout: Layout, additions: Collection[Addition], fading: Collection[ast.stmt] = ()) -> list[Edit]:
    """Each import beside its anchor: as a statement of its own, or in the anchor's list if that is of the same module.

    ``fading`` are statements that may lose names by another fix; those get no new ones.
    """
    ordered = sorted(additions, key=lambda a: (layout.span(a.anchor), a.line.order))
    return [(a.anchor not in fading and _extend(layout, a)) or _add(layout, a) for a in ordered]


def _extend(layout: Layout, addition: Addition) -> Edit | None:
    """A further name at the end of a list of names, on a line of its own if the last one has that."""
    statement = addition.anchor
    if (
        not isinstance(statement, ast.ImportFrom)
        or not _fits(statement, addition.line)
        or statement.names[0].name == "*"
    ):
        return None
    start, end = layout.span(statement.names[-1])
    first = layout.line_start(start)
    before = layout.source[first:start]
    own_line = len(statement.names) > 1 and not before.strip(b" \t\f") and _is_bracketed(layout, statement)
    gap = layout.newline + before.decode() if own_line else " "
    return Edit(start=end, end=end, text=f",{gap}{addition.line.item}")


def _is_bracketed(layout: Layout, statement: ImportStatement) -> bool:
    return isinstance(statement, ast.ImportFrom) and layout.text_of(statement).rstrip().endswith(")")


def _add(layout: Layout, addition: Addition) -> Edit:
    """Behind the anchor, or above it."""
    if not addition.above:
        return _behind(layout, addition.anchor, addition.line.statement, addition.pragma)
    decorators: list[ast.expr] = getattr(addition.anchor, "decorator_list", [])
    at = layout.line_start(layout.span(decorators[0] if decorators else addition.anchor)[0])
    return Edit(start=at, end=at, text=addition.line.statement + layout.newline)


def _behind(layout: Layout, anchor: ast.stmt, text: str, remark: str = "") -> Edit:
    """A statement of its own, before the anchor where something else stands on its line."""
    start, end = layout.span(anchor)
    indent, own = layout.indent(anchor), layout.remark(end)
    if indent is None or own is None:
        return Edit(start=start, end=start, text=f"{text}; ")
    text = indent + text + pragma(remark or own)
    at = layout.line_end(end)
    if layout.source[:at].endswith((b"\n", b"\r")):
        return Edit(start=at, end=at, text=text + layout.newline)
    return Edit(start=at, end=at, text=layout.newline + text)


def pragma(remark: str) -> str:
    """A comment for tools, with two spaces before it: what it says of an import holds for the one beside it."""
    return f"  {remark}" if _PRAGMA.match(remark) else ""


def drop(
    layout: Layout,
    statement: ImportStatement,
    gone: Collection[ast.alias],
    to_delete: Collection[ast.stmt],
    *,
    collapse: bool = True,
) -> list[Edit]:
    """Take names out of an import statement; with the last name the statement goes."""
    if all(alias in gone for alias in statement.names):
        return [layout.delete(statement, to_delete, collapse=collapse)]
    bracketed = _is_bracketed(layout, statement)
    return remove_items(layout, statement.names, [alias in gone for alias in statement.names], bracketed=bracketed)


def replace(
    layout: Layout,
    statement: ImportStatement,
    changes: Mapping[ast.alias, Line | None],
    additions: Sequence[Line],
    to_delete: Collection[ast.stmt],
) -> list[Edit]:
    """Change (``None``: drop) names of an import statement and bring in further ones, in its place.

    What can stay in the statement stays: comments, layout, and the names that are not spoken of.
    """
    lines = list(dict.fromkeys([*(line for line in changes.values() if line), *additions]))
    kept = [alias for alias in statement.names if alias not in changes]
    if not lines:
        return drop(layout, statement, list(changes), to_delete)
    if not kept and len({(line.module, line.name is None) for line in lines}) == 1:
        edits = _in_place(layout, statement, changes, additions)
        if edits is not None:
            return edits
    if not kept:
        return [_instead(layout, statement, lines)]
    inside = {alias: line for alias, line in changes.items() if line and _fits(statement, line)}
    fresh = [line for line in dict.fromkeys(additions) if line not in changes.values() and _fits(statement, line)]
    inside |= zip([alias for alias, line in changes.items() if line is None], fresh, strict=False)
    outside = [line for line in lines if line not in inside.values()]
    gone = [alias for alias in changes if alias not in inside]
    edits = [edit for alias, line in inside.items() for edit in _item(layout, alias, line)]
    removed = [alias in gone for alias in statement.names]
    bracketed = _is_bracketed(layout, statement)
    edits += remove_items(layout, statement.names, removed, bracketed=bracketed)
    said = {line: _remark(layout, alias) for alias, line in changes.items() if line}
    by_remark: dict[str, list[Line]] = {}
    for line in sorted(outside, key=lambda each: each.order):
        by_remark.setdefault(said.get(line, ""), []).append(line)
    added = [_behind(layout, statement, text, remark) for remark, of in by_remark.items() for text in _written(of)]
    return sorted([*added, *edits])


def _remark(layout: Layout, alias: ast.alias) -> str:
    """The comment behind a name that has a line of its own."""
    start, end = layout.span(alias)
    lines = _own_lines(layout, start, end)
    _, mark, comment = layout.text(end, lines[1]).partition("#") if lines else ("", "", "")
    return mark + comment.rstrip()


def _fits(statement: ImportStatement, line: Line) -> bool:
    """Whether a name can be imported by this statement as it stands."""
    if isinstance(statement, ast.Import):
        return line.name is None
    return line.name is not None and line.module == "." * statement.level + (statement.module or "")


def _item(layout: Layout, alias: ast.alias, line: Line) -> list[Edit]:
    """Change a name of the list; what of it stays the same is not touched (``f as f`` says more than ``f``)."""
    start, end = layout.span(alias)
    name = line.name or line.module
    if name == alias.name and (line.local or name) == (alias.asname or name):
        return []
    if alias.asname and line.local == alias.asname != name:
        return [Edit(start=start, end=start + len(alias.name.encode()), text=name)]
    return [Edit(start=start, end=end, text=line.item)]


def _in_place(
    layout: Layout, statement: ImportStatement, changes: Mapping[ast.alias, Line | None], additions: Sequence[Line]
) -> list[Edit] | None:
    """Another module, the same list: possible when each name has one successor and nothing is added."""
    if additions or None in changes.values() or len(set(changes.values())) != len(changes):
        return None
    first = next(line for line in changes.values() if line)
    if isinstance(statement, ast.Import) != (first.name is None):
        return None
    edits = [edit for alias, line in changes.items() if line for edit in _item(layout, alias, line)]
    if isinstance(statement, ast.ImportFrom) and not _fits(statement, first):
        start, end = layout.span(statement)
        found = _MODULE.match(layout.source, start, end)
        if found is None:
            return None
        edits.append(Edit(start=found.start("module"), end=found.end("module"), text=first.module))
    return sorted(edits)


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
    for module, whole in dict.fromkeys((line.module, line.name is None) for line in lines):
        of_module = [line for line in lines if (line.module, line.name is None) == (module, whole)]
        if whole:
            texts += [line.statement for line in of_module]
        else:
            texts.append(f"from {module} import {', '.join(line.item for line in of_module)}")
    return texts


def remove_items(layout: Layout, items: Sequence[ast.AST], gone: Sequence[bool], *, bracketed: bool) -> list[Edit]:
    """Take items out of a comma-separated list of which at least one stays (or that may become empty)."""
    spans = [layout.span(item) for item in items]
    edits: list[Edit] = []
    for n, (start, end) in enumerate(spans):
        if not gone[n]:
            continue
        before = max((m for m in range(n) if not gone[m]), default=None)
        after = next((m for m in range(n + 1, len(spans)) if not gone[m]), None)
        if bracketed and (lines := _own_lines(layout, start, end)):
            edits.append(Edit(start=lines[0], end=lines[1], text=""))
        elif after is not None and (before is None or after == n + 1) and not _ends_line(layout, n, spans):
            edits.append(Edit(start=start, end=spans[n + 1][0], text=""))
        elif before is not None:
            edits.append(Edit(start=spans[n - 1][1], end=end, text=""))
        elif n + 1 < len(spans):
            edits.append(Edit(start=start, end=spans[n + 1][0], text=""))
        else:
            edits.append(Edit(start=start, end=_past_comma(layout, end), text=""))
    return _merged(edits)


def _ends_line(layout: Layout, n: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether the item is the last on a line that it shares with the one before it."""
    line = layout.line_start
    shares = n > 0 and line(spans[n - 1][1]) == line(spans[n][0])
    return shares and n + 1 < len(spans) and line(spans[n + 1][0]) != line(spans[n][1])


_OWN = re.compile(rb"[ \t\f]*,?[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)")
_COMMA = re.compile(rb"[ \t\f]*,[ \t\f]*")


def _past_comma(layout: Layout, end: int) -> int:
    found = _COMMA.match(layout.source, end)
    return found.end() if found else end


def _own_lines(layout: Layout, start: int, end: int) -> tuple[int, int] | None:
    """The lines of an item that shares them with nothing but its comma and a comment."""
    first = layout.line_start(start)
    after = _OWN.match(layout.source, end)
    if layout.source[first:start].strip(b" \t\f") or not after:
        return None
    return first, after.end()


def _merged(edits: Sequence[Edit]) -> list[Edit]:
    found: list[Edit] = []
    for edit in sorted(edits):
        if found and edit.start <= found[-1].end:
            found[-1] = Edit(start=found[-1].start, end=max(found[-1].end, edit.end), text="")
        else:
            found.append(edit)
    return found
