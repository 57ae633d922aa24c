"""The operator's pages while the bot is at work, the same on both databases."""

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.inventory.progress import all_progress
from bot.sandbox import Sandbox
from bot.storage import Storage
from bot.storage.engine import storage_url
from tests.e2e.conftest import RunningBot
from tests.e2e.operator_scene import CONNECTS, LIBRARY, LIBRARY_FILES, Scene, scene
from tests.jobs.conftest import until


async def read(at: Scene, path: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(at.address + path) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def document(at: Scene, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await read(at, path))
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


async def test_the_pages_say_what_is_stuck_what_runs_and_what_is_left(
    github: Sandbox, tmp_path: Path, database: str | None
) -> None:
    async with scene(github, tmp_path, database) as at:
        status = await document(at, "/status.json")
        assert status["accepting"]
        assert [job["reason"] for job in status["dead"]] == [
            "gave up after waiting for 2 days: GitHub did not answer",
            "failed 5 times: an internal error (KeyError): the log has it under this delivery",
            "the payload is not as GitHub describes it, so it was not read",
        ]
        assert {job["place"] for job in status["retrying"]} == {"globex/library", "globex/library#2"}
        assert {job["reason"] for job in status["retrying"]} == {
            "GitHub's rate limit is used up, or GitHub asked to wait"
        }
        running = next(job for job in status["running"] if job["event"] == "pull_request")
        assert running["url"] == f"{github.url}/acme/service/pull/6"
        assert running["started_at"] is not None
        left = {each["migration"]: each for each in status["migrations"]}
        assert left["connection-factory"] == {
            "migration": "connection-factory",
            "usages": 8,
            "files": 4,
            "repositories": 2,
            "repositories_done": 0,
            "open_pull_requests": 2,
            "merged_pull_requests": 1,
        }
        assert left["legacy-settings"]["usages"] == left["utc-clock"]["usages"] == 2
        one = await document(at, "/status/migrations/connection-factory.json")
        assert [point["usages"] for point in one["history"]][-1] == 8
        service = one["by_repository"][0]
        assert service["open_pull_requests"] == [pull.number for pull in at.open]
        assert service["tracking_issue"] == 1
        waiting = next(job for job in status["retrying"] if job["place"] == "globex/library#2")
        history = (await document(at, f"/status/jobs/{waiting['number']}.json"))["history"]
        assert [run["outcome"] for run in history] == ["postponed"]
        text = await read(at, "/status")
        assert f'href="{github.url}/acme/service/pull/6"' in text
        assert re.search(r"<details>\s*<summary>\d+ of the newest had nothing to do", text)


async def test_a_renamed_repository_is_found_by_the_name_that_it_has_now(
    github: Sandbox, tmp_path: Path, database: str | None
) -> None:
    async with scene(github, tmp_path, database) as at:
        before = await document(at, "/status/jobs.json?repository=acme/service")
        at.service.rename("gateway")
        await github.settled()

        async def renamed() -> bool:
            return "acme/gateway" in await read(at, "/status/migrations/connection-factory")

        await until(renamed)
        now = await document(at, "/status/jobs.json?repository=acme/gateway")
        assert {job["number"] for job in before["jobs"]} <= {job["number"] for job in now["jobs"]}
        assert {job["repository"] for job in now["jobs"]} == {"acme/gateway"}


async def test_a_review_brings_the_counts_of_its_base_branch_up_to_date(
    bot: RunningBot, github: Sandbox, tmp_path: Path
) -> None:
    repo = await github.repo("acme/library", files={**LIBRARY_FILES, ".github/ssot.yml": LIBRARY})
    await bot.app.worker.run_now()
    await bot.settled()
    storage = Storage(storage_url(f"sqlite:///{tmp_path / 'ssot.db'}"))
    await storage.open()

    async def usages() -> list[int]:
        (known,) = await all_progress(storage)
        return [each.usages for each in known.repository.migrations]

    assert await usages() == [2, 2]
    await bot.receive(repo.push({"lib/more.py": CONNECTS}))
    await bot.receive(repo.open_pull_request({"lib/new.py": CONNECTS}))
    assert await usages() == [4, 2]
    await storage.close()
