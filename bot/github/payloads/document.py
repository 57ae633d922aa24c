"""A body's bytes to a JSON object, before any type is asked for.

This pass is linear in the body.  It rejects what two parsers could read differently, and what msgspec does not see:
doubled keys, NaN, numbers without end.  It also limits the depth: what is nested deeper than Python's own parser
goes (about 1,000 levels) is rejected here, and not by a ``RecursionError`` of msgspec.
"""

import json
from collections import Counter

LARGEST = 25 * 1024 * 1024
"""Bytes; GitHub sends no larger payload.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
"""
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
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit("the body is not UTF-8") from None
    try:
        return json.loads(text, parse_int=_int, parse_constant=_constant, object_pairs_hook=_object)
    except Unfit:
        raise
    except (ValueError, RecursionError):
        raise Unfit("the body is not JSON") from None


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
