"""Unified diffs: GitHub's ``patch`` of a file read, hunks computed where there is none, diffs written for people.

Format: https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html; what GitHub leaves out of
``patch``: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.errors import SsotError
from bot.engine.diff.lines import split_lines
from bot.engine.diff.myers import compare

CONTEXT = 3
"""Unchanged lines around a change that git, and GitHub, show."""
NO_NEWLINE = "\\ No newline at end of file"
_HEADER = re.compile(r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@")


class MalformedPatch(SsotError):
    """A patch that is cut off or is none: the caller compares the blobs instead.  ``line`` counts from 1."""

    def __init__(self, message: str, *, line: int) -> None:
        self.line = line
        super().__init__(f"patch line {line}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """One hunk.  Lines count from 1; a side without lines starts at the line *before* the hunk (0 in an empty file).

    ``lines`` are without their ``\\n`` (a ``\\r`` stays), each behind its sign: a space, ``-`` or ``+``.
    """

    base_start: int
    base_count: int
    head_start: int
    head_count: int
    lines: tuple[str, ...]

    @property
    def head_lines(self) -> range:
        """The added and context lines: what GitHub calls the right side."""
        first = self.head_start if self.head_count else self.head_start + 1
        return range(first, first + self.head_count)

    def holds(self, first: int, last: int) -> bool:
        """Whether the head's lines ``first`` to ``last`` all lie in this hunk."""
        return first in self.head_lines and last in self.head_lines

    def added(self) -> Iterator[int]:
        """The head's lines that the change adds."""
        line = self.head_lines.start
        for text in self.lines:
            if text[0] == "+":
                yield line
            line += text[0] != "-"


def parse_patch(patch: str) -> tuple[Hunk, ...]:
    """The hunks of one file's patch, which has no file header.  Raises :class:`MalformedPatch`."""
    lines = patch.split("\n")
    if lines[-1] == "":
        lines.pop()
    found: list[Hunk] = []
    at = 0
    while at < len(lines):
        hunk, at = _parse_hunk(lines, at)
        if found and hunk.head_lines.start < found[-1].head_lines.stop:
            raise MalformedPatch("hunks overlap or are out of order", line=at)
        found.append(hunk)
    return tuple(found)


def _parse_hunk(lines: Sequence[str], at: int) -> tuple[Hunk, int]:
    header = _HEADER.match(lines[at])
    if header is None:
        raise MalformedPatch("a hunk header is expected", line=at + 1)
    base_start, base_count, head_start, head_count = (1 if group is None else int(group) for group in header.groups())
    body: list[str] = []
    base, head = base_count, head_count
    at += 1
    while at < len(lines) and (base or head or lines[at].startswith("\\")):
        # Some tools strip the blank that stands before an empty context line.
        line = lines[at] or " "
        match line[0]:
            case " ":
                base, head = base - 1, head - 1
            case "-":
                base -= 1
            case "+":
                head -= 1
            case "\\":
                at += 1
                continue
            case _:
                raise MalformedPatch("neither a context, a removed nor an added line", line=at + 1)
        if base < 0 or head < 0:
            raise MalformedPatch("more lines than the hunk header says", line=at + 1)
        body.append(line)
        at += 1
    if base or head:
        raise MalformedPatch("the hunk is cut off", line=at)
    hunk = Hunk(
        base_start=base_start, base_count=base_count, head_start=head_start, head_count=head_count, lines=tuple(body)
    )
    return hunk, at


def hunks(base: bytes, head: bytes, context: int = CONTEXT) -> tuple[Hunk, ...]:
    """The hunks from ``base`` to ``head``, as ``git diff`` draws them; text that is not UTF-8 with U+FFFD."""
    old, new = split_lines(base), split_lines(head)
    return tuple(_hunk(old, new, blocks, context) for blocks in _grouped(compare(old, new).blocks(), context))


Block = tuple[int, int, int, int]


