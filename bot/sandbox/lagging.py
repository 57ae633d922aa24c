"""A replica that has stopped following: reads show what was there, while writes, events and git see the present.

GitHub answers reads from replicas, and says nowhere how far these may be behind.  What a webhook names may not be
there yet: https://github.com/probot/probot/issues/1370.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.sandbox.model import PullRequest
from bot.sandbox.world import Obj, World

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerPull:
    """What a replica shows of a pull request, as far as it can change what the bot does."""

    state: str
    draft: bool
    locked: bool
    base_ref: str
    head_sha: str

    @classmethod
    def of(cls, pull: PullRequest) -> "FormerPull":
        return cls(
            state=pull.issue.state, draft=pull.draft, locked=pull.issue.locked, base_ref=pull.base_ref,
            head_sha=pull.head_sha,
        )  # fmt: skip

    def shown(self, body: Obj) -> Obj:
        """The REST object of the pull request, as it was."""
        return {
            **body,
            "state": self.state,
            "draft": self.draft,
            "locked": self.locked,
            "base": {**body["base"], "ref": self.base_ref},
            "head": {**body["head"], "sha": self.head_sha},
        }

    def shown_as_node(self, node: Obj) -> Obj:
        """The GraphQL object, as it was."""
        return {
            **node,
            "state": node["state"] if node["state"] == "MERGED" and self.state == "closed" else self.state.upper(),
            "isDraft": self.draft,
            "locked": self.locked,
            "baseRefName": self.base_ref,
            "headRefOid": self.head_sha,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """The state at one moment: ids only grow, so what has a greater one was not there."""

    last_id: int
    pulls: dict[int, FormerPull]

    @classmethod
    def of(cls, world: World) -> "Replica":
        pulls = {pull.id: FormerPull.of(pull) for repo in world.repos.values() for pull in repo.pulls}
        return cls(last_id=world.next_id(), pulls=pulls)

    def has(self, record: object) -> bool:
        """Whether it was there; what has no id of its own (a file, a commit) is."""
        number = getattr(record, "id", 0)
        return not isinstance(number, int) or number <= self.last_id

    def among(self, records: Iterable[T]) -> Sequence[T]:
        return [record for record in records if self.has(record)]

    def pull(self, pull: PullRequest, body: Obj) -> Obj:
        former = self.pulls.get(pull.id)
        return body if former is None else former.shown(body)

    def node(self, pull: PullRequest, node: Obj) -> Obj:
        """As :meth:`pull`, in GraphQL."""
        former = self.pulls.get(pull.id)
        return node if former is None else former.shown_as_node(node)
