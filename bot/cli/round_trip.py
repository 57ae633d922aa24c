"""A round trip to the webhook's own address: what GitHub would send, and what changes nothing.

The event is GitHub's ``ping``, which the server answers and does not store: it shows that the address is reached, that
nothing on the way changes the body, and that the running server has the same secret.
"""

import hmac
import uuid
from urllib.parse import urlsplit

import aiohttp

from bot.cli.doctor import DoctorCheck, fault, ok, warning
from bot.web.hook import TEXTS
from bot.web.setup import SMEE
from bot.web.signature import HEADER

PATIENCE = aiohttp.ClientTimeout(total=10)
"""As long as GitHub waits."""
BODY = '{"zen": "ssot doctor \N{CHECK MARK}",  "hook_id": 0.10}'.encode()
"""A proxy that writes JSON again makes other bytes of it."""


async def check_round_trip(session: aiohttp.ClientSession, secret: bytes, url: str) -> DoctorCheck:
    """Send a signed ping to the webhook's address."""
    if urlsplit(url).hostname == SMEE:
        return ok(f"round trip: not tried, {url} is a channel; `ssot serve --smee` shows what comes through it")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ssot-doctor",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        HEADER: f"sha256={hmac.digest(secret, BODY, 'sha256').hex()}",
    }
    try:
        async with session.post(url, data=BODY, headers=headers, allow_redirects=False, timeout=PATIENCE) as answer:
            text = (await answer.content.read(200)).decode("utf-8", "replace").strip()
            return _judged(url, answer.status, text)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        why = str(error) or type(error).__name__
        return warning(f"round trip: {url} cannot be reached from this machine ({why}); GitHub has to reach it")


def _judged(url: str, status: int, text: str) -> DoctorCheck:
    if (status, text) == (200, TEXTS[200]):
        return ok(f"round trip: the server at {url} answers a signed ping")
    if (status, text) == (401, TEXTS[401]):
        remedy = "it has another GITHUB_WEBHOOK_SECRET than this environment, or a proxy changes the body"
        return fault(f"round trip: the server at {url} refuses the signature: {remedy}")
    if 300 <= status < 400:
        return fault(f"round trip: {url} redirects, which GitHub does not follow; use the final address")
    if status in (502, 503, 504):
        return fault(f"round trip: {url} answers {status}: the server does not run, or is not ready")
    return fault(f"round trip: no ssot-bot at {url} (it answers {status}); the path is /webhook")
