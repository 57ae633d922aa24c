"""Names that other files pass on, and that may be something else there."""

from bot.engine.program.index import Index
from bot.engine.resolve.exports import may_have


def is_doubtful(index: Index, dotted: str, target: str) -> bool:
    """Whether ``dotted`` leads to ``target`` through a file in which a name has more than one source.

    That is an import that may fail, a condition, or something that is bound below it.  What ``target`` itself is does
    not count.
    """
    for name in index.resolution(dotted).names:
        if f"{name}.".startswith(f"{target}."):
            return False
        if _has_two(index, name):
            return True
    return False


def _has_two(index: Index, dotted: str) -> bool:
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        known = index.source_of(".".join(parts[:cut]))
        if isinstance(known, tuple):
            return may_have(known[1], parts[cut]) and parts[cut] in index.exports(*known).doubtful
    return False
