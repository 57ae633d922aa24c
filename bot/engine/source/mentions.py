"""Names as text in a source: quick looks at the bytes, before and instead of parsing."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_QUALIFIER = re.compile(rb"([^\W\d]\w*(?:\.\w+)*)\.\Z")
_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
_NAME = re.compile(r"\w+")
_LINE_END = re.compile(r"\r\n?|\n")
_OTHER_LETTERS = ((b"\xf0", (b"\x9d",)), (b"\xef", (b"\xbc", b"\xbd")))
"""How the mathematical letters (U+1D400 …) and the full-width ones (U+FF00 …) begin in UTF-8: first and second byte."""
_CODING, _HEAD = b"coding", 400
"""What a declared encoding needs, and within how many bytes it stands (PEP 263: the first two lines)."""
_FEW = 32
"""So many names are looked for one by one; of more, first which of them are there at all."""
REACH = 300
"""How far before a name its line or its qualifier is looked for."""
_WORD_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") | frozenset(range(128, 256))


def occurrences(source: bytes, names: Iterable[str], encoding: str = "utf-8") -> Iterator[tuple[int, int]]:
    """The byte spans at which one of ``names`` stands as a whole word; in order for each name."""
    words = {name.encode(encoding, "replace") for name in names}
    if len(words) > _FEW:
        words &= set(_WORD.findall(source))
    for word in words:
        start = source.find(word)
        while start >= 0:
            end = start + len(word)
            before = start > 0 and source[start - 1] in _WORD_BYTES
            if not before and not (end < len(source) and source[end] in _WORD_BYTES):
                yield start, end
            start = source.find(word, end)


def stands_in(word: bytes, source: bytes | bytearray, size: int) -> bool:
    """Whether ``word`` stands as a whole word in the first ``size`` bytes of ``source``."""
    start = source.find(word, 0, size)
    while start >= 0:
        end = start + len(word)
        before = start > 0 and source[start - 1] in _WORD_BYTES
        if not before and not (end < size and source[end] in _WORD_BYTES):
            return True
        start = source.find(word, end, size)
    return False


def modules_named(source: bytes, names: Iterable[str]) -> frozenset[str]:
    """The modules that a string or an expression may look into for one of ``names``, or for a module of that name.

    These are the dotted texts that stand before one of ``names``, each without it and with it.
    """
    found = set()
    for start, end in occurrences(source, names):
        if source[start - 1 : start] != b".":
            continue
        qualifier = _QUALIFIER.search(source[max(start - REACH, 0) : start])
        if qualifier and b"." in qualifier[1]:
            found |= {
                each.decode("utf-8", "replace") for each in (qualifier[1], qualifier[1] + b"." + source[start:end])
            }
    return frozenset(found)


def respelled(buffer: bytes | bytearray, size: int, names: Iterable[bytes]) -> bool:
    """Whether Python reads one of ``names`` in the first ``size`` bytes though they do not stand there as they are.

    They may be spelled with letters that stand for others (NFKC: the mathematical letters and the full-width ones are
    what names are written with; language reference, "Names"), or in an encoding whose ASCII bytes stand for something
    else (PEP 263).  What cannot be decoded may hold anything.
    """
    if buffer.find(_CODING, 0, _HEAD) >= 0:
        from bot.engine.source import text  # few files declare an encoding

        source = bytes(memoryview(buffer)[:size])
        if text.is_other_encoding(source):
            decoded = text.readable_text(source)
            return decoded is None or _as_read(decoded, names)
    if not _holds_other_letters(buffer, size):
        return False
    return _as_read(bytes(memoryview(buffer)[:size]).decode("utf-8", "replace"), names)


def lines_of(text: str) -> list[str]:
    """As Python ends lines (language reference, "Physical lines")."""
    return _LINE_END.split(text)


def words_of(text: str) -> frozenset[str]:
    """As Python reads names (language reference, "Names")."""
    return frozenset(_NAME.findall(text if text.isascii() else unicodedata.normalize("NFKC", text)))


def _as_read(text: str, names: Iterable[bytes]) -> bool:
    other = unicodedata.normalize("NFKC", text).encode("utf-8", "replace")
    return any(name in other for name in names)


def _holds_other_letters(buffer: bytes | bytearray, size: int) -> bool:
    """One byte is found ten times as fast as two, and few files hold the first byte of a letter."""
    for lead, seconds in _OTHER_LETTERS:
        if buffer.find(lead, 0, size) < 0:
            continue
        for second in seconds:
            if buffer.find(second, 0, size) >= 0 and buffer.find(lead + second, 0, size) >= 0:
                return True
    return False


def line_before(source: bytes, offset: int) -> bytes:
    """What stands before ``offset`` on its line."""
    floor = max(offset - REACH, 0)
    start = max(source.rfind(b"\n", floor, offset), source.rfind(b"\r", floor, offset), floor - 1) + 1
    return source[start:offset]
