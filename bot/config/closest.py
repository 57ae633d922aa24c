"""The most similar known word, for "did you mean"."""

from collections.abc import Sequence


def closest(word: str, known: Sequence[str], *, cutoff: float = 0.6) -> str | None:
    """The one of ``known`` that is most like ``word``, by difflib's ratio; ``None`` below ``cutoff``."""
    import difflib  # loaded for an error only

    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=cutoff)), None)
