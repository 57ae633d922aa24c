"""A source for a newer Python than the one that runs, as one that this Python can parse: byte for byte in its place.

Python's own parser knows its own grammar and no newer one.  What later ones add is written here as something else of
the same length, so that every name stays where it is: an f-string of PEP 701 or a t-string (PEP 750) as a tuple of its
expressions, ``type X = …`` (PEP 695) as an assignment, ``except A, B`` (PEP 758) as ``except A| B``, a lazy import
(PEP 810) as a plain one.  Type parameters go; what stood in them is told.  It is good for finding names, not for
rewriting them.  One pass, no recursion but into nested f-strings.
"""

import re
from dataclasses import dataclass, field

_SIGNS = re.compile(
    rb"\btype[ \t]+\w|\blazy[ \t]+(?:import|from)\b|\b(?:def|class)[ \t]+\w+[ \t]*\[|"
    rb"(?<!\w)(?:[fFtT][rR]?|[rR][fFtT])[\"']|\bexcept\b[^:\n#]{0,300},"
)
_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
_ALIAS = re.compile(rb"[ \t]+[A-Za-z_\x80-\xff][\w\x80-\xff]*[ \t]*(?=\[|=(?!=))")
_LAZY = re.compile(rb"[ \t]+(?:import|from)\b")
_NAME = re.compile(rb"(?<![ \t])[ \t]++[\w\x80-\xff]++[ \t]*+")
_PREFIXES = frozenset({b"", b"r", b"u", b"b", b"br", b"rb", b"f", b"t", b"fr", b"rf", b"tr", b"rt"})
_DEEPEST = 50
"""How deep f-strings may be nested."""
_SPACE = re.compile(rb"[ \t\f]+")
_ENDS = {
    delimiter: re.compile(rb"\\|" + delimiter + (rb"|[\r\n]" if len(delimiter) == 1 else b""))
    for delimiter in (b"'", b'"', b"'''", b'"""')
}
"""What to stop at in a string with this delimiter."""
_LINE_END = re.compile(rb"\r\n?|\n")
_SHOWN = re.compile(rb"=\s*[!:}]")
_OPEN, _CLOSE, _QUOTES = b"([{", b")]}", b"\"'"
_BLANK = re.compile(rb"[^\r\n]")


