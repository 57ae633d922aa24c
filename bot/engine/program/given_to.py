"""Where the files with a deprecated name hand a module to, and what they put together of what they are given."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.migration import Config, TargetKind
from bot.engine.program.facts import GIVEN, Facts, Name
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
    whole = {n for t in targets if t.kind is TargetKind.MODULE for n in (t.name, t.canonical) if n}
    owners = {name.rpartition(".")[0] for name in names - whole} | whole
    named = {name.rpartition(".")[0] for name in names - whole if name.rpartition(".")[2] in written}
    own = {f"{module}.{name.rpartition('.')[2]}" for module in edited for name in names}
    patterns = {text for each in facts.values() for text, _ in each.patterns}
    quoted = {middle for pattern in patterns for name in own | names for middle in _middle(pattern, name)}
    return GivenTo(
        written=frozenset(named | (whole if written else set()) | (quoted & edited)),
        paths=frozenset(
            path for path, each in facts.items() for path in _homes(path, each, owners, roots) if has(path)
        ),
        quoted=frozenset(quoted),
    )


def _homes(path: str, facts: Facts, owners: set[str], roots: Sequence[str]) -> Iterator[str]:
    """The files of the functions to which a file hands one of ``owners``."""
    for handed in facts.handed:
        given = _absolute(path, handed.given, roots) if handed.given else ()
        if not owners.isdisjoint(given):
            for dotted in _absolute(path, handed.to, roots):
                yield from (home for module in above(dotted) for home in module_paths(module, roots))


def _absolute(path: str, name: Name, roots: Sequence[str]) -> tuple[str, ...]:
    if name.level <= 0:
        return (name.text,) if name.level == 0 and name.text else ()
    return absolute(name.text or None, name.level, module_names(path, roots), package=is_package(path))


def _middle(pattern: str, name: str) -> Iterator[str]:
    before, hole, after = pattern.partition(HOLE)
    if hole and HOLE not in after and name.startswith(before) and name.endswith(after):
        middle = name[len(before) : len(name) - len(after)]
        if middle:
            yield middle
