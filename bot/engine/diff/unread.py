"""Changed files that the engine cannot read: which deprecated names stand on the lines that a change adds, as text."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.file_result import FileChange
from bot.engine.source.mentions import lines_of, words_of
from bot.engine.source.text import readable_text


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedNames:
    """``lines`` of the head, from 1, that the change adds and that hold one of ``names``."""

    lines: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()
    text: str = ""
    """These lines, as they are; what is said of them holds until one of them changes."""


def names_added(change: FileChange, names: frozenset[str]) -> AddedNames | None:
    """The words of ``names`` on the lines of the head that the base does not have, wherever these stand.

    ``None``: a side has no text that could be searched.
    """
    head = readable_text(change.head or b"")
    base = readable_text(change.base or b"")
    if head is None or base is None:
        return None
    found = [(number, line, named) for number, line in _added(base, head) if (named := names & words_of(line))]
    return AddedNames(
        lines=tuple(number for number, _, _ in found),
        names=frozenset[str]().union(*(named for _, _, named in found)),
        text="\n".join(line for _, line, _ in found),
    )


def _added(base: str, head: str) -> Iterator[tuple[int, str]]:
    """A line that only moved is not added."""
    left = Counter(lines_of(base))
    for number, line in enumerate(lines_of(head), start=1):
        if left[line] > 0:
            left[line] -= 1
        else:
            yield number, line
