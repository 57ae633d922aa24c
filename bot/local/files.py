"""Finding and reading the Python files of a directory."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.errors import UserError
from bot.engine.source.names import PROJECT_FILES, SUFFIXES, project_files

if TYPE_CHECKING:
    from subprocess import Popen

_NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache", ".ruff_cache"})
_BUFFER = 1 << 20
_PIPE = 1 << 20
"""The pipe's size in bytes, where the system allows it: git does not wait for us to read."""
NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR})
"""Errors of a `Reader` for a listed name that is no file: absent, a symbolic link, or a directory."""


_LAID_OVER: dict[str, bytes] = {}
"""Contents that are read instead of those on disk, by absolute path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a tree, relative to its root and ``/``-separated."""

    paths: tuple[str, ...]
    """Python files, sorted.  Some of git's may be gone from the work tree, or no files in it: see `NO_FILE`."""
    projects: tuple[str, ...] = ()
    """Project files: where source roots are."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """Directories that could not be listed, with the reason."""


def find_root(start: Path) -> Path:
    """The repository that ``start`` is in: where ``.git`` or ``.github/ssot.yml`` is; else ``start``'s own place."""
    directory = start if start.is_dir() else start.parent
    for candidate in (directory, *directory.parents):
        if (candidate / ".git").exists() or (candidate / ".github" / "ssot.yml").is_file():
            return candidate
    return directory


def below(root: Path, start: Path) -> str:
    """``start`` relative to the root, ``/``-separated; empty for the root itself.  Raises `UserError` outside it."""
    if not start.is_relative_to(root):
        raise UserError(f"{start}: outside {root}")
    return "" if start == root else start.relative_to(root).as_posix()


def is_below(path: str, places: Iterable[str]) -> bool:
    """Whether a listed path is one of the places, or inside one of them; inside the empty one are all."""
    return any(not place or f"{path}/".startswith(f"{place}/") for place in places)


def with_named(root: Path, listing: Listing, places: Iterable[str]) -> Listing:
    """The listing with those places that are files: what a person names is taken, also where git ignores it."""
    named = [place for place in places if (root / place).is_file()]
    return replace(listing, paths=tuple(dict.fromkeys((*listing.paths, *named)))) if named else listing


def list_files(root: Path, below: str = "") -> Listing:
    """The Python files under ``root/below``; a file is taken as it is named.

    In a git work tree: tracked files and untracked ones that ``.gitignore`` does not exclude.  Elsewhere: all but those
    in version control's, caches' and virtual environments' directories.  Symbolic links to directories are not
    followed, so no loop can occur.
    """
    with listing(root, below) as result:
        return result()


@contextmanager
def listing(root: Path, below: str = "") -> Iterator[Callable[[], Listing]]:
    """`list_files`, begun: git works while the caller does something else and then asks for the result."""
    if (root / below).is_file():
        yield lambda: Listing(paths=(below,))
        return
    if not (root / ".git").exists():
        yield lambda: _walk(root, below)
        return
    with _git(root, below) as process:
        yield lambda: _from_git(process, root, below)


def _git(root: Path, below: str) -> "Popen[bytes]":
    import subprocess  # costs as much as listing a thousand files

    requested = [f"*{end}" for end in (*SUFFIXES, *PROJECT_FILES)]  # a star and an end: what git matches quickest
    command = ["git", "-C", os.fspath(root / below), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        return subprocess.Popen(  # noqa: S603  no shell
            [*command, "--", *requested], stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=_PIPE
        )
    except OSError as error:
        raise UserError(f"git cannot list {root}: {error}") from error


def _from_git(process: "Popen[bytes]", root: Path, below: str) -> Listing:
    output, complaint = process.communicate()
    if process.returncode:
        detail = os.fsdecode(complaint).strip() or f"exit status {process.returncode}"
        raise UserError(f"git cannot list {root}: {detail}")
    prefix = f"{below}/" if below else ""
    names = sorted(dict.fromkeys(prefix + name for name in os.fsdecode(output).split("\0") if name))
    python = [name for name in names if name.endswith(SUFFIXES)]
    return Listing(paths=tuple(python), projects=project_files(names))


def prefix(root: Path) -> str:
    """What makes a file's path of its name: joining `Path` objects costs more than all that is done with the file."""
    return f"{os.fspath(root)}{os.sep}"


def _walk(root: Path, below: str) -> Listing:
    base = prefix(root)
    paths: list[str] = []
    projects: list[str] = []
    unreadable: list[tuple[str, str]] = []
    pending = [f"{below}/" if below else ""]
    while pending:
        directory = pending.pop()
        try:
            with os.scandir(base + directory) as entries:
                listed = list(entries)
        except OSError as error:
            unreadable.append((directory.rstrip("/") or ".", error.strerror or str(error)))
            continue
        if directory and any(entry.name == "pyvenv.cfg" for entry in listed):
            continue
        projects += project_files(directory + entry.name for entry in listed)
        for entry in listed:
            name = entry.name
            if name.endswith(SUFFIXES):
                if entry.is_file(follow_symlinks=False):
                    paths.append(directory + name)
            elif entry.is_dir(follow_symlinks=False) and name not in _NEVER:
                pending.append(f"{directory}{name}/")
    return Listing(paths=tuple(sorted(paths)), projects=tuple(sorted(projects)), unreadable=tuple(unreadable))


@contextmanager
def laid_over(root: Path, contents: Mapping[str, bytes]) -> Iterator[None]:
    """Read these contents, by path, instead of what is on disk: what an editor has not saved yet.

    In this process and in those that it forks meanwhile; one tree at a time.
    """
    base = prefix(root)
    _LAID_OVER.update((base + path, content) for path, content in contents.items())
    try:
        yield
    finally:
        _LAID_OVER.clear()


def content_laid_over(file: str) -> bytes | None:
    """What is read of an absolute path instead of the file; ``None``: the file itself."""
    return _LAID_OVER.get(file)


class Reader:
    """Reads files into one buffer that is used again: most files hold nothing, and need no object of their own."""

    def __init__(self, root: Path) -> None:
        self._prefix = prefix(root)
        self._buffer = bytearray(_BUFFER)

    def look(self, path: str) -> tuple[bytearray, int]:
        """The content of the file: so many bytes of a buffer that the next look overwrites.  Raises ``OSError``."""
        size = self._fill(path)
        return self._buffer, size

    def read(self, path: str) -> bytes | None:
        """The content of the file; ``None`` if it is absent or cannot be read."""
        try:
            size = self._fill(path)
        except OSError:
            return None
        return bytes(memoryview(self._buffer)[:size])

    def _fill(self, path: str) -> int:
        if _LAID_OVER and (content := _LAID_OVER.get(self._prefix + path)) is not None:
            self._buffer += bytes(max(len(content) - len(self._buffer), 0))
            self._buffer[: len(content)] = content
            return len(content)
        descriptor = os.open(self._prefix + path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            size = os.readv(descriptor, [self._buffer])
            while size and size == len(self._buffer):
                self._buffer += bytes(len(self._buffer))
                size += os.readv(descriptor, [memoryview(self._buffer)[size:]])
            return size
        finally:
            os.close(descriptor)
