"""``ssot manifest``: compares the App's manifest with what the code uses."""

import sys
from pathlib import Path

import click

from bot.domain.errors import ConfigError


@click.group("manifest")
def command() -> None:
    """Check the App's manifest, app.yaml, against the code."""


@command.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Compare FILE with the permissions and events that the code uses.

    FILE defaults to the app.yaml of this installation.  Exit codes: 0 exactly those, 1 a difference, 2 cannot be read.
    """
    from bot.app import handled_events
    from bot.github.manifest import differences, load_manifest

    try:
        manifest = load_manifest(file)
    except ConfigError as error:
        click.echo(f"ssot manifest check: {error}", err=True)
        sys.exit(2)
    found = differences(manifest, handled_events())
    for line in found:
        click.echo(line)
    if not found:
        click.echo(
            f"{manifest.name}: {len(manifest.permissions)} permissions and {len(manifest.events)} events, all used"
        )
    sys.exit(1 if found else 0)
