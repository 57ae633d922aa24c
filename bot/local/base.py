"""What the work tree adds to the merge base with a revision: the pairs of files that a review compares."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.config.closest import closest
from bot.domain.errors import UserError
from bot.domain.file_result import FileChange, FileReview
from bot.domain.finding import FileReport, Finding, Scanned, Skipped
from bot.domain.migration import Config
from bot.engine.diff.compare import review_files
from bot.engine.diff.views import Views
from bot.engine.program.index import LAST_ROUND, ROUNDS
from bot.engine.source.names import SUFFIXES
from bot.local.files import Reader
from bot.local.search import Progress
from bot.local.tree import surroundings

_REGULAR = frozenset({"100644", "100755"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSources:
    """The Python files that differ."""

    files: tuple[FileChange, ...]
    unreadable: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One line of ``git diff --raw``; a mode is six octal digits, zeros for a side that does not exist."""

    base_mode: str
    base_blob: str
    base_path: str
    mode: str
    path: str


def git(root: Path, *arguments: str, index: Path | None = None, data: bytes | None = None) -> bytes:
    """The output of a git command in ``root``, which reads ``data``.  Raises `UserError` with git's own words.

    ``index`` stands in for the repository's own one.
    """
    environment = {**os.environ, "GIT_INDEX_FILE": os.fspath(index)} if index else None
    try:
        command = ["git", "-C", os.fspath(root), "--literal-pathspecs", *arguments]
        done = subprocess.run(command, capture_output=True, check=True, input=data, env=environment)  # noqa: S603  no shell
    except FileNotFoundError as error:
        raise UserError("git is not installed") from error
    except subprocess.CalledProcessError as error:
        raise UserError(os.fsdecode(error.stderr).strip() or f"git {arguments[0]} failed") from error
    return done.stdout


def changes_since(root: Path, revision: str) -> ChangedSources:
    """What differs between the merge base with ``revision`` and the work tree: what a commit of it all would change.

    Files that git does not know yet count as well, so a file that was moved without ``git mv`` is a renamed one.
    Symbolic links and submodules have no source.  Raises `UserError` for an unknown revision or unrelated histories.
    """
    merge_base = _merge_base(root, revision)
    with _index_of_all(root) as index:
        command = ["diff", "--raw", "-z", "--no-abbrev", "--relative", "-M", "--no-ext-diff", merge_base, "--"]
        listed = git(root, *command, index=index)
    prefix = os.fsdecode(git(root, "rev-parse", "--show-prefix").rstrip(b"\n"))
    files, unreadable = [], []
    for entry in _entries(listed.split(b"\0")):
        if entry.path.endswith(SUFFIXES) or entry.base_path.endswith(SUFFIXES):
            try:
                files.append(_change(root, prefix, entry))
            except OSError as error:
                unreadable.append(Skipped(path=entry.path, reason=error.strerror or str(error)))
    return ChangedSources(files=tuple(files), unreadable=tuple(unreadable))


def _merge_base(root: Path, revision: str) -> str:
    """The last common commit with ``revision``.  Raises `UserError`: what may be meant, or has to be fetched."""
    git(root, "rev-parse", "--git-dir")  # says whether this is a repository
    try:
        base = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except UserError as error:
        raise UserError(f"no branch, tag or commit {revision!r} here{_meant(root, revision)}") from error
    try:
        return git(root, "merge-base", "HEAD", base.decode().strip()).decode().strip()
    except UserError as error:
        raise UserError(f"this branch and {revision} have no common commit{_shallow(root)}") from error


