"""What strangers can put into repositories, issues and deliveries to fill the server's memory, a few of each kind.

Each ``Shape`` prepares a GitHub first, and then does at once what the server hears of.
"""

import asyncio
import json
import tarfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import FILES
from bot.sandbox.gitrepo import GitRepo
from tests.e2e.test_hostile_comments import HOSTILE
from tests.tracker.test_update import CLEAN, SLOW_BODY
from tests.tracker.test_update import FILES as TRACKED

MIB = 1024 * 1024
Deed = Callable[[], Awaitable[object]]
Deliver = Callable[[str, bytes, str], Awaitable[None]]
"""Signs and sends a delivery, again while there is no room: event, body, GUID."""
IMPORT = b"from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory\n\n"
CONFIGURATION = (
    b"version: 1\nmigrations:\n  old:\n    deprecated: pkg.impl.old\n    canonical: pkg.impl.new\n    drop_in: true\n"
)
PACKAGE = {".github/ssot.yml": CONFIGURATION, "pkg/__init__.py": b"", "pkg/impl.py": b"def old(): ...\n"}
USE = {"app/new.py": b"from pkg.impl import old\n\nold()\n"}
FILLER = b"text = 'abcdefghijklmnopqrstuvwxyz'\n"


@dataclass(frozen=True)
class Stage:
    github: Sandbox
    deliver: Deliver
    monkeypatch: pytest.MonkeyPatch

    async def repo(self, owner: str, files: Mapping[str, bytes]) -> Repo:
        """Each has an installation of its own."""
        return await self.github.repo(f"{owner}/app", files=dict(files))


def opening(repo: Repo, files: Mapping[str, bytes]) -> Deed:
    return lambda: repo.open_pull_request(dict(files))


async def bodies(stage: Stage) -> list[Deed]:
    """Deliveries at the limit: millions of values, and one that is right and large."""
    repo = await stage.repo("pusher", FILES)
    commit = {"id": "1" * 40, "message": "x" * 60_000, "added": [], "removed": [], "modified": [".github/ssot.yml"]}
    push = {
        "ref": "refs/heads/main", "before": "0" * 40, "after": "1" * 40, "deleted": False, "created": False,
        "forced": False, "installation": {"id": stage.github.installation(repo).id},
        "repository": {"id": repo.id, "full_name": repo.full_name, "name": "app", "default_branch": "main"},
        "sender": {"id": 1, "login": "ann", "type": "User"}, "commits": [commit] * 390,
    }  # fmt: skip
    sent = [
        b"[" + b"[]," * (8 * MIB - 1) + b"[]]",
        b"[" + b'{"a":1},' * (3 * MIB - 1) + b"1]",
        *[json.dumps({**push, "after": f"{n}" * 40}).encode() for n in range(4)],
    ]
    return [partial(stage.deliver, "push", body, f"large-{n}") for n, body in enumerate(sent)]


async def comments(stage: Stage) -> list[Deed]:
    repo, rita = await stage.repo("talk", FILES), stage.github.user("rita", role="read")
    issues = [await repo.open_issue(kind) for kind in HOSTILE]
    said = [f"/ssot help\n\n{text}"[:65_000] for text in HOSTILE.values()]
    return [partial(issue.comment, text, by=rita) for issue, text in zip(issues, said, strict=True)]


async def conversations(stage: Stage) -> list[Deed]:
    """A pull request with many long comments, in wide characters."""
    repo = await stage.repo("chat", FILES)
    pull = await repo.open_pull_request({"README.md": b"# news\n"})
    for _ in range(60):
        await pull.comment("\N{GRINNING FACE}" * 16_000 + "<" * 40_000, by=stage.github.user("ann", role="write"))
    return [lambda: pull.push({"app/more.py": IMPORT + b"get_websocket_manager_factory()\n"})]


async def configurations(stage: Stage) -> list[Deed]:
    bombs = [
        b"a: &a [x,x]\nb: &b [*a,*a]\n",
        b"[" * 60_000,
        b"- " * 30_000,
        b'k: "' + b"\\x41" * 30_000 + b'"',
        b"? " * 40_000,
    ]
    repos = [await stage.repo(f"conf{n}", {".github/ssot.yml": bomb, "a.py": b""}) for n, bomb in enumerate(bombs)]
    return [
        opening(repo, {"b.py": b"", ".github/ssot.yml": bomb[::-1]}) for repo, bomb in zip(repos, bombs, strict=True)
    ]


