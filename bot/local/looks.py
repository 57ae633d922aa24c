"""What a look into a tree's files has said, kept between scans by what the file system says of each file.

As git's index does it (git-scm.com, "racy-git"): a file whose size, inode and times are those of the last look is not
read again, unless it had just been changed then: its next change could have left the same times.
"""

import hashlib
import os
import stat
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bot.engine.program.sought import Sought
from bot.local.files import content_laid_over, prefix

State = tuple[int, int, int, int]
"""A file's size, inode, time of its last modification and of its last change, in nanoseconds."""
_RACY = 2_000_000_000
"""Nanoseconds: the coarsest step in which file systems count times."""


class Look(msgspec.Struct, frozen=True, array_like=True):
    """What a look into a file said."""

    state: State
    leads: bool = False
    """Whether the file may have a say."""
    stars: tuple[str, ...] = ()
    """The modules of which it may have a star import."""


class _Answers(msgspec.Struct, frozen=True, array_like=True):
    question: str
    looks: dict[str, Look]


@dataclass(slots=True, kw_only=True)
class Looks:
    """The answers to one question, by path."""

    question: str
    """A digest of what is looked for."""
    file: Path | None = None
    """Where they are kept; ``None``: nowhere."""
    known: Mapping[str, Look] = field(default_factory=dict)

    @classmethod
    def at(cls, file: Path | None, looked_for: Sought, roots: Sequence[str]) -> "Looks":
        """Those of a file; none if there is no such file, it cannot be read, or answers another question."""
        # sets have an order of their own in every process
        asked = msgspec.json.encode((looked_for, roots), order="deterministic")
        question = hashlib.blake2b(asked, digest_size=16).hexdigest()
        if file is not None:
            with suppress(OSError, msgspec.MsgspecError, ValueError):
                kept = msgspec.msgpack.decode(file.read_bytes(), type=_Answers)
                if kept.question == question:
                    return cls(question=question, file=file, known=kept.looks)
        return cls(question=question, file=file)

    def save(self, looks: Mapping[str, Look], now: int) -> None:
        """Keep the answers but those about files that were changed just before ``now``, in nanoseconds.

        What cannot be written is no error: the next scan looks again.
        """
        settled = {path: look for path, look in looks.items() if look.state[3] < now - _RACY}
        if self.file is None or settled == self.known:
            return
        draft = self.file.with_suffix(f".{os.getpid()}")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.msgpack.encode(_Answers(self.question, settled)))
            draft.replace(self.file)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


class FileStates:
    """The states of the files below a directory."""

    def __init__(self, root: Path) -> None:
        self._prefix = prefix(root)

    def of(self, path: str) -> State | None:
        """The state of a file; ``None`` if there is none.  What is laid over it has just been changed."""
        if (content := content_laid_over(self._prefix + path)) is not None:
            return len(content), 0, (now := time.time_ns()), now
        try:
            found = os.lstat(self._prefix + path)
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns
