"""What the terminal can show: colours and columns."""

import os
import sys

_OFF = frozenset({"", "0", "false", "no"})


def color() -> bool:
    """Colour for people only; https://no-color.org has the last word, then https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "").lower() not in _OFF:
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int | None:
    """Columns of the terminal; ``None`` when the output goes elsewhere, or nobody knows, and nothing is to be cut."""
    if not sys.stdout.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


def can_rewrite_lines() -> bool:
    """Whether standard error is a terminal on which a line can be written again."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
