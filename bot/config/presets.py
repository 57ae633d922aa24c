"""The built-in migrations: one configuration file for each, named after it."""

from functools import cache

from bot.config.closest import closest
from bot.config.document import parse
from bot.config.nodes import Mapping
from bot.config.resources import package_text

DEFAULT = "websocket-manager-factory"
"""The migration that applies without a configuration file."""


@cache
def preset_names() -> tuple[str, ...]:
    """All of them, sorted."""
    from importlib import resources

    files = resources.files("bot.config").joinpath("presets").iterdir()
    return tuple(sorted(file.name.removesuffix(".yml") for file in files if file.name.endswith(".yml")))


@cache
def preset_text(name: str) -> str:
    """The file of the preset, which must be one of `preset_names`."""
    return package_text(f"presets/{name}.yml")


@cache
def preset(name: str) -> Mapping:
    """The one migration of the preset, unchecked; its places name the file ``preset:NAME``."""
    root = parse(preset_text(name), f"preset:{name}")
    if not isinstance(root, Mapping) or list(root.mapping("migrations").values) != [name]:
        raise LookupError(f"the preset {name} must have exactly one migration, {name}")
    return root.mapping("migrations").mapping(name)


def preset_problem(name: str) -> tuple[int, str] | None:
    """The error in ``extends: NAME``."""
    names = preset_names()
    if name in names:
        return None
    if any(character in name for character in "/:@") or name.endswith((".yml", ".yaml")):
        return 0, f"{name!r} is not a preset: files and other repositories cannot be extended, only {_listed(names)}"
    close = closest(name[:60], names)
    hint = f": did you mean {close!r}?" if close else f": presets are {_listed(names)}"
    return 0, f"unknown preset {name!r}{hint}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
