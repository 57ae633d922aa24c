"""Hidden markers: how the App recognises its own texts.

A marker is an HTML comment in a body that the App wrote.  It names what the text is about (fingerprints of
findings) and carries an HMAC over that and over its place, so that a copied or forged marker is rejected.  The caller
checks the author of the body as well: only texts of the App itself are searched for markers.

The functions take kinds by name, so only this package calls them; others go through ``bot.identity.kinds``.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_MARKER = re.compile(r"<!-- ssot:(?P<kind>[a-z-]{1,20})=(?P<value>[0-9a-z,.:-]{1,60000}) sig=(?P<sig>[0-9a-f]{32}) -->")
_TRAILER = re.compile(
    r"^Ssot-(?P<kind>[A-Z][a-z-]{0,19}): (?P<value>[0-9a-z,.:-]{1,200}) sig=(?P<sig>[0-9a-f]{32})$", re.MULTILINE
)
_SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerKeys:
    """The keys that sign markers: the first signs, all of them verify (a secret is being rotated)."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def derive(cls, secrets: Iterable[bytes]) -> "MarkerKeys":
        """One key per secret (a webhook secret, or one for markers alone), separated from its other uses by a label.

        Raises ``ValueError`` without a secret: an unsigned marker must never be possible.
        """
        keys = tuple(hmac.digest(secret, b"ssot-bot marker v1", "sha256") for secret in secrets)
        if not keys:
            raise ValueError("markers need at least one secret")
        return cls(keys=keys)

    @staticmethod
    def name(key: bytes) -> str:
        """What a key is called where it is stored: 16 hexadecimal digits, which do not tell it."""
        return hashlib.sha256(b"ssot-bot key name\x00" + key).hexdigest()[:16]


def _sign(key: bytes, place: str, kind: str, value: str) -> str:
    message = f"{place}\x00{kind}\x00{value}".encode()
    return hmac.digest(key, message, hashlib.sha256)[:_SIGNATURE_BYTES].hex()


def write(keys: MarkerKeys, place: str, kind: str, values: Sequence[str]) -> str:
    """The marker for ``values`` at ``place`` (e.g. ``"4711/pull/12"``: repository id, object, number)."""
    value = ",".join(values)
    marker = f"<!-- ssot:{kind}={value} sig={_sign(keys.keys[0], place, kind, value)} -->"
    if not _MARKER.fullmatch(marker):
        raise ValueError(f"not a valid marker: {kind}={value[:80]!r}")
    return marker


def write_trailer(keys: MarkerKeys, place: str, kind: str, values: Sequence[str]) -> str:
    """The same for a commit message: a git trailer, ``Ssot-Command: 991,1 sig=…``, which is the message's last line.

    https://git-scm.com/docs/git-interpret-trailers
    """
    value = ",".join(values)
    trailer = f"Ssot-{kind.capitalize()}: {value} sig={_sign(keys.keys[0], place, kind, value)}"
    if not _TRAILER.fullmatch(trailer):
        raise ValueError(f"not a valid trailer: {kind}={value[:80]!r}")
    return trailer


def read_trailer(keys: MarkerKeys, place: str, kind: str, message: str) -> tuple[str, ...]:
    """The values of the last authentic trailer of this kind in a commit's message; none if there is none."""
    found: tuple[str, ...] = ()
    for match in _TRAILER.finditer(message.replace("\r\n", "\n")):
        if match["kind"] == kind.capitalize() and _authentic(keys, place, kind, match):
            found = tuple(match["value"].split(","))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A marker in a body, at ``[start, end)`` in characters."""

    start: int
    end: int
    values: tuple[str, ...]
    authentic: bool
    """Signed by us, for this place."""


def find(keys: MarkerKeys, place: str, kind: str, body: str) -> tuple[Marker, ...]:
    """All markers of this kind in ``body``, in order, forged ones and those of other places too."""
    return tuple(_marker(keys, place, match) for match in _MARKER.finditer(body) if match["kind"] == kind)


def _marker(keys: MarkerKeys, place: str, match: re.Match[str]) -> Marker:
    authentic = _authentic(keys, place, match["kind"], match)
    return Marker(start=match.start(), end=match.end(), values=tuple(match["value"].split(",")), authentic=authentic)


def read(keys: MarkerKeys, place: str, kind: str, body: str) -> tuple[str, ...]:
    """The values of all authentic markers of this kind in ``body``, in order; forged ones count as text."""
    markers = find(keys, place, kind, body)
    return tuple(value for marker in markers if marker.authentic for value in marker.values)


def _authentic(keys: MarkerKeys, place: str, kind: str, match: re.Match[str]) -> bool:
    expected = (_sign(key, place, kind, match["value"]) for key in keys.keys)
    return any(hmac.compare_digest(match["sig"], signature) for signature in expected)
