"""Reads a GraphQL answer.  Pure.  https://docs.github.com/en/graphql/guides/forming-calls-with-graphql."""

from typing import Any

from bot.github.errors import GraphQLError, Transient

_HICCUP = "something went wrong"
"""How GitHub begins when it timed out or broke: an error without a type."""


def outcome(answer: Any) -> dict[str, Any]:
    """The ``data`` of an answer.

    Raises :class:`GraphQLError` for its first error, also when there is partial data.
    :class:`Transient` where GitHub itself failed; ``KeyError`` if it is not a GraphQL answer at all.
    """
    if not isinstance(answer, dict):
        raise KeyError("data")
    errors = answer.get("errors")
    if errors:
        first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {}
        kind, message = str(first.get("type") or ""), str(first.get("message") or "unnamed error")
        if not kind and message.lower().startswith(_HICCUP):
            raise Transient(message[:200])
        raise GraphQLError(kind, message)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise KeyError("data")
    return data
