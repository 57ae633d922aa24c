"""Processes that neither end nor answer: what waits for them goes on with new ones, and nobody is left behind."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from bot.scanner import fork_server
from bot.scanner.pool import Pool
from bot.scanner.workers import Workers
from tests.hostile import misbehaving
from tests.scanner.test_workers import MEMORY, processes, rested, soon


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(workers=2, memory=MEMORY) as started:
        assert await started.run(misbehaving.echo, 1, seconds=5) == 1
        yield started


def freeze_the_fork_server() -> int:
    server = fork_server.process_id()
    assert server is not None
    os.kill(server, signal.SIGSTOP)
    return server


async def test_a_frozen_fork_server_is_replaced_though_it_tells_of_no_worker_that_died(workers: Workers) -> None:
    server = freeze_the_fork_server()
    for worker in processes(server):
        os.kill(worker, signal.SIGKILL)
    async with asyncio.timeout(40):
        assert await workers.run(misbehaving.echo, 2, seconds=5) == 2
    assert not processes(os.getpid()) & {server}
    assert workers.exits["pool"] == 1


async def test_the_light_is_red_while_the_fork_server_is_frozen(workers: Workers) -> None:
    lights: set[bool] = set()
    freeze_the_fork_server()
    async with asyncio.timeout(40):
        while not (workers.up and workers.exits["pool"]):
            lights.add(workers.up)
            await asyncio.sleep(0.01)
    assert lights == {True, False}


async def test_a_fork_server_that_is_frozen_at_the_end_of_the_work_is_ended(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, stop = fork_server.process_id(), Pool.stop

    def stop_and_freeze(self: Pool) -> None:
        stop(self)
        freeze_the_fork_server()

    monkeypatch.setattr(Pool, "stop", stop_and_freeze)
    monkeypatch.setattr(fork_server, "_runs", lambda _: True)  # it is not seen
    await rested(workers, monkeypatch, ended=lambda: fork_server.process_id() is None)
    monkeypatch.undo()
    assert server not in processes(os.getpid())
    async with asyncio.timeout(40):
        assert await workers.run(misbehaving.echo, 2, seconds=5) == 2


async def test_a_fork_server_that_makes_no_process_is_ended(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, unseen = fork_server._runs, [fork_server.process_id()]
    monkeypatch.setattr(fork_server, "_runs", lambda pid: pid in unseen or runs(pid))
    monkeypatch.setattr(fork_server, "FORKED_WITHIN", 0.2)
    server = freeze_the_fork_server()
    process = fork_server._Context().Process(target=misbehaving.echo, args=(1,))
    with pytest.raises(EOFError):
        await asyncio.to_thread(process.start)
    unseen.clear()
    monkeypatch.setattr(fork_server, "FORKED_WITHIN", 20.0)
    await soon(lambda: server not in processes(os.getpid()))
    async with asyncio.timeout(40):
        assert await workers.run(misbehaving.echo, 2, seconds=5) == 2


async def test_a_frozen_worker_ends_with_its_fork_server(workers: Workers) -> None:
    server = fork_server.process_id() or 0
    frozen = processes(server)
    assert frozen
    for worker in frozen:
        os.kill(worker, signal.SIGSTOP)
    os.kill(server, signal.SIGKILL)
    await soon(lambda: not any(is_there(worker) for worker in frozen))
    async with asyncio.timeout(40):
        assert await workers.run(misbehaving.echo, 2, seconds=5) == 2


def is_there(pid: int) -> bool:
    """Neither gone nor dead and unread."""
    try:
        with open(f"/proc/{pid}/stat") as found:  # noqa: PTH123 -- it may end between two looks
            return found.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
