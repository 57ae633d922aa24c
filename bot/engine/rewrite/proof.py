"""What is shown of a rewritten file before anybody sees it."""

import ast
import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pyflakes import checker, messages

from bot.domain.finding import Edit
from bot.engine.program.nodes import nodes
from bot.engine.resolve.exports import PARSE_ERRORS, parse_exactly
from bot.engine.rewrite.apart import Apart
from bot.engine.rewrite.edits import EditConflict, apply_edits
from bot.engine.rewrite.groups import Group
from bot.engine.source.text import SourceMap
from bot.engine.usages.analysis import Analysis

_UNDEFINED = (messages.UndefinedName, messages.UndefinedExport, messages.UndefinedLocal)
_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Messages:
    """What pyflakes says about the names of a file, without the places, which edits move."""

    undefined: frozenset[str]
    doubled: Counter[str]
    """Names that a block imports twice."""
    unused: tuple[str, ...]
    """What the unused imports bind."""
    repeated: Counter[str]
    """Labels that a call gives twice, which parses, but is a ``SyntaxError`` all the same."""


@dataclass(eq=False)
class Prover:
    """The checks of one file's fixes against the file as it is."""

    analysis: Analysis
    _known: dict[tuple[tuple[Edit, ...], bool], str | None] = field(default_factory=dict)
    """What was found for these edits, with and without names: one group alone is often all that there is."""

    def fault(self, edits: Sequence[Edit], *, names: bool = True) -> str | None:
        """What is wrong with the file once ``edits`` are applied; ``None``: nothing.

        It parses; the statements that the edits do not touch are the same, each at its place; and (with ``names``) no
        name is newly undefined, no import or argument newly doubled, and no import that the edits brought is unused.
        """
        key = tuple(edits), names
        if key not in self._known:
            self._known[key] = self._fault(edits, names=names)
        return self._known[key]

    def _fault(self, edits: Sequence[Edit], *, names: bool) -> str | None:
        try:
            after = apply_edits(self.analysis.source, edits)
            tree = parse_exactly(after)
        except EditConflict as error:
            return str(error)
        except PARSE_ERRORS as error:
            return f"it does not parse ({error})"
        if not self._keeps_the_rest(SourceMap(after, self.analysis.encoding), tree, edits):
            return "a statement outside the edits changed"
        if sum(_documented(tree)) > sum(_documented(self.analysis.tree)):
            return "a string becomes a docstring"
        try:
            return self._complaint(tree) if names else None
        except RecursionError:  # pyflakes goes down by recursion, and further than Python's own parser
            return "it is nested too deeply to be checked"

    def _keeps_the_rest(self, after: SourceMap, tree: ast.Module, edits: Sequence[Edit]) -> bool:
        """Equal bytes at the shifted place, read as the same sort of statement, are the same statement."""
        found = {(type(s), *after.span(s)) for s in _statements(tree)}
        starts = [edit.start for edit in edits]
        shifts = [0]
        for edit in edits:
            shifts.append(shifts[-1] + len(edit.text.encode(self.analysis.encoding)) - (edit.end - edit.start))
        for statement in _statements(self.analysis.tree):
            start, end = self.analysis.map.span(statement)
            last = self._next_line(statement) if hasattr(statement, "body") else end  # a block may grow at its end
            at = bisect.bisect_right(starts, start)
            touched = (at > 0 and edits[at - 1].end > start) or bisect.bisect_right(starts, last, at) > at
            if not touched and (type(statement), start + shifts[at], end + shifts[at]) not in found:
                return False
        return True

    def _next_line(self, statement: ast.stmt) -> int:
        """Where the line after a statement begins, or the file ends."""
        starts, line = self.analysis.map.starts, statement.end_lineno or statement.lineno
        return starts[line] if line < len(starts) else len(self.analysis.source)

    def is_plain(self, edits: Sequence[Edit]) -> bool:
        """Whether ``edits`` only write something else inside expressions: no import comes, changes or goes.

        The names that they write are then there for them alone if they are there with all other fixes.
        """
        if not all(edit.text for edit in edits) or any("import" in edit.text for edit in edits):
            return False
        return not self._in_imports(edits)

    def is_inner(self, edits: Sequence[Edit]) -> bool:
        """Whether ``edits`` stay outside import statements, and bind and free no name inside an expression."""
        source = self.analysis.source
        texts = (text for edit in edits for text in (edit.text, source[edit.start : edit.end].decode("latin-1")))
        return not any("import" in text or ":=" in text for text in texts) and not self._in_imports(edits)

    def mixed(self, groups: Sequence[Group], edits: Sequence[Edit]) -> set[Group]:
        """Those of ``groups`` that have to be proved alone, although all ``edits`` of them hold together."""
        after = apply_edits(self.analysis.source, edits)
        tree = parse_exactly(after)
        if _documented(tree) != _documented(self.analysis.tree):
            return set(groups)
        apart = Apart(before=self.analysis.map, after=SourceMap(after, self.analysis.encoding), edits=edits)
        return apart.mixed(self.analysis.tree, tree, groups)

    def _in_imports(self, edits: Sequence[Edit]) -> bool:
        return any(start < edit.end and edit.start < end for start, end in self._imports for edit in edits)

    @cached_property
    def _imports(self) -> list[tuple[int, int]]:
        statements = _statements(self.analysis.tree)
        return [self.analysis.map.span(s) for s in statements if isinstance(s, ast.Import | ast.ImportFrom)]

    @cached_property
    def _before(self) -> _Messages:
        return _messages(self.analysis.tree)

    def _complaint(self, tree: ast.Module) -> str | None:
        """The first new message of pyflakes about a name.

        Unused imports are counted: one that was unused before may have become another one, and one that stays
        although its last use went stays for a reason, which its own verdict gives.
        """
        found = _messages(tree)
        if not (found.undefined or found.doubled or found.repeated or found.unused):
            return None  # so what was said of the file before does not matter
        known = self._before
        if (name := next(iter(found.undefined - known.undefined), None)) is not None:
            return f"undefined name {name!r}"
        if (name := next(iter(found.doubled - known.doubled), None)) is not None:
            return f"{name!r} is imported again"
        if (label := next(iter(found.repeated - known.repeated), None)) is not None:
            return f"the argument {label!r} is given twice"
        return self._unused(tree) if len(found.unused) > len(known.unused) else None

    def _unused(self, tree: ast.Module) -> str | None:
        """The first unused import that the file did not have, nor one that bound its name for nothing."""
        nodes = [node for node in ast.walk(self.analysis.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        old = {name for node in nodes for name in _imported_names(node)}
        unused = [m for m in _checked(tree) if isinstance(m, messages.UnusedImport)]
        new = (m for m in unused if m.message_args[0] not in old and _bound(m) not in self._before.unused)
        return next((str(m.message % m.message_args) for m in new), None)


def _documented(tree: ast.Module) -> list[bool]:
    """Whether functions, classes and modules (of those that stand in blocks) have a docstring."""
    documented = (each for each in _nodes(tree) if isinstance(each, _DOCUMENTED))
    return [ast.get_docstring(each, clean=False) is not None for each in documented]


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every statement, those in blocks included."""
    return (node for node in _nodes(tree) if isinstance(node, ast.stmt))


def _nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """The module, its statements, and what else holds some: handlers and cases."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        for name in _BLOCKS:
            pending.extend(getattr(node, name, None) or ())


def _bound(message: messages.UnusedImport) -> str:
    """The last component of the name under which something is imported."""
    return str(message.message_args[0]).rpartition(" as ")[2].rpartition(".")[2]


def _imported_names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    prefix = ""
    if isinstance(node, ast.ImportFrom):
        prefix = "." * node.level + (f"{node.module}." if node.module else "")
    for alias in node.names:
        name = prefix + alias.name
        yield f"{name} as {alias.asname}" if alias.asname and alias.asname != alias.name else name


def _doubled(tree: ast.Module) -> Iterator[str]:
    """The names that one block imports again; ``import a.b`` and ``import a.c`` are not the same name.

    What needs ``import a.b`` may stand between two of them; a name that is bound again may change its meaning.
    """
    for node in _nodes(tree):
        for name in _BLOCKS:
            groups, bound = [list[str]()], list[str]()
            for statement in getattr(node, name, None) or ():
                if isinstance(statement, ast.ImportFrom):
                    bound += (alias.asname or alias.name for alias in statement.names)
                elif isinstance(statement, ast.Import):
                    bound += (alias.asname for alias in statement.names if alias.asname)
                    groups[-1] += (alias.name for alias in statement.names if not alias.asname)
                elif groups[-1]:
                    groups.append([])
            for names in (bound, *groups):
                if len(names) != len(set(names)):
                    yield from (each for each, number in Counter(names).items() if number > 1)


def _repeated(tree: ast.Module) -> Iterator[str]:
    """The keyword arguments that a call has already."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and len(node.keywords) > 1:
            labels = Counter(keyword.arg for keyword in node.keywords if keyword.arg)
            yield from (label for label, number in labels.items() if number > 1)


def _messages(tree: ast.Module) -> _Messages:
    found = _checked(tree)
    return _Messages(
        undefined=frozenset(str(m.message_args[0]) for m in found if isinstance(m, _UNDEFINED)),
        doubled=Counter(_doubled(tree)),
        unused=tuple(_bound(m) for m in found if isinstance(m, messages.UnusedImport)),
        repeated=Counter(_repeated(tree)),
    )


def _checked(tree: ast.Module) -> list[messages.Message]:
    return list(checker.Checker(tree, withDoctest=False).messages)
