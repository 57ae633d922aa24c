"""Who may see the operator's pages."""

import base64
import binascii
import hmac
import ipaddress

from aiohttp import web

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class OperatorAccess:
    """With a token: whoever sends it, as a bearer token or as the password of basic authentication.

    Without one: only a program on this machine, and no proxy.
    """

    def __init__(self, token: str | None) -> None:
        self._token = token.encode() if token else None

    def allows(self, request: web.Request) -> bool:
        if self._token is None:
            return is_local(request)
        return hmac.compare_digest(_credential(request.headers.get("Authorization", "")), self._token)


def denied() -> web.Response:
    """Makes browsers ask for the password."""
    return web.Response(
        status=401, text="operator token required\n", headers={"WWW-Authenticate": 'Basic realm="ssot-bot"'}
    )


def _credential(header: str) -> bytes:
    scheme, _, value = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip().encode("utf-8", "surrogateescape")
        case "basic":
            try:
                return base64.b64decode(value.strip().encode("ascii"), validate=True).partition(b":")[2]
            except (binascii.Error, UnicodeEncodeError):
                return b""
        case _:
            return b""


def is_local(request: web.Request) -> bool:
    """Whether the request comes from a program on this machine that is no proxy."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
