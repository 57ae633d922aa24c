"""The App meets a repository: its default branch is surveyed before a review has to wait for that."""

import pytest

from bot.inventory.first import SURVEY
from bot.sandbox import Sandbox
from tests.e2e.conftest import RunningBot
from tests.e2e.test_sweep import finished
from tests.e2e.test_view import FILES, THROUGH_THE_FACADE, archives, verdict


def surveyed(github: Sandbox) -> set[str]:
    """The repositories whose archive was asked for."""
    return {"/".join(each.path.split("/")[2:4]) for each in github.requests if "/tarball" in each.path}


async def test_on_installation_the_repositories_with_a_configuration_are_surveyed(
    bot: RunningBot, github: Sandbox
) -> None:
    repo = await github.repo("acme/app", files=dict(FILES), installed=False)
    await github.repo("acme/plain", files={"a.py": b"x = 1\n"}, installed=False)
    await github.repo("acme/wrong", files={".github/ssot.yml": b"version: 7\n"}, installed=False)
    github.install("acme")
    await bot.settled()
    assert surveyed(github) == {"acme/app"}
    before = archives(github)
    pull = await bot.receive(repo.open_pull_request({"app/new.py": THROUGH_THE_FACADE}))
    assert verdict(pull)[0] == "failure"
    assert archives(github) == before
    assert await bot.failed() == []


async def test_a_repository_that_is_added_is_surveyed(bot: RunningBot, github: Sandbox) -> None:
    one = await github.repo("acme/one", files={"a.py": b"x = 1\n"}, installed=False)
    two = await github.repo("acme/two", files=dict(FILES), installed=False)
    installation = github.install("acme", [one])
    await bot.settled()
    assert surveyed(github) == set()
    github.add_repositories(installation, [two])
    await bot.settled()
    assert surveyed(github) == {"acme/two"}
    github.remove_repositories(installation, [one])
    await bot.settled()
    assert await bot.failed() == []


async def test_the_start_surveys_what_nobody_has(bot: RunningBot, github: Sandbox) -> None:
    await github.repo("acme/app", files=dict(FILES))
    await bot.app.worker.run_now()
    jobs = await finished(bot.app, SURVEY)
    await bot.settled()
    assert surveyed(github) == {"acme/app"}
    assert jobs


@pytest.mark.parametrize("action", ["suspend", "uninstall"])
async def test_an_end_is_no_beginning(bot: RunningBot, github: Sandbox, action: str) -> None:
    repo = await github.repo("acme/app", files=dict(FILES))
    getattr(github, action)(github.installation(repo))
    await bot.settled()
    assert surveyed(github) == set()
    assert await bot.failed() == []
