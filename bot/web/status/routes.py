"""The addresses of the operator's pages.  Each answers as HTML, and as JSON below ``.json`` or for its media type."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from aiohttp import web

from bot.inventory.progress import KnownProgress
from bot.jobs import Job, JobFilter, State, Store, StoreUnavailable, partitions
from bot.onboarding.models import OnboardingNote
from bot.storage import StorageUnavailable
from bot.tracker.record import BurnDown
from bot.web.access import OperatorAccess, denied
from bot.web.rendering import as_json, iso, page
from bot.web.status.jobs import FOLDED, run_view_of, states, view_of, views_of, what
from bot.web.status.overview import (
    LOOKED_AT,
    SHOWN_DEAD,
    SHOWN_JOBS,
    Status,
    migration_named,
    status_json,
    status_page,
)

SHOWN_FOUND = 100
"""Jobs on one page of the list."""
SHOWN_REPOSITORIES = 500
"""Names that the form offers, and rows of a migration."""
SHOWN_OTHERS = 10
UNFINISHED = JobFilter(states=frozenset({State.QUEUED, State.RUNNING}), oldest_first=True)
Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, kw_only=True)
class StatusParts:
    """What the pages are made of.  ``burn_downs`` and ``progress`` raise ``StorageUnavailable``."""

    store: Store
    fault: Callable[[], Awaitable[str | None]]
    burn_downs: Callable[[], Awaitable[Sequence[BurnDown]]]
    progress: Callable[[], Awaitable[Sequence[KnownProgress]]]
    lacking: Callable[[], Awaitable[Sequence[str]]]
    onboardings: Callable[[], Awaitable[Sequence[OnboardingNote]]]
    names: Callable[[], Awaitable[Mapping[int, str]]]
    """What repositories are called now, by their ids.  Raises ``StorageUnavailable``."""
    site: str


class StatusPages:
    """The pages; ``access`` says who may see them."""

    def __init__(self, parts: StatusParts, access: OperatorAccess) -> None:
        self._parts, self._access = parts, access

    def routes(self) -> list[web.AbstractRouteDef]:
        pages = {
            "/status": self.overview,
            "/status/jobs": self.jobs,
            "/status/jobs/{name}": self.job,
            "/status/migrations/{name}": self.migration,
        }
        return [
            web.get(path + suffix, self.guarded(handler)) for path, handler in pages.items() for suffix in (".json", "")
        ]

    def guarded(self, handler: Handler) -> Handler:
        """For the operator alone; without the database there is nothing to show."""

        async def answer(request: web.Request) -> web.Response:
            if not self._access.allows(request):
                return denied()
            try:
                found = await handler(request)
            except (StoreUnavailable, StorageUnavailable):
                return web.Response(status=503, text="the database cannot be read\n")
            found.headers["Vary"] = "Accept"
            return found

        return answer

    async def overview(self, request: web.Request) -> web.Response:
        store = self._parts.store
        status = Status(
            fault=await self._parts.fault(),
            counts=await store.counts(),
            dead=await self._named(await store.recent(SHOWN_DEAD, State.DEAD)),
            recent=await self._named(await store.recent(SHOWN_JOBS)),
            unfinished=await self._named(await store.search(UNFINISHED, LOOKED_AT)),
            burn_downs=await self._parts.burn_downs(),
            progress=await self._parts.progress(),
            lacking=await self._parts.lacking(),
            onboardings=await self._parts.onboardings(),
            now=_now(),
            site=self._parts.site,
        )
        return status_json(status) if wants_json(request) else status_page(status)

    async def jobs(self, request: web.Request) -> web.Response:
        asked = {name: request.query.get(name, "").strip()[:200] for name in ("repository", "event", "state", "before")}
        found, fault = await self._found(asked)
        after = str(found[-1].seq) if len(found) == SHOWN_FOUND else None
        following = _address("/status/jobs", {**asked, "before": after}) if after else None
        views = views_of(await self._named(found), self._parts.site)
        if wants_json(request):
            document = {
                "version": 1,
                "now": iso(_now()),
                "jobs": [view.document() for view in views],
                "fault": fault,
                "next": following and following.replace("/jobs", "/jobs.json", 1),
            }
            return as_json(document, status=400 if fault else 200)
        names = {**await self._parts.store.repositories(SHOWN_REPOSITORIES), **await self._parts.names()}
        events = sorted({event for event, _ in await self._parts.store.tally()})
        chosen = {State.IGNORED.value, State.SUPERSEDED.value}
        folding = FOLDED if asked["state"] not in chosen else frozenset[State]()
        return page(
            "jobs.html",
            asked=asked,
            found=[view for view in views if view.state not in folding],
            folded=[view for view in views if view.state in folding],
            fault=fault,
            next=following,
            json=_address("/status/jobs.json", asked),
            repositories=sorted(set(names.values()))[:SHOWN_REPOSITORIES],
            events=[(event, what(event)) for event in events],
            states=states(),
            now=_now(),
            status=400 if fault else 200,
            form_action="'self'",
        )

    async def _found(self, asked: Mapping[str, str]) -> tuple[list[Job], str | None]:
        """The jobs that fit, or what is wrong with the question."""
        repository, state, before = asked["repository"], asked["state"], asked["before"]
        if state and state not in {each.value for each in State}:
            return [], f"There is no such state. The states are: {', '.join(each.value for each in State)}."
        if before and not (before.isascii() and before.isdigit() and len(before) < 19):
            return [], "“before” is the number of a job."
        ids = await self._called(repository) if repository else None
        if ids is not None and not ids:
            return [], "No delivery came from a repository of that name. Names are written as owner/name."
        requested = JobFilter(
            states=frozenset({State(state)} if state else State),
            event=asked["event"] or None,
            repositories=ids,
            before=int(before) if before else None,
        )
        return await self._parts.store.search(requested, SHOWN_FOUND), None

    async def _called(self, name: str) -> frozenset[int]:
        """The repositories of a name: those that have it now, and where that is not known, those that had it last."""
        now = await self._parts.names()
        before = await self._parts.store.repositories_called(name)
        return frozenset(number for number, each in now.items() if each.lower() == name.lower()) | (before - now.keys())

    async def _named(self, jobs: Sequence[Job]) -> list[Job]:
        """The jobs at the names that their repositories have now, as far as they are known."""
        now = await self._parts.names() if jobs else {}
        return [
            replace(job, place=partitions.place(job.key, now)) if partitions.ids_of([job.key]) & now.keys() else job
            for job in jobs
        ]

    async def job(self, request: web.Request) -> web.Response:
        store = self._parts.store
        job = await store.find(_name(request))
        if job is None:
            return _missing(request, "No such job. Finished jobs are kept for a week, dead letters for a month.")
        history = [run_view_of(run) for run in await store.history(job.seq)]
        (job,) = await self._named([job])
        view = view_of(job, self._parts.site)
        if wants_json(request):
            return as_json({"version": 1, **view.document(), "history": [run.document() for run in history]})
        others: list[Job] = []
        if job.key is not None:
            others = await store.search(JobFilter(key=job.key), SHOWN_OTHERS + 1)
        shown = [each for each in others if each.seq != job.seq][:SHOWN_OTHERS]
        return page(
            "job.html",
            job=view,
            history=history,
            others=views_of(await self._named(shown), self._parts.site),
            now=_now(),
        )

    async def migration(self, request: web.Request) -> web.Response:
        found = migration_named(await self._parts.progress(), await self._parts.burn_downs(), _name(request))
        if found is None:
            return _missing(request, "No such migration in any repository that was surveyed.")
        rows = found.rows[:SHOWN_REPOSITORIES]
        if wants_json(request):
            history = [{"at": iso(point.at), "usages": point.usages} for point in found.history]
            by_repository = [row.document() for row in rows]
            return as_json({"version": 1, **found.document(), "history": history, "by_repository": by_repository})
        return page("migration.html", migration=found, rows=rows, more=found.repositories - len(rows), now=_now())


def wants_json(request: web.Request) -> bool:
    """By the address, or by an ``Accept`` that names JSON and no HTML."""
    accept = request.headers.get("Accept", "")
    return request.path.endswith(".json") or ("application/json" in accept and "text/html" not in accept)


def _name(request: web.Request) -> str:
    return request.match_info["name"].removesuffix(".json")


def _missing(request: web.Request, text: str) -> web.Response:
    if wants_json(request):
        return as_json({"version": 1, "fault": text}, status=404)
    return page("message.html", title="Not found", text=text, status=404)


def _address(path: str, query: Mapping[str, str | None]) -> str:
    text = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{text}" if text else path


def _now() -> datetime:
    return datetime.now(UTC)
