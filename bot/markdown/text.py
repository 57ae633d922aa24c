"""Other people's text inside our Markdown: shown as it is, never interpreted.

File names, symbols and error messages come from strangers.  Here they become code spans or escaped text in which
nothing is a mention, a cross-reference, a closing keyword, a link or an HTML tag.
"""

import re
import unicodedata

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~@&:/$])")
_GH_REFERENCE = re.compile(r"\b(GH\\-)(\d)", re.IGNORECASE)
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def visible(text: str) -> str:
    """``text`` on one line, with control, format and bidirectional characters spelled as ``\\uXXXX``.

    https://trojansource.codes/ (CVE-2021-42574) is why format characters must not reach a page as they are.
    """
    if text.isprintable():  # then none of it is of these categories
        return text
    return "".join(_spelled(c) if unicodedata.category(c) in _INVISIBLE else c for c in text)


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shorten(text: str, limit: int) -> str:
    """``text`` cut in its middle to ``limit`` characters, with an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def code(text: str, *, limit: int = 200) -> str:
    """A code span (GFM 6.3) that shows ``text`` whole and literally, back-ticks included."""
    shown = shorten(visible(text), limit) or " "
    fence = "`" * (longest_run(shown, "`") + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def plain(text: str, *, limit: int = 1_000) -> str:
    """``text`` as words in a paragraph: no mark-up, no mention, no reference, no link.

    GitHub looks for mentions and references in the rendered text, where escapes and entities are gone already: a
    zero-width space after the sign is what keeps them from being found.
    """
    escaped = _SPECIAL.sub(_escape, shorten(visible(text), limit))
    return _GH_REFERENCE.sub(r"\1&#8203;\2", escaped)


def _escape(match: re.Match[str]) -> str:
    character = match[1]
    if character in "@#":
        return f"{character}&#8203;"
    return f"&#{ord(character)};" if character in ":/<>&" else f"\\{character}"


def prose(text: str) -> str:
    """Our own sentences, in which back-ticked names stay code and everything else is plain."""
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(code(p[1:-1]) if len(p) > 2 and p[0] == p[-1] == "`" else plain(p) for p in pieces)


def longest_run(text: str, character: str) -> int:
    """Length of the longest run of ``character``."""
    return max((len(run) for run in re.findall(re.escape(character) + "+", text)), default=0)


def fenced(text: str, info: str) -> str:
    """A fenced code block (GFM 4.5) that no back-tick in ``text`` can end."""
    fence = "`" * max(3, longest_run(text, "`") + 1)
    body = f"{text}\n" if text else ""
    return f"{fence}{info}\n{body}{fence}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 usage``, ``2 usages``, ``1,204 usages``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
