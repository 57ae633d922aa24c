"""Modules below a package that a file uses by the package's name alone: who loads them."""

import sys
from collections.abc import Collection

from bot.engine.program.cycles import closure, files_begun
from bot.engine.program.index import Index
from bot.engine.program.view import Witness

_ALWAYS = frozenset({"os.path", "collections.abc", "importlib._bootstrap"})
"""Of the standard library, what Python loads by itself."""


def relying(index: Index, module: str, *, besides: str, leaving: Collection[str] = ()) -> Witness | None:
    """Who uses ``module`` without importing it, so that it may be the import in the file ``besides`` that loads it.

    Whether a package of another project loads a module by itself is not known: it counts what most files here do, that
    read it by the package's name: ``import package`` or ``import package.module``.  Imports of the names ``leaving``
    may go as well as that in ``besides``.
    """
    top = module.partition(".")[0]
    if module in _ALWAYS:
        return None
    if top not in sys.stdlib_module_names and not index.has(top) and not index.has(module):
        found = list(index.program.relying(module))
        given = len({witness.path for witness in found}) > len(index.program.importers(module))
        return None if given else next((witness for witness in found if witness.path != besides), None)
    for witness in index.program.relying(module, besides=besides):
        if not _is_loaded(index, witness.path, module, besides, leaving):
            return witness
    return None


def _is_loaded(index: Index, path: str, module: str, besides: str, leaving: Collection[str]) -> bool:
    """Whether the imports of a file load a module by other files than ``besides``."""
    for imported, modules in index.program.imports_of(path):
        names = [name for each in modules for name in ((each, f"{each}.{imported.name}") if imported.name else (each,))]
        for name in names if imported.early else ():
            begun = {*files_begun(index, name), *closure(index, name).steps}
            if besides not in begun and any(_loads(index, each, module, leaving) for each in begun):
                return True
    return False


def _loads(index: Index, path: str, module: str, leaving: Collection[str]) -> bool:
    """Whether a file imports a module, or from it, in a way that stays: nothing of what leaves, and of the whole module
    only inside its own package."""
    package = module.rpartition(".")[0]
    inside = any(f"{own}.".startswith(f"{package}.") for own in index.modules_of(path))
    for imported, modules in index.program.imports_of(path):
        for origin in modules if imported.early else ():
            name = f"{origin}.{imported.name}" if imported.name else origin
            goes = any(f"{name}.".startswith(f"{each}.") for each in leaving)
            if f"{name}.".startswith(f"{module}.") and not goes and (imported.name or inside):
                return True
    return False
