"""Which queued deliveries a newer one makes pointless.  Pure."""

from collections.abc import Callable

from bot.events import ERRAND
from bot.jobs.model import Job

Supersedes = Callable[[Job, Job], bool]
"""``(new, old)``: does ``new`` make the queued ``old`` of the same partition pointless?"""


def newest_wins(new: Job, old: Job) -> bool:
    """A push to a pull request replaces the earlier pushes to it that nobody has looked at yet; so does an errand.

    State is read afresh when the job runs, so the newest one sees all that the older ones would have seen.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
    """
    what = (new.event, new.action, new.key)
    repeatable = new.event.startswith(ERRAND) or what[:2] == ("pull_request", "synchronize")
    return new.seq > old.seq and repeatable and what == (old.event, old.action, old.key)
