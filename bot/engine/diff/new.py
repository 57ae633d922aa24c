"""Which usages of the head are new, by usage and not by line.

Usages of the merge base are paired with usages of the head, the surest pairs first; what stays unpaired in the head is
new.  Within a file:

1. on a line that the diff leaves alone;
2. the same statement in the same function or class;
3. the same statement anywhere in the file (moved, extracted);
4. any usage of the same symbol in the same function or class: its statement was edited;
5. any usage of the same symbol in the same changed block: the function was renamed as well.

Then across the pull request's files: the same statement in a function, class or module level of the same name, so that
a function that moves to another file brings nothing new, while migrating one place does not pay for a new usage
elsewhere.  Last, an import is not new if all that it serves is old: a file that was split in two imports twice what
it calls as often as before.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.finding import Kind
from bot.engine.diff.lines import split_lines
from bot.engine.diff.myers import compare
from bot.engine.diff.usage import Usage

_CARRIERS = frozenset({Kind.IMPORT, Kind.RE_EXPORT})
"""Kinds that do not move from file to file: each file has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How the lines of the two sides of one file lie against each other; lines count from 1."""

    same: Mapping[int, int] = field(default_factory=dict)
    """Unchanged lines, from head to base."""
    base_blocks: Mapping[int, int] = field(default_factory=dict)
    """The changed lines of the base, each with the number of its block."""
    head_blocks: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, base: bytes, head: bytes) -> "Alignment":
        changes = compare(split_lines(base), split_lines(head))
        kept = [line for line, removed in enumerate(changes.removed, 1) if not removed]
        kept_head = [line for line, added in enumerate(changes.added, 1) if not added]
        blocks = changes.blocks()
        return cls(
            same=dict(zip(kept_head, kept, strict=True)),
            base_blocks={line + 1: n for n, block in enumerate(blocks) for line in range(block[0], block[1])},
            head_blocks={line + 1: n for n, block in enumerate(blocks) for line in range(block[2], block[3])},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaired:
    """Usages without a counterpart, in the order of the source: removed in the base, added in the head."""

    base: tuple[Usage, ...] = ()
    head: tuple[Usage, ...] = ()


Key = Callable[[Usage], Hashable]


def _pair(unpaired: Unpaired, base_key: Key, head_key: Key) -> Unpaired:
    """Cancel usages with equal keys, first against first; a key of ``None`` pairs with nothing.

    An ignored usage waits until the others had their turn: it is never new, so it needs no partner.
    """
    waiting: defaultdict[Hashable, deque[Usage]] = defaultdict(deque)
    for usage in _reported_first(unpaired.base):
        waiting[base_key(usage)].append(usage)
    waiting.pop(None, None)
    # Two sets: a usage of the head can equal another one of the base, in the same place of the file.
    gone: set[Usage] = set()
    kept: set[Usage] = set()
    for usage in _reported_first(unpaired.head):
        partners = waiting.get(head_key(usage))
        if partners:
            kept.add(usage)
            gone.add(partners.popleft())
    return Unpaired(
        base=tuple(usage for usage in unpaired.base if usage not in gone),
        head=tuple(usage for usage in unpaired.head if usage not in kept),
    )


def _reported_first(usages: Iterable[Usage]) -> list[Usage]:
    return sorted(usages, key=lambda usage: usage.finding.ignored is not None)


def pair_in_file(base: Sequence[Usage], head: Sequence[Usage], lines: Alignment) -> Unpaired:
    """What is left of one file's usages when everything is paired that the diff of this file explains."""
    left = Unpaired(base=tuple(base), head=tuple(head))
    left = _pair(left, lambda u: (u.what, u.line), lambda u: (u.what, lines.same.get(u.line)))
    for key in (_same_place, _same_statement, _same_scope):
        left = _pair(left, key, key)
    return _pair(left, lambda u: _in_block(u, lines.base_blocks), lambda u: _in_block(u, lines.head_blocks))


def _same_place(usage: Usage) -> Hashable:
    return usage.what, usage.scope, usage.statement


def _same_statement(usage: Usage) -> Hashable:
    return usage.what, usage.statement


def _same_scope(usage: Usage) -> Hashable:
    return usage.what, usage.scope


def _in_block(usage: Usage, blocks: Mapping[int, int]) -> Hashable:
    block = blocks.get(usage.line)
    return None if block is None else (usage.what, block)


def pair_across_files(files: Sequence[Unpaired]) -> list[Unpaired]:
    """Cancel what moved from one file of the change to another; the files keep their order."""
    left = Unpaired(
        base=tuple(usage for each in files for usage in each.base),
        head=tuple(usage for each in files for usage in each.head),
    )
    for key in (_moved_whole, _moved_function):
        left = _pair(left, key, key)
    base, head = set(left.base), set(left.head)
    return [
        Unpaired(base=tuple(u for u in each.base if u in base), head=tuple(u for u in each.head if u in head))
        for each in files
    ]


def _moved_whole(usage: Usage) -> Hashable:
    return None if usage.finding.kind in _CARRIERS else (usage.what, usage.scope, usage.statement)


def _moved_function(usage: Usage) -> Hashable:
    return None if usage.finding.kind in _CARRIERS else (usage.what, usage.function, usage.statement)


def without_idle_imports(added: Sequence[Usage], head: Sequence[Usage]) -> tuple[Usage, ...]:
    """``added`` without the imports that serve old usages, at least one, and no new one.  ``head``: all of the file."""
    used, new = first_served(head), first_served(added)
    return tuple(
        usage
        for usage in added
        if usage.finding.kind is not Kind.IMPORT or provision(usage) not in used or provision(usage) in new
    )


Provision = tuple[str, str, str]
"""Migration, symbol and scope that an import provides for."""


def provision(imported: Usage) -> Provision:
    """What this import provides: its symbol, and all below it, in its scope, and all inside it."""
    return imported.finding.migration, imported.finding.symbol, imported.scope


def first_served(usages: Iterable[Usage]) -> dict[Provision, Usage]:
    """For each import that there could be, the first of the usages that can come through it."""
    found: dict[Provision, Usage] = {}
    for usage in usages:
        if usage.finding.kind not in _CARRIERS:
            for symbol in _prefixes(usage.finding.symbol):
                for scope in ("", *_prefixes(usage.scope)):
                    found.setdefault((usage.finding.migration, symbol, scope), usage)
    return found


def _prefixes(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


def on_changed_lines(head: Sequence[Usage], lines: Alignment) -> tuple[Usage, ...]:
    """The usages on added lines: all that can be said when the base does not parse."""
    return tuple(usage for usage in head if usage.line in lines.head_blocks)
