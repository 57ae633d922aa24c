"""Who asks, and what they may: App JWTs, installation tokens, personal tokens."""

import base64
import binascii
import functools
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from bot.sandbox.errors import ApiError, forbidden, malformed, not_found
from bot.sandbox.model import Repository
from bot.sandbox.people import Installation, Role, User
from bot.sandbox.world import Obj, World, covers

TOKEN_LIFETIME = timedelta(hours=1)
"""https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app"""
JWT_LIFETIME = timedelta(minutes=10)
"""https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""
JWT_DRIFT = timedelta(seconds=60)
"""How far in the future a JWT may have been issued."""

LEVELS = ("none", "read", "write", "admin")
ROLES = {
    "contents:write": Role.WRITE,
    "issues:write": Role.READ,
    "pull_requests:write": Role.READ,
    "administration:write": Role.ADMIN,
}
"""The role that a *person* needs for what an App needs the permission for; reading takes ``read``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppIdentity:
    """The App itself, by JWT."""

    name: str = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationIdentity:
    """An installation token."""

    installation: Installation
    repositories: frozenset[int] | None
    permissions: tuple[tuple[str, str], ...]
    expires_at: datetime

    @property
    def name(self) -> str:
        return f"installation:{self.installation.id}"

    def grants(self, permission: str, level: str) -> bool:
        """Whether both the token and what the installation has now go that far."""
        mine = (dict(self.permissions).get(permission, "none"), self.installation.permissions.get(permission, "none"))
        return permission == "metadata" or all(LEVELS.index(have) >= LEVELS.index(level) for have in mine)

    def reaches(self, repo: Repository) -> bool:
        return covers(self.installation, repo) and (self.repositories is None or repo.id in self.repositories)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentity:
    user: User

    @property
    def name(self) -> str:
        return f"user:{self.user.login}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymous:
    name: str = "anonymous"


Identity = AppIdentity | InstallationIdentity | UserIdentity | Anonymous


@functools.cache
def key_pair() -> tuple[str, rsa.RSAPublicKey]:
    """A key pair for sandboxes of this process: PEM (PKCS#8) and public key.  Made once, as that takes a while."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode(), key.public_key()


class Authority:
    """Checks credentials and hands out installation tokens."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, InstallationIdentity] = {}

    def identify(self, authorization: str | None) -> Identity:
        """The identity behind an ``Authorization`` header.

        ``Bearer``, ``token`` and (for git) ``Basic`` with the token as password are understood.
        Raises 401 with GitHub's words for a bad one.
        """
        if authorization is None:
            return Anonymous()
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "basic":
            value = _password(value)
        elif scheme.lower() not in ("bearer", "token"):
            raise ApiError(401, "Bad credentials")
        value = value.strip()
        return self._app(value) if value.count(".") == 2 else self._token(value)

    def _token(self, token: str) -> Identity:
        identity = self._tokens.get(token)
        if identity is not None:
            if identity.installation.deleted or self._world.clock() >= identity.expires_at:
                raise ApiError(401, "Bad credentials")
            return identity
        for user in self._world.users.values():
            if user.token == token and not user.suspended:
                return UserIdentity(user=user)
        raise ApiError(401, "Bad credentials")

    def _app(self, token: str) -> AppIdentity:
        app, now = self._world.app, self._world.clock()
        lax: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        try:
            claims = jwt.decode(token, app.public_key, algorithms=["RS256"], options=lax)
        except jwt.InvalidTokenError:
            raise ApiError(401, "A JSON web token could not be decoded") from None
        if str(claims.get("iss")) not in (str(app.id), f"Iv1.{app.id:016x}"):
            raise ApiError(401, "Integration not found")
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or issued > (now + JWT_DRIFT).timestamp():
            raise ApiError(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            )
        if not isinstance(expires, int) or expires <= now.timestamp():
            raise ApiError(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
                "assertion expires",
            )
        if expires > (now + JWT_LIFETIME).timestamp():
            raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
        return AppIdentity()

    def mint(self, installation: Installation, requested: Obj) -> tuple[str, InstallationIdentity]:
        """A token for an installation, narrowed as the request's body asks.

        ``requested``: ``repositories`` (names), ``repository_ids``, ``permissions``; no permissions are all of them.
        Raises 422 for anything that the installation does not have itself, 403 while it is suspended.
        """
        if installation.suspended_at is not None:
            raise forbidden("This installation has been suspended")
        identity = InstallationIdentity(
            installation=installation,
            repositories=self._chosen(installation, requested),
            permissions=tuple(_permissions(installation, requested.get("permissions")).items()),
            expires_at=self._world.now() + TOKEN_LIFETIME,
        )
        seed = f"{self._world.app.webhook_secret}:{self._world.next_id()}"
        token = "ghs_" + hashlib.sha256(seed.encode()).hexdigest()[:36]
        self._tokens[token] = identity
        return token, identity

    def _chosen(self, installation: Installation, requested: Obj) -> frozenset[int] | None:
        names, ids = requested.get("repositories"), requested.get("repository_ids")
        if names is None and ids is None:
            return None
        chosen: set[int] = set()
        for repo in self._world.repos.values():
            if covers(installation, repo) and (repo.name in (names or ()) or repo.id in (ids or ())):
                chosen.add(repo.id)
        if len(chosen) < len(set(names or ())) or len(chosen) < len(set(ids or ())) or not chosen:
            raise ApiError(
                422,
                "There is at least one repository that does not exist or is not accessible to the parent installation.",
            )
        return frozenset(chosen)

    def revoke_all(self) -> None:
        """Make every installation token that was handed out a bad credential."""
        self._tokens.clear()

    def tokens(self) -> list[str]:
        """Every living token: a test may look for them in places where none should be."""
        return list(self._tokens)


def _password(value: str) -> str:
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError(401, "Bad credentials") from None
    return decoded.partition(":")[2]


def _permissions(installation: Installation, requested: object) -> dict[str, str]:
    if requested is None or requested == {}:
        return dict(installation.permissions)
    if not isinstance(requested, dict) or any(level not in LEVELS for level in requested.values()):
        raise malformed('"permissions" is not a map of permissions to levels.')
    for permission, level in requested.items():
        if LEVELS.index(installation.permissions.get(permission, "none")) < LEVELS.index(level):
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    return {"metadata": "read", **requested}


def authorize(identity: Identity, repo: Repository, needs: str) -> None:
    """Raise unless ``identity`` may do what ``needs`` says in ``repo``.

    ``needs`` is one or more of ``permission:level`` joined by ``|``, any of which is enough.  Who may not even see
    the repository hears 404; who may see it but not do this, 403 (a person or a token) or 401 (nobody).
    """
    alternatives = [tuple(each.split(":")) for each in needs.split("|")]
    reading = any(level == "read" for _, level in alternatives)
    if repo.archived and not reading:
        raise ApiError(403, "Repository was archived so is read-only.")
    match identity:
        case AppIdentity():
            raise ApiError(401, "A JSON web token could not be decoded")
        case Anonymous():
            if repo.private:
                raise not_found()
            if not reading:
                raise ApiError(401, "Requires authentication")
        case UserIdentity(user=user):
            _authorize_user(user, repo, needs)
        case InstallationIdentity():
            if identity.installation.suspended_at is not None:
                raise forbidden("This installation has been suspended")
            if not identity.reaches(repo):
                _authorize_stranger(repo, reading=reading)
            elif not any(identity.grants(permission, level) for permission, level in alternatives):
                raise forbidden()


def _authorize_stranger(repo: Repository, *, reading: bool) -> None:
    """A token of an installation that does not cover the repository sees it as the public does."""
    if repo.private:
        raise not_found()
    if not reading:
        raise forbidden()


def _authorize_user(user: User, repo: Repository, needs: str) -> None:
    if needs == "checks:write":
        raise forbidden("You must authenticate via a GitHub App.")
    role = repo.role_of(user)
    if role is Role.NONE:
        raise not_found()
    least = min((ROLES.get(each, Role.READ) for each in needs.split("|")), key=lambda role: role.level)
    if role.level < least.level:
        raise forbidden(f"Must have {'admin rights' if least is Role.ADMIN else 'push access'} to Repository.")
