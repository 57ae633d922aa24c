"""The nodes of a YAML document: scalars, sequences and mappings, each with its place."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.errors import ConfigError

MAX_ERRORS = 100
"""The most errors that are reported for one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlPlace:
    """A place in a file; line and column count from 1, columns in characters."""

    file: str
    line: int
    column: int

    def error(self, message: str) -> ConfigError:
        return ConfigError(message, file=self.file, line=self.line, column=self.column)


class Type(StrEnum):
    """The types of JSON Schema, under its names."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    ARRAY = "array"
    OBJECT = "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A scalar, typed by YAML 1.2's core schema."""

    place: YamlPlace
    text: str
    type: Type
    plain: bool
    """Written without quotes and not as a block."""
    offset: int | None = None
    """Characters from ``place`` to the first of ``text`` where the source holds the text as it is; else ``None``."""

    def at(self, offset: int) -> YamlPlace:
        """The place of a character of the text, or of the scalar where the source holds it escaped or folded."""
        if self.offset is None:
            return self.place
        return YamlPlace(file=self.place.file, line=self.place.line, column=self.place.column + self.offset + offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    place: YamlPlace
    items: "tuple[Node, ...]" = ()

    @property
    def type(self) -> Type:
        return Type.ARRAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys are strings, each of them once."""

    place: YamlPlace
    keys: tuple[Scalar, ...] = ()
    values: "dict[str, Node]" = field(default_factory=dict)

    @property
    def type(self) -> Type:
        return Type.OBJECT

    def key(self, name: str) -> Scalar:
        """The key of that name, which must be there."""
        return next(key for key in self.keys if key.text == name)

    def mapping(self, name: str) -> "Mapping":
        """The mapping below a key; an empty one where there is none."""
        node = self.values.get(name)
        return node if isinstance(node, Mapping) else Mapping(place=self.place)

    def scalar(self, name: str) -> Scalar | None:
        """The scalar below a key."""
        node = self.values.get(name)
        return node if isinstance(node, Scalar) else None

    def text(self, name: str) -> str | None:
        """The text of the scalar below a key."""
        node = self.scalar(name)
        return node.text if node else None

    def scalars(self, name: str) -> tuple[Scalar, ...]:
        """The scalars of the list below a key, or the one scalar that stands for a list."""
        match self.values.get(name):
            case Scalar() as one:
                return (one,)
            case Sequence(items=items):
                return tuple(item for item in items if isinstance(item, Scalar))
            case _:
                return ()

    def texts(self, name: str) -> tuple[str, ...]:
        """Their texts."""
        return tuple(scalar.text for scalar in self.scalars(name))

    def mappings(self, name: str) -> "tuple[Mapping, ...]":
        """The mappings of the list below a key."""
        node = self.values.get(name)
        items = node.items if isinstance(node, Sequence) else ()
        return tuple(item for item in items if isinstance(item, Mapping))

    def merged(self, over: "Mapping", *, deep: frozenset[str] = frozenset()) -> "Mapping":
        """This mapping with the entries of ``over`` in place of its own; those of ``deep`` are merged themselves."""
        keys = {key.text: key for key in (*self.keys, *over.keys)}
        values = {**self.values, **over.values}
        for name in deep & self.values.keys() & over.values.keys():
            values[name] = self.mapping(name).merged(over.mapping(name))
        return Mapping(place=over.place, keys=tuple(keys.values()), values=values)


Node = Scalar | Sequence | Mapping

_CORE_SCHEMA = (
    (re.compile(r"(?:~|null|Null|NULL|)\Z"), Type.NULL),
    (re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), Type.BOOLEAN),
    (re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z"), Type.INTEGER),
    (
        re.compile(
            r"[-+]?(?:(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))\Z|\.(?:nan|NaN|NAN)\Z"
        ),
        Type.NUMBER,
    ),
)


def plain_type(text: str) -> Type:
    """What a plain scalar is: https://yaml.org/spec/1.2.2/#1032-tag-resolution."""
    return next((type_ for regex, type_ in _CORE_SCHEMA if regex.match(text)), Type.STRING)


def joined(errors: Iterable[ConfigError]) -> ConfigError | None:
    """All errors as one: the first in the order of files and places, the next as its ``others``."""
    ordered = sorted(errors, key=lambda error: (error.file, error.line, error.column))
    if not ordered:
        return None
    first, *others = ordered[:MAX_ERRORS]
    first.others = tuple(others)
    return first
