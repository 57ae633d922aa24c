"""The last stage of the rewriting: fixes that do not hold, alone or together, are given up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.domain.migration import Applicability
from bot.engine.rewrite.apart import alike
from bot.engine.rewrite.edits import EditConflict, apply_edits, combine
from bot.engine.rewrite.groups import Group
from bot.engine.rewrite.proof import Prover
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import weight
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.detect import analyse

_THOROUGH = 1 << 20
"""Bytes: as long as the proofs times the file's size stay below it, pyflakes sees the file with each fix alone."""

Proposer = Callable[[Analysis], Sequence[Group]]
"""What a run would do to a file, unproved."""


def proved(analysis: Analysis, groups: Sequence[Group], proposer: Proposer) -> tuple[list[Group], dict[Use, Refusal]]:
    """The groups whose fixes hold, each alone and all together, and why the others do not.

    ``proposer`` says what a second run would do: of what is applied it must find nothing more.
    """
    proof = _Proof(analysis, Prover(analysis), proposer)
    kept, refusals = proof.alone(groups)
    for tier in (Applicability.SAFE, Applicability.UNSAFE):
        kept, refused = proof.together(kept, tier)
        refusals |= refused
    return kept, refusals


@dataclass(frozen=True, eq=False)
class _Proof:
    analysis: Analysis
    prover: Prover
    proposer: Proposer

    def alone(self, groups: Sequence[Group]) -> tuple[list[Group], dict[Use, Refusal]]:
        """The groups that hold when nothing else changes."""
        batches = alike(groups, self.prover.is_inner)
        thorough = len(batches) * len(self.analysis.source) < _THOROUGH
        wrong = {group: fault for batch in batches for group, fault in self._faults(batch, thorough=thorough).items()}
        refusals = dict[Use, Refusal]()
        for group in groups:
            if group in wrong:
                refusals |= _given_up(group, wrong[group])
        return [group for group in groups if group not in wrong], refusals

    def _faults(self, batch: Sequence[Group], *, thorough: bool) -> dict[Group, str]:
        """What is wrong with each of the groups alone: most are shown at once, where the batch holds as a whole."""
        names = thorough and not all(self.prover.is_plain(group.fix.edits) for group in batch)
        if len(batch) == 1:
            wrong = self.prover.fault(batch[0].fix.edits, names=names)
            return {} if wrong is None else {batch[0]: wrong}
        left = self._unshown(batch, names=names)
        parts = _halves(batch) if left is None else [(group,) for group in left]
        return {group: wrong for part in parts for group, wrong in self._faults(part, thorough=thorough).items()}

    def _unshown(self, batch: Sequence[Group], *, names: bool) -> Sequence[Group] | None:
        """The groups that are not shown to hold alone by the whole batch; ``None`` if that does not hold itself."""
        try:
            edits = combine([group.fix for group in batch])
        except EditConflict:
            return None
        if self.prover.fault(edits, names=names) is not None:
            return None
        mixed = self.prover.mixed(batch, edits)
        return [group for group in batch if group in mixed]

    def together(self, groups: list[Group], tier: Applicability) -> tuple[list[Group], dict[Use, Refusal]]:
        """The groups up to a tier must hold together; of those that do not, the first ones are kept."""
        chosen = [group for group in groups if group.fix.applicability in (Applicability.SAFE, tier)]
        of_tier = [group for group in chosen if group.fix.applicability is tier]
        if not of_tier or self._fault_of(chosen) is None:
            return groups, {}
        kept, refusals = [group for group in chosen if group.fix.applicability is not tier], dict[Use, Refusal]()
        pending = _halves(of_tier)
        while pending:
            part = pending.pop(0)
            wrong = self._fault_of([*kept, *part], last=part[-1] is of_tier[-1])
            if wrong is None:
                kept += part
            elif len(part) == 1:
                refusals |= _given_up(part[0], wrong)
            else:
                pending = _halves(part) + pending
        dropped = {*chosen} - {*kept}
        return [group for group in groups if group not in dropped], refusals

    def _fault_of(self, groups: Sequence[Group], *, last: bool = True) -> str | None:
        """Whether all of ``groups`` hold together, and (the ``last`` time) leave nothing of their sort to be done."""
        try:
            edits = combine([group.fix for group in groups])
            wrong = self.prover.fault(edits)
            if wrong is not None or not last:
                return wrong
            return self._left(apply_edits(self.analysis.source, edits), groups)
        except EditConflict as error:
            return str(error)

    def _left(self, source: bytes, groups: Sequence[Group]) -> str | None:
        """Whether a second run would find more to do."""
        migrations = {use.migration.name: use.migration for use in self.analysis.uses}
        read = partial(analyse, source, self.analysis.path, list(migrations.values()), self.analysis.index)
        again = read(sparse=True)
        if isinstance(again, Analysis) and not again.uses:
            return None  # so it is with most results
        again = read()
        if not isinstance(again, Analysis):
            return "the result cannot be read"
        done = max(weight(group.fix.applicability) for group in groups)
        more = [group for group in self.proposer(again) if weight(group.fix.applicability) <= done]
        if more:  # what does not hold is not done in a second run either
            more, _ = _Proof(again, Prover(again), self.proposer).alone(more)
        return "a second run would change more" if more else None


def _halves(groups: Sequence[Group]) -> list[Sequence[Group]]:
    """The first and the second half of several groups; a single group as it is."""
    middle = len(groups) // 2
    return [part for part in (groups[:middle], groups[middle:]) if part]


def _given_up(group: Group, wrong: str) -> dict[Use, Refusal]:
    return dict.fromkeys(group.uses, Refusal(reason=Reason.NOT_PROVED, name=wrong))
