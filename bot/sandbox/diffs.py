"""Diffs as GitHub shows them: one entry per file, ``patch`` without file header, positions of lines in it."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

MAX_PATCH_LINES = 3_000
MAX_PATCH_BYTES = 1_000_000
MAX_FILES = 3_000
"""https://docs.github.com/rest/pulls/pulls#list-pull-requests-files : at most 3,000 files; big patches are left out."""

STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
HEADER = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a line stands in a patch.

    ``position`` counts from 1 at the line after the first ``@@``, later hunk headers included, as the API's does.
    """

    hunk: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """One hunk: where it starts on both sides, how long it is there, and its lines with their sign."""

    old: int
    old_count: int
    new: int
    new_count: int
    lines: tuple[str, ...]

    def kept(self) -> Iterator[tuple[int, int]]:
        """(old line, new line) of the lines that stay."""
        old, new = self.old, self.new
        for text in self.lines:
            if text.startswith(" "):
                yield old, new
            old += text.startswith((" ", "-"))
            new += text.startswith((" ", "+"))


@dataclass(frozen=True, kw_only=True)
class FileDiff:
    """One file of a diff.  For a removed file ``new_sha`` is the zero id, for an added one ``old_sha``."""

    path: str
    previous_path: str | None
    status: str
    old_sha: str
    new_sha: str
    additions: int
    deletions: int
    text: str | None
    """The patch at any size; ``None`` for binary files and where no line changed."""

    @property
    def patch(self) -> str | None:
        """The patch as the API hands it out: left out when it is too big."""
        too_long = self.additions + self.deletions > MAX_PATCH_LINES
        return None if self.text is None or too_long or len(self.text) > MAX_PATCH_BYTES else self.text

    @cached_property
    def places(self) -> dict[tuple[str, int], Place]:
        """(``LEFT`` or ``RIGHT``, line) → place, for each line that the diff shows."""
        return dict(_places(self.text or ""))

    def hunk_until(self, place: Place) -> str:
        """The hunk from its header down to that line: a comment's ``diff_hunk``."""
        lines = (self.text or "").split("\n")
        start = max(n for n in range(place.position + 1) if HEADER.match(lines[n]))
        return "\n".join(lines[start : place.position + 1])

    def moved(self, line: int) -> int | None:
        """Where the old side's ``line`` is on the new side; ``None`` when it was changed or deleted."""
        if self.status == "removed":
            return None
        shift = 0
        for hunk in hunks(self.text or ""):
            first = hunk.old + (hunk.old_count == 0)
            if line < first:
                break
            if line < first + hunk.old_count:
                return dict(hunk.kept()).get(line)
            shift += hunk.new_count - hunk.old_count
        return line + shift


def hunks(patch: str) -> Iterator[Hunk]:
    lines = patch.split("\n")
    starts = [n for n, text in enumerate(lines) if HEADER.match(text)]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        match = HEADER.match(lines[start])
        if match is None:
            raise ValueError(lines[start])
        old, old_count, new, new_count = (1 if group is None else int(group) for group in match.groups())
        body = tuple(lines[start + 1 : end])
        yield Hunk(old=old, old_count=old_count, new=new, new_count=new_count, lines=body)


def _places(patch: str) -> Iterator[tuple[tuple[str, int], Place]]:
    position = 0
    for number, hunk in enumerate(hunks(patch), 1):
        old, new = hunk.old, hunk.new
        for offset, text in enumerate(hunk.lines, 1):
            place = Place(hunk=number, position=position + offset)
            if text.startswith((" ", "-")):
                yield ("LEFT", old), place
                old += 1
            if text.startswith((" ", "+")):
                yield ("RIGHT", new), place
                new += 1
        position += len(hunk.lines) + 1


def parse(output: bytes) -> tuple[FileDiff, ...]:
    """The files in the output of ``git diff-tree -r -M --raw --numstat -p -z``."""
    raws, rest = _raw_section(output)
    counts, rest = _numstat_section(rest, len(raws))
    patches = re.split(rb"^diff --git ", rest.removeprefix(b"\0"), flags=re.MULTILINE)[1:]
    return tuple(
        _file(raw, *count, patch) for raw, count, patch in zip(raws, counts, _one_each(raws, patches), strict=True)
    )


def _raw_section(output: bytes) -> tuple[list[list[bytes]], bytes]:
    """Per file: old mode, new mode, old id, new id, status, path[, new path]; and what follows the section."""
    raws: list[list[bytes]] = []
    while output.startswith(b":"):
        meta, _, output = output.partition(b"\0")
        fields = meta.lstrip(b":").split(b" ")
        for _ in range(2 if fields[4][:1] in b"RC" else 1):
            name, _, output = output.partition(b"\0")
            fields.append(name)
        raws.append(fields)
    return raws, output


def _numstat_section(output: bytes, files: int) -> tuple[list[tuple[int, int]], bytes]:
    """Per file: added and deleted lines (0 for binary files); and what follows the section."""
    counts: list[tuple[int, int]] = []
    for _ in range(files):
        added, deleted, rest = output.split(b"\t", 2)
        name, _, output = rest.partition(b"\0")
        if not name:  # a rename: "added TAB deleted TAB NUL old NUL new NUL"
            output = output.split(b"\0", 2)[2]
        counts.append((0, 0) if added == b"-" else (int(added), int(deleted)))
    return counts, output


def _one_each(raws: list[list[bytes]], patches: list[bytes]) -> Iterator[bytes]:
    """One text per file: a change of type is two patches in git's output, and has no patch in the API's."""
    texts = iter(patches)
    for fields in raws:
        text = next(texts, b"")
        if fields[4][:1] == b"T":
            next(texts, b"")
            text = b""
        yield text


def _file(raw: list[bytes], additions: int, deletions: int, patch: bytes) -> FileDiff:
    start = re.search(rb"^@@ ", patch, flags=re.MULTILINE)
    names = [name.decode(errors="replace") for name in raw[5:]]
    return FileDiff(
        path=names[-1],
        previous_path=names[0] if len(names) > 1 else None,
        status=STATUS[raw[4][:1].decode()],
        old_sha=raw[2].decode(),
        new_sha=raw[3].decode(),
        additions=additions,
        deletions=deletions,
        text=patch[start.start() :].decode(errors="replace").removesuffix("\n") if start else None,
    )
