"""GitHub's webhook payloads to values: the only reader of payloads.

Payloads are untrusted JSON even when their signature is right; whatever is wrong with one is ``Malformed``.
``document`` checks the bytes, ``webhooks`` says with msgspec what each event has to hold, ``tasks`` knows the bot's
own.
"""

from typing import Any

from msgspec import DecodeError, ValidationError, convert, json

from bot.domain.events import TASK_PREFIX, Event, Malformed, NotInstalled, Ping, Unknown
from bot.github.payloads.document import Unfit, load
from bot.github.payloads.parts import InRepository, PayloadPart, Text
from bot.github.payloads.tasks import delivery_of, read_task
from bot.github.payloads.webhooks import PAYLOADS

__all__ = ["delivery_of", "parse", "skim"]
SKIMMED = 256 * 1024
"""Bytes of body from which :func:`skim` reads all."""


class _Envelope(PayloadPart):
    """What every payload must hold, before its event is known."""

    action: Text | None = None
    installation: Any = None
    repository: Any = None


def parse(event: str, body: bytes) -> Event:
    """The value of a delivery.  ``body`` is the request's, as it was signed.  Never raises."""
    try:
        return _read(event, load(body))
    except (Unfit, ValidationError) as error:
        return Malformed(reason=str(error))
    except UnicodeEncodeError:  # msgspec's, of a key or a time that is no text at all
        return Malformed(reason="the body holds a lone surrogate")


def skim(event: str, body: bytes) -> Event:
    """What :func:`parse` says, but only what is asked for is looked at: a twentieth of the work.  Never raises.

    So where :func:`parse` finds fault with the rest, this does not.  Most deliveries are for nothing, and nobody asks
    more of them.
    """
    payload = PAYLOADS.get(event)
    if payload is None or len(body) > SKIMMED:
        return parse(event, body)
    try:
        return json.decode(body, type=payload).event()
    except (DecodeError, RecursionError):
        return parse(event, body)  # which says what is wrong; its numbers may be larger


def _read(event: str, document: object) -> Event:
    envelope = convert(document, _Envelope)
    action = envelope.action or ""
    if event == "ping":
        return Ping()
    if event.startswith(TASK_PREFIX):
        return read_task(event, document)
    payload = PAYLOADS.get(event)
    if payload is None:
        return Unknown(event=event, action=action)
    if envelope.installation is None or (envelope.repository is None and issubclass(payload, InRepository)):
        return NotInstalled(event=event, action=action)
    return convert(document, payload).event()
