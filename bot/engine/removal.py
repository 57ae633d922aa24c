"""The end of a migration: the deprecated definitions and what still passes them on are taken out, and that is proved.

Nothing uses them any more when this is asked for; what is left are imports that nothing reads, entries of ``__all__``
and façades.  All of it goes, or nothing does.
"""

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.domain.finding import Edit
from bot.domain.migration import Action, Applicability, Condition, Migration, Rewrite, TargetKind
from bot.engine.fix_file import migrate_file
from bot.engine.program.index import Index
from bot.engine.program.spoken import is_in_string
from bot.engine.removed import Removal, RemovalRefused
from bot.engine.resolve.bindings import Binding, BindingKind
from bot.engine.resolve.exports import list_entries, newer_parts
from bot.engine.rewrite.edits import apply_edits
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.lists import remove_items
from bot.engine.rewrite.proof import Prover
from bot.engine.rewrite.statements import UneditableImport, drop
from bot.engine.source.failures import running
from bot.engine.usages.analysis import Analysis
from bot.engine.usages.detect import analyse

_UNREAD = Rewrite(
    when=Condition.IMPORT_UNUSED, action=Action.DELETE_STATEMENT, applicability=Applicability.UNSAFE
)  # fmt: skip
_BLANK_LINES = re.compile(rb"[ \t\f\r\n]*[\r\n]")


class _Refused(Exception):
    """With the reason."""


def take_out(
    migration: Migration,
    sources: Mapping[str, bytes],
    defined: Mapping[str, str],
    roots: Sequence[str],
    names: frozenset[str],
) -> Removal | RemovalRefused:
    """The removal of ``defined`` (target to the path of its module) and of all else in ``sources`` that names them.

    ``sources`` are the files with a definition, those with a usage left and the packages around the former; ``names``
    and ``roots`` as in a `Survey`.
    """
    kinds = {target.name: target.kind for target in migration.targets}
    leaves: dict[str, set[str]] = {}
    files: dict[str, bytes | None] = {}
    try:
        for name, path in defined.items():
            if kinds[name] is TargetKind.MODULE:
                _need_no_package(path)
                files[path] = None
            else:
                leaves.setdefault(path, set()).add(name.rpartition(".")[2])
        index = Index(dict(sources), tuple(roots), names)
        _need_no_members(defined, kinds, index)
        for path, gone in leaves.items():
            files[path] = _without(sources[path], path, gone, migration, index)
        passing = replace(migration, rewrites=(_UNREAD,), drop_in=False, requires=(), include=(), exclude=())
        for path in sources.keys() - files.keys():
            files[path] = _passing_nothing_on(sources[path], path, passing, index)
        _need_not_be_named(files, {name.rpartition(".")[2] for name in defined})
    except _Refused as refused:
        return RemovalRefused(reason=str(refused))
    return Removal(files={path: content for path, content in files.items() if content != sources.get(path, b"")})


def _need_no_package(path: str) -> None:
    if path.rpartition("/")[2] == "__init__.py":
        raise _Refused(f"`{path}` is a package: what is in it is for people to take out")


def _need_no_members(defined: Mapping[str, str], kinds: Mapping[str, TargetKind], index: Index) -> None:
    """No member of a class: which objects are asked for it, nobody can tell."""
    for name, path in defined.items():
        if kinds[name] is not TargetKind.MODULE and name.rpartition(".")[0] not in index.modules_of(path):
            raise _Refused(f"`{name}` is a member of a class: people have to look for objects that are asked for it")


def _need_not_be_named(files: Mapping[str, bytes | None], names: Collection[str]) -> None:
    """No string that is left may be looked up as one of the names."""
    for path, content in sorted(files.items()):
        for name in sorted(names):
            if content is not None and is_in_string(content, name):
                raise _Refused(f"`{path}` has `{name}` in a string that it may look up")


def _passing_nothing_on(source: bytes, path: str, migration: Migration, index: Index) -> bytes:
    """The file without the imports and entries that nothing reads."""
    done = migrate_file(source, path, (migration,), index, unsafe=True)
    if done.left or not hasattr(done.report, "findings"):
        raise _Refused(f"`{path}` still uses it")
    return done.after


