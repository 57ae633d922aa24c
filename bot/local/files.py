"""Finding and reading the Python files of a directory."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from bot.errors import UserError

SUFFIXES = (".py", ".pyi")
PROJECT_FILES = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
_NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache", ".ruff_cache"})
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a tree, relative to its root and ``/``-separated."""

    paths: tuple[str, ...]
    """Python files, sorted."""
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


def list_files(root: Path, below: str = "") -> Listing:
    """The Python files under ``root/below``.

    In a git work tree those that git tracks or would: what ``.gitignore`` leaves out is left out.  Elsewhere all but
    those in version control's, caches' and virtual environments' directories.  Symbolic links to directories are not
    followed, so no loop can occur.
    """
    if (root / ".git").exists():
        return _from_git(root, below)
    return _walk(root, below)


def _from_git(root: Path, below: str) -> Listing:
    import subprocess  # costs as much as listing a thousand files

    command = ["git", "-C", os.fspath(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    command += ["--", f":(literal){below}"] if below else []
    try:
        done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603  no shell, literal paths
    except (OSError, subprocess.CalledProcessError) as error:
        detail = os.fsdecode(getattr(error, "stderr", None) or b"").strip() or str(error)
        raise UserError(f"git cannot list {root}: {detail}") from error
    names = sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})
    python = [name for name in names if name.endswith(SUFFIXES)]
    kept = [name for name in python if _is_file(root / name)]
    projects = [name for name in names if name.rpartition("/")[2] in PROJECT_FILES]
    return Listing(paths=tuple(kept), projects=tuple(projects))


def _is_file(path: Path) -> bool:
    """Whether it is a file, not a link; one that is gone from the work tree is none, one that cannot be read is."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _walk(root: Path, below: str) -> Listing:
    paths: list[str] = []
    projects: list[str] = []
    unreadable: list[tuple[str, str]] = []
    pending = [below]
    while pending:
        directory = pending.pop()
        prefix = f"{directory}/" if directory else ""
        try:
            with os.scandir(root / directory) as entries:
                listed = list(entries)
        except OSError as error:
            unreadable.append((directory or ".", error.strerror or str(error)))
            continue
        if prefix and any(entry.name == "pyvenv.cfg" for entry in listed):
            continue
        for entry in listed:
            name = entry.name
            if name.endswith(SUFFIXES):
                if entry.is_file(follow_symlinks=False):
                    paths.append(prefix + name)
            elif entry.is_dir(follow_symlinks=False) and name not in _NEVER:
                pending.append(prefix + name)
            if name in PROJECT_FILES:
                projects.append(prefix + name)
    return Listing(paths=tuple(sorted(paths)), projects=tuple(sorted(projects)), unreadable=tuple(unreadable))


class Reader:
    """Reads files into one buffer that is used again: most files hold nothing, and need no object of their own."""

    def __init__(self, root: Path) -> None:
        self._prefix = f"{os.fspath(root)}{os.sep}"
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
        descriptor = os.open(self._prefix + path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            size = os.readv(descriptor, [self._buffer])
            while size and size == len(self._buffer):
                self._buffer += bytes(len(self._buffer))
                size += os.readv(descriptor, [memoryview(self._buffer)[size:]])
            return size
        finally:
            os.close(descriptor)
