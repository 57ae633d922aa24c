"""Deliveries through a channel of smee.io, for trying the bot on a machine that GitHub cannot reach.

The channel is an event stream (WHATWG HTML, "Server-sent events").  The data of each message is a JSON object of the
request that came to the channel: its headers in lower case, and ``body``, ``query`` and ``timestamp``
(github.com/probot/smee.io).  The service parses the body and writes it again, so GitHub's own bytes, which are what is
signed, have to be found again: GitHub writes JSON without spaces and with characters as they are, or with some escaped.

Whoever knows the channel's address can read it and write to it: only what carries the right signature is delivered.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json.decoder import WHITESPACE  # type: ignore[attr-defined]  # what JSON skips between its tokens
from urllib.parse import urlsplit

import aiohttp
import structlog

from bot.domain.errors import SettingsError, UserError
from bot.settings import platform
from bot.web.intake import MIB
from bot.web.signature import HEADER, signing_key

log = structlog.get_logger(__name__)

LARGEST = 64 * MIB
"""Bytes of one message; GitHub sends at most 25 MB, and JSON in JSON takes more."""
SILENCE = 120.0
"""Seconds without a byte after which the connection is taken for lost: the service sends a ping every 30."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before the channel is opened again; doubled each time that this fails."""
TRIES = 5
"""Of one delivery, while the server cannot store it: nobody sends it again."""
_FORWARDED = ("X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-ID", HEADER)
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class NotAMessage(Exception):
    """What stands in the channel is no request to it."""


@dataclass(frozen=True, kw_only=True)
class Tunnel:
    """Where deliveries come from, and where they go."""

    url: str
    target: str
    """The server's own webhook, on this machine."""
    secrets: Sequence[bytes] = field(repr=False)
    tell: Callable[[str], None]
    """Shows a sentence to the person who tries the bot."""


def channel_url(text: str) -> str:
    """``text`` if it can be a channel: https, or http on loopback.  Raises ``UserError``."""
    url = urlsplit(text)
    local = url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost", "::1")
    if not url.hostname or not url.path.strip("/") or (url.scheme != "https" and not local) or "@" in url.netloc:
        raise UserError("--smee must be a channel's address, such as https://smee.io/abc123: open https://smee.io/new")
    return text


def refuse_where_it_is_no_trial(env: Mapping[str, str], database_url: str) -> None:
    """Raises ``SettingsError`` on a platform for real work, and with a database that several servers can share."""
    real = platform(env)
    if real is None and not database_url.startswith("sqlite:"):
        real = "a server with PostgreSQL"
    if real:
        raise SettingsError(
            f"--smee is for trying the bot on your machine, not for {real}: give GitHub its own address"
        )


async def follow(channel: Tunnel) -> None:
    """Deliver what comes through the channel, until cancelled.  A lost connection is opened again."""
    pause, signed = FIRST_PAUSE, False
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=SILENCE)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            try:
                async for data in _messages(session, channel):
                    pause = FIRST_PAUSE
                    signed = await _deliver(session, channel, data, signed=signed)
                log.info("smee_ended", channel=channel.url)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                channel.tell(f"the channel {channel.url} cannot be read ({_why(error)}); again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__


async def _messages(session: aiohttp.ClientSession, channel: Tunnel) -> AsyncIterator[str]:
    """The data of the channel's messages."""
    async with session.get(channel.url, headers={"Accept": "text/event-stream"}) as answer:
        answer.raise_for_status()
        if answer.content_type != "text/event-stream":
            raise aiohttp.ClientError(f"it is no event stream, but {answer.content_type}")
        channel.tell(f"reading deliveries from {channel.url}")
        events = EventStream()
        async for chunk in answer.content.iter_any():
            for data in events.feed(chunk):
                yield data


class EventStream:
    """Puts an event stream together: "Parsing an event stream" of the standard, for messages alone."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._kind, self._data, self._size = "", list[str](), 0

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The data of the messages that end in this chunk.  Raises ``aiohttp.ClientError`` for one without end."""
        self._rest.append(chunk)
        self._size += len(chunk)
        if self._size > LARGEST:
            raise aiohttp.ClientError(f"a message has more than {LARGEST // MIB} MiB")
        if b"\n" not in chunk and b"\r" not in chunk:
            return
        *lines, rest = re.split(rb"\r\n|\n|\r(?!\Z)", b"".join(self._rest))
        self._rest = [rest]
        for line in lines:
            if line:
                self._field(line.decode("utf-8", "replace"))
                continue
            if self._data and self._kind in ("", "message"):
                yield "\n".join(self._data)
            self._kind, self._data, self._size = "", [], len(rest)

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)


