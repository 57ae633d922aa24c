"""What stands in every file that can use a deprecated name: so that the rest of a tree need not be parsed.

A usage is written with the last component of the target's name, or with another name that some module gives to it.
A name like ``numpy.float`` would make nearly every file worth parsing; but what comes from a package that is not in the
repository comes by an import that says so, in the file itself or in a module that the file imports from.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.engine.source.mentions import line_before, occurrences, respelled, stands_in
from bot.engine.source.names import find_source_roots

if TYPE_CHECKING:
    from bot.domain.migration import Config

_IMPORT = re.compile(rb"from(?:[\s\\]+|(?=\.))((?:[.\w]*\w)(?=[\s\\])|\.+)[\s\\]*import\b[\s\\]*(?=(\()?)")
_LINE = re.compile(rb"(?:[^\n\\]++|\\\r?\n)*+")
_CALLED = re.compile(rb"(?:\.\w+)*[ \t\\\r\n]+as[ \t\\\r\n]+([^\W\d]\w*)")
_IMPORTING = re.compile(rb"(?:.*[;:])?[ \t]*(?:(?:import|from)\b.*|[\w., \t]*,[ \t]*)?\Z", re.DOTALL)
_NAME = re.compile(r"(?:#.*)|(\*|[^\W\d]\w*)(?:\s+as\s+([^\W\d]\w*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefilterTerm:
    """The prefilter term to the targets of one package."""

    package: str
    names: frozenset[str]
    """One of these stands in the file: the targets' last components, and what modules of the repository call them."""
    modules: frozenset[str] = frozenset()
    """The modules of the package in which the targets are, by their last components."""
    opening_words: frozenset[str] = frozenset()
    """And one of these: the package, what modules call it or its modules, and the modules through which a target
    comes; with a slash at its end a directory above the file.  Then a name is also taken of something.  Empty: that is
    not asked."""

    def opens(self, path: str, source: bytes | bytearray, size: int) -> bool:
        """Whether a target can come into the file: the first ``size`` bytes of ``source``."""
        return not self.opening_words or any(
            path.startswith(word) if word.endswith("/") else stands_in(word.encode(), source, size)
            for word in self.opening_words
        )

    def stands_in(self, source: bytes) -> bool:
        """Whether one of the names does."""
        return any(name.encode() in source for name in self.names)

    def taken_in(self, source: bytes) -> bool:
        """Whether one of the names is taken of something: what comes from elsewhere does not come by itself."""
        from bot.engine.source.taken import takes  # not needed for a name that is in few files

        return takes(source, self.names)

    def opened_by(self, path: str, source: bytes, known: frozenset[str] = frozenset()) -> frozenset[str]:
        """The gates that a file adds for those that import from it; of those in ``known`` some may be left out.

        What comes through them is looked for by name, so a module matters only if it gives another name to something.
        """
        if not self.opening_words:
            return frozenset()
        named = [
            _CALLED.match(source, end)
            for start, end in occurrences(source, [self.package])
            if _IMPORTING.match(line_before(source, start))
        ]
        found = {each[1].decode("utf-8", "replace") for each in named if each}
        for module, names in _imports(source):
            if self.opening_words.isdisjoint(module.decode("utf-8", "replace").split(".")):
                continue
            for name, local in _NAME.findall(names.decode("utf-8", "replace")):
                if name in self.modules:
                    found.add(local or name)
                if name == "*" or name in self.names:
                    found |= _words_opening(path)
        words = _without_directories(self.opening_words)
        from bot.engine.resolve.renamed import renamed  # reads what is looked for here: not needed to begin

        return renamed(source, words, known.union(found)).union(found)

    def shows_more(self, before: "PrefilterTerm", path: str, source: bytes) -> bool:
        """Whether something of this prefilter term is in the file that ``before`` does not ask for."""
        opening_words, names = self.opening_words - before.opening_words, self.names - before.names
        return (
            bool(opening_words) and replace(self, opening_words=opening_words).opens(path, source, len(source))
        ) or any(stands_in(name.encode(), source, len(source)) for name in names)

    def followed(self, names: Iterable[str], opened: Iterable[str]) -> "PrefilterTerm":
        """The prefilter term with what the files found so far add to it: other names, and gates."""
        return replace(self, names=self.names.union(names), opening_words=self.opening_words.union(opened))


