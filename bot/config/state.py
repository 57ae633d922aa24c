"""The states that a repository's configuration can be in; a caller handles each of them."""

from dataclasses import dataclass

from bot.config.reading import FILE, load
from bot.domain.errors import ConfigError
from bot.domain.migration import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """There is no file: the built-in migration applies."""

    config: Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrelated:
    """There is no file, and no migration applies.

    The repository has nothing of the built-in migration, or it is asked by a pull request whether it wants one.
    """

    config: Config


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableConfig:
    """Something is, or may be, at the path and could not be read: the bot does nothing.

    ``reason`` completes the sentence "the configuration could not be read: …".
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """The file has errors: the bot does nothing, and never uses an older version of it."""

    error: ConfigError

    @property
    def errors(self) -> tuple[ConfigError, ...]:
        """All of them, in the order of the file."""
        return (self.error, *self.error.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """The file is valid."""

    config: Config


ConfigState = Absent | Unrelated | UnreadableConfig | Invalid | Valid


def parse_state(text: bytes | None, *, unreadable: str | None = None, file: str = FILE) -> ConfigState:
    """The state for what a fetch gave: the file's bytes, ``None`` for no file, or a reason why it is not known.

    A directory, a symbolic link or a submodule at the path is ``unreadable``, not absent.  Never raises.
    """
    if unreadable is not None:
        return UnreadableConfig(reason=unreadable)
    try:
        config = load(text, file=file)
    except ConfigError as error:
        return Invalid(error=error)
    return Absent(config=config) if text is None else Valid(config=config)
