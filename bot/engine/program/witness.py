"""The judgment: whether the program holds a witness against rewriting one usage."""

import ast
from collections.abc import Iterable, Iterator
from itertools import chain

from bot.domain.finding import Kind
from bot.domain.migration import TargetKind
from bot.engine.program.beneath import writers_beneath
from bot.engine.program.cycles import files_run, path_of
from bot.engine.program.definition import definition_of
from bot.engine.program.facts import OWN
from bot.engine.program.forwarding import forwards
from bot.engine.program.index import Index
from bot.engine.program.taken import is_needed
from bot.engine.program.view import Program, Witness
from bot.engine.resolve.bindings import BindingKind, ScopeKind
from bot.engine.source.names import is_test
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.evaluation import is_evaluated_once

_OF_MEMBERS = (BindingKind.FROM_IMPORT, BindingKind.STAR_IMPORT)


def writer(analysis: Analysis, use: Use, successor: str | None, dotted: bool | None = None) -> Witness | None:
    """Who gives the deprecated name (or a name that it comes through) another value, which the successor lacks.

    What is bound when the file is imported sees only what lasts; what is looked up later also sees what is patched.
    ``dotted``: whether the successor is going to be read as a member of its module; ``None`` where that is not known.
    """
    program, (own, later, before) = analysis.index.program, _variables(analysis, use)
    if is_same(analysis.index, use.symbol, successor):
        later, before, successor = _others(analysis, later, successor), _others(analysis, before, successor), None
    found = chain(
        *(program.writers(name, besides=analysis.path) for name in later),
        *(_lasting(program.writers(name)) for name in (*later, *before)),
        *(_lasting(program.writers(name, besides=analysis.path)) for name in own),
        *(_first_seen(analysis, program, program.writers(name, besides=analysis.path)) for name in before),
        *(_lasting(program.writers(name)) for name in [successor] if name),
        *(_on_the_way(analysis, use, name) for name in _between(use, successor)),
        *(_patched(analysis, use, name, dotted) for name in [successor] if name),
    )
    return next(_relevant(analysis, found), None)


def _between(use: Use, successor: str | None) -> Iterator[str]:
    """The members of a deprecated module (and of its successor) through which a usage goes to a member of theirs."""
    for whole, name in ((use.target.name, use.symbol), (use.target.canonical or "", successor or "")):
        parts = name.removeprefix(f"{whole}.").split(".") if use.target.kind is TargetKind.MODULE else []
        yield from (f"{whole}.{'.'.join(parts[:cut])}" for cut in range(1, len(parts)))


def _on_the_way(analysis: Analysis, use: Use, name: str) -> Iterator[Witness]:
    found = analysis.index.program.writers(name)
    return found if use.expression is not use.node else _lasting(found)


def is_same(index: Index, symbol: str, successor: str | None) -> bool:
    """Whether two names are one variable: the same member of one object that a façade gives another path to."""
    holder, _, member = symbol.rpartition(".")
    other, _, name = (successor or "").rpartition(".")
    if member != name or holder == other or other not in (steps := index.resolution(holder).names):
        return False
    beyond = index.resolution(other).names
    return all(step in beyond or other in index.resolution(step).names for step in steps)  # by every way


def _others(analysis: Analysis, names: Iterable[str], successor: str | None) -> list[str]:
    """Those of ``names`` that are not the very variable that the successor names."""
    return [name for name in names if name != successor and not is_same(analysis.index, name, successor)]


def _patched(analysis: Analysis, use: Use, successor: str, dotted: bool | None) -> Iterator[Witness]:
    """Who patches the successor for a while, if that is seen by the usage before its rewrite and not after, or so.

    It is seen where the successor is looked up, or where the deprecated function looks it up.
    """
    if use.call is not None and is_evaluated_once(analysis, use):
        program = analysis.index.program
        yield from _first_seen(analysis, program, program.writers(successor))
    elif (before := _sees_before(analysis, use, successor)) is None or before != _sees_after(
        analysis, use, successor, dotted
    ):
        yield from analysis.index.program.writers(successor)


def _sees_before(analysis: Analysis, use: Use, successor: str) -> bool | None:
    """Whether the usage sees what is put in the successor's place; ``None`` if that is not certain."""
    index = analysis.index
    if use.call is not None and forwards(index, use.symbol, successor):
        return True
    names = index.resolution(use.symbol).names
    homes = [home for name in names if (home := index.source_of(name.rpartition(".")[0]))]
    module = successor.rpartition(".")[0].rpartition(".")[2].encode()
    calls = successor not in names and any(isinstance(home, tuple) and module in home[1] for home in homes)
    return None if calls else False


def _sees_after(analysis: Analysis, use: Use, successor: str, dotted: bool | None) -> bool | None:
    """Whether it sees that when it is rewritten: what an import binds does not, what is taken of a module does."""
    if use.target.kind is TargetKind.MODULE and use.expression is not use.node:
        return True
    if dotted is None:
        dotted = _reaches(analysis, successor.rpartition(".")[0], use)
    return False if _is_bound_at_once(use) and not dotted else None


