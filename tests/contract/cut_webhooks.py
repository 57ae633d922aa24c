"""Cuts out of GitHub's webhook schemas what may be missing or null in the events that the bot reads.

    python -m tests.contract.cut_webhooks DIRECTORY > tests/contract/data/webhook-gaps.json

``DIRECTORY`` is ``package/generated`` of ``@octokit/openapi-webhooks``: github.com's schemas and those of each
Enterprise Server that is supported.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

from bot.github.payloads.webhooks import PAYLOADS

Json = Any
Gaps = dict[str, list[str]]
"""Path to what may be there instead: ``gone``, ``null``."""
DEPTH = 3
"""Keys of a path that is looked at whether it is read or not."""


def read_paths(kind: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - a type annotation
    """The keys that a payload's type reads, outer ones first: ``a.b``, and ``a[].b`` in a list."""
    match get_origin(kind):
        case origin if origin is Annotated:
            yield from read_paths(get_args(kind)[0], path)
        case origin if origin in (Union, UnionType):
            for part in get_args(kind):
                if part is not NoneType:
                    yield from read_paths(part, path)
        case origin if origin is tuple:
            yield from read_paths(get_args(kind)[0], f"{path}[]")
        case None if isinstance(kind, type) and issubclass(kind, Struct):
            for field in fields(kind):
                below = f"{path}.{field.encode_name}".removeprefix(".")
                yield below
                yield from read_paths(field.type, below)
        case _:
            pass


class Description:
    """One of the package's files."""

    def __init__(self, document: Json) -> None:
        self.schemas: dict[str, Json] = document["components"]["schemas"]
        self.webhooks: dict[str, Json] = document["webhooks"]

    def payloads(self, event: str) -> Iterator[Json]:
        """The schema of each action of an event."""
        for declared in self.webhooks.values():
            post = declared["post"]
            if post["operationId"].partition("/")[0].replace("-", "_") == event:
                yield post["requestBody"]["content"]["application/json"]["schema"]

    def paths(self, schema: Json, depth: int, above: str = "") -> Iterator[str]:
        """All keys, ``depth`` levels of them."""
        for form in self.variants(schema):
            if "items" in form:
                yield from self.paths(form["items"], depth, f"{above}[]")
            for name, below in form.get("properties", {}).items() if depth else ():
                path = f"{above}.{name}".removeprefix(".")
                yield path
                yield from self.paths(below, depth - 1, path)

    def variants(self, schema: Json) -> list[Json]:
        """The forms that a value may have, each with all its ``properties`` and what is ``required``."""
        if "$ref" in schema:
            return self.variants(self.schemas[schema["$ref"].rpartition("/")[2]])
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return [form for part in schema[key] for form in self.variants(part)]
        if "allOf" in schema:
            forms = [form for part in schema["allOf"] for form in self.variants(part)]
            properties: dict[str, Json] = {}
            for form in forms:
                properties |= form.get("properties", {})
            required = [name for form in forms for name in form.get("required", ())]
            null = any(may_be_null(form) for form in (schema, *forms))
            return [{"properties": properties, "required": required, "nullable": null}]
        return [schema]

    def gap(self, schema: Json, path: str) -> set[str]:
        """What may be at the path instead of a value."""
        found: set[str] = set()
        forms = self.variants(schema)
        for step in path.replace("[]", ".[]").split("."):
            found = set()
            inner = []
            for form in forms:
                below = form.get("items") if step == "[]" else form.get("properties", {}).get(step)
                if below is None or (step != "[]" and step not in form.get("required", ())):
                    found.add("gone")
                if below is not None:
                    inner += [
                        {**each, "nullable": may_be_null(each) or may_be_null(below)} for each in self.variants(below)
                    ]
            if any(map(may_be_null, inner)):
                found.add("null")
            forms = inner
        return found


def may_be_null(schema: Json) -> bool:
    """By whatever of the ways to say so."""
    kind = schema.get("type")
    return bool(schema.get("nullable")) or kind == "null" or (isinstance(kind, list) and "null" in kind)


def gaps(description: Description, event: str) -> Gaps:
    """Of one event, whatever its action."""
    found: dict[str, set[str]] = {}
    for schema in description.payloads(event):
        for path in {*description.paths(schema, DEPTH), *read_paths(PAYLOADS[event])}:
            found.setdefault(path, set()).update(description.gap(schema, path))
    return {path: sorted(instead) for path, instead in found.items() if instead}


def merged(many: Iterable[Description]) -> dict[str, Gaps]:
    """By event, what one of the descriptions permits."""
    result: dict[str, Gaps] = {}
    for event in sorted(PAYLOADS):
        found: Gaps = {}
        for description in many:
            for path, instead in gaps(description, event).items():
                found[path] = sorted({*found.get(path, ()), *instead})
        result[event] = dict(sorted(found.items()))
    return result


def deep() -> dict[str, list[str]]:
    """By event, the paths that are read below what is looked at in any case."""
    return {
        event: sorted({path for path in read_paths(kind) if path.count(".") >= DEPTH})
        for event, kind in sorted(PAYLOADS.items())
    }


def main(directory: Path) -> None:
    files = sorted(directory.glob("*.json"))
    many = {path.stem: Description(json.loads(path.read_text(encoding="utf-8"))) for path in files}
    cut = {"source": "@octokit/openapi-webhooks 12.1.0", "versions": list(many), "deep": deep()}
    sys.stdout.write(json.dumps({**cut, "gaps": merged(list(many.values()))}, indent=0) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
