"""Modules below a package that a file uses by the package's name alone: who loads them."""

import sys

from bot.engine.program.cycles import closure, path_of
from bot.engine.program.index import Index
from bot.engine.program.view import Witness

_ALWAYS = frozenset({"os.path", "collections.abc", "importlib._bootstrap"})
"""Of the standard library, what Python loads by itself."""


def relying(index: Index, module: str, *, besides: str) -> Witness | None:
    """Who uses ``module`` without importing it, so that it may be the import in the file ``besides`` that loads it.

    Whether a package of another project loads a module by itself is not known: it counts what most files here do, that
    read it by the package's name: ``import package`` or ``import package.module``.
    """
    top = module.partition(".")[0]
    if module in _ALWAYS:
        return None
    if top not in sys.stdlib_module_names and not index.has(top) and not index.has(module):
        found = list(index.program.relying(module))
        given = len({witness.path for witness in found}) > len(index.program.importers(module))
        return None if given else next((witness for witness in found if witness.path != besides), None)
    for witness in index.program.relying(module, besides=besides):
        if not _is_loaded(index, witness.path, module, besides):
            return witness
    return None


def _is_loaded(index: Index, path: str, module: str, besides: str) -> bool:
    """Whether the imports of a file load a module by other files than ``besides``."""
    sought = path_of(index, module)
    for imported, modules in index.program.imports_of(path) if sought is not None else ():
        names = [name for each in modules for name in ((each, f"{each}.{imported.name}") if imported.name else (each,))]
        for name in names if imported.early else ():
            begun = {path_of(index, name), *closure(index, name).steps}
            if sought in begun and besides not in begun:
                return True
    return False
