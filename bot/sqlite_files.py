"""The files of a SQLite database: whether a path still leads to the ones that were opened, and whether they are sound.

SQLite does not look: a file that was removed or replaced goes on taking writes, which nobody finds again.
"""

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

from bot.domain.errors import SettingsError, SsotError

SUFFIXES = ("", "-wal", "-shm")
"""The database, its write-ahead log and the index of that."""
FileId = tuple[int, int] | None
"""Device and inode; ``None``: there is no such file."""
Stamp = tuple[int, int] | None
"""Size in bytes, and time of the last change in nanoseconds; ``None``: there is no such file."""


class FileMoved(SsotError):
    """The path no longer leads to the file that was opened.  The text says how to go on."""


class FileDamaged(SsotError):
    """SQLite cannot read a file.  The text says which, and how to go on."""


class UnfitFile(SsotError):
    """No regular file; or one with several names: SQLite would write a log for each, and lose what the other has."""


class FilesSeen(NamedTuple):
    """One look at a database's file, its log and its index: three ``stat``, several times for each commit."""

    ids: tuple[FileId, ...]
    """Of all three."""
    main: Stamp
    log: Stamp


def look_at(names: tuple[str, ...]) -> FilesSeen:
    """``names``: see :func:`names_of`.  Raises ``OSError`` for what is not simply absent."""
    found = [_stat(name) for name in names]
    ids = tuple(None if seen is None else (seen.st_dev, seen.st_ino) for seen in found)
    main, log = (None if seen is None else (seen.st_size, seen.st_mtime_ns) for seen in found[:2])
    return FilesSeen(ids, main, log)


def names_of(path: Path) -> tuple[str, ...]:
    """Of the database's file, its log and its index."""
    return tuple(f"{path}{suffix}" for suffix in SUFFIXES)


def file_ids(path: Path) -> tuple[FileId, ...]:
    """Of the database's file, its log and its index."""
    return look_at(names_of(path)).ids


def _stat(name: str) -> os.stat_result | None:
    try:
        return os.stat(name)  # noqa: PTH116  # a path object would cost more than the call
    except (FileNotFoundError, NotADirectoryError):
        return None


def at_last(path: Path) -> Path:
    """Where symbolic links lead to.  Raises ``SettingsError`` for those that lead nowhere."""
    try:
        return path.resolve()
    except (RuntimeError, OSError) as error:
        raise SettingsError(f"{path}: its symbolic links lead in a circle") from error


def refuse_unfit(path: Path) -> None:
    """Raises ``UnfitFile``.  Symbolic links are no matter: SQLite follows them.

    https://www.sqlite.org/howtocorrupt.html#_multiple_links_to_the_same_file
    """
    if not path.exists():
        return
    if not path.is_file():
        raise UnfitFile(f"{path} is no regular file: move it away, or give the database another place")
    if (names := path.stat().st_nlink) > 1:
        raise UnfitFile(
            f"{path} has {names} names (hard links), and another server may use it by another one: "
            "remove the others, or replace it by a copy of its own"
        )


class PinnedFile:
    """A path and the file that it led to."""

    def __init__(self, path: Path) -> None:
        """Raises ``UnfitFile``, and ``FileMoved`` when there is no file."""
        refuse_unfit(path)
        self.path, self._names = path, names_of(path)
        self.pinned = self.look().ids[0]
        self.check()

    def look(self) -> FilesSeen:
        """What is there now, whichever file it is."""
        return look_at(self._names)

    def check(self) -> FilesSeen:
        """What is there now.  Raises ``FileMoved``."""
        try:
            now = self.look()
        except OSError as error:
            raise FileMoved(f"{self.path}: {error.strerror}") from error
        if now.ids[0] is None:
            raise FileMoved(
                f"{self.path} is gone: put it back, or restart the server to begin a new one; "
                "GitHub is asked again for the deliveries of three days"
            )
        if now.ids[0] != self.pinned:
            raise FileMoved(
                f"{self.path} is not the file that was opened: put that one back, or restart the server to use this one"
            )
        return now


def structural_faults(connection: sqlite3.Connection) -> list[str]:
    """What SQLite's quick check finds; empty when the file is sound."""
    found = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    return [] if found == ["ok"] else found


def damaged(path: Path, fault: str, comfort: str) -> str:
    """What SQLite found, and how to go on; ``comfort`` says what becomes of what was in the file."""
    found = " ".join(fault.split())
    return (
        f"{path} is damaged ({found}): stop the server, restore a backup or move the file away, "
        f"and start again; {comfort}"
    )


PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""https://www.sqlite.org/rescode.html"""
OF_THE_CONTENT = frozenset({sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_DATA, sqlite3.SQLITE_IOERR_SHORT_READ})


def passes(error: sqlite3.Error) -> bool:
    """Whether it is the disk's or another connection's, and says nothing about what is in the file."""
    code: int | None = getattr(error, "sqlite_errorcode", None)  # those that Python makes have none
    return code is not None and code & 0xFF in PASSING and code not in OF_THE_CONTENT


def means_damage(error: Exception) -> bool:
    text = str(error)
    return "malformed" in text or "not a database" in text
