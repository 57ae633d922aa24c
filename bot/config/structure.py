"""Checks nodes against the JSON Schema that is published for editors: one description of the language for both.

The part of JSON Schema 2020-12 that the schema uses for single values is interpreted here, with places and readable
messages.  Relations between keys (``oneOf``, ``required`` in an ``anyOf``) are checked where the values are built, with
better messages.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from bot.config.closest import closest
from bot.config.formats import FORMATS
from bot.config.nodes import Mapping, Node, Scalar, Sequence, Type
from bot.config.resources import package_text
from bot.domain.errors import ConfigError

Schema = dict[str, Any]

_TYPES = {
    Type.STRING: "a string",
    Type.INTEGER: "a whole number",
    Type.NUMBER: "a number",
    Type.BOOLEAN: "true or false",
    Type.NULL: "nothing",
    Type.ARRAY: "a list",
    Type.OBJECT: "a mapping",
}
_YAML_1_1_BOOLEANS = {"yes", "no", "on", "off", "y", "n"}
_MAX_DIGITS = 18


@cache
def schema_text() -> str:
    """The schema as it is published."""
    return package_text("schema.json")


@cache
def schema() -> Schema:
    loaded: Schema = json.loads(schema_text())
    return loaded


def check(node: Node, rule: Schema) -> Iterator[ConfigError]:
    """All errors of ``node`` against ``rule``."""
    rule = _resolved(rule, node)
    if message := _wrong_type(node, rule):
        yield node.place.error(message)
        return
    match node:
        case Scalar():
            yield from _check_scalar(node, rule)
        case Sequence(items=items):
            yield from _check_size(node, len(items), "entries", rule.get("minItems"), rule.get("maxItems"))
            for item in items:
                yield from check(item, rule.get("items", {}))
        case Mapping():
            yield from _check_mapping(node, rule)


def _resolved(rule: Schema, node: Node) -> Schema:
    """``rule`` with its ``$ref`` taken in, and of its ``anyOf`` the branch that is for the node's type."""
    while reference := rule.get("$ref"):
        target = schema()["$defs"][reference.removeprefix("#/$defs/")]
        rule = {**target, **{key: value for key, value in rule.items() if key != "$ref"}}
    branches = [branch for branch in rule.get("anyOf", ()) if "type" in branch]
    if branches:
        fitting = [branch for branch in branches if node.type in _types(branch)]
        rule = {**rule, **(fitting[0] if fitting else {"type": [type_ for b in branches for type_ in _types(b)]})}
    return rule


def _types(rule: Schema) -> list[str]:
    types = rule.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _wrong_type(node: Node, rule: Schema) -> str | None:
    types = _types(rule)
    if not types or node.type in types:
        return None
    requested = " or ".join(_TYPES[Type(type_)] for type_ in types)
    if hint := rule.get("errorMessage"):
        return str(hint)
    if "enum" in rule:
        return f"expected one of {', '.join(map(str, rule['enum']))}, not {_named(node)}"
    message = f"expected {requested}, not {_named(node)}"
    if isinstance(node, Scalar) and Type.STRING in types and node.type is not Type.NULL:
        return f'{message}: write "{_short(node.text)}" in quotes'
    if isinstance(node, Scalar) and Type.BOOLEAN in types and node.text.lower() in _YAML_1_1_BOOLEANS:
        return f"{message}: YAML 1.2 knows only true and false"
    return message


def _named(node: Node) -> str:
    if isinstance(node, Scalar) and node.type is not Type.NULL:
        return f"{_TYPES[node.type]} ({_short(node.text)})" if node.type is not Type.BOOLEAN else _short(node.text)
    return _TYPES[node.type]


def _short(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= 40 and line == text else line[:40] + "…"


def _check_scalar(node: Scalar, rule: Schema) -> Iterator[ConfigError]:
    match node.type:
        case Type.STRING:
            if message := _wrong_text(node, rule):
                yield node.at(message[0]).error(message[1])
        case Type.INTEGER:
            if text := _wrong_number(node.text, rule):
                yield node.place.error(text)
        case Type.BOOLEAN if "const" in rule and boolean(node) is not rule["const"]:
            yield node.place.error(f"only {json.dumps(rule['const'])} is allowed here")
        case _:
            pass


def _wrong_text(node: Scalar, rule: Schema) -> tuple[int, str] | None:
    text = node.text
    if "enum" in rule and text not in rule["enum"]:
        return 0, f"{_short(text)!r} is not one of {', '.join(rule['enum'])}{_did_you_mean(text, rule['enum'])}"
    if len(text) > rule.get("maxLength", len(text)):
        return 0, f"longer than {rule['maxLength']} characters"
    if len(text) < rule.get("minLength", 0):
        return 0, "is empty"
    if "pattern" in rule and not re.search(rule["pattern"].removesuffix("$") + r"\Z", text):
        return 0, f"{_short(text)!r}: {rule['patternErrorMessage']}"
    if checker := FORMATS.get(rule.get("format", "")):
        return checker(text)
    return None


def _wrong_number(text: str, rule: Schema) -> str | None:
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits.startswith("0") and digits.isdigit():
        return f"{_short(text)}: ambiguous, YAML 1.1 reads it as octal: remove the leading zero"
    value = integer(text) if len(digits) <= _MAX_DIGITS else None
    if "enum" in rule and value not in rule["enum"]:
        return f"{_short(text)}: {rule['errorMessage']}"
    low, high = rule.get("minimum"), rule.get("maximum")
    if low is not None and high is not None and (value is None or not low <= value <= high):
        return f"{_short(text)} is not between {low} and {high}"
    return None


def integer(text: str) -> int:
    """The value of an integer scalar of the core schema."""
    return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))


def number(node: Mapping, key: str = "number") -> int | None:
    """The whole number below a key."""
    scalar = node.scalar(key)
    return integer(scalar.text) if scalar else None


def boolean(node: Scalar) -> bool:
    """The value of a boolean scalar of the core schema."""
    return node.text.lower() == "true"


def _check_mapping(node: Mapping, rule: Schema) -> Iterator[ConfigError]:
    yield from _check_size(node, len(node.keys), "keys", rule.get("minProperties"), rule.get("maxProperties"))
    properties, extra = rule.get("properties", {}), rule.get("additionalProperties", True)
    for key in node.keys:
        if key.text in properties:
            yield from check(node.values[key.text], properties[key.text])
        elif extra is False:
            hint = _did_you_mean(key.text, properties) or f": known keys are {', '.join(properties)}"
            yield key.place.error(f"unknown key {_short(key.text)!r}{hint}")
        else:
            yield from check(key, rule.get("propertyNames", {}))
            yield from check(node.values[key.text], extra)
    for name in rule.get("required", ()):
        if name not in node.values:
            yield node.place.error(f"the key {name!r} is missing")


def _did_you_mean(word: str, known: list[str] | Schema) -> str:
    names = list(known)
    close = closest(word[:40].replace("-", "_"), names, cutoff=0.7) or closest(
        word[:40].lower().replace("_", "-"), names, cutoff=0.7
    )
    return f": did you mean {close!r}?" if close else ""


def _check_size(node: Node, size: int, things: str, low: int | None, high: int | None) -> Iterator[ConfigError]:
    if low is not None and size < low:
        yield node.place.error("is empty" if not size else f"has fewer than {low} {things}")
    if high is not None and size > high:
        yield node.place.error(f"has {size} {things}: at most {high} allowed")
