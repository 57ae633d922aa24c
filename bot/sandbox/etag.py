"""Conditional requests.

https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

import hashlib

VARY = "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With"


def tag(body: bytes, accept: str) -> str:
    """The weak validator of a representation: other bytes or another ``Accept`` give another one."""
    digest = hashlib.sha256(accept.encode() + b"\0" + body).hexdigest()
    return f'W/"{digest}"'


def matches(if_none_match: str | None, current: str) -> bool:
    """Weak comparison, as RFC 9110 section 13.1.2 wants it for ``If-None-Match``."""
    if if_none_match is None:
        return False
    known = (each.strip().removeprefix("W/") for each in if_none_match.split(","))
    return if_none_match.strip() == "*" or current.removeprefix("W/") in known
