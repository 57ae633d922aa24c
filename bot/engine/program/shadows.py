"""Files that may be what an absolute import brings instead: below a directory that is no source root by itself.

Python puts a script's own directory first on its path, a test runner the first one above a test that is no package,
and some programs put others there.
"""

import ast
from collections.abc import Iterator

from bot.engine.program.index import Index
from bot.engine.program.order import above
from bot.engine.source.names import module_paths
from bot.engine.usages.analysis import Analysis, Use

_MAIN = "__main__"
_PATH = ("sys.path", "addsitedir", "syspath_prepend")


def shadow(analysis: Analysis, use: Use, successor: str | None) -> str | None:
    """The path of another file that has the name of a module by which the usage goes, or its successor will."""
    names = set(_imported(use)) | ({*above(successor.rpartition(".")[0])} if successor else set())
    if not names:
        return None
    index, directories = analysis.index, list(_directories(analysis))
    if any(word in analysis.text for word in _PATH):
        directories += _elsewhere(index, names)
    for name in sorted({*names, *(each.partition(".")[0] for each in names)} - {""}):
        usual = {*module_paths(name, index.roots), analysis.path}
        for directory in directories:
            for path in module_paths(name, [directory])[:2]:
                if path not in usual and _is_known(index, path):
                    return path
    return None


def _imported(use: Use) -> Iterator[str]:
    """The modules that absolute imports may bring."""
    through = [*use.bindings, *([use.star] if use.star else [])]
    for binding in through:
        relative = isinstance(binding.statement, ast.ImportFrom) and binding.statement.level
        if binding.imported is not None and not relative:
            for name in (*binding.imported.modules, *binding.imported.origins):
                yield from above(name)


def _directories(analysis: Analysis) -> Iterator[str]:
    """The directories around the file that may stand on the path, and are not known to."""
    index, parts = analysis.index, analysis.path.split("/")[:-1]
    script = _MAIN in analysis.text or analysis.text.startswith("#!")
    for cut in range(len(parts), 0, -1):
        directory = "/".join(parts[:cut])
        package = _is_known(index, f"{directory}/__init__.py")
        if directory not in index.roots and (not package or (script and cut == len(parts))):
            yield directory


def _elsewhere(index: Index, names: set[str]) -> set[str]:
    """The directories below which some file has one of the names."""
    ends = [f"/{path}" for name in names for path in module_paths(name, ())]
    files = [path for path in {**index.program.facts, **index.files} if _is_known(index, path)]
    return {path[: -len(end)] for path in files for end in ends if path.endswith(end)} - {*index.roots}


def _is_known(index: Index, path: str) -> bool:
    return index.files.get(path) is not None or path in index.program.facts
