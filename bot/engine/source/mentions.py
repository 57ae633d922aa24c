"""Names as text in a source: quick looks at the bytes, before and instead of parsing."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_QUALIFIER = re.compile(rb"([^\W\d]\w*(?:\.\w+)*)\.\Z")
_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
_NAME = re.compile(r"\w+")
_LINE_END = re.compile(r"\r\n?|\n")
_OTHER_LETTERS = {
    b"\xc2": b"\xaa\xba",
    b"\xc4": b"\xb2\xb3\xbf",
    b"\xc5": b"\x80\x89\xbf",
    b"\xc7": b"\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\xb1\xb2\xb3",
    b"\xca": b"\xb0\xb2\xb3\xb7\xb8",
    b"\xcb": b"\xa1\xa2\xa3",
    b"\xe1": b"\xb4\xb5\xb6\xba",
    b"\xe2": b"\x81\x82\x84\x85\xb1",
    b"\xea": b"\x9f",
    b"\xef": b"\xac\xb8\xb9\xbc\xbd",
    b"\xf0": b"\x90\x9d\x9f",
}
"""How the characters begin in UTF-8 that Python reads as ASCII ones in a name: the first byte, and all second ones."""
_LETTER_PAIRS = {lead: [lead + second.to_bytes() for second in seconds] for lead, seconds in _OTHER_LETTERS.items()}
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

    They may be spelled with letters that stand for others (NFKC; language reference, "Names"), in another encoding
    (PEP 263), or with null bytes between them, as in UTF-16, which Python reads not at all and people do.  What cannot
    be decoded may hold anything.
    """
    if buffer.find(_CODING, 0, _HEAD) >= 0:
        from bot.engine.source import text  # few files declare an encoding

        source = bytes(memoryview(buffer)[:size])
        if text.is_other_encoding(source):
            decoded = text.readable_text(source)
            return decoded is None or _as_read(decoded, names)
    held = buffer if len(buffer) == size else buffer[:size]
    if held.find(b"\0") < 0 and (held.isascii() or not _holds_other_letters(held)):
        return False
    return _as_read(held.decode("utf-8", "replace").replace("\0", ""), names)


def lines_of(text: str) -> list[str]:
    """As Python ends lines (language reference, "Physical lines")."""
    return _LINE_END.split(text)


def words_of(text: str) -> frozenset[str]:
    """As Python reads names (language reference, "Names")."""
    return frozenset(_NAME.findall(text if text.isascii() else unicodedata.normalize("NFKC", text)))


def _as_read(text: str, names: Iterable[bytes]) -> bool:
    other = unicodedata.normalize("NFKC", text).encode("utf-8", "replace")
    return any(name in other for name in names)


def _holds_other_letters(source: bytes | bytearray) -> bool:
    """One byte is found ten times as fast as two, and few files hold the first byte of a letter."""
    for lead, pairs in _LETTER_PAIRS.items():
        if source.find(lead) >= 0:
            for pair in pairs:
                if source.find(pair) >= 0:
                    return True
    return False


def line_before(source: bytes, offset: int) -> bytes:
    """What stands before ``offset`` on its line."""
    floor = max(offset - REACH, 0)
    start = max(source.rfind(b"\n", floor, offset), source.rfind(b"\r", floor, offset), floor - 1) + 1
    return source[start:offset]
