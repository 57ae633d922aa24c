"""How the parts of the bot's section are made and fitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.tracked import TrackedFacts
from bot.markdown.text import count
from bot.tracker.evidence.source import may_hide

_SHORTENED = "_Shortened to fit GitHub's limit of 65,536 characters. `ssot checklist` shows everything._"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One block, in forms from long to short; the last may be empty."""

    forms: tuple[str, ...]


def fit(parts: Sequence[Part], room: int) -> str | None:
    """The parts together, the longest of them made shorter until they fit."""
    chosen = [0] * len(parts)
    while True:
        shown = [part.forms[n] for part, n in zip(parts, chosen, strict=True)]
        if any(chosen):
            shown.insert(-1, _SHORTENED)
        text = "\n\n".join(filter(None, shown))
        if len(text) <= room:
            return text
        longer = [n for n, part in enumerate(parts) if chosen[n] + 1 < len(part.forms)]
        if not longer:
            return None
        chosen[max(longer, key=lambda n: len(parts[n].forms[chosen[n]]))] += 1


def none_left(facts: TrackedFacts) -> str:
    """What is known where no usage was found, in bold: nothing is said of a file that was not read."""
    unread = sum(may_hide(report) for report in facts.reports)
    if not unread:
        return "**No usages left**"
    return f"**No usages found, but {count(unread, 'file')} that may hold some could not be read**"


def moment(at: datetime) -> str:
    """Date and time of day, in UTC; the page says so once."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
