"""``ssot checklist``: updates a Markdown checklist from the state of a local repository."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

import click

from bot.cli.choice import Choice, load_config, options, require_one
from bot.cli.faults import said
from bot.cli.progress import progress
from bot.cli.terminal import color
from bot.domain.errors import SsotError, UserError
from bot.domain.migration import Config, Migration
from bot.domain.tracked import TrackedFacts
from bot.tracker.models import (
    BodyUpdate,
    CannotTell,
    Changed,
    Conflict,
    Holds,
    ItemStatus,
    Missing,
    NoBox,
    Note,
    Unchanged,
)

_KEY = b"a tracker in a file is signed by nobody"
_LIMIT = 1 << 24
"""Characters of a tracker in a file; GitHub's own limit does not apply."""
_NOT_FOUND = {
    NoBox.ABSENT: "no box",
    NoBox.AMBIGUOUS: "several boxes match",
    NoBox.NO_BOX: "list entry without a box",
}


@click.command("checklist")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--repo", default=".", type=click.Path(path_type=Path), metavar="PATH", help="The repository.  [default: .]"
)
@options
@click.option("--migration", "name", metavar="NAME", help="The migration of the checklist, if several have one.")
@click.option("--diff/--write", "as_diff", default=True, help="Print a unified diff (default), or write the file.")
def command(file: Path, repo: Path, name: str | None, as_diff: bool, choice: Choice) -> None:
    """Update the checkboxes in the Markdown FILE from the repository's latest commit.

    Boxes whose evidence only GitHub has (checks, deployments, pull requests, attestations) stay unchanged.

    Exit codes: 0 up to date, 1 changed (or would change), 2 an error, or the bot's section cannot be updated.
    """
    try:
        sys.exit(_checklist(file, repo, choice, name, as_diff=as_diff))
    except (SsotError, OSError) as error:
        click.echo(f"ssot checklist: {said(error)}", err=True)
        sys.exit(2)


def _checklist(file: Path, repo: Path, choice: Choice, name: str | None, *, as_diff: bool) -> int:
    from bot.local.files import find_root
    from bot.local.tracked import local_tracked_facts

    if not repo.exists():
        raise UserError(f"{repo}: no such directory")
    root = find_root(repo.resolve())
    require_one(root, choice)
    before = file.read_bytes()
    config = load_config(root, choice)
    migration = _tracked(config, name)
    with progress() as report:
        facts = local_tracked_facts(root, config, migration, besides=file, now=datetime.now(UTC), progress=report)
    outcome = _update(before, migration, facts)
    match outcome:
        case Conflict(text=text):
            raise UserError(f"{file}: not changed: {text}")
        case Unchanged(statuses=statuses):
            click.echo(_summary(statuses, facts), err=True)
            return 0
        case Changed(body=body, statuses=statuses):
            _show(file, before, body.encode("utf-8", "surrogateescape"), as_diff=as_diff)
            click.echo(_summary(statuses, facts), err=True)
            return 1
        case _:
            assert_never(outcome)


def _tracked(config: Config, name: str | None) -> Migration:
    """The migration of the checklist.  Raises ``UserError`` if there is none or several."""
    known = {migration.name: migration for migration in config.migrations if migration.checklist}
    if name is not None:
        if name not in known:
            raise UserError(f"no migration {name!r} has a checklist (tracking.checklist in .github/ssot.yml)")
        return known[name]
    if not known:
        raise UserError("no migration has a checklist (tracking.checklist in .github/ssot.yml)")
    if len(known) > 1:
        raise UserError(f"several migrations have a checklist; choose one with --migration {' | '.join(sorted(known))}")
    return next(iter(known.values()))


def _update(before: bytes, migration: Migration, facts: TrackedFacts) -> BodyUpdate:
    from bot.identity.markers import MarkerKeys
    from bot.identity.places import FILE
    from bot.tracker.checklist.section import Owner
    from bot.tracker.checklist.update import update
    from bot.tracker.render.section import section

    keys = MarkerKeys.derive([_KEY])
    owner = Owner(keys=keys, place=FILE, migration=migration.name, issue=None, limit=_LIMIT)
    body = before.decode("utf-8", "surrogateescape")
    return update(body, migration, facts, owner, section, written=False)


def _show(file: Path, before: bytes, after: bytes, *, as_diff: bool) -> None:
    from bot.cli.fix_files import coloured, write_whole
    from bot.engine.diff.unified import render

    if as_diff:
        diff = render(file.as_posix(), before, after)
        click.echo(coloured(diff) if color() else diff, nl=False, color=True)
    else:
        write_whole(file, after)


def _summary(statuses: tuple[ItemStatus, ...], facts: TrackedFacts) -> str:
    """A line for each item, and the number of each kind."""
    held = sum(isinstance(status.verdict, Holds) for status in statuses)
    missing = sum(isinstance(status.verdict, Missing) for status in statuses)
    total = f"{held} done, {missing} open, {len(statuses) - held - missing} unknown here"
    return "\n".join((*_lines(statuses), f"at {facts.commit[:9]}: {total}"))


def _lines(statuses: tuple[ItemStatus, ...]) -> Iterator[str]:
    for status in statuses:
        place = f"line {status.found}" if isinstance(status.found, int) else _NOT_FOUND[status.found]
        match status.verdict:
            case Holds(because=proofs):
                yield f"[x] {status.item.text} ({place}): {'; '.join(proof.text for proof in proofs)}"
            case Missing(what=proofs):
                by_hand = ", ticked by hand" if status.note is Note.BY_HAND else ""
                yield f"[ ] {status.item.text} ({place}{by_hand}): {'; '.join(proof.text for proof in proofs)}"
            case CannotTell(why=why):
                yield f"[?] {status.item.text} ({place}): {'; '.join(dict.fromkeys(why))}"
            case _:
                assert_never(status.verdict)
