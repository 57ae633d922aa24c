"""Refusals, in the words and shapes of GitHub's REST API."""

from collections.abc import Mapping
from typing import Any

DOCS = "https://docs.github.com/rest"


class ApiError(Exception):
    """An answer with a status of 300 or more: ``{"message", "documentation_url", "status"[, "errors"][, "url"]}``."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.errors, self.headers = status, message, errors, dict(headers or {})
        self.url = url

    @property
    def body(self) -> dict[str, Any]:
        extra: dict[str, Any] = {} if self.errors is None else {"errors": self.errors}
        extra |= {} if self.url is None else {"url": self.url}
        return {"message": self.message, **extra, "documentation_url": DOCS, "status": str(self.status)}


class QueryRefused(ApiError):
    """A refusal of a whole query as GraphQL words it, whatever the status."""

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, headers=headers)
        self.kind = kind

    @property
    def body(self) -> dict[str, Any]:
        return {"errors": [{"type": self.kind, "message": self.message}]}


def not_found() -> ApiError:
    return ApiError(404, "Not Found")


def forbidden(message: str = "Resource not accessible by integration") -> ApiError:
    """What an installation token hears when it lacks a permission.

    https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#resource-not-accessible
    """
    return ApiError(403, message)


def invalid(resource: str, field: str, message: str | None = None, *, code: str = "custom") -> ApiError:
    """422 Validation Failed with one entry of ``{"resource", "code", "field"[, "message"]}``.

    https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
    """
    detail = {"resource": resource, "code": code, "field": field}
    if message is not None:
        detail["message"] = message
    return ApiError(422, "Validation Failed", errors=[detail])


def malformed(problem: str) -> ApiError:
    """422 for a body that does not fit the operation's schema."""
    return ApiError(422, f"Invalid request.\n\n{problem}")