def _imports(source: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The module and the list of each ``from … import``.

    By hand: a pattern would look anew for the bracket that each lacks.
    """
    at, closes = 0, True
    while statement := _IMPORT.search(source, at):
        start = statement.end()
        end = source.find(b")", start) + 1 if statement[2] and closes else 0
        if not end:
            closes = closes and not statement[2]
            line = _LINE.match(source, start)
            end = line.end() if line else start
        yield statement[1], source[start:end]
        at = max(end, start)


def _words_opening(path: str) -> set[str]:
    """The gates for those that import from a file: its name; a package's is that of its directory, or a dot in it."""
    folder, _, name = path.rpartition("/")
    if name.partition(".")[0] != "__init__":
        return {name.partition(".")[0]}
    return {folder.rpartition("/")[2], f"{folder}/"} if folder else set()


ImportWords = Mapping[str, frozenset[str]]
"""Package to gates."""


@lru_cache
def _without_directories(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if not word.endswith("/"))


class Prefilter:
    """A quick look at files by several prefilter terms together.

    ``before`` are the terms, in the same order, by which the files were looked at already and found to hold nothing:
    then only what the new terms add is looked for.
    """

    def __init__(self, terms: Sequence[PrefilterTerm], before: Sequence[PrefilterTerm] = ()) -> None:
        self._bare = [name.encode() for term in terms if not term.opening_words for name in term.names]
        self._all = [name.encode() for term in terms for name in term.names]
        pairs = zip(terms, before, strict=True) if before else ((term, None) for term in terms)
        self._gated = [_Opening(term, old) for term, old in pairs if term.opening_words]

    def look(self, path: str, buffer: bytes | bytearray, size: int) -> tuple[bool, ImportWords]:
        """Whether one of the prefilter terms leads to the first ``size`` bytes; the gates that these add."""
        hit = False
        for name in self._bare:  # not any(…): to make a generator takes as long as to look
            if buffer.find(name, 0, size) >= 0:
                hit = True
                break
        if not hit:
            hit = respelled(buffer, size, self._all)
        fitting = [each.term for each in self._gated if each.opens(path, buffer, size)] if self._gated else ()
        if not fitting:
            return hit, {}
        source = bytes(memoryview(buffer)[:size])
        import_words = {term.package: term.opened_by(path, source, term.opening_words) for term in fitting}
        return hit or any(term.taken_in(source) for term in fitting), {
            package: to for package, to in import_words.items() if to
        }


class _Opening:
    """What a prefilter term looks for beside its names; what it adds to an earlier one, if there is one."""

    def __init__(self, term: PrefilterTerm, before: PrefilterTerm | None) -> None:
        added = term.opening_words - (before.opening_words if before else frozenset())
        self.term = term
        self._directories = tuple(word for word in added if word.endswith("/"))
        self._words = [word.encode() for word in _without_directories(added)]
        self._names = [name.encode() for name in term.names - before.names] if before else []

    def opens(self, path: str, source: bytes | bytearray, size: int) -> bool:
        """Whether a target can come into the file, in a way that the earlier term does not know."""
        if self._directories and path.startswith(self._directories):
            return True
        for word in self._words:
            if stands_in(word, source, size):
                return True
        more = any(stands_in(name, source, size) for name in self._names)
        return more and self.term.opens(path, source, size)


def follow(
    terms: Iterable[PrefilterTerm], names: Iterable[str], opened: Iterable[ImportWords]
) -> tuple[PrefilterTerm, ...]:
    """The prefilter terms with what the files found so far add to them."""
    import_words = joined(opened)
    return tuple(term.followed(names, import_words.get(term.package, ())) for term in terms)


def reopened(
    terms: Iterable[PrefilterTerm], before: Iterable[PrefilterTerm], sources: Mapping[str, bytes]
) -> dict[str, ImportWords]:
    """What files found by the terms ``before`` add, by path, as far as ``terms`` ask for more."""
    more = [(term, old) for term, old in zip(terms, before, strict=True) if term.opening_words and term != old]
    found = {
        path: {
            term.package: term.opened_by(path, source, term.opening_words)
            for term, old in more
            if term.shows_more(old, path, source)
        }
        for path, source in sources.items()
    }
    return {path: import_words for path, import_words in found.items() if any(import_words.values())}


def merged(one: Mapping[str, ImportWords], other: Mapping[str, ImportWords]) -> dict[str, ImportWords]:
    """The ways by path of both."""
    return {**one, **{path: joined([one.get(path, {}), import_words]) for path, import_words in other.items()}}


def joined(import_words: Iterable[ImportWords]) -> dict[str, frozenset[str]]:
    """All of them together."""
    found: dict[str, frozenset[str]] = {}
    for each in import_words:
        for package, opening_words in each.items():
            found[package] = found.get(package, frozenset()) | opening_words
    return found


def terms_to(config: "Config", paths: Sequence[str], projects: Iterable[str] = ()) -> tuple[PrefilterTerm, ...]:
    """The prefilter terms to the targets of a configuration in a repository of these Python and project files."""
    paths_of: dict[str, list[list[str]]] = {}
    for migration in config.migrations:
        for target in migration.targets:
            parts = target.name.split(".")
            paths_of.setdefault(parts[0], []).append(parts)
    own = _own(paths_of, config, paths, projects)
    found = []
    for package, targets in paths_of.items():
        names = frozenset(parts[-1] for parts in targets)
        opening_words = frozenset[str]() if package in own or package in names else frozenset({package})
        modules = frozenset(part for parts in targets for part in parts[1:-1])
        found.append(PrefilterTerm(package=package, names=names, modules=modules, opening_words=opening_words))
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