def _grouped(blocks: Iterable[Block], context: int) -> Iterator[list[Block]]:
    """Changes whose context would touch or overlap share a hunk."""
    group: list[Block] = []
    for block in blocks:
        if group and block[0] - group[-1][1] > 2 * context:
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _hunk(old: Sequence[bytes], new: Sequence[bytes], blocks: Sequence[Block], context: int) -> Hunk:
    before, after = min(context, blocks[0][0]), min(context, len(old) - blocks[-1][1])
    base_start, base_end = blocks[0][0] - before, blocks[-1][1] + after
    head_start, head_end = blocks[0][2] - before, blocks[-1][3] + after
    lines: list[str] = []
    at = base_start
    for removed_from, removed_to, added_from, added_to in blocks:
        lines += [" " + _text(line) for line in old[at:removed_from]]
        lines += ["-" + _text(line) for line in old[removed_from:removed_to]]
        lines += ["+" + _text(line) for line in new[added_from:added_to]]
        at = removed_to
    lines += [" " + _text(line) for line in old[at:base_end]]
    base_count, head_count = base_end - base_start, head_end - head_start
    return Hunk(
        base_start=base_start + bool(base_count),
        base_count=base_count,
        head_start=head_start + bool(head_count),
        head_count=head_count,
        lines=tuple(lines),
    )


def _text(line: bytes) -> str:
    return line.removesuffix(b"\n").decode("utf-8", "replace")


def commentable(hunks: Iterable[Hunk]) -> frozenset[int]:
    """The head's lines on which GitHub accepts a review comment: added and context lines."""
    return frozenset(line for hunk in hunks for line in hunk.head_lines)


def same_hunk(hunks: Iterable[Hunk], first: int, last: int) -> bool:
    """Whether one hunk holds both lines: GitHub refuses a comment that spans two."""
    return any(hunk.holds(first, last) for hunk in hunks)


def fits(hunks: Iterable[Hunk], head: bytes) -> bool:
    """Whether the right side of the hunks is what the file says there: a patch may be older than the blob."""
    lines = split_lines(head)
    for hunk in hunks:
        right = [text[1:] for text in hunk.lines if text[0] != "-"]
        at = hunk.head_lines
        if [_text(line) for line in lines[at.start - 1 : at.stop - 1]] != right:
            return False
    return True


def render(path: str, base: bytes, head: bytes, *, context: int = CONTEXT) -> bytes:
    """A diff of one file's text for people and for ``git apply``; ``b""`` when nothing changed.

    Bytes, because the lines keep the file's own encoding.  Neither side is missing: an added or a deleted file is
    one that was, or becomes, empty.
    """
    old, new = split_lines(base), split_lines(head)
    found = hunks(base, head, context)
    if not found:
        return b""
    out = [b"--- " + _name("a/" + path) + b"\n", b"+++ " + _name("b/" + path) + b"\n"]
    for hunk in found:
        spans = (_span(hunk.base_start, hunk.base_count), _span(hunk.head_start, hunk.head_count))
        out.append("@@ -{} +{} @@\n".format(*spans).encode())
        out += _body(hunk, old, new)
    return b"".join(out)


def _body(hunk: Hunk, old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    base = hunk.base_start - bool(hunk.base_count)
    head = hunk.head_start - bool(hunk.head_count)
    for text in hunk.lines:
        line = new[head] if text[0] == "+" else old[base]
        base, head = base + (text[0] != "+"), head + (text[0] != "-")
        yield text[0].encode() + line
        if not line.endswith(b"\n"):
            yield f"\n{NO_NEWLINE}\n".encode()


def _span(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


_ESCAPES = {ord(char): f"\\{escape}" for char, escape in zip('\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True)}


def _name(path: str) -> bytes:
    """The path as git quotes it (``core.quotePath=false``); a blank in it asks for a tab behind."""
    quoted = path.translate(_ESCAPES)
    quoted = re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\{ord(found[0]):03o}", quoted)
    if quoted != path:
        return f'"{quoted}"'.encode()
    return f"{path}\t".encode() if " " in path else path.encode()
