"""``python -m bot`` is ``ssot``."""

import gc

gc.disable()  # while code is loaded, none of which is garbage: a tenth of the time that it takes

from bot.cli import main as cli  # noqa: E402


def main() -> None:
    """The console script."""
    gc.enable()
    try:
        cli()
    finally:
        gc.freeze()  # what is left goes with the process: nobody need look through it once more


if __name__ == "__main__":
    main()
