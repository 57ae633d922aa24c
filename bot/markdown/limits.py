"""Texts within the length that GitHub takes."""

from bot.domain.effects import MAX_BODY


def fit(body: str, *, tail: str = "", limit: int = MAX_BODY) -> str:
    """``body`` and ``tail`` within GitHub's limit; whole lines are left out at the end of ``body``, and it says so."""
    room = limit - len(tail)
    if len(body) <= room:
        return body + tail
    note = "\n\n… shortened: GitHub ends texts at 65,536 characters."
    kept = body[: room - len(note)].rpartition("\n")[0]
    return kept + note + tail
