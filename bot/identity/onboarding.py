"""The markers in the text of the onboarding pull request, and of the tracking issue that is opened from it."""

import re
from dataclasses import dataclass

from bot.domain.references import Sha
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import onboarding as place
from bot.identity.pull_requests import part_replaced

_TICKED = re.compile(r"\s*[-*+] \[[xX]\] ")
_NOTHING = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingMark:
    """What the text was written about."""

    base: Sha | None
    """The default branch's head whose preview it shows; ``None``: it shows none, which is tried again."""
    head: Sha
    """The pull request's head."""
    issue: int | None = None
    """The tracking issue that was opened from it."""


def onboarding_markers(keys: MarkerKeys, repository: int, mark: OnboardingMark) -> tuple[str, str]:
    """The markers before and after the bot's part of the text."""
    values = (mark.base or _NOTHING, mark.head, str(mark.issue or _NOTHING))
    begin = MarkerKind.ONBOARDING_BEGIN.write(keys, place(repository), values)
    return begin, MarkerKind.ONBOARDING_END.write(keys, place(repository), ("1",))


def onboarding_mark_of(keys: MarkerKeys, repository: int, body: str) -> OnboardingMark | None:
    """What the markers say; ``None`` where there are none (any more)."""
    values = MarkerKind.ONBOARDING_BEGIN.read(keys, place(repository), body)
    if len(values) < 3:
        return None
    base, head, issue = values[:3]
    return OnboardingMark(base=None if base == _NOTHING else Sha(base), head=Sha(head), issue=int(issue) or None)


def onboarding_reworded(before: str, block: str) -> str | None:
    """The text with ``block`` in place of the bot's part; what people wrote around it stays.

    ``block`` holds both markers.  ``None``: the bot's part was removed.
    """
    return part_replaced(before, block, MarkerKind.ONBOARDING_BEGIN, MarkerKind.ONBOARDING_END)


def issue_box(keys: MarkerKeys, repository: int, text: str) -> str:
    """A checkbox that asks for the tracking issue."""
    return f"- [ ] {text} {MarkerKind.ONBOARDING_REQUEST.write(keys, place(repository), ('issue',))}"


def asks_for_issue(keys: MarkerKeys, repository: int, body: str) -> bool:
    """Whether somebody ticked that checkbox.  Only who may write in the repository can edit the App's text."""
    for marker in MarkerKind.ONBOARDING_REQUEST.find(keys, place(repository), body):
        line = body[body.rfind("\n", 0, marker.start) + 1 : marker.start]
        if marker.authentic and marker.values == ("issue",) and _TICKED.match(line):
            return True
    return False


def issue_marker(keys: MarkerKeys, repository: int) -> str:
    """The marker in the text of the tracking issue."""
    return MarkerKind.ONBOARDING_ISSUE.write(keys, place(repository), ("1",))


def is_tracking_issue(keys: MarkerKeys, repository: int, body: str) -> bool:
    """Whether an issue of the App was opened from the repository's onboarding pull request."""
    return bool(MarkerKind.ONBOARDING_ISSUE.read(keys, place(repository), body))
