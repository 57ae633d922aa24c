"""Registering an App from a manifest: the page on the site, and the code that its redirect carries.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import json
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlencode

from bot.sandbox.auth import key_pair
from bot.sandbox.errors import ApiError, not_found
from bot.sandbox.people import App
from bot.sandbox.routing import Answer
from bot.sandbox.world import Obj, World

PAGE = re.compile(r"^(?:/organizations/(?P<owner>[^/]+))?/settings/apps/new$")
CODE_LIFETIME = timedelta(hours=1)
"""The three steps of the flow must be done within it."""


def is_page(method: str, path: str) -> bool:
    return method == "POST" and PAGE.match(path) is not None


def submit(world: World, path: str, query: Mapping[str, str], body: bytes) -> Answer:
    """A person sent the form and pressed "Create GitHub App": a redirect back, with a code."""
    found = PAGE.match(path)
    owner = found["owner"] if found else None
    manifest = json.loads(parse_qs(body.decode())["manifest"][0])
    for requested in ("name", "url", "redirect_url"):
        if not isinstance(manifest.get(requested), str):
            raise ApiError(422, f"Invalid manifest: {requested} is missing")
    code = secrets.token_hex(20)
    world.codes[code] = (_app(world, manifest, owner or "octocat"), world.clock() + CODE_LIFETIME)
    world.manifests.append(manifest)
    answer = urlencode({"code": code, "state": query.get("state", "")})
    return Answer(status=302, headers={"location": f"{manifest['redirect_url']}?{answer}"})


def convert(world: World, code: str) -> App:
    """The App that a code stands for: once, and within the hour.  It takes the place of the sandbox's App."""
    app, until = world.codes.pop(code, (None, None))
    if app is None or until is None or world.clock() > until:
        raise not_found()
    world.app = app
    return app


def _app(world: World, manifest: Obj, owner: str) -> App:
    pem, public = key_pair()
    slug = re.sub(r"[^a-z0-9]+", "-", manifest["name"].lower()).strip("-")
    return App(
        id=world.next_id(), slug=slug, name=manifest["name"],
        owner=world.user(owner) or world.account(owner),
        bot=world.user(f"{slug}[bot]") or world.add_user(f"{slug}[bot]", kind="Bot"),
        private_key=pem, public_key=public, webhook_secret=secrets.token_hex(20),
        permissions=dict(manifest.get("default_permissions", {})), events=list(manifest.get("default_events", [])),
        created_at=world.now(),
    )  # fmt: skip
