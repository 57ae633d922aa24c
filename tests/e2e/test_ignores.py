"""Ignore comments: those without effect are told, and a fork's count once somebody with write confirms them."""

import re

import pytest

from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.people import User
from tests.e2e.conftest import RunningBot

CONFIG = b"""version: 1
ignores: {who: %s}
migrations:
  old: {deprecated: pkg.impl.old, canonical: pkg.impl.new, drop_in: true}
"""
FILES = {
    ".github/ssot.yml": CONFIG % b"write",
    "pkg/impl.py": b"def old(): ...\n\n\ndef new(): ...\n",
    "app/a.py": b"import pkg.impl\n\npkg.impl.old()\n",
}
IGNORED = b"import pkg.impl\n\npkg.impl.old()  # ssot: ignore[old] the plugin needs it\n"


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files=dict(FILES))


@pytest.fixture
def eve(github: Sandbox) -> User:
    return github.user("eve")


async def from_fork(bot: RunningBot, repo: Repo, eve: User, path: str = "app/late.py") -> PullRequestHandle:
    fork = await repo.fork(by=eve)
    return await bot.receive(repo.open_pull_request({path: IGNORED}, by=eve, fork=fork))


@pytest.mark.parametrize("path", ["app/late.py", "app/a.py"], ids=["a new usage", "one that was there"])
async def test_a_forks_ignore_waits_for_somebody_with_write(
    bot: RunningBot, github: Sandbox, repo: Repo, eve: User, path: str
) -> None:
    pr = await from_fork(bot, repo, eve, path)
    assert repo.check_runs[-1].conclusion == "failure"
    (comment,) = pr.review_comments
    assert "It comes from a fork, so it counts only once somebody with write permission confirms it" in comment.body
    [code] = re.findall(r"`([0-9a-f]{8})`", comment.body)
    await bot.receive(pr.comment(f"/ssot skip {code} I need it", by=eve))
    assert repo.check_runs[-1].conclusion == "failure"
    await bot.receive(pr.comment(f"/ssot skip {code} it does", by=github.user("ann", role="write")))
    assert repo.check_runs[-1].conclusion == "success"
    await bot.receive(pr.push({"app/other.py": b"x = 1\n"}))
    assert repo.check_runs[-1].conclusion == "success"
    assert await bot.failed() == []


async def test_in_the_merge_queue_it_waits_as_well(bot: RunningBot, repo: Repo, eve: User) -> None:
    pr = await from_fork(bot, repo, eve)
    await bot.receive(pr.enqueue())
    assert repo.check_runs[-1].head_sha != pr.head_sha
    assert repo.check_runs[-1].conclusion == "failure"


async def test_one_that_was_there_counts(bot: RunningBot, repo: Repo, eve: User) -> None:
    await repo.push({"app/kept.py": IGNORED})
    fork = await repo.fork(by=eve)
    moved = {"app/kept.py": b"# moved\n" + IGNORED}
    await bot.receive(repo.open_pull_request(moved, by=eve, fork=fork))
    assert repo.check_runs[-1].conclusion == "success"


async def test_one_of_the_repository_itself_counts(bot: RunningBot, github: Sandbox, repo: Repo) -> None:
    ann = github.user("ann", role="write")
    await bot.receive(repo.open_pull_request({"app/late.py": IGNORED}, by=ann))
    assert repo.check_runs[-1].conclusion == "success"


async def test_without_the_setting_it_counts(bot: RunningBot, repo: Repo, eve: User) -> None:
    await repo.push({".github/ssot.yml": CONFIG % b"anybody"})
    pr = await from_fork(bot, repo, eve)
    assert (repo.check_runs[-1].conclusion, pr.review_comments) == ("success", [])


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        (b"# ssot: ignore", "An ignore needs the name of the migration"),
        (b"# ssot: ignore the plugin needs it", "An ignore needs the name of the migration"),
        (b"# ssot: ignore[olt] the plugin needs it", "An ignore names olt, and there is no such migration"),
        (b"# ssot: ignore[old]", "An ignore needs a reason"),
    ],
)
@pytest.mark.parametrize("path", ["app/late.py", "app/a.py"], ids=["a new usage", "one that was there"])
async def test_one_without_effect_is_told(bot: RunningBot, repo: Repo, comment: bytes, why: str, path: str) -> None:
    pr = await bot.receive(repo.open_pull_request({path: b"import pkg.impl\n\npkg.impl.old()  " + comment + b"\n"}))
    check = repo.check_runs[-1]
    assert "1 ignore comment without effect" in (check.summary or "")
    assert f"{path}:3`](" in (check.text or "").partition("Ignore comments without effect")[2]
    assert why in (check.text or "")
    assert [why in comment.body for comment in pr.review_comments] == ([True] if path == "app/late.py" else [])
