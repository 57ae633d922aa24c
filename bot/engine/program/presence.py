"""Whether the definitions of the deprecated names are still there."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from bot.domain.migration import Target, TargetKind
from bot.engine.resolve.exports import exports_of, may_have, parse
from bot.engine.source.names import is_package, module_paths


def definition_files(targets: Iterable[Target], roots: Sequence[str]) -> frozenset[str]:
    """The files that a definition of one of ``targets`` may be in: what :func:`definitions` has to be given."""
    return frozenset(path for target in targets for path, _ in _places(target, roots))


def definitions(targets: Iterable[Target], sources: Mapping[str, bytes | None], roots: Sequence[str]) -> dict[str, str]:
    """Name of each target that its module still has, defined or under that name from elsewhere, to the module's path.

    Not of those that take their own place: their definitions stay.
    ``sources`` are the `definition_files` that exist.  In a module that does not parse, or that makes names as they
    are asked for, a name that stands in the text counts.
    """
    found = {}
    for target in targets:
        if target.keeps_name:
            continue
        there = next(((path, rest) for path, rest in _places(target, roots) if sources.get(path) is not None), None)
        if there is not None and _has(sources[there[0]] or b"", *there):
            found[target.name] = there[0]
    return found


def _places(target: Target, roots: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The files of the longest module that the name can begin with first; and what of it is left in them."""
    parts = tuple(target.name.split("."))
    longest = len(parts) if target.kind is TargetKind.MODULE else len(parts) - 1
    for cut in range(longest, 0, -1):
        for path in module_paths(".".join(parts[:cut]), roots):
            yield path, parts[cut:]


def _has(source: bytes, path: str, rest: Sequence[str]) -> bool:
    if not rest:
        return True
    name, *members = rest
    if not may_have(source, name):
        return False
    exports = exports_of(source, (), package=is_package(path))
    if name not in exports.origins:
        return exports.dynamic and name.encode() in source
    return all(member.encode() in source for member in members) and _has_members(source, rest)


def _has_members(source: bytes, names: Sequence[str]) -> bool:
    """Whether the class has the member; a name that is no class statement here may have any.  The source parses."""
    body = parse(source).body
    for name, member in pairwise(names):
        classes = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
        if not classes:
            return True
        body = classes[-1].body
        if not any(member in _bound(node) for node in body):
            return False
    return True


def _bound(node: ast.stmt) -> set[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name}
        case _:
            names = (each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
            return {each.id for each in names}
