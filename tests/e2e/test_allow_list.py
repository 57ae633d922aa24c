"""``SSOT_ALLOW`` lists names that stand for ids: renames change nothing, nor does who takes a name."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.demo import serving, settings_for
from bot.jobs import State
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from bot.settings import Settings
from tests.e2e.conftest import RunningBot
from tests.e2e.test_sweep import verdicts
from tests.jobs.conftest import until

HEALTH = "netra_backend/app/routes/health.py"
Serving = Callable[[str], AbstractAsyncContextManager[RunningBot]]


@pytest.fixture
def serving_only(github: Sandbox, tmp_path: Path) -> Serving:
    """``async with serving_only("acme,other/repo") as bot:`` is the server with that list."""

    @asynccontextmanager
    async def serve(allow: str) -> AsyncIterator[RunningBot]:
        settings = settings_for(github, tmp_path)
        parsed = Settings.from_env(
            {
                "GITHUB_APP_ID": "1",
                "GITHUB_PRIVATE_KEY": github.app.private_key,
                "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
                "SSOT_ALLOW": allow,
            }
        )
        async with serving(github, replace(settings, allowed=parsed.allowed)) as app:
            yield RunningBot(github, app)

    return serve


async def opened(bot: RunningBot, repo: Repo, head: str) -> PullRequestHandle:
    own = {HEALTH: HEALTH_WITH_A_PROBE, "head.txt": head.encode()}  # equal commits of one second are one commit
    return await bot.receive(repo.open_pull_request(own, head=head))


@pytest.mark.parametrize("allow", ["acme", "ACME/Service", "acme/service,acme"])
async def test_a_listed_name_is_followed(github: Sandbox, service: Repo, serving_only: Serving, allow: str) -> None:
    """Whoever takes the former name, of the repository or of its owner, is not on the list; also after a restart."""
    async with serving_only(allow) as bot:
        assert verdicts(await opened(bot, service, "one")) == ["failure"]
        service.rename("apogee")
        github.rename_owner("acme", "apex")
        await bot.settled()
        assert verdicts(await opened(bot, service, "two")) == ["failure"]
        taken = await github.repo("acme/service", dict(service.branch().items()))
        assert verdicts(await opened(bot, taken, "three")) == []
    async with serving_only(allow) as bot:
        assert verdicts(await opened(bot, service, "four")) == ["failure"]
        assert verdicts(await opened(bot, taken, "five")) == []
        assert await bot.failed() == []


@pytest.mark.parametrize("kind", ["owner", "repository", "installation", ""])
async def test_ids_may_be_listed(github: Sandbox, service: Repo, serving_only: Serving, kind: str) -> None:
    installation = github.installation(service)
    number = {"owner": service.record.owner.id, "repository": service.id}.get(kind, installation.id)
    other = await github.repo("other/repo", dict(service.branch().items()))
    async with serving_only(f"{kind}:{number}".removeprefix(":")) as bot:
        service.rename("apogee")
        await bot.settled()
        assert verdicts(await opened(bot, service, "one")) == ["failure"]
        assert verdicts(await opened(bot, other, "two")) == []
        assert {job.reason for job in await bot.jobs() if job.state is State.IGNORED} >= {
            "the repository is not on the allow list"
        }


async def test_a_name_that_is_nobodys_yet_is_looked_up_when_it_comes(
    github: Sandbox, serving_only: Serving, service: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told at the start; the first delivery of it finds it, and nothing of it is lost."""
    async with serving_only("later/app,nobody") as bot:

        async def told() -> bool:
            return "names=owner:nobody, repository:later/app" in capsys.readouterr().out.replace("'", "")

        await until(told)
        later = await github.repo("later/app", dict(service.branch().items()))
        assert verdicts(await opened(bot, later, "one")) == ["failure"]
        later.rename("app2")
        await bot.settled()
        assert verdicts(await opened(bot, later, "two")) == ["failure"]
        assert verdicts(await opened(bot, service, "three")) == []


async def test_a_transfer_to_an_account_that_is_not_listed(
    github: Sandbox, service: Repo, serving_only: Serving
) -> None:
    """What is allowed by its owner is so by the owner's id; what is allowed by itself stays so."""
    github.install("apex", None)
    other = await github.repo("acme/other", dict(service.branch().items()))
    async with serving_only("acme,acme/service") as bot:
        assert verdicts(await opened(bot, other, "one")) == ["failure"]
        service.transfer("apex")
        other.transfer("apex")
        await bot.settled()
        assert verdicts(await opened(bot, service, "two")) == ["failure"]
        assert verdicts(await opened(bot, other, "three")) == []
