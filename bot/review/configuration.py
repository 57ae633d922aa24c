"""What a pull request makes of the configuration file itself: it is checked, and never applied from the head."""

from collections.abc import Iterable
from typing import assert_never

from bot.config import FILE, Absent, Invalid, UnreadableConfig, Unrelated, Valid
from bot.context import Bot
from bot.domain.errors import ConfigError
from bot.domain.references import ChangedFile, PullRequest
from bot.github import reads
from bot.repository import state_at
from bot.review.late import not_given_yet
from bot.review.models import ProposedConfig


async def proposed_config(bot: Bot, pull: PullRequest, changed: Iterable[ChangedFile]) -> ProposedConfig | None:
    """The configuration at the head, if it is one of the files that the pull request ``changed``.

    It is a stranger's, so it is read in a worker.  Raises ``NotShownYet`` while GitHub does not give it.
    """
    touched = _touching(changed)
    if not touched:
        return None
    state = await state_at(bot, pull.ref.repo, pull.head_sha)
    match state:
        case Absent() | Unrelated():
            if any(file.path == FILE and file.status != "removed" for file in touched):
                raise not_given_yet(bot, FILE)
            return ProposedConfig(removed=True)
        case Valid():
            return ProposedConfig()
        case Invalid(errors=errors):
            return ProposedConfig(errors=errors)
        case UnreadableConfig(reason=reason):
            return ProposedConfig(errors=(ConfigError(f"it could not be read: {reason}", file=FILE),))
        case _:
            assert_never(state)


def is_changed(changed: Iterable[ChangedFile]) -> bool:
    """Whether the configuration is among the changed files."""
    return bool(_touching(changed))


def _touching(changed: Iterable[ChangedFile]) -> tuple[ChangedFile, ...]:
    return tuple(f for f in changed if _is_at(FILE, f.path) or _is_at(FILE, f.previous_path or ""))


def _is_at(place: str, path: str) -> bool:
    """A directory in the file's place is a change to it, too."""
    return path == place or path.startswith(f"{place}/")


async def is_at_head(bot: Bot, pull: PullRequest) -> bool:
    """Whether the head has a configuration: then the pull request may be what brings it to its base branch."""
    return await reads.file_at(bot.github, pull.ref.repo, FILE, pull.head_sha) is not None