def _meant(root: Path, revision: str) -> str:
    """The branch that may be meant, or how to get it."""
    listed = git(root, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
    names = os.fsdecode(listed).split()
    remote = next((name for name in names if revision and name.endswith(f"/{revision}")), None)
    if found := remote or closest(revision, names):
        return f": did you mean {found!r}?"
    return _shallow(root) or "; `git branch --all` lists the branches"


def _shallow(root: Path) -> str:
    if git(root, "rev-parse", "--is-shallow-repository").strip() != b"true":
        return ""
    return ": this is a shallow clone; fetch all of it (`git fetch --unshallow`; in GitHub Actions `fetch-depth: 0`)"


@contextmanager
def _index_of_all(root: Path) -> Iterator[Path | None]:
    """An index that also knows of the files that git does not track yet; ``None``: the repository's own does."""
    untracked = git(root, "ls-files", "-z", "--others", "--exclude-standard").split(b"\0")
    files = [name for name in untracked if name and not name.endswith(b"/")]  # a directory is a repository in this one
    if not files:
        yield None
        return
    own = root / os.fsdecode(git(root, "rev-parse", "--git-path", "index").rstrip(b"\n"))
    with TemporaryDirectory(prefix="ssot-") as directory:
        index = Path(directory) / "index"
        if own.exists():
            shutil.copyfile(own, index)
        named = ["--pathspec-from-file=-", "--pathspec-file-nul"]
        git(root, "add", "--intent-to-add", *named, index=index, data=b"\0".join(files))
        yield index


def _entries(fields: Sequence[bytes]) -> Iterator[_Entry]:
    """The files of a diff (git-diff, "RAW OUTPUT FORMAT", with ``-z``)."""
    left = iter(fields)
    for raw in left:
        if raw:
            base_mode, mode, blob, _, status = raw.decode().lstrip(":").split(" ")
            base_path = path = os.fsdecode(next(left))
            if status[0] in "RC":
                path = os.fsdecode(next(left))
            yield _Entry(base_mode=base_mode, base_blob=blob, base_path=base_path, mode=mode, path=path)


def _change(root: Path, prefix: str, entry: _Entry) -> FileChange:
    """Both sides as in a work tree: with the line ends that its attributes and git's settings give them."""
    old, new = None, None
    if entry.base_mode in _REGULAR:
        old = git(root, "cat-file", "--filters", f"--path={prefix}{entry.base_path}", entry.base_blob)
    if entry.mode in _REGULAR:
        buffer, size = Reader(root).look(entry.path)
        new = bytes(memoryview(buffer)[:size])
    return FileChange(path=entry.path, base_path=entry.base_path, base=old, head=new)


def new_reports(root: Path, revision: str, config: Config, progress: Progress | None = None) -> tuple[FileReport, ...]:
    """The reports of the changed files, each with its new findings only."""
    changes = changes_since(root, revision)
    reports = [
        replace(review.report, findings=tuple(sorted(_added(review), key=lambda finding: finding.range)))
        if isinstance(review.report, Scanned)
        else review.report
        for review in review_of(root, changes.files, config, progress)
    ]
    return tuple(sorted([*reports, *changes.unreadable], key=lambda report: report.path))


def _added(review: FileReview) -> tuple[Finding, ...]:
    """Every new usage of the file: a statement group is one comment in a review, and several lines here."""
    return tuple(finding for new in review.new for finding in (new.finding, *new.also))


def review_of(
    root: Path, changes: Sequence[FileChange], config: Config, progress: Progress | None = None
) -> tuple[FileReview, ...]:
    """What the changes add: the same as the review of a pull request with these changes finds."""
    views = Views.of(changes, config, surroundings(root, config, progress) if changes else None)
    reviews: tuple[FileReview, ...] = ()
    for turn in range(ROUNDS):
        patient = turn < LAST_ROUND
        reviews = review_files(changes, config.migrations, views.head, base_index=views.base, patient=patient)
        missing = views.missing(reviews)
        if not missing:
            break
        views = views.with_unchanged(_read(root, missing))
    return reviews


def _read(root: Path, paths: Sequence[str]) -> Mapping[str, bytes | None]:
    reader = Reader(root)
    return {path: reader.read(path) for path in paths}
