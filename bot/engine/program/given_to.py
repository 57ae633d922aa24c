"""Where the files with a deprecated name hand a module to, and what they put together of what they are given."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.migration import Config, TargetKind
from bot.engine.program.facts import ANY, GIVEN, Facts, Name
from bot.engine.program.handing import HOLE
from bot.engine.program.order import above
from bot.engine.source.names import absolute, is_package, module_names, module_paths

NO_FACTS: Mapping[str, Facts] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class GivenTo:
    """What further files may have to do with modules that are handed over."""

    written: frozenset[str]
    """Modules with a target, of which some function writes a member of a target's name if it is given them."""
    paths: frozenset[str]
    """The files to which such a module is handed."""
    quoted: frozenset[str]
    """The strings of which functions put together the name of a target, or of what a rewritten file calls it."""


def handed_to(
    config: Config,
    facts: Mapping[str, Facts],
    edited: frozenset[str],
    roots: Sequence[str],
    has: Callable[[str], bool],
) -> GivenTo:
    """What the facts say of modules that are handed over; ``edited`` are the modules with a usage."""
    targets = [target for migration in config.migrations for target in migration.targets]
    written = {w.attribute for each in facts.values() for w in each.writes if w.holder.level == GIVEN}
    names = {name for target in targets for name in (target.name, target.canonical) if name}
    leaves = {name.rpartition(".")[2] for name in names}
    if ANY in written:  # a member of any name that is handed over as well
        written |= leaves & {text for each in facts.values() for h in each.handed for text in h.texts}
    whole = {n for t in targets if t.kind is TargetKind.MODULE for n in (t.name, t.canonical) if n}
    owners = {name.rpartition(".")[0] for name in names - whole} | whole
    named = {name.rpartition(".")[0] for name in names - whole if name.rpartition(".")[2] in written}
    named_here = names.union(_own(facts, edited, leaves, roots))
    patterns = {text for each in facts.values() for text, _ in each.patterns}
    quoted = {middle for pattern in patterns for middle in _middles(pattern, named_here)}
    return GivenTo(
        written=frozenset(named | (whole if written else set()) | (quoted & edited)),
        paths=_led_to(facts, owners | edited, leaves, roots, has),
        quoted=frozenset(quoted),
    )


def _led_to(
    facts: Mapping[str, Facts], owners: frozenset[str] | set[str], leaves: set[str], roots: Sequence[str],
    has: Callable[[str], bool],
) -> frozenset[str]:  # fmt: skip
    """The files of the functions to which one of ``owners``, or its name, is handed, and what these import."""
    found = dict.fromkeys(
        home for path in sorted(facts) for home in _homes(path, facts[path], owners, leaves, roots) if has(home)
    )
    pending = list(found)
    for path in pending:  # grows while it is read: those that are known lead on
        for imported in facts[path].imports if path in facts else ():
            for name in _absolute(path, imported.module, roots):
                for module in (name, f"{name}.{imported.name}"):
                    new = [home for home in module_paths(module, roots) if home not in found and has(home)]
                    pending += new if len(found) < _MOST else []
                    found |= dict.fromkeys(new if len(found) < _MOST else [])
    return frozenset(found)


def _homes(
    path: str, facts: Facts, owners: frozenset[str] | set[str], leaves: set[str], roots: Sequence[str]
) -> Iterator[str]:  # fmt: skip
    """The files of the functions to which a file hands one of ``owners``, or the name of one or of a member."""
    for handed in facts.handed:
        given = _absolute(path, handed.given, roots) if handed.given else ()
        if not owners.isdisjoint((*given, *handed.texts)) or not leaves.isdisjoint(handed.texts):
            for dotted in _absolute(path, handed.to, roots):
                yield from (home for module in above(dotted) for home in module_paths(module, roots))


_MOST = 200
"""The files to which a module may come by which it is handed on: of more the first ones."""


def _absolute(path: str, name: Name, roots: Sequence[str]) -> tuple[str, ...]:
    if name.level <= 0:
        return (name.text,) if name.level == 0 and name.text else ()
    return absolute(name.text or None, name.level, module_names(path, roots), package=is_package(path))


def _own(
    facts: Mapping[str, Facts], edited: frozenset[str], leaves: set[str], roots: Sequence[str]
) -> Iterator[str]:  # fmt: skip
    """What the rewritten files may call the targets: those that they import or take, all of them beside a star."""
    for path, each in facts.items():
        modules = [module for module in module_names(path, roots) if module in edited]
        held = {name for i in each.imports for name in (i.name, i.local)} if modules else set()
        held |= {taking.name.text.rpartition(".")[2] for taking in each.takings} if modules else set()
        for leaf in leaves if "*" in held or not each.readable else leaves & held:
            yield from (f"{module}.{leaf}" for module in modules)


def _middles(pattern: str, names: Iterable[str]) -> Iterator[str]:
    """What a function has to be given to put one of ``names`` together."""
    before, hole, after = pattern.partition(HOLE)
    if hole and HOLE not in after:
        for name in names:
            if name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after):
                yield name[len(before) : len(name) - len(after)]
