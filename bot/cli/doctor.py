"""``ssot doctor``: checks the setup between this machine and GitHub."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.domain.errors import Gone, RetryLater, SettingsError, SsotError
from bot.domain.facts import AppIdentity, HookConfig, HookDelivery, Installation
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.github.client import GitHub

_TOLERATED_SKEW = timedelta(seconds=30)
"""JWTs are back-dated by a minute; a clock that is off by more than half of that gets a warning."""
_DELIVERIES = 100
"""How many of the latest deliveries are checked."""
Ping = Callable[[str], Awaitable["DoctorCheck"]]
"""Tries a webhook's address."""


class DoctorVerdict(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorCheck:
    """One line of the report; the text includes the remedy."""

    verdict: DoctorVerdict
    text: str


def ok(text: str) -> DoctorCheck:
    return DoctorCheck(verdict=DoctorVerdict.OK, text=text)


def warning(text: str) -> DoctorCheck:
    return DoctorCheck(verdict=DoctorVerdict.WARNING, text=text)


def fault(text: str) -> DoctorCheck:
    return DoctorCheck(verdict=DoctorVerdict.FAULT, text=text)


@click.command("doctor")
def command() -> None:
    """Check settings, credentials, permissions, webhook, clock and database.

    Exit codes: 0 no faults, 1 something must be fixed, 2 the check is incomplete: settings are missing or wrong, or
    GitHub cannot be reached.
    """
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        for line in str(error).splitlines():
            _show(fault(line))
        sys.exit(2)
    _show(ok(f"settings: App {settings.app_id} at {settings.api_url}"))
    local = (check_address(settings), check_marker_keys(settings), *check_database(settings.database_url.reveal()))
    for check in local:
        _show(check)
    try:
        healthy = asyncio.run(_report(settings)) and not any(check.verdict is DoctorVerdict.FAULT for check in local)
    except RetryLater as error:
        _show(fault(f"GitHub does not answer: {error.reason}"))
        sys.exit(2)
    sys.exit(0 if healthy else 1)


async def _report(settings: Settings) -> bool:
    """Show all checks; whether none of them is a fault."""
    from bot.app import handled_events
    from bot.cli.round_trip import check_round_trip
    from bot.github.api import open_session
    from bot.github.client import GitHub
    from bot.github.manifest import needed_permissions

    healthy = True
    async with open_session() as session:
        github = GitHub(
            session, app_id=settings.app_id, private_key=settings.private_key.reveal(), api_url=settings.api_url
        )
        events = handled_events()
        ping = partial(check_round_trip, session, settings.webhook_secrets[0].reveal().encode())
        async for check in examine(github, needed_permissions(events=events), events, ping):
            _show(check)
            healthy = healthy and check.verdict is not DoctorVerdict.FAULT
        if healthy:
            for check in await check_allowed(settings, github):
                _show(check)
    return healthy


async def check_allowed(settings: Settings, github: "GitHub") -> tuple[DoctorCheck, ...]:
    """Whether each name that is listed stands for somebody; a server keeps whom it found first."""
    from bot.github.allow_list import AllowList, onboarding_list
    from bot.jobs.sqlite import path_of
    from bot.storage import Storage
    from bot.storage.engine import storage_url
    from bot.storage.read_only import ReadOnlyStorage

    lists, url = [AllowList(settings.allowed)], settings.database_url.reveal()
    if settings.onboarding is not None:
        lists.append(onboarding_list(settings.onboarding))
    lists = [each for each in lists if each.names]
    if not lists:
        return ()
    if url.startswith("sqlite:") and not path_of(url).exists():
        for each in lists:
            await each.resolve(github)
    else:
        storage = Storage(storage_url(url))
        await storage.open()
        try:
            for each in lists:
                await each.load(ReadOnlyStorage(storage))
                await each.resolve(github)
        finally:
            await storage.close()
    return tuple(check for each in lists for check in allow_list_checks(each.ids, each.unresolved, each.setting))


def allow_list_checks(
    ids: Mapping[str, int], unresolved: Iterable[str], setting: str = "SSOT_ALLOW"
) -> tuple[DoctorCheck, ...]:  # fmt: skip
    """``ids``: by the names on the list, each as ``owner:<name>`` or ``repository:<owner>/<name>``."""
    known = ", ".join(f"{name.partition(':')[2]} is {name.partition(':')[0]}:{ids[name]}" for name in sorted(ids))
    remedy = "it is served once the App is installed there; correct the name, or give owner:ID or repository:ID"
    found = [
        warning(f"{setting}: nobody who has the App is called {name.partition(':')[2]} now; {remedy}")
        for name in sorted(unresolved)
    ]
    return (*([ok(f"{setting}: {known}")] if known else []), *found)


async def examine(
    github: "GitHub", needed: Mapping[str, str], events: Iterable[str], ping: "Ping | None" = None
) -> AsyncIterator[DoctorCheck]:
    """All checks that need an answer from GitHub; ``ping`` tries the webhook's address.

    Raises ``RetryLater`` when GitHub does not answer.
    """
    from bot.github import reads
    from bot.github.errors import Unauthorized

    try:
        identity = await reads.identity(github)
    except Unauthorized as error:
        text = "the ID or the key belongs to another App, or the key was deleted; compare with the App's settings page"
        yield fault(f"GitHub rejects the private key for App {github.app_id} ({error.reason}): {text}")
        yield check_clock(github.server.seen_skew)
        return
    yield check_clock(github.server.seen_skew)
    for check in (*check_identity(identity, github.app_id), *check_grants("the App", identity, needed, events)):
        yield check
    async for check in _check_hook(github, ping):
        yield check
    installed = await reads.installations(github)
    if not installed:
        yield warning(f"no account has installed the App yet; install it: {identity.html_url}/installations/new")
    for installation in installed:
        for check in check_installation(installation, needed, events):
            yield check


async def _check_hook(github: "GitHub", ping: "Ping | None") -> AsyncIterator[DoctorCheck]:
    from bot.github import reads

    try:
        hook = await reads.hook_config(github)
        for check in check_hook(hook):
            yield check
        if ping is not None:
            yield await ping(hook.url)
        deliveries = []
        async for delivery in reads.hook_deliveries(github):
            deliveries.append(delivery)
            if len(deliveries) == _DELIVERIES:
                break
        for check in check_deliveries(deliveries):
            yield check
    except Gone:
        yield fault("the App has no webhook; set its URL on the App's settings page")
    except RetryLater:
        raise
    except SsotError as error:
        yield fault(f"the webhook cannot be read: {error}")


def check_database(url: str) -> tuple[DoctorCheck, ...]:
    """Whether the queue can be read, and which jobs need attention."""
    from bot.jobs import State, StoreUnavailable, sql
    from bot.jobs.opening import existing
    from bot.jobs.sqlite import path_of

    try:
        with closing(existing(url)) as connection:
            counts = sql.counts(connection)
    except StoreUnavailable as error:
        if url.startswith("sqlite:") and not path_of(url).exists():
            return (_check_directory(path_of(url).absolute().parent),)
        remedy = "check that it runs, that SSOT_DATABASE_URL is right and that the disk is not full"
        return (fault(f"database: {error}; {remedy}"),)
    except SettingsError as error:
        return (fault(str(error)),)
    found = ok(f"database: {sum(counts.values())} deliveries, {counts[State.QUEUED]} queued")
    if dead := counts[State.DEAD]:
        return found, warning(f"database: {dead} dead jobs; see why: ssot jobs list --state dead")
    return (found,)


def _check_directory(directory: Path) -> DoctorCheck:
    """The check of a database that does not exist yet."""
    there = next(each for each in (directory, *directory.parents) if each.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return ok(f"database: none yet; the first start creates it in {directory}")
    return fault(f"database: {there} is not writable; set SSOT_DATA_DIR to a writable directory")


def check_address(settings: Settings) -> DoctorCheck:
    """Without a token, a server that listens on all addresses shows the operator's pages to this machine only."""
    if settings.host in ("127.0.0.1", "localhost", "::1"):
        return ok(f"address: {settings.host}:{settings.port}, for a proxy or tunnel on this machine")
    if settings.metrics_token is None:
        text = "/metrics and /status answer this machine only; SSOT_METRICS_TOKEN opens them to who knows it"
        return warning(f"address: {settings.host}:{settings.port}; {text}")
    return ok(f"address: {settings.host}:{settings.port}")


def check_marker_keys(settings: Settings) -> DoctorCheck:
    """What signs the markers by which the bot finds its comments again."""
    if settings.marker_keys:
        return ok(f"markers: {len(settings.marker_keys)} of their own keys in SSOT_MARKER_KEYS")
    return warning(
        "markers: signed with the webhook secret; give them a key of their own, the same for all servers: "
        "SSOT_MARKER_KEYS, e.g. from `openssl rand -hex 32`"
    )


# --- the checks, as functions of facts ---------------------------------------------------------------------------


def check_clock(skew: timedelta) -> DoctorCheck:
    """``skew``: how far GitHub's clock is ahead of ours."""
    seconds = round(skew.total_seconds())
    if abs(skew) > _TOLERATED_SKEW:
        side = "behind" if seconds > 0 else "ahead of"
        return warning(f"clock: this machine is {abs(seconds)} s {side} GitHub; synchronise it with NTP")
    return ok(f"clock: within {abs(seconds)} s of GitHub's")


def check_identity(identity: AppIdentity, app_id: int) -> tuple[DoctorCheck, ...]:
    if identity.id != app_id:
        return (
            fault(f"GITHUB_APP_ID is {app_id}, but the private key belongs to App {identity.id}; set {identity.id}"),
        )
    return (ok(f"credentials: {identity.name} ({identity.login})"),)


def check_grants(
    who: str, granted: AppIdentity | Installation, needed: Mapping[str, str], events: Iterable[str]
) -> tuple[DoctorCheck, ...]:
    """Granted permissions and events against the needed ones; more than needed gets a warning."""
    from bot.github.grants import lacking
    from bot.github.operations import weaker

    has, lacks = dict(granted.permissions), lacking(granted, needed, events)
    spare = [f"{name}: {access}" for name, access in has.items() if weaker(needed.get(name, "none"), access)]
    found = []
    if lacks.permissions:
        missing = ", ".join(lacks.permissions)
        found.append(fault(f"{who} lacks the permissions {missing}; grant them and accept the change"))
    if lacks.events:
        found.append(fault(f"{who} does not receive the events {', '.join(lacks.events)}; subscribe the App to them"))
    if spare:
        found.append(warning(f"{who} has unused permissions: {', '.join(spare)}"))
    return tuple(found) or (ok(f"{who}: permissions and events as needed"),)


def check_installation(
    installation: Installation, needed: Mapping[str, str], events: Iterable[str]
) -> tuple[DoctorCheck, ...]:
    who = f"installation {installation.id} ({installation.account})"
    if installation.suspended:
        return (warning(f"{who} is suspended; its events are ignored"),)
    return check_grants(who, installation, needed, events)


def check_hook(hook: HookConfig) -> tuple[DoctorCheck, ...]:
    found = []
    if not hook.has_secret:
        found.append(fault("the webhook has no secret, so every delivery is refused; set it to GITHUB_WEBHOOK_SECRET"))
    if hook.content_type != "json":
        found.append(fault(f"the webhook sends {hook.content_type}; set its content type to application/json"))
    if hook.insecure_ssl:
        found.append(fault("the webhook does not verify TLS certificates; enable SSL verification"))
    if not hook.url.startswith("https://"):
        found.append(warning(f"the webhook's URL does not use https: {hook.url}"))
    return tuple(found) or (ok(f"webhook: {hook.url}"),)


def check_deliveries(deliveries: Iterable[HookDelivery]) -> tuple[DoctorCheck, ...]:
    """The latest deliveries; a 401 on the newest means that the two sides have different secrets."""
    latest = tuple(deliveries)
    failed = [delivery for delivery in latest if delivery.failed]
    if not latest:
        return (warning("webhook: no deliveries from GitHub in the last three days"),)
    if latest[0].status_code == 401:
        text = "the last delivery failed its signature check; GITHUB_WEBHOOK_SECRET must equal the webhook's secret"
        return (fault(text),)
    if failed:
        return (warning(f"webhook: {len(failed)} of the last {len(latest)} deliveries failed"),)
    return (ok(f"webhook: the last {len(latest)} deliveries arrived"),)


def _show(check: DoctorCheck) -> None:
    colours = {DoctorVerdict.OK: "green", DoctorVerdict.WARNING: "yellow", DoctorVerdict.FAULT: "red"}
    click.echo(f"{click.style(f'{check.verdict:>7}', fg=colours[check.verdict])}  {check.text}")
