"""Which usage or file a ``/ssot skip`` means.  Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.commands import CommandError
from bot.domain.file_result import NewFinding, UnreadFile

_HANDLE = re.compile(r"[0-9a-f]{6,16}")
Skippable = NewFinding | UnreadFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The command's first word and the rest, and what the thread that it was written in is about."""

    finding: str | None
    reason: str | None
    thread: tuple[str, ...] = ()


def meant(usages: Sequence[NewFinding], unread: Sequence[UnreadFile], said: Said) -> tuple[Skippable, str | None]:
    """What is skipped, and why.  ``usages``: all new ones, one by one, those that are skipped already too.

    In a thread the code may be left out: then the first word is one of the reason.  Raises ``CommandError`` where
    nothing or several things are meant.
    """
    if said.thread and not _names_one(usages, unread, said.finding):
        return _of_thread(usages, said.thread), " ".join(filter(None, (said.finding, said.reason))) or None
    return _named(usages, unread, said.finding or ""), said.reason


def _names_one(usages: Sequence[NewFinding], unread: Sequence[UnreadFile], word: str | None) -> bool:
    """Whether the word is the code of a usage or the path of a file: some words have only such letters as codes."""
    if word is None:
        return False
    return any(file.path == word for file in unread) or bool(_beginning(usages, unread, word))


def _beginning(usages: Sequence[NewFinding], unread: Sequence[UnreadFile], word: str) -> list[Skippable]:
    every: tuple[Skippable, ...] = (*usages, *unread)
    return [each for each in every if _HANDLE.fullmatch(word.lower()) and each.fingerprint.startswith(word.lower())]


def _of_thread(usages: Sequence[NewFinding], thread: Sequence[str]) -> NewFinding:
    found = [usage for usage in usages if usage.fingerprint in thread]
    if not found:
        raise CommandError("What this thread is about is no longer in the pull request.")
    if len(found) > 1:
        codes = ", ".join(f"`{usage.fingerprint[:8]}`" for usage in found)
        raise CommandError(f"This thread is about {len(found)} usages. Please add the code of one: {codes}.")
    return found[0]


def _named(usages: Sequence[NewFinding], unread: Sequence[UnreadFile], word: str) -> Skippable:
    """By the finding's code, or by the path of a file that could not be read."""
    by_path = [file for file in unread if file.path == word]
    if by_path:
        return by_path[0]
    if not _HANDLE.fullmatch(word.lower()):
        raise CommandError(
            "FINDING is the code at the end of the bot's comment (at least 6 of its digits), or the path of a file"
            " that the check lists as not read."
        )
    found = _beginning(usages, unread, word)
    if not found:
        raise CommandError("This pull request has no such finding.")
    if len(found) > 1:
        raise CommandError("Several findings begin with these digits. Please give more digits.")
    return found[0]
