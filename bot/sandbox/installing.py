"""Where the App is installed: on which accounts, on which of their repositories, and the events that tell of it."""

from collections.abc import Iterable

from bot.sandbox.model import Repository
from bot.sandbox.people import Installation, User
from bot.sandbox.repo_handle import Repo
from bot.sandbox.shapes import accounts, repositories
from bot.sandbox.world import Event, Obj, World


class Installing:
    """The part of the sandbox that installs the App."""

    world: World

    def _person(self) -> User:
        """Who does what nobody in particular does."""
        return self.world.user("octocat") or self.world.add_user("octocat", kind="User")

    def _install_quietly(self, account: User, chosen: Iterable[Repo] | None) -> Installation:
        installation = Installation(
            id=self.world.next_id(), account=account, permissions=dict(self.world.app.permissions),
            events=list(self.world.app.events), created_at=self.world.now(),
            repositories=None if chosen is None else {repo.id for repo in chosen},
        )  # fmt: skip
        self.world.installations[installation.id] = installation
        return installation

    def installation(self, repo: Repo) -> Installation:
        """The installation that covers the repository; its ``permissions`` may be changed at any time."""
        found = self.world.installation_on(repo.record)
        if found is None:
            raise KeyError(repo.full_name)
        return found

    def install(self, account: str, repositories_: Iterable[Repo] | None = None) -> Installation:
        """Install the App on an account: on the given repositories, or on all.  Sends ``installation.created``."""
        installation = self._install_quietly(self.world.account(account), repositories_)
        self._tell(installation, "created")
        return installation

    def uninstall(self, installation: Installation) -> None:
        self._tell(installation, "deleted")
        installation.deleted = True

    def suspend(self, installation: Installation) -> None:
        installation.suspended_at, installation.suspended_by = self.world.now(), self._person()
        self._tell(installation, "suspend")

    def unsuspend(self, installation: Installation) -> None:
        installation.suspended_at = installation.suspended_by = None
        self._tell(installation, "unsuspend")

    def accept_permissions(self, installation: Installation) -> None:
        """Sends ``installation.new_permissions_accepted``: what the App asks for now is granted."""
        installation.permissions = dict(self.world.app.permissions)
        self._tell(installation, "new_permissions_accepted")

    def add_repositories(self, installation: Installation, added: Iterable[Repo]) -> None:
        """Sends ``installation_repositories.added``."""
        self._choose(installation, "added", [repo.record for repo in added])

    def remove_repositories(self, installation: Installation, removed: Iterable[Repo]) -> None:
        """Sends ``installation_repositories.removed``."""
        self._choose(installation, "removed", [repo.record for repo in removed])

    def _choose(self, installation: Installation, action: str, changed: list[Repository]) -> None:
        ids = {repo.id for repo in changed}
        chosen = installation.repositories if installation.repositories is not None else self._owned(installation)
        installation.repositories = chosen | ids if action == "added" else chosen - ids
        listed = [repositories.in_installation(repo) for repo in changed]
        fields: Obj = {
            "installation": accounts.installation(installation, self.world.app, self.world.url),
            "repository_selection": "selected",
            "repositories_added": listed if action == "added" else [],
            "repositories_removed": listed if action == "removed" else [],
            "requester": None,
        }
        self.world.emit(
            Event(
                name="installation_repositories", action=action, sender=self._person(), fields=fields,
                installation=installation,
            )
        )  # fmt: skip

    def _owned(self, installation: Installation) -> set[int]:
        return {repo.id for repo in self.world.repos.values() if repo.owner is installation.account}

    def _tell(self, installation: Installation, action: str) -> None:
        covered = installation.repositories or self._owned(installation)
        fields: Obj = {
            "installation": accounts.installation(installation, self.world.app, self.world.url),
            "repositories": [repositories.in_installation(self.world.repos[number]) for number in sorted(covered)],
            "requester": None,
        }
        sender = self._person()
        event = Event(name="installation", action=action, sender=sender, fields=fields, installation=installation)
        self.world.emit(event)
