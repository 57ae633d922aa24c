"""Whom the bot works for, by ids: the names in ``SSOT_ALLOW`` are looked up once, and their ids are kept.

Whom it onboards (``SSOT_ONBOARDING``) is a list of the same kind.

So an account or a repository that is renamed stays on the list, and whoever takes its former name does not get on it.
A name is looked up among the accounts and repositories that have the App: elsewhere there is nothing to do anyway.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from bot.domain.errors import Gone, RetryLater
from bot.domain.facts import Installation
from bot.domain.references import RepoRef
from bot.github import reads
from bot.github.client import GitHub
from bot.github.errors import MissingPermission
from bot.github.limits import LimitStore
from bot.settings import Allowed

log = structlog.get_logger(__name__)

DOCUMENT = "allowed"
"""The ids by what was listed: ``owner:<name>`` and ``repository:<owner>/<name>``, in lower case."""
ONBOARDING_DOCUMENT = "onboarding"
"""The same for the names in ``SSOT_ONBOARDING``."""


class AllowList:
    """The list of the settings, with the ids that its names stand for as far as they are known.

    ``document`` is where those are kept; ``setting`` is what the log calls the list.
    """

    def __init__(
        self, listed: Allowed | None = None, *, document: str = DOCUMENT, setting: str = "SSOT_ALLOW"
    ) -> None:  # fmt: skip
        self._listed, self._document = listed or Allowed(), document
        self.setting = setting
        self._ids: Mapping[str, int] = {}
        self._store: LimitStore | None = None
        self._told: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What has to be looked up, as in the document."""
        owners = (f"owner:{name}" for name in self._listed.owners)
        return (*sorted(owners), *sorted(f"repository:{name}" for name in self._listed.repositories))

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The names that stand for nobody yet."""
        return tuple(name for name in self.names if name not in self._ids)

    @property
    def ids(self) -> Mapping[str, int]:
        """What the names stand for."""
        return dict(self._ids)

    async def load(self, store: LimitStore) -> None:
        """Take up what was found before.  Raises ``RetryLater`` when the store does not answer."""
        self._store = store
        self._keep((await store.read(self._document))[0])

    def may_serve(self, repo: RepoRef) -> bool:
        """Whether it is on the list, or cannot be told before a name was looked up: see :meth:`serves`."""
        return self._decide(repo) is not False

    async def serves(self, github: GitHub, repo: RepoRef) -> bool | None:
        """Whether it is on the list; ``None`` while its name is listed and GitHub does not show whose it is."""
        found = self._decide(repo)
        if found is None and self.unresolved:
            await self.resolve(github)
            found = self._decide(repo)
        if found is None and repo.owner_id is None:
            found = self._decide(await reads.repository_by_id(github, repo))
        return found

    def _decide(self, repo: RepoRef) -> bool | None:
        listed = self._listed
        if listed.everybody or repo.installation in listed.installations:
            return True
        owners = listed.owner_ids | {self._ids[name] for name in self._ids if name.startswith("owner:")}
        repositories = listed.repository_ids | {self._ids[name] for name in self._ids if name.startswith("repository:")}
        if repo.id in repositories or repo.owner_id in owners:
            return True
        listed_name = {f"owner:{repo.owner.lower()}", f"repository:{repo.full_name.lower()}"} & {*self.unresolved}
        return None if listed_name or (repo.owner_id is None and owners) else False

    async def resolve(self, github: GitHub) -> None:
        """Look up what is not known yet; what is still unknown is told once.

        Raises ``RetryLater`` while GitHub or the store does not answer.
        """
        if self.unresolved:
            found = await _found(github, self.unresolved)
            if found:
                await self._record(found)
        if self.unresolved != self._told:
            self._told = self.unresolved
            if self._told:
                log.warning("allow_list_unresolved", setting=self.setting, names=", ".join(self._told))

    async def _record(self, found: Mapping[str, int]) -> None:
        """What another process has found first is right for all; what is listed no longer is forgotten."""
        listed = {*self.names}

        def change(before: Mapping[str, Any] | None, _: float) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
            after = {name: number for name, number in {**found, **(before or {})}.items() if name in listed}
            return after, after

        self._keep(found if self._store is None else await self._store.update(self._document, change))

    def _keep(self, document: Mapping[str, Any] | None) -> None:
        listed = {*self.names}
        self._ids = {**self._ids, **{name: int(number) for name, number in (document or {}).items() if name in listed}}


def onboarding_list(listed: Allowed) -> AllowList:
    """The list of ``SSOT_ONBOARDING``."""
    return AllowList(listed, document=ONBOARDING_DOCUMENT, setting="SSOT_ONBOARDING")


async def _found(github: GitHub, names: Iterable[str]) -> dict[str, int]:
    installed = {each.account.lower(): each for each in await reads.installations(github)}
    found: dict[str, int] = {}
    for name in names:
        kind, _, text = name.partition(":")
        installation = installed.get(text.partition("/")[0])
        if installation is None:
            continue
        number = installation.account_id if kind == "owner" else await _repository(github, installation, text)
        if number is not None:
            found[name] = number
    return found


async def _repository(github: GitHub, installation: Installation, full_name: str) -> int | None:
    try:
        repos = await reads.installation_repositories(github, installation.id)
    except RetryLater:
        raise
    except (Gone, MissingPermission) as reason:
        log.warning("installation_skipped", installation=installation.id, reason=str(reason))
        return None
    return next((repo.id for repo in repos if repo.full_name.lower() == full_name), None)
