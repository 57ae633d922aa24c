"""The credentials that ``ssot setup`` stores for the next start."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from bot.domain.errors import SettingsError
from bot.settings.urls import DEFAULT_API_URL
from bot.settings.variables import KEPT_WITH_THEM, OF_THE_APP, data_directory, get

CREDENTIALS = "credentials.env"
"""The file in the data directory; used when the environment names no App."""


def configured(env: Mapping[str, str]) -> bool:
    """Whether the environment or the file has credentials of an App, valid or not."""
    return any(get(env, name) for name in OF_THE_APP) or (data_directory(env) / CREDENTIALS).exists()


def variables(
    *,
    app_id: int,
    private_key: str,
    webhook_secret: str,
    marker_key: str,
    metrics_token: str | None = None,
    api_url: str = DEFAULT_API_URL,
) -> dict[str, str]:
    """An App's credentials as an environment, each on one line, with the address where it is registered."""
    one_line = private_key.strip().replace("\r\n", "\n").replace("\n", "\\n")
    return {
        "GITHUB_APP_ID": str(app_id),
        "GITHUB_PRIVATE_KEY": one_line,
        "GITHUB_WEBHOOK_SECRET": webhook_secret,
        "SSOT_MARKER_KEYS": marker_key,
        **({} if metrics_token is None else {"SSOT_METRICS_TOKEN": metrics_token}),
        **({} if api_url == DEFAULT_API_URL else {"GITHUB_API_URL": api_url}),
    }


def write_credentials(directory: Path, credentials: Mapping[str, str]) -> Path:
    """Store an App's credentials for the next start; only the owner can read them.

    The caller has checked that they are valid.  Raises ``FileExistsError`` when there are some already.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / CREDENTIALS
    with NamedTemporaryFile("w", dir=directory, encoding="ascii") as file:  # made with mode 0600
        file.write("".join(f"{name}={value}\n" for name, value in credentials.items()))
        file.flush()
        os.fsync(file.fileno())
        path.hardlink_to(file.name)  # whole or not at all, and never over another one
    return path


def with_credentials(env: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, with the file's credentials if it names no App.  The App's own are never mixed.

    Raises :class:`SettingsError` when the file exists but cannot be used.
    """
    path = data_directory(env) / CREDENTIALS
    if any(get(env, name) for name in OF_THE_APP) or not path.is_file():
        return env
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        readable = path.stat().st_mode & 0o077
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path} cannot be read: {type(fault).__name__}") from None
    if readable:
        raise SettingsError(f"other users can read {path}: run `chmod 600` on it")
    entries = [line.partition("=") for line in lines if line and not line.startswith("#")]
    beside = {name: value for name, _, value in entries if name in KEPT_WITH_THEM and not get(env, name)}
    return {**env, **beside, **{name: value for name, _, value in entries if name in OF_THE_APP}}
