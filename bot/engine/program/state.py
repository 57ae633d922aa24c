"""What a deprecated name keeps while the program runs, and its successor does not share: who else reads that.

A function that fills a list of its module, and another one that reads the list, belong together.  Whoever calls the
successor fills another list.
"""

import ast
from collections.abc import Collection, Container, Iterable, Iterator

from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.program.beneath import closure_of
from bot.engine.program.bound import names_bound
from bot.engine.program.calling import Run, run_by
from bot.engine.program.cycles import from_the_longest
from bot.engine.program.definition import (
    Definition,
    Function,
    bases_of,
    definition_of,
    is_one,
    leaf,
    runs_for_subclasses,
)
from bot.engine.program.index import Index
from bot.engine.program.nodes import stored
from bot.engine.program.view import Witness
from bot.engine.resolve.exports import PARSE_ERRORS, parse

_CHANGING = frozenset(
    {"append", "appendleft", "extend", "insert", "add", "update", "setdefault", "pop", "popleft", "popitem", "remove",
     "discard", "clear", "put", "put_nowait", "set", "reset", "register", "connect", "subscribe", "push", "heappush"}
)  # fmt: skip
"""Methods that change what they are called on."""
_CACHES = frozenset({"cache", "lru_cache", "cached"})
_OF_CACHES = frozenset({"cache_info", "cache_clear"})
"""What asks a cache for what it holds, or empties it."""


def reader(index: Index, symbol: str, successor: str, moved: Container[str]) -> Witness | None:
    """Who reads what ``symbol`` keeps, and neither belongs to it nor is ``moved`` as it is, by dotted names."""
    known = index.states.get((symbol, successor))
    if known is None:
        known = index.states[symbol, successor] = _kept(index, symbol, successor)
    for name, witness in known:
        if name not in moved and not any(f"{name[:cut]}.*" in moved for cut, c in enumerate(name) if c == "."):
            return witness
    return None


def moved_by(targets: Iterable[Target]) -> frozenset[str]:
    """What `reader` takes to move: the deprecated names that have a successor, modules with ``.*``."""
    own = [target for target in targets if target.canonical]
    return frozenset(f"{each.name}.*" if each.kind is TargetKind.MODULE else each.name for each in own)


def is_changed_at_home(index: Index, dotted: str) -> bool:
    """Whether the module of a variable changes what it holds: a list that grows, a table that is filled."""
    for name in index.resolution(dotted).names:
        module, _, leaf_ = name.rpartition(".")
        home = _home(index, module) if module else None
        if home is not None and any(leaf_ in _changed_in(each) for each in home[1].body):
            return True
    return False


def kept_of(migrations: Iterable[Migration], index: Index, modules: Collection[str] | None = None) -> frozenset[str]:
    """The variables, by dotted names, in which the deprecated names of ``modules`` (or of all) keep something."""
    found: set[str] = set()
    for target in (target for migration in migrations for target in migration.targets if target.canonical):
        module = target.name.rpartition(".")[0]
        if target.kind is not TargetKind.MODULE and (modules is None or module in modules):
            old = definition_of(index, target.name, set())
            home = _home(index, old.module) if old is not None else None
            if old is not None and home is not None and (run := _own(home[1], old.statement.name)) is not None:
                found.update(f"{old.module}.{name}" for name in _variables(home[1], run))
    return frozenset(found)


def _kept(index: Index, symbol: str, successor: str) -> list[tuple[str, Witness]]:
    """The readers of what ``symbol`` keeps, each with the dotted name of what reads it."""
    old, new = definition_of(index, symbol, set()), definition_of(index, successor, set())
    home = _home(index, old.module) if old is not None and old.owner is None else None
    if old is None or home is None or (run := _own(home[1], old.statement.name)) is None:
        return []
    kept = _variables(home[1], run)
    if not (kept or _keeps_itself(index, symbol, old, home[1])) or _shares(index, old, new, successor, run):
        return []
    return [*_readers(home, old, kept, run), *_takers(index, old.module, kept)]


def _own(tree: ast.Module, name: str) -> Run | None:
    """What belongs to a name of a module: the statements at the top that it is made of, and those that they read."""
    return run_by(tree, name, names_bound, _read)


def _read(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Global):
            yield from node.names


def _home(index: Index, module: str) -> tuple[str, ast.Module] | None:
    known = index.source_of(module)
    try:
        return (known[0], parse(known[1])) if isinstance(known, tuple) else None
    except PARSE_ERRORS:
        return None


