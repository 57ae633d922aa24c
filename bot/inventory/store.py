"""Surveys in the records, by repository and configuration."""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
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
from bot.engine.source.names import SUFFIXES
from bot.engine.survey import Survey, SurveyedFile
from bot.storage import Storage, codec

Stored = TypeVar("Stored")

NAMESPACE = "survey"
BRIEF = "survey-brief"
FAILED = "survey-failed"
KEPT = 6
"""Branches and configurations of one repository whose surveys are kept: the current ones, and those just tried."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What a survey is of: a branch of a repository, under a configuration."""

    repo: RepoRef
    branch: str
    config: Config

    @property
    def key(self) -> str:
        """Everything that a survey depends on but the commit."""
        text = f"{_engine()}\0{self.branch}\0{self.config!r}"
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
        return f"{self.repo.id}/{digest.hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a branch could not be surveyed, since when, and the last time that it was tried."""

    reason: str
    since: datetime
    at: datetime
    lasting: bool = False
    """Another try would fail as well."""


async def load(storage: Storage, place: Surveyed) -> Survey | None:
    """The last survey; ``None`` if there is none, or it cannot be read: then a full survey is made."""
    return await _get(storage, NAMESPACE, place, _survey_of)


async def surroundings(storage: Storage, place: Surveyed) -> tuple[Sha, Surroundings] | None:
    """The part of the last survey that each review asks for, which is small, and its commit; ``None`` as for `load`."""
    return await _get(storage, BRIEF, place, _brief_of)


async def failure(storage: Storage, place: Surveyed) -> Failure | None:
    """The last failure, unless the branch was surveyed since."""
    return await _get(storage, FAILED, place, _failure_of)


async def save(storage: Storage, place: Surveyed, survey: Survey) -> None:
    around = surroundings_of(survey)
    brief = _StoredBrief(
        commit=survey.commit,
        names=around.names,
        roots=around.roots,
        facts=_packed(around.facts) or UNSET,
        paths=around.paths or frozenset(),
        looked=dict(around.looked),
    )
    await _put(storage, NAMESPACE, place, _stored(survey))
    await _put(storage, BRIEF, place, brief)
    await storage.delete(FAILED, place.key)


async def save_failure(storage: Storage, place: Surveyed, failure: Failure) -> None:
    await _put(storage, FAILED, place, failure)


def surroundings_of(survey: Survey) -> Surroundings:
    """The part of a survey that a change to the branch asks for."""
    paths = frozenset(path for path in survey.blobs if path.endswith(SUFFIXES))
    return Surroundings(
        names=survey.names,
        roots=survey.roots,
        facts=survey.facts,
        paths=paths,
        looked={path: entry.looked & paths for path, entry in survey.files.items() if entry.looked & paths},
    )


async def _put(storage: Storage, namespace: str, place: Surveyed, value: object) -> None:
    await storage.put(namespace, place.key, zlib.compress(codec.dump(value)))
    await storage.prune(namespace, prefix=f"{place.repo.id}/", keep=KEPT)


async def _get(storage: Storage, namespace: str, place: Surveyed, decoded: Callable[[bytes], Stored]) -> Stored | None:
    record = await storage.get(namespace, place.key)
    if record is None:
        return None
    try:
        return decoded(zlib.decompress(record.value))
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        log.warning("survey_unreadable", repository=place.repo.full_name, error=type(error).__name__)
        return None


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


def _brief_of(data: bytes) -> tuple[Sha, Surroundings]:
    stored = codec.load(data, _StoredBrief)
    return stored.commit, Surroundings(
        names=stored.names,
        roots=stored.roots,
        facts=_unpacked(stored.facts or {}),
        paths=stored.paths,
        looked=stored.looked,
    )


def _failure_of(data: bytes) -> Failure:
    return codec.load(data, Failure)


def _packed(facts: Mapping[str, Facts]) -> dict[str, dict[str, Any]]:
    return {path: pack(each) for path, each in facts.items()}


def _unpacked(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Facts]:
    return {path: unpack(each) for path, each in facts.items()}


class _StoredBrief(Struct):
    commit: Sha
    names: frozenset[str]
    roots: tuple[str, ...]
    paths: frozenset[str]
    looked: dict[str, frozenset[str]]
    facts: dict[str, dict[str, Any]] | UnsetType = UNSET


class _StoredEntry(Struct):
    report: dict[str, Any]
    looked: frozenset[str]
    gives: frozenset[str]
    facts: dict[str, Any] | UnsetType = UNSET
    variables: frozenset[str] | UnsetType = UNSET
    beneath: frozenset[str] | UnsetType = UNSET
    kept: frozenset[str] | UnsetType = UNSET

    def entry(self) -> SurveyedFile:
        return SurveyedFile(
            report=decode(self.report),
            looked=self.looked,
            gives=self.gives,
            facts=unpack(self.facts or {}),
            variables=self.variables or frozenset(),
            beneath=self.beneath or frozenset(),
            kept=self.kept or frozenset(),
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
        beneath=entry.beneath or UNSET,
        kept=entry.kept or UNSET,
    )
