"""Where in a dotted name the module ends."""

import ast
import sys

from bot.engine.resolve.bindings import Binding, Scope
from bot.engine.usages.analysis import Analysis

_PACKAGES = frozenset(
    {
        "asyncio", "collections", "concurrent", "ctypes", "curses", "dbm", "distutils", "email", "encodings",
        "ensurepip", "html", "http", "idlelib", "importlib", "json", "lib2to3", "logging", "multiprocessing",
        "os", "pathlib", "profiling", "pydoc_data", "re", "sqlite3", "string", "sys", "sysconfig", "test",
        "tkinter", "tomllib", "turtledemo", "unittest", "urllib", "venv", "wsgiref", "xml", "xmlrpc", "zoneinfo",
    }
)  # fmt: skip
"""What of the standard library has modules below it, in one Python version or another."""
_FLAT = sys.stdlib_module_names - _PACKAGES


def split(analysis: Analysis, dotted: str) -> tuple[str, str]:
    """The module of a dotted name, and the rest: by what is known, else all but the last component.

    A component that looks like a class (CapWords) ends the module where nothing better is known.
    """
    index, parts = analysis.index, dotted.split(".")
    if is_module(analysis, dotted):
        return ".".join(parts[:-1]), parts[-1]
    for cut in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:cut])
        if index.has(module):
            if cut < len(parts) - 1 and index.resolution(f"{module}.{parts[cut]}").exists is False:
                break  # a module below it, of which the index does not know
            return module, ".".join(parts[cut:])
    first = next((n for n in range(len(parts) - 1, 1, -1) if ".".join(parts[:n]) in analysis.moved_to), 1)
    cut = first if parts[0] in _FLAT else _class_in(parts, first)
    return ".".join(parts[:cut]), ".".join(parts[cut:])


def _class_in(parts: list[str], first: int) -> int:
    """The first component from ``first`` on that looks like a class with members, else the last of all."""
    return next((n for n in range(first, len(parts) - 1) if parts[n][:1].isupper()), len(parts) - 1)


def is_flat(dotted: str) -> bool:
    """Whether ``dotted`` stands in a module of the standard library that has no modules below it."""
    return dotted.partition(".")[0] in _FLAT


def is_module(analysis: Analysis, dotted: str) -> bool:
    """Whether ``dotted`` is known to be a module: of the repository, or as a module's successor."""
    return analysis.index.has(dotted) or dotted in analysis.moved_to


def hides(analysis: Analysis, module: str) -> bool:
    """Whether a package has something else under the name of ``module`` (or of one around it).

    Then ``from module import name`` works, and neither ``module.name`` nor an import of the module itself does.
    """
    parts = module.split(".")
    names = (".".join(parts[:cut]) for cut in range(2, len(parts) + 1))
    return any(is_module(analysis, name) and analysis.index.hides(name) for name in names)


def is_defined_here(analysis: Analysis, dotted: str) -> bool:
    """Whether the file is the module ``dotted``, or the one that has it."""
    module = dotted if is_module(analysis, dotted) else split(analysis, dotted)[0]
    return module in analysis.modules


def plain(analysis: Analysis, dotted: str) -> str:
    """What ``import …`` must name so that ``dotted`` can be written whole: itself, if it is a module."""
    return dotted if is_module(analysis, dotted) else split(analysis, dotted)[0]


def is_class(analysis: Analysis, binding: Binding) -> bool:
    """Whether a name that is imported from a module is a class, as far as that is known or shows."""
    imported, index = binding.imported, analysis.index
    origins = imported.origins if imported and imported.name else ()
    if any(index.has(origin) for origin in origins):
        return False
    return any(
        index.resolution(origin).exists or origin.rpartition(".")[2][:1].isupper() or is_flat(origin)
        for origin in origins
    )


def brings_builtin(analysis: Analysis, scope: Scope, name: str) -> bool:
    """Whether all that binds ``name`` in a scope are imports in whose place the built-in of that name comes."""
    brought: dict[ast.AST, str | None] = {u.node: u.successor for u in analysis.uses if isinstance(u.node, ast.alias)}
    return all(brought.get(binding.node) in (name, f"builtins.{name}") for binding in scope.bindings[name])
