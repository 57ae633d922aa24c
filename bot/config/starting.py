"""The text of a first ``.github/ssot.yml``: small, with comments, and valid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.config.writing import scalar

SCHEMA_FILE = "ssot.schema.json"
"""Beside the configuration: where the modeline looks for the schema."""
_HEAD = f"""\
# yaml-language-server: $schema=./{SCHEMA_FILE}
# The deprecation migrations of this repository. `ssot config check` checks this file, and
# `ssot config schema > .github/{SCHEMA_FILE}` writes the schema with which editors complete and explain it.
version: 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingMigration:
    """One migration of the file."""

    name: str
    deprecated: str | None = None
    """The dotted name; ``None``: the migration is the preset of that name."""
    canonical: str | None = None
    is_module: bool = False
    issue: int | None = None
    """The number of the issue on which it is tracked."""
    drop_in: bool = False
    """Somebody said that the successor takes the name's place; else that stands in a comment."""
    notes: tuple[str, ...] = ()
    """Lines of comment above it."""


def starting_text(
    migrations: Sequence[StartingMigration],
    *,
    roots: Sequence[str] = (),
    codeowners: str | None = None,
) -> str:
    """The file.  ``roots``: the source roots that were found; ``codeowners``: the path of the repository's own file."""
    parts = [_HEAD]
    if roots:
        listed = ", ".join(map(scalar, roots))
        parts.append(
            "# Imports begin at the top or at a source root that was found. To change that, list all of them:\n"
            f"# source_roots: [{listed}]\n"
        )
    parts.append("migrations:\n" + "\n".join(_entry(each, codeowners) for each in migrations))
    return "\n".join(parts)


def migration_name(deprecated: str) -> str:
    """A name for the migration of one name: lower-case words with hyphens."""
    leaf = deprecated.rpartition(".")[2].lower()
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in leaf).split()
    return "-".join(words)[:60].strip("-") or "migration"


def _entry(migration: StartingMigration, codeowners: str | None) -> str:
    lines = [*(f"  # {_printable(note)}" for note in migration.notes), f"  {migration.name}:"]
    lines += [f"    {line}" for line in _body(migration)]
    if codeowners:
        lines.append(
            f"    pull_requests: {{split: codeowners}}  # those of one owner go together, as {codeowners} says"
        )
    if migration.issue is not None:
        lines.append(f"    tracking: {{issue: {migration.issue}}}")
    return "".join(f"{line}\n" for line in lines)


def _body(migration: StartingMigration) -> Iterator[str]:
    if migration.deprecated is None:
        yield f"extends: {migration.name}"
        return
    name = scalar(migration.deprecated)
    if migration.is_module:
        yield f"modules: {{{name}: {scalar(migration.canonical)}}}"
    else:
        yield f"deprecated: {name}"
        if migration.canonical is not None:
            yield f"canonical: {scalar(migration.canonical)}"
    if migration.canonical is None:
        yield "# Without a successor, usages are found and explained, not rewritten."
    elif migration.drop_in:
        yield "drop_in: true  # the name alone is replaced; where arguments change, write `rewrites` instead"
    else:
        yield "# drop_in: true  # replaces the name alone; where arguments change, write `rewrites` instead"


def _printable(text: str) -> str:
    """On one line, whatever a source has in it."""
    return "".join(character if character.isprintable() else "?" for character in text)
