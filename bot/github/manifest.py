"""The App's manifest, ``app.yaml``: the permissions and events that the App requests.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.domain.errors import ConfigError
from bot.github.operations import Operation, operations, weaker

_PLACE = Path(__file__).parents[2] / "app.yaml"
"""Beside the package ``bot``, in a checkout and in an installed wheel."""
EVENTS_OF_EVERY_APP = frozenset(
    {"installation", "installation_repositories", "installation_target", "github_app_authorization", "meta", "ping"}
)
"""Events that every App gets without asking: https://docs.github.com/en/webhooks/webhook-events-and-payloads.

``installation_target`` is none that GitHub's schema of an App lets it subscribe to, and a manifest that names such an
event is refused as a whole; the page does not say who gets it.
"""
_EVENTS_NEED = {"merge_group": {"merge_queues": "read"}}
"""Events that need a permission which no request of the bot needs: see the page above for each event."""
RULES_NEED = {"statuses": "write"}
"""What a ruleset asks of an App that a required check is pinned to, which no request of the bot needs.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets#require-status-checks-to-pass-before-merging
"""


REASONS = {
    "checks": "the check run of each pull request, with its buttons; checks as evidence of the tracking issue",
    "contents": "reads the code and the configuration; commits what `/ssot migrate` asks for, and opens branches;"
    " the onboarding pull request's `.github/ssot.yml` is no workflow and takes no more",
    "deployments": "deployments as evidence of the tracking issue",
    "issues": "replies to commands, keeps the checklist of the tracking issue, and opens that issue where somebody asks"
    " for it in the onboarding pull request",
    "merge_queues": "answers the merge queue, which waits for the check",
    "metadata": "every App has it: which repositories there are",
    "pull_requests": "reads changes, writes review comments with suggestions, opens migration pull requests, and"
    " onboarding pull requests where `SSOT_ONBOARDING` lists the repository",
    "statuses": "reads commit statuses as evidence; writes none, but a ruleset that requires a check of one App accepts"
    " only an App that may",
}
"""Why the App asks for each permission, for the people who grant it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the manifest says, as far as the code depends on it."""

    name: str
    public: bool
    webhook_url: str
    permissions: Mapping[str, str]
    events: frozenset[str]


def manifest_path() -> Path:
    """Where the manifest is.  Raises ``ConfigError`` when it is nowhere."""
    if _PLACE.is_file():
        return _PLACE
    raise ConfigError("the manifest is missing from this installation", file="app.yaml")


def load_manifest(path: Path | None = None) -> Manifest:
    """Read the manifest.  Raises ``ConfigError`` if it is not one."""
    path = path or manifest_path()
    data = manifest_document(path)
    try:
        return _manifest(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"is not a GitHub App manifest: {error!r}", file=path.name) from error


def manifest_document(path: Path | None = None) -> Mapping[str, Any]:
    """All that the manifest says, as GitHub takes it.  Raises ``ConfigError`` if it cannot be read."""
    path = path or manifest_path()
    try:
        data: Mapping[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
    except (UnicodeDecodeError, YAMLError) as error:
        raise ConfigError(f"cannot be read: {error}", file=path.name) from error
    return data


def _manifest(data: Any) -> Manifest:
    return Manifest(
        name=str(data["name"]),
        public=bool(data["public"]),
        webhook_url=str(data["hook_attributes"]["url"]),
        permissions={str(name): str(access) for name, access in data["default_permissions"].items()},
        events=frozenset(map(str, data["default_events"])),
    )


def reasons_table() -> str:
    """Each permission with its access and reason, in Markdown."""
    rows = [f"| `{name}: {access}` | {REASONS[name]} |" for name, access in load_manifest().permissions.items()]
    return "\n".join(["| permission | for |", "|---|---|", *rows])


def needed_permissions(used: Iterable[Operation] | None = None, *, events: Iterable[str] = ()) -> dict[str, str]:
    """The union of what the operations, the subscriptions and rulesets need, the stronger access winning."""
    needed: dict[str, str] = {}
    needs = [operation.needs for operation in (operations().values() if used is None else used)]
    rules = RULES_NEED if used is None else {}
    for each in (*needs, *(_EVENTS_NEED.get(event, {}) for event in events), rules):
        for name, access in each.items():
            if weaker(needed.get(name, "none"), access):
                needed[name] = access
    return dict(sorted(needed.items()))


def differences(manifest: Manifest, handled: Iterable[str]) -> tuple[str, ...]:
    """What the manifest asks for and the code does not use, and the reverse: a sentence each."""
    found = []
    handled = frozenset(handled)
    needed = needed_permissions(events=handled)
    for name in sorted(needed.keys() | manifest.permissions.keys()):
        asked, used = manifest.permissions.get(name), needed.get(name)
        if asked != used:
            found.append(f"permission {name}: the manifest asks for {asked or 'none'}, the code needs {used or 'none'}")
    requested = handled - EVENTS_OF_EVERY_APP
    found += [
        f"event {event}: the manifest asks for it, the code has no handler"
        for event in sorted(manifest.events - requested)
    ]
    found += [
        f"event {event}: the code has a handler, the manifest does not ask for it"
        for event in sorted(requested - manifest.events)
    ]
    return tuple(found)
