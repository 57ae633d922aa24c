"""The composition root: settings in, a server out.  Nothing else may import ``handlers``."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import web

from bot.github.api import open_session
from bot.github.client import GitHub
from bot.jobs import Ignored, Inbox, Lease, Outcome, Router, SqliteStore, Store, Worker, WorkerLimits
from bot.jobs.sqlite import path_of
from bot.log import Redactor
from bot.model import Delivery
from bot.scanner.workers import Workers
from bot.settings import Settings
from bot.web import Metrics, WebParts, create_web_app

STOP_WITHIN = 4.0
"""Seconds for the running jobs at the end; with the open requests' 2 it stays below the 8 that ``serve`` promises."""
SCANNERS = 2
"""Processes that scan; each is held below ``SCANNER_MEMORY`` bytes."""
SCANNER_MEMORY = 512 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Services:
    """What handlers may use; it lives as long as the server."""

    settings: Settings
    github: GitHub
    workers: Workers
    """Runs the engine on source that nobody vouches for."""


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """The seam to ``handlers``: which events have one, where a delivery belongs, and what is done with it."""

    events: frozenset[str]
    route: Router
    """Pure, and total: it reads untrusted JSON."""
    run: Callable[[Services, Delivery, Lease], Awaitable[Outcome]]


@dataclass(frozen=True, kw_only=True)
class App:
    """``web`` starts and stops all the rest."""

    web: web.Application
    inbox: Inbox
    worker: Worker
    store: Store
    metrics: Metrics


def build(settings: Settings, handlers: Handlers, *, limits: WorkerLimits | None = None) -> App:
    """Everything that the server is made of; nothing is opened before ``web`` starts.  Raises ``SettingsError``."""
    metrics, store, services = Metrics(), store_of(settings), _Later()

    async def handle(delivery: Delivery, lease: Lease) -> Outcome:
        return await handlers.run(services.value, delivery, lease)

    worker = Worker(store, router=handlers.route, handle=handle, limits=limits, observer=metrics)
    inbox = Inbox(store, arrived=worker.arrived, full=worker.full)
    metrics.watch(worker.stats)
    application = create_web_app(
        WebParts(
            inbox=inbox,
            worker=worker,
            store=store,
            secrets=[secret.reveal().encode() for secret in settings.webhook_secrets],
            events=handlers.events,
            metrics=metrics,
            operator_token=settings.metrics_token.reveal() if settings.metrics_token else None,
        )
    )

    async def lifetime(_: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await store.open()
            stack.push_async_callback(store.close)
            services.value = await _open_services(settings, stack)
            await worker.start()
            stack.push_async_callback(worker.stop, STOP_WITHIN)
            yield

    application.cleanup_ctx.append(lifetime)
    return App(web=application, inbox=inbox, worker=worker, store=store, metrics=metrics)


def registered() -> Handlers:
    """The handlers of this build.  None is registered: every event is acknowledged, counted and ignored."""
    return Handlers(events=frozenset(), route=_nothing_to_do, run=_not_routed)


def store_of(settings: Settings) -> Store:
    """The store that ``SSOT_DATABASE_URL`` names.  Raises ``SettingsError``."""
    return SqliteStore(path_of(settings.database_url.reveal()))


def redactor(settings: Settings) -> Redactor:
    """Knows every secret of the settings."""
    found = [settings.private_key, settings.database_url, *settings.webhook_secrets]
    if settings.metrics_token:
        found.append(settings.metrics_token)
    return Redactor(secret.reveal() for secret in found if not secret.reveal().startswith("sqlite:"))


class _Later:
    """Holds the services once they are open."""

    value: Services


async def _open_services(settings: Settings, stack: AsyncExitStack) -> Services:
    session = await stack.enter_async_context(open_session())
    github = GitHub(
        session, app_id=settings.app_id, private_key=settings.private_key.reveal(), api_url=settings.api_url
    )
    workers = await stack.enter_async_context(Workers(workers=SCANNERS, memory=SCANNER_MEMORY))
    return Services(settings=settings, github=github, workers=workers)


def _nothing_to_do(event: str, _body: bytes) -> Ignored:
    return Ignored(reason=f"no handler for {event}")


async def _not_routed(_services: Services, delivery: Delivery, _lease: Lease) -> Outcome:
    return Ignored(reason=f"no handler for {delivery.event}")
