"""What the work tree adds to the merge base with a revision: the pairs of files that a review looks at."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.engine.diff.review import review_files
from bot.engine.index import Index
from bot.errors import UserError
from bot.local.files import SUFFIXES, Reader
from bot.local.tree import MAX_ROUNDS, read_modules
from bot.migration import Config
from bot.model import FileReport, Finding, Scanned
from bot.outcomes import FileChange, FileReview


def git(root: Path, *arguments: str) -> bytes:
    """The output of a git command in ``root``.  Raises `UserError` with git's own words."""
    try:
        command = ["git", "-C", os.fspath(root), *arguments]
        done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603  no shell
    except FileNotFoundError as error:
        raise UserError("git is not installed") from error
    except subprocess.CalledProcessError as error:
        raise UserError(os.fsdecode(error.stderr).strip() or f"git {arguments[0]} failed") from error
    return done.stdout


def changes_since(root: Path, revision: str) -> tuple[FileChange, ...]:
    """The Python files that differ between the merge base with ``revision`` and the work tree, renames as such.

    Files that git does not know yet count as added.  Raises `UserError` for an unknown revision or
    unrelated histories.
    """
    base = git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    merge_base = git(root, "merge-base", "HEAD", base).decode().strip()
    listed = git(root, "diff", "--name-status", "-z", "-M", "--no-ext-diff", merge_base, "--")
    changed = _name_status(listed.split(b"\0"))
    others = git(root, "ls-files", "-z", "--others", "--exclude-standard").split(b"\0")
    changed += [("A", os.fsdecode(path), os.fsdecode(path)) for path in others if path]
    return tuple(
        _change(root, merge_base, status, before, path)
        for status, before, path in changed
        if path.endswith(SUFFIXES) or before.endswith(SUFFIXES)
    )


def _name_status(fields: Sequence[bytes]) -> list[tuple[str, str, str]]:
    """Status, old path and new path of each entry (git-diff, "RAW OUTPUT FORMAT", with ``-z``)."""
    found = []
    names = iter(fields)
    for status in names:
        if status:
            before = os.fsdecode(next(names))
            after = os.fsdecode(next(names)) if status[:1] in (b"R", b"C") else before
            found.append((status[:1].decode(), before, after))
    return found


def _change(root: Path, base: str, status: str, before: str, path: str) -> FileChange:
    old = None if status == "A" else git(root, "cat-file", "blob", f"{base}:{before}")
    new = None if status == "D" else Reader(root).read(path)
    return FileChange(path=path, base_path=before, base=old, head=new)


def new_reports(root: Path, revision: str, config: Config) -> tuple[FileReport, ...]:
    """The reports of the changed files, each with its new findings only."""
    reports = [
        replace(review.report, findings=tuple(sorted(_added(review), key=lambda finding: finding.range)))
        if isinstance(review.report, Scanned)
        else review.report
        for review in review_since(root, revision, config)
    ]
    return tuple(sorted(reports, key=lambda report: report.path))


def _added(review: FileReview) -> tuple[Finding, ...]:
    """Every new usage of the file: a statement group is one comment in a review, and several lines here."""
    return tuple(finding for new in review.new for finding in (new.finding, *new.also))


def review_since(root: Path, revision: str, config: Config) -> tuple[FileReview, ...]:
    """What the work tree adds: the same review as that of a pull request with these changes."""
    changes = changes_since(root, revision)
    heads = [(change.path, change.head) for change in changes if change.head is not None]
    index = Index.build(heads, source_roots=config.source_roots, modules=config.target_modules)
    reviews = review_files(changes, config.migrations, index)
    for _ in range(MAX_ROUNDS):
        wanted = frozenset[str]().union(*(r.report.wanted for r in reviews if isinstance(r.report, Scanned)))
        if not wanted:
            break
        index = index.with_modules(read_modules(root, wanted, index))
        reviews = review_files(changes, config.migrations, index)
    return reviews
