"""What a function or a class looks up whenever it runs: who replaces that replaces what it does."""

import ast
import builtins
from collections.abc import Container, Iterable, Iterator

from bot.domain.migration import Migration, TargetKind
from bot.engine.program.definition import Definition, definition_of
from bot.engine.program.existence import named_in
from bot.engine.program.index import Index
from bot.engine.program.nodes import stored
from bot.engine.program.view import Witness
from bot.engine.resolve.resolver import written
from bot.engine.source.names import absolute, is_package

_DEEPEST = 3
"""How many functions down the successor is looked at."""
_BUILT_IN = frozenset(dir(builtins))
_WARNING = "warnings."
"""What tells that something is deprecated is no part of what it does."""


def writers_beneath(index: Index, symbol: str, successor: str) -> Iterator[Witness]:
    """Who gives another value to something that ``symbol`` looks up when it runs, and ``successor`` does not.

    Also the other way round, where that lasts.

    Not who does so in the module of the one that looks it up: that is how it works.
    """
    yield from _written_from_outside(index, looked_up_beneath(index, symbol, successor))
    other_way = _written_from_outside(index, looked_up_beneath(index, successor, symbol))
    yield from (each for each in other_way if each.lasting)


def _written_from_outside(index: Index, variables: Iterable[str]) -> Iterator[Witness]:
    for name in sorted(variables):
        home = _path(index, name.rpartition(".")[0])
        yield from (each for each in index.program.writers(name) if each.path != home)


def looked_up_beneath(index: Index, symbol: str, successor: str) -> frozenset[str]:
    """The variables, by dotted names, that ``symbol`` looks up when it runs, and ``successor`` does not.

    What one module has imported from the other is a variable of its own: who writes the one leaves the other.
    """
    known = index.beneath.get((symbol, successor))
    if known is None:
        found = definition_of(index, symbol, set())
        looked = _looked_up(index, found) if found is not None else set[str]()
        other = definition_of(index, successor, set()) if looked else None
        same = {successor, *(closure_of(index, other) if other is not None else ())}
        known = frozenset(name for name in looked - same if not _leads_beside(index, name, same))
        index.beneath[symbol, successor] = known
    return known


def beneath_of(
    migrations: Iterable[Migration], index: Index, modules: Container[str] | None = None
) -> frozenset[str]:  # fmt: skip
    """What the deprecated names that one of ``modules`` (or any) defines look up, and their successors do not."""
    found: set[str] = set()
    for target in (target for migration in migrations for target in migration.targets if target.canonical):
        whole = target.kind is TargetKind.MODULE
        module = target.name if whole else target.name.rpartition(".")[0]
        known = index.source_of(module) if modules is None or module in modules else None
        if isinstance(known, tuple):
            ends = [f".{name}" for name in index.exports(*known).origins] if whole else [""]
            pairs = [(target.name + end, f"{target.canonical}{end}") for end in ends]
            found.update(*(looked_up_beneath(index, *each) for pair in pairs for each in (pair, pair[::-1])))
    return frozenset(found)


def _leads_beside(index: Index, name: str, same: set[str]) -> bool:
    """Whether the successor looks the same thing up, by another path to its module."""
    holder, _, member = name.rpartition(".")
    return any(f"{each}.{member}" in same for each in index.resolution(holder).names)


def _path(index: Index, module: str) -> str:
    known = index.source_of(module)
    return known[0] if isinstance(known, tuple) else ""


def closure_of(index: Index, found: Definition) -> set[str]:
    """What a definition looks up, and what that looks up."""
    names = set(_looked_up(index, found))
    pending = list(names)
    for _ in range(_DEEPEST):
        below = [each for name in pending if (each := definition_of(index, name, set())) is not None]
        pending = [name for each in below for name in _looked_up(index, each) if name not in names]
        names.update(pending)
    return names


def _looked_up(index: Index, found: Definition) -> set[str]:
    """The variables of modules that the functions of a definition read, by dotted names."""
    known = index.source_of(found.module)
    if not isinstance(known, tuple):
        return set()
    names: set[str] = set()
    for function in _functions(found.statement):
        nodes = list(ast.walk(function))
        own = {name for node in nodes for name in stored(node)} | {n.arg for n in nodes if isinstance(n, ast.arg)}
        brought = dict(_imported(index, known, nodes))
        inner = {node.value for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            if node in inner or not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
                continue
            text = written(node)
            head, _, tail = text.partition(".")
            if head in brought:
                names.update(f"{each}.{tail}" if tail else each for each in brought[head])
            elif head and head not in own:
                names.update(named_in(index, known, found.module, text) if tail else (f"{found.module}.{head}",))
    plain = {f"{found.module}.{name}" for name in _BUILT_IN} - {
        f"{found.module}.{name}" for name in index.exports(*known).origins
    }
    return {name for name in names - plain if not name.startswith(_WARNING)}


def _functions(statement: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(statement, ast.ClassDef):
        for each in statement.body:
            yield from _functions(each)
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement


def _imported(index: Index, known: tuple[str, bytes], nodes: list[ast.AST]) -> Iterator[tuple[str, list[str]]]:
    """What the imports in a function bring, by the name that they bind."""
    own, package = index.modules_of(known[0]), is_package(known[0])
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                modules = absolute(node.module, node.level, own, package=package)
                yield alias.asname or alias.name, [f"{module}.{alias.name}" for module in modules]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, [alias.name]) if alias.asname else (top, [top])
