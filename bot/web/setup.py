"""``/setup``: registers the App from its manifest and stores its credentials.  Served only while there are none.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest

Whoever can open these pages decides which App this bot is.  So they answer only a browser on this machine that uses one
of its names (against DNS rebinding), and each ``state`` is valid once.
"""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import web

from bot.domain.errors import RetryLater, UserError
from bot.github.manifest import REASONS
from bot.github.registration import OWNER, Registration, manifest_for, page_url
from bot.web.access import is_local
from bot.web.rendering import page, style_route

log = structlog.get_logger(__name__)

STATES = 16
"""Forms that may be open at the same time; the oldest is forgotten."""
SMEE = "smee.io"
"""The service whose channels stand for an address of one's own: see ``bot.web.smee``."""
NAME = re.compile(r"[^\x00-\x1f<>]{1,34}")
"""As https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/registering-a-github-app says."""


@dataclass(frozen=True, kw_only=True)
class SetupParts:
    """``exchange`` makes the App of a code; ``keep`` stores its credentials and says where, or raises ``UserError``."""

    address: str
    """Where this server listens, e.g. ``http://127.0.0.1:8000``: never what a request says."""
    api_url: str
    manifest: Mapping[str, Any]
    exchange: Callable[[str], Awaitable[Registration]] = field(repr=False)
    keep: Callable[[Registration], str] = field(repr=False)
    done: Callable[[Registration, str, str], None]
    """Told of the App, where its credentials are, and how the server is started."""


class States:
    """The values that tie a response to its form: unguessable, each valid once."""

    def __init__(self) -> None:
        self._open: dict[str, None] = {}

    def issue(self) -> str:
        while len(self._open) >= STATES:
            del self._open[next(iter(self._open))]
        state = secrets.token_urlsafe(32)
        self._open[state] = None
        return state

    def take(self, state: str) -> bool:
        return self._open.pop(state, self) is None


class Setup:
    """The three pages.  ``registered`` is set by the first exchange that begins to succeed; then all is refused."""

    def __init__(self, parts: SetupParts) -> None:
        self._parts, self._states, self._registered = parts, States(), False
        self._hook = ""
        """The webhook's address in the form that was sent last."""

    def routes(self) -> Collection[web.AbstractRouteDef]:
        return [
            style_route(),
            web.get("/setup", self._guarded(self._form)),
            web.post("/setup", self._guarded(self._confirm)),
            web.get("/setup/registered", self._guarded(self._finish)),
        ]

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            if not is_local(request):
                return _refused(403, "Open this page in a browser on the machine that the bot runs on.")
            if self._registered:
                return _refused(404, "The App is already registered. There is nothing left to set up.")
            return await handler(request)

        return answer

    async def _form(self, _: web.Request) -> web.Response:
        return form_page(self._states.issue(), str(self._parts.manifest.get("name", "ssot-bot")))

    async def _confirm(self, request: web.Request) -> web.Response:
        sent = await request.post()
        values = {name: str(sent.get(name, "")).strip() for name in ("state", "name", "url", "owner")}
        if not self._states.take(values["state"]):
            return _refused(403, "This form is out of date. Open /setup again.")
        try:
            url = webhook_url(values["url"])
            _require(NAME.fullmatch(values["name"]), "The name must have 1 to 34 characters.")
            _require(not values["owner"] or OWNER.fullmatch(values["owner"]), "That is not a valid organization name.")
        except UserError as fault:
            return form_page(self._states.issue(), values["name"], fault=str(fault), values=values)
        self._hook = url
        back = f"{self._parts.address}/setup/registered"
        manifest = manifest_for(self._parts.manifest, name=values["name"], webhook_url=url, redirect_url=back)
        action = page_url(self._parts.api_url, values["owner"])
        return confirm_page(manifest, f"{action}?{urlencode({'state': self._states.issue()})}")

    async def _finish(self, request: web.Request) -> web.Response:
        if not self._states.take(request.query.get("state", "")):
            return _refused(403, "This link is unknown, or was used before. Open /setup again.")
        self._registered = True  # before anything is awaited: of two answers at once one is refused
        try:
            made = await self._parts.exchange(request.query.get("code", ""))
            kept = self._parts.keep(made)
        except (UserError, RetryLater) as fault:
            self._registered = False
            log.warning("setup_failed", error=str(fault))
            return _refused(502, f"{fault}. Open /setup to start again.")
        log.info("app_registered", app=made.id, name=made.name)
        start = start_command(self._hook)
        self._parts.done(made, kept, start)
        return done_page(made, kept, start)


def webhook_url(text: str) -> str:
    """``text`` if GitHub can deliver to it: https, or http on loopback.  Raises ``UserError``."""
    wrong = "The webhook address must begin with https://, and GitHub must be able to reach it."
    _require(text and len(text) <= 500 and not re.search(r"[\s\\\x00-\x1f\x7f-\uffff]", text), wrong)
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
    except ValueError as fault:
        raise UserError(wrong) from fault
    plain = url.scheme == "http" and host in ("127.0.0.1", "localhost", "::1")
    _require(host and "@" not in url.netloc and (url.scheme == "https" or plain), wrong)
    _require(not url.query and not url.fragment, "The webhook address must not have a query or a fragment.")
    return text


def _require(holds: object, message: str) -> None:
    if not holds:
        raise UserError(message)


# --- what the person sees ----------------------------------------------------------------------------------------


def form_page(state: str, name: str, *, fault: str = "", values: Mapping[str, str] | None = None) -> web.Response:
    given = values or {}
    return page(
        "setup_form.html",
        state=state,
        name=name,
        fault=fault,
        url=given.get("url", ""),
        owner=given.get("owner", ""),
        status=422 if fault else 200,
        form_action="'self'",
    )


def confirm_page(manifest: Mapping[str, Any], action: str) -> web.Response:
    target = urlsplit(action)
    return page(
        "setup_confirm.html",
        manifest=manifest,
        reasons=REASONS,
        action=action,
        sent=json.dumps(manifest),
        host=target.netloc,
        # GitHub redirects back to this server, which the rule covers as well.
        form_action=f"'self' {target.scheme}://{target.netloc}",
    )


def start_command(hook: str) -> str:
    """How the server is started whose webhook is at this address."""
    return f"ssot serve --smee {hook}" if urlsplit(hook).hostname == SMEE else "ssot serve"


def done_page(made: Registration, kept: str, start: str) -> web.Response:
    return page("setup_done.html", made=made, kept=kept, start=start)


def _refused(status: int, text: str) -> web.Response:
    return page("message.html", title="ssot-bot", text=text, status=status)
