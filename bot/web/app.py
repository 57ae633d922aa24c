"""The routes of the web server."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from bot.domain.errors import SettingsError
from bot.inventory.progress import KnownProgress
from bot.jobs import Inbox, Store, StoreUnavailable, Worker
from bot.onboarding.models import OnboardingNote
from bot.tracker.record import BurnDown
from bot.web.access import OperatorAccess, denied
from bot.web.connections import ConnectionLimits, Runner
from bot.web.health import Readiness
from bot.web.hook import Hook
from bot.web.intake import BodyLimits
from bot.web.metrics import Metrics
from bot.web.rendering import page, style_route
from bot.web.status.routes import StatusPages, StatusParts

HOOK_PATHS = ("/webhook", "/api/github/webhooks")
MIN_SECRET_BYTES = 16
READ_AHEAD = 256 * 1024
"""Bytes of a body that nobody reads, after which no more is taken from the connection."""


async def _nothing_lacking() -> Sequence[str]:
    return ()


async def _no_burn_downs() -> Sequence[BurnDown]:
    return ()


async def _no_onboardings() -> Sequence[OnboardingNote]:
    return ()


async def _no_progress() -> Sequence[KnownProgress]:
    return ()


async def _no_names() -> Mapping[int, str]:
    return {}


async def _usable() -> None:
    return


@dataclass(frozen=True, kw_only=True)
class WebParts:
    """What the routes need.  ``more`` are routes of others: setup, the page of the commands."""

    inbox: Inbox
    worker: Worker
    store: Store
    secrets: Sequence[bytes] = field(repr=False)
    events: Collection[str]
    metrics: Metrics
    operator_token: str | None = field(default=None, repr=False)
    limits: BodyLimits = field(default_factory=BodyLimits)
    burn_downs: Callable[[], Awaitable[Sequence[BurnDown]]] = _no_burn_downs
    """The burn-down of the tracked migrations.  Raises ``StorageUnavailable``."""
    progress: Callable[[], Awaitable[Sequence[KnownProgress]]] = _no_progress
    """How far each repository is.  Raises ``StorageUnavailable``."""
    lacking: Callable[[], Awaitable[Sequence[str]]] = _nothing_lacking
    """What installations have not granted."""
    onboardings: Callable[[], Awaitable[Sequence[OnboardingNote]]] = _no_onboardings
    """What is told of the onboarding.  Raises ``StorageUnavailable``."""
    names: Callable[[], Awaitable[Mapping[int, str]]] = _no_names
    """What repositories are called now, by their ids.  Raises ``StorageUnavailable``."""
    site: str = "https://github.com"
    """Where people see the same GitHub, for links."""
    scanner_fault: Callable[[], str | None] = lambda: None
    """Why nothing can be scanned; ``None`` when it can."""
    records: Callable[[], Awaitable[None]] = _usable
    """Returns when the records can be used.  Raises ``StorageUnavailable``."""
    more: Iterable[web.AbstractRouteDef] = ()
    operator_apart: bool = False
    """Whether the operator's pages have a port of their own: see :func:`create_operator_app`."""


def create_web_app(parts: WebParts) -> web.Application:
    """Raises ``SettingsError`` when a webhook secret is missing or too short."""
    if not parts.secrets or min(map(len, parts.secrets)) < MIN_SECRET_BYTES:
        raise SettingsError(f"GITHUB_WEBHOOK_SECRET must have at least {MIN_SECRET_BYTES} bytes")
    app = web.Application()
    readiness = Readiness(parts.inbox, parts.worker, parts.scanner_fault, parts.records)
    pages = [web.get("/", _public)] if parts.operator_apart else _operator(parts, readiness)
    app.add_routes([*_hook(parts, readiness), *_health(readiness), style_route(), *pages, *parts.more])
    return app


def create_operator_app(parts: WebParts) -> web.Application:
    """The operator's pages alone, for a port of their own; it runs beside the one of :func:`create_web_app`."""
    app = web.Application()
    readiness = Readiness(parts.inbox, parts.worker, parts.scanner_fault, parts.records)
    app.add_routes([*_health(readiness), style_route(), *_operator(parts, readiness)])
    return app


def create_runner(
    app: web.Application, *, shutdown_timeout: float = 2.0, connections: ConnectionLimits | None = None
) -> web.AppRunner:
    """The server's own settings: bodies stay as they were sent, and refused ones are not read for long.

    ``shutdown_timeout``: the seconds that open requests get at the end.  There is no access log: each delivery is
    logged with its result.
    """
    limits = connections or ConnectionLimits()
    return Runner(
        app,
        limits,
        shutdown_timeout=shutdown_timeout,
        access_log=None,
        auto_decompress=False,
        lingering_time=1.0,
        keepalive_timeout=limits.idle,
        max_headers=64,
        read_bufsize=READ_AHEAD,
    )


def _hook(parts: WebParts, readiness: Readiness) -> list[web.AbstractRouteDef]:
    hook = Hook(
        parts.inbox,
        secrets=parts.secrets,
        events=parts.events,
        metrics=parts.metrics,
        limits=parts.limits,
        refusal=readiness.refusal,
    )
    return [web.post(path, hook.receive) for path in HOOK_PATHS]


def _health(readiness: Readiness) -> list[web.AbstractRouteDef]:
    async def live(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        fault = await readiness.fault()
        return web.Response(status=503 if fault else 200, text=f"{fault or 'ok'}\n")

    return [web.get("/health/live", live), web.get("/health/ready", ready)]


async def _public(_: web.Request) -> web.Response:
    return page("public.html")


def _operator(parts: WebParts, readiness: Readiness) -> list[web.AbstractRouteDef]:
    access = OperatorAccess(parts.operator_token)

    async def metrics(request: web.Request) -> web.Response:
        if not access.allows(request):
            return denied()
        with suppress(StoreUnavailable):  # the last numbers stay
            parts.metrics.stored(await parts.store.counts())
        return web.Response(body=parts.metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})

    shown = StatusParts(
        store=parts.store,
        fault=readiness.fault,
        burn_downs=parts.burn_downs,
        progress=parts.progress,
        lacking=parts.lacking,
        onboardings=parts.onboardings,
        names=parts.names,
        site=parts.site,
    )
    pages = StatusPages(shown, access)
    overview = pages.guarded(pages.overview)

    async def root(request: web.Request) -> web.Response:
        return await overview(request) if access.allows(request) else page("public.html")

    return [web.get("/metrics", metrics), *pages.routes(), web.get("/", root)]
