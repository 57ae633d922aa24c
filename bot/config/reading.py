"""The configuration file -> the effective configuration."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice

from bot.config.build import build_migration, check_migration, placed_targets
from bot.config.chains import to_the_end
from bot.config.document import parse
from bot.config.nodes import MAX_ERRORS, Mapping, Scalar, YamlPlace, joined
from bot.config.presets import DEFAULT, preset, preset_names, preset_problem
from bot.config.structure import check, number, schema
from bot.domain.errors import ConfigError
from bot.domain.migration import Config, Migration

FILE = ".github/ssot.yml"

Told = tuple[str, ConfigError]
"""A migration's name and one of its errors."""

_MERGED = frozenset({"paths", "pull_requests", "tracking"})


def load(text: str | bytes | None, *, file: str = FILE) -> Config:
    """Read a configuration; ``None``: there is no file, and the built-in migration applies.

    ``file`` is what errors name.  Raises `ConfigError` for the first error in the file, with the rest as its
    ``others``; no input takes longer than about half a second of CPU.
    """
    if text is None:
        return _built_in()
    root = parse(text, file)
    errors = list(islice(check(root, schema()), MAX_ERRORS))
    if not isinstance(root, Mapping):
        raise joined(errors) or root.place.error("expected a mapping")
    bodies = _bodies(root)
    errors += islice(_check_together(root, _sound(bodies) if errors else bodies), MAX_ERRORS)
    if error := joined(errors):
        raise error
    config = Config(
        migrations=to_the_end([build_migration(name, body) for name, body in bodies.items()]),
        source_roots=root.texts("source_roots"),
        confirm_ignores=root.mapping("ignores").text("who") == "write",
    )
    max_comments = number(root, "max_comments")
    return config if max_comments is None else replace(config, max_comments=max_comments)


@cache
def _built_in() -> Config:
    """What holds without a file."""
    return Config(migrations=(build_migration(DEFAULT, preset(DEFAULT)),))


@cache
def shipped() -> tuple[Migration, ...]:
    """The migrations of the presets, as a configuration has them that changes nothing of them."""
    return tuple(each for name in preset_names() for each in load(f"version: 1\nextends: [{name}]\n").migrations)


def _bodies(root: Mapping) -> dict[str, Mapping]:
    """The migrations by name: the presets first, then the file's own, with what they extend."""
    own = root.mapping("migrations")
    bodies = {scalar.text: preset(scalar.text) for scalar in root.scalars("extends") if _is_preset(scalar)}
    for key in own.keys:
        if isinstance(own.values[key.text], Mapping):
            bodies[key.text] = _extended(own.mapping(key.text))
    return bodies


def _extended(body: Mapping) -> Mapping:
    base = body.scalar("extends")
    if base is None or not _is_preset(base):
        return body
    return preset(base.text).merged(body, deep=_MERGED)


def _is_preset(scalar: Scalar) -> bool:
    return preset_problem(scalar.text) is None


def _sound(bodies: dict[str, Mapping]) -> dict[str, Mapping]:
    """The migrations without schema errors."""
    rule = schema()["$defs"]["migration"]
    return {name: body for name, body in bodies.items() if next(check(body, rule), None) is None}


def _check_together(root: Mapping, bodies: dict[str, Mapping]) -> Iterator[ConfigError]:
    """The errors that the schema cannot express, in migrations without schema errors."""
    if not root.values.keys() & {"extends", "migrations"}:
        yield root.place.error("no migration: add `extends: [PRESET]` or `migrations:`")
    for name, error in (*_check_each(bodies), *_check_apart(bodies)):
        yield _in_the_file(error, root, name)


def _check_each(bodies: dict[str, Mapping]) -> Iterator[Told]:
    return ((name, error) for name, body in bodies.items() for error in check_migration(body))


def _in_the_file(error: ConfigError, root: Mapping, migration: str) -> ConfigError:
    """An error in an entry of a preset is placed where the file names the preset."""
    if error.file == root.place.file:
        return error
    asked = root.mapping("migrations").mapping(migration).scalar("extends")
    place = (asked or next(scalar for scalar in root.scalars("extends") if scalar.text == migration)).place
    return place.error(f"{error.message} ({error.file}:{error.line}:{error.column})")


def _check_apart(bodies: dict[str, Mapping]) -> Iterator[Told]:
    """No name is deprecated by two migrations, and no chain of successors is circular."""
    owners: dict[str, str] = {}
    successors: dict[str, str] = {}
    places: dict[str, YamlPlace] = {}
    for migration, body in bodies.items():
        for target, place in placed_targets(body):
            owner = owners.setdefault(target.name, migration)
            if owner != migration:
                yield migration, place.error(f"the migration {owner!r} already deprecates {target.name!r}")
            places.setdefault(target.name, place)
            if target.canonical:
                successors.setdefault(target.name, target.canonical)
    for name in _cycles(successors):
        yield owners[name], places[name].error(f"the successors of {name!r} are circular")


def _cycles(successors: dict[str, str]) -> Iterator[str]:
    """One name of each cycle."""
    done: set[str] = set()
    for start in successors:
        path: dict[str, None] = {}
        name = start
        while name in successors and name not in path and name not in done:
            path[name] = None
            name = successors[name]
        if name in path and successors[name] != name:
            yield name
        done |= path.keys()
