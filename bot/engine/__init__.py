"""The engine: bytes in, values out.  No input or output, no clock, no environment, no network.

What costs start-up (LibCST, the comparison of sources) is imported when it is first asked for: listing usages needs
none of it.
"""

import importlib
from typing import TYPE_CHECKING

from bot.engine.index import Index
from bot.engine.names import module_paths
from bot.engine.scan import scan_file

if TYPE_CHECKING:
    from bot.engine.diff.review import review_files
    from bot.engine.diff.unified import Hunk, MalformedPatch, parse_patch
    from bot.engine.rewrite import apply_fixes

_LATER = {
    "Hunk": "bot.engine.diff.unified",
    "MalformedPatch": "bot.engine.diff.unified",
    "parse_patch": "bot.engine.diff.unified",
    "review_files": "bot.engine.diff.review",
    "apply_fixes": "bot.engine.rewrite",
}

__all__ = [
    "Hunk",
    "Index",
    "MalformedPatch",
    "apply_fixes",
    "module_paths",
    "parse_patch",
    "review_files",
    "scan_file",
]


def __getattr__(name: str) -> object:
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)
