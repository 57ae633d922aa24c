"""Why a job is as it is, for people: sentences of ours stay, exceptions become sentences."""

import re
from dataclasses import dataclass

from bot.domain.errors import SsotError
from bot.jobs.model import Job, State

_FAILED = re.compile(r"(failed \d+ times?: )(.*)", re.DOTALL)
_DIED = re.compile(r"(the process died during \d+ runs; before that: )(.*)", re.DOTALL)
_WAITED = re.compile(r"still waiting after (\d+ days?|[^:]*?)(?:, [\d:]+)?: (.*) \([^()]*\)", re.DOTALL)
_NEWER = re.compile(r"by delivery (\S{1,200})")
_RAISED = re.compile(r"([A-Z][A-Za-z0-9_]{0,79})(?:: (.*))?", re.DOTALL)
_NOT_BEFORE = re.compile(r" \(not before [^()]*\)")
_LIMITS = re.compile(r"\d{3} with retry-after|(the |secondary )?(GraphQL )?rate limit( is used up)?")
_UNREADABLE = re.compile(r"Expected .*|.* - at `\$.*", re.DOTALL)
"""What the parser of payloads says."""
_KNOWN = {
    "TimeoutError": "it took longer than it may",
    "CancelledError": "it was cancelled",
    "MemoryError": "the server had no memory left",
}


_WAITS = "it has to wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReason:
    """What a page says, and what it was made of."""

    text: str
    detail: str | None = None
    """As it was recorded, where the text says less."""
    newer: str | None = None
    """The GUID of the delivery that the job was replaced by."""


def plain(recorded: str | None) -> PlainReason | None:
    """``recorded`` is what the queue has: a sentence of ours, or ``describe`` of an exception."""
    if not recorded:
        return None
    if newer := _NEWER.fullmatch(recorded):
        return PlainReason(text="replaced by a newer delivery", newer=newer[1])
    text = _said(recorded)
    return PlainReason(text=text, detail=None if text == recorded else recorded)


def reason_of(job: Job) -> PlainReason | None:
    """Of a job that is done, its summary."""
    if job.state is State.SUPERSEDED and job.reason and not _NEWER.fullmatch(job.reason):
        return PlainReason(text=job.reason)
    return plain(job.reason)


def _said(recorded: str) -> str:
    for pattern in (_FAILED, _DIED):
        if found := pattern.fullmatch(recorded):
            return found[1] + _said(found[2])
    if found := _WAITED.fullmatch(recorded):
        return f"gave up after waiting for {found[1]}: {_said(found[2])}"
    if _UNREADABLE.fullmatch(recorded):
        return "the payload is not as GitHub describes it, so it was not read"
    if not (raised := _RAISED.fullmatch(recorded)):
        return recorded
    name, text = raised[1], _NOT_BEFORE.sub("", raised[2] or "")
    if name in _our_errors():
        return "GitHub's rate limit is used up, or GitHub asked to wait" if _LIMITS.fullmatch(text) else text or _WAITS
    if name in _KNOWN:
        return f"{_KNOWN[name]} ({text})" if name == "TimeoutError" and text else _KNOWN[name]
    return f"an internal error ({name}): the log has it under this delivery"


def _our_errors() -> set[str]:
    """The names of the errors whose texts are sentences for people."""
    found, left = set[str](), [SsotError]
    while left:
        kind = left.pop()
        found.add(kind.__name__)
        left += kind.__subclasses__()
    return found
