"""Characters that make a line look like another one: such a line is never offered for one-click replacement.

CVE-2021-42574 and CVE-2021-42694 ("Trojan Source", https://trojansource.codes): bidirectional controls, invisible
characters, identifiers that mix look-alike scripts.  Python folds identifiers by NFKC (PEP 3131), so styled letters
are a second spelling of the same name.
"""

import re
import unicodedata

_HIDDEN = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u180e"
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u3164\ufeff\uffa0"
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD = re.compile(r"[^\W\d]\w*")
_LOOKALIKE_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "GEORGIAN")


def hazards(text: str) -> tuple[str, ...]:
    """Each dangerous code point of ``text`` once, as ``U+202E RIGHT-TO-LEFT OVERRIDE``, in order."""
    if not _NOT_ASCII.search(text):
        return ()
    found = [char for char in text if char in _HIDDEN]
    for word in _WORD.findall(text):
        found += _deceptive(word)
    return tuple(dict.fromkeys(f"U+{ord(char):04X} {unicodedata.name(char, 'UNNAMED')}" for char in found))


def _deceptive(word: str) -> list[str]:
    """The letters by which an identifier can pass for another one."""
    styled = [char for char in word if ord(char) > 127 and unicodedata.normalize("NFKC", char).isascii()]
    scripts = {char: unicodedata.name(char, "").partition(" ")[0] for char in word}
    used = {script for script in scripts.values() if script in _LOOKALIKE_SCRIPTS}
    mixed = [char for char, script in scripts.items() if script in used and script != "LATIN"] if len(used) > 1 else []
    return styled + mixed
