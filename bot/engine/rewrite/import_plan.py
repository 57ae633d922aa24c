"""One plan of a file's imports: what all its changes want is brought once, where there is a place for it already."""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.engine.resolve.bindings import Binding
from bot.engine.resolve.walk import position
from bot.engine.rewrite.groups import Changes, Link
from bot.engine.rewrite.imports import Addition, Line
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.rules import UsageRewrite, weight
from bot.engine.rewrite.statements import takes
from bot.engine.usages.analysis import Use


def planned(layout: Layout, changes: Changes) -> Changes:
    """The same changes, each import of a block coming once, into a statement of its module where there is one."""
    return _merged(layout, _brought_once(layout, changes))


# --- each import once -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Want:
    """An import that a rewrite or a replacement brings."""

    owner: UsageRewrite | ImportReplacement
    statement: ast.stmt
    """Beside or in whose place it comes."""
    line: Line
    addition: Addition | None = None

    @property
    def key(self) -> Use | Binding:
        return self.owner.use if isinstance(self.owner, UsageRewrite) else self.owner.binding

    @property
    def bound(self) -> str:
        """What the import binds; of ``import a.b`` the whole, for it binds ``a`` to what ``a`` is already."""
        return self.line.local or self.line.name or f"{self.line.module}."

    @property
    def weight(self) -> int:
        return weight(self.owner.applicability)

    def was_doubled_by(self, other: "_Want") -> bool:
        """Whether the file imports the thing twice, under a name that both imports keep."""
        owners = self.owner, other.owner
        if self.addition or other.addition:
            return False
        return all(isinstance(each, ImportReplacement) and each.binding.name == self.line.local for each in owners)

    def is_bound_again(self, other: "_Want") -> bool:
        """Whether the name means something else between two imports of the same thing."""
        owners = [each for each in (self.owner, other.owner) if isinstance(each, ImportReplacement)]
        known = [owner.binding for owner in owners]
        names = {self.line.local or self.line.name or "", *(binding.name for binding in known)}
        scope = known[0].scope.bindings if known else {}
        return any(binding not in known for name in names for binding in scope.get(name, ()))

    def is_above(self, other: "_Want") -> bool:
        """Whether this import comes before all that ``other`` is for."""
        here = position(self.statement)
        uses = [other.owner.use] if isinstance(other.owner, UsageRewrite) else other.owner.uses
        return all(isinstance(use.node, ast.alias) or position(use.statement) > here for use in uses)


def _brought_once(layout: Layout, changes: Changes) -> Changes:
    providers: dict[tuple[int, str], _Want] = {}
    plan = _Plan(
        rewrites={s.use: s for s in changes.rewrites},
        replacements={m.binding: m for m in changes.replacements},
        links=[],
    )
    for want in sorted(_wants(changes), key=lambda each: position(each.statement)):
        block = id(layout.body(want.statement))
        before = providers.setdefault((block, want.bound), want)
        if before is want:
            continue
        if before.line != want.line:
            other = plan.keep_name(want)
            if other is not None:
                providers.setdefault((block, other.bound), other)
            elif (other := plan.keep_name(before)) is not None:
                providers[block, want.bound] = want
                providers.setdefault((block, other.bound), other)
        elif plan.share(before, want) is want:
            providers[block, want.bound] = want
    return plan.applied(changes)


def _wants(changes: Changes) -> Iterable[_Want]:
    for rewrite in changes.rewrites:
        for addition in rewrite.additions:
            yield _Want(owner=rewrite, statement=addition.anchor, line=addition.line, addition=addition)
    for replacement in changes.replacements:
        for addition in replacement.additions:
            yield _Want(owner=replacement, statement=addition.anchor, line=addition.line, addition=addition)
        if replacement.line is not None and replacement.line.name != "*":
            yield _Want(owner=replacement, statement=replacement.binding.statement, line=replacement.line)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Plan:
    """The changes of one file, while imports that come twice are found."""

    rewrites: dict[Use, UsageRewrite]
    replacements: dict[Binding, ImportReplacement]
    links: list[Link]
    served: dict[_Want, list[_Want]] = field(default_factory=dict)
    """Those that an import serves beside its own."""

    def keep_name(self, want: _Want) -> _Want | None:
        """The want of a replacement that leaves the file's own name to its thing: another one has the successor's."""
        replacement = want.owner
        if (
            want.addition
            or isinstance(replacement, UsageRewrite)
            or replacement.keeping is None
            or replacement.keeping.line is None
        ):
            return None
        self.replacements[replacement.binding] = replacement.keeping
        return replace(want, owner=replacement.keeping, line=replacement.keeping.line)

    def share(self, before: _Want, want: _Want) -> _Want:
        """Let one import serve both; returns the one that stays."""
        if before.addition and want.addition:
            if before.addition != want.addition:
                self._exchange(want, before.addition)
            self.served.setdefault(before, []).append(replace(want, addition=before.addition))
            return before
        if before.statement is want.statement and not (before.addition or want.addition):
            return before
        if before.was_doubled_by(want) or before.is_bound_again(want):
            return before
        stays, goes = (before, want) if before.weight <= want.weight else (want, before)
        going = [goes, *self.served.get(goes, ())]
        if stays is want and not all(want.is_above(each) for each in going):
            return before
        self.served.setdefault(stays, []).extend(going)
        self.links.extend((stays.key, each.key) for each in going)
        for each in going:
            if each.addition:
                self._exchange(each, None)
            elif isinstance(each.owner, ImportReplacement):
                self.replacements[each.owner.binding] = replace(self.replacements[each.owner.binding], line=None)
        return stays

    def _exchange(self, want: _Want, addition: Addition | None) -> None:
        """Another addition, or none, for that of a rewrite or a replacement."""
        if isinstance(want.owner, UsageRewrite):
            rewrite = self.rewrites[want.owner.use]
            self.rewrites[rewrite.use] = replace(rewrite, additions=_with_other(rewrite.additions, want, addition))
        else:
            other = self.replacements[want.owner.binding]
            self.replacements[other.binding] = replace(other, additions=_with_other(other.additions, want, addition))

    def applied(self, changes: Changes) -> Changes:
        return _with(changes, self.rewrites, self.replacements, (*changes.links, *self.links))


def _with_other(additions: Sequence[Addition], want: _Want, addition: Addition | None) -> tuple[Addition, ...]:
    left = [each if each != want.addition else addition for each in additions]
    return tuple(dict.fromkeys(each for each in left if each is not None))


def _with(
    changes: Changes,
    rewrites: Mapping[Use, UsageRewrite],
    replacements: Mapping[Binding, ImportReplacement],
    links: Sequence[Link],
) -> Changes:
    """The changes with other rewrites and replacements of the same usages and imports."""
    removals = tuple(replace(each, rewrites=tuple(rewrites[s.use] for s in each.rewrites)) for each in changes.removals)
    return Changes(
        rewrites=tuple(rewrites[rewrite.use] for rewrite in changes.rewrites), removals=removals,
        replacements=tuple(replacements[each.binding] for each in changes.replacements), links=tuple(links),
    )  # fmt: skip


# --- into statements that are there ---------------------------------------------------------------------------------


def _merged(layout: Layout, changes: Changes) -> Changes:
    """Imports that come beside a statement come into one of the same module, if the block has one above them."""
    fading = frozenset[ast.stmt](changes.by_statement)
    uses: dict[Addition, list[Use]] = {}
    for rewrite in changes.rewrites:
        for addition in rewrite.additions:
            uses.setdefault(addition, []).append(rewrite.use)
    places = {
        a: replace(a, anchor=_place(layout, a.anchor, a.line, of, fading)) for a, of in uses.items() if not a.above
    }
    rewrites = {
        rewrite.use: replace(rewrite, additions=tuple(dict.fromkeys(places.get(a, a) for a in rewrite.additions)))
        for rewrite in changes.rewrites
    }
    replacements = {replacement.binding: _into(layout, replacement, fading) for replacement in changes.replacements}
    return _with(changes, rewrites, replacements, changes.links)


def _place(
    layout: Layout, anchor: ast.stmt, line: Line, uses: Sequence[Use], fading: Collection[ast.stmt]
) -> ast.stmt:  # fmt: skip
    """The statement into whose list an import goes; ``anchor``, if there is none."""
    if isinstance(anchor, ast.ImportFrom) and takes(anchor, line):
        return anchor
    first = min((position(use.statement) for use in uses if not isinstance(use.node, ast.alias)), default=None)
    for statement in layout.body(anchor):
        if first is not None and position(statement) >= first:
            break
        if isinstance(statement, ast.ImportFrom) and statement not in fading and takes(statement, line):
            return statement
    return anchor


def _into(layout: Layout, replacement: ImportReplacement, fading: Collection[ast.stmt]) -> ImportReplacement:
    """The replacement, its import coming into another statement of the successor's module if there is one."""
    statement, line = replacement.binding.statement, replacement.line
    if line is None or line.name in (None, "*") or line.local == replacement.binding.name != line.name:
        return replacement
    if len(replacement.binding.scope.bindings.get(line.local or line.name or "", ())) > 1:
        return replacement  # what is bound again is bound at this place for a reason
    place = _place(layout, statement, line, replacement.uses, fading)
    if place is statement:
        return replacement
    return replace(replacement, line=None, additions=(Addition(anchor=place, line=line),))
