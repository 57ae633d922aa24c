"""Our queue beside DBOS, on SQLite: what idling costs, how soon a job begins, how many jobs a second, CPU for each.

    python -m benchmarks.engines [--idle 10] [--jobs 300]

``queue 1.0`` and ``queue 0.1`` are DBOS's partitioned queue with that polling interval; ``direct`` starts each
workflow at once, without a queue, so that order, concurrency and take-over would be ours.  All with WAL,
``synchronous=FULL`` and two connections.  A job does nothing, in one step.  ``ours`` stores, routes, claims and
finishes a delivery.
"""

import argparse
import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

KINDS = ("ours", "direct", "queue 1.0", "queue 0.1")
STARTS = 15
Start = Callable[[int], Awaitable[None]]


class Probe:
    """When each job began and ended, by its number."""

    def __init__(self) -> None:
        self.began: dict[int, float] = {}
        self.ended: dict[int, float] = {}

    async def all_ended(self, numbers: range) -> None:
        while True:
            if all(number in self.ended for number in numbers):
                return
            await asyncio.sleep(0.002)


async def ours(directory: Path, probe: Probe, stack: AsyncExitStack) -> Start:
    from bot.domain.references import Delivery, DeliveryId
    from bot.jobs import Done, Inbox, Lease, Outcome, SqliteStore, Work, WorkerLimits, worker_of

    async def handle(delivery: Delivery, _: Lease) -> Outcome:
        number = int(delivery.body)
        probe.began[number] = time.perf_counter()
        probe.ended[number] = time.perf_counter()
        return Done()

    store = SqliteStore(directory / "ssot.db")
    await store.open()
    stack.push_async_callback(store.close)
    worker = worker_of(
        store, router=lambda _, body: Work(key=str(int(body) % 50)), handle=handle, limits=WorkerLimits(concurrency=8)
    )
    await worker.start()
    stack.push_async_callback(worker.stop, 1.0)
    inbox = Inbox(store, arrived=worker.arrived)

    async def start(number: int) -> None:
        await inbox.put(Delivery(id=DeliveryId(f"job-{number}"), event="push", body=str(number).encode()))

    return start


async def dbos(directory: Path, probe: Probe, stack: AsyncExitStack, polling: float | None) -> Start:
    import sqlalchemy as sa
    from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

    engine = sa.create_engine(f"sqlite:///{directory / 'dbos.db'}", pool_size=2)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: object, _: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]  # a DBAPI connection
        connection.isolation_level = "IMMEDIATE"  # type: ignore[attr-defined]  # as above

    DBOS(
        config={
            "name": "engines",
            "system_database_url": f"sqlite:///{directory / 'dbos.db'}",
            "system_database_engine": engine,
            "application_version": "1",
            "executor_id": "benchmark",
            "log_level": "ERROR",
        }
    )

    @DBOS.step()
    async def step(number: int) -> int:
        return number

    @DBOS.workflow()
    async def workflow(number: int) -> None:
        probe.began[number] = time.perf_counter()
        await step(number)
        probe.ended[number] = time.perf_counter()

    DBOS.launch()
    stack.push_async_callback(asyncio.to_thread, DBOS.destroy)
    if polling is None:
        slots = asyncio.Semaphore(8)

        async def direct(number: int) -> None:
            async with slots:
                with SetWorkflowID(f"job-{number}"):
                    await DBOS.start_workflow_async(workflow, number)
                await probe.all_ended(range(number, number + 1))

        return direct
    queue = await DBOS.register_queue_async("queue", partition_concurrency=1, polling_interval_sec=polling)

    async def enqueue(number: int) -> None:
        with SetWorkflowID(f"job-{number}"), SetEnqueueOptions(queue_partition_key=str(number % 50)):
            await queue.enqueue_async(workflow, number)

    return enqueue


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(kind: str, directory: Path, idle: float, jobs: int) -> None:
    probe = Probe()
    async with AsyncExitStack() as stack:
        name, _, polling = kind.partition(" ")
        made = ours(directory, probe, stack) if name == "ours" else dbos(
            directory, probe, stack, float(polling) if polling else None
        )  # fmt: skip
        start = await made
        await asyncio.sleep(2)
        before = cpu()
        await asyncio.sleep(idle)
        idling = (cpu() - before) / idle * 100
        waits = []
        for number in range(STARTS):
            began = time.perf_counter()
            await start(number)
            await probe.all_ended(range(number, number + 1))
            waits.append((probe.began[number] - began) * 1e3)
            await asyncio.sleep(0.017 * number)
        before, began = cpu(), time.perf_counter()
        numbers = range(1_000, 1_000 + jobs)
        await asyncio.gather(*map(start, numbers))
        await probe.all_ended(numbers)
        rate, each = jobs / (time.perf_counter() - began), (cpu() - before) / jobs * 1e3
        print(f"{kind:<10} {idling:>8.2f} {statistics.median(waits):>15.1f} {rate:>8.0f} {each:>12.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=float, default=10.0)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.kind:
        with tempfile.TemporaryDirectory() as directory:
            asyncio.run(measure(options.kind, Path(directory), options.idle, options.jobs))
        return
    print(f"{'':<10} {'idle %':>8} {'start p50 ms':>15} {'jobs/s':>8} {'CPU ms each':>12}", flush=True)
    for kind in KINDS:
        command = [sys.executable, "-m", "benchmarks.engines", "--kind", kind]
        command += ["--idle", str(options.idle), "--jobs", str(options.jobs)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
