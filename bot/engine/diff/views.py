"""What both sides of a change know of the repository: the changed files as each side has them, the rest in common."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.file_result import FileChange, FileReview
from bot.domain.finding import FileReport, Scanned
from bot.domain.migration import Config
from bot.engine.program.facts import Facts
from bot.engine.program.index import Index
from bot.engine.source.names import find_source_roots, module_paths
from bot.engine.usages.targets import Targets

MOST_FIRST = 100
"""Files that are fetched before they are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the files that a change leaves alone mean for it."""

    names: frozenset[str]
    """The targets' last components, and what modules call them."""
    roots: tuple[str, ...]
    """The source roots below the repository's top."""
    facts: Mapping[str, Facts] = field(default_factory=dict, repr=False)
    """What they contribute to the view of the whole program."""
    paths: frozenset[str] | None = None
    """All Python files of the repository; ``None``: they are not known."""
    looked: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    """Of each file with a deprecated name, the files that its names were looked up in."""

    def first(self, changed: Collection[str], config: Config) -> tuple[str, ...]:
        """Unchanged files that a scan of the ``changed`` ones is sure to ask for, sorted.

        Where the changed ones look, and the definitions.
        """
        looked = frozenset[str]().union(*(self.looked.get(path, frozenset()) for path in changed))
        targets = [target for migration in config.migrations for target in migration.targets]
        names = {name for target in targets for name in (target.name, target.canonical) if name}
        modules = {name.rpartition(".")[0] for name in names}
        roots = _roots(changed, config, self)
        defined = {path for module in modules for path in module_paths(module, roots)}
        found = (looked | (defined & (self.paths or frozenset()))) - frozenset(changed)
        return tuple(sorted(found)[:MOST_FIRST])


def rooted_elsewhere(changes: Iterable[FileChange], config: Config) -> tuple[tuple[str, ...], ...]:
    """For each module of the targets the paths that it has if the repository's top is its source root.

    Where none of a module's paths exists, the other files of the repository have to be listed: a relative import and a
    façade below another root lead to it.  Empty where that cannot matter: the roots are configured, or no change names
    a target.
    """
    leaves = [leaf.encode() for leaf in Targets(config.migrations).leaves]
    named = any(leaf in change.head for change in changes if change.head for leaf in leaves)
    if config.source_roots or not named:
        return ()
    return tuple(module_paths(module, ()) for module in sorted(config.target_modules) if "." in module)


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """The index of either side, with the same source roots: a file that one side lacks is known to be absent there."""

    head: Index
    base: Index

    paths: frozenset[str] | None = None
    """All Python files that there are, beside the changed ones; ``None``: they are not known."""

    @classmethod
    def of(
        cls,
        changes: Sequence[FileChange],
        config: Config,
        around: Surroundings | None = None,
        listed: Iterable[str] = (),
    ) -> "Views":
        """What the changed files show, and what the others do.

        Without ``around`` an alias that a file gives to a target is known only if that file is one of the changed;
        ``listed`` are paths of the repository, which show its source roots.
        """
        # What a copy was made of is still there: only what a side is known to have had can be missing on the other.
        before = {change.base_path: change.base for change in changes if change.base is not None}
        after = {change.path: change.head for change in changes}
        head: dict[str, bytes | None] = {**dict.fromkeys(before), **after}
        base: dict[str, bytes | None] = {**dict.fromkeys(after), **before}
        roots, names = _roots({*head, *base, *listed}, config, around), around.names if around else frozenset()
        facts = around.facts if around else {}
        paths = around.paths if around else None
        return cls(head=Index(head, roots, names, facts), base=Index(base, roots, names, facts), paths=paths)

    def missing(self, reviews: Iterable[FileReview | FileReport]) -> tuple[str, ...]:
        """The paths that the wanted modules may have, as far as it is not known what is there; sorted."""
        reports = (each.report if isinstance(each, FileReview) else each for each in reviews)
        modules = frozenset[str]().union(*(report.missing_modules for report in reports if isinstance(report, Scanned)))
        candidates = {path for module in modules for path in module_paths(module, self.head.roots)}
        return tuple(sorted(candidates - self.head.files.keys()))

    def absent(self, missing: Iterable[str]) -> frozenset[str]:
        """Those of ``missing`` that are known not to be there."""
        return frozenset() if self.paths is None else frozenset(missing) - self.paths

    def with_unchanged(self, files: Mapping[str, bytes | None]) -> "Views":
        """The same and these files, which both sides have alike; ``None`` for those that neither has."""
        return Views(
            head=self.head.with_modules(files.items()), base=self.base.with_modules(files.items()), paths=self.paths
        )


def _roots(paths: Iterable[str], config: Config, around: Surroundings | None) -> tuple[str, ...]:
    if config.source_roots:
        return tuple(root.strip("/") for root in config.source_roots if root.strip("/"))
    if around is None:
        return find_source_roots(paths, config.target_modules)
    return tuple(sorted({*around.roots, *find_source_roots(paths)}, key=lambda root: (root.count("/"), root)))
