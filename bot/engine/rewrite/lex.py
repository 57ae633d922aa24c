"""The tokens of a stretch of an expression, with the trivia between them.

``tokenize`` needs whole logical lines and is slow; what is looked at here are the few bytes between two nodes whose
places ``ast`` has given, so a regular expression is enough.  What it gets wrong (a quote inside an f-string's
field), the comparison of trees finds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<trivia>[ \t\f\r\n]+|\\\r?\n|\#[^\r\n]*)
      | (?P<string>(?i:[rbuft]{0,2})(
            '''(?:[^'\\]|\\.|'(?!''))*+'''|\"""(?:[^"\\]|\\.|"(?!""))*+\"""
            |'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+"))
      | (?P<word>\w+)
      | (?P<operator>\*\*|//|<<|>>|[=!<>:]=|->|\.\.\.|\\.|.)""",
    re.VERBOSE | re.DOTALL,
)
_BREAK = re.compile(r"\r\n|\r|\n")
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is not trivia; offsets in characters of the text it was found in."""

    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The significant tokens of ``text``."""
    return [Token(m[0], m.start(), m.end()) for m in _TOKEN.finditer(text) if m["trivia"] is None]


def is_string(token: Token) -> bool:
    """Whether it is a string literal, prefix and all."""
    return token.text[-1:] in ("'", '"')


def comments(text: str) -> Iterator[str]:
    """The comments of ``text``, with their ``#``."""
    for found in _TOKEN.finditer(text):
        if found["trivia"] is not None and found[0].startswith("#"):
            yield found[0]


def breaks_line(text: str) -> bool:
    """Whether ``text`` spans lines outside its own brackets and strings, so that it needs brackets around it."""
    depth = 0
    for found in _TOKEN.finditer(text):
        if found["operator"]:
            depth += (found[0] in OPENING) - (found[0] in CLOSING)
        elif depth == 0 and found["trivia"] and _BREAK.search(found[0]) and not found[0].startswith("\\"):
            return True
    return False
