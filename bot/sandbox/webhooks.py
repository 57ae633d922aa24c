"""Webhooks: events become signed deliveries, sent in order, kept, and sent again on request.

https://docs.github.com/webhooks/using-webhooks/handling-failed-webhook-deliveries : GitHub waits 10 seconds for an
answer and never sends again by itself.
"""

import asyncio
import hashlib
import hmac
import json
import random
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

import aiohttp

from bot.sandbox.observer import Observer, WebhookSent
from bot.sandbox.people import Installation
from bot.sandbox.shapes import accounts, repositories
from bot.sandbox.world import Event, Obj, World

PATIENCE = 10.0
"""Seconds that a receiver has to answer."""
UNCONDITIONAL = ("installation", "installation_repositories", "installation_target", "ping", "github_app_authorization")
"""Events that every App gets, subscribed or not.

``installation_target`` is none of those that GitHub lets an App subscribe to (``events`` in its schema of an App), and
its page does not say who gets it: ``World.tells_renamed_accounts`` is a switch."""


@dataclass(eq=False, slots=True, kw_only=True)
class Delivery:
    """One attempt to deliver one event."""

    id: int
    guid: str
    event: str
    action: str | None
    payload: Obj
    installation_id: int | None
    repository_id: int | None
    redelivery: bool
    delivered_at: datetime
    """When it was queued, then when it was sent."""
    duration: float = 0.0
    """Seconds until the answer."""
    status_code: int | None = None
    """``None``: not sent yet; 0: no answer."""
    status: str = "PENDING"
    """``OK`` after a 2xx, else a word for what went wrong."""
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""

    @property
    def ok(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(slots=True)
class WebhookFaults:
    """What may go wrong between GitHub and the receiver.  The counters count down to nothing."""

    duplicate: int = 0
    """So many of the next deliveries are sent twice, with the same GUID."""
    lose: int = 0
    """So many of the next deliveries never arrive; the log shows them as failed."""
    held: bool = False
    """Nothing is sent until :meth:`release` is called."""
    order: random.Random | None = None
    """When released, what was held is sent in an order drawn from this generator."""

    def hold(self) -> None:
        self.held = True


class Webhooks:
    """The App's webhook: outbox, sender and log."""

    def __init__(self, world: World, observer: Observer | None, failures: list[Exception]) -> None:
        self._world, self._observer, self._failures = world, observer, failures
        self.log: list[Delivery] = []
        self.faults = WebhookFaults()
        self._outbox: deque[Delivery] = deque()
        self._url: str | None = None
        self._session: aiohttp.ClientSession | None = None
        self._sender: asyncio.Task[None] | None = None
        self._busy = False
        self._change = asyncio.Event()

    # --- what happens -----------------------------------------------------------------------------------------

    def emit(self, event: Event) -> Delivery | None:
        """Queue an event, if the App is to hear of it."""
        installation = event.installation
        if installation is None and event.repo is not None:
            installation = self._world.installation_on(event.repo)
        if event.name not in UNCONDITIONAL:
            if installation is None or installation.suspended_at is not None:
                return None
            if event.name not in self._world.app.events:
                return None
        delivery = Delivery(
            id=self._world.next_id(),
            guid=self._guid(),
            event=event.name,
            action=event.action,
            payload=payload(event, installation, self._world.url),
            installation_id=None if installation is None else installation.id,
            repository_id=None if event.repo is None else event.repo.id,
            redelivery=False,
            delivered_at=self._world.now(),
        )
        self._queue(delivery)
        return delivery

    def _guid(self) -> str:
        return str(uuid.uuid5(self._world.seed, str(self._world.next_id())))

    def _queue(self, delivery: Delivery) -> None:
        self.log.append(delivery)
        self._outbox.append(delivery)
        self._wake()

    def redeliver(self, of: Delivery) -> Delivery:
        """Queue the same payload again: same GUID, a new delivery id."""
        again = Delivery(
            id=self._world.next_id(), guid=of.guid, event=of.event, action=of.action, payload=of.payload,
            installation_id=of.installation_id, repository_id=of.repository_id, redelivery=True,
            delivered_at=self._world.now(),
        )  # fmt: skip
        self._queue(again)
        return again

    # --- sending ----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str | None:
        return self._url

    @url.setter
    def url(self, url: str | None) -> None:
        self._url = url
        self._wake()

    @property
    def pending(self) -> int:
        """Deliveries that wait to be sent or answered."""
        return len(self._outbox) + self._busy

    def release(self) -> None:
        """Send what was held, shuffled when the faults say so."""
        faults = self.faults
        faults.held = False
        if faults.order is not None:
            waiting = list(self._outbox)
            faults.order.shuffle(waiting)
            self._outbox, faults.order = deque(waiting), None
        self._wake()

    def _wake(self) -> None:
        ready = self._url is not None and not self.faults.held and self._outbox
        if ready and (self._sender is None or self._sender.done()):
            self._sender = asyncio.get_running_loop().create_task(self._send_all())

    async def _send_all(self) -> None:
        while self._outbox and self._url is not None and not self.faults.held:
            delivery = self._outbox.popleft()
            self._busy = True
            try:
                if self.faults.lose > 0:
                    self.faults.lose -= 1
                    delivery.status_code, delivery.status = 0, "failed to connect to host"
                    continue
                await self._send(delivery, self._url)
                if self.faults.duplicate > 0:
                    self.faults.duplicate -= 1
                    await self._send(delivery, self._url)
            finally:
                self._busy = False
                self._change.set()

    async def _send(self, delivery: Delivery, url: str) -> None:
        body = json.dumps(delivery.payload, separators=(",", ":")).encode()
        delivery.request_headers = headers(delivery, body, self._world.app.webhook_secret, self._world.app.id)
        delivery.delivered_at = self._world.now()
        self._observe(delivery)
        started = perf_counter()
        try:
            async with self._client().post(url, data=body, headers=delivery.request_headers) as response:
                delivery.response_body = await response.text(errors="replace")
                delivery.status_code, delivery.response_headers = response.status, dict(response.headers)
                delivery.status = "OK" if delivery.ok else f"Invalid HTTP Response: {response.status}"
        except TimeoutError:
            delivery.status_code, delivery.status = 0, "timed out"
        except aiohttp.ClientError as error:
            delivery.status_code, delivery.status = 0, f"failed to connect to host: {type(error).__name__}"
        delivery.duration = round(perf_counter() - started, 2)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE), auto_decompress=False)
        return self._session

    def _observe(self, delivery: Delivery) -> None:
        if self._observer is None:
            return
        lower = {name.lower(): value for name, value in delivery.request_headers.items()}
        sent = WebhookSent(
            event=delivery.event, action=delivery.action, guid=delivery.guid, headers=lower, payload=delivery.payload
        )
        try:
            self._observer.webhook(sent)
        except Exception as error:  # noqa: BLE001 - kept and raised when the sandbox is left
            self._failures.append(error)

    async def settled(self) -> None:
        """Wait until every queued delivery was answered, those included that arise meanwhile.

        Returns at once when there is nowhere to send to, or while deliveries are held.
        """
        while self.pending and self._url is not None and not self.faults.held:
            self._change.clear()
            self._wake()
            await self._change.wait()

    async def close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def recent(self, days: int = 3) -> list[Delivery]:
        """The log that the API shows, newest first: it reaches back three days."""
        since = self._world.clock() - timedelta(days=days)
        return [each for each in reversed(self.log) if each.status_code is not None and each.delivered_at >= since]


def payload(event: Event, installation: Installation | None, url: str) -> Obj:
    """The whole payload: the event's own fields and the common ones."""
    common: Obj = {} if event.action is None else {"action": event.action}
    common |= event.fields
    if event.repo is not None:
        common["repository"] = repositories.repository(event.repo, url)
        if event.repo.owner.type == "Organization":
            common["organization"] = accounts.organization(event.repo.owner, url)
    if installation is not None and "installation" not in common:
        common["installation"] = {"id": installation.id, "node_id": f"MDIzOkludGVncmF0aW9u{installation.id}"}
    return {**common, "sender": accounts.user(event.sender, url)}


def headers(delivery: Delivery, body: bytes, secret: str, app_id: int) -> dict[str, str]:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers"""
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/sandbox",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(app_id),
        "X-GitHub-Hook-Installation-Target-ID": str(app_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": f"sha1={hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}",
        "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}",
    }
