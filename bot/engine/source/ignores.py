"""``# ssot: ignore[migration] reason``: usages that a person has decided to keep."""

import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass

from bot.engine.source.mentions import lines_of

_COMMENT = re.compile(r"#\s*ssot:\s*ignore\b\s*(?:\[([^\]]*)\])?(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One such comment."""

    migrations: frozenset[str]
    """Empty if none is named: then nothing is ignored."""
    reason: str
    """Empty if none is given: then nothing is ignored."""


def ignores(text: str) -> Mapping[int, Ignore]:
    """The comments of a source by their line, from 1; a string with the same text is none."""
    if "ssot:" not in text:
        return {}
    found = {}
    lines = (f"{line}\n" for line in lines_of(text))
    for token in tokenize.generate_tokens(lambda: next(lines, "")):
        comment = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if comment:
            names = frozenset(name.strip() for name in (comment.group(1) or "").split(",")) - {""}
            found[token.start[0]] = Ignore(migrations=names, reason=comment.group(2).strip(" \t:-–—"))
    return found
