"""Surveys in the records, by repository and configuration."""

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import structlog

import bot.engine
from bot.engine.clues import Clue
from bot.engine.diff.views import Surroundings
from bot.engine.report_json import decode, encode
from bot.engine.survey import Survey, SurveyedFile
from bot.migration import Config
from bot.refs import RepoRef, Sha
from bot.storage import Storage

Stored = TypeVar("Stored")

NAMESPACE = "survey"
BRIEF = "survey-brief"
KEPT = 3
"""Configurations of one repository whose surveys are kept: the present one, and those of a change that is tried."""

log = structlog.get_logger(__name__)


async def load(storage: Storage, repo: RepoRef, config: Config) -> Survey | None:
    """The last survey; ``None`` if there is none, or none that can be read: then it is made anew."""
    return await _get(storage, NAMESPACE, repo, config, _decode)


async def surroundings(storage: Storage, repo: RepoRef, config: Config) -> Surroundings | None:
    """The part of the last survey that each review asks for, which is small; ``None`` as for `load`."""
    return await _get(storage, BRIEF, repo, config, _decode_brief)


async def save(storage: Storage, repo: RepoRef, config: Config, survey: Survey) -> None:
    brief = {"names": sorted(survey.names), "roots": survey.roots}
    for namespace, value in ((NAMESPACE, _encode(survey)), (BRIEF, brief)):
        packed = zlib.compress(json.dumps(value, separators=(",", ":")).encode())
        await storage.put(namespace, _key(repo, config), packed)
        await storage.prune(namespace, prefix=f"{repo.id}/", keep=KEPT)


async def _get(
    storage: Storage, namespace: str, repo: RepoRef, config: Config, decoded: Callable[[Any], Stored]
) -> Stored | None:  # fmt: skip
    record = await storage.get(namespace, _key(repo, config))
    if record is None:
        return None
    try:
        return decoded(json.loads(zlib.decompress(record.value)))
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        log.warning("survey_unreadable", repository=repo.full_name, error=type(error).__name__)
        return None


def _key(repo: RepoRef, config: Config) -> str:
    """Everything that a survey depends on but the commit."""
    digest = hashlib.blake2b(f"{_engine()}\0{config!r}".encode("utf-8", "surrogatepass"), digest_size=16)
    return f"{repo.id}/{digest.hexdigest()}"


@cache
def _engine() -> str:
    """A digest of the engine's code: an edit of it makes every survey old."""
    digest = hashlib.blake2b(digest_size=16)
    home = Path(bot.engine.__file__).parent
    for path in sorted(home.rglob("*.py")):
        digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _encode(survey: Survey) -> dict[str, Any]:
    return {
        "commit": survey.commit,
        "names": sorted(survey.names),
        "clues": [_encode_clue(clue) for clue in survey.clues],
        "ways": {path: {way: sorted(to) for way, to in ways.items()} for path, ways in survey.ways.items()},
        "roots": survey.roots,
        "blobs": dict(survey.blobs),
        "files": {path: _encode_entry(entry) for path, entry in survey.files.items()},
    }


def _encode_clue(clue: Clue) -> dict[str, Any]:
    words = {"names": clue.names, "modules": clue.modules, "gates": clue.gates}
    return {"package": clue.package, **{name: sorted(each) for name, each in words.items()}}


def _decode_clue(encoded: Mapping[str, Any]) -> Clue:
    words = {name: frozenset(encoded[name]) for name in ("names", "modules", "gates")}
    return Clue(package=encoded["package"], **words)


def _encode_entry(entry: SurveyedFile) -> dict[str, Any]:
    return {"report": encode(entry.report), "looked": sorted(entry.looked), "gives": sorted(entry.gives)}


def _decode(encoded: Mapping[str, Any]) -> Survey:
    return Survey(
        commit=Sha(encoded["commit"]),
        names=frozenset(encoded["names"]),
        clues=tuple(_decode_clue(clue) for clue in encoded["clues"]),
        ways={path: {way: frozenset(to) for way, to in ways.items()} for path, ways in encoded["ways"].items()},
        roots=tuple(encoded["roots"]),
        blobs=encoded["blobs"],
        files={path: _decode_entry(entry) for path, entry in encoded["files"].items()},
    )


def _decode_brief(encoded: Mapping[str, Any]) -> Surroundings:
    return Surroundings(names=frozenset(encoded["names"]), roots=tuple(encoded["roots"]))


def _decode_entry(encoded: Mapping[str, Any]) -> SurveyedFile:
    return SurveyedFile(
        report=decode(encoded["report"]), looked=frozenset(encoded["looked"]), gives=frozenset(encoded["gives"])
    )
