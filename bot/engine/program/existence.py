"""Whether a successor is there: in the repository, and below the source root of the file that is to use it."""

import ast
from collections.abc import Sequence

from bot.engine.program.classes import class_of, top_of
from bot.engine.program.index import ROUNDS, Index
from bot.engine.resolve.exports import PARSE_ERRORS, parse, rebound_names
from bot.engine.source.names import is_package, module_paths

_OWN = b"__getattr__("
Known = tuple[str, bytes]
"""Path and source of a module."""


def lacks(index: Index, dotted: str) -> bool:
    """Whether the repository has the package of ``dotted``, and certainly not what it names there.

    What the repository imports elsewhere though it does not hold it (a submodule of git, generated code) is there.
    """
    return _lacks(index, dotted, ROUNDS)


def _lacks(index: Index, dotted: str, depth: int) -> bool:
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:cut])
        known = index.source_of(module)
        if isinstance(known, tuple):
            return depth > 0 and _has_not(index, known, module, parts[cut:], depth - 1)
    return False


def _has_not(index: Index, known: Known, module: str, rest: Sequence[str], depth: int) -> bool:
    exports = index.exports(*known)
    if rest[0] in exports.origins:
        if top_of(index, *known).bound.get(rest[0], True) is False:
            return True  # annotated, deleted again, or there for type checkers alone
        origins = exports.origins[rest[0]]
        if len(rest) > 1 and len(origins) == 1:
            return _lacks(index, ".".join((origins[0], *rest[1:])), depth)
        return len(rest) > 1 and not origins and _class_lacks(index, known, module, rest, depth)
    if exports.dynamic or _is_given(rest[0]) or any(_may_bring(index, star, rest[0]) for star in exports.stars):
        return False
    below = f"{module}.{rest[0]}"
    return not is_package(known[0]) or (index.source_of(below) is None and not index.program.imports_module(below))


def _may_bring(index: Index, module: str, name: str) -> bool:
    """Whether a star import from ``module`` may bring a name: what is not in the repository may list any."""
    return not isinstance(index.source_of(module), tuple) or index.brings(module, name) is not False


def is_conditional(index: Index, dotted: str) -> bool:
    """Whether the module or the class that defines ``dotted`` may have it or not: it depends on some condition."""
    for name in index.resolution(dotted).names:
        parts = name.split(".")
        for cut in (-1, -2):
            known = index.source_of(".".join(parts[:cut]))
            if not isinstance(known, tuple):
                continue
            top = top_of(index, *known)
            owner = top.classes.get(parts[cut]) if cut < -1 else None
            if top.bound.get(parts[cut], True) is None and not _rebinds(known, parts[cut]):
                return True
            if cut == -1 and (_is_given_up(known, parts[-1]) or _is_unheard_of(index, known, parts[-1])):
                return True
            return owner is not None and parts[-1] in owner.doubtful
    return False


def _is_given_up(known: Known, name: str) -> bool:
    """Whether a handler at the top of a module gives the name ``None`` where it could not be imported."""
    if b"None" not in known[1]:
        return False
    try:
        body = parse(known[1]).body
    except PARSE_ERRORS:
        return False
    handlers = (handler for each in body if isinstance(each, ast.Try) for handler in each.handlers)
    given = (each for handler in handlers for each in handler.body if isinstance(each, ast.Assign))
    none = (each for each in given if isinstance(each.value, ast.Constant) and each.value.value is None)
    return any(isinstance(target, ast.Name) and target.id == name for each in none for target in each.targets)


def _is_unheard_of(index: Index, known: Known, name: str) -> bool:
    """Whether only a module's ``__getattr__`` could give a name, which does not stand in its text.

    Not one that reads names of something else, whatever they are.
    """
    exports = index.exports(*known)
    if not exports.dynamic or exports.stars or name.encode() in known[1] or b"getattr(" in known[1].replace(_OWN, b""):
        return False
    return not any(index.has(f"{module}.{name}") for module in index.modules_of(known[0]))


def _rebinds(known: Known, name: str) -> bool:
    return name in rebound_names(known[1])


def _class_lacks(index: Index, known: Known, module: str, rest: Sequence[str], depth: int) -> bool:
    """Whether a class that the module defines certainly has no such member, nor those that it is derived from."""
    found = class_of(index, *known, rest[0])
    if found is None or found.has(rest[1]) is not False:
        return False
    names = [f"{name}.{rest[1]}" for base in found.bases for name in named_in(index, known, module, base)]
    return all(_lacks(index, name, depth) for name in names)


def named_in(index: Index, known: Known, module: str, base: str) -> tuple[str, ...]:
    """The dotted names of what a module calls ``base``."""
    head, _, tail = base.partition(".")
    origins = index.exports(*known).origins.get(head, ()) or (f"{module}.{head}",)
    return tuple(f"{origin}.{tail}" if tail else origin for origin in origins)


def lacks_for(index: Index, path: str, dotted: str) -> bool:
    """Whether the file's own source root has the package of ``dotted``, and not the module that it is in."""
    own = max((root for root in (*index.roots, "") if f"{path}/".startswith(f"{root}/") or not root), key=len)
    others = [root for root in (*index.roots, "") if root != own]
    top, parts = dotted.partition(".")[0], dotted.split(".")
    if not others or not _at(index, top, own):
        return False
    for cut in range(len(parts) - 1, 1, -1):
        if any(_at(index, ".".join(parts[:cut]), root) for root in others):
            paths = module_paths(".".join(parts[:cut]), [own])[:2]
            return all(each in index.files and index.files[each] is None for each in paths)
    return False


def _at(index: Index, module: str, root: str) -> bool:
    """Whether a source root has a module."""
    return any(index.files.get(path) is not None for path in module_paths(module, [root])[:2])


def _is_given(name: str) -> bool:
    """Whether every module has it, without a word in its text: ``__dict__``, ``__name__`` …"""
    return name.startswith("__") and name.endswith("__")
