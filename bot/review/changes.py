"""The sources that a scan needs: both sides of what a pull request changes, and the modules that names go through."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.context import Bot
from bot.domain.file_result import FileChange, FileReview, UnreadFile
from bot.domain.finding import Skipped
from bot.domain.migration import Config
from bot.domain.references import ChangedFile, PullRequest, RepoRef, Sha
from bot.engine.diff.unified import Hunk, MalformedPatch, parse_patch
from bot.engine.diff.views import Surroundings, Views, rooted_elsewhere
from bot.engine.program.index import LAST_ROUND, ROUNDS
from bot.engine.source.names import SUFFIXES
from bot.github import reads
from bot.github.at_once import of_each
from bot.github.errors import NotFound
from bot.github.reads.contents import Place
from bot.inventory.store import Surveyed
from bot.inventory.view import view_of
from bot.memory import TooMuch
from bot.review.late import not_given_yet
from bot.review.unread import not_searched, unread_files
from bot.scanner.scanner import ReviewRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedChanges:
    """What the engine made of the changed files."""

    reviews: tuple[FileReview, ...]
    skipped: tuple[Skipped, ...]
    """What is no source file: links, submodules."""
    unread: tuple[UnreadFile, ...] = ()
    """What could not be read, of those in ``reviews``."""
    lacking: str | None = None
    """Why the files that the pull request does not change were not in view."""


async def scan_changes(
    bot: Bot, pull: PullRequest, config: Config, changed: Iterable[ChangedFile], *, onto: str | None = None
) -> ScannedChanges:
    """Both sides of every changed Python file against the merge base, scanned together.

    ``onto``: what the change is put on, a branch or a commit; by default the base branch as it is now.
    Raises ``NotShownYet`` while GitHub does not give a file that it has just listed.
    """
    python = [file for file in changed if _is_python(file)]
    if not python:
        return ScannedChanges(reviews=(), skipped=())
    base = await reads.merge_base(bot.github, pull.ref.repo, onto or pull.base_ref, pull.head_sha)
    hunks = {file.path: found for file in python if (found := _hunks(file)) is not None}
    view = await view_of(bot, Surveyed(repo=pull.ref.repo, branch=pull.base_ref, config=config))
    around = view.around
    if around is not None and view.commit != base:  # the branch has moved on: files may be there that it lost since
        around = replace(around, paths=None)
    paths = {path for file in python for path in (file.path, *_base_paths(file))}
    near = around.first(paths, config) if around else ()
    try:
        fetched = await _fetch(bot, pull, base, python, near)
    except TooMuch as refusal:
        unread = not_searched(config.migrations, [file for file in python if file.status != "removed"], str(refusal))
        return ScannedChanges(reviews=(), skipped=(), unread=unread, lacking=view.lacking)
    reviews = await _review(bot, pull, config, fetched, hunks, around)
    unread = await unread_files(bot, config.migrations, fetched.changes, reviews)
    return ScannedChanges(reviews=reviews, skipped=fetched.skipped, unread=unread, lacking=view.lacking)


def _is_python(file: ChangedFile) -> bool:
    return file.path.endswith(SUFFIXES) or (file.previous_path or "").endswith(SUFFIXES)


def _hunks(file: ChangedFile) -> tuple[Hunk, ...] | None:
    """The hunks as GitHub will check comments against; ``None`` when the patch is missing or cut short."""
    if file.patch is None:
        return None
    try:
        return parse_patch(file.patch)
    except MalformedPatch:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """The files of a scan."""

    changes: tuple[FileChange, ...]
    skipped: tuple[Skipped, ...]
    """Symbolic links and submodules: they are no source files."""
    near: Mapping[str, bytes | None]
    """Files that the pull request does not change."""


async def _fetch(bot: Bot, pull: PullRequest, base: Sha, files: Sequence[ChangedFile], near: Sequence[str]) -> _Fetched:
    """Both sides of each file, and what is ``near`` them: what a scan is sure to ask for.

    GitHub's list may start at an older merge base.  So what it says of the base side is looked up, not believed.
    """
    before = {(base, path) for file in files for path in _base_paths(file)}
    listed = [(base, _base_paths(file)[0]) for file in files if file.status not in _NEW]
    after = {file.path: (pull.head_sha, file.path) for file in files if file.status != "removed"}
    beside = {path: (pull.head_sha, path) for path in near}
    others = [*(before - {*listed}), *beside.values()]
    found, absent = await _named(bot, pull.ref.repo, base, [*listed, *after.values()], others)
    changes, skipped = [], []
    for file in files:
        head = found.get(after[file.path]) if file.path in after else None
        paths = [path for path in _base_paths(file) if found[base, path] is not None]
        if paths or head is not None:
            old = paths[0] if paths else _base_paths(file)[0]
            changes.append(FileChange(path=file.path, base_path=old, base=found[base, old], head=head))
        elif not absent.issuperset(_base_paths(file)):
            skipped.append(Skipped(path=file.path, reason="not a regular file on either side (a link or a submodule)"))
    unchanged = {path: found[place] for path, place in beside.items()}
    return _Fetched(changes=tuple(changes), skipped=tuple(skipped), near=unchanged)


async def _named(
    bot: Bot, repo: RepoRef, base: Sha, places: Collection[Place], others: Iterable[Place]
) -> tuple[Mapping[Place, bytes | None], frozenset[str]]:
    """The files at ``places``, which GitHub has just named, and others; ``None``: a link, a submodule, or nothing.

    And the paths of which ``base`` has nothing, although they were named.
    """
    found = await reads.files(bot.github, repo, [*places, *others])
    missing = [place for place in places if found[place] is None]
    if not missing:
        return found, frozenset()
    given = await of_each(lambda place: reads.file_at(bot.github, repo, place[1], place[0]), missing)
    absent = [place for place, file in zip(missing, given, strict=True) if file is None]
    if absent:
        await _require_gone(bot, repo, base, absent)
    again = await reads.files(bot.github, repo, missing)
    return {**found, **again}, frozenset(path for _, path in absent)


async def _require_gone(bot: Bot, repo: RepoRef, base: Sha, absent: Sequence[Place]) -> None:
    """Raise unless the tree of ``base`` shows that there is nothing at these places: GitHub may not give it yet."""
    try:
        there = {entry.path for entry in await reads.whole_tree(bot.github, repo, base)}
    except NotFound:
        raise not_given_yet(bot, absent[0][1]) from None
    for rev, path in absent:
        if rev != base or path in there:
            raise not_given_yet(bot, path)


_NEW = ("added", "copied")
"""What the base side does not have; of a copy, what was copied is still there."""


def _base_paths(file: ChangedFile) -> tuple[str, ...]:
    """Where the base side may have the file, as it is listed first."""
    renamed = file.status not in _NEW and file.previous_path not in (None, file.path)
    return (file.previous_path or file.path, file.path) if renamed else (file.path,)


async def _review(
    bot: Bot,
    pull: PullRequest,
    config: Config,
    fetched: _Fetched,
    hunks: Mapping[str, Sequence[Hunk]],
    around: Surroundings | None,
) -> tuple[FileReview, ...]:
    """The engine's answer once it misses no module that a name could come through.

    Making an index parses nothing, so it happens here; what is parsed is parsed in a worker.  What the survey says of
    the files that names are looked up in is fetched first, so that few scans end in asking for more.
    """
    changes = fetched.changes
    listed = () if around else await _listed(bot, pull, config, changes)
    views = Views.of(changes, config, around, listed).with_unchanged(fetched.near)
    reviews: tuple[FileReview, ...] = ()
    for turn in range(ROUNDS):
        request = ReviewRequest(
            changes=changes, migrations=config.migrations, index=views.head, hunks=hunks, base_index=views.base,
            patient=turn < LAST_ROUND,
        )  # fmt: skip
        reviews = await bot.scanner.review(request)
        missing = views.missing(reviews)
        if not missing:
            break
        views = await _with(bot, pull, views, missing)
    return reviews


async def _with(bot: Bot, pull: PullRequest, views: Views, paths: Sequence[str]) -> Views:
    """The same and what is at ``paths``: what the pull request does not change is the same on both sides."""
    absent = views.absent(paths)
    there = [path for path in paths if path not in absent]
    found = await reads.files_at(bot.github, pull.ref.repo, there, pull.head_sha) if there else {}
    return views.with_unchanged({**found, **dict.fromkeys(absent)})


async def _listed(bot: Bot, pull: PullRequest, config: Config, changes: Sequence[FileChange]) -> Sequence[str]:
    """The files of the repository, if they are needed to find its source roots."""
    repo, places = pull.ref.repo, rooted_elsewhere(changes, config)
    at_top = await reads.files_at(bot.github, repo, (path for paths in places for path in paths), pull.head_sha)
    if all(any(at_top[path] is not None for path in paths) for paths in places):
        return ()
    return [entry.path for entry in await reads.whole_tree(bot.github, repo, pull.head_sha)]
