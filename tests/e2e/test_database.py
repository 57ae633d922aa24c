"""The database goes away under the running bot: honest answers, a red light, and recovery by itself (case 26).

SQLite's part is in ``tests/web/test_pages.py`` and ``tests/jobs/test_sqlite.py``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psycopg

from bot.cli.demo import serving, settings_for, settled
from bot.domain.references import Task
from bot.github.payloads import delivery_of
from bot.recovery.deliveries import SWEEP
from bot.sandbox import Repo, Sandbox
from bot.settings import Secret
from tests.e2e.test_sweep import USAGE, verdicts
from tests.jobs.conftest import until


@asynccontextmanager
async def refused(server: str, url: str) -> AsyncIterator[None]:
    """PostgreSQL ends all connections and takes no new ones, as in a restart."""
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


async def test_case_26_while_the_database_is_away_nothing_is_acknowledged_and_then_all_is_done(
    github: Sandbox, service: Repo, tmp_path: Path, postgres_server: str, postgres_url: str
) -> None:
    settings = replace(settings_for(github, tmp_path), database_url=Secret(postgres_url))
    async with serving(github, settings) as app, aiohttp.ClientSession() as session:
        base = str(github.webhook_url).removesuffix("/webhook")

        async def ready() -> bool:
            async with session.get(f"{base}/health/ready") as answer:
                return answer.status == 200

        async def red() -> bool:
            return not await ready()

        await until(ready)
        await settled(github, app)  # what starts by itself is not what the outage is to hit
        async with refused(postgres_server, postgres_url):
            pull = await service.open_pull_request({"app/new.py": USAGE})
            await github.settled()
            told = [each for each in github.deliveries if each.event == "pull_request"]
            assert [each.status_code for each in told] == [503]
            await until(red)  # an answer is good for a second
            async with session.get(f"{base}/health/live") as answer:
                assert answer.status == 200
        await until(ready)
        await app.inbox.put(delivery_of(Task(event=SWEEP, id="by hand", repo=None)))
        await settled(github, app)

        async def judged() -> bool:
            return len(verdicts(pull)) == 1

        await until(judged)
