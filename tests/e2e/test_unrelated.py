"""A repository without a configuration and without the built-in migration's modules: nothing is said there."""

import pytest

from bot.identity.checks import CHECK_NAME
from bot.sandbox import Repo, Sandbox
from tests.e2e.conftest import RunningBot

HERE = b"from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory\n"
SUCCESSOR = "netra_backend/app/websocket_core/websocket_manager.py"
CONFIG = b"version: 1\nmigrations:\n  m: {deprecated: a.b.c, canonical: a.b.d, drop_in: true}\n"


@pytest.fixture
async def library(github: Sandbox) -> Repo:
    return await github.repo("acme/library", files={"library/__init__.py": b"x = 1\n", "README.md": b"# It\n"})


async def test_nothing_is_said(bot: RunningBot, library: Repo, github: Sandbox) -> None:
    pr = await bot.receive(library.open_pull_request({"library/late.py": HERE}))
    ann = github.user("ann", role="write")
    issue = await bot.receive(library.open_issue("506"))
    for command in ("/ssot help", "/ssot status", "/ssot migrate", "/ssot scan"):
        await bot.receive(pr.comment(command, by=ann))
        await bot.receive(issue.comment(command, by=ann))
    await bot.receive(library.push({"library/more.py": b"y = 2\n"}))
    assert (library.check_runs, pr.reviews, pr.review_comments) == ([], [], [])
    assert {comment.author for comment in (*pr.comments, *issue.comments)} == {"ann"}
    assert await bot.failed() == []
    assert not [each for each in github.requests if each.mutating and "access_tokens" not in each.path]


async def test_a_required_check_passes(bot: RunningBot, library: Repo) -> None:
    library.require("main", "build", CHECK_NAME)
    pr = await bot.receive(library.open_pull_request({"library/late.py": HERE}))
    (check,) = library.check_runs
    assert (check.conclusion, check.title, pr.reviews) == ("success", "Nothing is configured here", [])


async def test_another_required_check_is_none_of_its_business(bot: RunningBot, library: Repo) -> None:
    library.require("main", "build")
    await bot.receive(library.open_pull_request({"library/late.py": HERE}))
    assert library.check_runs == []


@pytest.mark.parametrize("path", [SUCCESSOR, f"services/api/{SUCCESSOR}", SUCCESSOR.replace(".py", "/__init__.py")])
async def test_after_the_removal_the_successor_is_enough(bot: RunningBot, library: Repo, path: str) -> None:
    await library.push({path: b"class WebSocketManager: ...\n"})
    await bot.receive(library.open_pull_request({"library/late.py": HERE}))
    assert [check.title for check in library.check_runs] == ["1 new deprecated usage"]


async def test_a_configuration_is_enough(bot: RunningBot, library: Repo) -> None:
    await library.push({".github/ssot.yml": CONFIG})
    await bot.receive(library.open_pull_request({"library/late.py": b"import a.b\n\na.b.c()\n"}))
    assert [check.title for check in library.check_runs] == ["1 new deprecated usage"]
