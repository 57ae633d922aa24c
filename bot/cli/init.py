"""``ssot init``: a first ``.github/ssot.yml``, from what is found in the tree."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.choice import CONFIG_FILE, Choice, is_module
from bot.cli.faults import said
from bot.domain.errors import SsotError, UserError

if TYPE_CHECKING:
    from bot.config.starting import StartingMigration
    from bot.local.outlook import Outlook, Prospect

_UNUSED = 10
"""So many unused definitions are named; the rest are counted."""


@click.command("init")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--preset", "presets", multiple=True, metavar="NAME", help="Use this built-in migration (repeatable).")
@click.option("--deprecated", metavar="A.B.C", help="Deprecate this name or module.")
@click.option("--canonical", metavar="D.E.F", help="What replaces the name of --deprecated, with the same arguments.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing: take all that has usages.")
@click.option("--dry-run", is_flag=True, help="Print the file and write nothing.")
def command(
    path: Path, presets: tuple[str, ...], deprecated: str | None, canonical: str | None, yes: bool, dry_run: bool
) -> None:
    """Write a first .github/ssot.yml for the repository at PATH, and tell what it finds.

    Looks for usages of the built-in migrations and for definitions that say themselves that they are deprecated
    (@deprecated, DeprecationWarning, ".. deprecated::").  On a terminal it asks which of them to take; elsewhere it
    takes those with usages.  --preset and --deprecated take what they name, and nothing else.

    Exit codes: 0 written, 2 an error: the file exists, or nothing was found to migrate.
    """
    try:
        Choice(deprecated=deprecated, canonical=canonical).check()
        root = _root(path)
        if presets or deprecated:
            _write(root, _named(root, presets, deprecated, canonical), dry_run=dry_run)
        else:
            _wizard(root, ask=not yes and sys.stdin.isatty() and sys.stdout.isatty(), dry_run=dry_run)
    except (SsotError, OSError) as error:
        click.echo(f"ssot init: {said(error)}", err=True)
        sys.exit(2)


def _root(path: Path) -> Path:
    from bot.local.files import find_root

    start = path.resolve()
    if not start.is_dir():
        raise UserError(f"{path}: no such directory")
    root = find_root(start)
    if (root / CONFIG_FILE).exists():
        raise UserError(f"{CONFIG_FILE} exists already; `ssot config check` checks it, `ssot scan` uses it")
    return root


def _named(
    root: Path, presets: Sequence[str], deprecated: str | None, canonical: str | None
) -> "list[StartingMigration]":  # fmt: skip
    """What the options name.  Raises `UserError` for an unknown preset."""
    from bot.config.presets import preset_problem
    from bot.config.starting import StartingMigration, migration_name

    for preset in presets:
        if problem := preset_problem(preset):
            raise UserError(f"--preset: {problem[1]}")
    found = [StartingMigration(name=preset) for preset in dict.fromkeys(presets)]
    if deprecated:
        name = migration_name(deprecated)
        found.append(
            StartingMigration(
                name=f"{name}-2" if name in presets else name,
                deprecated=deprecated,
                canonical=canonical,
                is_module=is_module(root, deprecated),
                drop_in=canonical is not None,
            )
        )
    return found


def _wizard(root: Path, *, ask: bool, dry_run: bool) -> None:
    """Look, ask if somebody is there, and write."""
    from bot.cli.progress import progress
    from bot.local.outlook import look

    with progress() as report:
        outlook = look(root, report)
    _tell(outlook)
    taken = [each.migration for each in outlook.prospects if not ask or _wants(each)]
    if ask:
        taken += _asked(root)
    if not taken:
        raise UserError(
            "nothing to migrate was found; name it: `ssot init --deprecated a.b.old --canonical a.b.new`, "
            "or a preset: `ssot init --preset datetime-utcnow`"
        )
    _write(root, taken, outlook=outlook, dry_run=dry_run)


def _tell(outlook: "Outlook") -> None:
    """What was found, on standard error: standard output is the file's, in a dry run."""
    roots = f"; source roots: {', '.join(outlook.roots)}" if outlook.roots else ""
    owners = f"; owners: {outlook.codeowners}" if outlook.codeowners else ""
    click.echo(f"{outlook.root}: {_count(outlook.files, 'Python file')}{roots}{owners}", err=True)
    for each in outlook.prospects:
        click.echo(f"  {_described(each)}", err=True)
    if outlook.unused:
        shown, rest = outlook.unused[:_UNUSED], len(outlook.unused) - _UNUSED
        more = f" and {rest} more" if rest > 0 else ""
        click.echo(f"  deprecated and not used here: {', '.join(shown)}{more}", err=True)


def _described(prospect: "Prospect") -> str:
    migration = prospect.migration
    what = f"{migration.name} (built in)" if migration.deprecated is None else migration.deprecated
    successor = f" → {migration.canonical}" if migration.canonical else ""
    notes = "".join(f"  [{note}]" for note in migration.notes)
    return f"{what}{successor}: {_count(prospect.usages, 'usage')} in {_count(prospect.files, 'file')}{notes}"


def _wants(prospect: "Prospect") -> bool:
    name = prospect.migration.deprecated or prospect.migration.name
    return click.confirm(f"Migrate {name}?", default=True, err=True)


def _asked(root: Path) -> "list[StartingMigration]":
    """Names that a person gives, one after the other."""
    from bot.local.outlook import is_valid

    found: list[StartingMigration] = []
    while name := _prompt("Another deprecated name or module, as a.b.c (Enter: no more)"):
        successor = _prompt(f"What replaces {name} (Enter: nothing that can take its place)")
        (made,) = _named(root, (), name, successor or None)
        if made.name in {each.name for each in found} or not is_valid(made):
            click.echo(f"{name}: not a dotted name, or the same as before", err=True)
        else:
            found.append(made)
    return found


def _prompt(text: str) -> str:
    answer: str = click.prompt(text, default="", show_default=False, err=True)
    return answer.strip()


def _write(
    root: Path, migrations: "Sequence[StartingMigration]", *, outlook: "Outlook | None" = None, dry_run: bool
) -> None:
    """Write the file, and tell what it finds."""
    from bot.config import load
    from bot.config.starting import starting_text
    from bot.domain.errors import ConfigError
    from bot.local.outlook import surroundings_of

    roots, codeowners = (outlook.roots, outlook.codeowners) if outlook else surroundings_of(root)
    text = starting_text(migrations, roots=roots, codeowners=codeowners)
    try:
        config = load(text)
    except ConfigError as error:
        raise UserError(error.message) from error
    if dry_run:
        click.echo(text, nl=False)
        return
    place = root / CONFIG_FILE
    place.parent.mkdir(exist_ok=True)
    with place.open("x", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"Wrote {place}")
    from bot.cli.init_findings import tell

    tell(root, config)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
