"""The lines of a file as git and GitHub count them.

Only ``\\n`` ends a line.  Python's tokenizer also counts a lone carriage return, and ``str.splitlines`` a form feed,
U+0085, U+2028 and U+2029: a comment placed by either would stand on the wrong line.  So everything that meets a
diff goes from byte offsets to lines here, never through the line numbers of ``ast``.
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate


def split_lines(source: bytes) -> list[bytes]:
    """The lines with their ends; the last one lacks its ``\\n`` when the file does.  ``b""`` has no lines."""
    lines = [line + b"\n" for line in source.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


@dataclass(frozen=True, slots=True)
class LineMap:
    """Offsets to lines (from 1) and back."""

    source: bytes
    starts: tuple[int, ...]
    """Byte offset at which each line begins, and the file's length as the last entry."""

    @classmethod
    def of(cls, source: bytes) -> "LineMap":
        return cls(source, tuple(accumulate(map(len, split_lines(source)), initial=0)))

    @property
    def count(self) -> int:
        return len(self.starts) - 1

    def line_at(self, offset: int) -> int:
        """The line that holds this byte; the offset just past the end belongs to the last line."""
        return max(1, min(bisect_right(self.starts, offset), self.count))

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The bytes ``[start, end)`` of whole lines, line ends included."""
        return self.starts[first - 1], self.starts[last]
