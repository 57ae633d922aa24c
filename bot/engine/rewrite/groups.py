"""Statement groups: what must change together, or not at all."""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.finding import Edit, Fix, Kind
from bot.domain.migration import Applicability
from bot.engine.analysis import Analysis, Use
from bot.engine.rewrite import splice, statements
from bot.engine.rewrite.edits import EditConflict, combine
from bot.engine.rewrite.folding import fold
from bot.engine.rewrite.imports import Addition
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.moves import ImportReplacement
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.removals import Removal, Removals
from bot.engine.rewrite.rendering import Rendered
from bot.engine.rewrite.rules import UsageRewrite, weight
from bot.engine.rewrite.sites import Planner
from bot.engine.rewrite.statements import ImportStatement

SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Usages with one fix."""

    uses: tuple[Use, ...]
    fix: Fix
    refusals: Mapping[Use, Refusal] = field(default_factory=dict)
    """Why the fix is not safe, where a usage has a reason of its own."""


@dataclass(eq=False)
class Grouper:
    """Puts the sites and moves of one file together."""

    planner: Planner
    sites: Sequence[UsageRewrite]
    moves: Sequence[ImportReplacement]
    refusals: dict[Use, Refusal] = field(default_factory=dict)
    fading: set[ast.stmt] = field(default_factory=set)
    """The import statements that some fix changes."""

    @property
    def layout(self) -> Layout:
        return self.planner.layout

    @property
    def analysis(self) -> Analysis:
        return self.planner.layout.analysis

    def groups(self) -> list[Group]:
        """Every fix, the safe ones first; a usage is in one group at most."""
        self.sites = self._composed(self.sites)
        removals = self._folded(Removals(self.planner, self.sites, self.moves, self.refusals).find())
        self._raise(removals)
        self.fading = {removal.binding.statement for removal in removals} | {m.binding.statement for m in self.moves}
        to_delete = self._to_delete(removals)
        found: list[Group] = []
        done: set[Use] = set()
        for tier in (SAFE, UNSAFE):
            for sites, gone in self._components(removals, tier):
                group = self._group(sites, gone, tier, to_delete, done)
                if group is not None:
                    found.append(group)
                    done |= set(group.uses)
        return [*found, *self._moved()]

    def _folded(self, removals: Sequence[Removal]) -> list[Removal]:
        linked = {site for pair in self._nested(self.sites) for site in pair}
        found = fold(removals, self.moves, self.sites, linked)
        self.moves, self.sites = found.moves, found.sites
        self.refusals |= found.refusals
        return found.removals

    def _raise(self, removals: Sequence[Removal]) -> None:
        """What only makes an import useless goes together with it: not before the import may go."""
        for removal in removals:
            if removal.use is None or removal.use.kind is Kind.RE_EXPORT:
                continue
            for site in removal.sites:
                if weight(site.applicability) < weight(removal.applicability) and not any(
                    weight(other.applicability) == weight(removal.applicability) for other in removal.sites
                ):
                    raised = replace(site, applicability=removal.applicability, refusal=removal.refusal)
                    self._exchange(site, raised, removals)

    def _exchange(self, old: UsageRewrite, new: UsageRewrite, removals: Sequence[Removal]) -> None:
        self.sites = [new if site is old else site for site in self.sites]
        for removal in removals:
            removal.sites = [new if site is old else site for site in removal.sites]

    # --- composition ------------------------------------------------------------------------------------------

    def _composed(self, sites: Sequence[UsageRewrite]) -> list[UsageRewrite]:
        """Sites inside a site whose captures are copied become part of it, and no more certain than it."""
        found = sorted(sites, key=lambda site: max((r.end - r.start for r in site.rendered), default=0))
        for n, outer in enumerate(found):
            copied = [rendered for rendered in outer.rendered if not splice.in_order(rendered)]
            if not copied:
                continue
            inner = [m for m in range(n) if any(self._is_inside(found[m], rendered) for rendered in copied)]
            if not inner:
                continue
            worst = max((found[m] for m in (*inner, n)), key=lambda site: weight(site.applicability))
            edits = [edit for m in inner for edit in found[m].edits]
            for m in (*inner, n):
                found[m] = replace(found[m], applicability=worst.applicability, refusal=worst.refusal)
            for m in inner:
                found[m] = replace(found[m], edits=())
            for rendered in copied:
                found[n] = replace(found[n], edits=self._around(found[n], rendered, edits))
        return found

    def _is_inside(self, site: UsageRewrite, rendered: Rendered) -> bool:
        return bool(site.rendered) and all(rendered.start <= r.start and r.end <= rendered.end for r in site.rendered)

    def _around(self, site: UsageRewrite, rendered: Rendered, inner: Sequence[Edit]) -> tuple[Edit, ...]:
        whole = Edit(start=rendered.start, end=rendered.end, text=splice.plain(self.layout, rendered, inner))
        return tuple(whole if (e.start, e.end) == (whole.start, whole.end) else e for e in site.edits)

    # --- components -------------------------------------------------------------------------------------------

    def _components(
        self, removals: Sequence[Removal], tier: Applicability
    ) -> Iterable[tuple[list[UsageRewrite], list[Removal]]]:
        """Sites up to ``tier``, connected by the imports that go with them at that tier."""
        sites = [site for site in self.sites if weight(site.applicability) <= weight(tier)]
        gone = [removal for removal in removals if weight(removal.applicability) <= weight(tier)]
        link = _Union()
        for site in sites:
            link.add(site)
        for removal in gone:
            link.join(removal, removal.statement)
            for site in removal.sites:
                link.join(site, removal)
        for one, other in self._nested(sites):
            link.join(one, other)
        for members in link.classes():
            yield (
                [each for each in members if isinstance(each, UsageRewrite)],
                [each for each in members if isinstance(each, Removal)],
            )

    def _nested(self, sites: Sequence[UsageRewrite]) -> Iterable[tuple[UsageRewrite, UsageRewrite]]:
        """Sites of which one has taken in the edits of the other."""
        for outer in sites:
            for rendered in outer.rendered:
                if splice.in_order(rendered):
                    continue
                for site in sites:
                    if site is not outer and self._is_inside(site, rendered):
                        yield outer, site

    def _group(
        self,
        sites: list[UsageRewrite],
        gone: list[Removal],
        tier: Applicability,
        to_delete: Collection[ast.stmt],
        done: set[Use],
    ) -> Group | None:
        """The fix of one component, unless a smaller tier has done it all."""
        sites, gone = self._without_lonely_exports(sites, gone)
        uses = [site.use for site in sites] + [removal.use for removal in gone if removal.use]
        fresh = [use for use in dict.fromkeys(uses) if use not in done]
        if not fresh:
            return None
        edits = self._edits(sites, gone, to_delete, alone=len(fresh) == len(dict.fromkeys(uses)))
        refusals = {site.use: site.refusal for site in sites if site.refusal}
        refusals |= {removal.use: removal.refusal for removal in gone if removal.use and removal.refusal}
        if edits is None:
            self.refusals |= {use: Refusal(reason=Reason.NOT_PROVED, name="its edits overlap") for use in fresh}
            return None
        return Group(uses=tuple(fresh), fix=Fix(edits=tuple(edits), applicability=tier), refusals=refusals)

    def _without_lonely_exports(
        self, sites: list[UsageRewrite], gone: list[Removal]
    ) -> tuple[list[UsageRewrite], list[Removal]]:
        """An entry of ``__all__`` goes only with its import."""
        leaving = {removal.binding for removal in gone}
        kept = [s for s in sites if not s.export or (s.use.bindings and leaving.issuperset(s.use.bindings))]
        for site in sites:
            if site not in kept:
                self.refusals[site.use] = Refusal(reason=Reason.STILL_USED)
        return kept, gone

    def _edits(
        self, sites: Sequence[UsageRewrite], gone: Sequence[Removal], to_delete: Collection[ast.stmt], *, alone: bool
    ) -> list[Edit] | None:
        edits = [edit for site in sites for edit in site.edits]
        edits += [self.layout.delete(statement, to_delete) for site in sites for statement in site.deletes]
        additions = list(dict.fromkeys(addition for site in sites for addition in site.additions))
        by_statement: dict[ImportStatement, list[ast.alias]] = {}
        for removal in gone:
            if isinstance(removal.binding.node, ast.alias):
                by_statement.setdefault(removal.statement, []).append(removal.binding.node)
        for statement, aliases in by_statement.items():
            here = [a for a in additions if a.anchor is statement] if alone else []
            edits += self._import_edits(statement, aliases, here, to_delete, alone=alone)
            additions = [addition for addition in additions if addition not in here]
        edits += statements.add(self.layout, additions, self.fading)
        try:
            return combine([Fix(edits=tuple(edits), applicability=SAFE)])
        except EditConflict:
            return None

    def _import_edits(
        self, statement: ImportStatement, aliases: Sequence[ast.alias], additions: Sequence[Addition],
        to_delete: Collection[ast.stmt], *, alone: bool,
    ) -> list[Edit]:  # fmt: skip
        if not alone:
            anchors = {addition.anchor for site in self.sites for addition in site.additions}
            return statements.drop(self.layout, statement, aliases, to_delete, collapse=statement not in anchors)
        changes = dict.fromkeys(aliases)
        return statements.replace(self.layout, statement, changes, [a.line for a in additions], to_delete)

    def _to_delete(self, removals: Sequence[Removal]) -> set[ast.stmt]:
        """The statements that go in some tier."""
        found = {statement for site in self.sites for statement in site.deletes}
        replaced = {addition.anchor for site in self.sites for addition in site.additions}
        for removal in removals:
            beside = {other.binding.node for other in removals if other.statement is removal.statement}
            if beside.issuperset(removal.statement.names) and removal.statement not in replaced:
                found.add(removal.statement)
        return found

    # --- moves ------------------------------------------------------------------------------------------------

    def _moved(self) -> list[Group]:
        """Moves of names from one statement are one fix, and so are moves that share a usage."""
        link = _Union()
        for move in self.moves:
            link.add(move)
            link.join(move, move.binding.statement)
            for use in move.uses:
                link.join(move, use)
        return [
            group
            for members in link.classes()
            if (group := self._move_group([each for each in members if isinstance(each, ImportReplacement)]))
            is not None
        ]

    def _move_group(self, moves: list[ImportReplacement]) -> Group | None:
        uses = tuple(dict.fromkeys(use for move in moves for use in move.uses))
        edits = list(dict.fromkeys(edit for move in moves for edit in move.edits))
        by_statement: dict[ast.stmt, list[ImportReplacement]] = {}
        for move in moves:
            by_statement.setdefault(move.binding.statement, []).append(move)
        for statement, here in by_statement.items():
            if isinstance(statement, ast.Import | ast.ImportFrom):
                changes = {m.binding.node: m.line for m in here if isinstance(m.binding.node, ast.alias)}
                edits += statements.replace(self.layout, statement, changes, [], {statement})
        refusals = {use: refusal for use in uses if (refusal := self.planner.doubt(use)) is not None}
        applicability = UNSAFE if refusals else SAFE
        try:
            fix = Fix(edits=tuple(combine([Fix(edits=tuple(edits), applicability=SAFE)])), applicability=applicability)
        except EditConflict:
            self.refusals |= {use: Refusal(reason=Reason.NOT_PROVED, name="its edits overlap") for use in uses}
            return None
        return Group(uses=uses, fix=fix, refusals=refusals)


@dataclass(eq=False)
class _Union:
    """Disjoint sets."""

    parent: dict[object, object] = field(default_factory=dict)

    def add(self, item: object) -> None:
        self.parent.setdefault(item, item)

    def find(self, item: object) -> object:
        self.add(item)
        while self.parent[item] is not item:
            self.parent[item] = self.parent[self.parent[item]]
            item = self.parent[item]
        return item

    def join(self, one: object, other: object) -> None:
        self.parent[self.find(one)] = self.find(other)

    def classes(self) -> list[list[object]]:
        found: dict[object, list[object]] = {}
        for item in self.parent:
            found.setdefault(self.find(item), []).append(item)
        return list(found.values())