async def sources(stage: Stage) -> list[Deed]:
    """58 KB of branches, and what else is hard on parsers; on the branch and in the change."""
    branches = b"x = get_websocket_manager_factory\n" + b"".join(b"if x:\n    x = y%d = x\n" % n for n in range(2_400))
    texts = [branches[:58_000], b"(" * 3_000 + b"1" + b")" * 3_000 + b"\n", b"x = " + b"1+" * 20_000 + b"1\n"]
    repos = [await stage.repo(f"src{n}", {**FILES, "app/h.py": IMPORT + text}) for n, text in enumerate(texts)]
    return [opening(repo, {"app/g.py": IMPORT + text}) for repo, text in zip(repos, texts, strict=True)]


async def usages(stage: Stage) -> list[Deed]:
    repo = await stage.repo("uses", FILES)
    return [
        opening(repo, {f"app/u{n}.py": IMPORT + b"x = get_websocket_manager_factory()\n" * 10_000 for n in range(4)})
    ]


async def large_changes(stage: Stage) -> list[Deed]:
    """Two below what a review may hold, and one above."""
    made = []
    for owner, count in (("big0", 10), ("big1", 10), ("huge", 21)):
        files = {f"app/b{n}.py": IMPORT + b"# %d\n" % n + FILLER * (4 * MIB // len(FILLER)) for n in range(count)}
        made.append(opening(await stage.repo(owner, FILES), files))
    return made


async def large_branches(stage: Stage) -> list[Deed]:
    """Default branches whose files all hold a deprecated name."""
    made = []
    for owner in ("wide",):
        text = b"from pkg.impl import old\n" + FILLER * (5 * MIB // len(FILLER))
        files = {f"app/m{n}.py": text + b"# %d\n" % n for n in range(8)}
        made.append(opening(await stage.repo(owner, {**PACKAGE, **files}), USE))
    return made


async def archives(stage: Stage) -> list[Deed]:
    kinds = {"tarbomb": _bomb, "tarmany": _many, "tarpax": _pax}
    as_it_is = GitRepo.archive

    def archive(self: GitRepo, commit: str, prefix: str) -> AsyncIterator[bytes]:
        for owner, make in kinds.items():
            if prefix.startswith(f"{owner}-"):
                return _packed(make())
        return as_it_is(self, commit, prefix)

    stage.monkeypatch.setattr(GitRepo, "archive", archive)
    return [opening(await stage.repo(owner, {**PACKAGE, "app/m0.py": b"old\n"}), USE) for owner in kinds]


def _entry(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.PAX_FORMAT)


def _bomb() -> Iterable[bytes]:
    for number in range(40):
        yield _entry(f"x/app/m{number}.py", 8 * MIB) + bytes(8 * MIB)


def _many() -> Iterable[bytes]:
    for start in range(0, 200_000, 1_000):
        yield b"".join(_entry(f"x/app/m{number}.py", 0) for number in range(start, start + 1_000))


def _pax() -> Iterable[bytes]:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    yield info.tobuf(tarfile.USTAR_FORMAT)
    for _ in range(100):
        yield b"1" * MIB


async def _packed(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    packing = zlib.compressobj(1, wbits=31)
    for piece in pieces:
        if packed := packing.compress(piece):
            yield packed
        await asyncio.sleep(0)
    yield packing.flush()


async def trackers(stage: Stage) -> list[Deed]:
    made: list[Deed] = []
    for number, body in enumerate((HOSTILE["table"], HOSTILE["lists"], SLOW_BODY)):
        repo = await stage.repo(f"track{number}", TRACKED)
        await repo.open_issue("Migrate", body[:60_000])
        made.append(partial(_merged, repo))
    return made


async def _merged(repo: Repo) -> None:
    await (await repo.open_pull_request({"routes/a.py": CLEAN})).merge()


async def owners(stage: Stage) -> list[Deed]:
    rules = b"".join(b"dir%d/ @a\n" % n for n in range(200_000))
    repo = await stage.repo("owned", {**FILES, ".github/CODEOWNERS": rules})
    issue, ann = await repo.open_issue("Migrate"), stage.github.user("ann", role="write")
    return [lambda: issue.comment("/ssot migrate", by=ann)]


ALL = (
    bodies, comments, conversations, configurations, sources, usages, large_changes, large_branches, archives, trackers,
    owners,
)  # fmt: skip
