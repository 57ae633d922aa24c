"""Media types: an answer in another one than was asked for is no answer.

https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api#media-types
"""

import re
from collections.abc import Collection

from bot.sandbox.errors import ApiError

JSON = ("", "raw", "json")
"""What the answer to every route is; ``raw`` is that of texts, which GitHub sends unless it is asked for another."""
OTHERS = ("text", "html", "full", "diff", "patch", "sha", "base64", "object", "star")
"""Parameters that GitHub has for some of its routes."""
NAME = re.compile(r"application/vnd\.github(?:\.v3|\.[a-z-]+-preview)?(?:\.([a-z0-9]+))?(?:\+json)?")


def chosen(accept: str | None, has: Collection[str]) -> str:
    """The parameter of the media type that is asked for: one that the route ``has``, or nothing for JSON.

    The first one that GitHub knows counts.  406: the sandbox does not have it; 415: no media type of GitHub's.
    """
    for each in (accept or "*/*").split(","):
        kind = each.partition(";")[0].strip().lower()
        if kind in ("*/*", "application/*", "application/json"):
            return ""
        match = NAME.fullmatch(kind)
        parameter = (match[1] or "") if match else None
        if parameter is not None and parameter in has:
            return parameter
        if parameter in JSON:
            return ""
        if parameter in OTHERS:
            raise ApiError(406, f"The sandbox does not have {kind} here.")
    raise ApiError(415, f"Unsupported 'Accept' header: '{accept}'. Must accept 'application/json'.")