class _NotReadable(Exception):
    """It is not Python of any version that is known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """A source in an older grammar."""

    source: bytes
    """As long as the one that it was made of."""
    lost: bytes
    """The type parameters, in which names may stand that are not in ``source``."""


def older(source: bytes) -> Older | None:
    """The source without what is newer than Python 3.11; ``None`` if nothing of it is there, or it is not readable."""
    if not _SIGNS.search(source):
        return None
    reader = _Reader(source, bytearray(source))
    try:
        reader.read()
    except _NotReadable:
        return None
    return Older(source=bytes(reader.out), lost=b" ".join(reader.lost)) if reader.out != source else None


@dataclass(slots=True)
class _Reader:
    source: bytes
    out: bytearray
    lost: list[bytes] = field(default_factory=list)
    depth: int = 0
    """Of brackets, in the text that is read now."""
    begins: bool = True
    """Whether a statement may begin here."""
    string: tuple[int, int] | None = None
    """The string literal just before, with nothing but space between: the two are one value."""

    def read(self) -> None:
        at = 0
        while at < len(self.source):
            at = self._step(at, 0)

    def _step(self, at: int, nesting: int) -> int:
        """Read one token; where the next begins."""
        source, byte = self.source, self.source[at]
        if space := _SPACE.match(source, at):
            return space.end()
        if byte in b"\r\n":
            if self.depth == 0:
                self.begins, self.string = True, None
            return at + 1
        if byte == 0x5C:  # a backslash at the end of a line
            return at + (3 if source[at + 1 : at + 3] == b"\r\n" else 2)
        if byte == 0x23:
            return self._line_end(at)
        word = _WORD.match(source, at)
        end = word.end() if word else at
        prefix = source[at:end].lower()
        if end < len(source) and source[end] in _QUOTES and prefix in _PREFIXES:
            return self._string(at, end, prefix, nesting)
        self.string = None
        if word:
            return end if nesting else self._word(word)  # inside of brackets and strings no statement begins
        self.depth += (byte in _OPEN) - (byte in _CLOSE)
        self.begins = self.depth == 0 and byte in b";:"
        return at + 1

    def _line_end(self, at: int) -> int:
        ends = [found for end in (b"\n", b"\r") if (found := self.source.find(end, at)) >= 0]
        return min(ends, default=len(self.source))

    def _word(self, word: re.Match[bytes]) -> int:
        """A word that is no string's prefix."""
        begins, self.begins = self.begins, False
        at, end = word.span()
        match word[0]:
            case b"type" if begins and (name := _ALIAS.match(self.source, end)):
                self._turn(at, end)
                return self._without_parameters(name.end())
            case b"lazy" if begins and _LAZY.match(self.source, end):
                self._turn(at, end)
                self.begins = True
            case b"def" | b"class" if name := _NAME.match(self.source, end):
                return self._without_parameters(name.end())
            case b"except" if begins:
                self._exceptions(end)
        return end

    def _turn(self, at: int, end: int) -> None:
        """A soft keyword becomes a statement of its own on the same line."""
        self.out[at:end] = b"0;".ljust(end - at)

    def _without_parameters(self, at: int) -> int:
        """Blank ``[T, …]`` if it is there."""
        if self.source[at : at + 1] != b"[":
            return at
        end = self._bracket_end(at)
        self.lost.append(self.source[at:end])
        self._blank(at, end)
        for line in _LINE_END.finditer(self.source, at, end):  # the brackets had joined the lines
            if self.source[line.start() - 1] in b"\r\n":
                raise _NotReadable
            self.out[line.start() - 1] = 0x5C
        return end

    def _bracket_end(self, at: int) -> int:
        inner = _Reader(self.source, self.out)
        while True:
            if at >= len(self.source):
                raise _NotReadable
            at = inner._step(at, _DEEPEST)
            if inner.depth == 0:
                return at

    def _exceptions(self, at: int) -> None:
        """``except A, B:`` without brackets; with ``as`` they are needed, in all versions."""
        inner = _Reader(self.source, self.out)
        commas = []
        while at < len(self.source) and not (inner.depth == 0 and self.source[at] in b":\r\n"):
            if inner.depth == 0 and self.source[at] == 0x2C:
                commas.append(at)
            at = inner._step(at, _DEEPEST)
        for comma in commas:
            self.out[comma : comma + 1] = b"|"

    def _string(self, at: int, quote: int, prefix: bytes, nesting: int) -> int:
        """A literal from ``at``; a formatted one becomes a tuple of what is in it."""
        self.begins = False
        mark = self.source[quote : quote + 1]
        delimiter = mark * 3 if self.source.startswith(mark * 3, quote) else mark
        start = quote + len(delimiter)
        if b"f" not in prefix and b"t" not in prefix:
            end = self._plain_end(start, delimiter)
            if self.string and self.out[self.string[0]] == 0x28:  # joined to a formatted one, which is no string now
                self._blank(at, end)
                return end
        else:
            if self.string and self.out[self.string[0]] != 0x28:
                self._blank(*self.string)
            end = self._formatted(at, start, delimiter, b"r" in prefix, nesting)
        self.string = (at, end)
        return end

    def _plain_end(self, at: int, delimiter: bytes) -> int:
        """Where a string ends whose text begins at ``at``; a backslash takes the next byte along, also in a raw one."""
        while found := _ENDS[delimiter].search(self.source, at):
            if found[0] == delimiter:
                return found.end()
            if found[0] != b"\\":
                raise _NotReadable
            at = found.end() + (2 if self.source[found.end() : found.end() + 2] == b"\r\n" else 1)
        raise _NotReadable

    def _formatted(self, at: int, start: int, delimiter: bytes, raw: bool, nesting: int) -> int:
        values: list[tuple[int, int]] = []
        end = self._literal(start, delimiter, raw, nesting, values)
        kept = [bytes(self.out[first:last]) for first, last in values]
        self._blank(at, end)
        for (first, last), text in zip(values, kept, strict=True):
            self.out[first:last] = text
            self.out[last : last + 1] = b","
        self.out[at : at + 1], self.out[end - 1 : end] = b"(", b")"
        return end

    def _literal(
        self, at: int, delimiter: bytes, raw: bool, nesting: int, values: list[tuple[int, int]], *, spec: bool = False
    ) -> int:
        """The text of a formatted string, or of a format after ``:``, to its end; ``values``: the expressions in it."""
        source = self.source
        while at < len(source):
            if spec and source[at] == 0x7D:
                return at
            if not spec and source.startswith(delimiter, at):
                return at + len(delimiter)
            byte = source[at]
            if byte == 0x5C:
                at = self._escape(at, raw)
            elif byte == 0x7B:
                doubled = not spec and source[at + 1 : at + 2] == b"{"
                at = at + 2 if doubled else self._value(at + 1, delimiter, raw, nesting, values)
            elif byte in b"\r\n" and len(delimiter) == 1:
                raise _NotReadable
            else:
                at += 1
        raise _NotReadable

    def _escape(self, at: int, raw: bool) -> int:
        if not raw and self.source.startswith(b"\\N{", at):
            end = self.source.find(b"}", at)
            return end + 1 if end > 0 else len(self.source)
        return at + (1 if self.source[at + 1 : at + 2] in (b"{", b"}") else 2)

    def _value(self, at: int, delimiter: bytes, raw: bool, nesting: int, values: list[tuple[int, int]]) -> int:
        """One ``{expression=!r:format}``, from behind its brace to behind the other one."""
        if nesting >= _DEEPEST:
            raise _NotReadable
        source, outer = self.source, (self.depth, self.begins, self.string)
        self.depth, self.string, first = 1, None, at
        while not (self.depth == 1 and self._ends_value(at)):
            if at >= len(source):
                raise _NotReadable
            at = self._step(at, nesting + 1)
        self.depth, self.begins, self.string = outer
        values.append((first, at))
        while at < len(source) and source[at] not in b":}":
            at += 1
        if source[at : at + 1] == b":":
            at = self._literal(at + 1, delimiter, raw, nesting + 1, values, spec=True)
        return at + 1

    def _ends_value(self, at: int) -> bool:
        """Whether the expression ends here: ``}``, ``:``, ``!r``, or the ``=`` that shows it."""
        after = self.source[at : at + 2]
        if after[:1] == b"=" and after != b"==" and self.source[at - 1 : at] not in (b"=", b"!", b"<", b">", b":"):
            return _SHOWN.match(self.source, at) is not None
        return after[:1] in (b"}", b":") or (after[:1] == b"!" and after != b"!=")

    def _blank(self, start: int, end: int) -> None:
        self.out[start:end] = _BLANK.sub(b" ", bytes(self.out[start:end]))
