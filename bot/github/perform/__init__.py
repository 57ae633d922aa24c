"""Effects: each function does one thing to GitHub, from a complete value.

All of them take the :class:`~bot.github.client.GitHub` first and write once: without an answer they raise
``Uncertain``, and the caller starts again from reading.  Other errors: ``RetryLater``, ``Unprocessable`` (422),
``HeadMoved``, ``AlreadyExists``, ``NotFound`` and ``Gone``, ``MissingPermission``; see ``bot.github.errors``.
"""

from bot.github.perform.checks import create_check_run, update_check_run
from bot.github.perform.commits import (
    commit_files,
    commit_tree,
    create_ref,
    move_branch,
    open_pull_request,
    update_pull_request,
    write_commit,
)
from bot.github.perform.review import Submitted, resolve_thread, submit_review, unresolve_thread
from bot.github.perform.talk import comment, minimize_comment, react, update_comment, update_issue

__all__ = [
    "Submitted",
    "comment",
    "commit_files",
    "commit_tree",
    "create_check_run",
    "create_ref",
    "minimize_comment",
    "move_branch",
    "open_pull_request",
    "react",
    "resolve_thread",
    "submit_review",
    "unresolve_thread",
    "update_check_run",
    "update_comment",
    "update_issue",
    "update_pull_request",
    "write_commit",
]
