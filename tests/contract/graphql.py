"""GraphQL: a document against ``data/schema.graphql``, its variables, and the shape of its result."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import graphql as gql

from tests.contract.mismatch import Mismatch, pointer_of

Path = tuple[str | int, ...]
Composite = gql.GraphQLObjectType | gql.GraphQLInterfaceType
"""GitHub's cut schema has no unions."""


def text(value: object) -> str:
    if not isinstance(value, str):
        raise gql.GraphQLError(f"{value!r} is not a string")
    return value


def object_id(value: object) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text(value)):
        raise gql.GraphQLError(f"{value!r} is not a git object id")
    return text(value)


def base64_text(value: object) -> str:
    try:
        base64.b64decode(text(value), validate=True)
    except binascii.Error as error:
        raise gql.GraphQLError("not base64") from error
    return text(value)


def date_time(value: object) -> str:
    try:
        datetime.fromisoformat(text(value))
    except ValueError as error:
        raise gql.GraphQLError(f"{value!r} is not a date-time") from error
    return text(value)


def uri(value: object) -> str:
    if not re.fullmatch(r"https?://\S+", text(value)):
        raise gql.GraphQLError(f"{value!r} is not a URI")
    return text(value)


def ref_name(value: object) -> str:
    if not re.fullmatch(r"refs/[^/]+/.+", text(value)):
        raise gql.GraphQLError(f"{value!r} is not a fully qualified ref name")
    return text(value)


SCALARS: dict[str, Callable[[Any], Any]] = {
    "GitObjectID": object_id,
    "Base64String": base64_text,
    "DateTime": date_time,
    "URI": uri,
    "GitRefname": ref_name,
}
"""GitHub's own scalars: https://docs.github.com/graphql/reference/scalars"""


class GraphQLContract:
    """The GraphQL half of the contract."""

    def __init__(self, sdl: str) -> None:
        self.schema = gql.build_schema(sdl)
        for name, parse in SCALARS.items():
            scalar = self.schema.type_map[name]
            assert isinstance(scalar, gql.GraphQLScalarType), name
            scalar.parse_value = parse  # type: ignore[method-assign, assignment]  # how graphql-core is told

    def check(self, document: str, variables: Mapping[str, Any], result: object) -> Iterator[Mismatch]:
        """Whether GitHub would take the document and these variables, and could have answered ``result``."""
        try:
            parsed = gql.parse(document)
        except gql.GraphQLSyntaxError as error:
            yield Mismatch(subject="graphql document", pointer="", message=error.message)
            return
        faults = gql.validate(self.schema, parsed)
        for fault in faults:
            yield Mismatch(subject="graphql document", pointer="", message=fault.message)
        if faults:
            return
        operation = gql.get_operation_ast(parsed)
        if operation is None:
            yield Mismatch(subject="graphql document", pointer="", message="not exactly one operation")
            return
        coerced = gql.execution.get_variable_values(self.schema, operation.variable_definitions, dict(variables))
        if isinstance(coerced, list):
            for fault in coerced:
                yield Mismatch(subject="graphql variables", pointer="", message=fault.message)
            return
        yield from self._check_undeclared(operation, variables)
        yield from ResultCheck(self.schema, parsed, coerced).check(operation, result)

    @staticmethod
    def _check_undeclared(operation: gql.OperationDefinitionNode, variables: Mapping[str, Any]) -> Iterator[Mismatch]:
        declared = {definition.variable.name.value for definition in operation.variable_definitions}
        for name in sorted(set(variables) - declared):
            yield Mismatch(subject="graphql variables", pointer=f"/{name}", message="the document declares no such one")


