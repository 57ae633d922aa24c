"""``POST /webhook``: stores a delivery durably, and only then answers 202.

Nothing here parses JSON.  The answers are constants: a caller without the secret learns nothing.
"""

import re
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web

from bot.domain.references import Delivery, DeliveryId
from bot.jobs import Accepted, Inbox, StoreUnavailable
from bot.web.intake import BodyLimits, BodyRefused, Intake
from bot.web.metrics import Metrics
from bot.web.signature import HEADER, signing_key

log = structlog.get_logger(__name__)

# https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}")
GUID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
JSON = re.compile(r'application/json(\s*;\s*charset="?utf-8"?)?\s*', re.IGNORECASE)

TEXTS = {
    200: "pong",
    202: "accepted",
    400: "bad request",
    401: "the signature is missing or wrong",
    408: "the body arrived too slowly",
    413: "the body is too large",
    415: "expected application/json without a content encoding",
    503: "not stored, try again later",
}


class DeliveryRefused(Exception):
    """Refused because of the headers alone."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers in use, validated."""

    event: str
    guid: str
    signature: str


async def _ready() -> str | None:
    return None


class Hook:
    """``secrets``: the accepted webhook secrets; ``events``: those that have a handler.

    ``refusal`` says why nothing is to be accepted now; ``None`` when it is.
    """

    def __init__(
        self,
        inbox: Inbox,
        *,
        secrets: Sequence[bytes],
        events: Collection[str],
        metrics: Metrics,
        limits: BodyLimits | None = None,
        refusal: Callable[[], Awaitable[str | None]] = _ready,
    ) -> None:
        self._refusal = refusal
        self._inbox, self._secrets, self._events, self._metrics = inbox, secrets, frozenset(events), metrics
        self._intake = Intake(limits or BodyLimits())

    async def receive(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        try:
            envelope = envelope_of(request)
            with self._intake.ration() as ration:
                response = await self._store(envelope, await ration.read(request))
        except DeliveryRefused as refusal:
            return self._refuse(refusal.status, refusal.reason, request)
        except BodyRefused as refusal:
            return self._refuse(refusal.status, TEXTS[refusal.status], request)
        if response.status == 202:
            self._metrics.ack_seconds.observe(time.perf_counter() - began)
        return response

    async def _store(self, envelope: Envelope, body: bytes) -> web.Response:
        key = signing_key(body, envelope.signature, self._secrets)
        if key is None:
            raise DeliveryRefused(401, "wrong signature")
        self._metrics.signed_by(key)
        if envelope.event == "ping":
            self._metrics.delivery("ping", "ping")
            return _answer(200)
        if envelope.event not in self._events:
            # There is no handler for it, so it is not stored.
            self._metrics.delivery("other", "ignored")
            return _answer(202)
        try:
            if (refusal := await self._refusal()) is not None:
                raise StoreUnavailable(refusal)
            stored = await self._inbox.put(Delivery(id=DeliveryId(envelope.guid), event=envelope.event, body=body))
        except StoreUnavailable as error:
            log.warning("not_stored", delivery=envelope.guid, webhook=envelope.event, error=str(error))
            self._metrics.delivery(envelope.event, "unavailable")
            return _answer(503)
        self._metrics.delivery(envelope.event, "accepted" if isinstance(stored, Accepted) else "duplicate")
        return _answer(202)

    def _refuse(self, status: int, reason: str, request: web.Request) -> web.Response:
        self._metrics.refused(status)
        log.warning("webhook_refused", status=status, reason=reason, remote=request.remote)
        response = _answer(status)
        # The rest of the body is not read.
        response.force_close()
        return response


def envelope_of(request: web.Request) -> Envelope:
    """Raises ``DeliveryRefused``: 401 without exactly one signature, 400 or 415 for what GitHub would not send."""
    headers = request.headers
    signatures = headers.getall(HEADER, [])
    if len(signatures) != 1:
        raise DeliveryRefused(401, f"{len(signatures)} signatures")
    event = _single(request, "X-GitHub-Event", EVENT)
    guid = _single(request, "X-GitHub-Delivery", GUID)
    if "Content-Encoding" in headers:
        raise DeliveryRefused(415, "content encoding")
    types = headers.getall("Content-Type", [])
    if len(types) != 1 or not JSON.fullmatch(types[0]):
        raise DeliveryRefused(415, f"content type {types!r:.100}")
    return Envelope(event, guid, signatures[0])


def _single(request: web.Request, name: str, form: re.Pattern[str]) -> str:
    values = request.headers.getall(name, [])
    if len(values) != 1 or not form.fullmatch(values[0]):
        raise DeliveryRefused(400, f"{name}: {values!r:.100}")
    return values[0]


def _answer(status: int) -> web.Response:
    return web.Response(status=status, body=TEXTS[status].encode() + b"\n", content_type="text/plain")
