"""Modules below a package that a file uses by the package's name alone: who loads them."""

import sys

from bot.engine.program.cycles import closure, path_of
from bot.engine.program.index import Index
from bot.engine.program.view import Witness

_ALWAYS = frozenset({"os.path", "collections.abc", "importlib._bootstrap"})
"""Of the standard library, what Python loads by itself."""


def relying(index: Index, module: str, *, besides: str) -> Witness | None:
    """Who uses ``module`` without importing it, so that it may be the import in the file ``besides`` that loads it.

    A package of another project is taken to load what is read of it, but for modules that some file here imports by
    ``import package.module``: that file says that the package alone does not.
    """
    if not _needs_import(index, module):
        return None
    for witness in index.program.relying(module, besides=besides):
        if not _is_loaded(index, witness.path, module, besides):
            return witness
    return None


def _needs_import(index: Index, module: str) -> bool:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or index.has(top) or index.has(module):
        return module not in _ALWAYS
    return any(
        imported.name is None and imported.local == top and f"{imported.module.text}.".startswith(f"{module}.")
        for facts in index.program.facts.values()
        for imported in facts.imports
    )


def _is_loaded(index: Index, path: str, module: str, besides: str) -> bool:
    """Whether the imports of a file load a module by other files than ``besides``."""
    wanted = path_of(index, module)
    for imported, modules in index.program.imports_of(path) if wanted is not None else ():
        names = [name for each in modules for name in ((each, f"{each}.{imported.name}") if imported.name else (each,))]
        for name in names if imported.early else ():
            begun = {path_of(index, name), *closure(index, name).steps}
            if wanted in begun and besides not in begun:
                return True
    return False
