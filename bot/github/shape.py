"""Which key of an answer is not as it was expected, told by the expression that asked for it."""

import linecache
import re
import traceback

_KEYS = re.compile(r"""\[\s*(?:f?["']([^"']{1,100})["']|(\d+))\s*\]|\.get\(\s*["']([^"']{1,100})["']""")


def key_of(fault: Exception) -> str:
    """The key, as ``user.login``; the kind of the fault where no expression names one.

    A message of the fault's own may quote the answer, so it is not used.
    """
    for frame in reversed(traceback.extract_tb(fault.__traceback__)):
        found = ".".join(filter(None, (part for match in _KEYS.findall(_expression(frame)) for part in match)))
        if found:
            return found
    key = fault.args[0] if isinstance(fault, KeyError) and fault.args else None
    return key if isinstance(key, str) and key.isidentifier() else type(fault).__name__


def _expression(frame: traceback.FrameSummary) -> str:
    """What was evaluated; the whole line where Python does not say."""
    start, end = frame.colno, frame.end_colno
    if frame.lineno is None or frame.lineno != frame.end_lineno or start is None or end is None:
        return frame.line or ""
    return linecache.getline(frame.filename, frame.lineno).encode()[start:end].decode(errors="replace")
