"""Checks the merge queue's commits: what a pull request adds, on top of all that is merged before it.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/merging-a-pull-request-with-a-merge-queue
"""

from collections.abc import Iterable
from dataclasses import replace

from bot.context import Bot
from bot.domain.facts import ChangedFiles, TreeEntry
from bot.domain.references import ChangedFile, PullRequestRef, RepoRef, Sha
from bot.github import reads
from bot.jobs import Done, Outcome
from bot.repository import at_branch
from bot.review import render_effects as words
from bot.review.plan import plan_check
from bot.review.update import complete_check, found_in, not_scanned


async def check_merge_group(bot: Bot, ref: PullRequestRef, base: Sha, head: Sha, *, force: bool = False) -> Outcome:
    """The check run on ``head``, a commit that the queue made of the pull request on top of ``base``.

    The configuration is that of the branch it is merged into.  What people skipped on the pull request is skipped
    here as well.  ``force``: somebody asked for a re-run.
    """
    pull = replace(await reads.pull_request(bot.github, ref), base_sha=base, head_sha=head)
    at = await at_branch(bot, ref.repo, pull.base_ref)
    if at.problem:
        check = not_scanned(pull, at.problem)
    else:
        check = plan_check(await found_in(bot, pull, at.config, changed=await _changed(bot, ref.repo, base, head)))
    run = words.group_check_run(check, pull, at.migrations)
    await complete_check(bot, run, force=force)
    return Done(summary=f"check {check.conclusion}")


async def _changed(bot: Bot, repo: RepoRef, base: Sha, head: Sha) -> ChangedFiles:
    """All changed files: as GitHub compares the commits, or from the two trees where it does not list them all."""
    listed = await reads.files_between(bot.github, repo, base, head)
    if listed is not None:
        return ChangedFiles(files=listed)
    start = await reads.merge_base(bot.github, repo, base, head)
    before, after = await reads.whole_tree(bot.github, repo, start), await reads.whole_tree(bot.github, repo, head)
    return ChangedFiles(files=differing(before, after))


def differing(before: Iterable[TreeEntry], after: Iterable[TreeEntry]) -> tuple[ChangedFile, ...]:
    """The files that differ between two trees; one whose content went to another path as a whole was renamed."""
    old, new = _by_path(before), _by_path(after)
    gone: dict[Sha, list[str]] = {}
    for path in sorted(old.keys() - new.keys(), reverse=True):
        gone.setdefault(old[path].sha, []).append(path)
    found = []
    for path in sorted(new):
        entry = new[path]
        if path not in old:
            sources = gone.get(entry.sha)
            found.append(_file(entry, "renamed", sources.pop()) if sources else _file(entry, "added"))
        elif old[path].sha != entry.sha:
            found.append(_file(entry, "modified"))
    left = sorted(path for paths in gone.values() for path in paths)
    return (*found, *(_file(old[path], "removed") for path in left))


def _by_path(entries: Iterable[TreeEntry]) -> dict[str, TreeEntry]:
    return {entry.path: entry for entry in entries}


def _file(entry: TreeEntry, status: str, previous: str | None = None) -> ChangedFile:
    return ChangedFile(path=entry.path, previous_path=previous, status=status, blob_sha=entry.sha, patch=None)
