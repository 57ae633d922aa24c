"""What stands in every file that can use a deprecated name: so that the rest of a tree need not be parsed.

A usage is written with the last component of the target's name, or with another name that some module gives to it.
A name like ``numpy.float`` would make nearly every file worth parsing; but what comes from a package that is not in the
repository comes by an import that says so, in the file itself or in a module that the file imports from.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.engine.mentions import line_before, occurrences, stands_in
from bot.engine.names import find_source_roots

if TYPE_CHECKING:
    from bot.domain.migration import Config

_IMPORT = re.compile(
    rb"from(?:[\s\\]+|(?=\.))((?:[.\w]*\w)(?=[\s\\])|\.+)[\s\\]*import\b[\s\\]*(\([^)]*\)|(?:[^\n\\]|\\\r?\n)*)"
)
_CALLED = re.compile(rb"(?:\.\w+)*[ \t\\\r\n]+as[ \t\\\r\n]+([^\W\d]\w*)")
_IMPORTING = re.compile(rb"(?:.*[;:])?[ \t]*(?:(?:import|from)\b.*|[\w., \t]*,[ \t]*)?\Z", re.DOTALL)
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

    def opened_by(self, path: str, source: bytes, known: frozenset[str] = frozenset()) -> frozenset[str]:
        """The gates that a file adds for those that import from it; of those in ``known`` some may be left out.

        What comes through them is looked for by name, so a module matters only if it gives another name to something.
        """
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
        words = frozenset(gate for gate in self.gates if not gate.endswith("/"))
        from bot.engine.renamed import renamed  # reads what is looked for here: not needed to begin

        return renamed(source, words, known.union(found)).union(found)

    def shows_more(self, before: "Clue", path: str, source: bytes) -> bool:
        """Whether something of this clue is in the file that ``before`` does not ask for."""
        gates, names = self.gates - before.gates, self.names - before.names
        return (bool(gates) and replace(self, gates=gates).opens(path, source, len(source))) or any(
            stands_in(name.encode(), source, len(source)) for name in names
        )

    def followed(self, names: Iterable[str], opened: Iterable[str]) -> "Clue":
        """The clue with what the files found so far add to it: other names, and gates."""
        return replace(self, names=self.names.union(names), gates=self.gates.union(opened))


def _gates_of(path: str) -> set[str]:
    """The gates for those that import from a file: its name; a package's is that of its directory, or a dot in it."""
    folder, _, name = path.rpartition("/")
    if name.partition(".")[0] != "__init__":
        return {name.partition(".")[0]}
    return {folder.rpartition("/")[2], f"{folder}/"} if folder else set()


Ways = Mapping[str, frozenset[str]]
"""Package to gates."""


class Sieve:
    """A quick look at files by several clues together."""

    def __init__(self, clues: Iterable[Clue]) -> None:
        clues = tuple(clues)
        self._bare = [name.encode() for clue in clues if not clue.gates for name in clue.names]
        self._gated = [clue for clue in clues if clue.gates]

    def look(self, path: str, buffer: bytes | bytearray, size: int) -> tuple[bool, Ways]:
        """Whether one of the clues leads to the first ``size`` bytes; the gates that these add."""
        hit = False
        for name in self._bare:  # not any(…): to make a generator takes as long as to look
            if buffer.find(name, 0, size) >= 0:
                hit = True
                break
        fitting = [clue for clue in self._gated if clue.opens(path, buffer, size)] if self._gated else ()
        if not fitting:
            return hit, {}
        source = bytes(memoryview(buffer)[:size])
        ways = {clue.package: clue.opened_by(path, source, clue.gates) for clue in fitting}
        return hit or any(clue.stands_in(source) for clue in fitting), {way: to for way, to in ways.items() if to}


def follow(clues: Iterable[Clue], names: Iterable[str], opened: Iterable[Ways]) -> tuple[Clue, ...]:
    """The clues with what the files found so far add to them."""
    ways = joined(opened)
    return tuple(clue.followed(names, ways.get(clue.package, ())) for clue in clues)


def reopened(clues: Iterable[Clue], before: Iterable[Clue], sources: Mapping[str, bytes]) -> dict[str, Ways]:
    """The ways out of files that were found by the clues ``before``, by path, as far as ``clues`` show more."""
    more = [(clue, old) for clue, old in zip(clues, before, strict=True) if clue.gates and clue != old]
    found = {
        path: {
            clue.package: clue.opened_by(path, source, clue.gates)
            for clue, old in more
            if clue.shows_more(old, path, source)
        }
        for path, source in sources.items()
    }
    return {path: ways for path, ways in found.items() if any(ways.values())}


def merged(one: Mapping[str, Ways], other: Mapping[str, Ways]) -> dict[str, Ways]:
    """The ways by path of both."""
    return {**one, **{path: joined([one.get(path, {}), ways]) for path, ways in other.items()}}


def joined(ways: Iterable[Ways]) -> dict[str, frozenset[str]]:
    """All of them together."""
    found: dict[str, frozenset[str]] = {}
    for each in ways:
        for package, gates in each.items():
            found[package] = found.get(package, frozenset()) | gates
    return found


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
