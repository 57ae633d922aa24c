"""Texts within GitHub's length limit."""

from bot.domain.effects import MAX_BODY


def fit(body: str, *, tail: str = "", limit: int = MAX_BODY) -> str:
    """``body`` and ``tail`` within GitHub's limit; whole lines are cut from the end of ``body``, with a note."""
    room = limit - len(tail)
    if len(body) <= room:
        return body + tail
    note = "\n\n… shortened: GitHub limits texts to 65,536 characters."
    kept = body[: room - len(note)].rpartition("\n")[0]
    return kept + note + tail
