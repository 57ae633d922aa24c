"""The pieces of programs: text files with a line ``=== name`` before each, and marks in brackets behind the name."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

PIECES = Path(__file__).with_name("pieces")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some statements with placeholders; ``_@`` ends in a number of the piece's own."""

    name: str
    text: str
    marks: frozenset[str]
    """``top``: only at the top of a module; ``plain``: only where names are spelled without dots."""

    def mentions(self, word: str) -> bool:
        """Whether a placeholder stands in it."""
        return word in self.text


@cache
def pieces(kind: str) -> tuple[Piece, ...]:
    """The pieces of one kind: ``usages``, ``writers``, ``tests``, ``places`` or ``wider``."""
    parts = (PIECES / f"{kind}.txt").read_text(encoding="utf-8").split("\n=== ")[1:]
    return tuple(_piece(part) for part in parts)


def _piece(part: str) -> Piece:
    head, _, text = part.partition("\n")
    name, _, marks = head.partition(" ")
    return Piece(name=name, text=text.rstrip("\n") + "\n", marks=frozenset(marks.strip("[]").split()))
