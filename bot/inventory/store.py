"""Surveys in the records, by repository and configuration."""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import structlog
from msgspec import UNSET, Struct, UnsetType, field

import bot.engine
from bot.domain.migration import Config
from bot.domain.references import RepoRef, Sha
from bot.engine.diff.views import Surroundings
from bot.engine.prefilter.terms import PrefilterTerm
from bot.engine.program.facts import Facts
from bot.engine.program.packed import pack, unpack
from bot.engine.report_json import decode, encode
from bot.engine.survey import Survey, SurveyedFile
from bot.storage import Storage, codec

Stored = TypeVar("Stored")

NAMESPACE = "survey"
BRIEF = "survey-brief"
KEPT = 3
"""Configurations of one repository whose surveys are kept: the current one, and those that were just tried."""

log = structlog.get_logger(__name__)


async def load(storage: Storage, repo: RepoRef, config: Config) -> Survey | None:
    """The last survey; ``None`` if there is none, or it cannot be read: then a full survey is made."""
    return await _get(storage, NAMESPACE, repo, config, _survey_of)


async def surroundings(storage: Storage, repo: RepoRef, config: Config) -> Surroundings | None:
    """The part of the last survey that each review asks for, which is small; ``None`` as for `load`."""
    return await _get(storage, BRIEF, repo, config, _brief_of)


async def save(storage: Storage, repo: RepoRef, config: Config, survey: Survey) -> None:
    brief = _StoredBrief(names=survey.names, roots=survey.roots, facts=_packed(survey.facts) or UNSET)
    for namespace, value in ((NAMESPACE, _stored(survey)), (BRIEF, brief)):
        await storage.put(namespace, _key(repo, config), zlib.compress(codec.dump(value)))
        await storage.prune(namespace, prefix=f"{repo.id}/", keep=KEPT)


async def _get(
    storage: Storage, namespace: str, repo: RepoRef, config: Config, decoded: Callable[[bytes], Stored]
) -> Stored | None:  # fmt: skip
    record = await storage.get(namespace, _key(repo, config))
    if record is None:
        return None
    try:
        return decoded(zlib.decompress(record.value))
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        log.warning("survey_unreadable", repository=repo.full_name, error=type(error).__name__)
        return None


def _key(repo: RepoRef, config: Config) -> str:
    """Everything that a survey depends on but the commit."""
    digest = hashlib.blake2b(f"{_engine()}\0{config!r}".encode("utf-8", "surrogatepass"), digest_size=16)
    return f"{repo.id}/{digest.hexdigest()}"


@cache
def _engine() -> str:
    """A digest of the engine's code: an edit of it invalidates every survey."""
    digest = hashlib.blake2b(digest_size=16)
    home = Path(bot.engine.__file__).parent
    for path in sorted(home.rglob("*.py")):
        digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _survey_of(data: bytes) -> Survey:
    return codec.load(data, _StoredSurvey).survey()


def _brief_of(data: bytes) -> Surroundings:
    stored = codec.load(data, _StoredBrief)
    return Surroundings(names=stored.names, roots=stored.roots, facts=_unpacked(stored.facts or {}))


def _packed(facts: Mapping[str, Facts]) -> dict[str, dict[str, Any]]:
    return {path: pack(each) for path, each in facts.items()}


def _unpacked(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Facts]:
    return {path: unpack(each) for path, each in facts.items()}


class _StoredBrief(Struct):
    names: frozenset[str]
    roots: tuple[str, ...]
    facts: dict[str, dict[str, Any]] | UnsetType = UNSET


class _StoredEntry(Struct):
    report: dict[str, Any]
    looked: frozenset[str]
    gives: frozenset[str]
    facts: dict[str, Any] | UnsetType = UNSET
    variables: frozenset[str] | UnsetType = UNSET

    def entry(self) -> SurveyedFile:
        return SurveyedFile(
            report=decode(self.report),
            looked=self.looked,
            gives=self.gives,
            facts=unpack(self.facts or {}),
            variables=self.variables or frozenset(),
        )


class _StoredTerm(Struct, kw_only=True):
    package: str
    names: frozenset[str]
    modules: frozenset[str]
    opening_words: frozenset[str] = field(name="gates")

    def term(self) -> PrefilterTerm:
        return PrefilterTerm(
            package=self.package, names=self.names, modules=self.modules, opening_words=self.opening_words
        )


class _StoredSurvey(Struct, kw_only=True):
    """A survey as its JSON: rows of every version hold these keys."""

    commit: Sha
    names: frozenset[str]
    terms: tuple[_StoredTerm, ...] = field(name="clues")
    import_words: dict[str, dict[str, frozenset[str]]] = field(name="ways")
    roots: tuple[str, ...]
    blobs: dict[str, Sha]
    files: dict[str, _StoredEntry]
    others: dict[str, dict[str, Any]] | UnsetType = UNSET
    order: dict[str, dict[str, Any]] | UnsetType = UNSET

    def survey(self) -> Survey:
        return Survey(
            commit=self.commit,
            names=self.names,
            terms=tuple(stored.term() for stored in self.terms),
            import_words=self.import_words,
            roots=self.roots,
            blobs=self.blobs,
            files={path: entry.entry() for path, entry in self.files.items()},
            others=_unpacked(self.others or {}),
            order=_unpacked(self.order or {}),
        )


def _stored(survey: Survey) -> _StoredSurvey:
    return _StoredSurvey(
        commit=survey.commit,
        names=survey.names,
        terms=tuple(_stored_term(term) for term in survey.terms),
        import_words={path: dict(words) for path, words in survey.import_words.items()},
        roots=survey.roots,
        blobs=dict(survey.blobs),
        files={path: _stored_entry(entry) for path, entry in survey.files.items()},
        others=_packed(survey.others) or UNSET,
        order=_packed(survey.order) or UNSET,
    )


def _stored_term(term: PrefilterTerm) -> _StoredTerm:
    return _StoredTerm(package=term.package, names=term.names, modules=term.modules, opening_words=term.opening_words)


def _stored_entry(entry: SurveyedFile) -> _StoredEntry:
    return _StoredEntry(
        report=encode(entry.report),
        looked=entry.looked,
        gives=entry.gives,
        facts=pack(entry.facts) or UNSET,
        variables=entry.variables or UNSET,
    )
