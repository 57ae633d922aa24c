"""The usages of a whole commit: from the stream of its archive the first time, from what changed afterwards.

What was found is kept in the records, by repository and configuration.  Which files changed is known from the two
trees, so a force push or a push of any size is no special case.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from bot.context import Bot
from bot.domain.finding import Skipped
from bot.domain.migration import Config, Migration
from bot.domain.references import RepoRef, Sha
from bot.engine.prefilter.terms import ImportWords, PrefilterTerm, follow, merged, reopened
from bot.engine.program.facts import Facts
from bot.engine.program.index import ROUNDS, Index
from bot.engine.resolve.renamed import renamed
from bot.engine.source.names import SUFFIXES
from bot.engine.survey import Survey, SurveyedFile, differing, leaves, names_given, plan_update, roots_of, terms_of
from bot.inventory import program, store
from bot.inventory.commit_sources import Caught, CommitSources

Scan = Callable[[Iterable[tuple[str, bytes]], Sequence[Migration], Index], Awaitable[Sequence[SurveyedFile]]]
"""``Scanner.survey``."""

log = structlog.get_logger(__name__)


class Sources(Protocol):
    """The files of one commit: see :class:`bot.inventory.commit_sources.CommitSources`."""

    @property
    def commit(self) -> Sha: ...

    @property
    def blobs(self) -> Mapping[str, Sha]: ...

    @property
    def passed_over(self) -> Mapping[str, str]: ...

    async def read(self, paths: Iterable[str]) -> Mapping[str, bytes]: ...

    async def search(self, terms: Sequence[PrefilterTerm], paths: Iterable[str]) -> Caught: ...

    async def find(self, keeps: Callable[[bytes], bool], paths: Iterable[str]) -> Mapping[str, bytes]: ...


async def survey(bot: Bot, repo: RepoRef, commit: Sha, config: Config) -> Survey:
    """All usages at ``commit``, updated from the last surveyed commit if there is one.

    Raises ``RetryLater`` and ``NotFound`` as reading does.
    """
    before = await store.load(bot.storage, repo, config)
    if before is not None and before.commit == commit:
        return before
    sources = await CommitSources.at(bot, repo, commit)
    found = None if before is None else await update(sources, config, bot.scanner.survey, before)
    how = "full" if found is None else "updated"
    if found is None:
        found = await survey_fresh(sources, config, bot.scanner.survey)
    log.info("surveyed", repository=repo.full_name, commit=commit, how=how, usages=len(found.findings))
    await store.save(bot.storage, repo, config, found)
    return found


async def survey_fresh(sources: Sources, config: Config, scan: Scan) -> Survey:
    """All usages of the commit, without an earlier survey."""
    python = frozenset(path for path in sources.blobs if path.endswith(SUFFIXES))
    terms, names = terms_of(config, sources.blobs), leaves(config)
    hits: dict[str, bytes] = {}
    import_words: dict[str, ImportWords] = {}
    for _ in range(ROUNDS):
        caught = await sources.search(terms, python - hits.keys())
        hits |= caught.files
        import_words = merged(import_words, caught.import_words)
        names = names_given(hits, names)
        before, terms = terms, follow(terms, names - leaves(config), import_words.values())
        if terms == before:
            break
        import_words = merged(import_words, reopened(terms, before, hits))
    roots = roots_of(config, hits, sources.blobs)
    index = Index(dict(hits), roots, names)
    gives = {path: renamed(source, names) for path, source in hits.items()}
    found = Survey(
        commit=sources.commit,
        names=names,
        terms=terms,
        import_words=import_words,
        roots=roots,
        blobs=sources.blobs,
        files=await _resolve(sources, config, scan, index, hits, gives),
    )
    more = await sources.find(found.sought(config).leads_to, python - found.files.keys())
    return await program.ordered(sources, config, scan, replace(found, others=await program.facts_of(scan, more)))


async def update(sources: Sources, config: Config, scan: Scan, before: Survey) -> Survey | None:
    """The same from the survey of another commit; ``None`` when what all files depend on has changed."""
    changed = differing(before.blobs, sources.blobs)
    content = await sources.read(path for path in changed if path.endswith(SUFFIXES))
    plan = plan_update(before, config, sources.blobs, content)
    if plan is None:
        return None
    pending = {**plan.hits, **await sources.read(plan.again)}
    index = Index(dict(pending), before.roots, before.names)
    files = await _resolve(sources, config, scan, index, pending, plan.gives)
    found = replace(before, commit=sources.commit, blobs=sources.blobs, files={**plan.kept, **files})
    others = await _others(sources, config, scan, before, found, changed, content)
    known = {path: facts for path, facts in before.order.items() if path not in changed}
    return await program.ordered(sources, config, scan, replace(found, others=others), known)


async def _others(
    sources: Sources,
    config: Config,
    scan: Scan,
    before: Survey,
    found: Survey,
    changed: Collection[str],
    content: Mapping[str, bytes],
) -> Mapping[str, Facts]:
    """Facts of files that hold no deprecated name; ``content`` is that of the files that ``changed`` and are there.

    Where something else is looked for than before, every file has to be looked at once more.
    """
    looked_for = found.sought(config)
    if looked_for != before.sought(config):
        python = frozenset(path for path in sources.blobs if path.endswith(SUFFIXES))
        return await program.facts_of(scan, await sources.find(looked_for.leads_to, python - found.files.keys()))
    more = {path: text for path, text in content.items() if path not in found.files and looked_for.leads_to(text)}
    kept = {path: facts for path, facts in before.others.items() if path not in changed and path not in found.files}
    return {**kept, **await program.facts_of(scan, more)}


async def _resolve(
    sources: Sources,
    config: Config,
    scan: Scan,
    index: Index,
    pending: Mapping[str, bytes],
    gives: Mapping[str, frozenset[str]],
) -> Mapping[str, SurveyedFile]:
    """Scan the files until every file that a name was looked up in is in the index.

    So the result depends on the commit alone, and not on what the index held before.
    """
    done: dict[str, SurveyedFile] = {}
    for _ in range(ROUNDS):
        if not pending:
            break
        entries = await scan(pending.items(), config.migrations, index)
        for path, entry in zip(pending, entries, strict=True):
            done[path] = replace(entry, gives=gives[path])
        missing = frozenset[str]().union(*(entry.looked for entry in entries)) - index.files.keys()
        if not missing:
            break
        pending = {path: source for path, source in pending.items() if not missing.isdisjoint(done[path].looked)}
        found = await sources.read(missing)
        index = index.with_modules((path, found.get(path)) for path in missing)
    passed_over = {
        path: SurveyedFile(report=Skipped(path=path, reason=why)) for path, why in sources.passed_over.items()
    }
    return {**done, **passed_over}
