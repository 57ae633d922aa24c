"""The workers: what they are kept from, and how they end."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.scanner import child
from bot.scanner.workers import Unscannable, Workers, no_environment
from tests.hostile import misbehaving

MEMORY = 512 << 20


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
