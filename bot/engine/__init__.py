"""The engine: bytes in, values out.  No input or output, no clock, no environment, no network.

Its parts are imported when they are first asked for: listing usages needs neither the rewriting nor the comparison of
sources, and a name's text can be searched for while the rest is loaded.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.engine.diff.review import review_files
    from bot.engine.diff.unified import Hunk, MalformedPatch, parse_patch
    from bot.engine.index import Index
    from bot.engine.migrate import migrate_file
    from bot.engine.names import module_paths
    from bot.engine.rewrite import apply_fixes
    from bot.engine.scan import scan_file

_HOMES = {
    "Hunk": "bot.engine.diff.unified",
    "Index": "bot.engine.index",
    "MalformedPatch": "bot.engine.diff.unified",
    "apply_fixes": "bot.engine.rewrite",
    "migrate_file": "bot.engine.migrate",
    "module_paths": "bot.engine.names",
    "parse_patch": "bot.engine.diff.unified",
    "review_files": "bot.engine.diff.review",
    "scan_file": "bot.engine.scan",
}

__all__ = [
    "Hunk",
    "Index",
    "MalformedPatch",
    "apply_fixes",
    "migrate_file",
    "module_paths",
    "parse_patch",
    "review_files",
    "scan_file",
]


def __getattr__(name: str) -> object:
    module = _HOMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)
