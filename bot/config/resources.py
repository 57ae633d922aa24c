"""The files that come with this package."""

import pkgutil


def package_text(path: str) -> str:
    """The text of one of them.  Raises ``OSError`` if there is none.

    `importlib.resources` does the same and takes 15 ms to load.
    """
    return (pkgutil.get_data("bot.config", path) or b"").decode()
