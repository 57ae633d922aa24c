"""Closed schemas: GitHub's own leave every object open, so that a misspelt optional key would pass unseen."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def references(schema: object) -> Iterator[str]:
    """The names of the ``$defs`` that ``schema`` refers to from inside an ``allOf``."""
    match schema:
        case dict():
            for branch in schema.get("allOf", ()) if isinstance(schema.get("allOf"), list) else ():
                if "$ref" in branch:
                    yield branch["$ref"].rpartition("/")[2]
            for value in schema.values():
                yield from references(value)
        case list():
            for value in schema:
                yield from references(value)


def closed(schema: Schema, *, part: bool = False) -> Schema:
    """``schema`` in which every object with declared properties takes no others.

    ``part`` says that the schema describes only a part of its object (a branch of ``allOf``, or an alternative beside
    properties of its parent): then the whole is closed, not the part.  The whole of an ``allOf`` is closed by
    ``unevaluatedProperties``, which alone sees into the branches.
    """
    composed = isinstance(schema.get("allOf"), list)
    named = isinstance(schema.get("properties"), dict)
    result = {keyword: closed_below(keyword, value, whole=not named) for keyword, value in schema.items()}
    if (named or composed) and not part and "additionalProperties" not in schema:
        result["unevaluatedProperties" if composed else "additionalProperties"] = False
    return result


def closed_below(keyword: str, value: object, *, whole: bool) -> object:
    """The value of one keyword, closed; ``properties`` maps names, which are no keywords, to schemas."""
    match keyword, value:
        case (("properties" | "$defs"), dict()):
            return {name: closed(schema) for name, schema in value.items()}
        case "allOf", list():
            return [closed(branch, part=True) for branch in value]
        case (("anyOf" | "oneOf"), list()):
            return [closed(branch, part=not whole) for branch in value]
        case _, dict():
            return closed(value)
        case _:
            return value


def closed_definitions(definitions: Schema, *, referred_from: object) -> Schema:
    """``$defs``, closed but for those that only complete an ``allOf`` somewhere."""
    parts = set(references(definitions)) | set(references(referred_from))
    return {name: closed(schema, part=name in parts) for name, schema in definitions.items()}
