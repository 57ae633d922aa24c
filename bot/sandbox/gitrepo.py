"""A bare repository on disk: refs in git's loose format, history questions answered by git itself."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from bot.sandbox import diffs, git
from bot.sandbox.objects import Commit, ObjectStore

CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = true
[http]
\treceivepack = true
[receive]
\tautogc = false
[gc]
\tauto = 0
[uploadpack]
\tallowAnySHA1InWant = true
"""

BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|^[/.-]|[/.]$|^@$")
"""What ``git check-ref-format`` refuses in a ref name."""


class GitRepo:
    """One bare repository.  Forks share their parent's object directory, as in GitHub's fork networks."""

    def __init__(self, path: Path, store: ObjectStore, refs: dict[str, str] | None = None) -> None:
        self.path, self.store = path, store
        self.refs: dict[str, str] = {}
        """Full ref name → id.  Kept in step with the files on disk."""
        self._diffs: dict[tuple[str, str], tuple[diffs.FileDiff, ...]] = {}
        self._merge_bases: dict[tuple[str, str], str | None] = {}
        self._commits: dict[tuple[str, str], tuple[str, ...]] = {}
        self._mergeable: dict[tuple[str, str], str | None] = {}
        for name, sha in (refs or {}).items():
            self.set_ref(name, sha)

    @classmethod
    def create(cls, path: Path, *, default_branch: str, objects_of: Path | None = None) -> "GitRepo":
        """An empty repository, without starting a process.  ``objects_of``: borrow that repository's objects."""
        (path / "refs" / "heads").mkdir(parents=True)
        (path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
        (path / "config").write_text(CONFIG)
        (path / "objects" / "info").mkdir(parents=True)
        if objects_of is not None:
            (path / "objects" / "info" / "alternates").write_text(f"{objects_of / 'objects'}\n")
        return cls(path, ObjectStore(path))

    def fork(self, path: Path, *, default_branch: str) -> "GitRepo":
        """A repository with the same branches and the same objects."""
        (path / "refs" / "heads").mkdir(parents=True)
        (path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
        (path / "config").write_text(CONFIG)
        (path / "objects").symlink_to(self.store.directory / "objects", target_is_directory=True)
        branches = {name: sha for name, sha in self.refs.items() if name.startswith("refs/heads/")}
        return GitRepo(path, self.store, branches)

    # --- refs -------------------------------------------------------------------------------------------------

    def branch(self, name: str) -> str | None:
        return self.refs.get(f"refs/heads/{name}")

    def ref_conflict(self, name: str) -> bool:
        """Whether ``name`` is ill-formed, or a directory of an existing ref or below one."""
        taken = (ref for ref in self.refs if ref != name)
        return bool(BAD_REF.search(name)) or any(
            ref.startswith(name + "/") or name.startswith(ref + "/") for ref in taken
        )

    def set_ref(self, name: str, sha: str | None) -> None:
        """Write (or, with ``None``, delete) a ref."""
        path = self.path / name
        if sha is None:
            del self.refs[name]
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock")
        lock.write_text(sha + "\n")
        lock.replace(path)
        self.refs[name] = sha

    async def reread_refs(self) -> dict[str, tuple[str | None, str | None]]:
        """What a ``git push`` changed: name → (before, after)."""
        _, out = await git.run(self.path, "for-each-ref", "--format=%(objectname) %(refname)")
        now = {name: sha for sha, _, name in (line.partition(" ") for line in out.decode().splitlines())}
        before, self.refs = self.refs, now
        names = sorted(before.keys() | now.keys())
        return {name: (before.get(name), now.get(name)) for name in names if before.get(name) != now.get(name)}

    async def resolve(self, name: str) -> str | None:
        """The commit that a branch, tag, ``heads/x``, full ref or full or short id names."""
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}", name):
            if candidate in self.refs:
                return self.refs[candidate]
        if name == "HEAD":
            return self.refs.get((self.path / "HEAD").read_text().removeprefix("ref: ").strip())
        if re.fullmatch(r"[0-9a-f]{7,39}", name):
            code, out = await git.run(self.path, "rev-parse", "--verify", "-q", f"{name}^{{commit}}", ok=(0, 1, 128))
            return out.decode().strip() if code == 0 else None
        return name if await self.store.commit(name) else None

    # --- history ----------------------------------------------------------------------------------------------

    async def merge_base(self, one: str, other: str) -> str | None:
        if (one, other) not in self._merge_bases:
            code, out = await git.run(self.path, "merge-base", one, other, ok=(0, 1))
            self._merge_bases[one, other] = out.decode().strip() if code == 0 else None
        return self._merge_bases[one, other]

    async def contains(self, descendant: str, ancestor: str) -> bool:
        return ancestor == descendant or await self.merge_base(ancestor, descendant) == ancestor

    async def commits(self, base: str, head: str) -> tuple[str, ...]:
        """``base..head``, oldest first."""
        if (base, head) not in self._commits:
            _, out = await git.run(self.path, "rev-list", "--reverse", "--topo-order", f"{base}..{head}")
            self._commits[base, head] = tuple(out.decode().split())
        return self._commits[base, head]

    async def log(self, head: str, path: str | None = None) -> tuple[str, ...]:
        """What ``head`` reaches, newest first; with ``path``, only what changed it, as ``git log`` simplifies."""
        paths = ("--", f":(literal){path}") if path else ()
        _, out = await git.run(self.path, "rev-list", head, *paths)
        return tuple(out.decode().split())

    async def diff(self, base: str, head: str) -> tuple[diffs.FileDiff, ...]:
        """The files that differ between two trees or commits, renames found as git finds them."""
        if base == head:
            return ()
        if (base, head) not in self._diffs:
            _, out = await git.run(
                self.path, "diff-tree", "-r", "-M", "--raw", "--numstat", "-p", "-z", "--full-index", base, head
            )
            self._diffs[base, head] = diffs.parse(out)
        return self._diffs[base, head]

    async def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge of two commits, ``None`` on a conflict and where they have no commit in common."""
        if await self.merge_base(ours, theirs) is None:
            return None
        if (ours, theirs) not in self._mergeable:
            code, out = await git.run(self.path, "merge-tree", "--write-tree", ours, theirs, ok=(0, 1))
            self._mergeable[ours, theirs] = out.decode().split("\n", 1)[0] if code == 0 else None
        return self._mergeable[ours, theirs]

    async def commit(self, sha: str) -> Commit:
        found = await self.store.commit(sha)
        if found is None:
            raise KeyError(sha)
        return found

    async def files(self, commit: str) -> Mapping[str, bytes]:
        """Every file of a commit; a symbolic link's content is its target."""
        entries = await self.store.walk((await self.commit(commit)).tree)
        return {path: await self.store.blob(entry.sha) for path, entry in entries.items() if entry.kind == "blob"}

    async def archive(self, commit: str, prefix: str) -> AsyncIterator[bytes]:
        """``git archive`` as a stream of a gzipped tar file, every name below ``prefix``."""
        process = await git.start(self.path, "archive", "--format=tar.gz", f"--prefix={prefix}/", commit)
        if process.stdout is None or process.stdin is None:
            raise git.GitError("git archive has no pipes")
        process.stdin.close()
        try:
            while chunk := await process.stdout.read(1 << 16):
                yield chunk
        finally:
            if process.returncode is None:
                await _finish(process)


async def _finish(process: asyncio.subprocess.Process) -> None:
    """End a process whose reader may have gone away."""
    try:
        async with asyncio.timeout(1):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
