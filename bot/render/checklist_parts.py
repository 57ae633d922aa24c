"""What the parts of the owned section are made with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.refs import Sha
from bot.render.text import code
from bot.tracker import Facts, link_to

_SHORTENED = "_Shortened to fit into GitHub's 65,536 characters: `ssot checklist` shows everything._"


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


def folded(title: str, body: str, *, opened: bool = False) -> str:
    return f"<details{' open' if opened else ''}><summary><b>{title}</b></summary>\n\n{body}\n\n</details>"


def commit(facts: Facts, sha: Sha) -> str:
    link = link_to(facts, f"commit/{sha}")
    return f"[{code(sha[:7])}]({link})" if link else code(sha[:7])


def moment(at: datetime) -> str:
    """Date and time of day, in UTC; the page says so once."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
