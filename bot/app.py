"""The composition root: settings in, a server out.  Nothing else may import ``handlers``."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

import structlog
from aiohttp import web

import handlers
from bot.context import Bot, StoredDeliveries, remembered_concern, remembered_refusals
from bot.domain.commands import CommandHelp
from bot.domain.effects import Effect
from bot.domain.events import TASK_PREFIX
from bot.domain.references import Delivery, DeliveryId, Task
from bot.github.allow_list import AllowList, onboarding_list
from bot.github.api import open_session
from bot.github.client import GitHub
from bot.github.clock import Clock, SystemClock
from bot.github.limits import Pace
from bot.github.payloads import delivery_of
from bot.github.performer import DryRunPerformer, Performer
from bot.github.registration import web_url
from bot.github.traffic import Onlooker, nobody
from bot.inventory.progress import all_progress
from bot.jobs import (
    Inbox,
    Job,
    Lease,
    Outcome,
    Policy,
    Route,
    Router,
    Store,
    Work,
    Worker,
    WorkerLimits,
    store_of,
    worker_of,
)
from bot.log import Redactor
from bot.onboarding.record import onboardings
from bot.renames import names_now
from bot.scanner.scanner import Scanner
from bot.settings import Settings
from bot.storage import Storage
from bot.storage.engine import storage_url
from bot.storage.read_only import ReadOnlyStorage
from bot.storage.signing import signing_keys
from bot.timers import Timer, Timers
from bot.tracker.record import burn_downs
from bot.web import Metrics, WebParts, create_operator_app, create_web_app
from bot.web.commands import commands_route
from bot.web.grants import Grants
from handlers.commands import COMMANDS

log = structlog.get_logger(__name__)

STOP_WITHIN = 4.0
"""Seconds for running jobs at the end; with the 2 of open requests this is below the 8 that ``serve`` promises."""
SCANNERS = 2
"""Processes that scan; each may use ``SCANNER_MEMORY`` bytes."""
SCANNER_MEMORY = 512 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """The interface to ``handlers``: which events have one, how a delivery is routed and run."""

    events: frozenset[str]
    route: Router
    """Pure, and total: it reads untrusted JSON."""
    run: Callable[[Bot, Delivery, Lease], Awaitable[Outcome]]
    timers: tuple[Timer, ...] = ()
    allowed: AllowList = field(default_factory=AllowList)
    """Whom ``route`` asks: its names are looked up while the server runs."""
    commands: tuple[CommandHelp, ...] = ()
    """What people can write in comments."""


@dataclass(frozen=True, kw_only=True)
class App:
    """``web`` starts and stops all the rest."""

    operator: web.Application | None = None
    """The operator's pages, where they have a port of their own."""
    web: web.Application
    inbox: Inbox
    worker: Worker
    store: Store
    metrics: Metrics


def build(
    settings: Settings,
    wired: Handlers,
    *,
    limits: WorkerLimits | None = None,
    pace: Pace | None = None,
    clock: Clock | None = None,
) -> App:
    """All parts of the server; nothing is opened before ``web`` starts.  Raises ``SettingsError``.

    ``pace`` limits the writes to GitHub; by default as GitHub asks.  ``clock`` is the machine's own by default.
    """
    clock = clock or SystemClock()
    metrics, opened = Metrics(), _Later()
    store = store_of(settings.database_url.reveal())

    async def handle(delivery: Delivery, lease: Lease) -> Outcome:
        if not delivery.event.startswith(TASK_PREFIX):
            opened.bot.scanner.wake()  # while GitHub is asked what is to be scanned
        return await wired.run(opened.bot, delivery, lease)

    policy = Policy(redact=redactor(settings))
    worker = worker_of(
        store, router=wired.route, handle=handle, policy=policy, limits=limits, observer=metrics, clock=clock.now
    )
    inbox = Inbox(store, arrived=worker.arrived, full=worker.full, clock=clock.now)
    metrics.watch(worker.stats)
    parts = _web_parts(settings, wired, inbox, worker, store, metrics, opened)
    application = create_web_app(parts)
    operator = create_operator_app(parts) if settings.admin_listen else None
    app = App(web=application, inbox=inbox, worker=worker, store=store, metrics=metrics, operator=operator)
    application.cleanup_ctx.append(lambda _: _running(app, settings, wired, pace, clock, opened))
    return app


def _web_parts(
    settings: Settings,
    wired: Handlers,
    inbox: Inbox,
    worker: Worker,
    store: Store,
    metrics: Metrics,
    opened: "_Later",
) -> WebParts:
    """What the routes need; the adapters are asked for when they are open."""
    grants = Grants(sorted(wired.events))
    return WebParts(
        inbox=inbox,
        worker=worker,
        store=store,
        secrets=[secret.reveal().encode() for secret in settings.webhook_secrets],
        events=wired.events,
        metrics=metrics,
        operator_token=settings.metrics_token.reveal() if settings.metrics_token else None,
        burn_downs=lambda: burn_downs(opened.bot.storage),
        progress=lambda: all_progress(opened.bot.storage),
        names=lambda: names_now(opened.bot.storage),
        site=web_url(settings.api_url),
        lacking=lambda: grants.lacking(opened.bot),
        onboardings=lambda: onboardings(opened.bot.storage),
        scanner_fault=lambda: opened.bot.scanner.fault,
        records=lambda: opened.bot.storage.check(),  # noqa: PLW0108  # opened later
        more=[commands_route(wired.commands)],
        operator_apart=settings.admin_listen is not None,
    )


