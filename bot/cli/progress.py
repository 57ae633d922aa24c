"""A progress line on standard error, for long work on a terminal only."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.cli.terminal import can_rewrite_lines

DELAY = 0.5
"""Seconds before the line appears: short work needs none."""


@contextmanager
def progress(total: int | None = None) -> Iterator[Callable[[int, int], None] | None]:
    """A function to call with files done and files in all; ``None`` where standard error is no terminal.

    ``total``: the files, where they are counted already; of none there is nothing to tell.
    """
    if not can_rewrite_lines() or total == 0:
        yield None
        return
    begin = time.monotonic()
    shown = False

    def report(done: int, of: int) -> None:
        nonlocal shown
        if time.monotonic() - begin >= DELAY:
            sys.stderr.write(f"\r\x1b[2Kscanning: {done}/{of} files")
            sys.stderr.flush()
            shown = True

    try:
        yield report
    finally:
        if shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
