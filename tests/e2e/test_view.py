"""What unchanged files mean for a pull request: the base branch is surveyed before the first review needs it."""

import asyncio
from datetime import timedelta

import pytest

from bot.github import sift
from bot.inventory import view
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.faults import Reply
from bot.scanner import ReviewRequest, Scanner
from tests.e2e.conftest import RunningBot

CONFIG = b"""version: 1
migrations:
  m: {deprecated: pkg.impl.old, canonical: pkg.impl.new, drop_in: true}
"""
FILES = {
    ".github/ssot.yml": CONFIG,
    "pkg/__init__.py": b"",
    "pkg/impl.py": b"def old(): ...\ndef new(): ...\n",
    "pkg/facade.py": b"from pkg.impl import old as make\n",
    "app/a.py": b"from pkg.impl import old\n\nold()\n",
    "app/b.py": b"x = 1\n",
}
THROUGH_THE_FACADE = b"from pkg.facade import make\n\nmake()\n"
DIRECT = b"from pkg import impl\n\n\ndef go():\n    return impl.old()\n"
NOT_IN_VIEW = "Only the changed files were in view"


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files=dict(FILES))


def archives(github: Sandbox) -> int:
    return sum("/tarball" in request.path for request in github.requests)


def verdict(pull: PullRequestHandle) -> tuple[str | None, str]:
    check = pull.check_runs[-1]
    return check.conclusion, check.summary or ""


async def test_the_first_review_knows_the_facades_in_unchanged_files(bot: RunningBot, repo: Repo) -> None:
    pull = await bot.receive(repo.open_pull_request({"app/new.py": THROUGH_THE_FACADE}))
    conclusion, summary = verdict(pull)
    assert conclusion == "failure"
    assert NOT_IN_VIEW not in summary
    assert await bot.failed() == []


async def test_the_first_review_hears_the_witnesses_in_unchanged_files(bot: RunningBot, github: Sandbox) -> None:
    writer = b"from pkg import impl\n\nimpl.old = print\n"
    repo = await github.repo("acme/app", files={**FILES, "app/writer.py": writer})
    pull = await bot.receive(repo.open_pull_request({"app/new.py": DIRECT}))
    (comment,) = pull.review_comments
    assert "unsafe" in comment.body
    await pull.comment("/ssot migrate", by=github.user("ann", role="write"))
    await bot.settled()
    assert pull.head["app/new.py"] == DIRECT
    assert "writer" in pull.last_comment.body


async def test_a_command_hears_what_the_pull_request_itself_says_elsewhere(bot: RunningBot, repo: Repo) -> None:
    """Also where it names one file: the others of the pull request have their say."""
    writer = b"from pkg import impl\n\nimpl.old = print\n"
    pull = await bot.receive(repo.open_pull_request({"app/new.py": DIRECT, "app/writer.py": writer}))
    await pull.comment("/ssot migrate app/new.py", by=bot.github.user("ann", role="write"))
    await bot.settled()
    assert pull.head["app/new.py"] == DIRECT
    assert "writer" in pull.last_comment.body


async def test_reviews_at_once_share_one_survey_and_later_ones_follow_the_branch(
    bot: RunningBot, github: Sandbox, repo: Repo
) -> None:
    pulls = await asyncio.gather(
        *(repo.open_pull_request({f"app/new{n}.py": THROUGH_THE_FACADE}, head=f"pr{n}") for n in range(3))
    )
    await bot.settled()
    assert [verdict(pull)[0] for pull in pulls] == ["failure"] * 3
    first = archives(github)
    assert first <= 3
    await repo.push({"app/b.py": b"x = 2\n", "pkg/facade.py": b"def make(): ...\n"})
    other = await bot.receive(repo.open_pull_request({"app/other.py": THROUGH_THE_FACADE}, head="other"))
    assert verdict(other)[0] == "success"


async def test_a_push_that_gives_no_names_costs_no_archive(bot: RunningBot, github: Sandbox, repo: Repo) -> None:
    await bot.receive(repo.open_pull_request({"app/new.py": THROUGH_THE_FACADE}, head="one"))
    before = archives(github)
    await repo.push({"app/b.py": b"x = 2\n"})
    pull = await bot.receive(repo.open_pull_request({"app/new.py": THROUGH_THE_FACADE}, head="two"))
    assert verdict(pull)[0] == "failure"
    assert archives(github) == before


async def test_another_base_branch_is_surveyed_by_itself(bot: RunningBot, repo: Repo) -> None:
    await repo.push({"pkg/facade.py": b"def make(): ...\n"}, branch="release")
    one = await bot.receive(repo.open_pull_request({"app/new.py": THROUGH_THE_FACADE}, head="one"))
    two = await bot.receive(repo.open_pull_request({"app/new.py": THROUGH_THE_FACADE}, head="two", base="release"))
    assert (verdict(one)[0], verdict(two)[0]) == ("failure", "success")


async def test_a_file_that_is_in_the_survey_is_planned_once(
    bot: RunningBot, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    review = Scanner.review

    async def counted(self: Scanner, request: ReviewRequest) -> object:
        asked.append(len(request.changes))
        return await review(self, request)

    monkeypatch.setattr(Scanner, "review", counted)
    source = FILES["app/a.py"] + b"\n\ndef more():\n    return old()\n"
    await bot.receive(repo.open_pull_request({"app/a.py": source}, head="one"))
    assert asked == [1]


@pytest.mark.parametrize("fault", ["refused", "huge", "slow", "broken"])
async def test_a_branch_that_cannot_be_surveyed_is_reviewed_without_and_that_is_said(
    bot: RunningBot, github: Sandbox, repo: Repo, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    match fault:
        case "refused":
            github.faults.add("no", Reply(status=422, body=b"{}"), effect=False, path="*/tarball/*", times=None)
        case "broken":
            monkeypatch.setattr(view, "PATIENCE", timedelta(0))
            github.faults.add("half", Reply(status=200, body=b"PK"), effect=False, path="/codeload/*", times=None)
        case "huge":
            monkeypatch.setattr(sift, "MOST_MEMBERS", 2)
        case "slow":
            monkeypatch.setattr(view, "MOST_SECONDS", 0.0)
    pull = await bot.receive(repo.open_pull_request({"app/new.py": DIRECT, "app/b.py": b"x = 3\n"}, head="one"))
    conclusion, summary = verdict(pull)
    assert conclusion == "failure"
    assert NOT_IN_VIEW in summary
    tried = archives(github)
    other = await bot.receive(repo.open_pull_request({"app/new.py": DIRECT}, head="two"))
    assert NOT_IN_VIEW in verdict(other)[1]
    assert fault == "broken" or archives(github) == tried
    await pull.comment("/ssot migrate --dry-run", by=github.user("ann", role="write"))
    await bot.settled()
    assert "the files that this pull request does not change" in pull.last_comment.body
    assert await bot.failed() == []
