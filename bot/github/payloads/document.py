"""A body's bytes to a JSON object, before any type is asked for.

This pass is linear in the body.  It rejects what two parsers could read differently, and what msgspec does not see:
doubled keys, NaN, numbers without end.  It also limits the depth (Python's own parser goes down about 1,000 levels),
and the number of values before any is made: 24 MB may hold 8 million lists, which are a gigabyte, or one character
that makes four bytes of each other.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator

LARGEST = 25 * 1024 * 1024
"""Bytes; GitHub sends no larger payload.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
"""
MOST_VALUES = 500_000
"""Values in one body; a push of 2,048 commits has a tenth of them."""
MOST_TEXT = 64 * 1024 * 1024
"""Bytes of a body as a text."""
_TOKEN = re.compile(rb'[\[{,]|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_WIDE = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")
"""A character beyond the first 65,536, as UTF-8: a text that holds one takes four bytes for each character."""
_FEW_WIDE = 50_000
_LONGEST_WIDE = 4 * 1024 * 1024
"""Bytes of a string in a body with such characters."""
_BLOCK = 1024 * 1024
_LONGEST_INT = 100
"""Digits of a number, of which most are none of ours; a longer one is an attack on the parser."""


class Unfit(ValueError):
    """The body is not valid, unambiguous JSON."""


def load(body: bytes) -> object:
    """JSON as RFC 8259 has it: UTF-8 without a mark, finite numbers, no doubled keys, not too deep.

    Raises :class:`Unfit`, and nothing else, for any bytes.
    """
    if len(body) > LARGEST:
        raise Unfit("the body is too large")
    _require_few(body)
    text = _text(body)
    try:
        return json.loads(text, parse_int=_int, parse_constant=_constant, object_pairs_hook=_object)
    except Unfit:
        raise
    except (ValueError, RecursionError):
        raise Unfit("the body is not JSON") from None


def _require_few(body: bytes) -> None:
    """Raises :class:`Unfit` for too many values, without making one."""
    if body.count(b",") + body.count(b"[") + body.count(b"{") < MOST_VALUES:  # strings hold some of them
        return
    for number, _ in enumerate(_TOKEN.finditer(body)):
        if number > 2 * MOST_VALUES:
            raise Unfit(f"the body has more than {MOST_VALUES:,} values")


def _text(body: bytes) -> str:
    """As Python holds it in one byte for each character, if few need four: they are written as JSON's escapes.

    Raises :class:`Unfit` for what is no UTF-8, and for a text that would take too much memory.
    """
    wide = sum(body.count(first) for first in (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4"))
    if wide and len(body) > _LONGEST_WIDE and any(m.end() - m.start() > _LONGEST_WIDE for m in _TOKEN.finditer(body)):
        raise Unfit("a string takes too much memory as a text")
    if 0 < wide <= _FEW_WIDE and len(body) > _BLOCK:
        body = b"".join(_WIDE.sub(_escaped, block) for block in _blocks(body))
    elif wide and 4 * (len(body) - 3 * wide) > MOST_TEXT:
        raise Unfit("the body takes too much memory as a text")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit("the body is not UTF-8") from None


def _blocks(body: bytes) -> Iterator[bytes]:
    """Its parts; no character is cut in two."""
    start = 0
    while start < len(body):
        end = start + _BLOCK
        while end < len(body) and body[end] & 0xC0 == 0x80 and end > start + _BLOCK - 4:
            end -= 1
        yield body[start:end]
        start = end


def _escaped(found: re.Match[bytes]) -> bytes:
    """What is no UTF-8 stays, and is found."""
    try:
        return json.dumps(found[0].decode("utf-8"))[1:-1].encode()
    except UnicodeDecodeError:
        return found[0]


def _int(digits: str) -> int:
    if len(digits) > _LONGEST_INT:
        raise Unfit("a number is too long")
    return int(digits)


def _constant(name: str) -> float:
    raise Unfit(f"{name} is not valid JSON")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unfit(f"the key {_doubled(pairs)} appears twice")
    return found


def _doubled(pairs: list[tuple[str, object]]) -> str:
    counts = Counter(key for key, _ in pairs)
    return ascii(counts.most_common(1)[0][0][:20])
