"""The pull request that removes a definition stays true while the default branch moves on."""

import base64

import pytest

from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.handles import IssueHandle
from bot.sandbox.model import CheckRun
from tests.e2e.conftest import RunningBot
from tests.e2e.test_tracker import collected

CONFIG = b"""version: 1
migrations:
  old:
    deprecated: pkg.impl.old
    canonical: pkg.impl.new
    drop_in: true
    paths: {exclude: ["legacy/**"]}
    tracking: {issue: 1}
"""
FILES = {
    ".github/ssot.yml": CONFIG,
    "pkg/__init__.py": b"",
    "pkg/impl.py": b"def old(): ...\n\n\ndef new(): ...\n",
    "app/a.py": b"from pkg.impl import new\n\nnew()\n",
}
USING = b"from pkg.impl import old\n\nold()\n"
CLEAN = FILES["app/a.py"]


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files=dict(FILES))


@pytest.fixture
async def issue(repo: Repo) -> IssueHandle:
    return await repo.open_issue("Migrate", "# Migration\n")


@pytest.fixture
async def removal(bot: RunningBot, repo: Repo, issue: IssueHandle) -> PullRequestHandle:
    await issue.edit(body="# Migration\n\nIt begins.\n")
    await collected(bot)
    (found,) = repo.pull_requests
    assert (found.draft, found.head["pkg/impl.py"]) == (False, b"def new(): ...\n")
    assert check(found).conclusion == "success"
    return found


def is_draft(pull: PullRequestHandle) -> bool:
    return pull.draft


def check(pull: PullRequestHandle) -> CheckRun:
    """The newest of the pull request's head."""
    return [run for run in pull.repo.check_runs if run.head_sha == pull.head_sha][-1]


async def test_a_usage_that_comes_back_makes_it_a_draft_and_fails_its_check(
    bot: RunningBot, github: Sandbox, repo: Repo, removal: PullRequestHandle
) -> None:
    mallory = github.user("mallory", role="write")
    late = await repo.open_pull_request({"app/late.py": USING}, by=mallory)
    await late.merge(by=mallory)
    await collected(bot)
    assert is_draft(removal)
    assert check(removal).conclusion == "failure"
    assert check(removal).title == "Something still uses what this pull request removes; no new deprecated usages"
    (told,) = removal.comments
    assert "`app/late.py:3` uses `pkg.impl.old`, added by `mallory` in #" in told.body
    await repo.push({"README.md": b"# It\n"})
    await collected(bot)
    assert len(removal.comments) == 1, "said once"
    await repo.push({"app/late.py": CLEAN})
    await collected(bot)
    assert not is_draft(removal)
    assert check(removal).conclusion == "success"
    assert "uses the names any more" in removal.comments[-1].body
    assert await bot.failed() == []


async def test_it_fails_also_where_there_are_no_drafts(bot: RunningBot, repo: Repo, removal: PullRequestHandle) -> None:
    repo.record.drafts = False
    await repo.push({"app/late.py": USING})
    await collected(bot)
    assert (removal.draft, check(removal).conclusion) == (False, "failure")
    assert "could not make it a draft" in removal.comments[-1].body
    assert await bot.failed() == []


async def test_one_that_a_person_made_a_draft_stays_one(
    bot: RunningBot, repo: Repo, removal: PullRequestHandle
) -> None:
    await removal.convert_to_draft()
    await repo.push({"README.md": b"# It\n"})
    await collected(bot)
    assert is_draft(removal)
    assert removal.comments == []


async def test_it_is_rebuilt_when_what_it_changes_moves(
    bot: RunningBot, repo: Repo, removal: PullRequestHandle
) -> None:
    before = removal.head_sha
    await repo.push({"README.md": b"# It\n"})
    await collected(bot)
    assert removal.head_sha == before, "nothing of it has moved"
    more = b"\n\ndef more(): ...\n"
    await repo.push({"pkg/impl.py": FILES["pkg/impl.py"] + more, "pkg/__init__.py": b"from pkg.impl import new, old\n"})
    await collected(bot)
    assert removal.head["pkg/impl.py"] == b"def new(): ...\n" + more
    assert removal.head["pkg/__init__.py"] == b"from pkg.impl import new\n"
    assert removal.head["README.md"] == b"# It\n"
    assert "`pkg/__init__.py`" in removal.body
    assert (removal.draft, check(removal).conclusion) == (False, "success")


async def test_a_persons_commit_on_it_stays(
    bot: RunningBot, github: Sandbox, repo: Repo, removal: PullRequestHandle
) -> None:
    await removal.push({"docs/removal.md": b"Gone.\n"}, by=github.user("ann", role="write"))
    head = removal.head_sha
    await repo.push({"pkg/impl.py": FILES["pkg/impl.py"] + b"\n\nx = 1\n"})
    await collected(bot)
    assert removal.head_sha == head


async def test_what_people_wrote_into_its_text_stays(bot: RunningBot, repo: Repo, removal: PullRequestHandle) -> None:
    await removal.edit(body=f"{removal.body}\n\nAsk Ann before you merge.")
    await repo.push({"pkg/__init__.py": b"from pkg.impl import new, old\n"})
    await collected(bot)
    assert "`pkg/__init__.py`" in removal.body
    assert removal.body.endswith("Ask Ann before you merge.")


def _utf_7(source: bytes) -> bytes:
    """Each letter behind a sign, line by line."""
    lines = source.decode().splitlines()
    hidden = [b"+" + base64.b64encode(line.encode("utf-16-be")).rstrip(b"=") + b"-" if line else b"" for line in lines]
    return b"\n".join(hidden) + b"\n"


STANDING = {
    "a broken file": {"app/broken.py": b"def f(:\n    old()\n"},
    "a broken file, in other letters": {"app/broken.py": "def f(:\n    𝐨ld()\n".encode()},
    "a broken file that is left out": {"legacy/broken.py": b"def f(:\n    old()\n"},
    "a broken file with another name for it": {
        "pkg/facade.py": b"from pkg.impl import old\n\nformer = old\n",
        "app/broken.py": b"def f(:\n    former()\n",
    },
    "an encoding that cannot be read": {"app/enc.py": b"# coding: utf-7\n+AG8AbABk-()\n"},
    "an encoding that hides the name, left out": {
        "legacy/enc.py": b"# coding: utf-7\nfrom pkg.impl import +AG8AbABk-\n+AG8AbABk-()\n"
    },
    "an encoding that hides the import, left out": {"legacy/enc.py": b"# coding: utf-7\n" + _utf_7(USING)},
    "a broken file in such an encoding, left out": {"legacy/enc.py": b"# coding: utf-7\ndef f(:\n+AG8AbABk-()\n"},
    "bytes that its encoding does not have, left out": {"legacy/enc.py": b"# coding: utf-7\n\xff old\n"},
    "an unknown encoding, left out": {"legacy/enc.py": b"# coding: nobody-knows\n" + USING},
    "letters that switch, left out": {"legacy/enc.py": b"# coding: iso2022_jp\n" + USING},
    "ignored": {"app/kept.py": b"from pkg.impl import old  # ssot: ignore[old] a plugin\n"},
    "left out": {"legacy/a.py": USING},
    "in other letters": {"app/math.py": "import pkg.impl\n\npkg.impl.𝐨ld()\n".encode()},
    "by another name": {
        "pkg/facade.py": b"from pkg.impl import old\n\nformer = old\n",
        "app/b.py": b"from pkg.facade import former\n\nformer()\n",
    },
}


@pytest.mark.parametrize("files", STANDING.values(), ids=STANDING)
async def test_it_is_not_opened_while_a_usage_stands(
    bot: RunningBot, repo: Repo, issue: IssueHandle, files: dict[str, bytes]
) -> None:
    await repo.push(files)
    await collected(bot)
    assert repo.pull_requests == []


@pytest.mark.parametrize("files", STANDING.values(), ids=STANDING)
async def test_it_is_held_when_such_a_usage_comes(
    bot: RunningBot, repo: Repo, removal: PullRequestHandle, files: dict[str, bytes]
) -> None:
    await repo.push(files)
    await collected(bot)
    assert (removal.draft, check(removal).conclusion) == (True, "failure")
    assert len(removal.comments) == 1


async def test_nobody_says_that_none_is_left_while_a_file_is_unread(
    bot: RunningBot, github: Sandbox, repo: Repo, issue: IssueHandle
) -> None:
    await repo.push({"app/broken.py": "def f(:\n    𝐨ld()\n".encode()})
    await collected(bot)
    unknown = "o usages found, but 1 file that may hold some could not be read"
    assert unknown in issue.body
    assert "o usages left" not in issue.body
    await issue.comment("/ssot status", by=github.user("ann", role="read"))
    await collected(bot)
    assert unknown in issue.comments[-1].body


async def test_in_the_merge_queue_it_fails_behind_a_usage(
    bot: RunningBot, repo: Repo, removal: PullRequestHandle
) -> None:
    await repo.push({"app/late.py": USING})
    head = await bot.receive(removal.enqueue())
    assert [run.conclusion for run in repo.check_runs if run.head_sha == head] == ["failure"]
