"""Which further files have a say: those that do not hold a deprecated name, but what a rewrite may take from them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from bot.domain.migration import Config, Migration, Target, TargetKind
from bot.engine.program.facades import followed
from bot.engine.program.facts import Facts, Import
from bot.engine.program.given_to import NO_FACTS, handed_to
from bot.engine.program.index import Index
from bot.engine.program.order import above
from bot.engine.program.unparsed import hands_over, may_write, speaks_of, writes_one
from bot.engine.source.mentions import line_before, occurrences
from bot.engine.source.names import absolute, is_package, module_names, module_paths
from bot.engine.source.taken import is_taken

_ALL = re.compile(rb"import[ \t\\\r\n]*\*")
"""A part of `_STAR` that begins with a word: it is found ten times as fast."""
_STAR = re.compile(rb"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t\\\r\n]*\*")
_IMPORT = re.compile(rb"(?:.*[;:])?[ \t]*(?:from|import)\b")
_BUILT = re.compile(rb"""\bpatch\(\s*(?:f['"]|['"][\w.%{}]*['"]\s*[+%.]|[\w.]+\s*[+,)])""")
"""A name that may be put together of what a function is given, for ``patch``."""
_PATH_BEGINS = re.compile(rb"(?:.*[;:])?[ \t]*from[ \t]+[\w.]*\Z")
_PATH_ENDS = re.compile(rb"[\w.]*[ \t]+import\b")


_READERS = (b"getattr(", b"hasattr(", b"dir(", b"vars(", b"getmembers(")
_AT_LARGE = re.compile(rb"\b(?:getattr|hasattr|dir|vars|getmembers)\(\s*([\w.]+)")
HANDED_ON = 4
"""How often what further files hand over is followed into others."""
_QUOTED = (re.compile(rb"""'([^'"\s\\]++)(?=')"""), re.compile(rb"""\"([^'"\s\\]++)(?=\")"""))
"""A string of one word, whatever stands before it: between quotes of either sort."""


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What is looked for in a file."""

    variables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The variables of modules that are going to be rewritten, each with the last components of those modules."""
    packages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Those of them that packages have, each with the packages' directories: a file in one may not name it."""
    modules: frozenset[str] = frozenset()
    """Dotted names of modules that something may stand in for."""
    absent: frozenset[str] = frozenset()
    """Dotted names of modules that the repository may import although it does not hold them."""
    successors: frozenset[str] = frozenset()
    """Dotted names of the repository that may be given another value, perhaps for a while."""
    lookups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What deprecated functions look up when they run, by module."""
    written: frozenset[str] = frozenset()
    """Modules of which some function writes a member if it is given them: who hands them over has a say."""
    quoted: frozenset[str] = frozenset()
    """Strings of which functions put a name together that may be written."""
    edited: frozenset[str] = frozenset()
    """The modules that are rewritten."""
    paths: frozenset[str] = frozenset()
    """Files to which a module is handed."""
    stars: bool = True
    """Every file with a star import may have a say: it may bring a name of a file that is rewritten."""
    built: bool = True
    """So may every file that patches a name that it may have put together."""

    @cached_property
    def _together(self) -> Sequence[Sequence[bytes]]:
        """The modules, those with the same two first components together."""
        found: dict[str, list[bytes]] = {}
        for module in self.modules:
            found.setdefault(".".join(module.split(".")[:2]), []).append(module.encode())
        return tuple(found.values())

    def beyond(self, before: "Sought") -> "Sought":
        """What is looked for besides, where all files are known that ``before`` leads to."""
        more = {name: getattr(self, name) - getattr(before, name) for name in ("written", "quoted", "paths")}
        same = replace(before, written=self.written, quoted=self.quoted, paths=self.paths)
        return Sought(**more, stars=False, built=False) if same == self else self

    @property
    def is_of_paths(self) -> bool:
        """Whether no file has to be looked into: the paths alone say which may have a say."""
        return self == Sought(paths=self.paths, stars=False, built=False)

    @cached_property
    def _absent(self) -> Sequence[tuple[bytes, Sequence[bytes]]]:
        """As `speaks_of` asks for them: those in packages of one name together."""
        found: dict[str, list[bytes]] = {}
        for module in self.absent:
            package, _, leaf = module.rpartition(".")
            found.setdefault(package.rpartition(".")[2], []).append(leaf.encode())
        return tuple((package.encode(), leaves) for package, leaves in found.items())

    def leads_to(self, source: bytes, path: str = "") -> bool:
        """Whether a file with this source may have a say."""
        if path in self.paths or self._hands(source) or self._takes_any(source):
            return True
        if _may_hook(source) and any(leaf in source for leaf in self._leaves):
            return True
        if self.stars and has_star(source):
            return True
        if any(_is_named(source, modules) for modules in self._together):
            return True
        if any(package in source and any(leaf in source for leaf in leaves) for package, leaves in self._absent):
            return True
        if any(writes_one(source, name) for name in self.successors):
            return True
        for module, names in self.lookups.items():
            if speaks_of(source, module) and any(may_write(source, name) for name in names if name.encode() in source):
                return True
        return any(self._takes(source, path, name, leaves) for name, leaves in self.variables.items())

    def _hands(self, source: bytes) -> bool:
        """Whether a file may hand over a module, or write members by names that are computed."""
        if any(speaks_of(source, module) and hands_over(source, module.rpartition(".")[2]) for module in self.written):
            return True
        if self._texts and not all(self._texts.isdisjoint(each.findall(source)) for each in _QUOTED):
            return True
        if b"multiple(" in source and b"**" in source and any(leaf in source for leaf in self._leaves):
            return True
        return self.built and b"patch(" in source and _BUILT.search(source) is not None

    def _takes_any(self, source: bytes) -> bool:
        """Whether a file may take a member of a module that is rewritten by a computed name, or all there are."""
        if not any(each in source for each in _READERS):
            return False
        held = {found[1].rpartition(b".")[2] for found in _AT_LARGE.finditer(source)}
        own = {module.rpartition(".")[2].encode() for module in self.edited}
        if not held.isdisjoint(own):
            return True
        return any(b" as " + each in source for each in held) and any(leaf in source for leaf in own)

    @cached_property
    def _texts(self) -> frozenset[bytes]:
        """What may be handed over in quotes."""
        return frozenset(text.encode() for text in self.written | self.quoted)

    @cached_property
    def _leaves(self) -> frozenset[bytes]:
        """The last components of the modules that are rewritten, and of those that have a target."""
        return frozenset(name.rpartition(".")[2].encode() for name in self.edited | self.modules)

    def _takes(self, source: bytes, path: str, name: str, leaves: frozenset[str]) -> bool:
        """Whether ``name`` is taken of something, and one of the modules is spoken of, or a package around the file."""
        if name.encode() not in source:
            return False
        if not any(leaf.encode() in source for leaf in leaves) and not self._is_inside(source, path, name):
            return False
        places = occurrences(source, [name])
        return any(is_taken(source, start, end) and not is_in_path(source, start, end) for start, end in places)

    def _is_inside(self, source: bytes, path: str, name: str) -> bool:
        """Whether a file has a relative import, and may be in a package with the variable: it need not name that."""
        return b"from ." in source and (not path or path.startswith(tuple(self.packages.get(name, ()))))


def _may_hook(source: bytes) -> bool:
    """Whether a file may have a say in how modules are imported: ``__import__`` is another one only by its module."""
    return b"meta_path" in source or (b"__import__" in source and b"builtins" in source)


def has_star(source: bytes) -> bool:
    """Whether a star import may stand in the file."""
    return bool(_ALL.search(source) and _STAR.search(source))


def starred(path: str, source: bytes, roots: Sequence[str]) -> frozenset[str]:
    """The modules of which a file may have a star import, also where that only seems to be one."""
    if not has_star(source):
        return frozenset()
    own, found = module_names(path, roots), set[str]()
    for star in _STAR.finditer(source):
        written = star[1].decode("utf-8", "replace")
        name = written.lstrip(".")
        found.update(absolute(name or None, len(written) - len(name), own, package=is_package(path)))
    return frozenset(found)


def _is_named(source: bytes, modules: Sequence[bytes]) -> bool:
    """Whether one of ``modules`` may be stood in for here, or used without an import that names it.

    ``modules`` all begin with the same two components.  What goes on to another part of a module that only holds one of
    the others says nothing: most files of a tree speak of its top packages.
    """
    top = b".".join(modules[0].split(b".")[:2])
    if top not in source:
        return False
    for place in _path_of(top).finditer(source):
        start = place.start()
        if source[start - 6 : start] == b"\nfrom ":
            continue  # most of them
        if source[start - 1 : start].isalnum() or _IMPORT.match(line_before(source, start)):
            continue
        module = max((each for each in modules if (place[0] + b".").startswith(each + b".")), key=len, default=b"")
        if module and _says_something(source, start, place[0], module, modules):
            return True
    return False


def _says_something(source: bytes, start: int, path: bytes, module: bytes, modules: Sequence[bytes]) -> bool:
    """Whether a dotted path at ``start`` of the source, which goes through ``module``, may touch that module."""
    rest = path[len(module) :]
    if rest[1:2] in (b".", b"") and rest:
        return True  # the rest is put together when the program runs
    if source[start - 1 : start] in (b"'", b'"'):
        return not rest
    if not rest and b"modules" in source:
        return True
    return not any(each.startswith(module + b".") for each in modules) or _binds(source, module.partition(b".")[0])


@lru_cache(maxsize=4096)
def _path_of(top: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(top) + rb"(?!\w)[\w.]*")


def _binds(source: bytes, package: bytes) -> bool:
    """Whether something in the file may be called ``package``: by an import of it, or by an assignment."""
    return bool(_binding_of(package).search(source))


@lru_cache(maxsize=4096)
def _binding_of(package: bytes) -> re.Pattern[bytes]:
    name = re.escape(package)
    imported = rb"\bimport\b(?:[^\n\\(]|\\\r?\n)*?(?<![\w.])%b\b" % name
    listed = rb"\bimport\s*\([^)]*\b%b\b" % name
    return re.compile(imported + b"|" + listed + rb"|\b%b\b\s*:?=|\bas\s+%b\b" % (name, name))


def is_in_path(source: bytes, start: int, end: int) -> bool:
    """Whether a name is a part of the module of ``from … import``: what is taken of it comes later."""
    return bool(_PATH_BEGINS.match(line_before(source, start)) and _PATH_ENDS.match(source, end))


def variables_of(config: Config, index: Index, path: str, facts: Facts) -> frozenset[str]:
    """The variables of a file that stand for a module with a target, or for one around it."""
    owners = _all_owners(followed(config.migrations, index)) | _all_owners(config.migrations)
    own, package = index.modules_of(path), is_package(path)
    found = set()
    for imported in facts.imports:
        name = imported.module
        modules = absolute(name.text or None, name.level, own, package=package)
        if imported.early and imported.local and _is_of(imported, modules, owners, index):
            found.add(imported.local)
    return frozenset(found)


def sought(
    config: Config,
    roots: Sequence[str],
    variables: Mapping[str, Iterable[str]],
    has: Callable[[str], bool],
    beneath: Iterable[str] = (),
    facts: Mapping[str, Facts] = NO_FACTS,
    edited: Iterable[str] = (),
    kept: Iterable[str] = (),
) -> Sought:
    """What the rewrite of files makes it worth to look for.

    ``variables`` are the `variables_of` the files that use a deprecated name, by path; ``has`` tells of a path whether
    the repository has such a file; ``facts`` are those of the files that hold a deprecated name;
    ``edited`` are the files with a usage, ``kept`` the variables, by dotted names, in which deprecated names keep
    something.
    """
    targets = [target for migration in config.migrations for target in migration.targets]
    known, found, packages = {target.leaf for target in targets}, dict[str, set[str]](), dict[str, set[str]]()
    for path, names in variables.items():
        leaves = {module.rpartition(".")[2] for module in module_names(path, roots)}
        for name in set(names) - known:
            found.setdefault(name, set()).update(leaves)
            if is_package(path):
                packages.setdefault(name, set()).add(path.rpartition("__init__")[0])
    for module, _, name in (dotted.rpartition(".") for dotted in kept):
        if name not in known:
            found.setdefault(name, set()).add(module.rpartition(".")[2])
            homes = (path for path in module_paths(module, roots) if is_package(path) and has(path))
            packages.setdefault(name, set()).update(path.rpartition("__init__")[0] for path in homes)
    names = {target.canonical for target in targets if target.canonical}
    there = {target.canonical for target in targets if target.canonical and target.exists}
    held = {name for name in names if any(map(has, module_paths(name.partition(".")[0], roots)))}
    modules = {each for name in held - there for each in above(name) if "." in each}
    own = frozenset(module for path in edited for module in module_names(path, roots))
    given = handed_to(config, facts, own, roots, has)
    return Sought(
        written=given.written,
        quoted=given.quoted,
        paths=given.paths,
        edited=own,
        variables={name: frozenset(leaves) for name, leaves in found.items()},
        packages={name: frozenset(each) for name, each in packages.items()},
        modules=frozenset(owner for owner in _all_owners(config.migrations) if "." in owner),
        absent=frozenset(each for each in modules if _may_be_absent(each, roots, has)),
        successors=frozenset(name for name in held if "." in name),
        lookups=_by_module(beneath),
    )


def _by_module(names: Iterable[str]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for module, _, name in (dotted.rpartition(".") for dotted in names):
        found.setdefault(module, set()).add(name)
    return {module: frozenset(each) for module, each in sorted(found.items())}


def _may_be_absent(module: str, roots: Sequence[str], has: Callable[[str], bool]) -> bool:
    """Whether the repository does not hold a module that it could import: there is none below a file."""
    owner = module_paths(module.rpartition(".")[0], roots)
    below_file = any(has(path) for path in owner) and not any(has(path) for path in owner if is_package(path))
    return not below_file and not any(map(has, module_paths(module, roots)))


def _all_owners(migrations: Iterable[Migration]) -> set[str]:
    return {owner for migration in migrations for target in migration.targets for owner in _owners(target)}


def _owners(target: Target) -> Iterator[str]:
    """The modules that a target is in, or is."""
    name = target.name if target.kind is TargetKind.MODULE else target.name.rpartition(".")[0]
    while name:
        yield name
        name = name.rpartition(".")[0]


def _is_of(imported: Import, modules: Iterable[str], owners: set[str], index: Index) -> bool:
    """Whether an import brings one of ``owners`` under a name of its own."""
    if imported.name is None:
        dotted = imported.module.text
        return not owners.isdisjoint(above(dotted) if imported.local == dotted.partition(".")[0] else (dotted,))
    if imported.name == "*":
        return False
    names = [f"{module}.{imported.name}" for module in modules]
    return any(not owners.isdisjoint(index.resolution(name).names) for name in names)
