"""The payload of a push.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from bot.config import FILE as CONFIG_FILE
from bot.domain.events import PushEvent
from bot.github.payloads.parts import InRepository, ObjectId, PayloadPart, RepositoryPart, Text


class _PushedRepository(RepositoryPart, kw_only=True):
    default_branch: Text


class _PushedCommit(PayloadPart):
    """Up to 2,048 of them are in a payload."""

    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def touches(self, path: str) -> bool:
        return path in self.added or path in self.modified or path in self.removed


class PushPayload(InRepository):
    """``push``."""

    ref: Text
    before: ObjectId
    after: ObjectId
    repository: _PushedRepository
    commits: tuple[_PushedCommit, ...] = ()

    def event(self) -> PushEvent:
        is_branch = self.ref.startswith("refs/heads/")
        return PushEvent(
            repo=self.repo,
            branch=self.ref.removeprefix("refs/heads/") if is_branch else None,
            before=self.before,
            after=self.after,
            default_branch=self.repository.default_branch,
            configures=is_branch and any(commit.touches(CONFIG_FILE) for commit in self.commits),
        )