def _reaches(analysis: Analysis, module: str, use: Use) -> bool:
    """Whether an import above the usage brings a module, of which the name may be taken then."""
    for imported, modules in analysis.index.program.imports_of(analysis.path):
        brought = modules if imported.name is None else [f"{holder}.{imported.name}" for holder in modules]
        if imported.line < use.statement.lineno and any(_leads_to(analysis, each, module) for each in brought):
            return True
    return False


def _leads_to(analysis: Analysis, brought: str, module: str) -> bool:
    return brought == module or module in analysis.index.resolution(brought).names


def member_writer(analysis: Analysis, symbol: str, successor: str | None) -> Witness | None:
    """Who gives a member of the deprecated class (or its successor) another value, which the other class lacks.

    The members of a class that takes a function's place are none of the function's.  Who is handed the
    one and writes a member of what it was handed is handed the other after the rewrite, and writes that.
    """
    names = {symbol, *analysis.index.resolution(symbol).names}
    others = {successor, *analysis.index.resolution(successor).names} if successor else set()
    if not others & names and _is_function(analysis.index, symbol):
        others = set()
    program = analysis.index.program
    written = (program.member_writers(name, handed=False) for name in sorted(names ^ others))
    return next(_relevant(analysis, () if others & names else chain.from_iterable(written)), None)


def _is_function(index: Index, dotted: str) -> bool:
    found = definition_of(index, dotted, set())
    return found is not None and not isinstance(found.statement, ast.ClassDef)


def writer_below(analysis: Analysis, module: str, successor: str) -> Witness | None:
    """Who gives another value to what a star import brings, or to a member of that: of what is read here or elsewhere.

    What the star has bound does not see what is patched for a while.
    """
    program, home = analysis.index.program, analysis.index.source_of(module)
    if not isinstance(home, tuple):
        return next(_lasting(each for name in (module, successor) for each in program.member_writers(name)), None)
    names = [name for name in analysis.index.exports(*home).origins if is_needed(analysis, name)]
    written = (each for name in names for m in (module, successor) for each in program.writers(f"{m}.{name}"))
    members = (member_writer(analysis, f"{module}.{name}", f"{successor}.{name}") for name in names)
    return next(chain(_lasting(written), (found for found in members if found is not None)), None)


def any_writer_below(analysis: Analysis, module: str, successor: str) -> Witness | None:
    """As `writer_below`, where the module itself is given on: who has it may read, or write, any member of it."""
    program = analysis.index.program
    found = (each for name in (module, successor) for each in program.member_writers(name))
    return next(_relevant(analysis, found), None)


def beneath(analysis: Analysis, use: Use, successor: str | None) -> Witness | None:
    """Who replaces what the deprecated function looks up when it runs, where the successor does not."""
    if successor is None:
        return None
    return next(_relevant(analysis, writers_beneath(analysis.index, use.symbol, successor)), None)


def patcher(analysis: Analysis, use: Use) -> Witness | None:
    """Who replaces the variable of this file by which the usage goes: where another takes its place, in vain."""
    program, (own, _, _) = analysis.index.program, _variables(analysis, use)
    found: Iterator[Witness] = chain(*(program.writers(name, besides=analysis.path) for name in own))
    return next(_while_imported(analysis, found) if is_evaluated_once(analysis, use) else found, None)


def _while_imported(analysis: Analysis, found: Iterable[Witness]) -> Iterator[Witness]:
    """Of those who write what the file has: who may do so before it is complete, or run it once more."""
    for witness in found:
        run = files_run(analysis.index, analysis.modules, beside="")
        if witness.path in run or _runs_again(analysis.index.program, witness.path):
            yield witness


def stub(analysis: Analysis, use: Use, successor: str | None) -> Witness | None:
    """Who puts something else in the place of the module that the name comes from, or its successor."""
    program = analysis.index.program
    here, there = [each for name in (*_named(use), use.symbol) for each in _prefixes(name)], _prefixes(successor or "")
    holders = {use.symbol.rpartition(".")[0], (successor or "").rpartition(".")[0]}  # what stands in has both, or not
    modules = [m for m in dict.fromkeys((*here, *there)) if m in holders or not (m in here and m in there)]
    homes = {home for name in (*_named(use), use.symbol, successor or "") if (home := _home(analysis.index, name))}
    again = (program.taken_out(home) for home in sorted(homes))
    return next(_relevant(analysis, chain(*(program.stubs(module) for module in modules), *again)), None)


def _home(index: Index, name: str) -> str:
    """The innermost known module that a name is in, or is; else what it is a member of."""
    known = (module for module in reversed(_prefixes(name)) if path_of(index, module) is not None)
    return next(known, name.rpartition(".")[0])


