"""The inventory of a repository at the sandbox GitHub: what is asked for, what is remembered."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

from bot.config import Valid, parse_state
from bot.context import Bot
from bot.domain.errors import RetryLater
from bot.domain.finding import Skipped
from bot.domain.migration import Config
from bot.domain.references import RepoRef
from bot.engine.survey import survey_file
from bot.github import reads
from bot.inventory import commit_sources, store
from bot.inventory.store import Surveyed
from bot.inventory.survey import survey
from bot.sandbox import Repo, Sandbox, Symlink
from bot.sandbox.faults import Reply
from bot.sandbox.routes import gitdata
from bot.scanner import Scanner
from bot.scanner.workers import ScannerDown, Workers
from tests.inventory.conftest import ref_of

T = TypeVar("T")

YAML = b"""version: 1
migrations:
  m: {deprecated: pkg.impl.old, canonical: pkg.impl.new, drop_in: true}
"""
FILES = {
    "pkg/__init__.py": b"",
    "pkg/impl.py": b"def old(): ...\ndef new(): ...\n",
    "pkg/facade.py": b"from pkg.impl import old as make\n",
    "app/a.py": b"from pkg.facade import make\nmake()\n",
    "app/b.py": b"x = 1\n",
    "README.md": b"old old old\n",
}


def config() -> Config:
    state = parse_state(YAML)
    assert isinstance(state, Valid)
    return state.config


def place(ref: RepoRef) -> Surveyed:
    return Surveyed(repo=ref, branch="main", config=config())


async def usages(bot: Bot, repo: Repo, ref: RepoRef) -> list[str]:
    commit = await reads.branch_head(bot.github, ref, "main")
    found = await survey(bot, place(ref), commit)
    return [f"{finding.path}:{finding.range.line}" for finding in found.findings]


def asked(github: Sandbox) -> list[str]:
    """What was read of the repository since the last time, by the last parts of the paths."""
    kinds = ("tarball", "git/blobs", "git/trees")
    found = [kind for request in github.requests for kind in kinds if f"/{kind}" in request.path]
    github.requests.clear()
    return found


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files=dict(FILES))


@pytest.fixture
async def ref(github: Sandbox, repo: Repo) -> RepoRef:
    return ref_of(github, repo)


async def test_a_tree_and_its_archive_are_all_that_is_read_and_then_what_changed(
    bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef
) -> None:
    found = ["app/a.py:1", "app/a.py:2", "pkg/facade.py:1"]
    assert await usages(bot, repo, ref) == found
    first = asked(github)
    assert first.count("tarball") == 3  # for `old`, for its other name `make`, for files that have a say in fixes
    assert await usages(bot, repo, ref) == found
    assert asked(github) == []
    await repo.push({"app/b.py": b"from pkg.impl import old\n", "README.md": b"old\n"})
    assert await usages(bot, repo, ref) == [*found[:2], "app/b.py:1", *found[2:]]
    assert asked(github)[:2] == ["git/trees", "git/blobs"]
    await repo.push({"README.md": b"new\n"})
    assert len(await usages(bot, repo, ref)) == 4
    assert asked(github) == ["git/trees"]


async def test_a_facade_that_changes_concerns_those_that_use_it(bot: Bot, repo: Repo, ref: RepoRef) -> None:
    await usages(bot, repo, ref)
    await repo.push({"pkg/facade.py": b"def make(): ...\n"})
    assert await usages(bot, repo, ref) == []
    await repo.push({"pkg/facade.py": FILES["pkg/facade.py"]})
    assert len(await usages(bot, repo, ref)) == 3


async def test_a_force_push_is_no_special_case(bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef) -> None:
    start = repo.branch().sha
    await repo.push({"app/b.py": b"from pkg.impl import old\n"})
    assert len(await usages(bot, repo, ref)) == 4
    asked(github)
    await repo.push({"app/c.py": b"import pkg.impl\npkg.impl.old\n"}, force_from=start)
    assert "app/b.py:1" not in await usages(bot, repo, ref)
    assert asked(github).count("tarball") == 1  # `pkg` is a new variable of a module: who takes it is looked for


async def test_what_the_archive_lacks_or_changes_is_read_as_it_is(bot: Bot, repo: Repo, ref: RepoRef) -> None:
    await repo.push(
        {
            ".gitattributes": b"tests/** export-ignore\napp/crlf.py text eol=crlf\napp/subst.py export-subst\n",
            "tests/test_a.py": b"from pkg.impl import old\n",
            "app/crlf.py": b"x = 1\nfrom pkg.impl import old\n",
            "app/subst.py": b"# $Format:%B%n%n%n$\nfrom pkg.impl import old\n",
        }
    )
    assert set(await usages(bot, repo, ref)) >= {"tests/test_a.py:1", "app/crlf.py:2", "app/subst.py:2"}


async def test_links_are_no_sources(bot: Bot, repo: Repo, ref: RepoRef) -> None:
    await repo.push({"app/link.py": Symlink("a.py"), "app/b.py": Symlink("../pkg/facade.py")})
    assert await usages(bot, repo, ref) == ["app/a.py:1", "app/a.py:2", "pkg/facade.py:1"]


async def test_many_changed_files_are_read_from_the_archive(
    bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef
) -> None:
    await usages(bot, repo, ref)
    asked(github)
    many = {f"app/m{n}.py": b"from pkg.impl import old\n" for n in range(commit_sources.MANY + 1)}
    await repo.push(many)
    assert len(await usages(bot, repo, ref)) == 3 + len(many)
    assert asked(github)[:2] == ["git/trees", "tarball"]


async def test_a_file_that_is_too_big_is_named(
    bot: Bot, repo: Repo, ref: RepoRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_sources, "LARGEST_FILE", 50)
    await repo.push({"app/big.py": b"from pkg.impl import old\n" + b"#" * 50})
    commit = await reads.branch_head(bot.github, ref, "main")
    found = await survey(bot, place(ref), commit)
    assert Skipped(path="app/big.py", reason="too big") in found.reports


async def test_a_tree_that_is_cut_short_is_read_in_pieces(
    bot: Bot, repo: Repo, ref: RepoRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await reads.whole_tree(bot.github, ref, await reads.branch_head(bot.github, ref, "main"))
    monkeypatch.setattr(gitdata, "MAX_TREE_ENTRIES", 4)
    pieces = await reads.whole_tree(bot.github, ref, await reads.branch_head(bot.github, ref, "main"))
    assert sorted(pieces, key=lambda entry: entry.path) == sorted(whole, key=lambda entry: entry.path)


@pytest.mark.parametrize("left", [0, 1, 300], ids=["empty", "no archive", "half"])
async def test_an_archive_that_breaks_off_is_tried_again_later(
    bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef, left: int
) -> None:
    archive = b"".join([chunk async for chunk in repo.record.git.archive(repo.branch().sha, "acme-app-1")])
    github.faults.add("half", Reply(status=200, body=archive[:left]), effect=False, path="/codeload/*")
    with pytest.raises(RetryLater):
        await usages(bot, repo, ref)
    assert len(await usages(bot, repo, ref)) == 3


async def test_a_record_that_cannot_be_read_is_made_anew(bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef) -> None:
    await usages(bot, repo, ref)
    (entry,) = await bot.storage.entries("survey")
    await bot.storage.put("survey", entry.key, b"junk")
    asked(github)
    assert len(await usages(bot, repo, ref)) == 3
    assert "tarball" in asked(github)


async def test_what_a_review_asks_for_is_in_a_record_of_its_own(bot: Bot, repo: Repo, ref: RepoRef) -> None:
    await usages(bot, repo, ref)
    found = await store.surroundings(bot.storage, place(ref))
    assert found is not None
    commit, around = found
    assert commit == await reads.branch_head(bot.github, ref, "main")
    assert around.names >= {"old", "make"}
    (entry,) = await bot.storage.entries(store.BRIEF)
    await bot.storage.put(store.BRIEF, entry.key, b"junk")
    assert await store.surroundings(bot.storage, place(ref)) is None


async def test_what_breaks_the_engine_costs_one_file(bot: Bot, repo: Repo, ref: RepoRef) -> None:
    await repo.push({"app/deep.py": b"old = " + b"(" * 5_000 + b")" * 5_000 + b"\n", "app/bad.py": b"def old(:\n"})
    commit = await reads.branch_head(bot.github, ref, "main")
    found = await survey(bot, place(ref), commit)
    assert len(found.findings) == 3
    assert {report.path for report in found.reports} >= {"app/deep.py", "app/bad.py"}


async def test_what_was_skipped_for_no_fault_of_its_own_is_scanned_the_next_time(
    bot: Bot, repo: Repo, ref: RepoRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, each = await reads.branch_head(bot.github, ref, "main"), Scanner.each

    async def late(
        self: Scanner, function: Callable[..., T], files: Iterable[tuple[str, bytes]], *args: object
    ) -> tuple[T | Skipped, ...]:
        found = await each(self, function, files := list(files), *args)
        lost = {"app/a.py"} if function is survey_file else set()
        return tuple(
            Skipped(path=path, reason="no time", passing=True) if path in lost else answer
            for (path, _), answer in zip(files, found, strict=True)
        )

    with monkeypatch.context() as patched:
        patched.setattr(Scanner, "each", late)
        found = await survey(bot, place(ref), commit)
        assert Skipped(path="app/a.py", reason="no time", passing=True) in found.reports
    again = await survey(bot, place(ref), commit)
    assert [(f.path, f.range.line) for f in again.findings] == [
        ("app/a.py", 1), ("app/a.py", 2), ("pkg/facade.py", 1),
    ]  # fmt: skip


async def test_while_nothing_can_be_scanned_no_survey_is_kept(
    bot: Bot, repo: Repo, ref: RepoRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = await reads.branch_head(bot.github, ref, "main")

    async def down(*_: object, **__: object) -> None:
        raise ScannerDown(at=bot.github.clock.now(), reason="the scanner is down")

    with monkeypatch.context() as patched:
        patched.setattr(Workers, "run", down)
        with pytest.raises(RetryLater):
            await survey(bot, place(ref), commit)
    assert await bot.storage.entries("survey") == ()
    assert len((await survey(bot, place(ref), commit)).findings) == 3
