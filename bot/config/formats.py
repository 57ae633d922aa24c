"""Checks of strings beyond JSON Schema: each format says what is wrong, and at which character."""

import keyword
import re
import unicodedata
from collections.abc import Callable, Mapping

from bot.config.patterns import check_match, check_replace
from bot.config.presets import preset_problem
from bot.domain.globs import GlobError, translate

Problem = tuple[int, str]
"""Characters into the text, and what is wrong there."""

REQUIREMENT = re.compile(r"(?P<symbol>\$canonical|[^\s.]+(?:\.[^\s.]+)+) +accepts +(?P<parameter>[^\s.]+)\Z")


def dotted_name(text: str) -> Problem | None:
    """A dotted name by Python's grammar, in the normal form by which Python compares names."""
    offset = 0
    for part in text.split("."):
        if not part.isidentifier():
            return offset, f"{part!r} is not a Python name" if part else "a part of the dotted name is empty"
        if keyword.iskeyword(part):
            return offset, f"{part!r} is a Python keyword and cannot be a name"
        if (normal := unicodedata.normalize("NFKC", part)) != part:
            return offset, f"Python reads {part!r} as {normal!r}: write {normal!r}"
        offset += len(part) + 1
    return None


def glob(text: str) -> Problem | None:
    try:
        translate(text)
    except GlobError as error:
        return error.offset, error.message
    return None


def directory(text: str) -> Problem | None:
    """A directory inside the repository."""
    if text.startswith("/") or "\\" in text or ".." in text.split("/"):
        return 0, "not a directory in the repository: write a relative path with '/'"
    return None


def requirement(text: str) -> Problem | None:
    if found := REQUIREMENT.match(text):
        for name in ("symbol", "parameter"):
            if found[name] != "$canonical" and (problem := dotted_name(found[name])):
                return found.start(name) + problem[0], problem[1]
        return None
    return 0, "write '<dotted name> accepts <parameter>', e.g. '$canonical accepts user_context'"


FORMATS: Mapping[str, Callable[[str], Problem | None]] = {
    "dotted-name": dotted_name,
    "glob": glob,
    "directory": directory,
    "requirement": requirement,
    "preset": preset_problem,
    "pattern": check_match,
    "template": check_replace,
}
