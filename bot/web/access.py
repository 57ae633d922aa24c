"""Who may see the operator's pages."""

import base64
import binascii
import hmac
import ipaddress
import re

from aiohttp import HttpVersion11, web

LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
FORWARDING = re.compile(
    # RFC 7239 and 9110, RFC 8586, and the products' own.
    r"forwarded|via|cdn-loop|true-client-ip|client-ip|incap-client-ip|proxy-.*|x-(forwarded|real|client|cluster|"
    r"original|remote|prox|host|scheme|url|envoy|appengine|google|goog|cloud|amz|amzn|azure|arr|vercel|nf|"
    r"sucuri|akamai|varnish|tailscale|ngrok|rewrite|http|https|from|coming|country|edge|request-start|traefik|"
    r"ssl).*|(cf|fastly|fly|akamai|ali|tailscale|ngrok|cloudfront|do|gcp|heroku|wl-proxy|front-end)-.*",
    re.IGNORECASE,
)
"""Headers by which a proxy says for whom it asks.  Nothing on this machine that asks for itself sends one."""


class OperatorAccess:
    """With a token: whoever sends it, as a bearer token or as the password of basic authentication.

    Without one: only a program on this machine that asks for itself, by one of the machine's own names.
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
    """Whether the request comes from a program on this machine that asks for itself.

    A page that a browser was led to by another name (DNS rebinding) has that name as its ``Host``, and so has what a
    proxy passes on, unless it rewrites it.  nginx does, and speaks HTTP/1.0 unless it is told otherwise.
    """
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1 or not LOCAL_HOST.fullmatch(hosts[0]):
        return False
    if request.version < HttpVersion11 or not request.raw_path.startswith("/"):
        return False
    return not any(map(FORWARDING.fullmatch, request.headers)) and _is_loopback(request.remote or "")


def _is_loopback(remote: str) -> bool:
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
