"""``ssot manifest``: the App's manifest against what the code uses."""

import sys
from pathlib import Path

import click

from bot.domain.errors import ConfigError


@click.group("manifest")
def command() -> None:
    """Check the App's manifest, app.yaml."""


@command.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Hold FILE (default: the app.yaml of this installation) against the handlers and the requests that they make.

    Exits with 0 when it asks for exactly what is used, 1 when it does not, 2 when it cannot be read.
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
