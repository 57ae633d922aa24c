"""The GraphQL endpoint: GitHub's schema (``schema.graphql``, cut down), executed by graphql-core over the records.

https://docs.github.com/graphql
"""

import functools
import inspect
from collections.abc import Mapping
from importlib import resources
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    build_schema,
    parse,
    validate,
)
from graphql import execute as execute_document

from bot.sandbox.auth import Anonymous, AppIdentity, Identity
from bot.sandbox.errors import ApiError, QueryRefused
from bot.sandbox.graph import Graph
from bot.sandbox.limits import Limits
from bot.sandbox.routing import Answer
from bot.sandbox.shapes.connections import Refusal
from bot.sandbox.world import Obj, World


@functools.cache
def schema() -> GraphQLSchema:
    return build_schema(resources.files("bot.sandbox").joinpath("schema.graphql").read_text())


@functools.lru_cache(maxsize=256)
def parsed(document: str) -> DocumentNode:
    """A client sends the same texts again and again, with other variables.  Raises ``GraphQLError``."""
    return parse(document)


@functools.lru_cache(maxsize=256)
def faults(document: str) -> tuple[GraphQLError, ...]:
    """What is wrong with a text that parses."""
    return tuple(validate(schema(), parsed(document)))


def operations(body: Obj) -> tuple[tuple[str, ...], bool]:
    """The top-level fields of a request's document, and whether it is a mutation; none when it does not parse."""
    try:
        document = parsed(str(body.get("query", "")))
    except GraphQLError:
        return (), False
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fields = tuple(s.name.value for node in found for s in node.selection_set.selections if isinstance(s, FieldNode))
    return fields, any(node.operation is OperationType.MUTATION for node in found)


def nodes(document: str, variables: Obj) -> int:
    """How many nodes a query asks for: every field is one, and a connection as many as its ``first`` or ``last``.

    https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
    """
    try:
        definitions = parsed(document).definitions
    except GraphQLError:
        return 0
    found = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    return sum(_nodes(node.selection_set, variables, fragments) for node in found)


def _nodes(selected: SelectionSetNode | None, variables: Obj, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """Leaves cost nothing; a fragment costs wherever it is spread."""
    total = 0
    for field in selected.selections if selected else ():
        if isinstance(field, FragmentSpreadNode):
            name = field.name.value
            others = {key: each for key, each in fragments.items() if key != name}
            total += _nodes(fragments[name].selection_set, variables, others) if name in fragments else 0
            continue
        inner = field.selection_set if isinstance(field, FieldNode | InlineFragmentNode) else None
        below = _nodes(inner, variables, fragments)
        if isinstance(field, FieldNode) and field.selection_set:
            sizes = [_size(each.value, variables) for each in field.arguments if each.name.value in ("first", "last")]
            below = (1 + below) * max(sizes, default=1)
        total += below
    return total


def _size(value: ValueNode, variables: Obj) -> int:
    if isinstance(value, VariableNode):
        return int(variables.get(value.name.value) or 1)
    return int(value.value) if isinstance(value, IntValueNode) else 1


async def execute(world: World, identity: Identity, body: Any, limits: Limits) -> Answer:  # noqa: ANN401 - what came
    """Answer one request.  Refusals are a 200 with ``errors``, each with a ``type``, as GitHub's are."""
    if isinstance(identity, Anonymous | AppIdentity):
        raise ApiError(
            403 if isinstance(identity, AppIdentity) else 401, "This endpoint requires you to be authenticated."
        )
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise ApiError(400, "A query attribute must be specified and must be a string.")
    asked = nodes(body["query"], body.get("variables") or {})
    if limits.graphql_nodes is not None and asked > limits.graphql_nodes:
        raise QueryRefused(200, "RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")
    return Answer(body=_body(await _result(body, Graph(world, identity, limits))))


async def _result(body: Obj, root: Graph) -> ExecutionResult:
    try:
        document = parsed(body["query"])
    except GraphQLError as error:
        return ExecutionResult(data=None, errors=[error])
    if wrong := faults(body["query"]):
        return ExecutionResult(data=None, errors=[*wrong])
    result = execute_document(
        schema(),
        document,
        root_value=root,
        variable_values=body.get("variables") or {},
        operation_name=body.get("operationName"),
    )
    return await result if inspect.isawaitable(result) else result


def _body(result: ExecutionResult) -> Obj:
    if not result.errors:
        return {"data": result.data}
    errors = [_error(error) for error in result.errors]
    return (
        {"errors": errors}
        if result.data is None and not result.errors[0].path
        else {"data": result.data, "errors": errors}
    )


def _error(error: GraphQLError) -> Obj:
    """GitHub puts the ``type`` of an error beside its message, and none on those of the language."""
    shown: Obj = {"message": error.message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = list(error.path)
    match error.original_error:
        case None | GraphQLError():
            return shown
        case Refusal(type=kind):
            return {"type": kind, **shown}
        case ApiError(status=status, message=message):
            return {
                "type": {403: "FORBIDDEN", 404: "NOT_FOUND"}.get(status, "UNPROCESSABLE"),
                **shown,
                "message": message,
            }
        case other:
            raise other
