"""What was not read is not green: the check fails where an unread file may add a usage, and says how to go on."""

import asyncio
import base64
from datetime import timedelta

import pytest

from bot import memory
from bot.cli.demo import Stuck
from bot.sandbox import Repo, Sandbox
from bot.sandbox.faults import Reply
from bot.scanner.scanner import LARGEST_FILE
from tests.e2e.conftest import RunningBot

NEW = "netra_backend/app/late.py"
NAME = "get_websocket_manager_factory"
CALL = f"factory = {NAME}()\n".encode()
UTF_7 = b"# coding: utf-7\n+" + base64.b64encode(NAME.encode("utf-16-be")).rstrip(b"=") + b"-()\n"
WIDE = f"{NAME}()\n".translate({ord(char): ord(char) + 0xFEE0 for char in NAME if char != "_"})
"""A call in full-width letters, which Python takes for the others."""
WARN = b"version: 1\nmigrations:\n  m: {extends: websocket-manager-factory, pull_requests: {mode: warn}}\n"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"def broken(:\n" + CALL, id="does not parse"),
        pytest.param(b"print 'Python 2'\n" + CALL, id="Python 2"),
        pytest.param(b"\0" + CALL, id="a null byte"),
        pytest.param(CALL + b"\xff\n", id="not UTF-8"),
        pytest.param(CALL + b"#" * LARGEST_FILE, id="too big"),
        pytest.param(b"# coding: no-such\n" + CALL, id="an unknown encoding"),
        pytest.param(UTF_7, id="an encoding that hides the name"),
        pytest.param(b"# coding: raw_unicode_escape\nget_websocket_manager_factor\\u0079()\n", id="an escaped name"),
        pytest.param("def broken(:\n    𝐠et_websocket_manager_factory()\n".encode(), id="other letters"),
        pytest.param(b"# coding: shift_jis\n" + WIDE.encode("shift_jis"), id="other letters of an encoding"),
        pytest.param(CALL.decode().encode("utf-16"), id="UTF-16"),
    ],
)
async def test_an_unread_file_that_names_it_fails_the_check(bot: RunningBot, service: Repo, source: bytes) -> None:
    pr = await bot.receive(service.open_pull_request({NEW: source}))
    (check,) = service.check_runs
    assert (pr.review_comments, check.conclusion) == ([], "failure")
    assert check.title == "1 changed file could not be read and may add deprecated usages"
    assert f"/ssot skip {NEW} REASON" in (check.text or "")
    assert "`paths.exclude`" in (check.summary or "")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(f"def broken(:\n    {NAME}s()\n".encode(), id="a longer name"),
        pytest.param(b"x = 1\n#" + b"-" * LARGEST_FILE, id="too big"),
    ],
)
async def test_an_unread_file_that_does_not_is_counted(bot: RunningBot, service: Repo, source: bytes) -> None:
    await bot.receive(service.open_pull_request({NEW: source}))
    (check,) = service.check_runs
    assert (check.conclusion, check.title) == ("success", "No new deprecated usages; 1 changed file not read")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"def broken(:\n", id="does not parse"),
        pytest.param(b"# coding: utf-7\nx = 1\n", id="an encoding that could hide the name"),
    ],
)
async def test_a_file_whose_text_does_not_name_it_is_looked_at(bot: RunningBot, service: Repo, source: bytes) -> None:
    await bot.receive(service.open_pull_request({NEW: source}))
    (check,) = service.check_runs
    assert (check.conclusion, check.title) == ("success", "No new deprecated usages")


async def test_where_new_usages_only_warn_the_check_is_neutral(bot: RunningBot, service: Repo) -> None:
    await service.push({".github/ssot.yml": WARN})
    await bot.receive(service.open_pull_request({NEW: b"def broken(:\n" + CALL}))
    assert [check.conclusion for check in service.check_runs] == ["neutral"]


async def test_a_name_that_stood_there_before_is_not_added(bot: RunningBot, service: Repo) -> None:
    await service.push({NEW: b"def broken(:\n" + CALL})
    await bot.receive(service.open_pull_request({NEW: CALL + b"def broken(:\n    pass\n"}))
    (check,) = service.check_runs
    assert (check.conclusion, check.title) == ("success", "No new deprecated usages; 1 changed file not read")


async def test_an_excluded_file_need_not_be_read(bot: RunningBot, service: Repo) -> None:
    excluded = b"version: 1\nmigrations:\n  m: {extends: websocket-manager-factory, paths: {exclude: ['**/late.py']}}\n"
    await service.push({".github/ssot.yml": excluded})
    await bot.receive(service.open_pull_request({NEW: b"def broken(:\n" + CALL}))
    (check,) = service.check_runs
    assert (check.conclusion, check.title) == ("success", "No new deprecated usages")


async def test_a_deleted_file_need_not_be_read(bot: RunningBot, service: Repo) -> None:
    await service.push({NEW: b"def broken(:\n" + CALL})
    await bot.receive(service.open_pull_request({NEW: None}))
    assert [(check.conclusion, check.title) for check in service.check_runs] == [
        ("success", "No new deprecated usages")
    ]


