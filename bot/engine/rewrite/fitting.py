"""Names that take their own place: which of their uses are usages."""

from bot.domain.finding import Kind
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.sites import Planner
from bot.engine.usages.analysis import Analysis, Use


def fitting(analysis: Analysis) -> tuple[Use, ...]:
    """The usages, of names that take their own place only those that a ``match`` of their migration fits."""
    planner = Planner(Layout(analysis))
    return tuple(use for use in analysis.uses if not use.target.keeps_name or _fits(planner, use))


def _fits(planner: Planner, use: Use) -> bool:
    plain = (
        use.kind in (Kind.CALL, Kind.REFERENCE)
        and use.string is None
        and use.object is None
        and use.resolves is not False
    )
    return plain and planner.fits(use)
