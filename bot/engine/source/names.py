"""Dotted names and file paths: which modules a file can be, and which files a module can be.

A *source root* is a directory that stands on ``sys.path``: relative to the repository, ``/``-separated, ``""``
for its top.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

SUFFIXES = (".py", ".pyi", ".pyw")
"""Of Python files."""
PROJECT_FILES = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
"""Names of files that show a source root."""
_TEST_FILE = re.compile(r"(?:^|/)(?:tests?/|conftest\.py$|test_[^/]*\.pyi?$|[^/]*_tests?\.pyi?$)")


def module_names(path: str, roots: Sequence[str]) -> tuple[str, ...]:
    """The dotted modules that ``path`` is, one for each root above it, the shortest (innermost root) first.

    Empty for a file that no import can name: not Python, or with a component that is no identifier.
    """
    stem = next((path.removesuffix(suffix) for suffix in SUFFIXES if path.endswith(suffix)), None)
    if stem is None:
        return ()
    names = set()
    for root in {"", *roots}:
        inside = stem.removeprefix(f"{root}/") if root and stem.startswith(f"{root}/") else stem
        if root and inside == stem:
            continue
        parts = inside.split("/")
        if parts[-1] == "__init__":
            parts.pop()
        if parts and all(part.isidentifier() for part in parts):
            names.add(".".join(parts))
    return tuple(sorted(names, key=lambda name: (len(name), name)))


def module_paths(module: str, roots: Sequence[str]) -> tuple[str, ...]:
    """The files that ``module`` can be: ``a/b.py`` and ``a/b/__init__.py`` below each root, packages first."""
    inside = module.replace(".", "/")
    bases = [f"{root}/{inside}" if root else inside for root in dict.fromkeys((*roots, ""))]
    return tuple(path for base in bases for path in (f"{base}/__init__.py", f"{base}.py"))


def is_package(path: str) -> bool:
    """Whether the file is a package's ``__init__``: its relative imports count from itself."""
    return path.rpartition("/")[2].partition(".")[0] == "__init__"


def is_test(path: str) -> bool:
    """Whether the file is a test or serves tests, by pytest's conventions."""
    return _TEST_FILE.search(path) is not None


def absolute(module: str | None, level: int, file_modules: Sequence[str], *, package: bool) -> tuple[str, ...]:
    """The absolute modules that ``from <level dots><module>`` means in a file with these module names.

    Empty when the dots lead out of every source root (language reference, "Package Relative Imports").
    """
    if level == 0:
        return (module,) if module else ()
    up = level - 1 if package else level
    found = []
    for name in file_modules:
        parts = name.split(".")
        if up < len(parts):  # the top level is no package
            found.append(".".join((*parts[: len(parts) - up], *((module,) if module else ()))))
    return tuple(found)


def project_files(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of ``paths`` that show where a project begins, in their order.

    Not a module that is called ``setup``: a ``setup.py`` beside an ``__init__.py``.
    """
    listed = list(paths)
    found = [path for path in listed if path.rpartition("/")[2] in PROJECT_FILES]
    directories = {path.rpartition("/")[0] for path in found if path.endswith("/setup.py")}
    packages = {path.rpartition("/")[0] for path in listed if path.endswith("/__init__.py")} if directories else set()
    return tuple(p for p in found if not (p.endswith("/setup.py") and p.rpartition("/")[0] in packages))


def find_source_roots(paths: Iterable[str], modules: Iterable[str] = ()) -> tuple[str, ...]:
    """The source roots that ``paths`` show, outer first, without the repository's top (which always is one).

    A directory with a project file, every ``src`` directory, and the directory below which one of ``modules`` is
    found, if it is not found from the top: the outermost such one, so that a copy further in is no root.  A file's
    name alone shows nothing: ``utils/asyncio.py`` is not ``asyncio``.
    """
    listed = list(paths)
    roots = {path.rpartition("/")[0] for path in project_files(listed)}
    for path in listed:
        parts = path.split("/")[:-1]
        roots |= {"/".join(parts[: n + 1]) for n, part in enumerate(parts) if part == "src"}
    for module in modules:
        roots |= _root_of(module, listed) if "." in module else set()
    return tuple(sorted(roots - {""}, key=lambda root: (root.count("/"), root)))


def _root_of(module: str, paths: Sequence[str]) -> set[str]:
    """The outermost directory below which ``module`` is one of ``paths``; several, if they are as far out."""
    found = {
        path[: -len(tail)].rstrip("/")
        for tail in module_paths(module, ())
        for path in paths
        if path == tail or path.endswith(f"/{tail}")
    }
    outermost = min(map(_depth, found), default=0)
    return {root for root in found if _depth(root) == outermost}


def _depth(root: str) -> int:
    return root.count("/") + bool(root)


def holders(dotted: str, name: str) -> Iterator[str]:
    """What ``name`` is taken of in ``dotted``, at each place where it stands."""
    parts = dotted.split(".")
    return (".".join(parts[:n]) for n in range(1, len(parts)) if parts[n] == name)
