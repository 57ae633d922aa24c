"""What a new configuration finds, and what to do next."""

from collections.abc import Iterable
from pathlib import Path

import click

from bot.cli.fix_files import undecided
from bot.cli.fixable import Fixable
from bot.cli.hints import hints_of
from bot.cli.progress import progress
from bot.domain.finding import Finding
from bot.domain.migration import Config
from bot.local.files import list_files
from bot.local.outlook import findings_of, scan

_NEXT = """\
Next:
  ssot scan                list them; in CI, `ssot scan --base main` lists only what a branch adds
  ssot migrate             show the fixes as a diff; --write applies them, --unsafe includes those to review
  ssot config check        after each edit of the file
Then commit .github/ssot.yml: the GitHub App reads it from the default branch.
"""


def tell(root: Path, config: Config) -> None:
    """Scan with the configuration, and write the number of usages and fixes of each migration."""
    listing = list_files(root)
    with progress(len(listing.paths)) as report:
        scanned = scan(root, listing, config, fixes=True, progress=report)
    findings = findings_of(scanned.reports)
    for migration in config.migrations:
        click.echo(f"  {migration.name}: {_found([each for each in findings if each.migration == migration.name])}")
    for hint in (*hints_of(root, config, scanned), *undecided(config, findings)):
        click.echo(f"note: {hint}", err=True)
    click.echo(_NEXT, nl=False)


def _found(findings: Iterable[Finding]) -> str:
    listed = list(findings)
    if not listed:
        return "no usages"
    files = len({each.path for each in listed})
    counted = f"{len(listed)} usage{'' if len(listed) == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
    return f"{counted}; {Fixable.of(listed)}"
