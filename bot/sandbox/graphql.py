"""The GraphQL endpoint: GitHub's schema (``schema.graphql``, cut down), executed by graphql-core over the records.

https://docs.github.com/graphql
"""

import functools
from importlib import resources
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    graphql,
    parse,
)

from bot.sandbox.auth import Anonymous, AppIdentity, Identity
from bot.sandbox.errors import ApiError
from bot.sandbox.graph import Graph
from bot.sandbox.limits import Limits
from bot.sandbox.routing import Answer
from bot.sandbox.shapes.graphql import Refusal
from bot.sandbox.world import Obj, World


@functools.cache
def schema() -> GraphQLSchema:
    return build_schema(resources.files("bot.sandbox").joinpath("schema.graphql").read_text())


def operations(body: Obj) -> tuple[tuple[str, ...], bool]:
    """The top-level fields of a request's document, and whether it is a mutation; none when it does not parse."""
    try:
        document = parse(str(body.get("query", "")))
    except GraphQLError:
        return (), False
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fields = tuple(s.name.value for node in found for s in node.selection_set.selections if isinstance(s, FieldNode))
    return fields, any(node.operation is OperationType.MUTATION for node in found)


async def execute(world: World, identity: Identity, body: Any, limits: Limits) -> Answer:  # noqa: ANN401 - what came
    """Answer one request.  Refusals are a 200 with ``errors``, each with a ``type``, as GitHub's are."""
    if isinstance(identity, Anonymous | AppIdentity):
        raise ApiError(
            403 if isinstance(identity, AppIdentity) else 401, "This endpoint requires you to be authenticated."
        )
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise ApiError(400, "A query attribute must be specified and must be a string.")
    result = await graphql(
        schema(),
        body["query"],
        root_value=Graph(world, identity, limits),
        variable_values=body.get("variables") or {},
        operation_name=body.get("operationName"),
    )
    return Answer(body=_body(result))


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
