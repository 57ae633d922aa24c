"""``ssot``, ``ssot-bot`` and ``python -m ssot_bot``."""

from ssot_bot import use_own_modules


def main() -> None:
    """The console scripts."""
    use_own_modules()
    from bot.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
