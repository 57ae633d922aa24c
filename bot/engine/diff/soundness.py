"""Whether a changed file is at least as sound as it was: it parses, and pyflakes has nothing new to say."""

import ast
import warnings
from collections import Counter

from bot.engine.resolve.exports import PARSE_ERRORS, parse_exactly

Complaints = Counter[tuple[str, tuple[str, ...]]]


class Soundness:
    """What pyflakes says of a file before it is changed; asked once, however many changes are tried."""

    def __init__(self, before: bytes) -> None:
        self._before = before
        self._complaints: Complaints | None = None

    def fault(self, after: bytes) -> str | None:
        """What is wrong with ``after`` that was not wrong before, in words for the author; ``None``: nothing."""
        try:
            if self._complaints is None:
                self._complaints = _complaints(parse_exactly(self._before))
            tree = parse_exactly(after)
        except PARSE_ERRORS as error:
            return f"the file would not parse ({error})"
        try:
            found = _complaints(tree) - self._complaints
        except RecursionError:
            return "the file is nested too deeply to be checked"
        return next(map(_worded, sorted(found, key=_severity)), None)


def _complaints(tree: ast.Module) -> Complaints:
    """The messages without their places, which move with every line that is added above."""
    from pyflakes.checker import Checker

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        messages = Checker(tree).messages
    return Counter(
        (type(each).__name__, tuple(arg for arg in each.message_args if isinstance(arg, str))) for each in messages
    )


def _severity(complaint: tuple[str, tuple[str, ...]]) -> tuple[bool, str, tuple[str, ...]]:
    name, arguments = complaint
    return not name.startswith("Undefined"), name, arguments


def _worded(complaint: tuple[str, tuple[str, ...]]) -> str:
    name, arguments = complaint
    subject = f"`{arguments[0]}`" if arguments else "a name"
    if name.startswith("Undefined"):
        return f"{subject} would be undefined"
    return f"pyflakes would complain about {subject} ({name})"
