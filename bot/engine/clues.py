"""What stands in every file that can use a deprecated name: so that the rest of a tree need not be parsed.

A usage is written with the last component of the target's name, or with another name that some module gives to it.
A name like ``numpy.float`` would make nearly every file worth parsing; but what comes from a package that is not in the
repository comes by an import that says so, in the file itself or in a module that the file imports from.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.engine.mentions import line_before, occurrences, stands_in
from bot.engine.names import find_source_roots

if TYPE_CHECKING:
    from bot.migration import Config

_IMPORT = re.compile(rb"from[ \t]+([.\w]+)\s+import\s*(\([^)]*\)|[^\n]*)")
_CALLED = re.compile(rb"(?:\.\w+)*[ \t]+as[ \t]+([^\W\d]\w*)")
_IMPORTING = re.compile(rb"[ \t]*(?:(?:import|from)\b.*)?\Z", re.DOTALL)
_NAME = re.compile(r"(?:#.*)|(\*|[^\W\d]\w*)(?:\s+as\s+([^\W\d]\w*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """The clue to the targets of one package."""

    package: str
    names: frozenset[str]
    """One of these stands in the file: the targets' last components, and what modules of the repository call them."""
    modules: frozenset[str] = frozenset()
    """The modules of the package in which the targets are, by their last components."""
    gates: frozenset[str] = frozenset()
    """And one of these: the package, what modules call it or its modules, and the modules through which a target
    comes; with a slash at its end a directory above the file.  Empty: that is not asked."""

    def opens(self, path: str, source: bytes | bytearray, size: int) -> bool:
        """Whether a target can come into the file: the first ``size`` bytes of ``source``."""
        return not self.gates or any(
            path.startswith(gate) if gate.endswith("/") else stands_in(gate.encode(), source, size)
            for gate in self.gates
        )

    def stands_in(self, source: bytes) -> bool:
        """Whether one of the names does."""
        return any(name.encode() in source for name in self.names)

    def opened_by(self, path: str, source: bytes) -> frozenset[str]:
        """The gates that a file adds for those that import from it."""
        if not self.gates:
            return frozenset()
        named = [
            _CALLED.match(source, end)
            for start, end in occurrences(source, [self.package])
            if _IMPORTING.match(line_before(source, start))
        ]
        found = {each[1].decode("utf-8", "replace") for each in named if each}
        for statement in _IMPORT.finditer(source):
            if self.gates.isdisjoint(statement[1].decode("utf-8", "replace").split(".")):
                continue
            for name, local in _NAME.findall(statement[2].decode("utf-8", "replace")):
                if name in self.modules:
                    found.add(local or name)
                if name == "*" or name in self.names:
                    found |= _gates_of(path)
        return frozenset(found)

    def followed(self, names: Iterable[str], opened: Iterable[str]) -> "Clue":
        """The clue with what the files found so far add to it: other names, and gates."""
        return replace(self, names=self.names.union(names), gates=self.gates.union(opened))


def _gates_of(path: str) -> set[str]:
    """The gates for those that import from a file: its name; a package's is that of its directory, or a dot in it."""
    folder, _, name = path.rpartition("/")
    if name.partition(".")[0] != "__init__":
        return {name.partition(".")[0]}
    return {folder.rpartition("/")[2], f"{folder}/"} if folder else set()


def clues_to(config: "Config", paths: Sequence[str], projects: Iterable[str] = ()) -> tuple[Clue, ...]:
    """The clues to the targets of a configuration in a repository of these Python and project files."""
    paths_of: dict[str, list[list[str]]] = {}
    for migration in config.migrations:
        for target in migration.targets:
            parts = target.name.split(".")
            paths_of.setdefault(parts[0], []).append(parts)
    own = _own(paths_of, config, paths, projects)
    found = []
    for package, targets in paths_of.items():
        names = frozenset(parts[-1] for parts in targets)
        gates = frozenset[str]() if package in own or package in names else frozenset({package})
        modules = frozenset(part for parts in targets for part in parts[1:-1])
        found.append(Clue(package=package, names=names, modules=modules, gates=gates))
    return tuple(found)


def _own(
    packages: Iterable[str], config: "Config", paths: Sequence[str], projects: Iterable[str]
) -> frozenset[str]:  # fmt: skip
    """The packages that need no import from elsewhere: the repository's, importable from a source root; built-ins."""
    listed = "\n" + "\n".join(paths)
    found = {"builtins"}
    for package in packages:
        if any(f"\n{package}{end}" in listed for end in ("/", ".py")):
            found.add(package)
        elif any(f"/{package}{end}" in listed for end in ("/", ".py")):
            roots = config.source_roots or find_source_roots([*projects, *paths], config.target_modules)
            tops = [f"\n{root.strip('/')}/{package}{end}" for root in roots for end in ("/", ".py")]
            found |= {package} if any(top in listed for top in tops) else set()
    return frozenset(found)
