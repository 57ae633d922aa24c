"""Adds operations, or payloads of webhooks, to the vendored part of GitHub's descriptions.

    python -m tests.contract.cut rest api.github.com.json checks/get-suite …
    python -m tests.contract.cut webhooks api.github.com.json issues-labeled …

The file is of ``package/generated`` of ``@octokit/openapi``, or of ``@octokit/openapi-webhooks``, in the version that
``data/NOTICE.md`` names.  Prose and examples are left out, and OpenAPI's ``nullable`` becomes JSON Schema's ``null``.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Json = Any
DATA = Path(__file__).parent / "data"
KEPT = (
    "$ref", "type", "properties", "required", "items", "enum", "oneOf", "anyOf", "allOf", "format", "pattern",
    "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "additionalProperties", "not",
)  # fmt: skip
FORMATS = ("date-time", "uri", "email", "int64", "uuid")


def schema_of(node: Json) -> Json:
    """A schema of OpenAPI 3.0 as one of JSON Schema 2020-12."""
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref'].rpartition('/')[2]}"}
    made: dict[str, Json] = {}
    for key in (key for key in node if key in KEPT):
        value = node[key]
        if key == "properties":
            made[key] = {name: schema_of(each) for name, each in value.items()}
        elif key in ("oneOf", "anyOf", "allOf"):
            made[key] = [schema_of(each) for each in value]
        else:
            made[key] = schema_of(value)
    return with_null(made) if node.get("nullable") else made


def with_null(made: dict[str, Json]) -> Json:
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
        return made
    return {"anyOf": [made, {"type": "null"}]}


def names(node: Json) -> Iterator[str]:
    """The definitions that a schema refers to."""
    match node:
        case {"$ref": str(target), **others}:
            yield target.rpartition("/")[2]
            yield from names(others)
        case dict():
            for value in node.values():
                yield from names(value)
        case list():
            for value in node:
                yield from names(value)


def define(definitions: dict[str, Json], schemas: dict[str, Json], node: Json) -> None:
    """Add what ``node`` refers to, and what that does."""
    for name in names(node):
        if name not in definitions:
            definitions[name] = schema_of(schemas[name])
            define(definitions, schemas, definitions[name])


def operation_of(document: Json, method: str, path: str, given: Json) -> Json:
    components = document["components"]

    def resolved(node: Json, kind: str) -> Json:
        return components[kind][node["$ref"].rpartition("/")[2]] if "$ref" in node else node

    parameters = []
    for each in (resolved(one, "parameters") for one in given.get("parameters", ())):
        required = {"required": True} if each.get("required") else {}
        parameters.append({"name": each["name"], "in": each["in"], **required, "schema": schema_of(each["schema"])})
    responses: dict[str, Json] = {}
    for status, response in given["responses"].items():
        content = resolved(response, "responses").get("content", {})
        schema = content.get("application/json", {}).get("schema")
        shown: dict[str, Json] = {"content": sorted(content)}
        responses[status] = shown | ({} if schema is None else {"schema": schema_of(schema)})
    made: dict[str, Json] = {
        "method": method.upper(), "path": path, "parameters": parameters, "responses": responses,
    }  # fmt: skip
    body = given.get("requestBody")
    if body:
        made["body_required"] = bool(body.get("required"))
        made["body"] = schema_of(body["content"]["application/json"]["schema"])
    return made


def add_operations(document: Json, ids: Sequence[str]) -> None:
    vendored = json.loads((DATA / "rest.json").read_text(encoding="utf-8"))
    found = {
        each["operationId"]: operation_of(document, method, path, each)
        for path, methods in document["paths"].items()
        for method, each in methods.items()
        if each["operationId"] in ids
    }
    for name in ids:
        vendored["operations"][name] = found[name]
        define(vendored["$defs"], document["components"]["schemas"], found[name])
    write("rest.json", vendored)


def add_payloads(document: Json, pairs: Sequence[str]) -> None:
    vendored = json.loads((DATA / "webhooks.json").read_text(encoding="utf-8"))
    for pair in pairs:
        content = document["webhooks"][pair]["post"]["requestBody"]["content"]["application/json"]
        vendored["events"][pair] = schema_of(content["schema"])
        define(vendored["$defs"], document["components"]["schemas"], vendored["events"][pair])
    write("webhooks.json", vendored)


def write(name: str, document: Json) -> None:
    (DATA / name).write_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    what, source, *requested = sys.argv[1:]
    description = json.loads(Path(source).read_text(encoding="utf-8"))
    {"rest": add_operations, "webhooks": add_payloads}[what](description, requested)
