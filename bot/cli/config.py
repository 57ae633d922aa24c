"""``ssot config``: check a configuration file, print its schema or the effective configuration."""

import os
import sys
from pathlib import Path

import click

from bot.cli.choice import Choice, require_one
from bot.config import DEFAULT, FILE, load, reference, schema_text, show
from bot.config.document import MAX_BYTES, source_lines
from bot.domain.errors import ConfigError, UserError
from bot.domain.migration import Config
from bot.local.files import find_root

_WIDTH = 120


@click.group("config")
def command() -> None:
    """Check or print the configuration, or its schema."""


@command.command("check")
@click.argument("file", required=False)
def check(file: str | None) -> None:
    """Validate FILE (default: the repository's .github/ssot.yml; -: standard input).

    Exit codes: 0 valid, 1 invalid, 2 absent or cannot be read.
    """
    text, name = _read("check", file)
    if text is None:
        click.echo(f"{name}: not found; the built-in migration {DEFAULT} applies")
        return
    config = _load(text, name)
    names = ", ".join(migration.name for migration in config.migrations) or "none"
    click.echo(f"{name}: valid (migrations: {names})")


@command.command("show")
@click.argument("file", required=False)
def show_command(file: str | None) -> None:
    """Print the effective configuration as YAML.

    All defaults and presets are expanded.  FILE defaults to the repository's .github/ssot.yml; -: standard input.
    """
    text, name = _read("show", file)
    click.echo(show(_load(text, name)), nl=False)


@command.command("schema")
@click.option("--markdown", is_flag=True, help="Print the reference as Markdown instead.")
def schema(*, markdown: bool) -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    click.echo(reference() if markdown else schema_text(), nl=False)


def _read(action: str, file: str | None) -> tuple[bytes | None, str]:
    """The bytes and the name for messages; no bytes where the built-in migration applies.  Exits with 2."""
    name = file or _of_repository(action)
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>"
        with Path(name).open("rb") as stream:
            return stream.read(MAX_BYTES + 1), name
    except FileNotFoundError:
        if file is None:
            return None, name
        problem = "no such file"
    except OSError as error:
        problem = error.strerror or "cannot be read"
    click.echo(f"{name}: {problem}", err=True)
    sys.exit(2)


def _of_repository(action: str) -> str:
    """The path of the repository's file, as seen from here.  Exits with 2 where there is nothing to configure."""
    root = find_root(Path.cwd())
    try:
        require_one(root, Choice())
    except UserError as error:
        click.echo(f"ssot config {action}: {error}", err=True)
        sys.exit(2)
    return os.path.relpath(root / FILE)


def _load(text: bytes | None, name: str) -> Config:
    """The configuration.  Prints every error and exits with 1."""
    try:
        return load(text, file=name)
    except ConfigError as error:
        errors = (error, *error.others)
    lines = source_lines((text or b"").decode("utf-8-sig", "replace"))
    for found in errors:
        click.echo(explained(found, lines), err=True)
    click.echo(f"{len(errors)} {'error' if len(errors) == 1 else 'errors'}", err=True)
    sys.exit(1)


def explained(error: ConfigError, lines: list[str]) -> str:
    """The message with its location, the source line and a caret under the error."""
    if not 0 < error.line <= len(lines):
        return str(error)
    start = max(0, error.column - _WIDTH)
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in lines[error.line - 1])
    shown = line[start : start + _WIDTH + 20]
    margin = f"{error.line:>5} | "
    return f"{error}\n{margin}{shown}\n{' ' * (len(margin) - 2)}| {' ' * (error.column - 1 - start)}^"
