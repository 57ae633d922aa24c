"""A cache of scan results on disk: one JSON file for each result, named by a digest of all its inputs."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__
from bot.domain.finding import FileReport
from bot.domain.migration import Config
from bot.engine.program.index import Index
from bot.engine.report_json import decode, encode

if TYPE_CHECKING:
    from bot.engine.program.facts import Facts

MAX_ENTRIES = 20_000
"""Results that are kept on disk."""


def default_directory(environment: Mapping[str, str]) -> Path:
    """Where results are kept: below ``SSOT_DATA_DIR``, else where XDG says (freedesktop.org, "XDG Base Directory")."""
    data = environment.get("SSOT_DATA_DIR")
    if data:
        return Path(data) / "scan-cache"
    home = environment.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "ssot-bot" / "scan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """The cache of one configuration."""

    directory: Path
    config: str
    """A digest of the configuration and the engine."""

    @classmethod
    def of(cls, config: Config, directory: Path) -> "Cache":
        return cls(directory=directory, config=_digest(__version__, engine_digest(), repr(config)))

    def at(self, index: Index, fixes: bool) -> "CacheAt":
        """The results for this index: a changed façade changes the meaning of names in other files."""
        known = ((path, _content(source)) for path, source in sorted(index.files.items()))
        context = _digest(self.config, str(fixes), repr(index.roots), *map(repr, known), _said(index.facts))
        return CacheAt(directory=self.directory, context=context)

    def facts_of(self, root: Path) -> Path:
        """The file in which the facts of a tree's files are kept."""
        return self.directory / f"{_digest(__version__, engine_digest(), os.fspath(root))}.facts"

    def prune(self) -> None:
        """Delete the oldest half of the results when there are more than `MAX_ENTRIES`."""
        try:
            entries = list(self.directory.iterdir())
            if len(entries) > MAX_ENTRIES:
                entries.sort(key=lambda entry: entry.stat().st_mtime_ns)
                for entry in entries[: len(entries) - MAX_ENTRIES // 2]:
                    entry.unlink(missing_ok=True)
        except OSError:
            return  # no directory, or another process prunes: the cache is optional


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAt:
    """The cache of one configuration and one index."""

    directory: Path
    context: str

    def _file(self, path: str, source: bytes) -> Path:
        return self.directory / f"{_digest(self.context, path, _content(source))}.json"

    def get(self, path: str, source: bytes) -> FileReport | None:
        """The result for a file; ``None`` if there is none that can be read."""
        try:
            return decode(json.loads(self._file(path, source).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, path: str, source: bytes, report: FileReport) -> None:
        """Store a result.  A cache that cannot be written is no error: the next scan does the work again."""
        target = self._file(path, source)
        draft = target.with_suffix(f".{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(encode(report)), encoding="utf-8", errors="surrogatepass")
            draft.replace(target)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _said(facts: "Mapping[str, Facts]") -> str:
    """The facts of files that are not held, the same text in every process: sets have an order of their own in each."""
    if not facts:
        return ""
    import msgspec  # a scan that plans no fix has none

    return hashlib.blake2b(msgspec.msgpack.encode(facts, order="deterministic"), digest_size=16).hexdigest()


def _content(source: bytes | None) -> str:
    return "-" if source is None else hashlib.blake2b(source, digest_size=16).hexdigest()


def _digest(*parts: str) -> str:
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=16).hexdigest()


def engine_digest() -> str:
    """A digest of the engine's own code: an edit of it invalidates every result."""
    home = Path(__file__).parents[1] / "engine"
    return _digest(
        *(f"{path.name}:{path.stat().st_mtime_ns}:{path.stat().st_size}" for path in sorted(home.rglob("*.py")))
    )
