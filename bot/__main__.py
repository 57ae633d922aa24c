"""``python -m bot`` is ``ssot``."""

from bot.cli import main

if __name__ == "__main__":
    main()
