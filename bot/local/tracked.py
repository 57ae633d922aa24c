"""The evidence for a checklist in a local repository: the source at its latest commit, and nothing from GitHub."""

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.migration import Config, Migration
from bot.domain.references import Sha
from bot.domain.tracked import NotKnown, TrackedFacts
from bot.engine.program.presence import definition_files, definitions
from bot.engine.source.names import find_source_roots
from bot.engine.survey import of_interest
from bot.local.base import git
from bot.local.files import Listing, Reader, list_files
from bot.local.parallel import cores
from bot.local.search import Progress, Search
from bot.local.tree import Options, scan_tree

_ELSEWHERE = NotKnown(why="only GitHub knows")


def local_tracked_facts(
    root: Path, config: Config, migration: Migration, *, besides: Path, now: datetime, progress: Progress | None = None
) -> TrackedFacts:
    """The facts of the latest commit of the repository at ``root``; ``besides`` is a file that may differ from it.

    Raises ``UserError`` outside of a git repository, or in one without a commit.
    """
    commit = git(root, "rev-parse", "--verify", "HEAD^{commit}").decode().strip()
    committed_at = datetime.fromisoformat(git(root, "log", "-1", "--format=%cI", commit).decode().strip())
    paths = frozenset(
        os.fsdecode(path) for path in git(root, "ls-tree", "-rz", "--name-only", commit).split(b"\0") if path
    )
    with _tree(root, commit, besides) as tree:
        listing = list_files(tree)
        search = Search.of(tree, listing, config, cores(), progress)
        reports = scan_tree(tree, listing, search, config, Options(jobs=cores(), progress=progress)).reports
        defined = _definitions(tree, listing, config, migration)
    return TrackedFacts(
        commit=Sha(commit),
        committed_at=committed_at.astimezone(UTC),
        read_at=now,
        reports=reports,
        definitions=defined,
        paths=paths,
        checks=_ELSEWHERE,
        deployments=_ELSEWHERE,
        pulls=_ELSEWHERE,
        issues=_ELSEWHERE,
        sub_issues=_ELSEWHERE,
        attestations=_ELSEWHERE,
    )


def _definitions(tree: Path, listing: Listing, config: Config, migration: Migration) -> dict[str, str]:
    roots = config.source_roots or find_source_roots((*listing.paths, *listing.projects), config.target_modules)
    reader = Reader(tree)
    sources = {path: reader.read(path) for path in definition_files(migration.targets, roots)}
    return definitions(migration.targets, sources, roots)


@contextmanager
def _tree(root: Path, commit: str, besides: Path) -> Iterator[Path]:
    """A directory with the files of ``commit``: the work tree if it is that, or a copy for the time being."""
    changed = git(root, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all").split(b"\0")
    others = [entry for entry in changed if entry and (root / os.fsdecode(entry[3:])).resolve() != besides.resolve()]
    if not others:
        yield root
        return
    with tempfile.TemporaryDirectory(prefix="ssot-") as directory:
        archive = Path(directory) / "commit.tar"
        git(root, "archive", "--format=tar", f"--output={archive}", commit)
        tree = Path(directory) / "tree"
        _unpack(archive, tree)
        yield tree


def _unpack(archive: Path, tree: Path) -> None:
    """The Python and project files of an archive that git made: its paths lead nowhere else."""
    tree.mkdir()
    with tarfile.open(archive) as members:
        for member in members:
            content = members.extractfile(member) if member.isreg() and of_interest(member.name) else None
            if content is not None:
                path = tree / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())
