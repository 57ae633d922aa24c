"""GitHub's webhook signature, checked over the raw bytes before anything parses them.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hmac
from collections.abc import Sequence

HEADER = "X-Hub-Signature-256"


def signing_key(body: bytes, signature: str, secrets: Sequence[bytes]) -> int | None:
    """The index of the secret that signed ``body``; ``None`` when none of them did.

    ``signature`` is the header's value, ``sha256=`` and 64 lower-case hexadecimal digits; it may hold anything,
    lone surrogates for undecodable bytes included.  Every secret is tried, so the time reveals nothing.
    """
    given = signature.encode("utf-8", "surrogateescape")
    found = None
    for index, secret in enumerate(secrets):
        expected = b"sha256=" + hmac.digest(secret, body, "sha256").hex().encode()
        if hmac.compare_digest(expected, given) and found is None:
            found = index
    return found
