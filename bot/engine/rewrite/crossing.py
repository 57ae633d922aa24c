"""Imports that something newly goes through: they may neither go, nor become imports of something else."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from bot.domain.finding import Edit
from bot.engine.resolve.bindings import Binding
from bot.engine.rewrite.imports import Addition
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.rules import UsageRewrite, successor
from bot.engine.rewrite.twice import imported_name, is_plain
from bot.engine.usages.analysis import Analysis, Use

_PATH = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.[^\W\d]\w*)*")
"""A dotted path, or one name."""


def newly_read(
    layout: Layout, rewrites: Iterable[UsageRewrite], moved: Iterable[ImportReplacement]
) -> frozenset[Binding]:
    """The imports by which some rewrite spells a successor, and by which the usage did not go before."""
    found = set[Binding]()
    for rewrite in rewrites:
        found.update(_through(layout, rewrite.use, rewrite.edits, _bound(rewrite.additions)))
    for move in moved:
        brought = _bound(move.additions) | ({move.bound} if move.bound else set())
        starts = {layout.span(use.node)[0]: use for use in move.uses}
        for edit in move.edits:
            if (use := starts.get(edit.start)) is not None:
                found.update(_through(layout, use, [edit], brought))
    return frozenset(found)


def uncrossed(
    analysis: Analysis, moved: Sequence[ImportReplacement], needed: Collection[Binding]
) -> list[ImportReplacement]:
    """The moves but those by which an import that something newly goes through would bring something else."""
    crossed = {each.binding for each in moved if each.binding in needed and not _brings_the_same(analysis, each)}
    return [each for each in moved if crossed.isdisjoint({each.binding, each.doubles, each.after})]


def _brings_the_same(analysis: Analysis, move: ImportReplacement) -> bool:
    """Whether the import brings the successor already, by the name that a façade gives it."""
    target = successor(move.itself) if move.itself is not None else None
    origins = move.binding.imported.origins if move.binding.imported else ()
    return any(target in (origin, *analysis.index.resolution(origin).names) for origin in origins)


def _bound(additions: Iterable[Addition]) -> set[str]:
    """What imports that come bind."""
    lines = (addition.line for addition in additions)
    return {line.local or line.name or line.module.partition(".")[0] for line in lines}


def _through(layout: Layout, use: Use, edits: Iterable[Edit], brought: set[str]) -> Iterator[Binding]:
    if use.dotted is not None:
        return  # the text of a string, in which no name is read
    target = successor(use) or ""
    builtin = {target.removeprefix("builtins.")} if target.startswith("builtins.") else set()  # it needs no import
    for edit in edits:
        before = _PATH.findall(layout.text(edit.start, edit.end))
        for path in {*_PATH.findall(edit.text)}.difference(before, builtin):
            root = path.partition(".")[0]
            owner = use.scope.owner(root)
            for binding in owner.bindings.get(root, ()) if owner is not None else ():
                whole = imported_name(binding) if is_plain(binding) else root
                said = any(f"{each}.".startswith(f"{whole}.") for each in before)
                own = root in brought and not is_plain(binding)
                if binding.imported is not None and f"{path}.".startswith(f"{whole}.") and not said and not own:
                    yield binding
