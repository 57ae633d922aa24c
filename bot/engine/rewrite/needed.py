"""Whether other files know a name by the module that imports it: by their text, so perhaps too often.

What is kept without need does no harm.
"""

import re
from collections.abc import Iterator

from bot.engine.analysis import Analysis


def needed_elsewhere(analysis: Analysis, name: str) -> bool:
    """Whether a file that is known seems to take ``name`` from this module.

    An import of it, a string that names it, or the module itself with ``.name``, ``"name"`` or a star beside it.
    """
    if named_by_string(analysis, name):
        return True
    leaves = "|".join(re.escape(leaf) for leaf in {module.rpartition(".")[2] for module in analysis.modules})
    if not leaves:
        return False
    word = re.escape(name)
    imported = re.compile(rf"\bfrom\s+[\w.]*\b(?:{leaves})\s+import\b[^\n(]*(?:\([^)]*)?\b{word}\b".encode())
    star = re.compile(rf"\bfrom\s+[\w.]*\b(?:{leaves})\s+import\s*\(?\s*\*".encode())
    member = re.compile(rf"[.'\"]{word}\b".encode())
    whole = re.compile(rf"\bimport\b[^\n(]*(?:\([^)]*)?\b(?:{leaves})\b|['\".](?:{leaves})['\"]".encode())
    if any(star.search(source) for source in _others(analysis, "*")):
        return True  # it may be known by the name to those who import from there
    return any(
        imported.search(source) or (member.search(source) and whole.search(source))
        for source in _others(analysis, name)
    )


def named_by_string(analysis: Analysis, name: str) -> bool:
    """Whether ``module.name`` is written out somewhere, perhaps to patch it."""
    dotted = [f"{module}.{name}" for module in analysis.modules]
    texts = [each.encode() for each in dotted]
    return any(each in analysis.text for each in dotted) or any(
        text in source for source in _others(analysis, name) for text in texts
    )


def _others(analysis: Analysis, word: str) -> Iterator[bytes]:
    """The other files in which ``word`` stands."""
    needle = word.encode()
    for path, source in analysis.index.files.items():
        if source is not None and path != analysis.path and needle in source:
            yield source
