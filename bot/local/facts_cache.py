"""The facts of files, kept on disk between scans of one tree: a file's bytes decide them."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bot.engine.program.collect import facts_at, imports_of
from bot.engine.program.facts import Facts
from bot.engine.program.pythons import is_project
from bot.local.parallel import share
from bot.local.search import split

_Stored = dict[str, Facts]


@dataclass(slots=True, kw_only=True)
class FactsCache:
    """What is known of files by their bytes; those that are asked for are kept for the next scan."""

    file: Path | None = None
    """Where they are kept; ``None``: nowhere."""
    _known: _Stored = field(default_factory=dict)
    _used: _Stored = field(default_factory=dict)

    @classmethod
    def at(cls, file: Path | None) -> "FactsCache":
        """Those of a file; none if there is no such file, or it cannot be read."""
        known: _Stored = {}
        if file is not None:
            with suppress(OSError, msgspec.MsgspecError, ValueError):
                known = msgspec.msgpack.decode(file.read_bytes(), type=_Stored)
        return cls(file=file, _known=known)

    def facts(self, sources: Mapping[str, bytes], jobs: int) -> Mapping[str, Facts]:
        """The facts of files, by path; those that are not known are worked out on so many cores."""
        return self._of_all(
            sources, {path: _key(_name(path), source) for path, source in sources.items()}, facts_at, jobs
        )

    def imports_alone(self, sources: Mapping[str, bytes], jobs: int) -> Mapping[str, Facts]:
        """What happens when files are imported, by path; of those that do not parse all that is known."""
        keys = {path: _key("imports", source) for path, source in sources.items()}
        found = self._of_all(sources, keys, lambda _, source: imports_of(source), jobs)
        unread = {path: sources[path] for path, facts in found.items() if not facts.readable}
        return {**found, **self.facts(unread, jobs)}

    def _of_all(
        self, sources: Mapping[str, bytes], keys: Mapping[str, str], make: Callable[[str, bytes], Facts], jobs: int
    ) -> Mapping[str, Facts]:
        left = sorted((path for path in sources if keys[path] not in self._known), key=lambda path: len(sources[path]))
        found: dict[str, Facts] = {}
        parts: Sequence[Sequence[str]] = split(left, jobs) if left else ()
        for part in share(lambda part: {path: make(path, sources[path]) for path in part}, parts):
            found |= part
        return {path: self._keep(keys[path], found.get(path)) for path in sources}

    def imports(self, source: bytes) -> Facts:
        """What happens when the file is imported, alone."""
        key = _key("imports", source)
        return self._keep(key, None if key in self._known else imports_of(source))

    def _keep(self, key: str, made: Facts | None) -> Facts:
        self._used[key] = found = self._known[key] if made is None else made
        return found

    def beside(self, work: "Callable[[FactsCache], Mapping[str, Facts]]") -> "tuple[Mapping[str, Facts], _Stored]":
        """What some work gives that is done in a process of its own, and what it asked for: for `add`."""
        own = FactsCache(_known=self._known)
        return work(own), own._used

    def add(self, used: _Stored) -> None:
        """Keep what was asked for in another process."""
        self._used |= used

    def save(self) -> None:
        """Keep what was asked for.  A cache that cannot be written is no error: the next scan does the work again."""
        if self.file is None or self._used.keys() <= self._known.keys():
            return
        draft = self.file.with_suffix(f".{os.getpid()}")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.msgpack.encode(self._used))
            draft.replace(self.file)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _name(path: str) -> str:
    """What the facts depend on besides the bytes: a project file's name, and which files are Python."""
    return path.rpartition("/")[2] if is_project(path) else "facts"


def _key(kind: str, source: bytes) -> str:
    return f"{kind}:{hashlib.blake2b(source, digest_size=16).hexdigest()}"
