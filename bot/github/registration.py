"""Registers the App from its manifest: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest.

A browser takes the manifest to GitHub and comes back with a code; the code works for one exchange, within an hour.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.domain.errors import UserError
from bot.github import operations as ops
from bot.github.api import Api
from bot.github.clock import ServerClock, SystemClock
from bot.github.errors import NotFound, Refused, Transient
from bot.github.limits import RateLimit
from bot.github.versions import ApiVersion

CODE = re.compile(r"[A-Za-z0-9_-]{8,128}")
OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")


class RegistrationFailed(UserError):
    """GitHub did not accept the code, or did not answer; the person can start again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The App that was made."""

    id: int
    name: str
    html_url: str
    private_key: str = field(repr=False)
    """PEM."""
    webhook_secret: str = field(repr=False)


def page_url(api_url: str, owner: str) -> str:
    """Where the manifest is sent to: of a person's own account, or of the organization ``owner``."""
    site = web_url(api_url)
    return f"{site}/organizations/{owner}/settings/apps/new" if owner else f"{site}/settings/apps/new"


def web_url(api_url: str) -> str:
    """Where people see the same GitHub: ``github.com``, ``acme.ghe.com`` or GitHub Enterprise Server's own host.

    https://docs.github.com/en/enterprise-cloud@latest/rest/using-the-rest-api/getting-started-with-the-rest-api
    """
    scheme, _, host = api_url.removesuffix("/api/v3").partition("://")
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        host = host.removeprefix("api.")
    return f"{scheme}://{host}"


def manifest_for(document: Mapping[str, Any], *, name: str, webhook_url: str, redirect_url: str) -> dict[str, Any]:
    """``app.yaml``'s content as the manifest of one installation of the bot."""
    hook = {"url": webhook_url, "active": True}
    return {**document, "name": name, "hook_attributes": hook, "redirect_url": redirect_url}


async def convert(session: aiohttp.ClientSession, api_url: str, code: str) -> Registration:
    """Exchange the code for the App's credentials.  Raises :class:`RegistrationFailed`; ``RetryLater`` when limited."""
    if not CODE.fullmatch(code):
        raise RegistrationFailed("the code from GitHub is malformed")
    clock = SystemClock()
    version = ApiVersion(clock, asks=False)
    api = Api(
        session, base_url=api_url, rate_limit=RateLimit(clock), clock=ServerClock(clock), cache=None, version=version
    )
    try:
        answer = await api.exchange(ops.CONVERT_MANIFEST.method, ops.CONVERT_MANIFEST.url({"code": code}))
        return _registration(answer.data)
    except (NotFound, Refused) as refusal:
        raise RegistrationFailed("GitHub does not accept the code: it works once, within an hour") from refusal
    except (Transient, KeyError, TypeError, ValueError):
        # Not chained: what came may hold the credentials.
        raise RegistrationFailed("GitHub gave no usable answer") from None


def _registration(data: Any) -> Registration:
    return Registration(
        id=int(data["id"]),
        name=str(data["name"]),
        html_url=str(data["html_url"]),
        private_key=str(data["pem"]),
        webhook_secret=str(data["webhook_secret"] or ""),
    )
