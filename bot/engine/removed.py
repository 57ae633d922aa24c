"""What a removal comes to: apart from :mod:`bot.engine.removal`, which needs the whole engine."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What becomes of the files: their new content, ``None`` for a file that goes."""

    files: Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalRefused:
    """Why a definition is not taken out; in plain words, with names between back-ticks."""

    reason: str
