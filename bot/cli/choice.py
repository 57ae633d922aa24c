"""Which configuration a command works with: a file, the repository's, a preset, or a name on the command line."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.domain.errors import ConfigError, UserError

if TYPE_CHECKING:
    from bot.domain.migration import Config

CONFIG_FILE = ".github/ssot.yml"
NOTHING_HERE = f"no {CONFIG_FILE} here; run `ssot init`, or name a preset: `ssot scan --preset datetime-utcnow`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the command line says of the configuration; nothing: the repository's own file, else the built-in one."""

    file: str | None = None
    preset: str | None = None
    deprecated: str | None = None
    """The dotted name of a symbol or a module."""
    canonical: str | None = None
    """What takes its place."""

    def check(self) -> None:
        """Raises `UserError` where it contradicts itself."""
        given = {"--config": self.file, "--preset": self.preset, "--deprecated": self.deprecated}
        named = [option for option, value in given.items() if value is not None]
        if len(named) > 1:
            raise UserError(f"{' and '.join(named)} exclude each other")
        if self.canonical is not None and self.deprecated is None:
            raise UserError("--canonical is the successor of a name: say which with --deprecated")

    @property
    def is_made(self) -> bool:
        return not (self.file is None and self.preset is None and self.deprecated is None)


def options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that make a `Choice`, which the function gets as ``choice``."""

    @click.option("--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration file.")
    @click.option("--preset", metavar="NAME", help="Try a built-in migration, without any file.")
    @click.option("--deprecated", metavar="A.B.C", help="Try a migration of this name or module, without any file.")
    @click.option("--canonical", metavar="D.E.F", help="What replaces the name of --deprecated.")
    @functools.wraps(function)
    def gathered(
        *args: Any,  # noqa: ANN401  the function's own
        config_file: str | None,
        preset: str | None,
        deprecated: str | None,
        canonical: str | None,
        **rest: Any,  # noqa: ANN401  the function's own
    ) -> None:
        choice = Choice(file=config_file, preset=preset, deprecated=deprecated, canonical=canonical)
        function(*args, choice=choice, **rest)

    return gathered


def load_config(root: Path, choice: Choice) -> "Config":
    """The chosen configuration, else the repository's, else the built-in one.  Raises `UserError`.

    `require_one` says whether the built-in one has anything to do here.
    """
    from bot.config import load

    text, name = _written(root, choice)
    try:
        return load(text, file=name)
    except ConfigError as error:
        if choice.file or not choice.is_made:
            raise
        raise UserError(f"{name}: {error.message}") from error  # nobody has written the file that it has a place in


def scan_config(root: Path, choice: Choice) -> "Config":
    """`load_config`, but the built-in one has no checklists: it is loaded without YAML, which is a third of a scan."""
    if choice.is_made or config_text(root, choice) is not None:
        return load_config(root, choice)
    choice.check()
    from bot.config.builtin import CONFIG

    return CONFIG


def require_one(root: Path, choice: Choice, listed: Iterable[str] | None = None) -> None:
    """Raises `UserError` where only the built-in migration is left, and its names are not of this tree.

    ``listed``: the tree's Python files, where they are known.
    """
    choice.check()
    if choice.is_made or config_place(root, choice).exists():
        return
    from bot.config.builtin import CONFIG
    from bot.engine.source.names import module_paths

    names = [name for each in CONFIG.migrations for target in each.targets for name in (target.name, target.canonical)]
    places = [path for name in names if name for path in module_paths(name.rpartition(".")[0], ())]
    if any((root / place).is_file() for place in places):
        return
    if listed is None:
        from bot.local.files import list_files

        listed = list_files(root).paths
    below = tuple(f"/{place}" for place in places)
    if not any(path.endswith(below) for path in listed):
        raise UserError(NOTHING_HERE)


def config_text(root: Path, choice: Choice) -> bytes | None:
    """The configuration file as it is written; ``None`` if the repository has none."""
    try:
        return config_place(root, choice).read_bytes()
    except FileNotFoundError as error:
        if choice.file:
            raise UserError(f"{choice.file}: no such file") from error
        return None
    except OSError as error:
        raise UserError(f"{choice.file or CONFIG_FILE}: {error.strerror}") from error


def config_place(root: Path, choice: Choice) -> Path:
    """Where the configuration file is, or would be."""
    return Path(choice.file) if choice.file else root / CONFIG_FILE


def _written(root: Path, choice: Choice) -> tuple[bytes | str | None, str]:
    """The text of a configuration, and the name that its errors have."""
    import json  # not needed for what most scans do

    choice.check()
    if choice.preset is not None:
        return f"extends: [{json.dumps(choice.preset)}]\n", "--preset"
    if choice.deprecated is not None:
        return _of_one_name(root, choice.deprecated, choice.canonical), "--deprecated"
    return config_text(root, choice), choice.file or CONFIG_FILE


def _of_one_name(root: Path, deprecated: str, canonical: str | None) -> str:
    """A migration of one name.  A successor takes its place as it stands, as ``drop_in`` says."""
    import json

    from bot.config.starting import migration_name

    kind = "modules" if is_module(root, deprecated) else "deprecated"
    names = f"{{{json.dumps(deprecated)}: {json.dumps(canonical)}}}"
    drop_in = "" if canonical is None else ", drop_in: true"
    return f"migrations: {{{migration_name(deprecated)}: {{{kind}: {names}{drop_in}}}}}\n"


def is_module(root: Path, name: str) -> bool:
    """Whether a dotted name is a module of this tree; a name without a dot can be nothing else."""
    if "." not in name:
        return True
    from bot.engine.source.names import find_source_roots, module_paths
    from bot.local.files import list_files

    listing = list_files(root)
    roots = find_source_roots((*listing.paths, *listing.projects))
    return not frozenset(listing.paths).isdisjoint(module_paths(name, roots))
