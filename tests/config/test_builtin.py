"""The built-in migration in Python is the one in YAML."""

import pytest

from bot.config import load, preset_names, preset_text
from bot.config.builtin import CONFIG
from bot.config.frozen import source, untracked


def test_the_built_in_migration_is_its_preset() -> None:
    assert untracked(load(None)) == CONFIG, "write bot/config/builtin.py again, as bot/config/frozen.py says"


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_written_as_python(name: str) -> None:
    config = untracked(load(preset_text(name)))
    module: dict[str, object] = {}
    exec(source(config, name), module)  # noqa: S102  what is being tested
    assert module["CONFIG"] == config


def test_the_built_in_migration_is_built_once() -> None:
    assert load(None) is load(None)
