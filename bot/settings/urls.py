"""Checks the address that receives the App's credentials."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from bot.domain.errors import SettingsError

DEFAULT_API_URL = "https://api.github.com"


def api_url(value: str) -> str:
    """``value`` as a base URL for the API, without a trailing slash.

    https to a host name, or http to loopback.  A path only if it is GitHub Enterprise Server's ``/api/v3``.
    Raises :class:`SettingsError`.
    """
    url = _split(value)
    host = url.hostname or ""
    loopback = _is_loopback(host)
    _refuse(not host, "GITHUB_API_URL has no host")
    _refuse("@" in url.netloc, "GITHUB_API_URL has a user name or password: remove it")
    _refuse(not host.isascii() or "%" in host or "xn--" in host, "GITHUB_API_URL: write the host in plain ASCII")
    _refuse(url.scheme not in ("https", "http"), "GITHUB_API_URL must begin with https://")
    _refuse(url.scheme == "http" and not loopback, "GITHUB_API_URL: plain http is for loopback only; use https://")
    _refuse(_is_ip(host) and not loopback, "GITHUB_API_URL: an IP address cannot be trusted; use the host's name")
    _refuse("?" in value or "#" in value, "GITHUB_API_URL must not have a query or a fragment")
    path = url.path.rstrip("/")
    _refuse(path not in ("", "/api/v3"), "GITHUB_API_URL: the only path allowed is GitHub Enterprise Server's /api/v3")
    return f"{url.scheme}://{url.netloc.lower()}{path}"


def _split(value: str) -> SplitResult:
    if re.search(r"[\s\\\x00-\x1f\x7f]", value):
        raise SettingsError("GITHUB_API_URL has a space, a backslash or a control character")
    try:
        url = urlsplit(value)
        if url.port == 0:
            raise ValueError("port 0")
    except ValueError as fault:
        raise SettingsError("GITHUB_API_URL is not a URL") from fault
    return url


def _is_ip(host: str) -> bool:
    """Also in the spellings that resolvers accept: ``2852039166``, ``0xA9.0xFE.0xA9.0xFE``, ``127.1``."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?", host.lower()) is not None
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse(wrong: bool, message: str) -> None:
    if wrong:
        raise SettingsError(message)
