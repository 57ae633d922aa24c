"""A migration as Python source, so that a scan loads the built-in one without reading YAML.

    python -m bot.config.frozen | ruff format - > bot/config/builtin.py

Reading YAML costs more start-up time than searching a thousand files.  ``tests/config/test_builtin.py`` keeps the two
equal.
"""

from dataclasses import MISSING, fields, is_dataclass, replace
from enum import Enum

from bot.config.presets import DEFAULT
from bot.config.reading import load
from bot.domain.migration import Config

_HEAD = '''"""The built-in migration, which an absent ``.github/ssot.yml`` means, without its checklist.

Written by ``bot.config.frozen`` from the preset {preset}: change that one.
"""

from bot.domain.migration import {names}

CONFIG = {value}
'''


def untracked(config: Config) -> Config:
    """The configuration without checklists."""
    return replace(config, migrations=tuple(replace(each, checklist=()) for each in config.migrations))


def source(config: object, preset: str) -> str:
    """The source of a module with the dataclass instance ``config`` as its ``CONFIG``."""
    names: set[str] = set()
    value = _expression(config, names)
    return _HEAD.format(preset=preset, names=", ".join(sorted(names, key=str.casefold)), value=value)


def _expression(value: object, names: set[str]) -> str:
    """``value`` as an expression; ``names`` gets what it needs from `bot.domain.migration`."""
    if is_dataclass(value):
        names.add(type(value).__name__)
        return f"{type(value).__name__}({', '.join(_arguments(value, names))})"
    if isinstance(value, Enum):
        names.add(type(value).__name__)
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        return f"({''.join(f'{_expression(each, names)}, ' for each in value)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_expression(each, names)}' for key, each in value.items())}}}"
    return repr(value)


def _arguments(value: object, names: set[str]) -> list[str]:
    """The fields whose values differ from the defaults."""
    found = []
    for field in fields(value):  # type: ignore[arg-type]
        given = getattr(value, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if given != default:
            found.append(f"{field.name}={_expression(given, names)}")
    return found


if __name__ == "__main__":
    from bot.config.presets import preset_text

    print(source(untracked(load(preset_text(DEFAULT))), DEFAULT))
