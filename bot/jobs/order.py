"""Which waiting deliveries a newer one of the same kind, in the same partition, makes pointless.  Pure."""

from bot.domain.events import TASK_PREFIX


def newest_wins(event: str, action: str) -> bool:
    """A push to a pull request replaces the earlier pushes to it that nobody has looked at yet; so does a task.

    State is read afresh when the job runs, so the newest one sees all that the older ones would have seen.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
    """
    return event.startswith(TASK_PREFIX) or (event, action) == ("pull_request", "synchronize")
