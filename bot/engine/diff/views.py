"""What both sides of a change know of the repository: the changed files as each side has them, the rest in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.engine.index import Index
from bot.engine.names import find_source_roots, module_paths
from bot.model import FileReport, Scanned
from bot.outcomes import FileChange, FileReview


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """The index of either side, with the same source roots: a file that one side lacks is known to be absent there."""

    head: Index
    base: Index

    @classmethod
    def of(cls, changes: Sequence[FileChange], *, source_roots: Sequence[str], modules: Iterable[str]) -> "Views":
        """What the changed files show."""
        # What a copy was made of is still there: only what a side is known to have had can be missing on the other.
        before = {change.base_path: change.base for change in changes if change.base is not None}
        after = {change.path: change.head for change in changes}
        head: dict[str, bytes | None] = {**dict.fromkeys(before), **after}
        base: dict[str, bytes | None] = {**dict.fromkeys(after), **before}
        roots = tuple(root.strip("/") for root in source_roots) or find_source_roots({*head, *base}, modules)
        roots = tuple(root for root in roots if root)
        return cls(head=Index(head, roots), base=Index(base, roots))

    def missing(self, reviews: Iterable[FileReview | FileReport]) -> tuple[str, ...]:
        """The paths that the wanted modules may have, as far as it is not known what is there; sorted."""
        reports = (each.report if isinstance(each, FileReview) else each for each in reviews)
        modules = frozenset[str]().union(*(report.wanted for report in reports if isinstance(report, Scanned)))
        candidates = {path for module in modules for path in module_paths(module, self.head.roots)}
        return tuple(sorted(candidates - self.head.files.keys()))

    def with_unchanged(self, files: Mapping[str, bytes | None]) -> "Views":
        """The same and these files, which both sides have alike; ``None`` for those that neither has."""
        return Views(head=self.head.with_modules(files.items()), base=self.base.with_modules(files.items()))
