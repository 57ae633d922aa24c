"""A delivery that ends the process while it is routed is given up, and does not come again at each start."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bot.jobs import Policy, SqliteStore
from bot.jobs.model import State
from tests.jobs.conftest import delivery

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVER = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.jobs import Done, SqliteStore, Work, Worker

def route(event, body):
    if body == b"poison":
        os.kill(os.getpid(), signal.SIGKILL)
    return Work(key="acme/app#1")

async def handle(delivery, lease):
    return Done()

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    worker = Worker(store, router=route, handle=handle)
    await worker.start()
    while await store.unfinished():
        await asyncio.sleep(0.02)
    await worker.stop()
    await store.close()

asyncio.run(main())
"""


def run(path: Path) -> int:
    command = [sys.executable, "-c", SERVER, str(path)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=env, timeout=60, check=False).returncode


def states(path: Path) -> dict[str, tuple[str, int, str | None]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT guid, state, attempts, reason FROM deliveries").fetchall()
    return {guid: (state, attempts, reason) for guid, state, attempts, reason in rows}


async def test_a_death_while_routing_counts(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    for number in range(3):
        await store.put(delivery(number, b"poison" if number == 1 else b"{}"), NOW)
    await store.close()
    ends: list[int] = []
    while not ends or (ends[-1] == -signal.SIGKILL and len(ends) < 20):
        ends.append(run(path))
    assert ends == [-signal.SIGKILL] * Policy().tries + [0]
    found = states(path)
    assert found[delivery(1).id][0] == State.DEAD
    assert "died 5 times" in (found[delivery(1).id][2] or "")
    for number in (0, 2):
        assert found[delivery(number).id][:2] == (State.DONE, 1), "those that came with it are worked on, as new ones"
