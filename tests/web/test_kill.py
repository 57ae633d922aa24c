"""kill -9 at random points: what was acknowledged is there, and is worked off."""

import asyncio
import contextlib
import random
import time

from bot.jobs import sql
from bot.jobs.sqlite import existing, integrity_faults
from tests.web.conftest import ServerProcess, headers, request, send

ROUNDS, SENDERS, SEED = 5, 8, 20260
HUNG_UP = (ConnectionError, IndexError, TimeoutError)


async def keep_sending(port: int, name: str, acknowledged: list[str]) -> None:
    """Until the server dies; GUIDs that got their 202 are acknowledged."""
    with contextlib.suppress(*HUNG_UP):
        for number in range(10_000):
            guid = f"{name}-{number}"
            body = b'{"n": "' + b"x" * (number % 50) + b'"}'
            answer = await send(port, request(body, head=headers(body, X_GitHub_Delivery=guid)), within=5)
            assert answer.status == 202
            acknowledged.append(guid)


async def test_nothing_acknowledged_is_lost(server_process: ServerProcess) -> None:
    chance = random.Random(SEED)  # noqa: S311  # to be repeatable
    acknowledged: list[str] = []
    for turn in range(ROUNDS):
        senders = [
            asyncio.create_task(keep_sending(server_process.port, f"{turn}-{n}", acknowledged)) for n in range(SENDERS)
        ]
        await asyncio.sleep(chance.uniform(0.05, 0.3))
        server_process.kill()
        await asyncio.gather(*senders)
        began = time.monotonic()
        server_process.restart()
        assert time.monotonic() - began < 5
    await all_done(server_process)
    connection = existing(server_process.database)
    jobs = {job.id: job for job in sql.recent(connection, 100_000)}
    assert integrity_faults(connection) == []
    connection.close()
    effects = server_process.journal.read_text().split()
    assert len(acknowledged) >= ROUNDS, f"seed {SEED}"
    assert set(acknowledged) - set(jobs) == set(), f"seed {SEED}"
    assert set(effects) == set(jobs), f"seed {SEED}"


async def all_done(process: ServerProcess) -> None:
    async with asyncio.timeout(20):
        while True:
            connection = existing(process.database)
            counted = sql.counts(connection)
            connection.close()
            if not any(count for state, count in counted.items() if not state.finished):
                return
            await asyncio.sleep(0.05)
