"""Reads a repository's configuration, in a worker.

What this needs of our own files is read when the module is loaded: a worker has it from the beginning, and opens none.
"""

from bot.config.presets import preset, preset_names
from bot.config.state import ConfigState, parse_state
from bot.config.structure import schema

for _name in preset_names():
    preset(_name)
schema()


def state_of(text: bytes) -> ConfigState:
    """The state of the configuration with this text."""
    return parse_state(text)