# --- a delivery -------------------------------------------------------------------------------------------------


async def _deliver(session: aiohttp.ClientSession, channel: Tunnel, data: str, *, signed: bool) -> bool:
    """Deliver one message; whether a right signature has been seen by now."""
    try:
        headers, bodies = request_in(data)
    except NotAMessage as error:
        channel.tell(f"passed over what stands in the channel: {error}")
        return signed
    name = f"{headers['X-GitHub-Event']} {headers['X-GitHub-Delivery']}"
    signature = headers[HEADER]
    body = next((each for each in bodies if signing_key(each, signature, channel.secrets) is not None), None)
    if body is None:
        channel.tell(f"refused {name}: {mismatch(signed=signed)}")
        return signed
    for turn in range(TRIES):
        async with session.post(
            channel.target, data=body, headers={**headers, "Content-Type": "application/json"}
        ) as answer:
            status = answer.status
        if status != 503:
            break
        await asyncio.sleep(2**turn)
    channel.tell(f"delivered {name}: {status}")
    return True


def mismatch(*, signed: bool) -> str:
    """What a wrong signature means; ``signed``: whether another delivery had the right one."""
    if signed:
        return (
            "its signature does not fit. The channel writes the JSON of a delivery again, and this one's original bytes"
            " could not be found; or somebody else wrote it to the channel"
        )
    return "its signature does not fit GITHUB_WEBHOOK_SECRET. Compare it with the secret on the App's settings page"


def request_in(data: str) -> tuple[dict[str, str], tuple[bytes, ...]]:
    """The headers of a message's request that count, and what its body may have been.  Raises `NotAMessage`."""
    try:
        fields = dict(_members(data))
        headers = {name: json.loads(fields[name.lower()]) for name in _FORWARDED if name.lower() in fields}
        body = fields["body"]
        whole = json.loads(body) if body.startswith('"') else None
    except (ValueError, KeyError, IndexError, RecursionError) as error:
        raise NotAMessage(f"it is no delivery ({_why(error)[:80]})") from error
    lacking = [name for name in (_FORWARDED[0], _FORWARDED[1], HEADER) if not isinstance(headers.get(name), str)]
    if lacking or not all(isinstance(value, str) and _is_plain(value) for value in headers.values()):
        raise NotAMessage(f"it lacks {', '.join(lacking)}" if lacking else "a header of it is no plain text")
    return headers, tuple(text.encode("utf-8", "surrogatepass") for text in _spellings(body, whole))


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and len(value) < 200


def _members(data: str) -> Iterator[tuple[str, str]]:
    """The members of a JSON object: each key, and its value as it is written."""
    decode, skip = json.JSONDecoder().raw_decode, WHITESPACE.match
    at = skip(data).end()
    if data[at : at + 1] != "{":
        raise ValueError("no JSON object")
    while data[at] != "}":
        key, at = decode(data, skip(data, at + 1).end())
        at = skip(data, at).end()
        if not isinstance(key, str) or data[at] != ":":
            raise ValueError("no JSON object")
        begin = skip(data, at + 1).end()
        _, end = decode(data, begin)
        yield key, data[begin:end]
        at = skip(data, end).end()
        if data[at : at + 1] not in (",", "}"):
            raise ValueError("no JSON object")


def _spellings(body: str, whole: object) -> Iterator[str]:
    """A body's JSON as GitHub may have written it, the likeliest first."""
    if isinstance(whole, str):
        yield whole  # a service that passes the body on as it came
    compact = json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":"))
    for text in dict.fromkeys((body, compact)):
        yield text
        yield text.translate(_ESCAPED)
        yield _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
        yield text.replace("/", "\\/")
