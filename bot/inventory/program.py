"""The view of the whole program at one commit: further files that have a say, and the order in which modules run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol, TypeVar

from bot.domain.finding import Skipped
from bot.domain.migration import Config
from bot.domain.references import Sha
from bot.engine.program.collect import unread
from bot.engine.program.facts import Facts
from bot.engine.program.index import ROUNDS, Index
from bot.engine.program.order import above, begun, beside, early_imports
from bot.engine.program.sought import Sought
from bot.engine.source.names import module_paths
from bot.engine.survey import Survey, facts_if

T = TypeVar("T")

MOST = 300
"""Files whose imports are followed: what runs when a successor is imported may be the whole program."""
NONE: Mapping[str, Facts] = MappingProxyType({})


class Each(Protocol):
    """A function of one file's source and path, on many files, where a crash costs nothing else: ``Scanner.each``."""

    async def __call__(
        self, function: Callable[..., T], files: Iterable[tuple[str, bytes]], *args: object
    ) -> Sequence[T | Skipped]: ...


class Reads(Protocol):
    """What is read of a commit."""

    @property
    def blobs(self) -> Mapping[str, Sha]: ...

    async def read(self, paths: Iterable[str]) -> Mapping[str, bytes]: ...


async def facts_of(each: Each, files: Mapping[str, bytes], looked_for: Sought | None = None) -> dict[str, Facts]:
    """The facts of those files that may have a say (``None``: of all); of one that breaks the engine only its words."""
    found = await each(facts_if, files.items(), looked_for) if files else ()
    return {
        path: unread(source) if isinstance(facts, Skipped) else facts
        for (path, source), facts in zip(files.items(), found, strict=True)
        if facts is not None
    }


async def ordered(
    sources: Reads, config: Config, each: Each, survey: Survey, known: Mapping[str, Facts] = NONE
) -> Survey:
    """The survey with the imports of all files that run when the module of a target, or of a successor, is imported.

    ``known`` are those of unchanged files.
    """
    index, here, order = Index(roots=survey.roots), {**survey.others, **_of(survey)}, dict[str, Facts]()
    pending = {module for name in begun(config) for module in above(name)}
    seen, looked = set(pending), set[str]()
    further = set(beside(config, survey.files))
    for _ in range(ROUNDS):
        paths = (further | {path for module in pending for path in module_paths(module, survey.roots)}) - looked
        paths = set(sorted(paths & survey.blobs.keys())[: MOST - len(looked)])
        looked |= paths
        lacking = [path for path in sorted(paths) if path not in here and path not in known]
        read = await facts_of(each, await sources.read(lacking))
        found = {p: here.get(p) or read.get(p) or known.get(p) for p in paths}
        order |= {
            p: Facts(imports=f.imports, calls=f.calls, acts=f.acts, applied=f.applied, keeps=f.keeps)
            for p, f in found.items()
            if f and p not in here
        }
        new = {name for p, f in found.items() if f for name in early_imports(p, f, index)}
        pending, seen = new - seen, seen | new
        if not pending:
            break
    return replace(survey, order=order)


def _of(survey: Survey) -> dict[str, Facts]:
    return {path: entry.facts for path, entry in survey.files.items()}