def _shares(index: Index, old: Definition, new: Definition | None, successor: str, run: Run) -> bool:
    """Whether the successor keeps the same: it is the same, is made of it, or goes to it in the end."""
    if new is None:
        return isinstance(index.source_of(successor.rpartition(".")[0]), tuple)  # bound otherwise, perhaps to that
    above = (definition_of(index, base, set()) for base in bases_of(index, new))
    if is_one(index, new, old) or any(is_one(index, old, each) for each in above):
        return True
    own = {f"{old.module}.{name}" for name in run.names}
    read = (above for name in closure_of(index, new) for above in from_the_longest(name))
    return any(not own.isdisjoint(index.resolution(name).names) for name in read)


def _keeps_itself(index: Index, symbol: str, old: Definition, tree: ast.Module) -> bool:
    """Whether there is one thing that all who use the name share: a class that knows more than it was written with,
    what a function without parameters has made once, or a cache that its module asks for what it holds."""
    statement = old.statement
    if isinstance(statement, ast.ClassDef):
        return _changes_itself(statement) or runs_for_subclasses(index, symbol)
    own = statement.args
    once = not (own.args or own.posonlyargs or own.kwonlyargs or own.vararg or own.kwarg)
    cached = any(leaf(each) in _CACHES for each in statement.decorator_list)
    return cached and (once or any(_asks_cache(node, statement.name) for node in ast.walk(tree)))


def _asks_cache(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=held), attr=asked):
            return held == name and asked in _OF_CACHES
        case _:
            return False


def _changes_itself(class_: ast.ClassDef) -> bool:
    """Whether a class changes what stands in its body, by its name, ``cls`` or an object."""
    nodes = list(ast.walk(class_))
    shared = {name for each in class_.body if not isinstance(each, Function) for name in _stored_by(each)}
    shared -= {each.attr for each in nodes if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)}
    for node in nodes:
        match _changed(node):
            case ast.Attribute(value=ast.Name(id=held)) if held in ("cls", class_.name):
                return True
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in shared:
                return True
            case _:
                pass
    return False


def _stored_by(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds, at any depth."""
    for node in ast.walk(statement):
        yield from stored(node)


def _variables(tree: ast.Module, run: Run) -> frozenset[str]:
    """The variables at the top of a module that what is run changes while it runs."""
    top = {name for each in tree.body if isinstance(each, ast.Assign | ast.AnnAssign) for name in _stored_by(each)}
    functions = (each for each in run.statements if isinstance(each, Function | ast.ClassDef))
    return frozenset(name for each in functions for name in _changed_in(each)) & top & run.names


def _changed_in(statement: ast.stmt) -> Iterator[str]:
    """The variables that a function, or a method of a class, changes and does not bind for itself."""
    nodes = list(ast.walk(statement))
    named = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    own = {name for node in nodes for name in stored(node)} | {n.arg for n in nodes if isinstance(n, ast.arg)}
    yield from named & own
    for node in nodes:
        changed = _changed(node)
        while isinstance(changed, ast.Attribute | ast.Subscript):
            changed = changed.value
        if isinstance(changed, ast.Name) and (changed.id not in own or changed.id in named):
            yield changed.id


def _changed(node: ast.AST) -> ast.expr | None:
    """What one node changes: what it gives a member or an item, or calls a method of that does."""
    match node:
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return node if isinstance(node.value, ast.Name) else node.value
        case ast.Subscript(value=changed, ctx=ast.Store() | ast.Del()):
            return changed
        case ast.Call(func=ast.Attribute(value=changed, attr=name)) if name in _CHANGING:
            return changed
        case _:
            return None


def _readers(
    home: tuple[str, ast.Module], old: Definition, kept: frozenset[str], run: Run
) -> Iterator[tuple[str, Witness]]:
    """The other statements of the module that read what is kept, or the thing itself."""
    path, tree = home
    asked = kept | {old.statement.name}
    for statement in tree.body:
        if statement in run.statements or isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        read = (each for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load))
        first = next((each for each in read if each.id in asked), None)
        if first is not None:
            name = getattr(statement, "name", "")
            yield f"{old.module}.{name}", Witness(path=path, line=first.lineno)


def _takers(index: Index, module: str, kept: frozenset[str]) -> Iterator[tuple[str, Witness]]:
    """The other files that read the variables."""
    known = index.source_of(module)
    path = known[0] if isinstance(known, tuple) else ""
    for name in sorted(kept):
        for witness in index.program.takers(index.modules_of(path), name, besides=path, at_large=False):
            yield f"{module}.{name}", witness
