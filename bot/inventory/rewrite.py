"""Files of a revision with their fixes applied: what `/ssot migrate` commits, and what a preview counts."""

from collections.abc import Collection, Container, Iterable, Mapping
from types import MappingProxyType

from bot.context import Bot
from bot.domain.file_result import FileMigration
from bot.domain.finding import FileReport, Scanned
from bot.domain.migration import Config
from bot.domain.references import RepoRef, Sha
from bot.engine.diff.views import Surroundings
from bot.engine.program.index import LAST_ROUND, ROUNDS, Index
from bot.engine.source.names import find_source_roots, module_paths
from bot.github import reads
from bot.scanner.tasks import KeptUsages


async def migrate_files(
    bot: Bot,
    repo: RepoRef,
    rev: Sha,
    config: Config,
    sources: Mapping[str, bytes],
    *,
    around: Surroundings | None,
    beside: Mapping[str, bytes | None] = MappingProxyType({}),
    tree: Collection[str],
    unsafe: bool = False,
    keep: Mapping[str, KeptUsages] = MappingProxyType({}),
) -> tuple[FileMigration, ...]:
    """Each of ``sources`` (path to content, at ``rev``) with its safe fixes applied; with ``unsafe``, those too.

    The same rewrites as ``ssot migrate`` makes in a checkout of ``rev``: modules that names come through are fetched
    until none is missing.  ``tree`` are the Python and project files of ``rev``, or all: they show where the source
    roots are.  What other files say is known from ``around``, a survey of the branch, and from ``beside``, files of
    ``rev`` that differ from it (``None``: they are gone).  ``keep`` are the usages that stay, by path.  What is parsed
    is parsed in killable workers; a file that breaks the engine is reported as skipped.
    """
    index = _index(sources, config, tree, around.names if around else frozenset()).with_modules(beside.items())
    index, known = index.with_facts(around.facts) if around else index, {*sources, *beside}
    migrated: tuple[FileMigration, ...] = ()
    for turn in range(ROUNDS):
        migrated = await bot.scanner.migrate(
            sources.items(), config.migrations, index, unsafe=unsafe, keep=keep, patient=turn < LAST_ROUND
        )
        found = await _fetch_missing(bot, repo, rev, (each.report for each in migrated), index, known, tree)
        if not found:
            break
        known.update(found)
        index = index.with_modules(found.items())
    return migrated


def _index(sources: Mapping[str, bytes], config: Config, tree: Iterable[str], names: frozenset[str]) -> Index:
    roots = config.source_roots or find_source_roots([*sources, *tree], config.target_modules)
    return Index.build(sources.items(), source_roots=roots, modules=config.target_modules, given=names)


async def _fetch_missing(
    bot: Bot,
    repo: RepoRef,
    rev: Sha,
    reports: Iterable[FileReport],
    index: Index,
    known: Container[str],
    tree: Container[str] | None = None,
) -> Mapping[str, bytes | None]:
    """The files that the modules wanted by ``reports`` may be, as far as they are not ``known`` yet.

    ``None`` for those that do not exist; empty when nothing is missing any more.  ``tree`` are all that exist, where
    that is known.
    """
    modules = {module for report in reports if isinstance(report, Scanned) for module in report.missing_modules}
    candidates = {path for module in modules for path in module_paths(module, index.roots)}
    missing = sorted(path for path in candidates if path not in known)
    there = [path for path in missing if tree is None or path in tree]
    return {**dict.fromkeys(missing), **(await reads.files_at(bot.github, repo, there, rev) if there else {})}
