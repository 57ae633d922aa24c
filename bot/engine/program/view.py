"""The view of the whole program: the facts of all files that are known, asked by resolved names."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bot.engine.program.facts import ANY, AT_LARGE, GIVEN, OWN, Facts, Import, Name
from bot.engine.program.handed import Handovers
from bot.engine.source.names import absolute, holders, is_package


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Witness:
    """A place in the program that speaks against a rewrite."""

    path: str
    line: int
    lasting: bool = True
    """Of a write: it is not taken back."""
    early: bool = True
    """Of a write: it may be made while its file is imported."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A dotted name that stands for something at a place."""

    dotted: str
    witness: Witness
    string: bool = False
    own: bool = False
    """It is the very module of the file, whatever its package has under the same name."""


@dataclass(eq=False)
class Program:
    """The facts of a repository's files; immutable but for what it has worked out."""

    facts: Mapping[str, Facts]
    modules_of: Callable[[str], tuple[str, ...]]
    """The dotted names of the file at a path."""
    names_of: Callable[[str], Sequence[str]]
    """A dotted name and all that it leads to through re-exports."""
    _writes: dict[str, list[_Seen]] = field(default_factory=dict)
    """By the member's name, the holders."""
    _members_written: dict[str, list[Witness]] = field(default_factory=dict)
    """By all names of the holder, who writes a member of it."""
    _takings: dict[str, list[_Seen]] = field(default_factory=dict)
    """By the last component, what is taken whole; by each other one, what is taken of it."""
    _stars: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    _stubs: dict[str, list[Witness]] = field(default_factory=dict)
    _plain: dict[str, set[str]] = field(default_factory=dict)
    """By the module that ``import package.module`` names, without ``as``, the files that have it at their top."""
    _looked_up: dict[str, list[Witness]] = field(default_factory=dict)
    _taken_out: dict[str, list[Witness]] = field(default_factory=dict)
    _near: dict[str, list[tuple[str, _Seen]]] = field(default_factory=dict)
    _unread: list[str] = field(default_factory=list)
    _imported: set[str] = field(default_factory=set)
    _loads: dict[tuple[str, bool], set[str]] = field(default_factory=dict)
    _relying: dict[str, list[Witness]] = field(default_factory=dict)
    _handovers: list[Handovers] = field(default_factory=list)
    _given: dict[str, list[tuple[str, int, bool]]] = field(default_factory=dict)
    """By member, who writes it of what a function is given."""
    _handing: dict[str, list[tuple[str, Witness]]] = field(default_factory=dict)
    _members: dict[str, dict[str, list[tuple[int, _Seen]]]] = field(default_factory=dict)
    _callers: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path, facts in sorted(self.facts.items(), key=lambda item: item[0]):  # the first witness is named
            self._add(path, facts)
        handovers = Handovers(self.facts, self.absolute, self.modules_of, self.names_of)
        self._handovers.append(handovers)
        self._given = handovers.writing()
        for path, line, dotted in handovers.built():
            holder, _, member = dotted.rpartition(".")
            witness = Witness(path=path, line=line, lasting=False, early=False)
            self._writes.setdefault(member, []).append(_Seen(holder, witness))

    def _add(self, path: str, facts: Facts) -> None:
        if not facts.readable:
            self._unread.append(path)
        for write in facts.writes:
            witness = Witness(path=path, line=write.line, lasting=write.lasting, early=write.early)
            own = write.holder == Name("", OWN)
            for holder in self.absolute(path, write.holder):
                self._writes.setdefault(write.attribute, []).append(_Seen(holder, witness, own=own))
        for name, line in facts.rebound:
            for module in self.modules_of(path):
                self._writes.setdefault(name, []).append(_Seen(module, Witness(path=path, line=line), own=True))
        for stub in facts.stubs:
            found = self._looked_up if stub.read else self._taken_out if stub.out else self._stubs
            own = stub.module == "__name__" and not stub.read
            for module in self.modules_of(path) if own else (stub.module,):
                found.setdefault(module, []).append(Witness(path=path, line=stub.line))
        for taking in facts.takings:
            witness = Witness(path=path, line=taking.line)
            for dotted in self.absolute(path, taking.name):
                self._take(_Seen(dotted, witness, taking.string))
        for imported in facts.imports:
            self._add_import(path, imported)

    def _add_import(self, path: str, imported: Import) -> None:
        if imported.name == "*":
            for module in self.absolute(path, imported.module):
                self._stars.setdefault(module, []).append((path, imported.line))
        elif imported.early and imported.name is None and imported.module.text.startswith(f"{imported.local}."):
            self._plain.setdefault(imported.module.text, set()).add(path)

    def _take(self, seen: _Seen) -> None:
        for component in dict.fromkeys(seen.dotted.split(".")[1:]):
            self._takings.setdefault(component, []).append(seen)

    def absolute(self, path: str, name: Name) -> tuple[str, ...]:
        """What a name that a file writes may be, without its dots."""
        if name.level == 0:
            return (name.text,)
        own = self.modules_of(path)
        if name.level == GIVEN:
            return ()
        if name.level == OWN:
            return tuple(f"{module}.{name.text}" if name.text else module for module in own)
        return absolute(name.text or None, name.level, own, package=is_package(path))

    # --- questions --------------------------------------------------------------------------------------------

    def writers(self, dotted: str, *, besides: str = "") -> Iterator[Witness]:
        """Who writes the variable ``dotted``: the member of that very module or class, by whatever way to that.

        Not a file ``besides``, whose own text is looked at more closely.
        """
        holder, _, member = dotted.rpartition(".")
        for seen in (*self._writes.get(member, ()), *self._writes.get(ANY, ())):
            if seen.witness.path != besides and holder in self._names(seen):
                yield seen.witness
        if dotted not in self._handing:  # asked of every file that takes the name
            self._handing[dotted] = list(self._handed(holder, [member]))
        for path, witness in self._handing[dotted]:
            if not besides == path == witness.path:
                yield witness

    def set_in(self, modules: Iterable[str], *, besides: str = "") -> Iterator[tuple[str, Witness]]:
        """The variables of ``modules`` that other files write, each with who does; not those of computed names."""
        own = frozenset(modules)
        if not self._near:
            for member, each in ((m, each) for m, places in self._writes.items() for each in places if m != ANY):
                for component in dict.fromkeys(each.dotted.split(".")):
                    self._near.setdefault(component, []).append((member, each))
        for member, seen in (each for module in own for each in self._near.get(module.rpartition(".")[2], ())):
            if seen.witness.path != besides and not own.isdisjoint(self._names(seen)):
                yield member, seen.witness

    def _handed(self, holder: str, members: Iterable[str]) -> Iterator[tuple[str, Witness]]:
        """Who writes members of a module that another file hands it: the witness, and the file that hands it over."""
        asked, handovers = dict.fromkeys((*members, ANY)), self._handovers[0]
        written = [(member, place) for member in asked for place in self._given.get(member, ())]
        for path, handed in handovers.of(holder) if written else ():
            for member, (home, line, lasting) in written:
                told = member != ANY or any(handovers.names(each, path, handed, home) for each in asked if each != ANY)
                if told and handovers.leads(path, handed, home):
                    yield path, Witness(path=home, line=line, lasting=lasting, early=False)

    def _names(self, seen: _Seen) -> Sequence[str]:
        """All names of what a place names."""
        return (seen.dotted,) if seen.own else (seen.dotted, *self.names_of(seen.dotted))

    def member_writers(self, dotted: str, *, handed: bool = True) -> Sequence[Witness]:
        """Who writes a member of ``dotted``, a class: by whatever way to it; ``handed``: also who is handed it."""
        if not self._members_written:
            for seen in (seen for found in self._writes.values() for seen in found):
                for name in dict.fromkeys(self._names(seen)):
                    self._members_written.setdefault(name, []).append(seen.witness)
        given = (witness for _, witness in self._handed(dotted, self._given)) if handed else ()
        return [*self._members_written.get(dotted, ()), *given]

    def takers(
        self, modules: Iterable[str], name: str, *, besides: str = "", strings: bool = True, at_large: bool = True
    ) -> Iterator[Witness]:
        """Who takes ``name`` from one of ``modules``, by an import, as a member, by a string or through a star.

        ``at_large``: also who takes a member by a computed name, or all there are.
        """
        own = frozenset(modules)
        for seen in self._takings.get(AT_LARGE, ()) if at_large else ():  # in the file itself as well
            holder = seen.dotted.removesuffix(f".{AT_LARGE}")
            if holder in own or not own.isdisjoint(self.names_of(holder)):
                yield seen.witness
        for seen in self._takings.get(name, ()):
            if seen.witness.path == besides or (seen.string and not strings):
                continue
            if any(holder in own or not own.isdisjoint(self.names_of(holder)) for holder in holders(seen.dotted, name)):
                yield seen.witness
        for module in own:
            for seen in self._writes.get(name, ()):
                if seen.witness.path != besides and module in self._names(seen):
                    yield seen.witness
        yield from self._star_takers(own, name, besides, strings)

    def _star_takers(self, modules: Iterable[str], name: str, besides: str, strings: bool) -> Iterator[Witness]:
        for path, line in self.star_importers(modules):
            if path != besides and name in self.facts[path].words:
                yield Witness(path=path, line=line)
            elif path != besides:
                yield from self._direct_takers(self.modules_of(path), name, besides, strings)

    def _direct_takers(self, modules: Sequence[str], name: str, besides: str, strings: bool) -> Iterator[Witness]:
        for seen in self._takings.get(name, ()):
            here = any(holder in modules for holder in holders(seen.dotted, name))
            if here and seen.witness.path != besides and (strings or not seen.string):
                yield seen.witness

    def star_importers(self, modules: Iterable[str]) -> Iterator[tuple[str, int]]:
        """The files that import one of ``modules`` with a star, or one that does, with the line."""
        pending, seen = list(modules), set[str]()
        for module in pending:  # grows while it is read
            for path, line in self._stars.get(module, ()):
                if path not in seen:
                    seen.add(path)
                    yield path, line
                    pending += self.modules_of(path)

    def strings(self, dotted: str, *, besides: str = "") -> Iterator[Witness]:
        """The strings that name ``dotted``, or something below it."""
        holder, _, member = dotted.rpartition(".")
        for seen in self._takings.get(member, ()):
            if seen.string and seen.witness.path != besides and holder in holders(seen.dotted, member):
                yield seen.witness

    def stubs(self, module: str) -> Sequence[Witness]:
        """Who puts something else for ``module`` into ``sys.modules``."""
        above, _, leaf = module.rpartition(".")
        parts = (module, f"{above}.", f".{leaf}") if above else (module,)
        return [witness for each in parts for witness in self._stubs.get(each, ())]

    def taken_out(self, module: str) -> Sequence[Witness]:
        """Who takes ``module`` out of ``sys.modules``, so that it may run once more: that one, and none below it."""
        return self._taken_out.get(module, ())

    def looked_up(self, module: str) -> Sequence[Witness]:
        """Who looks ``module`` up in ``sys.modules``, where it is only while somebody imports it."""
        return self._looked_up.get(module, ())

    def relying(self, module: str, *, besides: str = "") -> Iterator[Witness]:
        """Who uses a module below a package by the package's name, though another file's import loads it."""
        if module not in self._relying:
            self._relying[module] = list(self._all_relying(module))
        return (witness for witness in self._relying[module] if witness.path != besides)

    def _all_relying(self, module: str) -> Iterator[Witness]:
        leaf = module.rpartition(".")[2]
        found = [
            (place, name)
            for name, places in self._members_called(leaf).items()
            if name == module or (self._may_mean(name, module) and not self._brings(name, module))
            for place in places
            if not (place[1].string and name == module)  # who looks up a string imports what it begins with
        ]
        for (_, seen), name in sorted(found, key=lambda each: each[0][0]):
            if self._loaded(seen.witness.path, early=name != module).isdisjoint((module, name)):
                yield seen.witness

    def _may_mean(self, name: str, module: str) -> bool:
        """Whether a name leads to a module; also if a file that is not known has a name for the package above it."""
        names = self.names_of(name)
        return module in names or (names == (name,) and name.endswith(f".{module}") and name not in self._homes)

    def _brings(self, name: str, module: str) -> bool:
        """Whether a file on the way of ``name`` imports ``module`` itself: who reads that file has the module too."""
        package = module.rpartition(".")[0]
        for step in (name, *self.names_of(name)):
            holder = step.rpartition(".")[0]
            if holder == package or package in self.names_of(holder):
                continue  # a member of the package, which it has once somebody imports the module
            if any(module in self._loaded(path, early=True) for path in self._homes.get(holder, ())):
                return True
        return False

    @cached_property
    def _homes(self) -> Mapping[str, Sequence[str]]:
        """By module, the files that may be it."""
        found: dict[str, list[str]] = {}
        for path in self.facts:
            for module in self.modules_of(path):
                found.setdefault(module, []).append(path)
        return found

    def aside(self, module: str, path: str) -> Iterator[str]:
        """The other names by which the file at ``path`` takes ``module``, or something of it: through another file."""
        for name in self._called_by(module.rpartition(".")[2]).get(path, ()):
            if name != module and module in self.names_of(name):
                yield name

    def _called_by(self, leaf: str) -> Mapping[str, Sequence[str]]:
        """By file, the dotted names that end with ``leaf`` and that it reads."""
        if leaf not in self._callers:
            found = self._callers[leaf] = dict[str, list[str]]()
            for name, places in self._members_called(leaf).items():
                for path in {seen.witness.path for _, seen in places}:
                    found.setdefault(path, []).append(name)
        return self._callers[leaf]

    def importers(self, module: str) -> frozenset[str]:
        """The files that have ``import module``, or of one below it, without ``as``."""
        names = (name for name in self._plain if f"{name}.".startswith(f"{module}."))
        return frozenset(path for name in names for path in self._plain[name])

    def _members_called(self, leaf: str) -> Mapping[str, Sequence[tuple[int, _Seen]]]:
        """The dotted names that end with ``leaf``, each with the places that read it, or something of it."""
        if leaf not in self._members:
            found = self._members[leaf] = dict[str, list[tuple[int, _Seen]]]()
            for n, seen in enumerate(self._takings.get(leaf, ())):
                for holder in holders(seen.dotted, leaf):
                    found.setdefault(f"{holder}.{leaf}", []).append((n, seen))
        return self._members[leaf]

    def _loaded(self, path: str, *, early: bool = False) -> set[str]:
        if (path, early) not in self._loads:
            self._loads[path, early] = set(self._loads_of(path, early=early))
        return self._loads[path, early]

    def _loads_of(self, path: str, *, early: bool = False) -> Iterator[str]:
        """What a file imports by itself: modules, the packages around them, and what it takes from them."""
        for imported, modules in self.imports_of(path):
            for module in modules if imported.early or not early else ():
                parts = module.split(".")
                yield from (".".join(parts[:cut]) for cut in range(1, len(parts) + 1))
                if imported.name is not None:
                    yield f"{module}.{imported.name}"

    def unreadable(self, modules: Iterable[str], name: str) -> Iterator[Witness]:
        """The files that do not parse, and whose bytes hold ``name`` and the last component of one of ``modules``."""
        leaves = {module.rpartition(".")[2] for module in modules}
        for path in self._unread:
            if name in (words := self.facts[path].words) and not leaves.isdisjoint(words):
                yield Witness(path=path, line=1)

    def imports_module(self, module: str) -> bool:
        """Whether some file imports ``module``, or from it or below it."""
        if not self._imported:
            for path in self.facts:
                self._imported.update(self._loads_of(path))
        return module in self._imported

    def imports_of(self, path: str) -> Iterator[tuple[Import, tuple[str, ...]]]:
        """The imports of a file, each with the modules that it may mean."""
        facts = self.facts.get(path)
        for imported in facts.imports if facts else ():
            yield imported, self.absolute(path, imported.module)
