"""Jobs as the pages show them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.jobs.model import Job, PastRun, State
from bot.jobs.partitions import REPOSITORY
from bot.web.rendering import iso
from bot.web.status.reasons import PlainReason, plain, reason_of

SLOW_RUN = timedelta(minutes=5)
SLOW_WAIT = timedelta(minutes=10)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_TASKS = {
    "ssot.look": "look for pull requests without a review",
    "ssot.migrations": "keep migration pull requests up to date",
    "ssot.onboarding": "propose a first configuration",
    "ssot.preview": "preview a changed configuration",
    "ssot.rerun": "judge a pull request again",
    "ssot.review": "review a pull request",
    "ssot.survey": "survey a default branch",
    "ssot.sweep": "ask GitHub for lost deliveries",
    "ssot.tracker": "update a tracking issue",
    "ssot.trackers": "look for tracking issues to update",
}
_LABELS = {
    State.QUEUED: "waiting",
    State.RUNNING: "running",
    State.DONE: "done",
    State.SUPERSEDED: "replaced",
    State.DEAD: "dead",
    State.IGNORED: "ignored",
}
FOLDED = frozenset({State.IGNORED, State.SUPERSEDED})
"""The states of jobs that had nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job; ``job`` has the rest."""

    number: int
    delivery: str
    event: str
    action: str
    what: str
    """The event in words."""
    repository: str | None
    """``owner/name`` as it is called now, as far as it is known."""
    place: str | None
    """The repository, with the issue, pull request or commit; or what else the job is for."""
    url: str | None
    """Its page at GitHub."""
    state: State
    label: str
    attempts: int
    received_at: datetime
    started_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    detail: str | None
    newer: str | None
    key: str | None

    def document(self) -> dict[str, Any]:
        """The same as JSON: see docs/operations.md."""
        return {
            "number": self.number,
            "delivery": self.delivery,
            "event": self.event,
            "action": self.action,
            "repository": self.repository,
            "place": self.place,
            "url": self.url,
            "state": self.state.value,
            "attempts": self.attempts,
            "received_at": iso(self.received_at),
            "started_at": _iso(self.started_at),
            "due_at": _iso(self.due_at),
            "ended_at": _iso(self.ended_at),
            "reason": self.reason,
            "detail": self.detail,
            "replaced_by": self.newer,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run after which the job was queued again."""

    began_at: datetime | None
    ended_at: datetime
    outcome: str
    label: str
    reason: str | None
    detail: str | None
    newer: str | None

    def document(self) -> dict[str, Any]:
        return {
            "began_at": _iso(self.began_at),
            "ended_at": iso(self.ended_at),
            "outcome": self.outcome,
            "reason": self.reason,
            "detail": self.detail,
        }


def views_of(jobs: Sequence[Job], site: str) -> list[JobView]:
    return [view_of(job, site) for job in jobs]


def view_of(job: Job, site: str) -> JobView:
    """``site``: where people see the same GitHub, e.g. ``https://github.com``."""
    name, place, url = _where(job, site)
    said = reason_of(job) or PlainReason(text="")
    return JobView(
        number=job.seq,
        delivery=str(job.id),
        event=job.event,
        action=job.action,
        what=what(job.event, job.action),
        repository=name,
        place=place,
        url=url,
        state=job.state,
        label=_LABELS[job.state],
        attempts=job.attempts,
        received_at=job.received_at,
        started_at=job.started_at,
        due_at=job.due if job.state is State.QUEUED else None,
        ended_at=job.finished_at,
        reason=said.text or None,
        detail=said.detail,
        newer=said.newer,
        key=job.key,
    )


def run_view_of(run: PastRun) -> RunView:
    said = plain(run.reason) or PlainReason(text="")
    label = {"failed": "Failed", "postponed": "Postponed", "interrupted": "Interrupted: the process ended"}
    return RunView(
        began_at=run.began,
        ended_at=run.ended,
        outcome=run.outcome.value,
        label=label.get(run.outcome.value) or f"Ended as {_LABELS[State(run.outcome.value)]}, and was queued again",
        reason=said.text or None,
        detail=said.detail,
        newer=said.newer,
    )


def what(event: str, action: str = "") -> str:
    """An event in words: ``pull request opened``, ``update a tracking issue``."""
    if event in _TASKS:
        return _TASKS[event]
    return f"{event.removeprefix('ssot.').replace('_', ' ')} {action.replace('_', ' ')}".strip()


def states() -> list[tuple[str, str]]:
    """The states and what they are called, for a form."""
    return [(state.value, label) for state, label in _LABELS.items()]


def is_slow(job: Job, now: datetime) -> bool:
    """Whether it runs for longer than jobs do, or waits with nothing to wait for."""
    if job.state is State.RUNNING:
        return job.started_at is not None and now - job.started_at > SLOW_RUN
    return job.state is State.QUEUED and now - (job.due or job.received_at) > SLOW_WAIT


def _where(job: Job, site: str) -> tuple[str | None, str | None, str | None]:
    """The repository's name, the place, and its page; each ``None`` where it is not known."""
    key, place = job.key or "", job.place or job.key
    found = REPOSITORY.search(key)
    if found is None or place is None:
        return None, None if key.startswith("ssot.") else place, None
    after = key[found.end() :]
    name = place[found.start() : len(place) - len(after)]
    shown = f"{name}{after[:8]}" if after.startswith("@") else name if after.startswith(" ") else f"{name}{after}"
    if not _NAME.fullmatch(name):
        return None, shown, None
    return name, shown, f"{site}/{quote(name)}{_below(after, job.event)}"


def _below(after: str, event: str) -> str:
    """The rest of the address; GitHub leads from an issue's to the pull request's of the same number."""
    if (number := re.fullmatch(r"#(\d{1,18})", after)) and int(number[1]):
        return f"/pull/{number[1]}" if event.startswith("pull_request") else f"/issues/{number[1]}"
    if commit := re.fullmatch(r"@([0-9a-f]{40,64})", after):
        return f"/commit/{commit[1]}"
    return ""


def _iso(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
