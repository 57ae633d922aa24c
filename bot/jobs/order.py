"""Which waiting deliveries are superseded by a newer one of the same kind in the same partition.  Pure."""

from bot.domain.events import TASK_PREFIX


def newest_wins(event: str, action: str) -> bool:
    """A push to a pull request replaces earlier pushes to it that still wait; a task replaces waiting equal tasks.

    A job reads the state when it runs, so the newest one sees everything that the older ones would have seen.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
    """
    return event.startswith(TASK_PREFIX) or (event, action) == ("pull_request", "synchronize")
