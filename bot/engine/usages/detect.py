"""From the bytes of a file to the usages of deprecated names in it."""

import ast
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.finding import Failed, Skipped
from bot.domain.migration import Migration, TargetKind
from bot.engine.program.facades import followed
from bot.engine.program.index import Index
from bot.engine.resolve.exports import PARSE_ERRORS, newer_parts, parse
from bot.engine.resolve.resolver import Resolver
from bot.engine.resolve.scope import build_scopes
from bot.engine.source.failures import failed, unreadable_parameters
from bot.engine.source.mentions import occurrences
from bot.engine.source.names import is_package
from bot.engine.source.text import Decoded, SourceMap, Undecodable, decode
from bot.engine.usages.analysis import Analysis, Export, Use
from bot.engine.usages.by_name import at_home, imports, loads
from bot.engine.usages.by_string import exports, lazy, strings
from bot.engine.usages.candidates import candidate_names, line_filter
from bot.engine.usages.definitions import definitions
from bot.engine.usages.file import File
from bot.engine.usages.taking import takes_as_value
from bot.engine.usages.targets import Targets


def analyse(
    source: bytes, path: str, migrations: Sequence[Migration], index: Index, *, sparse: bool = False
) -> Analysis | Failed | Skipped:
    """Resolve the names of a file and find the usages of the migrations' targets.

    ``sparse`` leaves out of the scopes what no usage depends on: enough to list usages, not to rewrite them, nor to
    see what is read off a variable.
    ``Failed`` for a file that does not parse, ``Skipped`` for one whose bytes are no text; nothing is raised.
    """
    migrations = followed(migrations, index)
    targets = Targets(migrations)
    sparse = sparse and not any(rule.reads for migration in migrations for rule in migration.rewrites)
    try:
        decoded = decode(source)
        tree = parse(source)
        if newer := newer_parts(tree):
            names = index.aliases(targets.leaves)
            if next(occurrences(newer.lost, names), None):
                return unreadable_parameters(source, path, names)
        file = _resolve(SourceMap(source, decoded.encoding), tree, path, targets, index, sparse=sparse)
    except Undecodable as error:
        return Skipped(path=path, reason=str(error))
    except PARSE_ERRORS as error:
        return failed(source, path, error, index.aliases(targets.leaves))
    return _analysis(file, decoded)


def _resolve(source: SourceMap, tree: ast.Module, path: str, targets: Targets, index: Index, *, sparse: bool) -> File:
    interest = index.aliases(targets.leaves)
    names = candidate_names(tree, source, interest, targets.holders)
    modules, package = index.modules_of(path), is_package(path)
    keep = line_filter(source, names) if sparse else None
    scopes = build_scopes(tree, modules=modules, package=package, source=source, keep=keep)
    resolver = Resolver(
        root=scopes.root, parents=scopes.parents, loads=scopes.loads, modules=modules, package=package,
        offers=index.offers, brings=index.brings,
    )  # fmt: skip
    return File(
        path=path, targets=targets, index=index, interest=interest, names=names, source=source, tree=tree,
        scopes=scopes, resolver=resolver, exempt=targets.defined_in(modules), own=targets.kept(),
        sparse=keep is not None,
    )  # fmt: skip


def _analysis(file: File, decoded: Decoded) -> Analysis:
    found = [*imports(file), *loads(file), *at_home(file), *exports(file), *strings(file), *lazy(file)]
    found += definitions(file)
    if file.members:
        from bot.engine.usages.by_object import methods, overrides  # most migrations ask about no method

        found += [*methods(file), *overrides(file)]
    if _may_follow(file):
        from bot.engine.usages.by_value import values  # few files take a module as a value

        found += values(file, found)
    uses = sorted(found, key=lambda use: (use.range.start, use.range.end, use.migration.name))
    analysis = Analysis(
        path=file.path, source=file.source.source, text=decoded.text, encoding=decoded.encoding, map=file.source,
        tree=file.tree, modules=file.resolver.modules, is_package=file.resolver.package, root=file.scopes.root,
        scopes=file.scopes.scopes, parents=file.scopes.parents, uses=tuple(uses), index=file.index,
        exports=tuple(Export(name=str(node.value), node=node, statement=at) for node, at in file.entries),
        moved_to=file.targets.modules_to(), missing_modules=frozenset(file.missing_modules),
    )  # fmt: skip
    return _only_fitting(analysis) if any(use.target.keeps_name for use in uses) else analysis


def _may_follow(file: File) -> bool:
    """Whether what has a target is taken as a value, and its members perhaps of that."""
    targets = [t for migration in file.targets.migrations for t in migration.targets if t.kind is TargetKind.SYMBOL]
    holders = frozenset(part for target in targets for part in target.name.split(".")[:-1])
    classes = frozenset(target.holder for target in targets if target.holder and target.leaf in file.members)
    return bool(holders) and takes_as_value(file.tree, file.source, holders - classes, classes)


def _only_fitting(analysis: Analysis) -> Analysis:
    """Of a name that keeps its place only what a rule fits is a usage."""
    from bot.engine.rewrite.fitting import fitting  # costs more start-up than a scan: loaded when it is asked for

    uses: tuple[Use, ...] = fitting(analysis)
    return replace(analysis, uses=uses)
