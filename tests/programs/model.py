"""A program as data: its files, the migration, what is run, and what is expected of the migration."""

from collections.abc import Mapping
from dataclasses import dataclass

CONFIG = ".github/ssot.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Safe:
    """Behaviour stays, a safe fix is made and ``left`` usages stay."""

    left: int = 0
    holds: tuple[tuple[str, str], ...] = ()
    """Paths, and text that the file there holds afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Behaviour stays, and some usage is left for a reason that holds these words."""

    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """Behaviour stays: how, is not asked."""


Expected = Safe | Refused | Same


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program and its migration."""

    name: str
    config: str
    """The text of ``.github/ssot.yml``."""
    files: Mapping[str, str]
    """Text by path; it is written as it stands, in UTF-8."""
    expect: Expected
    run: tuple[str, ...]
    """Scripts, each run in a process of its own, with the program's directory as working directory and import path."""

    @property
    def tree(self) -> dict[str, str]:
        """Every file that is written."""
        return {**self.files, CONFIG: self.config}
