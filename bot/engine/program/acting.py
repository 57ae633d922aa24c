"""Whether the import of a file is noticed elsewhere: the line of what it does there."""

import re

from bot.engine.program.cycles import path_of
from bot.engine.program.facts import Applied
from bot.engine.program.index import Index
from bot.engine.program.order import above

_REGISTERS = re.compile(r"register|receiver|listens?_|listener|subscribe|connect|route|command|task\b|hook|handler")
"""In the name of a decorator that is not in view: it keeps what it is given, for others."""


def acts(index: Index, path: str) -> int | None:
    """The first line of a file that does something for others when it is imported."""
    if path not in index.effects:
        facts = index.program.facts.get(path)
        lines = [facts.acts] if facts and facts.acts else []
        lines += [each.line for each in facts.applied if _keeps(index, path, each, set())] if facts else []
        index.effects[path] = min(lines, default=None)
    return index.effects[path]


def _keeps(index: Index, path: str, applied: Applied, seen: set[str]) -> bool:
    """Whether a decorator, or a base, comes to know of what it is applied to, and keeps it."""
    program = index.program
    for dotted in program.absolute(path, applied.name):
        if next(program.takers([dotted], "__subclasses__"), None) is not None:
            return True
        for name in (dotted, *program.names_of(dotted)):
            home = next((each for each in reversed([*above(name)][:-1]) if path_of(index, each)), None)
            if home is None or name in seen:
                continue
            seen.add(name)
            first, _, rest = name.removeprefix(f"{home}.").partition(".")
            there = path_of(index, home) or ""
            facts = program.facts[there]
            if first in facts.keeps:
                return True
            if not rest:
                return any(_keeps(index, there, each, seen) for each in facts.applied if each.to == first)
    return bool(_REGISTERS.search(applied.name.text.rpartition(".")[2]))
