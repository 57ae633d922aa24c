"""What a piece of work needs of a repository, so that one token is enough for all its requests.

A request still names what it needs (``bot.github.operations``): where a purpose does not cover that, or the
installation has not granted all of it, the token is for that request alone.
"""

from bot.github.operations import Permissions, weaker

REVIEW: Permissions = {
    "checks": "write",
    "contents": "read",
    "issues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
"""Reads a pull request, writes its check run and its review; what commits is not among it."""
CONVERSATION: Permissions = {
    "checks": "read",
    "contents": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}
"""Reads what a comment is about, and answers it."""
MIGRATION: Permissions = {
    "checks": "read",
    "contents": "write",
    "issues": "write",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
"""Commits fixes, and opens pull requests with them."""
TRACKER: Permissions = {
    "checks": "read",
    "contents": "read",
    "deployments": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
"""Reads the evidence of a tracking issue, and edits it."""


def covers(granted: Permissions, needed: Permissions) -> bool:
    """Whether a token with ``granted`` may do what takes ``needed``."""
    return not any(weaker(granted.get(name, "none"), access) for name, access in needed.items())
