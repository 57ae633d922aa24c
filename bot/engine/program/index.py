"""What the repository's modules export: façades and ``__init__`` files are followed to where a name is defined."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set, ValuesView
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from bot.engine.resolve.exports import Exports, exports_of, may_have
from bot.engine.resolve.renamed import renamed, taken_by
from bot.engine.source.names import find_source_roots, is_package, module_names, module_paths

if TYPE_CHECKING:
    from bot.domain.migration import Migration
    from bot.engine.program.classes import Top
    from bot.engine.program.cycles import Closure
    from bot.engine.program.facades import PassedOn
    from bot.engine.program.facts import Facts  # no plain scan asks what the whole program says
    from bot.engine.program.view import Program, Witness

ROUNDS = 20
"""How often modules that a scan wants are fetched: the longest chain of re-exports that is followed."""
LAST_ROUND = ROUNDS - 1
"""The one that plans fixes although modules are still missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a dotted name stands for."""

    names: tuple[str, ...]
    """The name itself and all that it leads to, through re-exports; each once."""
    missing_modules: frozenset[str] = frozenset()
    """Modules that the index lacks and that the resolution leads into."""
    exists: bool | None = None
    """Whether the name exists where it says; ``None`` when the index does not know its module."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The sources of those modules that are known, read only as far as they are asked about.

    Immutable but for its memory of what it has read: two scans with one index give the same answers.
    """

    files: Mapping[str, bytes | None] = field(default_factory=dict)
    """Path to source; ``None`` for a path that is known to be absent."""
    roots: tuple[str, ...] = ()
    """The source roots below the repository's top, outer first."""
    given: frozenset[str] = frozenset()
    """Names that some module, known or not, gives to a target: `aliases` has them from the beginning."""
    facts: "Mapping[str, Facts]" = field(default_factory=dict, repr=False)
    """What files that are not among ``files`` contribute to the view of the whole program."""
    _facts: "dict[str, Facts]" = field(default_factory=dict, repr=False)
    _program: "list[Program]" = field(default_factory=list, repr=False)
    closures: "dict[str, Closure]" = field(default_factory=dict, repr=False)
    """What is worked out of the order of imports: `bot.engine.program.cycles`."""
    tops: "dict[str, Top]" = field(default_factory=dict, repr=False)
    """By path, what the top of a module binds: `bot.engine.program.classes`."""
    beneath: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, repr=False)
    """What deprecated functions look up, and their successors do not: `bot.engine.program.beneath`."""
    states: "dict[tuple[str, str], Sequence[tuple[str, Witness]]]" = field(default_factory=dict, repr=False)
    """Who reads what deprecated names keep, and their successors do not share: `bot.engine.program.state`."""
    followed: "dict[tuple[int, ...], tuple[Sequence[Migration], Sequence[Migration]]]" = field(
        default_factory=dict, repr=False
    )
    """By the identities of migrations, these and what became of them: `bot.engine.program.facades`."""
    taken: "dict[tuple[str, str], tuple[Migration, Sequence[PassedOn]]]" = field(default_factory=dict, repr=False)
    """By path and migration, the usages of files that take names from façades: `bot.engine.rewrite.takers`."""
    effects: dict[str, int | None] = field(default_factory=dict, repr=False)
    """By path, the line of what a file does for others: `bot.engine.program.effects`."""
    _modules: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _exports: dict[str, Exports] = field(default_factory=dict, repr=False)
    _taken: dict[str, Mapping[str, frozenset[str]]] = field(default_factory=dict, repr=False)
    _resolutions: dict[str, Resolution] = field(default_factory=dict, repr=False)
    _aliases: dict[frozenset[str], frozenset[str]] = field(default_factory=dict, repr=False)

    @classmethod
    def build(
        cls,
        files: Iterable[tuple[str, bytes]],
        *,
        source_roots: Sequence[str] = (),
        modules: Iterable[str] = (),
        given: frozenset[str] = frozenset(),
    ) -> "Index":
        """An index of ``files`` (path, source).

        Without ``source_roots`` they are found among the paths: files named ``pyproject.toml``, ``setup.py`` and
        ``setup.cfg`` count (their content does not), and ``modules`` (those of the migrations' targets) must be
        importable.
        """
        known = dict(files)
        roots = tuple(root.strip("/") for root in source_roots) or find_source_roots(known, modules)
        return cls(known, tuple(root for root in roots if root), given)

    def with_modules(self, files: Iterable[tuple[str, bytes | None]]) -> "Index":
        """This index and more files; ``None`` says that there is no such file."""
        more = dict(files)
        texts = [source for source in more.values() if source]
        aliases = {
            names: found
            for names, found in self._aliases.items()
            if self.files.keys().isdisjoint(more) and all(renamed(source, found) <= found for source in texts)
        }
        facts = {path: found for path, found in self._facts.items() if path not in more}
        exports = {path: found for path, found in self._exports.items() if path not in more}
        return Index(
            {**self.files, **more}, self.roots, self.given, self.facts, facts, _aliases=aliases, _exports=exports,
            _taken={path: found for path, found in self._taken.items() if path not in more}, _modules=self._modules,
        )  # fmt: skip

    def with_facts(self, facts: "Mapping[str, Facts]") -> "Index":
        """This index, and what files that it does not hold say of others."""
        return replace(self, facts={**self.facts, **facts}, _program=[], closures={}, effects={}, states={}, taken={})

    def knowing(self, facts: "Mapping[str, Facts]") -> "Index":
        """This index, with the facts of files that it holds, worked out elsewhere."""
        return replace(self, _facts={**self._facts, **facts}, _program=[], closures={}, effects={}, states={}, taken={})

    @property
    def program(self) -> "Program":
        """What all files that are known say; worked out when it is asked for."""
        if not self._program:
            self._program.append(self._view())
        return self._program[0]

    def _view(self) -> "Program":
        from bot.engine.program.view import Program

        return Program(self.all_facts(), self.modules_of, self._names)

    def all_facts(self) -> "Mapping[str, Facts]":
        """By path, what all files that are known contribute to the view of the whole program."""
        from bot.engine.program.collect import facts_at

        for path, source in self.files.items():
            if source is not None and path not in self._facts:
                self._facts[path] = facts_at(path, source)
        here = {path: found for path, found in self._facts.items() if self.files.get(path) is not None}
        elsewhere = {path: found for path, found in self.facts.items() if path not in self.files}
        return {**elsewhere, **here}

    def _names(self, dotted: str) -> tuple[str, ...]:
        return self.resolution(dotted).names

    def watched(self) -> "tuple[Index, Set[str]]":
        """The same index, and the set of the paths (also of absent files) that it will have been asked about.

        What a scan with it found depends on these files, on the scanned one, and on `roots` and `given`; on no other.
        """
        files = _Watched(self.files)
        watched = replace(
            self,
            files=files,
            _resolutions={},
            _program=[],
            closures={},
            beneath={},
            effects={},
            states={},
            taken={},
            followed={},
        )
        return watched, files.asked

    def modules_of(self, path: str) -> tuple[str, ...]:
        """The dotted names that the file at ``path`` can have."""
        found = self._modules.get(path)
        if found is None:
            found = self._modules[path] = module_names(path, self.roots)
        return found

    def source_of(self, module: str) -> tuple[str, bytes] | bool | None:
        """Path and source of ``module``; ``None`` if it is known to be absent, ``False`` if it is not known."""
        known = True
        for path in module_paths(module, self.roots):
            source = self.files.get(path)
            if source is not None:
                return path, source
            known = known and path in self.files
        return None if known else False

    def has(self, module: str) -> bool:
        """Whether ``module`` is one of those that are known."""
        return isinstance(self.source_of(module), tuple)

    def names_module(self, dotted: str) -> bool:
        """Whether ``dotted`` is known, and a module: not what its package has under the same name."""
        return self.has(dotted) and not self.hides(dotted)

    def hides(self, module: str) -> bool:
        """Whether the package of ``module`` has something else under the module's name."""
        package, _, leaf = module.rpartition(".")
        above = self.source_of(package) if package else None
        if not isinstance(above, tuple):
            return False
        exports = self.exports(*above)
        if leaf in exports.origins:
            return all(module not in self.resolution(origin).names for origin in exports.origins[leaf])
        brought = [self.resolution(f"{star}.{leaf}") for star in exports.stars if self.offers(star, leaf)]
        return any(each.exists and module not in each.names for each in brought)

    def is_contended(self, module: str) -> bool:
        """Whether the last to come decides what ``module`` is: the module, or what its package has under its name.

        Not where the package takes that from the module itself, which is loaded by then.
        """
        if not self.has(module) or not self.hides(module):
            return False
        return not any(name.startswith(f"{module}.") for name in self.resolution(module).names)

    def exports(self, path: str, source: bytes) -> Exports:
        """The exports of a known file."""
        found = self._exports.get(path)
        if found is None:
            found = self._exports[path] = exports_of(source, self.modules_of(path), package=is_package(path))
        return found

    def resolution(self, dotted: str) -> Resolution:
        """Follow ``dotted`` to its origin, through imports, assignments and stars; cycles end."""
        found = self._resolutions.get(dotted)
        if found is None:
            found = self._resolutions[dotted] = self._follow(dotted)
        return found

    def _follow(self, dotted: str) -> Resolution:
        names, missing_modules, exists = [dotted], set[str](), list[bool | None]()
        for name in names:  # grows while it is read
            step = self._step(name)
            names += [each for each in step.names if each not in names]
            missing_modules |= step.missing_modules
            exists.append(step.exists)
        through_star = exists[0] is None and True in exists
        return Resolution(
            names=tuple(names), missing_modules=frozenset(missing_modules), exists=through_star or exists[0]
        )

    def _step(self, dotted: str) -> Resolution:
        """One step of ``dotted``: what the module that holds it says of the next component."""
        parts = dotted.split(".")
        for cut in range(self._longest_module(parts), 0, -1):
            module = ".".join(parts[:cut])
            known = self.source_of(module)
            if known is False:
                return Resolution(names=(), missing_modules=frozenset({module}))
            if isinstance(known, tuple):
                return self._member(known, parts[cut], parts[cut + 1 :])
        return Resolution(names=())

    def _longest_module(self, parts: Sequence[str]) -> int:
        """How many of the parts may name a module: there is none below one that is known and no package."""
        for cut in range(1, len(parts) - 1):
            known = self.source_of(".".join(parts[:cut]))
            if isinstance(known, tuple) and not is_package(known[0]):
                return cut
        return len(parts) - 1

    def _member(self, known: tuple[str, bytes], name: str, rest: Sequence[str]) -> Resolution:
        path, source = known
        if not may_have(source, name):
            return self._submodule(path, name, rest)
        exports = self.exports(path, source)
        tail = "".join(f".{part}" for part in rest)
        if name in exports.origins:
            return Resolution(names=tuple(origin + tail for origin in exports.origins[name]), exists=True)
        through = [f"{module}.{name}" for module in self._bringing(exports.stars, name)]
        if not through:
            return Resolution(names=()) if exports.dynamic else self._submodule(path, name, rest)
        return Resolution(names=tuple(each + tail for each in through))

    def _bringing(self, stars: Sequence[str], name: str) -> list[str]:
        """The star imports that may bring a name: from the last that has it by itself on, which hides those above."""
        found = []
        for module in reversed(stars):
            if not self.offers(module, name):
                continue
            found.append(module)
            known = self.source_of(module)
            if isinstance(known, tuple) and may_have(known[1], name) and name in self.exports(*known).origins:
                break
        return found[::-1]

    def _submodule(self, path: str, name: str, rest: Sequence[str]) -> Resolution:
        """What a module does not have may be a module below it, of which a package need not speak."""
        if rest:
            return Resolution(names=())  # what an unknown member has is not known either
        known = [self.source_of(f"{module}.{name}") for module in self.modules_of(path) if is_package(path)]
        lacking = [f"{m}.{name}" for m, source in zip(self.modules_of(path), known, strict=False) if source is False]
        return Resolution(
            names=(), missing_modules=frozenset(lacking), exists=any(isinstance(each, tuple) for each in known)
        )

    def offers(self, module: str, name: str) -> bool:
        """Whether a star import from ``module`` brings ``name``, as far as is known."""
        known = self.source_of(module)
        if isinstance(known, tuple):
            return self.exports(*known).offers_star(name)
        # What the repository does not have is a package of others, unless it is missing in one of its own.
        theirs = known is False or not isinstance(self.source_of(module.partition(".")[0]), tuple)
        return theirs and not name.startswith("_")

    def brings(self, module: str, name: str) -> bool | None:
        """Whether a star import from ``module`` certainly brings ``name``; ``None`` if that is not known."""
        if not self.offers(module, name):
            return False
        return self.resolution(f"{module}.{name}").exists

    def aliases(self, names: frozenset[str]) -> frozenset[str]:
        """``names`` and all other names that a known module may give to one of them: ``as g``, ``g = f``."""
        found = self._aliases.get(names)
        if found is None:
            found = names | self.given
            while (more := found | self._renamed(found)) != found:
                found = more
            self._aliases[names] = found
        return found

    def _renamed(self, names: frozenset[str]) -> frozenset[str]:
        files = ((path, source) for path, source in zip(self.files, self.files.values(), strict=True) if source)
        found = (renamed(source, names, taken=partial(self._taken_by, path)) for path, source in files)
        return frozenset().union(*found)

    def _taken_by(self, path: str, source: bytes) -> Mapping[str, frozenset[str]]:
        if path not in self._taken:
            self._taken[path] = taken_by(source)
        return self._taken[path]


class _Watched(Mapping[str, bytes | None]):
    """Files that remember which of them were asked for; going through all of them (`Index.aliases`) is no question."""

    def __init__(self, files: Mapping[str, bytes | None]) -> None:
        self._files = files
        self.asked: set[str] = set()

    def __getitem__(self, path: str) -> bytes | None:
        self.asked.add(path)
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def values(self) -> ValuesView[bytes | None]:
        return self._files.values()