def unread(analysis: Analysis, use: Use) -> Witness | None:
    """A file that does not parse and whose bytes hold the name: it may write it."""
    holder, _, member = use.symbol.rpartition(".")
    return next(analysis.index.program.unreadable([holder], member), None) if holder else None


def _variables(analysis: Analysis, use: Use) -> tuple[list[str], list[str], list[str]]:
    """The variables that a usage reads: those of this file, those read when it runs, those read before."""
    own: list[str] = []
    names = list(dict.fromkeys((use.symbol, *analysis.index.resolution(use.symbol).names)))
    binding = use.binding
    if use.load is not None and binding is not None and binding.imported is None and binding.scope is analysis.root:
        return own, names, []  # in the module that defines it
    binding = binding or use.star
    if use.load is None or binding is None or binding.imported is None:
        return own, [], names
    if binding.scope is analysis.root:
        own = [f"{module}.{use.load.node.id}" for module in analysis.modules]
    first = _named(use)
    names = list(dict.fromkeys((*(each for name in first for each in analysis.index.resolution(name).names), *names)))
    if _is_bound_at_once(use):
        return own, [], names
    later = list(dict.fromkeys(step for name in first for step in _looked_up(analysis, name)))
    if is_evaluated_once(analysis, use):
        return own, [], list(dict.fromkeys((*names, *later)))
    return own, later, [name for name in names if name not in later]


def _is_bound_at_once(use: Use) -> bool:
    """Whether an import has bound the name when the file was imported, and nothing is looked up later."""
    binding = use.binding or use.star
    if binding is None or binding.scope.kind not in (ScopeKind.MODULE, ScopeKind.CLASS):
        return False
    if isinstance(use.node, ast.alias):
        return True
    return binding.kind in _OF_MEMBERS and (use.kind is Kind.RE_EXPORT or _is_bare(use))


def _is_bare(use: Use) -> bool:
    """Whether the usage is a name that an import bound to the thing itself, not a member of a module."""
    return use.expression is not None and use.load is not None and use.load.node is use.expression


def _named(use: Use) -> list[str]:
    """The dotted names by which the file reaches it."""
    parts: list[str] = []
    node: ast.AST | None = use.expression
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    tail = "".join(f".{part}" for part in reversed(parts))
    if use.star is not None and use.star.imported is not None and use.load is not None:
        return [f"{module}.{use.load.node.id}{tail}" for module in use.star.imported.modules]
    return [origin + tail for b in use.bindings if b.imported for origin in b.imported.origins]


def _looked_up(analysis: Analysis, dotted: str) -> Iterator[str]:
    """A member under all names of what it is a member of."""
    holder, _, member = dotted.rpartition(".")
    yield dotted
    for name in analysis.index.resolution(holder).names if holder else ():
        yield f"{name}.{member}"


def _lasting(found: Iterable[Witness]) -> Iterator[Witness]:
    return (witness for witness in found if witness.lasting)


def _first_seen(analysis: Analysis, program: Program, found: Iterable[Witness]) -> Iterator[Witness]:
    """Of writes that are taken back those that are in force when the file may be imported."""
    for witness in found:
        if not witness.lasting and _imports_within(analysis, program, witness):
            yield witness


def _imports_within(analysis: Analysis, program: Program, witness: Witness) -> bool:
    """Whether the file may be imported, or run again, while a write is in force: by an import below it, by one in a
    function (if none at the top was before it), by its name; also if a function writes, and the file calls one."""
    facts, loaded = program.facts[witness.path], False
    calls = [call.line for call in facts.calls if call.name.level == OWN]
    begins = witness.line if witness.early else min(calls, default=None)
    for imported, modules in program.imports_of(witness.path):
        names = {*modules, *(f"{module}.{imported.name}" for module in modules)}
        if names.isdisjoint(analysis.modules):
            continue
        if not loaded and (not imported.early or (begins is not None and imported.line > begins)):
            return True
        loaded = loaded or imported.early
    named = any(taking.name.text in analysis.modules for taking in facts.takings if taking.string)
    return named or _runs_again(program, witness.path)


def _runs_again(program: Program, path: str) -> bool:
    return any(taking.name.text in _RUN_AGAIN for taking in program.facts[path].takings)


_RUN_AGAIN = ("importlib.reload", "runpy.run_path", "runpy.run_module")
"""Functions that run a file once more, or by its path."""


def _relevant(analysis: Analysis, found: Iterable[Witness]) -> Iterator[Witness]:
    """What one test patches for itself, another test does not see."""
    for witness in found:
        alike = witness.path != analysis.path and is_test(witness.path) and is_test(analysis.path)
        if witness.lasting or not alike or witness.path.rpartition("/")[2] == "conftest.py":
            yield witness


def _prefixes(dotted: str) -> list[str]:
    """The modules that ``dotted`` may be in, or be."""
    parts = dotted.split(".")
    return [".".join(parts[:cut]) for cut in range(1, len(parts) + 1)]
