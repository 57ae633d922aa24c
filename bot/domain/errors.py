"""The errors that cross layers.  Everything else is a defect: logged with the delivery's id, answered neutrally."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


class SsotError(Exception):
    """Base of all errors of this project that a caller may want to handle."""


class UserError(SsotError):
    """Something that the person who asked can fix; its text is shown to them unchanged."""


class ConfigError(UserError):
    """An error at a place of the configuration file.

    ``line`` and ``column`` count from 1; ``line`` is 0 when the error has no place (an unreadable file).
    ``others`` are the other errors of the same file, in the order of their places; theirs are empty.
    """

    others: "tuple[ConfigError, ...]" = ()

    def __init__(self, message: str, *, file: str = ".github/ssot.yml", line: int = 0, column: int = 0) -> None:
        self.message, self.file, self.line, self.column = message, file, line, column
        place = f"{file}:{line}:{column}: " if line else f"{file}: "
        super().__init__(place + message)

    def __reduce__(self) -> "tuple[Callable[..., ConfigError], tuple[object, ...]]":
        """To come from another process as it is."""
        return _config_error, (self.message, self.file, self.line, self.column, self.others)


def _config_error(
    message: str, file: str, line: int, column: int, others: tuple[ConfigError, ...]
) -> ConfigError:  # fmt: skip
    error = ConfigError(message, file=file, line=line, column=column)
    error.others = others
    return error


class SettingsError(UserError):
    """The process cannot start with this environment; the text says how to fix that, and never holds a secret."""


@dataclass
class RetryLater(SsotError):
    """Work that has to wait: a rate limit, a server that is down.  ``at`` is an aware UTC time."""

    at: datetime
    reason: str

    def __str__(self) -> str:
        return f"{self.reason} (not before {self.at.isoformat()})"


class NotShownYet(RetryLater):
    """GitHub does not show yet what is to be looked at, though it has named it."""


class Gone(SsotError):
    """The object of the work no longer exists (410, 451, deleted, uninstalled): nothing is left to do."""
