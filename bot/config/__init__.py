"""``.github/ssot.yml`` -> `bot.domain.migration.Config`, with every error at its line and column.  Pure.

Its parts are imported when they are first asked for: a scan only loads a file.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.config.guide import reference
    from bot.config.presets import DEFAULT, preset_names, preset_text
    from bot.config.reading import FILE, load
    from bot.config.state import Absent, ConfigState, Invalid, UnreadableConfig, Unrelated, Valid, parse_state
    from bot.config.structure import schema_text
    from bot.config.writing import show

_PARTS = {
    "guide": ("reference",),
    "presets": ("DEFAULT", "preset_names", "preset_text"),
    "reading": ("FILE", "load"),
    "state": ("Absent", "ConfigState", "Invalid", "UnreadableConfig", "Unrelated", "Valid", "parse_state"),
    "structure": ("schema_text",),
    "writing": ("show",),
}
_HOMES = {name: f"bot.config.{part}" for part, names in _PARTS.items() for name in names}

__all__ = [
    "DEFAULT",
    "FILE",
    "Absent",
    "ConfigState",
    "Invalid",
    "UnreadableConfig",
    "Unrelated",
    "Valid",
    "load",
    "parse_state",
    "preset_names",
    "preset_text",
    "reference",
    "schema_text",
    "show",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