async def _running(
    app: App, settings: Settings, wired: Handlers, pace: Pace | None, clock: Clock, opened: "_Later"
) -> AsyncIterator[None]:
    """Opens everything in this order, and closes it in the opposite order."""

    async def send(task: Task) -> None:
        await app.inbox.put(delivery_of(task), not_before=task.not_before)

    async with AsyncExitStack() as stack:
        await app.store.open()
        stack.push_async_callback(app.store.close)
        kept = StoredDeliveries(events=wired.events, known=app.store.known)
        opened.bot = await open_bot(
            settings, pace, send, stack, kept=kept, onlooker=app.metrics.github, allowed=wired.allowed, clock=clock
        )
        app.metrics.watch_scanner(lambda: opened.bot.scanner.exits)
        await app.worker.start()
        stack.push_async_callback(app.worker.stop, STOP_WITHIN)
        await stack.enter_async_context(Timers(opened.bot, wired.timers))
        yield


def registered(settings: Settings) -> Handlers:
    """The handlers of ``handlers/``, for the installations and repositories that the settings allow."""

    allowed = AllowList(settings.allowed)

    def route(event: str, body: bytes) -> Route:
        return handlers.route(event, body, allowed)

    return Handlers(
        events=handled_events(),
        route=route,
        run=handlers.run,
        timers=handlers.TIMERS,
        allowed=allowed,
        commands=tuple(module.SPEC for module in COMMANDS.values()),
    )


def handled_events() -> frozenset[str]:
    """GitHub's events that have a handler."""
    return frozenset(event for event in handlers.HANDLERS if not event.startswith(TASK_PREFIX))


class _Forever:
    """A lease that is never lost."""

    def __init__(self, delivery: Delivery) -> None:
        self.job = Job(seq=0, id=delivery.id, event=delivery.event, received_at=datetime.now(UTC))

    def held(self) -> bool:
        return True

    def newer_waits(self) -> bool:
        return False


async def receive(
    settings: Settings, delivery: Delivery, *, tell: Callable[[Effect], None] | None = None
) -> Route | Outcome:
    """Run one delivery through the real handlers at once; with ``tell`` it is a dry run.

    In a dry run ``tell`` is called with each effect instead of GitHub, and the records are only read.

    Returns the route or the outcome.  Raises what a handler raises.
    """
    allowed = AllowList(settings.allowed)
    route = handlers.route(delivery.event, delivery.body, allowed)
    if not isinstance(route, Work):
        return route
    async with AsyncExitStack() as stack:
        bot = await open_bot(settings, None, _not_sent, stack, allowed=allowed)
        if tell is not None:
            bot = replace(bot, performer=DryRunPerformer(tell), storage=ReadOnlyStorage(bot.storage))
        return await handlers.run(bot, delivery, _Forever(delivery))


async def _not_sent(task: Task) -> None:
    """A single delivery has no queue for tasks."""
    log.warning("task_not_sent", task=task.event, id=task.id)


async def _none(_: Collection[DeliveryId]) -> Collection[DeliveryId]:
    return ()


def redactor(settings: Settings) -> Redactor:
    """Knows every secret of the settings."""
    found = [secret.reveal() for secret in (settings.private_key, *settings.webhook_secrets, *settings.marker_keys)]
    if settings.metrics_token:
        found.append(settings.metrics_token.reveal())
    database = urlsplit(settings.database_url.reveal())
    if database.password:
        # Drivers take the address apart: their errors may show the password alone, as it is or as it was quoted.
        found += [database.geturl(), database.password, unquote(database.password)]
    return Redactor(found)


async def _onboarded(settings: Settings, storage: Storage) -> AllowList | None:
    """The repositories that get an onboarding pull request."""
    if settings.onboarding is None:
        return None
    listed = onboarding_list(settings.onboarding)
    await listed.load(storage)
    return listed


class _Later:
    """Holds the adapters once they are open."""

    bot: Bot


def _pace(settings: Settings) -> Pace | None:
    if settings.write_pace is None:
        return None
    gap, per_minute, per_hour = settings.write_pace
    return Pace(gap=gap, per_minute=per_minute, per_hour=per_hour)


async def open_bot(
    settings: Settings,
    pace: Pace | None,
    send: Callable[[Task], Awaitable[None]],
    stack: AsyncExitStack,
    *,
    kept: StoredDeliveries | None = None,
    onlooker: Onlooker = nobody,
    allowed: AllowList | None = None,
    clock: Clock | None = None,
) -> Bot:
    """The bot on its adapters, which ``stack`` closes.  Without ``kept`` no delivery counts as known."""
    clock = clock or SystemClock()
    session = await stack.enter_async_context(open_session())
    storage = Storage(storage_url(settings.database_url.reveal()), clock=clock.now, monotonic=clock.monotonic)
    await storage.open()
    stack.push_async_callback(storage.close)
    github = GitHub(
        session,
        app_id=settings.app_id,
        private_key=settings.private_key.reveal(),
        api_url=settings.api_url,
        clock=clock,
        pace=pace or _pace(settings),
        limit_store=storage,
        onlooker=onlooker,
        asks_version=True,
    )
    scanner = await stack.enter_async_context(Scanner(workers=SCANNERS, memory=SCANNER_MEMORY))
    keys = await signing_keys(
        storage,
        given=[secret.reveal().encode() for secret in settings.marker_keys],
        webhook_secrets=[secret.reveal().encode() for secret in settings.webhook_secrets],
    )
    allowed = allowed or AllowList(settings.allowed)
    await allowed.load(storage)
    return Bot(
        github=github,
        allowed=allowed,
        onboarded=await _onboarded(settings, storage),
        performer=Performer(github),
        scanner=scanner,
        keys=keys,
        storage=storage,
        send=send,
        kept=kept or StoredDeliveries(events=handled_events(), known=_none),
        tracker_window=timedelta(seconds=settings.tracker_window),
        concerned=remembered_concern(clock.monotonic),
        refused=remembered_refusals(clock.monotonic),
    )
