"""Which queued deliveries a newer one makes pointless.  Pure."""

from collections.abc import Callable

from bot.jobs.model import Job

Supersedes = Callable[[Job, Job], bool]
"""``(new, old)``: does ``new`` make the queued ``old`` of the same partition pointless?"""


def newest_wins(new: Job, old: Job) -> bool:
    """A push to a pull request replaces the earlier pushes to it that nobody has looked at yet.

    State is read afresh when the job runs, so the newest one sees all that the older ones would have seen.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
    """
    return (
        new.seq > old.seq
        and new.key == old.key
        and all((job.event, job.action) == ("pull_request", "synchronize") for job in (new, old))
    )