def _without(source: bytes, path: str, names: Collection[str], migration: Migration, index: Index) -> bytes:
    """The module without what it defines under ``names``."""
    analysis = analyse(source, path, (migration,), index)
    if not isinstance(analysis, Analysis):
        raise _Refused(f"`{path}` cannot be read")
    if newer_parts(analysis.tree) is not None:
        raise _Refused(f"`{path}` is for a newer Python than {running()}, which would have to edit it")
    layout = Layout(analysis)
    bindings = [binding for name in sorted(names) for binding in analysis.root.bindings.get(name, ())]
    to_delete = {binding.statement for binding in bindings}
    _need_nothing(analysis, names, to_delete, path)
    edits = [edit for binding in bindings for edit in _edits(layout, binding, to_delete, path)]
    edits += _entries(layout, names, path)
    edits = sorted(set(edits))
    if fault := Prover(analysis).fault(edits):
        raise _Refused(f"`{path}` would not be whole without it: {fault}")
    return apply_edits(source, edits)


def _need_nothing(analysis: Analysis, names: Collection[str], to_delete: Collection[ast.stmt], path: str) -> None:
    """Nothing in the module reads the names, but the definitions themselves."""
    inside = {id(node) for statement in to_delete for node in ast.walk(statement)}
    for name in names:
        if any(id(load.node) not in inside for load in analysis.root.reads.get(name, ())):
            raise _Refused(f"`{path}` itself still uses `{name}`")


def _edits(layout: Layout, binding: Binding, to_delete: Collection[ast.stmt], path: str) -> list[Edit]:
    statement, kind = binding.statement, binding.kind
    if not isinstance(layout.analysis.parents.get(statement), ast.Module):
        raise _Refused(f"`{path}` defines `{binding.name}` on a condition")
    if binding.imported and isinstance(statement, ast.Import | ast.ImportFrom):
        return _dropped(layout, statement, binding.imported.alias, to_delete, path)
    alone = isinstance(statement, ast.Assign) and len(statement.targets) == 1
    if kind not in (BindingKind.FUNCTION, BindingKind.CLASS, BindingKind.ANNOTATION) and not (
        kind is BindingKind.ASSIGNMENT and (alone or isinstance(statement, ast.AnnAssign))
    ):
        raise _Refused(f"`{path}` defines `{binding.name}` together with something else")
    if not layout.on_own_lines(statement):
        raise _Refused(f"`{path}` defines `{binding.name}` on a line with something else")
    return [_block(layout, statement)]


def _dropped(
    layout: Layout, statement: ast.Import | ast.ImportFrom, alias: ast.alias, to_delete: Collection[ast.stmt], path: str
) -> list[Edit]:
    try:
        return drop(layout, statement, [alias], to_delete)
    except UneditableImport as error:
        raise _Refused(f"`{path}`: {error}") from error


def _block(layout: Layout, statement: ast.stmt) -> Edit:
    """The lines of a definition with its decorators, the comment that stands right above it, and the gap behind it."""
    source = layout.source
    decorators = getattr(statement, "decorator_list", [])
    start, end = layout.span(statement)
    first = _comments_before(layout, layout.line_start(layout.span(decorators[0])[0] if decorators else start))
    last = layout.line_end(end)
    if gap := _BLANK_LINES.match(source, last):
        last = gap.end()
    if last == len(source) and source.endswith((b"\r", b"\n"), 0, first):
        kept = source[:first].rstrip(b" \t\f\r\n")
        first = layout.line_end(len(kept)) if kept else 0
    return Edit(start=first, end=last, text="")


def _comments_before(layout: Layout, first: int) -> int:
    """Where the comments begin that are alone on the lines before ``first``, which begins a line."""
    while first > layout.analysis.map.starts[0]:
        above = layout.line_start(first - 1)
        if above <= layout.analysis.map.starts[0] or not layout.source.startswith(b"#", above):
            break
        first = above
    return first


def _entries(layout: Layout, names: Collection[str], path: str) -> list[Edit]:
    """The entries of ``__all__`` that name them."""
    edits: list[Edit] = []
    entries = [node for node, _ in list_entries(layout.analysis.tree) or () if node.value in names]
    for parent in dict.fromkeys(layout.analysis.parents[node] for node in entries):
        if not isinstance(parent, ast.List | ast.Tuple):
            raise _Refused(f"`{path}` lists it in an `__all__` that is computed")
        gone = [any(element is node for node in entries) for element in parent.elts]
        edits += remove_items(layout, parent, gone)
    return edits
