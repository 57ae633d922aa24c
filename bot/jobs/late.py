"""How long a job waits for what its event names.  Pure.

GitHub sends an event before all of its replicas know what happened, so a read may show the state before it.
"""

from datetime import datetime, timedelta

from bot.jobs.model import Job

WAITED_FOR = timedelta(minutes=5)
"""Since the event arrived; what is not there by then is not coming."""
SHORTEST, LONGEST = timedelta(seconds=0.5), timedelta(seconds=30)


def look_again_at(job: Job, now: datetime) -> datetime | None:
    """When to read again what the event of ``job`` names and GitHub does not show; ``None``: not any more.

    The pauses grow with the age of the event, as most replicas follow within a second.
    """
    began = job.received_at if job.not_before is None else max(job.received_at, job.not_before)
    age = now - began
    if age >= WAITED_FOR:
        return None
    return now + min(max(age / 2, SHORTEST), LONGEST, max(WAITED_FOR - age, SHORTEST))
