"""The server as a process of its own, to be killed and measured: ``python -m tests.web.process DATABASE [JOURNAL]``.

Its handler appends each delivery's GUID to the journal, as an effect that can be counted after a crash.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from bot.domain.references import Delivery
from bot.jobs import Done, Inbox, Lease, Outcome, SqliteStore, Work, worker_of
from bot.web import Metrics, WebParts, create_runner, create_web_app
from tests.web.conftest import SECRET


def route(_event: str, body: bytes) -> Work:
    return Work(key=f"acme/app#{len(body) % 7}")


async def main(database: Path, journal: Path | None) -> None:
    async def handle(delivery: Delivery, lease: Lease) -> Outcome:
        if journal:
            with journal.open("a") as file:
                file.write(f"{delivery.id}\n")
        return Done()

    store, metrics = SqliteStore(database, busy_timeout=0.2), Metrics()
    await store.open()
    worker = worker_of(store, router=route, handle=handle, observer=metrics)
    await worker.start()
    parts = WebParts(
        inbox=Inbox(store, arrived=worker.arrived, full=worker.full),
        worker=worker,
        store=store,
        secrets=[SECRET],
        events={"pull_request"},
        metrics=metrics,
    )
    runner = create_runner(create_web_app(parts))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
