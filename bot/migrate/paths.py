"""Paths that people name in ``/ssot migrate``.  Pure."""

from bot.domain.commands import CommandError


def repository_path(value: str) -> str:
    """``value`` as a path inside the repository: relative and normalised.

    Raises ``CommandError`` for an absolute path, a parent directory, an empty name or a control character.
    """
    parts = [part for part in value.split("/") if part not in ("", ".")]
    if value.startswith(("/", "~", "@")) or ".." in parts or "\\" in value or not value.isprintable():
        raise CommandError("Paths must be relative to the repository, without `..`.")
    return "/".join(parts)
