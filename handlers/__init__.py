"""One module per GitHub event, task and command; events and tasks are registered here by name.

A handler parses nothing and decides nothing: it reduces the event to a reference and calls one workflow.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

import structlog

from bot.context import Bot
from bot.domain.errors import NotShownYet
from bot.domain.events import AppTaskEvent, Event, Malformed, NotInstalled, Ping, TaskEvent, Unknown
from bot.domain.references import Delivery, RepoRef
from bot.github.errors import NameTaken, NotFound, Refused, closed_reason
from bot.github.payloads import parse, skim
from bot.jobs import Ignored, Lease, Outcome, Route, Unreadable, Work, look_again_at
from bot.renames import asked_by_id, at_repo, named_now
from bot.timers import ALLOW_LIST, Timer
from handlers.github import (
    check_run,
    check_suite,
    deployment_status,
    installation,
    installation_repositories,
    installation_target,
    issue_comment,
    issues,
    merge_group,
    pull_request,
    pull_request_review_comment,
    push,
    repository,
    status,
    sub_issues,
)
from handlers.tasks import (
    keep_migrations,
    onboarding,
    preview,
    recover_deliveries,
    rerun,
    review,
    review_missed,
    survey,
    update_tracker,
    update_trackers,
)


class Handler(Protocol):
    """A module of this package."""

    EVENT: str
    """GitHub's name of the event, as in ``X-GitHub-Event`` and in ``app.yaml``; or ``ssot.<name>`` of a task."""

    @property
    def route(self) -> Callable[..., Route]:
        """Pure: the event's partition, or why there is nothing to do."""

    @property
    def handle(self) -> Callable[..., Awaitable[Outcome]]:
        """Runs the event's workflow."""


HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        handler.EVENT: handler
        for handler in (
            check_run,
            check_suite,
            deployment_status,
            installation,
            installation_repositories,
            installation_target,
            issue_comment,
            issues,
            keep_migrations,
            merge_group,
            onboarding,
            preview,
            pull_request,
            pull_request_review_comment,
            push,
            recover_deliveries,
            repository,
            rerun,
            review,
            review_missed,
            status,
            sub_issues,
            survey,
            update_tracker,
            update_trackers,
        )
    },
)
TIMERS: tuple[Timer, ...] = (
    recover_deliveries.TIMER,
    ALLOW_LIST,
    onboarding.TIMER,
    review_missed.TIMER,
    survey.TIMER,
    update_trackers.TIMER,
)
"""What the bot does on a schedule: each timer sends tasks."""


ROUNDS = frozenset({onboarding.EVENT, review_missed.EVENT, survey.EVENT})
"""Tasks that are sent for each repository, and take a while."""
_IN_THE_LOOP = 256 * 1024
"""Bytes of body that are read in the event loop; bigger ones are read in a thread."""
_NOT_ALLOWED = Ignored(reason="the repository is not on the allow list")


class Allowed(Protocol):
    """Whom the bot works for."""

    def may_serve(self, repo: RepoRef, /) -> bool:
        """Whether it may be on the list; :func:`run` looks up what cannot be told yet."""
        ...


def route(event: str, body: bytes, allowed: Allowed) -> Route:
    """The partition of a delivery, or why it has none.  Pure and total: the body is untrusted.

    Only what it needs is read: all deliveries wait for it, and most of them are for nothing.
    """
    match skim(event, body):
        case Malformed(reason=reason):
            return Unreadable(reason=reason)
        case NotInstalled():
            return Ignored(reason="sent for no installation, or for no repository")
        case Ping():
            return Ignored(reason="ping")
        case Unknown(event=name):
            return Ignored(reason=f"no handler for {name}")
        case value if event not in HANDLERS:
            return Ignored(reason=f"no handler for {event}: {type(value).__name__}")
        case value if (repo := _repo(value)) and not allowed.may_serve(repo):
            return _NOT_ALLOWED
        case value:
            found: Route = HANDLERS[event].route(value)
            if isinstance(value, TaskEvent):
                return _told_apart(value, found)
            if isinstance(found, Work) and (repo := _repo(value)) is not None:
                return replace(found, repository=(repo.id, repo.full_name))
            return found


def _repo(event: Event) -> RepoRef | None:
    found = getattr(event, "repo", None)
    return found if isinstance(found, RepoRef) else None


def _told_apart(task: TaskEvent, found: Route) -> Route:
    """The task's subject as its action: of two waiting tasks that have all three in common only the newer one runs."""
    if isinstance(found, Work) and not found.action and task.subject is not None:
        return replace(found, action=f"#{task.subject}")
    return found


async def run(bot: Bot, delivery: Delivery, lease: Lease) -> Outcome:
    """Run the handler of a routed delivery.

    What GitHub names in an event it may show a moment later only: a 404 is believed five minutes after it arrived.
    """
    event = await _read(delivery)
    if isinstance(event, Malformed):
        return Unreadable(reason=event.reason)
    try:
        async with _admitted(bot, event):
            return await _followed(bot, event, delivery.event, lease)
    except NotFound as missing:
        again = look_again_at(lease.job, bot.github.clock.now())
        if again is None or isinstance(event, AppTaskEvent):
            raise
        raise NotShownYet(at=again, reason=f"not there yet: {missing}") from missing
    except Refused as refusal:
        closed = closed_reason(refusal)
        if closed is None:
            raise
        return Ignored(reason=closed)


async def _read(delivery: Delivery) -> Event:
    """What a delivery says, all of it looked at."""
    if len(delivery.body) < _IN_THE_LOOP:
        return parse(delivery.event, delivery.body)
    return await asyncio.to_thread(parse, delivery.event, delivery.body)


@asynccontextmanager
async def _admitted(bot: Bot, event: Event) -> AsyncIterator[None]:
    """While it is worked on.

    Raises ``RetryLater`` where it would hold a place and wait: for its installation's turn to write, or behind other
    repositories of a round.
    """
    repo = _repo(event)
    if repo is None:
        yield
    elif isinstance(event, TaskEvent) and event.event in ROUNDS and event.subject is None:
        async with bot.background.begin(bot.github.clock.now()):
            yield
    else:
        async with bot.github.channel(repo.installation).admission.begin():
            yield


async def _followed(bot: Bot, event: Event, name: str, lease: Lease) -> Outcome:
    """Run the handler on the repository under the name that it has now, if it is on the allow list.

    Should something not be found, or be another repository's, then somebody else may have taken that name by now: it is
    asked for by its id, and the work begins again.
    """
    repo, handle = _repo(event), HANDLERS[name].handle
    if repo is None:
        return await handle(bot, event, lease)
    served = await bot.allowed.serves(bot.github, repo)
    again = look_again_at(lease.job, bot.github.clock.now())
    if served is None and again is not None:
        raise NotShownYet(at=again, reason="GitHub does not show yet whose name on the allow list it is")
    if not served:
        return _NOT_ALLOWED
    repo = await named_now(bot, repo)
    structlog.contextvars.bind_contextvars(repository=repo.full_name)
    try:
        return await handle(bot, at_repo(event, repo), lease)
    except (NameTaken, NotFound):
        found = await asked_by_id(bot, repo)
        if found.full_name == repo.full_name:
            raise
        return await handle(bot, at_repo(event, found), lease)
