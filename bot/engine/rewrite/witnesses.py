"""What the rest of the program says against the rewrite of one usage, as the reason why it is not safe."""

from bot.engine.program import nature, stars, witness
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use


def against(analysis: Analysis, use: Use) -> Refusal | None:
    """The first witness, wherever the usage is spelled again."""
    target = successor(use)
    for reason, found in (
        (Reason.WRITTEN, witness.writer(analysis, use, target)),
        (Reason.STUBBED, witness.stub(analysis, use, target)),
        (Reason.UNREAD, witness.unread(analysis, use)),
        (Reason.RIVAL, stars.rival(analysis, use)),
        (Reason.NATURE, nature.differs(analysis.index, use.symbol, target)),
    ):
        if found is not None:
            return Refusal(reason=reason, name=str(found))
    return None


def replaced(analysis: Analysis, use: Use) -> Refusal | None:
    """Who replaces the variable that a rewritten usage no longer reads."""
    found = witness.patcher(analysis, use)
    return Refusal(reason=Reason.PATCHED, name=str(found)) if found else None
