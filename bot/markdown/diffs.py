"""Diffs of several files in a comment: folded, within GitHub's limit, with deceptive characters spelled out."""

import html
import unicodedata
from collections.abc import Mapping, Sequence

from bot.domain.file_result import FileMigration
from bot.markdown.blocks import fold
from bot.markdown.text import code, count, fenced, shorten, visible

ROOM = 52_000
"""Characters for all diffs of one comment; the text around them has the rest of GitHub's 65,536."""
_NAMED = 20
"""Files that are left out are named up to this number."""


def folded_diffs(files: Sequence[FileMigration], room: int = ROOM) -> str:
    """The diff of each file, folded.  If not all fit, the longest are left out and named.

    For reading, not for applying: invisible characters are spelled out.
    """
    blocks = {file.path: fold(_title(file), fenced(_readable(file.diff), "diff")) for file in files}
    shown = _fitting(blocks, room)
    parts = [block for path, block in blocks.items() if path in shown]
    missing = [path for path in blocks if path not in shown]
    return "\n\n".join(parts + ([f"Too long to show here: {_names(missing)}."] if missing else []))


def folded_patch(files: Sequence[FileMigration], room: int = ROOM) -> str:
    """All diffs as one patch for ``git apply``, folded.

    A file is left out, and named, if its lines would change when copied from a browser (carriage returns, invisible
    characters, bytes that are not text), or if there is no room for it.
    """
    exact = {file.path: text for file in files if (text := _copyable(file.diff)) is not None}
    shown = _fitting(exact, room)
    patch = "".join(text for path, text in exact.items() if path in shown)
    missing = [file.path for file in files if file.path not in shown]
    parts = [fold(f"Patch: {count(len(shown), 'file')}", fenced(patch.removesuffix("\n"), "diff"))] if patch else []
    if missing:
        parts.append(f"Not in the patch (too long, or changed by copying): {_names(missing)}.")
    return "\n\n".join(parts)


def _title(file: FileMigration) -> str:
    name = html.escape(shorten(visible(file.path), 200))
    return f"<code>{name}</code>: {count(len(file.fixed), 'usage')}"


def _readable(diff: bytes) -> str:
    lines = diff.decode("utf-8", "backslashreplace").removesuffix("\n").split("\n")
    return "\n".join(visible(line.removesuffix("\r").expandtabs(4)) for line in lines)


def _copyable(diff: bytes) -> str | None:
    try:
        text = diff.decode()
    except UnicodeDecodeError:
        return None
    plain = text.translate({ord("\n"): None, ord("\t"): None, ord(" "): None})
    return None if any(unicodedata.category(character)[0] in "CZ" for character in plain) else text


def _fitting(blocks: Mapping[str, str], room: int) -> frozenset[str]:
    """The paths of as many blocks as fit, the shortest first."""
    shown: set[str] = set()
    for path, block in sorted(blocks.items(), key=lambda item: (len(item[1]), item[0])):
        room -= len(block) + 2
        if room < 0:
            break
        shown.add(path)
    return frozenset(shown)


def _names(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    return ", ".join(code(path) for path in paths[:_NAMED]) + more
