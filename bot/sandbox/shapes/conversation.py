"""Issues, their comments, labels and reactions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from bot.sandbox.model import Comment, Issue, Label, Reaction, Repository
from bot.sandbox.people import Role, User
from bot.sandbox.shapes import accounts, stamp, stamp_or_none
from bot.sandbox.shapes.repositories import api, page
from bot.sandbox.world import Obj

CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def association(who: User, repo: Repository) -> str:
    """author_association.  It says little about rights, which is why nobody should decide by it."""
    if who is repo.owner:
        return "OWNER"
    given = repo.roles.get(who.id, who.role or Role.NONE)
    return "COLLABORATOR" if given.level > Role.READ.level else "NONE"


def label(of: Label, repo: Repository, url: str) -> Obj:
    return {
        "id": of.id,
        "node_id": f"LA_{of.id}",
        "url": f"{api(repo, url)}/labels/{quote(of.name)}",
        "name": of.name,
        "description": of.description,
        "color": of.color,
        "default": False,
    }


def reaction(of: Reaction, url: str) -> Obj:
    return {
        "id": of.id,
        "node_id": f"REA_{of.id}",
        "user": accounts.user(of.user, url),
        "content": of.content,
        "created_at": stamp(of.created_at),
    }


def rollup(reactions: Iterable[Reaction], subject: str) -> Obj:
    counts = Counter(reaction.content for reaction in reactions)
    return {
        "url": f"{subject}/reactions",
        "total_count": counts.total(),
        **{content: counts[content] for content in CONTENTS},
    }


def issue(of: Issue, url: str) -> Obj:
    """issue, also for a pull request's conversation half."""
    repo = of.repo
    me = f"{api(repo, url)}/issues/{of.number}"
    site = f"{page(repo, url)}/{'pull' if of.pull else 'issues'}/{of.number}"
    body: Obj = {
        "id": of.id,
        "node_id": f"{'PR' if of.pull else 'I'}_{of.id}",
        "url": me,
        "repository_url": api(repo, url),
        "labels_url": f"{me}/labels{{/name}}",
        "comments_url": f"{me}/comments",
        "events_url": f"{me}/events",
        "html_url": site,
        "timeline_url": f"{me}/timeline",
        "number": of.number,
        "title": of.title,
        "user": accounts.user(of.author, url),
        "labels": [label(each, repo, url) for each in of.labels],
        "state": of.state,
        "state_reason": of.state_reason,
        "locked": of.locked,
        "active_lock_reason": of.lock_reason,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(of.comments),
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
        "closed_at": stamp_or_none(of.closed_at),
        "closed_by": None if of.closed_by is None else accounts.user(of.closed_by, url),
        "author_association": association(of.author, repo),
        "body": of.body,
        "reactions": rollup(of.reactions, me),
        "performed_via_github_app": None if of.via_app is None else accounts.app(of.via_app, url),
    }
    if of.sub_issues:
        body["sub_issues_summary"] = _summary(of.sub_issues)
    if of.pull is not None:
        body["draft"] = of.pull.draft
        body["pull_request"] = {
            "url": f"{api(repo, url)}/pulls/{of.number}",
            "html_url": site,
            "diff_url": f"{site}.diff",
            "patch_url": f"{site}.patch",
            "merged_at": stamp_or_none(of.pull.merged_at),
        }
    return body


def _summary(sub_issues: Sequence[Issue]) -> Obj:
    """Of all of them, whether the reader may see them or not."""
    done = sum(each.state == "closed" for each in sub_issues)
    return {"total": len(sub_issues), "completed": done, "percent_completed": 100 * done // len(sub_issues)}


def issue_told(of: Issue, url: str) -> Obj:
    """The issue of a webhook or a search, which does not say who closed it."""
    return {name: value for name, value in issue(of, url).items() if name != "closed_by"}


def comment(of: Comment, url: str) -> Obj:
    """issue-comment."""
    repo = of.issue.repo
    me = f"{api(repo, url)}/issues/comments/{of.id}"
    kind = "pull" if of.issue.pull else "issues"
    return {
        "id": of.id,
        "node_id": f"IC_{of.id}",
        "url": me,
        "html_url": f"{page(repo, url)}/{kind}/{of.issue.number}#issuecomment-{of.id}",
        "issue_url": f"{api(repo, url)}/issues/{of.issue.number}",
        "user": accounts.user(of.author, url),
        "body": of.body,
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
        "author_association": association(of.author, repo),
        "reactions": rollup(of.reactions, me),
        "performed_via_github_app": None if of.via_app is None else accounts.app(of.via_app, url),
    }
