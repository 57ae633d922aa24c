"""What the code of a definition may run: by the names that it mentions, and those that these mention.

The answer may be too much, never too little, but for names that are computed.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.engine.program.cycles import closure, from_the_longest, leads_to, path_of
from bot.engine.program.definition import runs_for_subclasses
from bot.engine.program.early import SUBCLASSED
from bot.engine.program.index import Index
from bot.engine.program.nodes import stored
from bot.engine.program.view import Witness
from bot.engine.resolve.exports import PARSE_ERRORS, parse

_IMPORTS = (ast.Import, ast.ImportFrom)
_INNER = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a definition may run of its own module."""

    statements: frozenset[ast.stmt]
    """The statements at the top of the module: the definition's own, and those of what it mentions."""
    names: frozenset[str]
    """All names and attributes that stand in them."""


def run_by(
    tree: ast.Module,
    name: str,
    binds: Callable[[ast.stmt], Iterable[str]] | None = None,
    mentions: Callable[[ast.stmt], Iterable[str]] | None = None,
) -> Run | None:
    """What the module's ``name`` may run; ``None`` if no statement there binds it.

    ``binds`` and ``mentions`` say which names a statement binds, and which others it leads to: else all that may be.
    """
    binds, mentions = binds or _bound, mentions or _mentioned
    binding: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for bound in () if isinstance(statement, _IMPORTS) else binds(statement):
            binding.setdefault(bound, []).append(statement)
    statements, names, pending = set[ast.stmt](), set[str](), [name]
    while pending:
        for statement in binding.get(pending.pop(), ()):
            if statement not in statements:
                statements.add(statement)
                new = set(mentions(statement)) - names
                names |= new
                pending += new
    return Run(statements=frozenset(statements), names=frozenset(names)) if statements else None


def caller(index: Index, path: str, dotted: str, line: int | None) -> Witness | None:
    """Who may call code of ``path`` while the module of ``dotted`` is imported and its ``line`` is not reached yet.

    Then an import in a function of ``path`` would come too early as well.
    """
    program = index.program
    module = next((m for m in from_the_longest(dotted) if path_of(index, m) is not None), None)
    start = path_of(index, module) if module else None
    if module is None or start is None:
        return None
    reaching = {path: True}
    for other in (start, *closure(index, module).steps):
        for call in program.facts[other].calls:
            if other == start and line is not None and call.line > line:
                continue
            for name in program.absolute(other, call.name):
                if name.endswith(f".{SUBCLASSED}") and not runs_for_subclasses(index, name.rpartition(".")[0]):
                    continue
                if leads_to(index, name, reaching) and may_run(index, name, path):
                    return Witness(path=other, line=call.line)
    return None


def may_run(index: Index, dotted: str, path: str) -> bool:
    """Whether the code of ``dotted`` may run code of the file at ``path``; also if the code is not known."""
    ends = [name for name in index.resolution(dotted).names if index.resolution(name).names == (name,)]
    return not ends or any(_may_run(index, name, path) for name in ends)


def _may_run(index: Index, dotted: str, path: str) -> bool:
    module = next((each for each in from_the_longest(dotted) if index.has(each)), dotted)
    known, rest = index.source_of(module), dotted.removeprefix(f"{module}.")
    if not isinstance(known, tuple) or rest == dotted or known[0] == path:
        return True
    try:
        found = run_by(parse(known[1]), rest.partition(".")[0])
    except PARSE_ERRORS:
        return True
    return found is None or leads_out_to(index, known[0], found, path)


def leads_out_to(index: Index, start: str, run: Run, path: str) -> bool:
    """Whether what the file at ``start`` imports, and ``run`` mentions, is in a file that leads to ``path``."""
    reaching = {path: True}
    for imported, modules in index.program.imports_of(start):
        if imported.name == "*" or imported.local in run.names:
            names = [f"{module}.{imported.name}" if imported.name not in (None, "*") else module for module in modules]
            if any(leads_to(index, name, reaching) for name in names):
                return True
    return False


def _bound(statement: ast.stmt) -> Iterator[str]:
    """What a statement binds in the module, and the members of its classes: not what is local to a function."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        yield from stored(node)
        if not isinstance(node, _INNER):
            pending += ast.iter_child_nodes(node)


def _mentioned(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
