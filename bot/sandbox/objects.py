"""Git's object store: written as loose objects, read through one long-lived ``git cat-file --batch``.

All repositories of a fork network share one store, as on GitHub: a commit of a fork can be read through its parent.
"""

import asyncio
import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from bot.sandbox import git

BLOB, EXECUTABLE, SYMLINK, TREE, SUBMODULE = "100644", "100755", "120000", "040000", "160000"
"""The file modes that git knows, as six octal digits."""
ZERO = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitObject:
    sha: str
    kind: str
    """blob, tree, commit or tag."""
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    mode: str
    sha: str

    @property
    def kind(self) -> str:
        return {TREE: "tree", SUBMODULE: "commit"}.get(self.mode, "blob")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who and when: the ``author`` or ``committer`` line of a commit."""

    name: str
    email: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.name} <{self.email}> {int(self.at.timestamp())} {self.at.strftime('%z')}"

    @classmethod
    def parse(cls, line: str) -> Self:
        who, _, when = line.rpartition("> ")
        name, _, email = who.partition(" <")
        seconds, _, zone = when.partition(" ")
        offset = datetime.strptime(zone, "%z").tzinfo
        return cls(name=name, email=email, at=datetime.fromtimestamp(int(seconds), tz=offset))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @classmethod
    def parse(cls, sha: str, data: bytes) -> Self:
        head, _, message = data.decode(errors="replace").partition("\n\n")
        fields: dict[str, list[str]] = {}
        for line in head.split("\n"):
            key, _, value = line.partition(" ")
            fields.setdefault(key, []).append(value)
        return cls(
            sha=sha,
            tree=fields["tree"][0],
            parents=tuple(fields.get("parent", ())),
            author=Signature.parse(fields["author"][0]),
            committer=Signature.parse(fields["committer"][0]),
            message=message.removesuffix("\n"),
        )


def parse_tree(data: bytes) -> dict[str, TreeEntry]:
    entries: dict[str, TreeEntry] = {}
    at = 0
    while at < len(data):
        nul = data.index(b"\0", at)
        mode, _, name = data[at:nul].partition(b" ")
        sha = data[nul + 1 : nul + 21].hex()
        entries[name.decode(errors="surrogateescape")] = TreeEntry(mode=mode.decode().rjust(6, "0"), sha=sha)
        at = nul + 21
    return entries


def encode_tree(entries: dict[str, TreeEntry]) -> bytes:
    def order(item: tuple[str, TreeEntry]) -> bytes:  # git sorts a directory as if its name ended in "/"
        return item[0].encode(errors="surrogateescape") + (b"/" if item[1].mode == TREE else b"")

    return b"".join(
        entry.mode.lstrip("0").encode()
        + b" "
        + name.encode(errors="surrogateescape")
        + b"\0"
        + bytes.fromhex(entry.sha)
        for name, entry in sorted(entries.items(), key=order)
    )


class ObjectStore:
    """The objects of one fork network.  ``directory`` is the git directory that holds them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._reader: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._sizes: dict[str, int | None] = {}

    def write(self, kind: str, data: bytes) -> str:
        """Store an object as git's loose format has it; the same object again costs one ``stat``."""
        whole = f"{kind} {len(data)}".encode() + b"\0" + data
        sha = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        path = self.directory / "objects" / sha[:2] / sha[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            temporary = path.with_suffix(f".{id(data):x}")
            temporary.write_bytes(zlib.compress(whole, 1))
            temporary.replace(path)
        return sha

    async def read(self, sha: str) -> GitObject | None:
        """The object of that id, ``None`` when there is none.  Only full ids: no expression reaches git."""
        if len(sha) != 40 or not set(sha) <= set("0123456789abcdef"):
            return None
        async with self._turn:
            stdin, stdout = await self._pipes()
            stdin.write(sha.encode() + b"\n")
            answer = (await stdout.readline()).split()
            if len(answer) != 3:
                return None
            data = await stdout.readexactly(int(answer[2]) + 1)
        return GitObject(sha=sha, kind=answer[1].decode(), data=data[:-1])

    async def _pipes(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        if self._reader is None:
            self._reader = await git.start(self.directory, "cat-file", "--batch")
        stdin, stdout = self._reader.stdin, self._reader.stdout
        if stdin is None or stdout is None:
            raise git.GitError("cat-file has no pipes")
        return stdin, stdout

    async def close(self) -> None:
        if self._reader is not None:
            process, self._reader = self._reader, None
            await process.communicate(b"")

    async def blob(self, sha: str) -> bytes:
        found = await self.read(sha)
        if found is None or found.kind != "blob":
            raise KeyError(sha)
        return found.data

    async def size(self, sha: str) -> int | None:
        """The length of a blob; ``None`` when it is missing here."""
        if sha not in self._sizes:
            found = await self.read(sha)
            self._sizes[sha] = None if found is None else len(found.data)
        return self._sizes[sha]

    async def commit(self, sha: str) -> Commit | None:
        found = await self.read(sha)
        return Commit.parse(sha, found.data) if found is not None and found.kind == "commit" else None

    async def tree(self, sha: str) -> dict[str, TreeEntry]:
        if sha == EMPTY_TREE:
            return {}
        found = await self.read(sha)
        if found is None or found.kind != "tree":
            raise KeyError(sha)
        return parse_tree(found.data)

    async def lookup(self, tree: str, path: str) -> TreeEntry | None:
        """The entry at ``path``; the root is ``""``."""
        entry = TreeEntry(mode=TREE, sha=tree)
        for name in filter(None, path.split("/")):
            if entry.mode != TREE:
                return None
            found = (await self.tree(entry.sha)).get(name)
            if found is None:
                return None
            entry = found
        return entry

    async def walk(self, tree: str, prefix: str = "") -> dict[str, TreeEntry]:
        """Every entry below ``tree`` that is no directory, by path."""
        found: dict[str, TreeEntry] = {}
        for name, entry in (await self.tree(tree)).items():
            if entry.mode == TREE:
                found |= await self.walk(entry.sha, f"{prefix}{name}/")
            else:
                found[prefix + name] = entry
        return found

    async def walk_all(self, tree: str, prefix: str = "") -> dict[str, TreeEntry]:
        """As :meth:`walk`, with the directories, each before what it holds."""
        found: dict[str, TreeEntry] = {}
        for name, entry in (await self.tree(tree)).items():
            found[prefix + name] = entry
            if entry.mode == TREE:
                found |= await self.walk_all(entry.sha, f"{prefix}{name}/")
        return found

    async def edit_tree(self, base: str | None, changes: dict[str, TreeEntry | None]) -> str:
        """The tree ``base`` with the entries of ``changes`` put or (``None``) taken away; empty directories vanish."""
        entries = await self.tree(base) if base is not None else {}
        nested: dict[str, dict[str, TreeEntry | None]] = {}
        for path, entry in changes.items():
            name, _, rest = path.partition("/")
            if rest:
                nested.setdefault(name, {})[rest] = entry
            elif entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
        for name, inner in nested.items():
            old = entries.get(name)
            sha = await self.edit_tree(old.sha if old is not None and old.mode == TREE else None, inner)
            if sha == EMPTY_TREE:
                entries.pop(name, None)
            else:
                entries[name] = TreeEntry(mode=TREE, sha=sha)
        return self.write("tree", encode_tree(entries))

    def write_commit(
        self, *, tree: str, parents: tuple[str, ...], author: Signature, committer: Signature, message: str
    ) -> str:
        lines = [f"tree {tree}", *(f"parent {sha}" for sha in parents), f"author {author}", f"committer {committer}"]
        return self.write("commit", "\n".join([*lines, "", message]).encode())
