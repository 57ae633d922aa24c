"""The external ids of the bot's check runs: what a run is about, and a digest of its text.

``<repository id>/pull/<number>:<digest>`` is a pull request's, ``<repository id>/queue/<number>/<base>:<digest>`` that
of the merge queue's commit for it on top of ``base``.
``<repository id>/preview/<number>:<digest>`` is that of a changed configuration's preview.
"""

import hashlib
import re

from bot.domain.references import PullRequestRef, Sha

_PULL = re.compile(r"(?P<repository>[0-9]{1,19})/pull/(?P<number>[0-9]{1,9}):[0-9a-f]{16}")
_QUEUED = re.compile(r"(?P<repository>[0-9]{1,19})/queue/(?P<number>[0-9]{1,9})/(?P<base>[0-9a-f]{40,64}):[0-9a-f]{16}")


def of_pull(ref: PullRequestRef, said: str) -> str:
    """The id of a check run about a pull request that says ``said``."""
    return f"{ref.repo.id}/pull/{ref.number}:{_digest(said)}"


def of_queued(ref: PullRequestRef, base: Sha, said: str) -> str:
    """The same for the merge queue's commit of the pull request on top of ``base``."""
    return f"{ref.repo.id}/queue/{ref.number}/{base}:{_digest(said)}"


def of_preview(ref: PullRequestRef, said: str) -> str:
    """The same for what the pull request's configuration would find."""
    return f"{ref.repo.id}/preview/{ref.number}:{_digest(said)}"


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def pull_number(external_id: str, repository: int) -> int | None:
    """The pull request of a check run of the bot; ``None`` if it is about none of that repository."""
    match = _PULL.fullmatch(external_id)
    return int(match["number"]) if match and int(match["repository"]) == repository else None


def queue_entry(external_id: str, repository: int) -> tuple[int, Sha] | None:
    """Pull request and base of the merge queue's commit of a check run of the bot; ``None``: of none."""
    match = _QUEUED.fullmatch(external_id)
    return (int(match["number"]), Sha(match["base"])) if match and int(match["repository"]) == repository else None
