"""What is shown of a rewritten file before anybody sees it."""

import ast
from collections import Counter
from collections.abc import Sequence

from pyflakes import checker, messages

from bot.engine.analysis import Analysis
from bot.engine.exports import PARSE_ERRORS, parse
from bot.engine.rewrite.edits import EditConflict, apply_edits
from bot.model import Edit

_NAMES = (messages.UndefinedName, messages.UndefinedExport, messages.UndefinedLocal)
_OURS = (*_NAMES, messages.UnusedImport, messages.RedefinedWhileUnused, messages.ImportShadowedByLoopVar)


def fault(analysis: Analysis, edits: Sequence[Edit]) -> str | None:
    """What is wrong with the file once ``edits`` are applied; ``None``: nothing.

    It parses; no name is newly undefined, no import newly unused or duplicated; and the trees differ only in the
    statements that the edits touch.
    """
    try:
        after = apply_edits(analysis.source, edits)
        tree = parse(after)
    except EditConflict as error:
        return str(error)
    except PARSE_ERRORS as error:
        return f"it does not parse ({error})"
    if (changed := _unintended(analysis, tree, edits)) is not None:
        return changed
    return _complaint(analysis.tree, tree)


def _unintended(analysis: Analysis, after: ast.Module, edits: Sequence[Edit]) -> str | None:
    """Outside the edits, the statements of both trees must be the same, in the same order."""
    touched = [(edit.start, edit.end) for edit in edits]
    before = Counter(_shape(s) for s in _statements(analysis.tree) if not _is_touched(analysis, s, touched))
    missing = before - Counter(_shape(s) for s in _statements(after))
    if missing:
        return "a statement outside the edits changed"
    return None


def _statements(tree: ast.Module) -> list[ast.stmt]:
    """Every statement, blocks included."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def _shape(statement: ast.stmt) -> str:
    """A statement without the blocks in it."""
    fields = [
        ast.dump(value) if isinstance(value, ast.AST) else repr([_dumped(each) for each in value])
        if isinstance(value, list)
        else repr(value)
        for name, value in ast.iter_fields(statement)
        if name not in ("body", "orelse", "finalbody", "handlers", "cases")
    ]  # fmt: skip
    return f"{type(statement).__name__}({', '.join(fields)})"


def _dumped(value: object) -> str:
    return ast.dump(value) if isinstance(value, ast.AST) else repr(value)


def _is_touched(analysis: Analysis, statement: ast.stmt, touched: Sequence[tuple[int, int]]) -> bool:
    start, end = analysis.map.span(statement)
    return any(first <= end and start <= last for first, last in touched)


def _complaint(before: ast.Module, after: ast.Module) -> str | None:
    """The first new message of pyflakes about a name."""
    known = Counter(_messages(before))
    for text in _messages(after):
        if known[text] == 0:
            return text
        known[text] -= 1
    return None


def _messages(tree: ast.Module) -> list[str]:
    found = checker.Checker(tree, withDoctest=False).messages
    return [str(each.message % each.message_args) for each in found if isinstance(each, _OURS)]
