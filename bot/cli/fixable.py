"""How many usages can be fixed."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.finding import Finding
from bot.domain.migration import Applicability

UNPLANNED = "`ssot migrate` shows what can be fixed"
"""After a scan that planned no fix, for its speed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixable:
    """Numbers of usages."""

    usages: int
    safe: int
    unsafe: int

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Fixable":
        """Those of a scan that planned the fixes."""
        tiers = [tier(finding) for finding in findings]
        return cls(
            usages=len(tiers), safe=tiers.count(Applicability.SAFE), unsafe=tiers.count(Applicability.UNSAFE)
        )  # fmt: skip

    def __str__(self) -> str:
        more = f"; {self.unsafe} more with `--unsafe`" if self.unsafe else ""
        return f"{self.safe} of {self.usages} can be fixed by `ssot migrate`{more}"


def tier(finding: Finding) -> Applicability | None:
    """Whether a usage has a safe or an unsafe fix; ``None``: neither."""
    return finding.applicability if finding.fix is not None else None
