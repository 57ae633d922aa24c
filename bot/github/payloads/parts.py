"""What the payloads share: people, repositories, ids, object ids.  Strict types; what GitHub adds is ignored."""

from typing import Annotated

from msgspec import Meta, Struct

from bot.domain.events import Person
from bot.domain.references import InstallationId, RepoRef, RepositoryId, Sha

Text = Annotated[str, Meta(pattern=r"^[^\ud800-\udfff]*\Z")]
"""Without lone surrogates: those can be neither stored nor sent."""
Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""Of an account, a comment, a check run; also the number of an issue or a pull request."""
ObjectId = Annotated[Sha, Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
FullName = Annotated[str, Meta(pattern=r"^[^/\ud800-\udfff]+/[^/\ud800-\udfff]+\Z")]
"""``owner/name``"""


class PayloadPart(Struct):
    """A part of a payload, as far as it is read: optional fields may be absent or ``null``."""


class WithNumber(PayloadPart):
    """An issue or a pull request."""

    number: Id


class WithId(PayloadPart):
    """An installation or an App."""

    id: Id


class Account(PayloadPart):
    """Who did it."""

    id: Id
    login: Text
    type: Text = ""
    """``User``, ``Bot`` and others; GitHub's description permits that it is missing."""

    def person(self) -> Person:
        return Person(id=self.id, login=self.login, type=self.type)


class _Owner(PayloadPart):
    """The account that a repository belongs to."""

    id: Id | None = None


class RepositoryPart(PayloadPart):
    """A repository."""

    id: Id
    full_name: FullName
    owner: _Owner | None = None

    def ref(self, installation: WithId) -> RepoRef:
        owner, _, name = self.full_name.partition("/")
        return RepoRef(
            installation=InstallationId(installation.id),
            id=RepositoryId(self.id),
            owner=owner,
            name=name,
            owner_id=self.owner.id if self.owner else None,
        )


class BranchedRepository(RepositoryPart):
    """A repository, where its default branch is asked for."""

    default_branch: Text | None = None

    def may_have_as_default(self, branches: set[str]) -> bool:
        """Whether what happened to a commit of ``branches`` may have happened to the default branch's head."""
        return not branches or self.default_branch is None or self.default_branch in branches


class InRepository(PayloadPart):
    """What every event of a repository says."""

    installation: WithId
    repository: RepositoryPart

    @property
    def repo(self) -> RepoRef:
        return self.repository.ref(self.installation)
