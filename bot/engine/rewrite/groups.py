"""Statement groups: what must change together, or not at all."""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.finding import Edit, Fix
from bot.domain.migration import Applicability
from bot.engine.resolve.bindings import Binding
from bot.engine.rewrite import statements
from bot.engine.rewrite.composition import nested
from bot.engine.rewrite.edits import EditConflict, combine
from bot.engine.rewrite.imports import Addition, Line
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.removals import Removal
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.rules import UsageRewrite, weight
from bot.engine.rewrite.statements import ImportStatement, ListPlan, UneditableImport
from bot.engine.rewrite.unions import Union
from bot.engine.usages.analysis import Use

SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE
Link = tuple[Use | Binding, Use | Binding]
"""A usage, or the import that is replaced, and another one without which it has no fix."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Usages with one fix."""

    uses: tuple[Use, ...]
    fix: Fix
    refusals: Mapping[Use, Refusal] = field(default_factory=dict)
    """Why the fix is not safe, where a usage has a reason of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changes:
    """All that would be done to one file; the parts of a group are such a value, too."""

    rewrites: tuple[UsageRewrite, ...] = ()
    removals: tuple[Removal, ...] = ()
    replacements: tuple[ImportReplacement, ...] = ()
    links: tuple[Link, ...] = ()

    def up_to(self, tier: Applicability) -> "Changes":
        """What is at least as certain as ``tier``."""
        most = weight(tier)
        rewrites = [each for each in self.rewrites if weight(each.applicability) <= most]
        there = {each.use for each in rewrites}
        return Changes(
            rewrites=tuple(each for each in rewrites if each.beside is None or each.beside in there),
            removals=tuple(each for each in self.removals if weight(each.applicability) <= most),
            replacements=tuple(each for each in self.replacements if weight(each.applicability) <= most),
            links=self.links,
        )

    @property
    def uses(self) -> tuple[Use, ...]:
        """The usages that change, each once."""
        found = [rewrite.use for rewrite in self.rewrites] + [removal.use for removal in self.removals if removal.use]
        return tuple(dict.fromkeys([*found, *(use for replacement in self.replacements for use in replacement.uses)]))

    @property
    def refusals(self) -> dict[Use, Refusal]:
        """Why some of it is not safe."""
        found = {rewrite.use: rewrite.refusal for rewrite in self.rewrites if rewrite.refusal}
        found |= {removal.use: removal.refusal for removal in self.removals if removal.use and removal.refusal}
        return found | {
            use: refusal for replacement in self.replacements for use, refusal in replacement.refusals.items()
        }

    @property
    def additions(self) -> tuple[Addition, ...]:
        """The imports that come."""
        owners: tuple[UsageRewrite | ImportReplacement, ...] = (*self.rewrites, *self.replacements)
        return tuple(dict.fromkeys(addition for owner in owners for addition in owner.additions))

    @property
    def by_statement(self) -> dict[ImportStatement, dict[ast.alias, Line | None]]:
        """What becomes of the names of import statements."""
        found: dict[ImportStatement, dict[ast.alias, Line | None]] = {}
        for removal in self.removals:
            if isinstance(removal.binding.node, ast.alias):
                found.setdefault(removal.statement, {})[removal.binding.node] = None
        for replacement in self.replacements:
            statement, alias = replacement.binding.statement, replacement.binding.node
            if isinstance(statement, ast.Import | ast.ImportFrom) and isinstance(alias, ast.alias):
                found.setdefault(statement, {})[alias] = replacement.line
        return found


def grouped(layout: Layout, changes: Changes) -> tuple[list[Group], dict[Use, Refusal]]:
    """Every fix, the safe ones first, and why some changes have none; a usage is in one group at most."""
    found: list[Group] = []
    refusals: dict[Use, Refusal] = {}
    writer = _Writer.of(layout, changes)
    for tier in (SAFE, UNSAFE):
        done = {use for group in found for use in group.uses}
        for part in _components(changes.up_to(tier)):
            whole, refused = _without_lonely_exports(part)
            refusals |= refused
            fresh = tuple(use for use in whole.uses if use not in done)
            edits = writer.edits(whole, tier) if fresh else ()
            if isinstance(edits, Refusal):
                refusals |= dict.fromkeys(fresh, edits)
            elif fresh:
                fix = Fix(edits=edits, applicability=tier)
                found.append(Group(uses=fresh, fix=fix, refusals=whole.refusals))
    return found, refusals


# --- components -----------------------------------------------------------------------------------------------------


def _components(changes: Changes) -> Iterable[Changes]:
    """The parts of ``changes`` that have nothing to do with each other."""
    link = _linked(changes)
    parts: dict[object, tuple[list[UsageRewrite], list[Removal], list[ImportReplacement]]] = {}
    for rewrite in changes.rewrites:
        parts.setdefault(link.find(rewrite.use), ([], [], []))[0].append(rewrite)
    for removal in changes.removals:
        parts.setdefault(link.find(removal.binding), ([], [], []))[1].append(removal)
    for replacement in changes.replacements:
        parts.setdefault(link.find(replacement.binding), ([], [], []))[2].append(replacement)
    for rewrites, removals, replacements in parts.values():
        yield Changes(rewrites=tuple(rewrites), removals=tuple(removals), replacements=tuple(replacements))


def _linked(changes: Changes) -> Union:
    link = Union()
    for rewrite in changes.rewrites:
        link.add(rewrite.use)
        link.join(rewrite.use, rewrite.beside or rewrite.use)
    for removal in changes.removals:
        link.join(removal.binding, removal.statement)
        for rewrite in removal.rewrites:
            link.join(rewrite.use, removal.binding)
    for replacement in changes.replacements:
        link.join(replacement.binding, replacement.binding.statement)
        for use in replacement.uses:
            link.join(replacement.binding, use)
        for beside in (replacement.doubles, replacement.after):
            if beside is not None:
                link.join(replacement.binding, beside)
    for one, other in nested(changes.rewrites):
        link.join(one.use, other.use)
    for first, second in changes.links:
        if first in link and second in link:
            link.join(first, second)
    _join_in_one_place(link, changes)
    return link


def _join_in_one_place(link: Union, changes: Changes) -> None:
    """What wants the same import beside a statement that changes: it may come into the statement."""
    first: dict[Addition, Use | Binding] = {}
    wanting: list[tuple[Use | Binding, Sequence[Addition]]] = [(each.use, each.additions) for each in changes.rewrites]
    wanting += [(each.binding, each.additions) for each in changes.replacements]
    for key, additions in wanting:
        for addition in additions:
            if addition.anchor in link:
                link.join(first.setdefault(addition, key), key)


def _without_lonely_exports(changes: Changes) -> tuple[Changes, dict[Use, Refusal]]:
    """An entry of ``__all__`` goes only with its import."""
    leaving = {removal.binding for removal in changes.removals}
    kept = [s for s in changes.rewrites if not s.export or (s.use.bindings and leaving.issuperset(s.use.bindings))]
    staying = frozenset(kept)
    lonely = {s.use: Refusal(reason=Reason.STILL_USED) for s in changes.rewrites if s not in staying}
    return Changes(rewrites=tuple(kept), removals=changes.removals, replacements=changes.replacements), lonely


# --- edits ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Writer:
    """Writes the edits of groups so that those of any number of them can be put together."""

    layout: Layout
    fading: Collection[ast.stmt]
    """The import statements that some fix changes: another one puts no names into their lists."""
    to_delete: Collection[ast.stmt]
    """The statements that go in some tier."""
    anchors: Collection[Addition]
    safe: Mapping[ImportStatement, ListPlan]
    """What the safe fixes make of import statements: less safe fixes, of which those are part, go on from there."""
    early: Collection[Addition]
    """The imports that safe fixes bring."""

    @classmethod
    def of(cls, layout: Layout, changes: Changes) -> "_Writer":
        safe = changes.up_to(SAFE)
        plans: dict[ImportStatement, ListPlan] = {}
        for part in _components(safe):
            plans |= _plans(part, part.additions)
        return cls(
            layout=layout, fading=frozenset(changes.by_statement), to_delete=_to_delete(changes),
            anchors=changes.additions,
            safe=plans, early=frozenset(safe.additions),
        )  # fmt: skip

    def edits(self, changes: Changes, tier: Applicability) -> tuple[Edit, ...] | Refusal:
        """The edits of one group; or why there are none."""
        try:
            edits = self._edits(changes, tier)
            return tuple(combine([Fix(edits=tuple(edits), applicability=tier)]))
        except EditConflict:
            return Refusal(reason=Reason.NOT_PROVED, name="its edits overlap")
        except UneditableImport as error:
            return Refusal(reason=Reason.IMPORT_SYNTAX, name=str(error))

    def _edits(self, changes: Changes, tier: Applicability) -> list[Edit]:
        edits = [edit for rewrite in changes.rewrites for edit in rewrite.edits]
        edits += [
            self.layout.delete(statement, self.to_delete)
            for rewrite in changes.rewrites
            for statement in rewrite.deletes
        ]
        edits += [edit for replacement in changes.replacements for edit in replacement.edits]
        fresh = [each for each in changes.additions if tier is SAFE or each not in self.early]
        plans = _plans(changes, fresh)
        for statement, plan in plans.items():
            before = self.safe.get(statement) if tier is not SAFE else None
            edits += self._of_statement(statement, plan, before)
        placed = [a for a in changes.additions if (s := _import(a)) in plans and self._is_placed(a, s, plans, tier)]
        return edits + statements.add(self.layout, [a for a in changes.additions if a not in placed], self.fading)

    def _is_placed(
        self, addition: Addition, statement: ImportStatement | None, plans: Mapping[ImportStatement, ListPlan],
        tier: Applicability,
    ) -> bool:  # fmt: skip
        """Whether the plan of the statement beside which an import is to stand has it already."""
        if statement is None:
            return False
        before = self.safe.get(statement) if tier is not SAFE else None
        held = plans[statement].added if before is None else before.added
        return addition.line in held

    def _of_statement(self, statement: ImportStatement, plan: ListPlan, before: ListPlan | None) -> list[Edit]:
        others = any(a.anchor is statement and a.line not in plan.added for a in self.anchors)
        to_delete = {*self.to_delete, statement}
        if before is None:
            return statements.replace(self.layout, statement, plan, to_delete, collapse=not others)
        return statements.further(self.layout, statement, before, plan, to_delete)


def _import(addition: Addition) -> ImportStatement | None:
    return addition.anchor if isinstance(addition.anchor, ast.Import | ast.ImportFrom) else None


def _plans(changes: Changes, additions: Iterable[Addition]) -> dict[ImportStatement, ListPlan]:
    """What becomes of each import statement, with the imports that come in its place."""
    found = {}
    for statement, names in changes.by_statement.items():
        here = tuple(a.line for a in additions if a.anchor is statement)
        found[statement] = ListPlan(changes=names, added=here)
    return found


def _to_delete(changes: Changes) -> frozenset[ast.stmt]:
    """The statements that go in some tier."""
    replaced = {addition.anchor for addition in changes.additions}
    gone = {
        statement
        for statement, names in changes.by_statement.items()
        if statement not in replaced and set(statement.names) == names.keys() and not any(names.values())
    }
    return frozenset(gone | {statement for rewrite in changes.rewrites for statement in rewrite.deletes})
