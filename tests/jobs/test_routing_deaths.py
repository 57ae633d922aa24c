"""A delivery that ends the process while it is routed is given up, and does not come again at each start."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bot.jobs import Policy
from bot.jobs.model import State
from tests.jobs.conftest import Opener, delivery

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVER = """
import asyncio, os, signal, sys
from bot.jobs import Done, Work, store_of, worker_of

def route(event, body):
    if body == b"poison":
        os.kill(os.getpid(), signal.SIGKILL)
    return Work(key="acme/app#1")

async def handle(delivery, lease):
    return Done()

async def main():
    store = store_of(sys.argv[1])
    await store.open()
    worker = worker_of(store, router=route, handle=handle)
    await worker.start()
    while await store.unfinished(range(9)):
        await asyncio.sleep(0.02)
    await worker.stop()
    await store.close()

asyncio.run(main())
"""


def run(url: str) -> int:
    command = [sys.executable, "-c", SERVER, url]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=env, timeout=60, check=False).returncode


async def test_a_death_while_routing_counts(opened: Opener, database: str) -> None:
    store = await opened()
    for number in range(3):
        await store.put(delivery(number, b"poison" if number == 1 else b"{}"), NOW)
    await store.close()
    ends: list[int] = []
    while not ends or (ends[-1] == -signal.SIGKILL and len(ends) < 20):
        ends.append(run(database))
        with closing(opened.look()) as connection:
            # On PostgreSQL another server may still be at it; as if its time were over.
            connection.execute("UPDATE deliveries SET next_at = NULL WHERE key IS NULL AND state = 'queued'")
    assert ends == [-signal.SIGKILL] * Policy().tries + [0]
    found = {job.id: job for job in await (await opened()).recent(9)}
    dead = found[delivery(1).id]
    assert (dead.state, "died 5 times" in (dead.reason or "")) == (State.DEAD, True)
    for number in (0, 2):
        job = found[delivery(number).id]
        assert job.state is State.DONE, "those that came with it are worked on"
        # On PostgreSQL a process may end before what it has routed beside is committed: then that counts there, too.
        assert job.attempts == 1 or (database.startswith("postgresql") and job.attempts < Policy().tries)
