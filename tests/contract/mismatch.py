"""What the checker says: where traffic and GitHub's contract disagree, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import jsonschema_rs

LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mismatch:
    """One disagreement.

    ``subject`` names the message (``checks/create request``, ``webhook push``, ``graphql result``), ``pointer`` is the
    RFC 6901 JSON pointer of the value in it (empty: the whole message).
    """

    subject: str
    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.pointer or '(whole)'}: {self.message}"


def pointer_of(path: Iterable[str | int]) -> str:
    """RFC 6901: ``~`` and ``/`` inside a name are escaped."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def schema_mismatches(subject: str, validator: jsonschema_rs.Draft202012Validator, value: object) -> Iterator[Mismatch]:
    """Every way in which ``value`` breaks the schema; of a failed ``oneOf``/``anyOf`` the branch that came nearest."""
    errors = [cause for error in validator.iter_errors(value) for cause in nearest(error)]
    for cause in errors:
        if not echoed(cause, errors):
            yield Mismatch(subject=subject, pointer=pointer_of(cause.instance_path), message=shortened(cause.message))


def shortened(message: str) -> str:
    """jsonschema-rs quotes the whole offending value: the two ends of it tell enough."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    return f"{message[: LONGEST_MESSAGE // 2]} … {message[-LONGEST_MESSAGE // 2 :]}"


def echoed(error: jsonschema_rs.ValidationError, errors: list[jsonschema_rs.ValidationError]) -> bool:
    """Whether ``unevaluatedProperties`` only repeats another error: a branch that failed evaluates nothing."""
    if not isinstance(error.kind, jsonschema_rs.ValidationErrorKind.UnevaluatedProperties):
        return False
    here = error.instance_path
    return any(other is not error and other.instance_path[: len(here)] == here for other in errors)


def nearest(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """The errors of the alternative that fits best: the one that fails deepest inside the value, then with fewest."""
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.AnyOf(context=branches):
            pass
        case jsonschema_rs.ValidationErrorKind.OneOfNotValid(context=branches):
            pass
        case _:
            return [error]
    candidates = [[cause for inner in branch for cause in nearest(inner)] for branch in branches]
    if not candidates:
        return [error]
    return max(candidates, key=lambda causes: (max(len(cause.instance_path) for cause in causes), -len(causes)))
