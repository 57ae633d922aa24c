"""A real store on a real file, and deliveries to put into it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from bot.domain.references import Delivery, DeliveryId
from bot.jobs import Done, Inbox, Job, Lease, Outcome, Policy, Router, SqliteStore, State, Work, WorkerLimits, worker_of
from bot.jobs.database import Connection
from bot.jobs.opening import AnyStore, existing
from bot.jobs.postgres import PostgresStore
from bot.jobs.retention import Retention
from bot.jobs.sqlite import path_of

Behaviour = Callable[[Delivery, Lease], Awaitable[Outcome]]


def delivery(number: int, body: bytes = b"acme/app#1 opened", event: str = "pull_request") -> Delivery:
    return Delivery(id=DeliveryId(f"00000000-0000-0000-0000-{number:012d}"), event=event, body=body)


def by_body(event: str, body: bytes) -> Work:
    """``b"key action"``, so that a test says in its payload where it belongs."""
    key, _, action = body.decode().partition(" ")
    return Work(key=key, action=action)


@dataclass
class Bench:
    """A store, an inbox and a worker whose handler is the test's."""

    store: AnyStore
    behaviour: Behaviour | None = None
    router: Router = by_body
    policy: Policy = field(default_factory=Policy)
    limits: WorkerLimits = field(default_factory=WorkerLimits)
    retention: Retention = field(default_factory=Retention)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ran: list[bytes] = field(default_factory=list)

    def build(self) -> None:
        self.worker = worker_of(
            self.store,
            router=self.router,
            handle=self._handle,
            policy=self.policy,
            limits=self.limits,
            retention=self.retention,
            clock=self.clock,
        )
        self.inbox = Inbox(self.store, arrived=self.worker.arrived, full=self.worker.full, clock=self.clock)

    async def start(self) -> None:
        self.build()
        await self.worker.start()

    async def put(self, number: int, body: bytes = b"acme/app#1 opened", event: str = "pull_request") -> None:
        await self.inbox.put(delivery(number, body, event))

    async def settled(self, *, within: float = 10.0) -> list[Job]:
        """All jobs, oldest first, once each has ended."""
        async with asyncio.timeout(within):
            while True:
                jobs = await self.store.recent(10_000)
                if jobs and all(job.state.finished for job in jobs):
                    return jobs[::-1]
                await asyncio.sleep(0.005)

    async def _handle(self, given: Delivery, lease: Lease) -> Outcome:
        self.ran.append(given.body)
        return await self.behaviour(given, lease) if self.behaviour else Done()


async def until(condition: Callable[[], Awaitable[bool]], *, within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.005)


def states(jobs: list[Job]) -> list[State]:
    return [job.state for job in jobs]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ssot.db"


@pytest.fixture
async def sqlite_store(path: Path) -> AsyncIterator[SqliteStore]:
    """An open store, for tests of SQLite alone."""
    store = SqliteStore(path)
    await store.open()
    yield store
    await store.close()


Away = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def away(request: pytest.FixtureRequest) -> Away:
    """``with away(url)``: the database takes nothing, as in a restart, or because another holds it."""

    @contextmanager
    def locked(url: str) -> Iterator[None]:
        with closing(sqlite3.connect(path_of(url), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield

    @contextmanager
    def refused(url: str) -> Iterator[None]:
        name = urlsplit(url).path.removeprefix("/")
        with psycopg.connect(str(request.getfixturevalue("postgres_server")), autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            yield
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    return lambda url: locked(url) if url.startswith("sqlite") else refused(url)


class Opener:
    """Makes stores on one database, as processes would, and closes what is left open."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url, self._stack = url, stack

    async def __call__(self) -> AnyStore:
        """An open store."""
        store: AnyStore
        if self.url.startswith("sqlite"):
            store = SqliteStore(path_of(self.url), busy_timeout=0.2)
        else:
            store = PostgresStore(self.url)
        await store.open()
        self._stack.push_async_callback(store.close)
        return store

    def look(self) -> Connection:
        """A connection like that of ``ssot jobs``."""
        return existing(self.url, writable=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, path: Path) -> str:
    """The URL of an empty database, of each kind."""
    return f"sqlite:///{path}" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Opener]:
    async with AsyncExitStack() as stack:
        yield Opener(database, stack)


@pytest.fixture
async def store(opened: Opener) -> AnyStore:
    return await opened()


@pytest.fixture
async def bench(store: AnyStore) -> AsyncIterator[Bench]:
    bench = Bench(store)
    bench.build()
    yield bench
    await bench.worker.stop(within=1)
