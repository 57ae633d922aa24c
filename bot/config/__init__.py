"""``.github/ssot.yml`` -> `bot.migration.Config`, with every error at its line and column.  Pure."""

from bot.config.load import FILE, load
from bot.config.presets import DEFAULT, preset_names, preset_text
from bot.config.reference import reference
from bot.config.show import show
from bot.config.state import Absent, ConfigState, Invalid, Unreadable, Valid, parse_state
from bot.config.structure import schema_text

__all__ = [
    "DEFAULT",
    "FILE",
    "Absent",
    "ConfigState",
    "Invalid",
    "Unreadable",
    "Valid",
    "load",
    "parse_state",
    "preset_names",
    "preset_text",
    "reference",
    "schema_text",
    "show",
]
