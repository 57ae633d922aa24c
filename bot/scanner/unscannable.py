"""Why the work on some source could not be done."""

import signal

from bot.domain.errors import SsotError
from bot.scanner import child


class Unscannable(SsotError):
    """The work on some source could not be done, by the nature of that source.

    ``cause`` is short and stable, for counting: ``timeout``, ``memory``, ``recursion``, ``result``, ``crash:SIGSEGV``,
    ``crash:exit-3``, ``error:ValueError``.  The text is for the author.
    """

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


def is_from_outside(code: int) -> bool:
    """Whether a worker with this exit status may have been ended by others: an operator, or the kernel for memory."""
    return code in (-signal.SIGKILL, -signal.SIGTERM)


def death(code: int | None, memory: int, seconds: float) -> tuple[str, str]:
    """Cause and reason of a worker's exit status, negative for a signal; ``None``: all workers ended."""
    if code is None:
        return "crash:pool", "too complex: the worker processes crashed"
    if code == child.MEMORY_EXIT:
        return "memory", f"too complex: it needs more than {memory >> 20} MiB"
    if code in (-signal.SIGPROF, -signal.SIGXCPU):
        return "timeout", f"too complex: timed out after {seconds:g} seconds"
    if code < 0:
        name = signal.Signals(-code).name
        return f"crash:{name}", f"too complex: the parser crashed ({name})"
    return f"crash:exit-{code}", f"too complex: the parser exited (status {code})"
