"""Requests and answers, made safe in both directions.  Pure.

Outwards: a token only ever travels to the API's own origin.  Inwards: gidgethub reads answers trustingly (an unknown
status, a bogus charset or a list where an object should be each raise something of their own), so
answers are cleaned up here first.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from bot.github.errors import ForeignHost

FOLLOWED = frozenset({301, 307, 308})
"""Redirects that keep the method; a renamed repository answers with one.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
"""
MAX_REDIRECTS = 3
_PORTS = {"https": 443, "http": 80}
_STATUSES = frozenset(int(status) for status in HTTPStatus)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an absolute URL.

    Raises :class:`ForeignHost` for what has none, or is written so that two parsers could read it differently.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise ForeignHost(url) from fault
    odd = "@" in parts.netloc or "\\" in url or not url.isascii() or any(ch <= " " for ch in url)
    if odd or not parts.hostname or parts.scheme not in _PORTS:
        raise ForeignHost(url)
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def require_origin(url: str, base_url: str) -> None:
    """Raise :class:`ForeignHost` unless ``url`` has the origin of ``base_url``."""
    if origin(url) != origin(base_url):
        raise ForeignHost(url)


def redirect(url: str, location: str | None, base_url: str) -> str:
    """Where an answer from ``url`` sends us: only ever within the API."""
    target = urljoin(url, location or "")
    if not location:
        raise ForeignHost(target)
    require_origin(target, base_url)
    return target


def archive_location(url: str, location: str | None, base_url: str) -> str:
    """Where a tarball is really downloaded from: the API itself, or its ``codeload`` host over the same scheme.

    https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar
    """
    target = urljoin(url, location or "")
    scheme, host, port = origin(base_url)
    download = f"codeload.{host.removeprefix('api.')}"
    if not location or origin(target) not in ((scheme, host, port), (scheme, download, port)):
        raise ForeignHost(target)
    return target


def graphql_url(base_url: str) -> str:
    """GitHub: ``/graphql``; Enterprise Server: ``/api/graphql`` beside its ``/api/v3``.

    https://docs.github.com/en/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint
    """
    return f"{base_url.removesuffix('/v3')}/graphql"


def readable(status: int, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """The answer so that gidgethub can read it: lower-case names, a status it knows, an error body that decodes."""
    clean = {name.lower(): value for name, value in headers.items()}
    for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"):
        if not (value := clean.get(name, "0")).isascii() or not value.isdecimal() or len(value) > 12:
            del clean[name]
    if status >= 400:
        clean["content-type"], body = "application/json", json.dumps(error_object(body)).encode()
    if status not in _STATUSES:
        status = 400 if 400 <= status < 500 else 500
    return status, clean, body


def error_object(body: bytes) -> dict[str, object]:
    """An error's body as the object that GitHub's errors are: ``message``, perhaps ``errors``."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        return {"message": body[:200].decode("ascii", "replace")}
    errors = parsed.get("errors")
    entries = errors if isinstance(errors, list) else [errors] if errors else []
    return {
        "message": str(parsed.get("message", "")),
        "errors": [entry if isinstance(entry, dict) else {"message": str(entry)} for entry in entries],
    }