@pytest.mark.parametrize("by_code", [False, True], ids=["by its path", "by its code"])
async def test_somebody_with_write_accepts_it(
    bot: RunningBot, service: Repo, github: Sandbox, *, by_code: bool
) -> None:
    path = "netra_backend/app/odd late.py" if by_code else NEW
    pr = await bot.receive(service.open_pull_request({path: b"def broken(:\n" + CALL}))
    name = (service.check_runs[-1].text or "").partition("/ssot skip ")[2].partition(" ")[0]
    assert (name == NEW) is not by_code
    await bot.receive(pr.comment(f"/ssot skip {name} Python 2, for the old installer", by=github.user("rita")))
    assert service.check_runs[-1].conclusion == "failure"
    writer = github.user("ann", role="write")
    await bot.receive(pr.comment(f"/ssot skip {name} Python 2, for the old installer", by=writer))
    assert service.check_runs[-1].conclusion == "success"
    assert "Python 2, for the old installer" in (service.check_runs[-1].text or "")
    await bot.receive(pr.push({"netra_backend/app/other.py": b"x = 1\n"}))
    assert service.check_runs[-1].conclusion == "success"
    await bot.receive(pr.push({path: b"def broken(:\n" + CALL + b"more = " + CALL}))
    assert service.check_runs[-1].conclusion == "failure"


@pytest.mark.parametrize(
    ("cookie", "name"),
    [
        ("", NAME.replace("get", "\uff47et")),
        ("", NAME.replace("sock", "\u017fock")),
        ("", NAME.replace("o", "\u00ba")),
        ("latin-1", NAME.replace("a", "\u00aa")),
    ],
    ids=["full-width", "long s", "ordinal", "ordinal in latin-1"],
)
async def test_a_name_in_other_letters_is_the_name(bot: RunningBot, service: Repo, cookie: str, name: str) -> None:
    """It is read, so it is a usage like any other."""
    module = "netra_backend.app.websocket_core.websocket_manager_factory"
    source = f"# coding: {cookie or 'utf-8'}\nfrom {module} import {name}\n\n{name}()\n"
    await bot.receive(service.open_pull_request({NEW: source.encode(cookie or "utf-8")}))
    (check,) = service.check_runs
    assert (check.conclusion, check.title) == ("failure", "2 new deprecated usages")


async def test_files_beyond_those_that_github_lists_are_scanned(bot: RunningBot, service: Repo) -> None:
    files = {f"docs/n{number:04}.txt": b"x\n" for number in range(3_001)}
    usage = f"from netra_backend.app.websocket_core.websocket_manager_factory import {NAME}\n\n{NAME}()\n".encode()
    await bot.receive(service.open_pull_request({**files, "zz/late.py": usage}))
    (check,) = service.check_runs
    assert (check.conclusion, check.title) == ("failure", "2 new deprecated usages")


async def test_a_list_that_takes_github_too_long_is_made_from_the_trees(
    bot: RunningBot, service: Repo, github: Sandbox
) -> None:
    usage = f"from netra_backend.app.websocket_core.websocket_manager_factory import {NAME}\n\n{NAME}()\n".encode()
    github.faults.diff_too_long()
    await bot.receive(service.open_pull_request({NEW: usage}))
    (check,) = service.check_runs
    assert (check.conclusion, check.title) == ("failure", "2 new deprecated usages")


async def test_an_answer_of_another_shape_is_a_failed_try_that_names_the_key(
    bot: RunningBot, service: Repo, github: Sandbox
) -> None:
    """It waits for seconds, and after a few tries it blocks nothing."""
    shape = Reply(status=200, body=b'[{"sha": "x"}]')
    github.faults.add("shape", shape, effect=False, path="*/files", times=3)
    await service.open_pull_request({NEW: b"x = 1\n"})
    with pytest.raises(Stuck, match="not as GitHub documents it, at `filename`"):
        await bot.settled()
    [job] = [job for job in await bot.jobs() if job.event == "pull_request"]
    assert job.attempts == 1
    assert [(check.status, check.title) for check in service.check_runs] == [("in_progress", "Waiting to scan")]
    for _ in range(200):
        if len(service.check_runs) == 2:
            break
        await asyncio.sleep(0.1)
    assert [check.conclusion for check in service.check_runs] == [None, "success"]


async def test_what_github_does_not_show_yet_has_no_verdict(
    bot: RunningBot, service: Repo, github: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.review.late.SOON", timedelta(seconds=0.5))
    github.faults.null_objects(times=3)
    github.faults.status(404, path=f"*/contents/{NEW}")
    await service.open_pull_request({NEW: b"x = 1\n"})
    with pytest.raises(Stuck, match="does not give it yet"):
        await bot.settled()
    (check,) = service.check_runs
    assert (check.status, check.conclusion, check.title) == ("in_progress", None, "Waiting to scan")
    await asyncio.sleep(0.6)
    await bot.settled()
    assert [(check.status, check.conclusion) for check in service.check_runs][1:] == [("completed", "success")]


async def test_more_than_a_review_may_hold_is_not_green(
    bot: RunningBot, service: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file of it is in memory: any may add a usage."""
    monkeypatch.setattr(memory, "MOST", 20_000)
    await bot.receive(service.open_pull_request({NEW: b"x = 1\n" * 2_000, "other.py": b"y = 1\n" * 2_000}))
    (check,) = service.check_runs
    assert check.conclusion == "failure"
    assert check.title == "2 changed files could not be read and may add deprecated usages"
    assert "larger than" in (check.text or "")
    assert await bot.failed() == []
