"""What the repository of a checkout could migrate: see `bot.config.prospects`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.config.prospects import (
    OwnName,
    Prospect,
    deprecated_in,
    findings_of,
    is_valid,
    may_deprecate,
    own_names,
    probe,
    prospects,
    successor_files,
    unused,
    with_successors,
)
from bot.domain.migration import CODEOWNERS, Config
from bot.engine.source.names import find_source_roots
from bot.local.files import Listing, Reader, list_files
from bot.local.parallel import cores
from bot.local.search import Progress, Search
from bot.local.tree import Options, TreeScan, scan_tree

__all__ = ["Outlook", "Prospect", "findings_of", "is_valid", "look", "scan", "surroundings_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What was found in a tree."""

    root: Path
    files: int
    roots: tuple[str, ...]
    codeowners: str | None
    prospects: tuple[Prospect, ...]
    """The presets first; the repository's own names by their usages, most first."""
    unused: tuple[str, ...]
    """Deprecated definitions that nothing in the tree uses."""


def look(root: Path, progress: Progress | None = None) -> Outlook:
    """Look into the Python files of ``root``; nothing of them is run."""
    listing = list_files(root)
    roots, codeowners = surroundings_of(root, listing)
    own = _own_names(root, listing, roots)
    findings = findings_of(scan(root, listing, probe(own), progress=progress).reports)
    return Outlook(
        root=root,
        files=len(listing.paths),
        roots=roots,
        codeowners=codeowners,
        prospects=prospects(own, findings),
        unused=unused(own, findings),
    )


def surroundings_of(root: Path, listing: Listing | None = None) -> tuple[tuple[str, ...], str | None]:
    """The source roots of a tree, and the path of its CODEOWNERS file."""
    listing = listing or list_files(root)
    roots = find_source_roots((*listing.paths, *listing.projects))
    return roots, next((path for path in CODEOWNERS if (root / path).is_file()), None)


def scan(
    root: Path, listing: Listing, config: Config, *, fixes: bool = False, progress: Progress | None = None
) -> TreeScan:  # fmt: skip
    """The usages in the whole tree."""
    jobs = cores()
    search = Search.of(root, listing, config, jobs, progress)
    return scan_tree(root, listing, search, config, Options(jobs=jobs, fixes=fixes, progress=progress))


def _own_names(root: Path, listing: Listing, roots: Sequence[str]) -> tuple[OwnName, ...]:
    reader, found = Reader(root), {}
    for path in listing.paths:
        source = reader.read(path) if may_deprecate(path, roots) else None
        if source and (told := deprecated_in(source, path)):
            found[path] = told
    names = own_names(found, roots)
    sources = {path: reader.read(path) for path in successor_files(names, roots, frozenset(listing.paths))}
    return with_successors(names, sources, roots)
