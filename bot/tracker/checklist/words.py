"""The words of an item or a heading that stay the same when people reword it.

People add and remove emojis, mark-up, figures and small words, change endings, and add results after a dash; all of
these are left out.
"""

import hashlib
import re
import unicodedata

_TAG = re.compile(r"<[^<>]*>")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_SHORTCODE = re.compile(r":[a-z0-9_+-]+:")
_WORD = re.compile(r"\w+")
_HEAD = re.compile(r"\s[-\u2013\u2014]\s|:\s|\s\(")
_ORDINAL = re.compile(r"\b(phase|step|stage|part|milestone)\s*(\d+)", re.IGNORECASE)
_SMALL = frozenset(
    {"an", "the", "of", "to", "and", "or", "for", "in", "on", "at", "by", "with", "from", "is", "are", "be"}
)
_DENIALS = ("no", "not", "without", "never", "non")
_ENDINGS = ("ings", "ing", "ions", "ion", "ies", "ed", "es", "s", "e", "y")
_SHORTEST_STEM = 3
_COVERED, _MEANT = 0.8, 0.4
"""The shares of the wanted words and of the text's words that have to be common."""
_LATIN_END = 0x250
"""Code points from 0x80 up to here are accented Latin letters: a word of nothing else is a mis-encoded emoji."""
_ONE_LETTER_SCRIPTS = 0x2E80
"""From here on one character may be a word."""


def digest(text: str) -> str:
    """Ten hexadecimal digits: enough to tell the tasks of one body apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]


_NEGATIONS = frozenset({*_DENIALS, *map(digest, _DENIALS)})


def normal(text: str) -> str:
    """``text`` without mark-up, case and runs of white space: equal for what reads the same."""
    return " ".join(re.sub(r"[*~`]|\b_|_\b", "", _plain(text)).split())


def _plain(text: str) -> str:
    shown = _LINK.sub(r"\1", _TAG.sub(" ", _without_comments(unicodedata.normalize("NFKC", text))))
    return _SHORTCODE.sub(" ", shown.casefold())


def _without_comments(text: str) -> str:
    """Without HTML's comments.  By hand: a pattern would look for the end of each that has none."""
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return " ".join((*kept, text[at:]))


def head(text: str) -> str:
    """What comes before a dash, a colon or a bracket: the rest is a result or an explanation."""
    shown = re.sub(r"[*~`]", "", _LINK.sub(r"\1", text))
    return _HEAD.split(shown, maxsplit=1)[0]


def words(text: str) -> frozenset[str]:
    """The stems of the words, without figures and small words."""
    found = (word.strip("_") for word in _WORD.findall(_plain(text)))
    return frozenset(_stem(word) for word in found if _counts(word))


def _counts(word: str) -> bool:
    if not word or word in _SMALL or word[0].isdigit():
        return False
    if len(word) == 1:
        return ord(word) >= _ONE_LETTER_SCRIPTS
    return not all(0x80 <= ord(character) < _LATIN_END for character in word)


def _stem(word: str) -> str:
    if "_" in word or not word.isascii():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] == word[-2] else word


LABELS = words("phase step stage part milestone")
"""Words that every heading may have."""


def likeness(sought: frozenset[str], text: frozenset[str]) -> float:
    """How much ``text`` is like ``sought``, from 0 (it may be something else) to 1.

    Nearly all of ``sought`` has to be in ``text``, and ``text`` must not say much more, nor deny it.  Both may be
    sets of digests.
    """
    common = len(sought & text)
    if (sought ^ text) & _NEGATIONS:
        return 0.0
    if not common or common < _COVERED * len(sought) or common < _MEANT * len(text):
        return 0.0
    return 0.7 * common / len(sought) + 0.3 * common / len(text)


def is_phase(sought: str, heading: str) -> bool:
    """Whether ``heading`` is the phase ``sought``, also with another number, emoji or state."""
    asked, there = words(sought) - LABELS, words(heading) - LABELS
    if asked and there:
        return 2 * len(asked & there) > len(asked)
    return _ordinal(sought) is not None and _ordinal(sought) == _ordinal(heading)


def _ordinal(text: str) -> tuple[str, str] | None:
    found = _ORDINAL.search(text)
    return (found[1].lower(), found[2].lstrip("0")) if found else None
