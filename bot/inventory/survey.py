"""The usages of a whole commit: from the stream of its archive the first time, from what changed afterwards.

What was found is kept in the records, by repository and configuration.  Which files changed is known from the two
trees, so a force push or a push of any size is no special case.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import structlog

from bot.context import Bot
from bot.domain.finding import Skipped
from bot.domain.migration import Config
from bot.domain.references import Sha
from bot.engine.prefilter.terms import ImportWords, PrefilterTerm, follow, merged
from bot.engine.program.collect import unread
from bot.engine.program.facts import Facts
from bot.engine.program.index import ROUNDS, Index
from bot.engine.program.pythons import is_project
from bot.engine.program.sought import HANDED_ON, Sought
from bot.engine.source.names import SUFFIXES
from bot.engine.survey import (
    Survey,
    SurveyedFile,
    differing,
    given_names,
    glance,
    leaves,
    plan_update,
    reopened_words,
    roots_of,
    survey_file,
    terms_of,
)
from bot.inventory import program, progress, store
from bot.inventory.commit_sources import Caught, CommitSources
from bot.inventory.program import Each
from bot.inventory.store import Surveyed

T = TypeVar("T")

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

    async def facts(self, looked_for: Sought, paths: Iterable[str]) -> Mapping[str, Facts]: ...


async def survey(bot: Bot, place: Surveyed, commit: Sha) -> Survey:
    """All usages at ``commit``, updated from the last surveyed commit of the branch if there is one.

    Work that needs the same survey waits for the one under way.  Raises ``RetryLater`` and ``NotFound`` as reading
    does, and ``HugeArchive``.
    """
    async with bot.turns.of(f"survey {place.key}"):
        return await _survey(bot, place, commit)


async def _survey(bot: Bot, place: Surveyed, commit: Sha) -> Survey:
    repo, config = place.repo, place.config
    before = await store.load(bot.storage, place)
    if before is not None and before.commit == commit and not _passing(before):
        await progress.refresh(bot, place, before)
        return before
    sources = await CommitSources.at(bot, repo, commit)
    found = None if before is None else await update(sources, config, bot.scanner.each, before)
    how = "full" if found is None else "updated"
    if found is None:
        found = await survey_fresh(sources, config, bot.scanner.each)
    log.info("surveyed", repository=repo.full_name, commit=commit, how=how, usages=len(found.findings))
    await store.save(bot.storage, place, found)
    await progress.refresh(bot, place, found)
    return found


async def survey_fresh(sources: Sources, config: Config, each: Each) -> Survey:
    """All usages of the commit, without an earlier survey."""
    python = frozenset(path for path in sources.blobs if path.endswith(SUFFIXES))
    terms, names = terms_of(config, sources.blobs), leaves(config)
    hits: dict[str, bytes] = {}
    import_words: dict[str, ImportWords] = {}
    asked = Questions(each)
    for _ in range(ROUNDS):
        caught = await sources.search(terms, python - hits.keys() - asked.broken.keys())
        asked.broken.update(caught.broken)
        hits |= caught.files
        import_words = merged(import_words, caught.import_words)
        names = await asked.names(hits, names)
        before, terms = terms, follow(terms, names - leaves(config), import_words.values())
        if terms == before:
            break
        import_words = merged(import_words, await asked.of(reopened_words, hits, terms, before))
    roots = roots_of(config, hits, sources.blobs)
    gives = await asked.of(given_names, hits, names)
    index = Index(dict(hits), roots, names)
    found = Survey(
        commit=sources.commit,
        names=names,
        terms=terms,
        import_words={path: words for path, words in import_words.items() if words},
        roots=roots,
        blobs=sources.blobs,
        files=await _resolve(sources, config, asked, index, hits, gives),
    )
    others = await sources.facts(found.sought(config), python - found.files.keys())
    others = await _led_on(sources, config, found, others)
    others = {**await _projects(sources, each, found), **others}
    return await program.ordered(sources, config, each, replace(found, others=others))


async def update(sources: Sources, config: Config, each: Each, before: Survey) -> Survey | None:
    """The same from the survey of another commit; ``None`` when what all files depend on has changed."""
    asked, before = Questions(each), _without_passing(before)
    changed = differing(before.blobs, sources.blobs)
    content = await sources.read(path for path in changed if path.endswith(SUFFIXES))
    plan = plan_update(before, config, sources.blobs, await asked.of(glance, content, before.terms, before.names))
    if plan is None:
        return None
    pending = {**{path: content[path] for path in plan.hits}, **await sources.read(plan.again)}
    index = Index(dict(pending), before.roots, before.names)
    files = await _resolve(sources, config, asked, index, pending, plan.gives)
    found = replace(before, commit=sources.commit, blobs=sources.blobs, files={**plan.kept, **files})
    others = await _others(sources, config, each, before, found, changed, content)
    unchanged = {path: facts for path, facts in before.others.items() if path not in changed}
    others = {**await _projects(sources, each, found, unchanged), **others}
    known = {path: facts for path, facts in before.order.items() if path not in changed}
    return await program.ordered(sources, config, each, replace(found, others=others), known)


def _without_passing(before: Survey) -> Survey:
    """The survey as if it had not known of the files that were skipped for no fault of theirs."""
    passing = _passing(before)
    return replace(before, blobs={path: sha for path, sha in before.blobs.items() if path not in passing})


def _passing(survey: Survey) -> frozenset[str]:
    reports = ((path, entry.report) for path, entry in survey.files.items())
    return frozenset(path for path, report in reports if isinstance(report, Skipped) and report.passing)


async def _others(
    sources: Sources,
    config: Config,
    each: Each,
    before: Survey,
    found: Survey,
    changed: Collection[str],
    content: Mapping[str, bytes],
) -> Mapping[str, Facts]:
    """Facts of Python files that hold no deprecated name; ``content`` is that of those that ``changed`` and are there.

    Where something else is looked for than before, every file has to be looked at once more.
    """
    looked_for, was = found.sought(config), before.sought(config)
    if looked_for != was or before.sought(config, before.others) != was:
        python = frozenset(path for path in sources.blobs if path.endswith(SUFFIXES))
        others = await sources.facts(looked_for, python - found.files.keys())
        return await _led_on(sources, config, found, others)
    more = {path: text for path, text in content.items() if path not in found.files}
    stays = {path for path in before.others if path.endswith(SUFFIXES)} - set(changed) - found.files.keys()
    kept = {path: before.others[path] for path in stays}
    return await _led_on(sources, config, found, {**kept, **await program.facts_of(each, more, looked_for)})


async def _led_on(
    sources: Sources, config: Config, found: Survey, others: Mapping[str, Facts]
) -> Mapping[str, Facts]:  # fmt: skip
    """``others``, and the facts of the files that what they hand over leads to."""
    looked_for = found.sought(config)
    python = frozenset(path for path in sources.blobs if path.endswith(SUFFIXES)) - found.files.keys()
    for _ in range(HANDED_ON):
        asked = found.sought(config, others)
        if asked == looked_for:
            break
        question, left = asked.beyond(looked_for), python - others.keys()
        looked_for = asked
        others = {**others, **await sources.facts(question, left & question.paths if question.is_of_paths else left)}
    return others


async def _projects(
    sources: Sources, each: Each, found: Survey, known: Mapping[str, Facts] = program.NONE
) -> Mapping[str, Facts]:
    """Facts of the project files that hold no deprecated name; ``known`` are those of unchanged files."""
    paths = {path for path in sources.blobs if is_project(path)} - found.files.keys()
    read = await program.facts_of(each, await sources.read(paths - known.keys()))
    return {**{path: known[path] for path in paths & known.keys()}, **read}


@dataclass(frozen=True)
class Questions:
    """Questions about many files, asked in workers; a file that breaks one of them is asked nothing more."""

    each: Each
    broken: dict[str, Skipped] = field(default_factory=dict)

    async def of(self, function: Callable[..., T], files: Mapping[str, bytes], *args: object) -> dict[str, T]:
        """What ``function(source, path, *args)`` says of each file that is not broken."""
        sound = {path: source for path, source in files.items() if path not in self.broken}
        answers = await self.each(function, sound.items(), *args) if sound else ()
        found: dict[str, T] = {}
        for path, answer in zip(sound, answers, strict=True):
            if isinstance(answer, Skipped):
                self.broken[path] = answer
            else:
                found[path] = answer
        return found

    async def names(self, files: Mapping[str, bytes], names: frozenset[str]) -> frozenset[str]:
        """``names`` and all that ``files`` may give to one of them."""
        while more := frozenset[str]().union(*(await self.of(given_names, files, names, names)).values()):
            names |= more
        return names


async def _resolve(
    sources: Sources,
    config: Config,
    asked: Questions,
    index: Index,
    pending: Mapping[str, bytes],
    gives: Mapping[str, frozenset[str]],
) -> Mapping[str, SurveyedFile]:
    """Scan the files until every file that a name was looked up in is in the index.

    So the result depends on the commit alone, and not on what the index held before.
    """
    done: dict[str, SurveyedFile] = {}
    for _ in range(ROUNDS):
        entries = await asked.of(survey_file, pending, config.migrations, index)
        done |= {path: replace(entry, gives=gives.get(path, frozenset())) for path, entry in entries.items()}
        missing = frozenset[str]().union(*(entry.looked for entry in entries.values())) - index.files.keys()
        if not missing:
            break
        pending = {path: pending[path] for path, entry in entries.items() if not missing.isdisjoint(entry.looked)}
        found = await sources.read(missing)
        index = index.with_modules((path, found.get(path)) for path in missing)
    passed_over = {
        path: SurveyedFile(report=Skipped(path=path, reason=why)) for path, why in sources.passed_over.items()
    }
    return {**done, **{path: _unscanned(path, why, index) for path, why in asked.broken.items()}, **passed_over}


def _unscanned(path: str, why: Skipped, index: Index) -> SurveyedFile:
    return SurveyedFile(report=why, facts=unread(index.files.get(path) or b""))
