"""The manifest asks for what the code uses, and for nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import handlers
from bot.app import handled_events
from bot.cli.manifest import command
from bot.domain.errors import ConfigError
from bot.domain.events import TASK_PREFIX
from bot.github.manifest import (
    EVENTS_OF_EVERY_APP,
    RULES_NEED,
    differences,
    load_manifest,
    manifest_path,
    needed_permissions,
)
from bot.github.operations import operations

MANIFEST = load_manifest()
EVENTS = handled_events()


def test_events_are_the_handlers_and_permissions_the_union_of_what_the_operations_need() -> None:
    assert differences(MANIFEST, EVENTS) == ()
    assert MANIFEST.events == EVENTS - EVENTS_OF_EVERY_APP
    assert MANIFEST.permissions == needed_permissions()


def test_what_no_request_needs_is_a_named_exception() -> None:
    """A ruleset pins a required check only to an App that may write statuses; the bot writes none."""
    requested = needed_permissions(operations().values())
    assert {
        name: access for name, access in MANIFEST.permissions.items() if requested.get(name) != access
    } == RULES_NEED
    assert requested["statuses"] == "read"


@pytest.mark.parametrize(
    ("manifest", "handled", "complaint"),
    [
        (
            replace(MANIFEST, events=MANIFEST.events | {"fork"}),
            EVENTS,
            "event fork: the manifest asks for it, the code has no handler",
        ),
        (MANIFEST, [*EVENTS, "fork"], "event fork: the code has a handler, the manifest does not ask for it"),
        (
            replace(MANIFEST, permissions={**MANIFEST.permissions, "actions": "read"}),
            EVENTS,
            "permission actions: the manifest asks for read, the code needs none",
        ),
        (
            replace(MANIFEST, permissions={**MANIFEST.permissions, "checks": "read"}),
            EVENTS,
            "permission checks: the manifest asks for read, the code needs write",
        ),
    ],
)
def test_a_difference_is_told(manifest: object, handled: object, complaint: str) -> None:
    assert differences(manifest, handled) == (complaint,)  # type: ignore[arg-type]  # a table of both kinds


def test_events_that_every_app_gets_need_not_be_asked_for() -> None:
    assert differences(MANIFEST, [*EVENTS, "installation", "installation_repositories"]) == ()


def test_the_app_is_private_and_the_header_says_what_the_file_is_not() -> None:
    assert not MANIFEST.public
    assert "not Google App Engine's" in manifest_path().read_text()


def test_every_registered_handler_is_a_module_of_its_event() -> None:
    home = Path(handlers.__file__).parent
    github = {path.stem for path in (home / "github").glob("*.py")} - {"__init__"}
    assert github == {event for event in handlers.HANDLERS if not event.startswith(TASK_PREFIX)}
    tasks = {path.stem for path in (home / "tasks").glob("*.py")} - {"__init__"}
    registered = {event: vars(handler)["__name__"] for event, handler in handlers.HANDLERS.items()}
    own = {name.rpartition(".")[2] for event, name in registered.items() if event.startswith(TASK_PREFIX)}
    assert tasks == own


def test_every_operation_names_the_permission_that_it_needs() -> None:
    as_app = {name for name, operation in operations().items() if not operation.needs}
    assert all(name.startswith("apps/") for name in as_app)


@pytest.mark.parametrize("text", ["", "[]", "name: x", "a: [", "name: x\ndefault_permissions: 3"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "app.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"app\.yaml"):
        load_manifest(path)


def test_the_command_checks_and_says_so(tmp_path: Path) -> None:
    good = CliRunner().invoke(command, ["check"])
    counted = f"{len(MANIFEST.permissions)} permissions and {len(MANIFEST.events)} events"
    assert (good.exit_code, good.output) == (0, f"ssot-bot: {counted}, all used\n")
    bad = tmp_path / "app.yaml"
    bad.write_text(manifest_path().read_text().replace("  - check_run\n", "  - fork\n"))
    result = CliRunner().invoke(command, ["check", str(bad)])
    assert result.exit_code == 1
    assert "event fork: the manifest asks for it, the code has no handler" in result.output
    assert CliRunner().invoke(command, ["check", str(tmp_path / "none.yaml")]).exit_code == 2
