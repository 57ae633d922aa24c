"""Errors of GitHub's API, as a tree by what the caller can do about them.

``RetryLater`` and ``Gone`` (``bot.domain.errors``) are its two roots that cross layers: wait, or stop.
"""

from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.errors import Gone, RetryLater, SsotError


class Uncertain(RetryLater):
    """A write whose answer was lost: it may have happened.

    Never repeated blindly: the work starts again from reading, and its marker shows what was written.
    """


class NoArchive(RetryLater):
    """The archive of a commit did not come, or not whole: the next one may."""


class NoAnswer(RetryLater):
    """A read that had no usable answer three times."""


class UnexpectedShape(SsotError):
    """An answer that lacks what GitHub documents; ``key`` is what is missing or of another kind.

    Waiting does not help, so it is a failed try.
    """

    def __init__(self, operation: str, key: str) -> None:
        super().__init__(f"{operation}: the answer is not as GitHub documents it, at `{key}`")
        self.operation, self.key = operation, key

    @property
    def reason(self) -> str:
        """As a clause."""
        return str(self)


class NotFound(Gone):
    """404: not there, not there yet, or hidden from this token."""


class NameTaken(Gone):
    """Another repository has the name now by which this one was asked for: its id tells what it is called."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is now another repository")


class Refused(SsotError):
    """A 4xx that a retry does not fix."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status, self.message = status, message


class NoCommonAncestor(Refused):
    """404 of a comparison: both commits are there, and their histories have nothing in common."""


_CLOSED = MappingProxyType(
    {
        "no common ancestor": "the two branches have no commit in common: GitHub cannot compare them",
        "archived so is read-only": "the repository is archived: nothing can be written there",
        "git repository is empty": "the repository is empty",
    }
)
"""What GitHub says (403, 404, 409) of a place in which nothing can be done, whatever it is that was tried."""


def closed_reason(refusal: Refused) -> str | None:
    """Why nothing can be done in this place at all; ``None``: it is this one request that GitHub refuses."""
    return next((why for words, why in _CLOSED.items() if words in refusal.message.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One entry of a 422's ``errors``; GitHub sends objects or plain sentences, which become ``message``.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
    """

    message: str
    resource: str = ""
    field: str = ""
    code: str = ""


class Unprocessable(Refused):
    """422: GitHub rejected the request; ``errors`` say why."""

    def __init__(self, message: str, errors: tuple[FieldError, ...] = ()) -> None:
        details = "; ".join(e.message or f"{e.resource}.{e.field}: {e.code}" for e in errors)
        super().__init__(422, f"{message} ({details})" if details else message)
        self.errors = errors

    def mentions(self, words: str) -> bool:
        """Whether the answer contains ``words``, whatever their case."""
        return words.lower() in str(self).lower()


class AlreadyExists(Unprocessable):
    """422: the branch or pull request is there already."""


class HeadMoved(SsotError):
    """The branch is no longer at the expected commit: read again, decide again."""


class MissingPermission(SsotError):
    """403 "Resource not accessible by integration": the installation did not grant ``permission``.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#resource-not-accessible
    """

    def __init__(self, permission: str, operation: str) -> None:
        super().__init__(f"{operation} needs the permission {permission}, which the installation has not granted")
        self.permission, self.operation = permission, operation


class Unauthorized(RetryLater):
    """401 twice: an outage of GitHub's, the App's id and private key do not match, or the clock is far off.

    Nothing was done, and none of it is the work's fault: it waits.
    """


class ForeignHost(SsotError):
    """A URL that would have carried the token away from the API.  Nothing was sent."""

    def __init__(self, url: str) -> None:
        super().__init__(f"refused to send a request to {url[:200]!r}: not the configured API")


class GraphQLError(Refused):
    """``errors`` of a GraphQL answer; ``kind`` is the first one's ``type``, e.g. ``NOT_FOUND``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(200, f"{kind}: {message}" if kind else message)
        self.kind = kind

    @property
    def too_large(self) -> bool:
        """The query costs GitHub too much: a smaller one is answered, the same one never."""
        return self.kind == "RESOURCE_LIMITS_EXCEEDED" or "resource limits" in self.message.lower()


class Misshapen(Exception):  # the client's own: callers see UnexpectedShape
    """An answer that nothing could be made of; the text names the key."""


class Transient(Exception):  # the client's own: callers see RetryLater or Uncertain
    """No usable answer: 5xx, timeout, reset, a body cut short.  ``sent`` is false if nothing can have arrived."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent
