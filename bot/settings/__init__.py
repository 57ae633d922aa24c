"""The environment becomes one frozen value, or a :class:`SettingsError` that says how to fix it.

Nothing else reads the environment.  Secrets are wrapped in :class:`Secret`: they never appear in a ``repr``, an error
or a log; only ``reveal()`` returns them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from bot.domain.errors import SettingsError
from bot.domain.references import RepoRef
from bot.settings.credentials import with_credentials
from bot.settings.keys import private_key
from bot.settings.secret import Secret
from bot.settings.urls import DEFAULT_API_URL, api_url
from bot.settings.variables import data_directory, get

__all__ = ["Allowed", "Secret", "Settings", "api_url", "data_directory", "database_url", "github_url", "private_key"]

T = TypeVar("T")

MIN_SECRET_BYTES = 16
_WEAK = {"development", "changeme", "secret", "password", "webhook-secret", "your-webhook-secret"}
_EPHEMERAL = {"K_SERVICE": "Cloud Run", "GAE_ENV": "App Engine", "GAE_SERVICE": "App Engine"}
"""Variables that these platforms set; their disks do not survive a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The accounts the bot works for.  Empty: every account that installs the App."""

    installations: frozenset[int] = frozenset()
    owners: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    owner_ids: frozenset[int] = frozenset()
    repository_ids: frozenset[int] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Those that have to be looked up."""
        return self.owners | self.repositories

    @property
    def everybody(self) -> bool:
        """Nothing is listed."""
        return not (self.installations or self.owners or self.repositories or self.owner_ids or self.repository_ids)

    def __contains__(self, subject: tuple[int, str]) -> bool:
        """Whether ``(installation id, "owner/name")`` is listed.  Names compare as GitHub does: without case.

        A name may be somebody else's by now: the server goes by ids, see ``bot.github.allow_list``.
        """
        installation, name = subject[0], subject[1].lower()
        named = name in self.repositories or name.split("/")[0] in self.owners
        return self.everybody or installation in self.installations or named

    def may_serve(self, repo: RepoRef) -> bool:
        """Whether it is listed, by id or by the name that it goes by."""
        by_id = repo.id in self.repository_ids or repo.owner_id in self.owner_ids
        return by_id or (repo.installation, repo.full_name) in self


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of the process."""

    app_id: int
    private_key: Secret = field(repr=False)
    """PEM, unencrypted RSA."""
    webhook_secrets: tuple[Secret, ...] = field(repr=False)
    """The newest first; more than one while a secret is being rotated."""
    data_dir: Path
    marker_keys: tuple[Secret, ...] = field(default=(), repr=False)
    """The newest first; empty: markers are signed with keys derived from the webhook secrets."""
    database_url: Secret = field(repr=False)
    """``sqlite:///…`` or ``postgresql://…``; secret because it may hold a password."""
    api_url: str = DEFAULT_API_URL
    host: str = "127.0.0.1"
    port: int = 8000
    log_format: str = "text"
    log_level: str = "info"
    allowed: Allowed = Allowed()
    onboarding: Allowed | None = None
    """The repositories that get an onboarding pull request; empty: every one; ``None``: none."""
    metrics_token: Secret | None = field(default=None, repr=False)
    """Opens the operator's pages; without it they answer this machine only."""
    admin_listen: tuple[str, int] | None = None
    """Host and port of the operator's pages; ``None``: they are beside the webhook."""
    write_pace: tuple[float, int, int] | None = None
    """Seconds between two writes of an installation, and how many create content in a minute and in an hour.

    ``None``: as GitHub asks.  Only on an Enterprise Server.
    """
    tracker_window: float = 20.0
    """Seconds during which changes to a tracking issue are collected into one edit."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read and check everything.

        Raises :class:`SettingsError` with a line for each error: all of them at once.
        """
        faults: list[str] = []
        try:
            env = with_credentials(env)
        except SettingsError as fault:
            faults.append(str(fault))
        values = {
            "app_id": _collect(faults, _app_id, env),
            "private_key": _collect(faults, _private_key, env),
            "webhook_secrets": _collect(faults, _webhook_secrets, env),
            "marker_keys": _collect(faults, _marker_keys, env),
            "data_dir": data_directory(env),
            "database_url": _collect(faults, _database_url, env),
            "api_url": _collect(faults, _api_url, env),
            "host": get(env, "HOST") or "127.0.0.1",
            "port": _collect(faults, _port, env),
            "log_format": _collect(faults, _log_format, env),
            "log_level": _collect(faults, _log_level, env),
            "allowed": _collect(faults, _allowed, env),
            "onboarding": _collect(faults, _onboarding, env),
            "metrics_token": _collect(faults, _metrics_token, env),
            "admin_listen": _collect(faults, _admin_listen, env),
            "write_pace": _collect(faults, _write_pace, env),
            "tracker_window": _collect(faults, _tracker_window, env),
        }
        if faults:
            raise SettingsError("\n".join(faults))
        return cls(**values)  # type: ignore[arg-type]  # one dict of unlike values; each reader above is typed


def _collect(faults: list[str], read: Callable[[Mapping[str, str]], T], env: Mapping[str, str]) -> T | None:
    try:
        return read(env)
    except SettingsError as fault:
        faults.append(str(fault))
        return None


def _number(name: str, text: str, largest: int) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text) or not 0 < int(text) <= largest:
        raise SettingsError(f"{name} must be a whole number from 1 to {largest}")
    return int(text)


def _app_id(env: Mapping[str, str]) -> int:
    text = get(env, "GITHUB_APP_ID")
    if not text:
        raise SettingsError(
            "GITHUB_APP_ID is not set: find it on the App's settings page, or run `ssot setup` to register a new App"
        )
    return _number("GITHUB_APP_ID", text, 2**53)


def _private_key(env: Mapping[str, str]) -> Secret:
    text, path = get(env, "GITHUB_PRIVATE_KEY"), get(env, "GITHUB_PRIVATE_KEY_PATH")
    if text and path:
        raise SettingsError("GITHUB_PRIVATE_KEY and GITHUB_PRIVATE_KEY_PATH are both set: unset one")
    if not text and not path:
        raise SettingsError(
            "GITHUB_PRIVATE_KEY or GITHUB_PRIVATE_KEY_PATH is not set: create a key on the App's settings page"
        )
    if path:
        try:
            text = Path(path).read_text(encoding="ascii")
        except (OSError, ValueError) as fault:
            why = fault.strerror if isinstance(fault, OSError) else "not a text file"
            raise SettingsError(f"GITHUB_PRIVATE_KEY_PATH: {path}: {why}") from None
    return private_key(text)


def _webhook_secrets(env: Mapping[str, str]) -> tuple[Secret, ...]:
    advice = "set one with at least 16 bytes, e.g. from `openssl rand -hex 32`, here and on the App's settings page"
    if not get(env, "GITHUB_WEBHOOK_SECRET"):
        raise SettingsError(f"GITHUB_WEBHOOK_SECRET is not set: {advice}")
    return _secrets("GITHUB_WEBHOOK_SECRET", get(env, "GITHUB_WEBHOOK_SECRET"), advice)


def _marker_keys(env: Mapping[str, str]) -> tuple[Secret, ...]:
    text = get(env, "SSOT_MARKER_KEYS")
    advice = "set one with at least 16 bytes, e.g. from `openssl rand -hex 32`, the same for all servers"
    return _secrets("SSOT_MARKER_KEYS", text, advice) if text else ()


def _secrets(name: str, text: str, advice: str) -> tuple[Secret, ...]:
    """Several with commas, the newest first."""
    secrets = [part.strip() for part in text.split(",")]
    for secret in secrets:
        if len(secret.encode()) < MIN_SECRET_BYTES or len(set(secret)) < 4 or secret.lower() in _WEAK:
            raise SettingsError(f"{name} is too weak: {advice}")
    return tuple(Secret(secret) for secret in secrets)


def _database_url(env: Mapping[str, str]) -> Secret:
    url = get(env, "SSOT_DATABASE_URL")
    if url and not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise SettingsError("SSOT_DATABASE_URL must begin with postgresql:// or sqlite:///")
    if (not url or url.startswith("sqlite:")) and (name := platform(env)):
        raise SettingsError(f"SSOT_DATABASE_URL: {name} has no durable disk for SQLite; set a postgresql:// URL")
    if not url:
        url = f"sqlite:///{data_directory(env) / 'ssot.db'}"
    return Secret(url)


def platform(env: Mapping[str, str]) -> str | None:
    """The platform without durable disks that the process runs on; ``None``: another place."""
    return next((name for variable, name in _EPHEMERAL.items() if env.get(variable)), None)


def github_url(env: Mapping[str, str]) -> str:
    """Only the API's URL, before there is an App.  Raises :class:`SettingsError`."""
    return _api_url(env)


def database_url(env: Mapping[str, str]) -> Secret:
    """Only the database, for tools that need no credentials of the App.  Raises :class:`SettingsError`."""
    return _database_url(env)


def _metrics_token(env: Mapping[str, str]) -> Secret | None:
    token = get(env, "SSOT_METRICS_TOKEN")
    if token and len(token.encode()) < MIN_SECRET_BYTES:
        raise SettingsError(f"SSOT_METRICS_TOKEN is too weak: use at least {MIN_SECRET_BYTES} bytes, or unset it")
    return Secret(token) if token else None


def _admin_listen(env: Mapping[str, str]) -> tuple[str, int] | None:
    text = get(env, "SSOT_ADMIN_LISTEN")
    if not text:
        return None
    found = re.fullmatch(r"(?:(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9._-]+):)?([0-9]{1,5})", text)
    if found is None or int(found[2]) > 65_535:
        raise SettingsError("SSOT_ADMIN_LISTEN must be HOST:PORT, e.g. 127.0.0.1:9090 or [::1]:9090")
    return (found[1] or "127.0.0.1").strip("[]"), int(found[2])


def _tracker_window(env: Mapping[str, str]) -> float:
    text = get(env, "SSOT_TRACKER_WINDOW") or "20"
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text, re.ASCII) or not 0 < float(text) <= 3600:
        raise SettingsError("SSOT_TRACKER_WINDOW must be a number of seconds above 0 and at most 3600")
    return float(text)


def _write_pace(env: Mapping[str, str]) -> tuple[float, int, int] | None:
    text = get(env, "SSOT_WRITE_PACE")
    if not text:
        return None
    if not get(env, "GITHUB_API_URL").rstrip("/").endswith("/api/v3"):
        raise SettingsError("SSOT_WRITE_PACE is for GitHub Enterprise Server: GitHub's own limits are no setting")
    found = re.fullmatch(r"(\d{1,2}(?:\.\d{1,3})?),([1-9]\d{0,6}),([1-9]\d{0,6})", text.replace(" ", ""), re.ASCII)
    if found is None:
        raise SettingsError(
            "SSOT_WRITE_PACE must be three numbers: seconds between two writes, writes a minute, writes an hour;"
            " e.g. 0.1,600,10000"
        )
    return float(found[1]), int(found[2]), int(found[3])


def _api_url(env: Mapping[str, str]) -> str:
    return api_url(get(env, "GITHUB_API_URL") or DEFAULT_API_URL)


def _port(env: Mapping[str, str]) -> int:
    return _number("PORT", get(env, "PORT") or "8000", 65_535)


def _log_format(env: Mapping[str, str]) -> str:
    return _choice("LOG_FORMAT", (get(env, "LOG_FORMAT") or "text").lower(), ("text", "json"))


def _log_level(env: Mapping[str, str]) -> str:
    return _choice("LOG_LEVEL", (get(env, "LOG_LEVEL") or "info").lower(), ("debug", "info", "warning", "error"))


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}")
    return value


def _allowed(env: Mapping[str, str]) -> Allowed:
    return _listed("SSOT_ALLOW", get(env, "SSOT_ALLOW"))


def _onboarding(env: Mapping[str, str]) -> Allowed | None:
    """``all`` is every repository; nothing is none."""
    text = get(env, "SSOT_ONBOARDING")
    entries = [entry for part in text.split(",") if (entry := part.strip().lower())]
    if not entries:
        return None
    if entries == ["all"]:
        return Allowed()
    if "all" in entries:
        raise SettingsError("SSOT_ONBOARDING: `all` stands alone; an account of that name is listed as owner:ID")
    return _listed("SSOT_ONBOARDING", text)


def _listed(name: str, text: str) -> Allowed:
    owners, repositories = set(), set()
    ids: dict[str, set[int]] = {"installation": set(), "owner": set(), "repository": set()}
    for entry in filter(None, (part.strip().lower() for part in text.split(","))):
        if entry.isdecimal() and entry.isascii():
            ids["installation"].add(int(entry))
        elif found := re.fullmatch(r"(installation|owner|repository):([0-9]{1,18})", entry):
            ids[found[1]].add(int(found[2]))
        elif re.fullmatch(r"[a-z0-9_-]+/[a-z0-9._-]+", entry):
            repositories.add(entry)
        elif re.fullmatch(r"[a-z0-9_-]+", entry):
            owners.add(entry)
        else:
            raise SettingsError(
                f"{name} must list owners, owner/name repositories or installation ids, with commas;"
                " ids of others as owner:ID and repository:ID"
            )
    return Allowed(
        installations=frozenset(ids["installation"]),
        owners=frozenset(owners),
        repositories=frozenset(repositories),
        owner_ids=frozenset(ids["owner"]),
        repository_ids=frozenset(ids["repository"]),
    )
