"""The workers: what they are kept from, and how they end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running
from pathlib import Path

import pytest

from bot.scanner import Unscannable, child, fork_server, pool
from bot.scanner import workers as module
from bot.scanner.fork_server import no_environment
from bot.scanner.workers import ScannerDown, Workers
from tests.hostile import misbehaving

MEMORY = 512 << 20
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def workers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workers]:
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "canary-e8a1")
    async with Workers(workers=1, memory=MEMORY) as running:
        yield running


async def test_a_function_runs_in_another_process(workers: Workers) -> None:
    assert await workers.run(misbehaving.process_id, seconds=5) != os.getpid()
    assert workers.exits == {"ok": 1}


@pytest.mark.parametrize(
    ("function", "cause"),
    [
        (misbehaving.exit_at_once, "crash:exit-3"),
        (misbehaving.segfault, "crash:SIGSEGV"),
        (misbehaving.spin, "timeout"),
        (misbehaving.spin_without_the_interpreter, "timeout"),
        (misbehaving.hoard, "memory"),
        (misbehaving.recurse, "recursion"),
        (misbehaving.return_much, "result"),
        (misbehaving.raise_value_error, "error:ValueError"),
        (misbehaving.return_unpicklable, "crash:exit-1"),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
async def test_whatever_a_task_does_the_next_one_is_fine(
    workers: Workers, function: Callable[[], object], cause: str
) -> None:
    with pytest.raises(Unscannable) as caught:
        await workers.run(function, seconds=0.5)
    assert caught.value.cause == cause
    assert await workers.run(misbehaving.echo, "still here", seconds=5) == "still here"
    assert workers.exits == {cause: 1, "ok": 1}


async def test_a_crash_leaves_the_tasks_beside_it_alone(workers: Workers) -> None:
    """The tasks that wait for the same worker are done by its successor."""
    crash = asyncio.ensure_future(workers.run(misbehaving.segfault, seconds=5))
    others = await asyncio.gather(*(workers.run(misbehaving.echo, n, seconds=5) for n in range(20)))
    assert others == list(range(20))
    with pytest.raises(Unscannable):
        await crash


async def test_a_worker_that_dies_idle_is_replaced(workers: Workers) -> None:
    """As when the kernel runs out of memory and picks it."""
    victim = await workers.run(misbehaving.process_id, seconds=5)
    os.kill(victim, 9)
    assert await workers.run(misbehaving.process_id, seconds=5) != victim


async def test_cancelling_the_wait_kills_the_work(workers: Workers) -> None:
    task = asyncio.ensure_future(workers.run(misbehaving.spin, seconds=60))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(task, timeout=0.5)
    assert await workers.run(misbehaving.echo, 1, seconds=5) == 1


async def test_closing_does_not_wait_for_a_task_that_spins() -> None:
    async with asyncio.timeout(10):
        async with Workers(workers=1, memory=MEMORY) as running:
            task = asyncio.ensure_future(running.run(misbehaving.spin, seconds=60))
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])


async def test_workers_that_were_not_started_say_so() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        await Workers(workers=1, memory=MEMORY).run(misbehaving.echo, 1, seconds=1)


def inherited_environment(process: int) -> bytes:
    """As the kernel keeps it; where it keeps none, there is nothing to read."""
    kept = Path(f"/proc/{process}/environ")
    return kept.read_bytes() if kept.exists() else b""


# --- confinement ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (misbehaving.open_for_writing, ("forbidden.txt",)),
        (misbehaving.open_for_reading, ("/etc/passwd",)),
        (misbehaving.start_process, ()),
        (misbehaving.replace_process, ()),
        (misbehaving.fork, ()),
        (misbehaving.open_socket, ()),
        (misbehaving.delete, (__file__,)),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
async def test_a_worker_cannot_reach_outside(
    workers: Workers, function: Callable[..., object], args: tuple[str, ...]
) -> None:
    with pytest.raises(Unscannable) as caught:
        await workers.run(function, *args, seconds=5)
    assert isinstance(caught.value.__cause__, child.ForbiddenCall)


async def test_a_worker_has_no_environment(workers: Workers) -> None:
    variables = await workers.run(misbehaving.environment, seconds=5)
    assert variables == {}
    assert inherited_environment(await workers.run(misbehaving.process_id, seconds=5)) == b""


async def test_a_worker_inherits_neither_the_server_nor_its_secrets(workers: Workers) -> None:
    loaded = await workers.run(misbehaving.modules, seconds=5)
    assert loaded & {"aiohttp", "gidgethub", "jwt", "bot.github", "bot.settings", "bot.web"} == set()


async def test_a_worker_runs_under_limits(workers: Workers) -> None:
    limits = await workers.run(misbehaving.limits, seconds=5)
    assert limits["memory"] == MEMORY
    assert limits["cores"] == limits["file size"] == limits["processes"] == 0
    assert limits["files"] == child.OPEN_FILES
    assert 5 <= limits["cpu"] <= 60


def test_the_environment_is_gone_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    before = dict(os.environ)
    with no_environment():
        assert dict(os.environ) == {}
    assert dict(os.environ) == before


def test_a_process_with_an_environment_refuses_to_work(tmp_path: Path) -> None:
    (tmp_path / "environ").write_bytes(b"GITHUB_WEBHOOK_SECRET=canary-e8a1\0")
    with pytest.raises(child.ForbiddenCall, match="environment"):
        child.refuse_environment(tmp_path / "environ")


# --- faults that are no task's ------------------------------------------------------------------------------------


async def test_a_worker_that_is_killed_at_work_costs_no_task(workers: Workers) -> None:
    """As when the kernel runs out of memory and picks it."""
    victim = await workers.run(misbehaving.process_id, seconds=5)
    work = asyncio.ensure_future(workers.run(misbehaving.sleep, 1.0, seconds=5))
    await asyncio.sleep(0.5)
    os.kill(victim, signal.SIGKILL)
    assert await work == 1.0


async def test_a_task_that_gets_its_worker_killed_each_time_is_to_blame(workers: Workers) -> None:
    with pytest.raises(Unscannable) as caught:
        await workers.run(misbehaving.be_killed, seconds=5)
    assert caught.value.cause == "crash:SIGKILL"
    assert await workers.run(misbehaving.echo, 1, seconds=5) == 1


async def test_a_task_that_runs_when_the_fork_server_is_lost_is_done_again(workers: Workers) -> None:
    await workers.run(misbehaving.echo, 1, seconds=5)
    work = [asyncio.ensure_future(workers.run(misbehaving.sleep, n / 2, seconds=5)) for n in range(1, 4)]
    await asyncio.sleep(0.3)
    os.kill(fork_server.process_id() or 0, signal.SIGKILL)
    assert await asyncio.gather(*work) == [0.5, 1.0, 1.5]
    assert await workers.run(misbehaving.environment, seconds=5) == {}
    assert inherited_environment(fork_server.process_id() or 0) == b""


async def test_a_fork_server_that_others_started_is_not_used(workers: Workers) -> None:
    """The standard library starts one by itself, with the environment."""
    async with workers._mending:  # else the workers may start theirs again before the other one is there
        os.kill(fork_server.process_id() or 0, signal.SIGKILL)
        foreign = await asyncio.to_thread(started_by_others)
    await asyncio.wait_for(asyncio.to_thread(started_again), 20)
    assert await workers.run(misbehaving.environment, seconds=5) == {}
    assert fork_server.process_id() != foreign


def started_again() -> None:
    while not fork_server.is_ours():
        time.sleep(0.01)


def started_by_others() -> int | None:
    while fork_server.is_ours():
        time.sleep(0.01)
    ensure_running()
    return fork_server.process_id()


async def test_workers_that_fail_their_trial_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    async with Workers(workers=1, memory=MEMORY, trial=misbehaving.raise_value_error) as running:
        with pytest.raises(ScannerDown):
            await running.run(misbehaving.echo, 1, seconds=5)
        assert not running.up


async def test_a_fork_server_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    start, refusals = fork_server.start, [OSError("no process"), OSError("no memory")]

    def reluctant() -> ForkServerContext:
        if refusals:
            raise refusals.pop()
        return start()

    monkeypatch.setattr(fork_server, "start", reluctant)
    monkeypatch.setattr(module, "WATCH", 0.05)
    async with Workers(workers=1, memory=MEMORY) as running:
        assert await running.run(misbehaving.echo, 1, seconds=5) == 1
    assert not refusals


async def test_a_machine_that_is_too_busy_says_nothing_about_the_task(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "PAUSE", 0.0)
    with pytest.raises(ScannerDown):
        await workers.run(misbehaving.sleep, 60, seconds=0.1)
    assert workers.exits == {"starved": 1}


def processes(of: int) -> set[int]:
    """All that a process has started, and what those have."""
    found: set[int] = set()
    for task in Path(f"/proc/{of}/task").iterdir():
        for each in map(int, (task / "children").read_text().split()):
            found |= {each} | processes(each)
    return found


async def soon(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


def is_ended() -> bool:
    return not fork_server.is_ours()


async def rested(workers: Workers, monkeypatch: pytest.MonkeyPatch, ended: Callable[[], bool] = is_ended) -> None:
    monkeypatch.setattr(module, "REST_AFTER", 0.1)
    await soon(lambda: workers._pool is None and ended())
    monkeypatch.setattr(module, "REST_AFTER", 3600.0)


async def test_without_tasks_there_are_no_processes_and_it_is_in_order(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, worker = fork_server.process_id(), await workers.run(misbehaving.process_id, seconds=5)
    await rested(workers, monkeypatch)
    assert not {server, worker} & processes(os.getpid())
    assert workers.up
    assert await workers.run(misbehaving.echo, 1, seconds=5) == 1
    assert workers.exits == {"ok": 2}
    assert inherited_environment(fork_server.process_id() or 0) == b""


async def test_they_are_started_when_a_task_is_announced(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    await workers.run(misbehaving.echo, 1, seconds=5)
    await rested(workers, monkeypatch)
    lights: set[bool] = set()
    workers.wake()
    async with asyncio.timeout(30):
        while not workers._up.is_set():
            lights.add(workers.up)
            await asyncio.sleep(0.01)
    assert lights == {True}  # nothing is wrong
    assert workers.exits == {"ok": 1}


async def test_nobody_rests_while_a_task_runs(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REST_AFTER", 0.0)
    monkeypatch.setattr(module, "WATCH", 0.05)
    assert await workers.run(misbehaving.nap, seconds=20) == "rested"
    assert workers.exits == {"ok": 1}


async def test_what_cannot_be_started_again_is_told(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    await workers.run(misbehaving.echo, 1, seconds=5)
    await rested(workers, monkeypatch)
    monkeypatch.setattr(workers, "_trial", misbehaving.raise_value_error)
    workers.wake()
    await soon(lambda: not workers.up)


PROGRAM = """
import asyncio, sys
from bot.scanner.workers import Workers
from tests.hostile import misbehaving

with open(sys.argv[1], "a") as loaded:
    loaded.write(f"{__name__}\\n")

async def main():
    async with Workers(workers=1, memory=512 << 20) as workers:
        assert await workers.run(misbehaving.echo, 1, seconds=5) == 1

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_worker_does_not_load_the_program(tmp_path: Path) -> None:
    program, loaded = tmp_path / "ssot", tmp_path / "loaded"
    program.write_text(PROGRAM)
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, program, loaded], cwd=ROOT, env=env, timeout=60, check=True)
    assert loaded.read_text().split() == ["__main__"]
