"""Reads: each function fetches one kind of fact and returns a value of ``bot.domain.finding`` or ``bot.domain.facts``.

All of them take the :class:`~bot.github.client.GitHub` first.  Errors: ``RetryLater`` (limits, server trouble),
``NotFound`` and ``Gone``, ``MissingPermission``; see ``bot.github.errors``.
"""

from bot.github.reads.app import (
    hook_config,
    hook_deliveries,
    identity,
    installation_repositories,
    installations,
    ourselves,
    repo_installation,
)
from bot.github.reads.at_once import conversation, standing
from bot.github.reads.changes import changed_between, changed_files, files_of, listed_files
from bot.github.reads.checks import check_runs
from bot.github.reads.contents import blob, blobs, file_at, files, files_at, tarball, tree, whole_tree
from bot.github.reads.pulls import (
    commits_ahead,
    open_heads,
    open_pull_requests,
    own_pull_requests,
    pull_branch,
    pull_request,
)
from bot.github.reads.repository import (
    branch_head,
    dismisses_approvals,
    is_behind,
    merge_base,
    queue_entries,
    queue_judges_the_last,
    repository,
    repository_by_id,
    required_checks,
    role,
)
from bot.github.reads.talk import (
    issue,
    issue_comment,
    issue_comments,
    issue_edits,
    review_comment,
    review_threads,
    reviews,
)
from bot.github.reads.tracked import (
    checks,
    commit_time,
    deployment,
    issue_fact,
    last_change,
    linked_pulls,
    numbered_pull,
    sub_issues,
)

__all__ = [
    "blob",
    "blobs",
    "branch_head",
    "changed_between",
    "changed_files",
    "check_runs",
    "checks",
    "commit_time",
    "commits_ahead",
    "conversation",
    "deployment",
    "dismisses_approvals",
    "file_at",
    "files",
    "files_at",
    "files_of",
    "hook_config",
    "hook_deliveries",
    "identity",
    "installation_repositories",
    "installations",
    "is_behind",
    "issue",
    "issue_comment",
    "issue_comments",
    "issue_edits",
    "issue_fact",
    "last_change",
    "linked_pulls",
    "listed_files",
    "merge_base",
    "numbered_pull",
    "open_heads",
    "open_pull_requests",
    "ourselves",
    "own_pull_requests",
    "pull_branch",
    "pull_request",
    "queue_entries",
    "queue_judges_the_last",
    "repo_installation",
    "repository",
    "repository_by_id",
    "required_checks",
    "review_comment",
    "review_threads",
    "reviews",
    "role",
    "standing",
    "sub_issues",
    "tarball",
    "tree",
    "whole_tree",
]
