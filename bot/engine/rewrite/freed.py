"""Names that one import gives up, and another one takes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bot.engine.resolve.bindings import Binding, Scope
from bot.engine.rewrite.replacements import ImportReplacement

Freed = Mapping[tuple[Scope, str], Binding]
"""By scope and name, the import that certainly gives it up."""


def gives_up(replacement: ImportReplacement) -> bool:
    """Whether nothing has the import's name any more afterwards."""
    scope, name = replacement.binding.scope, replacement.binding.name
    alone = len(scope.bindings[name]) == 1 and replacement.doubles is None
    return alone and not replacement.refusals and replacement.bound != name


def reusing(
    found: Sequence[ImportReplacement], freed: Freed, again: Callable[[], Iterable[ImportReplacement]]
) -> list[ImportReplacement]:
    """The replacements, those that keep the file's own name for a thing with the thing's name, if that becomes free.

    ``again`` finds them as if the ``freed`` names were free.
    """
    if not any(_keeps(each) for each in found):
        return list(found)
    others = {each.binding: each for each in again()}
    taken: dict[Binding, ImportReplacement] = {}
    for each in found:
        other = others.get(each.binding)
        before = freed.get((each.binding.scope, other.bound)) if other is not None and other.bound else None
        if other is not None and before is not None and _keeps(each) and before not in taken:
            taken[before] = replace(other, after=before)
    chosen = {each.binding: each for each in taken.values()}
    return [chosen.get(each.binding, each) for each in found]


def _keeps(replacement: ImportReplacement) -> bool:
    """Whether it is safe, and imports a thing under another name than the thing's."""
    line = replacement.line
    return line is not None and line.local is not None and not replacement.refusals
