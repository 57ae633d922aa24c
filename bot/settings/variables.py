"""The names of environment variables."""

from collections.abc import Mapping
from pathlib import Path

_PROBOT = {
    "GITHUB_APP_ID": "APP_ID",
    "GITHUB_PRIVATE_KEY": "PRIVATE_KEY",
    "GITHUB_PRIVATE_KEY_PATH": "PRIVATE_KEY_PATH",
    "GITHUB_WEBHOOK_SECRET": "WEBHOOK_SECRET",
}
"""Probot's names for the same things: https://probot.github.io/docs/configuration/."""
OF_THE_APP = ("GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_PRIVATE_KEY_PATH", "GITHUB_WEBHOOK_SECRET")
"""The variables that identify the App."""
KEPT_WITH_THEM = ("SSOT_MARKER_KEYS", "SSOT_METRICS_TOKEN", "GITHUB_API_URL")
"""What `ssot setup` stores beside them; the environment's own value comes first."""


def get(env: Mapping[str, str], name: str) -> str:
    """The variable, or the one with its Probot name; ``""`` if unset or blank."""
    return env.get(name, "").strip() or env.get(_PROBOT.get(name, name), "").strip()


def data_directory(env: Mapping[str, str]) -> Path:
    """Where the bot keeps its files; it need not exist yet."""
    return Path(get(env, "SSOT_DATA_DIR") or ".ssot")
