"""REST operations as GitHub's OpenAPI description declares them, cut down in ``data/rest.json``.

Paths are matched by hand: ``{path}``, ``{ref}``, ``{branch}`` and ``{basehead}`` span several segments, which no
OpenAPI library can do.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import jsonschema_rs

from tests.contract.closing import Schema, closed, closed_definitions
from tests.contract.mismatch import Mismatch, schema_mismatches

SPANNING = frozenset({"path", "ref", "branch", "basehead"})
ERROR_SCHEMAS = {422: "validation-error"}
"""Any operation may refuse; what the description leaves out is a ``basic-error``.

https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
"""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation: its method, its path template, and the declarations as they stand in the description."""

    id: str
    method: str
    template: str
    declared: Schema = field(repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The whole path; group names are the path parameters."""
        pieces = re.split(r"\{(\w+)\}", self.template)
        expression = "".join(
            re.escape(piece) if n % 2 == 0 else f"(?P<{piece}>{'.*' if piece in SPANNING else '[^/]+'})"
            for n, piece in enumerate(pieces)
        )
        return re.compile(expression, re.DOTALL)

    @property
    def literal_length(self) -> int:
        """How much of the template is fixed text: of two templates that match, the longer is meant."""
        return len(re.sub(r"\{\w+\}", "", self.template))

    def parameters(self, where: str) -> dict[str, Schema]:
        return {p["name"]: p for p in self.declared["parameters"] if p["in"] == where}


def by_name(path: str) -> str:
    """``/repositories/7/pulls`` as ``/repos/{owner}/{repo}/pulls``: the same operations under the permanent id."""
    return re.sub(r"^/repositories/\d+(?=/|$)", "/repos/by/id", path)


def text_mismatch(text: str, schema: Schema) -> str | None:
    """What is wrong with a path or query parameter, which is text whatever its declared type."""
    if schema["type"] == "integer" and not re.fullmatch(r"-?\d+", text, re.ASCII):
        return f"{text!r} is not an integer"
    if "enum" in schema and text not in schema["enum"]:
        return f"{text!r} is none of {schema['enum']}"
    if schema.get("format") == "date-time":
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return f"{text!r} is not a date-time"
    return None


class RestContract:
    """The REST half of the contract.  Validators are compiled when first needed, and kept."""

    def __init__(self, description: Schema) -> None:
        self.operations = sorted(
            (
                Operation(id=name, method=declared["method"], template=declared["path"], declared=declared)
                for name, declared in description["operations"].items()
            ),
            key=lambda operation: -operation.literal_length,
        )
        self._open = description["$defs"]
        self._closed = closed_definitions(description["$defs"], referred_from=description["operations"])
        self._validators: dict[tuple[str, str], jsonschema_rs.Draft202012Validator] = {}

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a method and a percent-decoded path (without query) belong to.

        ``HEAD`` asks for what ``GET`` would answer; ``/repositories/{id}`` is where a renamed repository redirects to.
        """
        method = "GET" if method == "HEAD" else method
        path = by_name(path)
        return next((o for o in self.operations if o.method == method and o.pattern.fullmatch(path)), None)

    def check_request(self, method: str, path: str, query: Mapping[str, str], body: object) -> Iterator[Mismatch]:
        """Whether GitHub knows this request: its path, its parameters and every key of its body."""
        operation = self.find(method, path)
        if operation is None:
            yield Mismatch(subject=f"{method} {path}", pointer="", message="GitHub has no such operation")
            return
        yield from self._check_parameters(operation, path, query)
        schema = operation.declared.get("body")
        subject = f"{operation.id} request"
        if schema is None and body not in (None, {}):
            yield Mismatch(subject=subject, pointer="", message="the operation takes no body")
        elif body is None and operation.declared.get("body_required"):
            yield Mismatch(subject=subject, pointer="", message="the body is missing")
        elif schema is not None and body is not None:
            yield from schema_mismatches(subject, self._validator(f"{operation.id} request", schema), body)

    def _check_parameters(self, operation: Operation, path: str, query: Mapping[str, str]) -> Iterator[Mismatch]:
        matched = operation.pattern.fullmatch(by_name(path))
        assert matched is not None, "the operation was found by this path"
        given = {"path": matched.groupdict(), "query": dict(query)}
        for where, values in given.items():
            subject, declared = f"{operation.id} {where}", operation.parameters(where)
            for name, text in values.items():
                known = declared.get(name)
                wrong = "GitHub has no such parameter" if known is None else text_mismatch(text, known["schema"])
                if wrong is not None:
                    yield Mismatch(subject=subject, pointer=f"/{name}", message=wrong)
            for name, parameter in declared.items():
                if parameter.get("required") and name not in values:
                    yield Mismatch(subject=subject, pointer=f"/{name}", message="the parameter is missing")

    def check_response(
        self, operation: Operation, status: int, body: object, content_type: str | None, *, strict: bool = True
    ) -> Iterator[Mismatch]:
        """Whether GitHub could have answered this.  ``strict`` allows declared properties only."""
        subject = f"{operation.id} response {status}"
        declared = operation.declared["responses"].get(str(status)) or general_answer(operation, status)
        if declared is None:
            yield Mismatch(subject=subject, pointer="", message="the operation does not declare this status")
            return
        media_type = (content_type or "").partition(";")[0].strip()
        if not declared["content"]:
            if body is not None:
                yield Mismatch(subject=subject, pointer="", message="the answer has no body")
        elif media_type not in declared["content"]:
            yield Mismatch(
                subject=subject, pointer="", message=f"content type {media_type!r} is none of {declared['content']}"
            )
        elif media_type.endswith("json"):
            yield from schema_mismatches(subject, self._validator(subject, declared["schema"], strict=strict), body)

    def _validator(self, name: str, schema: Schema, *, strict: bool = True) -> jsonschema_rs.Draft202012Validator:
        key = (name, "closed" if strict else "open")
        if key not in self._validators:
            whole = {"allOf": [closed(schema) if strict else schema], "$defs": self._closed if strict else self._open}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[key]


def general_answer(operation: Operation, status: int) -> Schema | None:
    """The answers that every operation may give: refusals, "not modified" to a conditional GET, "moved" to any.

    https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
    """
    if status == 304 and operation.method == "GET":
        return {"content": []}
    if status in (301, 307) or 400 <= status <= 599:
        name = ERROR_SCHEMAS.get(status, "basic-error")
        return {"content": ["application/json"], "schema": {"$ref": f"#/$defs/{name}"}}
    return None
