"""Who writes a member of what it is given, where another file hands the module over; names put together of strings."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from bot.engine.program.facts import GIVEN, OWN, Facts, Handed, Name
from bot.engine.program.handing import HOLE
from bot.engine.program.order import above

_DOTTED = re.compile(r"[^\W\d]\w*(?:[.:][^\W\d]\w*)+\Z")


_FEW = 8
"""Of so many texts, the first ones, two are put together."""


@dataclass(eq=False)
class Handovers:
    """The calls of all files by which a module, or a name, comes to a function of another file."""

    facts: Mapping[str, Facts]
    absolute: Callable[[str, Name], Sequence[str]]
    modules_of: Callable[[str], Sequence[str]]
    names_of: Callable[[str], Sequence[str]]
    _homes: dict[str, str] = field(default_factory=dict)
    """By module, its file."""
    _imported: dict[str, frozenset[str]] = field(default_factory=dict)
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)
    _leading: dict[tuple[str, Name, bool, str], bool] = field(default_factory=dict)
    _by_text: dict[str, dict[tuple[str, Name, bool], Handed]] = field(default_factory=dict)
    _by_given: dict[str, list[tuple[str, Handed]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.facts:
            self._homes.update(dict.fromkeys(self.modules_of(path), path))

    def writing(self) -> dict[str, list[tuple[str, int, bool]]]:
        """By member, the places that write it of what a function is given: path, line, and whether that lasts."""
        found: dict[str, list[tuple[str, int, bool]]] = {}
        for path, facts in self.facts.items():
            for write in facts.writes:
                if write.holder.level == GIVEN:
                    found.setdefault(write.attribute, []).append((path, write.line, write.lasting))
        return found

    def of(self, module: str) -> Sequence[tuple[str, Handed]]:
        """The calls that hand a module over, or its name, each with its file."""
        if not self._by_given:
            self._by_given[""] = []
            for path, facts in self.facts.items():
                for each in facts.handed:
                    for dotted in self.absolute(path, each.given) if each.given else ():
                        for name in dict.fromkeys((dotted, *self.names_of(dotted))):
                            self._by_given.setdefault(name, []).append((path, each))
                    for text in () if each.given else each.texts:
                        self._by_given.setdefault(text, []).append((path, each))
        return self._by_given.get(module, ())

    def names(self, member: str, path: str, given: Handed, home: str) -> bool:
        """Whether a function of the file ``home`` that writes by a computed name may be told ``member``.

        By the call that hands the module over, or another one in the file at ``path``, where that call is, or in one to
        which the module may come.  Where only a string names the module, which may say anything: by that call.
        """
        if given.given is None or member in given.texts:
            return member in given.texts
        if not self._by_text:
            self._by_text[""] = {}
            for other, facts in self.facts.items():
                for each in facts.handed:
                    for text in each.texts:  # of calls that lead to the same places one is enough
                        self._by_text.setdefault(text, {})[other, each.to, each.line > 0] = each
        found = ((other, each) for (other, _, _), each in self._by_text.get(member, {}).items())
        here = (each for each in found if each[0] == path or self.leads(path, given, each[0]))
        return any(self.leads(*each, home) for each in here)

    def leads(self, path: str, handed: Handed, home: str) -> bool:
        """Whether what a call of the file at ``path`` hands over may come to a function of the file ``home``."""
        key = path, handed.to, handed.line > 0, home
        if key not in self._leading:
            self._leading[key] = self._leads(path, handed, home)
        return self._leading[key]

    def _leads(self, path: str, handed: Handed, home: str) -> bool:
        if handed.to == Name("", OWN):
            return home == path or path in self._reach(home) or (handed.line > 0 and home in self._reach(path))
        if not handed.to.text and not handed.to.level:
            return home != path and home in self._reach(path)
        starts = {start for dotted in self.absolute(path, handed.to) for start in self._of(dotted)}
        return any(home == start or home in self._reach(start) for start in starts)

    def _of(self, dotted: str) -> Iterator[str]:
        """The files of the modules that a name is in."""
        for name in dict.fromkeys((dotted, *self.names_of(dotted))):
            yield from (home for module in above(name) if (home := self._homes.get(module)) is not None)

    def _reach(self, start: str) -> frozenset[str]:
        """The files that one imports, and those that these import."""
        found = self._reached.get(start)
        if found is None:
            pending, seen = [start], {start}
            for path in pending:  # grows while it is read
                new = self._next(path) - seen
                seen |= new
                pending += new
            found = self._reached[start] = frozenset(seen)
        return found

    def _next(self, path: str) -> frozenset[str]:
        """The files that a file imports."""
        if path not in self._imported:
            facts = self.facts.get(path)
            self._imported[path] = frozenset(
                self._homes[name]
                for imported in (facts.imports if facts else ())
                for module in self.absolute(path, imported.module)
                for name in (module, f"{module}.{imported.name}")
                if name in self._homes
            )
        return self._imported[path]

    def built(self) -> Iterator[tuple[str, int, str]]:
        """The dotted names that functions put together of what calls hand them: path and line of the call, and name."""
        homes: dict[str, dict[str, None]] = {}
        for path, facts in self.facts.items():
            for pattern, _ in facts.patterns:
                homes.setdefault(pattern, {})[path] = None
        known: dict[tuple[str, ...], Sequence[tuple[str, Sequence[str]]]] = {}  # many calls give the same texts
        for path, facts in self.facts.items() if homes else ():
            leading: dict[Name, dict[str, bool]] = {}
            for each in facts.handed:
                if not each.line:
                    continue  # a value, and no argument
                leads = leading.setdefault(each.to, {})
                texts = (*each.texts, *(self.absolute(path, each.given) if each.given else ()))
                if texts not in known:
                    known[texts] = list(_built_of(texts, homes))
                for pattern, names in known[texts]:
                    if not each.texts and pattern == HOLE:
                        continue  # a name that is given as it is, is a string
                    if pattern not in leads:
                        leads[pattern] = any(self.leads(path, each, home) for home in homes[pattern])
                    if leads[pattern]:
                        yield from ((path, each.line, name) for name in names)


def _built_of(texts: Sequence[str], patterns: Iterable[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The dotted names that patterns give with some of the texts."""
    dotted = any("." in text or ":" in text for text in texts)
    for pattern in patterns:
        if dotted or "." in pattern or ":" in pattern:
            names = {name for name in filled(pattern, texts) if _DOTTED.match(name)}
            if names:
                yield pattern, [name.replace(":", ".") for name in sorted(names)]


def filled(pattern: str, texts: Sequence[str]) -> Iterator[str]:
    """The names that a pattern gives with some of the texts."""
    parts = pattern.split(HOLE)
    if len(parts) == 2:
        before, after = parts
        yield from (f"{before}{text}{after}" for text in texts)
        return
    for chosen in permutations(texts[:_FEW], len(parts) - 1):
        pieces = [piece for pair in zip(parts, (*chosen, ""), strict=True) for piece in pair]
        yield "".join(pieces)
