"""What the wheel installs: the packages ``bot`` and ``handlers`` lie in here, so that a project may have its own.

In a checkout they lie at its top instead.  Nothing here imports anything but the standard library.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
HOME = _HERE if (_HERE / "bot").is_dir() else _HERE.parents[2]
"""The directory with our packages: this one in a wheel, the top of the source tree in an editable installation."""


def use_own_modules() -> None:
    """Have our packages found first, and none in the current directory: what is scanned there is never run.

    ``python -m`` and ``PYTHONPATH=.`` add that directory.  It stays where this package itself lies in it.
    """
    sys.path[:] = [str(HOME), *(each for each in sys.path if not _is_foreign(each))]


def _is_foreign(entry: str) -> bool:
    """Whether an entry of ``sys.path`` is the current directory, and nothing of ours is in there."""
    try:
        here = Path.cwd().resolve()
    except FileNotFoundError:  # it was deleted: there is nothing in it
        return not entry
    return Path(entry).resolve() == here and here not in (HOME, _HERE.parent)
