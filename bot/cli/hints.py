"""What a configuration seems to get wrong about the tree at hand."""

from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.hints import asked, hints
from bot.engine.index import Index
from bot.migration import Config
from bot.model import Scanned

if TYPE_CHECKING:
    from bot.local.tree import TreeScan

_ROUNDS = 5
"""How long a chain of re-exports is followed."""


def hints_of(root: Path, config: Config, scan: "TreeScan") -> list[str]:
    """A line for each deprecated name that the scan of the whole tree shows to be a mistake, perhaps."""
    from bot.local.tree import read_modules

    index = Index(roots=scan.roots)
    tops = {target.name.partition(".")[0] for migration in config.migrations for target in migration.targets}
    if not any(
        (root / base / name).exists() for base in ("", *scan.roots) for top in tops for name in (top, f"{top}.py")
    ):
        return []
    for _ in range(_ROUNDS):
        if not (missing := asked(config.migrations, index)):
            break
        index = index.with_modules(read_modules(root, missing, index))
    symbols = {f.symbol for report in scan.reports if isinstance(report, Scanned) for f in report.findings}
    return list(hints(config.migrations, index, symbols))
