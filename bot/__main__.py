"""``python -m bot`` is ``ssot``."""

import gc
import os
import sys

gc.disable()  # while code is loaded, none of which is garbage: a tenth of the time that it takes

from bot.cli import main as cli  # noqa: E402

WINDOWS = "ssot runs on Linux and macOS. On Windows, run it in WSL: https://learn.microsoft.com/windows/wsl/install"
"""It forks, and reads files by calls that Windows does not have."""


def main() -> None:
    """The console script."""
    gc.enable()
    if sys.platform == "win32":
        sys.stderr.write(f"{WINDOWS}\n")
        sys.exit(2)
    try:
        cli()
    except SystemExit as end:
        if sys.argv[1:2] == ["scan"] and isinstance(end.code, int):
            leave(end.code)
        raise


def leave(status: int) -> None:
    """End the process with its output written, and nothing taken apart: that takes longer than many a scan.

    Only for what leaves nothing to be done at exit.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
