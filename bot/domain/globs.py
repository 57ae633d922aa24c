"""Git-style globs on paths, matched in time linear in the path.  Standard library only.

The rules are those of a ``.gitignore`` line (https://git-scm.com/docs/gitignore#_pattern_format) without comments
and negation: a glob with a slash at its beginning or in its middle starts at the root, any other matches at every
depth; what matches a directory matches all below it; ``*`` and ``?`` stop at a slash, ``**`` does not.

The usual translation to a regular expression backtracks exponentially: ``*a`` twelve times against forty letters
takes minutes.  Here every run between two stars is an atomic group: the leftmost fit of a run is never worse than a
later one, so nothing has to be tried again.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.domain.errors import SsotError

MAX_LENGTH = 500
"""Characters of one glob."""


class GlobError(SsotError):
    """A glob that cannot be used.  ``offset`` counts characters from 0."""

    def __init__(self, message: str, offset: int = 0) -> None:
        self.message, self.offset = message, offset
        super().__init__(message)


def matches(path: str, globs: Iterable[str]) -> bool:
    """Whether one of ``globs`` matches ``path``: relative to the repository, ``/``-separated.  Raises `GlobError`."""
    return any(compile_glob(glob).match(path) for glob in globs)


@lru_cache(maxsize=4096)
def compile_glob(glob: str) -> re.Pattern[str]:
    """The regular expression to ``match`` whole paths with.  Raises `GlobError`."""
    return re.compile(translate(glob), re.DOTALL)


def translate(glob: str) -> str:
    """The regular expression as text, which always compiles.  Raises `GlobError`."""
    if not glob.strip():
        raise GlobError("the glob is empty")
    if len(glob) > MAX_LENGTH:
        raise GlobError(f"the glob is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    if glob[0] in "!#":
        raise GlobError(f"a glob cannot begin with {glob[0]!r}: write '\\{glob[0]}' for a name that does")
    body = glob.removeprefix("/")
    if not body:
        raise GlobError("'/' alone matches nothing: write '**' for all files")
    anchored = "/" in glob.removesuffix("/")
    offset = len(glob) - len(body)
    return _path(_segments(body, offset), anchored=anchored)


def _segments(body: str, offset: int) -> list[str]:
    """The regular expressions of the segments, ``**`` as itself; ``""`` last for a directory."""
    segments: list[str] = []
    for segment in body.split("/"):
        if segment != "**":
            segments.append(_segment(segment, offset))
        elif segments[-1:] != ["**"]:
            segments.append("**")
        offset += len(segment) + 1
    if "" in segments[:-1]:
        raise GlobError("two slashes in a row match nothing")
    return segments


def _path(segments: list[str], *, anchored: bool) -> str:
    """Join segments; each run of them that a ``**`` precedes is one atomic group."""
    if segments[-2:] == ["**", ""]:
        segments = segments[:-1] if segments[:-2] else ["[^/]*", ""]
    below = segments[-1] in ("**", "")
    if below:
        segments = segments[:-1]
    if not segments:
        return r".+"
    if not anchored and segments[0] != "**":
        segments = ["**", *segments]
    end = r"/." if below else r"(?:/|\Z)"
    runs = _runs(segments)
    first, rest = runs[0], runs[1:]
    parts = ["/".join(first)] if first else []
    for run in rest:
        lead = "/" if parts else ""
        parts.append(lead)
        parts.append(r"(?>(?:[^/]+/)*?" + "/".join(run) + (r"(?=/))" if run is not rest[-1] else end + ")"))
    return "".join(parts) + ("" if rest else end)


def _runs(segments: list[str]) -> list[list[str]]:
    """The runs of segments around each ``**``; the first is empty when the glob begins with one."""
    runs: list[list[str]] = [[]]
    for segment in segments:
        if segment == "**":
            runs.append([])
        else:
            runs[-1].append(segment)
    return runs


def _segment(segment: str, offset: int) -> str:
    """The regular expression of one segment: the text between its stars, each but the first found leftmost."""
    chunks = [""]
    position = 0
    while position < len(segment):
        if segment[position] == "*":
            chunks.append("")
            position += 1
            continue
        text, position = _character(segment, position, offset)
        chunks[-1] += text
    first, *rest = chunks
    if not rest:
        return first
    *middle, last = rest
    groups = "".join(f"(?>[^/]*?{chunk})" for chunk in middle if chunk)
    return first + groups + (rf"(?>[^/]*?{last}(?=/|\Z))" if last else "[^/]*")


def _character(segment: str, position: int, offset: int) -> tuple[str, int]:
    """The regular expression of one character or class, and where the next begins."""
    match segment[position]:
        case "?":
            return "[^/]", position + 1
        case "\\":
            if position + 1 == len(segment):
                raise GlobError("the backslash at the end escapes nothing", offset + position)
            return re.escape(segment[position + 1]), position + 2
        case "[":
            return _character_class(segment, position, offset)
        case character:
            return re.escape(character), position + 1


_MEMBERS = re.compile("(?P<first>.)-(?P<last>.)|.", re.DOTALL)


def _member(found: re.Match[str]) -> str:
    """One range or character of a class, with nothing in it that is special to a regular expression."""
    return "-".join(map(re.escape, found.group("first", "last") if found["last"] else found[0]))


def _character_class(segment: str, position: int, offset: int) -> tuple[str, int]:
    """``[abc]``, ``[a-z]``, ``[!abc]``: a ``]`` that comes first is a member."""
    start = position + 1
    negated = segment[start : start + 1] in ("!", "^")
    start += negated
    end = segment.find("]", start + 1)
    if end < 0:
        raise GlobError("the '[' is not closed", offset + position)
    members = _MEMBERS.sub(_member, segment[start:end])
    regex = f"(?!/)[{'^' if negated else ''}{members}]"
    try:
        re.compile(regex)
    except re.error:
        raise GlobError(f"{segment[position : end + 1]!r} is not a valid character class", offset + position) from None
    return regex, end + 1
