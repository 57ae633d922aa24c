"""What the App or an installation of it lacks: permissions and events that the code needs and nobody has granted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.facts import AppIdentity, Installation
from bot.github.manifest import EVENTS_OF_EVERY_APP
from bot.github.operations import weaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Both sorted."""

    permissions: tuple[str, ...]
    """``statuses: write``."""
    events: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.permissions or self.events)


def lacking(granted: AppIdentity | Installation, needed: Mapping[str, str], events: Iterable[str]) -> Lacking:
    """What of the needed permissions and events is not granted."""
    has = dict(granted.permissions)
    missing = (f"{name}: {access}" for name, access in needed.items() if weaker(has.get(name, "none"), access))
    deaf = frozenset(events) - EVENTS_OF_EVERY_APP - frozenset(granted.events)
    return Lacking(permissions=tuple(sorted(missing)), events=tuple(sorted(deaf)))
