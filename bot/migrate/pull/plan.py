"""``/ssot migrate`` on a pull request: which files, what prevents a commit, what goes into which commit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.domain.errors import UserError
from bot.domain.facts import PullBranch, TreeEntry
from bot.domain.file_result import FileMigration
from bot.domain.finding import Skipped
from bot.domain.globs import GlobError, matches
from bot.domain.references import PullRequest, Sha
from bot.migrate.pull.models import PLAIN, CommitChunk, MigrateRequest, Obstacle, Selection

SUFFIXES = (".py", ".pyi", ".pyw")
LARGEST_FILE = 8 << 20
"""Bytes; files that people write are a hundred times smaller."""
MOST_FILES = 500
"""Files that the named directories and globs may match; each costs a request."""
COMMIT_FILES = 100
COMMIT_BYTES = 2 << 20
"""What goes into one commit.  GitHub documents no limit; the API was seen to give up on trees of 2.5 MB and 250 files
(https://github.com/codesandbox/codesandbox-client/issues/8614), and on any body of 50 MB."""


def obstacle(pull: PullRequest, *, in_merge_queue: bool) -> Obstacle | None:
    """The first thing that prevents a commit; ``None``: nothing does."""
    found = {
        Obstacle.MERGED: pull.merged,
        Obstacle.CLOSED: pull.state != "open",
        Obstacle.BRANCH_GONE: pull.head_repo is None,
        Obstacle.QUEUED: in_merge_queue,
        Obstacle.LOCKED: pull.locked,
    }
    return next((each for each, holds in found.items() if holds), None)


def seen_head(branch: PullBranch, ask: MigrateRequest) -> Sha | None:
    """The head that the person saw: the last one that surely was a head when they asked.

    An older one than theirs does no harm: what was changed since is not committed upon.  ``None`` where it cannot be
    told: nothing says which heads there were by then, or a force-push has replaced a head that came later.
    """
    if ask.seen or ask.at is None:
        return ask.seen
    at = ask.at
    later = next((push for push in branch.forced if push.at >= at), None)
    if later is None or (later is branch.forced[0] and not branch.all_forced):
        there = () if later else branch.commits
    else:
        there = (later.before,) if later.before else ()
    heads = [commit for commit in there if commit.head_at is not None and commit.head_at <= at]
    return heads[-1].sha if heads else None


# --- which files ------------------------------------------------------------------------------------------------


def select(tree: Iterable[TreeEntry], touched: Iterable[str], asked: Sequence[str]) -> Selection:
    """The Python files of ``tree`` among ``asked`` (files, directories, globs), or without any among ``touched``.

    Symbolic links and submodules are skipped.  Raises ``UserError`` for an invalid glob, and for more files than one
    command takes.
    """
    python = {entry.path: entry for entry in tree if entry.path.endswith(SUFFIXES)}
    if not asked:
        return _sorted({path for path in touched if path in python}, python, ())
    chosen: set[str] = set()
    unmatched = []
    for argument in asked:
        found = _named(argument, python)
        chosen |= found
        unmatched += [] if found else [argument]
    if len(chosen) > MOST_FILES:
        raise UserError(
            f"These paths match {len(chosen):,} Python files; the limit is {MOST_FILES}. Name fewer directories."
        )
    return _sorted(chosen, python, tuple(unmatched))


def _named(path: str, python: Iterable[str]) -> set[str]:
    """The files that one argument names."""
    below = {each for each in python if not path or each == path or each.startswith(f"{path}/")}
    if below:
        return below
    try:
        return {each for each in python if matches(each, (path,))}
    except GlobError as error:
        raise UserError(f"Invalid glob: {error.message}.") from error


def _sorted(chosen: Iterable[str], python: Mapping[str, TreeEntry], unmatched: tuple[str, ...]) -> Selection:
    ordered = sorted(chosen)
    skipped = {path: why for path in ordered if (why := _passed_over(python[path]))}
    return Selection(
        paths=tuple(path for path in ordered if path not in skipped),
        skipped=tuple(Skipped(path=path, reason=why) for path, why in skipped.items()),
        unmatched=unmatched,
    )


def _passed_over(entry: TreeEntry) -> str | None:
    """Why a file is not even fetched."""
    match entry.mode:
        case "100644" | "100755":
            too_big = (entry.size or 0) > LARGEST_FILE
            return f"larger than {LARGEST_FILE >> 20} MiB" if too_big else None
        case "120000":
            return "a symbolic link: its target is scanned under its own path"
        case _:
            return "not a regular file"


# --- what is committed --------------------------------------------------------------------------------------------


def batches(files: Iterable[FileMigration], modes: Mapping[str, str]) -> tuple[CommitChunk, ...]:
    """The changed files in their order, in commits that GitHub accepts."""
    pieces = _pieces([file for file in files if file.changed])
    return tuple(
        CommitChunk(
            number=number,
            files=piece,
            modes={file.path: modes[file.path] for file in piece if modes.get(file.path, PLAIN) != PLAIN},
        )
        for number, piece in enumerate(pieces, 1)
    )


def _pieces(files: Iterable[FileMigration]) -> Iterator[tuple[FileMigration, ...]]:
    piece: list[FileMigration] = []
    held = 0
    for file in files:
        if piece and (len(piece) == COMMIT_FILES or held + len(file.after) > COMMIT_BYTES):
            yield tuple(piece)
            piece, held = [], 0
        piece.append(file)
        held += len(file.after)
    if piece:
        yield tuple(piece)


def overtaken(planned: Iterable[FileMigration], now: Iterable[FileMigration]) -> tuple[str, ...]:
    """The planned files that differ, or would be rewritten differently, on a head that has moved."""
    present = {file.path: (file.before, file.after) for file in now}
    return tuple(file.path for file in planned if present.get(file.path) != (file.before, file.after))
