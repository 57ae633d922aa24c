"""Who acts in the sandbox GitHub: accounts, the App and where it is installed; mutable records as in ``model``."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


class Role(StrEnum):
    """A collaborator's role.  Compared by :attr:`level`.

    https://docs.github.com/organizations/managing-user-access-to-your-organizations-repositories
    """

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    @property
    def level(self) -> int:
        return list(Role).index(self)

    @property
    def permission(self) -> str:
        """The four-valued ``permission`` of the collaborator endpoint: maintain shows as write, triage as read."""
        return {Role.MAINTAIN: "write", Role.TRIAGE: "read"}.get(self, self.value)


@dataclass(eq=False, slots=True, kw_only=True)
class User:
    """A person, a bot or an organization."""

    id: int
    login: str
    type: str = "User"
    role: Role | None = None
    """The role in every repository that gives the user none of its own."""
    suspended: bool = False
    token: str

    @property
    def node_id(self) -> str:
        return f"{self.type[0]}_{self.id}"

    @property
    def email(self) -> str:
        """The address that GitHub commits under, without a bot's brackets: those are no legal part of an address."""
        return f"{self.id}+{self.login.removesuffix('[bot]')}@users.noreply.github.com"


@dataclass(eq=False, slots=True, kw_only=True)
class App:
    """A registered GitHub App."""

    id: int
    slug: str
    name: str
    owner: User
    bot: User
    private_key: str = field(repr=False)
    """PEM, PKCS#8, as ``GITHUB_PRIVATE_KEY`` takes it."""
    public_key: RSAPublicKey = field(repr=False)
    webhook_secret: str = field(repr=False)
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime


@dataclass(eq=False, slots=True, kw_only=True)
class Installation:
    id: int
    account: User
    permissions: dict[str, str]
    events: list[str]
    repositories: set[int] | None
    """Ids of the chosen repositories; ``None``: all of the account's."""
    created_at: datetime
    suspended_at: datetime | None = None
    suspended_by: User | None = None
    deleted: bool = False