class ResultCheck:
    """Holds one result against the selections of one document."""

    def __init__(
        self, schema: gql.GraphQLSchema, document: gql.DocumentNode, variables: Mapping[str, Any] | None = None
    ) -> None:
        self._schema, self._variables = schema, dict(variables or {})
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, gql.FragmentDefinitionNode)}

    def check(self, operation: gql.OperationDefinitionNode, result: object) -> Iterator[Mismatch]:
        """``{"data": …}`` or ``{"errors": […]}`` or both: https://spec.graphql.org/October2021/#sec-Response-Format"""
        if not isinstance(result, dict) or not result.keys() & {"data", "errors"}:
            yield wrong((), "neither data nor errors")
            return
        for key in sorted(result.keys() - {"data", "errors", "extensions"}):
            yield wrong((key,), "not a key of a GraphQL answer")
        if "errors" in result:
            yield from check_errors(result["errors"])
        if result.get("data") is not None:
            root = self._schema.get_root_type(operation.operation)
            assert root is not None, "the document is valid"
            yield from self._check_object(root, [operation.selection_set], result["data"], ("data",))
        elif "errors" not in result:
            yield wrong(("data",), "null without errors")

    def _check_value(
        self, kind: gql.GraphQLOutputType, nodes: list[gql.FieldNode], value: object, path: Path
    ) -> Iterator[Mismatch]:
        if isinstance(kind, gql.GraphQLNonNull):
            if value is None:
                yield wrong(path, f"null, but {kind} is never null")
            else:
                yield from self._check_value(kind.of_type, nodes, value, path)
        elif value is None:
            return
        elif isinstance(kind, gql.GraphQLList):
            if not isinstance(value, list):
                yield wrong(path, f"{value!r} is not a list")
                return
            for n, item in enumerate(value):
                yield from self._check_value(kind.of_type, nodes, item, (*path, n))
        elif isinstance(kind, (gql.GraphQLScalarType, gql.GraphQLEnumType)):
            yield from check_leaf(kind, value, path)
        elif isinstance(kind, (gql.GraphQLObjectType, gql.GraphQLInterfaceType)):
            selections = [node.selection_set for node in nodes if node.selection_set is not None]
            yield from self._check_composite(kind, selections, value, path)

    def _check_composite(
        self, kind: Composite, selections: list[gql.SelectionSetNode], value: object, path: Path
    ) -> Iterator[Mismatch]:
        """An interface's value must fit one of its types (the schema's cut may have left none: then the interface)."""
        types: list[Composite] = [kind]
        if isinstance(kind, gql.GraphQLInterfaceType):
            types = [*self._schema.get_possible_types(kind)] or types
        attempts = [list(self._check_object(one, selections, value, path)) for one in types]
        yield from min(attempts, key=len)

    def _check_object(
        self, kind: Composite, selections: list[gql.SelectionSetNode], value: object, path: Path
    ) -> Iterator[Mismatch]:
        if not isinstance(value, dict):
            yield wrong(path, f"{value!r} is not an object")
            return
        fields: dict[str, list[gql.FieldNode]] = {}
        for selection in selections:
            self._collect(kind, selection, fields)
        for key in sorted(fields.keys() ^ value.keys()):
            yield wrong((*path, key), "asked for and missing" if key in fields else "was not asked for")
        for key in fields.keys() & value.keys():
            name = fields[key][0].name.value
            if name == "__typename":
                if isinstance(kind, gql.GraphQLObjectType) and value[key] != kind.name:
                    yield wrong((*path, key), f"{value[key]!r} is not {kind.name}")
            else:
                yield from self._check_value(kind.fields[name].type, fields[key], value[key], (*path, key))

    def _collect(self, kind: Composite, selection: gql.SelectionSetNode, into: dict[str, list[gql.FieldNode]]) -> None:
        for node in filter(self._is_included, selection.selections):
            match node:
                case gql.FieldNode():
                    into.setdefault((node.alias or node.name).value, []).append(node)
                case gql.InlineFragmentNode(type_condition=gql.NamedTypeNode() as condition):
                    if self._applies(condition, kind):
                        self._collect(kind, node.selection_set, into)
                case gql.InlineFragmentNode():  # "... @include(if: …) {" has no type
                    self._collect(kind, node.selection_set, into)
                case gql.FragmentSpreadNode():
                    fragment = self._fragments[node.name.value]
                    if self._applies(fragment.type_condition, kind):
                        self._collect(kind, fragment.selection_set, into)

    def _is_included(self, node: gql.SelectionNode) -> bool:
        """https://spec.graphql.org/October2021/#sec--include"""
        include = gql.get_directive_values(gql.GraphQLIncludeDirective, node, self._variables)
        skip = gql.get_directive_values(gql.GraphQLSkipDirective, node, self._variables)
        return (include is None or bool(include["if"])) and not (skip and skip["if"])

    def _applies(self, condition: gql.NamedTypeNode, kind: Composite) -> bool:
        if condition.name.value == kind.name:
            return True
        wanted = self._schema.type_map[condition.name.value]
        return isinstance(wanted, gql.GraphQLInterfaceType) and self._schema.is_sub_type(wanted, kind)


def check_leaf(kind: gql.GraphQLScalarType | gql.GraphQLEnumType, value: object, path: Path) -> Iterator[Mismatch]:
    """Reading a value back as an input is stricter than GraphQL's serialisation, which would convert it."""
    if kind.name == "ID" and not isinstance(value, str):
        yield wrong(path, f"{value!r} is not an ID")
        return
    try:
        if isinstance(kind, gql.GraphQLEnumType):
            kind.parse_value(text(value))
        else:
            kind.parse_value(value)
    except gql.GraphQLError as error:
        yield wrong(path, error.message)


def check_errors(errors: object) -> Iterator[Mismatch]:
    if not isinstance(errors, list) or not errors:
        yield wrong(("errors",), "not a list with something in it")
        return
    for n, error in enumerate(errors):
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            yield wrong(("errors", n), "an error without a message")


def wrong(path: Path, message: str) -> Mismatch:
    return Mismatch(subject="graphql result", pointer=pointer_of(path), message=message)
