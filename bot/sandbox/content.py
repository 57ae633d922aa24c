"""What tests put into repositories: plain bytes, or one of the stranger things that git can hold."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.objects import BLOB, EXECUTABLE, SUBMODULE, SYMLINK, ObjectStore, TreeEntry


@dataclass(frozen=True, slots=True)
class Executable:
    """A file with the executable bit."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Symlink:
    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    sha: str
    """A commit of another repository; nothing is read from it."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """The file that was at ``old``, moved here; with ``data`` it is changed on the way."""

    old: str
    data: bytes | None = None


Content = bytes | Executable | Symlink | Submodule | Renamed | None
"""``None`` deletes the file.  Bytes keep the mode that the file has."""


async def entries(store: ObjectStore, base: str | None, files: Mapping[str, Content]) -> dict[str, TreeEntry | None]:
    """Tree entries for ``files`` on top of the tree ``base``; blobs are written on the way."""
    found: dict[str, TreeEntry | None] = {}
    for path, content in files.items():
        if isinstance(content, Renamed):
            found[content.old] = None
            old = None if base is None else await store.lookup(base, content.old)
            if old is None:
                raise KeyError(content.old)
            sha = old.sha if content.data is None else store.write("blob", content.data)
            found[path] = TreeEntry(mode=old.mode, sha=sha)
        else:
            found[path] = await _entry(store, base, path, content)
    return found


async def _entry(
    store: ObjectStore, base: str | None, path: str, content: bytes | Executable | Symlink | Submodule | None
) -> TreeEntry | None:
    match content:
        case None:
            return None
        case Executable(data):
            return TreeEntry(mode=EXECUTABLE, sha=store.write("blob", data))
        case Symlink(target):
            return TreeEntry(mode=SYMLINK, sha=store.write("blob", target.encode()))
        case Submodule(sha):
            return TreeEntry(mode=SUBMODULE, sha=sha)
        case bytes():
            old = None if base is None else await store.lookup(base, path)
            mode = old.mode if old is not None and old.mode in (BLOB, EXECUTABLE) else BLOB
            return TreeEntry(mode=mode, sha=store.write("blob", content))
