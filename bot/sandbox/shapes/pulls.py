"""Pull requests, reviews, review comments."""

from dataclasses import dataclass

from bot.sandbox.merging import merge_state
from bot.sandbox.model import PullRequest, Repository, Review, ReviewComment, ReviewThread
from bot.sandbox.people import User
from bot.sandbox.shapes import accounts, link, stamp, stamp_or_none
from bot.sandbox.shapes.conversation import association, label, rollup
from bot.sandbox.shapes.repositories import api, page, repository, short
from bot.sandbox.world import Obj


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How large a pull request is, and whether git can merge it (``None``: not known yet)."""

    commits: int
    additions: int
    deletions: int
    changed_files: int
    mergeable: bool | None = None


def pull_request_simple(of: PullRequest, url: str) -> Obj:
    """pull-request-simple: the entry of a list."""
    issue, repo = of.issue, of.repo
    me, site = f"{api(repo, url)}/pulls/{of.number}", f"{page(repo, url)}/pull/{of.number}"
    thread = f"{api(repo, url)}/issues/{of.number}"
    urls = {
        "self": me,
        "html": site,
        "issue": thread,
        "comments": f"{thread}/comments",
        "review_comments": f"{me}/comments",
        "review_comment": f"{api(repo, url)}/pulls/comments{{/number}}",
        "commits": f"{me}/commits",
        "statuses": f"{api(repo, url)}/statuses/{of.head_sha}",
    }
    return {
        "url": me,
        "id": of.id,
        "node_id": f"PR_{issue.id}",
        "html_url": site,
        "diff_url": f"{site}.diff",
        "patch_url": f"{site}.patch",
        **{f"{name}_url": href for name, href in urls.items() if name not in ("self", "html")},
        "number": of.number,
        "state": issue.state,
        "locked": issue.locked,
        "active_lock_reason": issue.lock_reason,
        "title": issue.title,
        "user": accounts.user(issue.author, url),
        "body": issue.body,
        "labels": [label(each, repo, url) for each in issue.labels],
        "milestone": None,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp_or_none(issue.closed_at),
        "merged_at": stamp_or_none(of.merged_at),
        "merge_commit_sha": of.merge_commit_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(of.head_owner, of.head_ref, of.head_sha, of.head_repo, url),
        "base": _end(repo.owner, of.base_ref, of.base_sha, repo, url),
        "_links": {name: link(href) for name, href in urls.items()},
        "author_association": association(issue.author, repo),
        "auto_merge": None,
        "draft": of.draft,
    }


def _end(owner: User, ref: str, sha: str, repo: Repository | None, url: str) -> Obj:
    return {
        "label": f"{owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": accounts.user(owner, url),
        "repo": None if repo is None or repo.deleted else repository(repo, url),
    }


def pull_request(of: PullRequest, extent: Extent, url: str) -> Obj:
    """pull-request: one read by its number, and the one in webhooks."""
    return {
        **pull_request_simple(of, url),
        "merged": of.merged_at is not None,
        "mergeable": extent.mergeable,
        "rebaseable": extent.mergeable,
        "mergeable_state": merge_state(of, mergeable=extent.mergeable),
        "merged_by": None if of.merged_by is None else accounts.user(of.merged_by, url),
        "comments": len(of.issue.comments),
        "review_comments": len(of.review_comments),
        "maintainer_can_modify": of.maintainer_can_modify,
        "commits": extent.commits,
        "additions": extent.additions,
        "deletions": extent.deletions,
        "changed_files": extent.changed_files,
    }


def pull_request_minimal(of: PullRequest, url: str) -> Obj:
    """pull-request-minimal: as check runs list it."""
    head = of.head_repo or of.repo
    return {
        "id": of.id,
        "number": of.number,
        "url": f"{api(of.repo, url)}/pulls/{of.number}",
        "head": {"ref": of.head_ref, "sha": of.head_sha, "repo": short(head, url)},
        "base": {"ref": of.base_ref, "sha": of.base_sha, "repo": short(of.repo, url)},
    }


def review(of: Review, url: str, *, webhook: bool = False) -> Obj:
    """pull-request-review; webhooks spell the state in lower case."""
    pull = of.pull
    site = f"{page(pull.repo, url)}/pull/{pull.number}"
    here = f"{api(pull.repo, url)}/pulls/{pull.number}"
    submitted = {} if of.submitted_at is None else {"submitted_at": stamp(of.submitted_at)}
    return {
        "id": of.id,
        "node_id": f"PRR_{of.id}",
        "user": accounts.user(of.author, url),
        "body": (of.body or None) if webhook else of.body,
        "state": of.state.lower() if webhook else of.state,
        "html_url": f"{site}#pullrequestreview-{of.id}",
        "pull_request_url": here,
        "_links": {"html": link(f"{site}#pullrequestreview-{of.id}"), "pull_request": link(here)},
        **submitted,
        "commit_id": of.commit_id,
        "author_association": association(of.author, pull.repo),
    }


def review_comment(of: ReviewComment, url: str) -> Obj:
    """pull-request-review-comment.  ``line`` and ``position`` are null once it is outdated."""
    thread, pull = of.thread, of.thread.pull
    site = f"{page(pull.repo, url)}/pull/{pull.number}#discussion_r{of.id}"
    me, here = f"{api(pull.repo, url)}/pulls/comments/{of.id}", f"{api(pull.repo, url)}/pulls/{pull.number}"
    now, then = thread.current, thread.original
    body: Obj = {
        "url": me,
        "pull_request_review_id": None if of.review is None else of.review.id,
        "id": of.id,
        "node_id": f"PRRC_{of.id}",
        "diff_hunk": thread.diff_hunk,
        "path": thread.path,
        "commit_id": thread.commit,
        "original_commit_id": thread.original_commit,
        "user": accounts.user(of.author, url),
        "body": of.body,
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
        "html_url": site,
        "pull_request_url": here,
        "author_association": association(of.author, pull.repo),
        "_links": {"self": link(me), "html": link(site), "pull_request": link(here)},
        "reactions": rollup(of.reactions, me),
        "start_line": None if now is None else now.start_line,
        "original_start_line": then.start_line,
        "start_side": then.start_side,
        "line": None if now is None else now.line,
        "original_line": then.line,
        "side": then.side,
        "position": None if now is None else now.position,
        "original_position": then.position or 1,
        "subject_type": "file" if then.line is None else "line",
    }
    if of.in_reply_to is not None:
        body["in_reply_to_id"] = of.in_reply_to
    return body


def thread(of: ReviewThread, url: str) -> Obj:
    """The ``thread`` of a pull_request_review_thread webhook."""
    return {"node_id": f"PRRT_{of.id}", "comments": [review_comment(each, url) for each in of.comments]}
