"""Repositories."""

from bot.sandbox.model import Repository
from bot.sandbox.shapes import accounts, stamp
from bot.sandbox.world import Obj

TEMPLATES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def api(of: Repository, url: str) -> str:
    return f"{url}/repos/{of.full_name}"


def page(of: Repository, url: str) -> str:
    return f"{url}/{of.full_name}"


def repository(of: Repository, url: str) -> Obj:
    """repository, as it stands inside other objects and in webhooks."""
    here, site = api(of, url), page(of, url)
    still_open = sum(issue.state == "open" for issue in of.issues.values())
    return {
        "id": of.id,
        "node_id": of.node_id,
        "name": of.name,
        "full_name": of.full_name,
        "private": of.private,
        "owner": accounts.user(of.owner, url),
        "html_url": site,
        "description": None,
        "fork": of.parent is not None,
        "url": here,
        **{name: here + tail for name, tail in TEMPLATES.items()},
        "git_url": f"git://{site.partition('://')[2]}.git",
        "ssh_url": f"git@{site.partition('://')[2]}.git",
        "clone_url": f"{site}.git",
        "svn_url": site,
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "size": 0,
        "default_branch": of.default_branch,
        "open_issues_count": still_open,
        "is_template": False,
        "topics": [],
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "archived": of.archived,
        "disabled": False,
        "visibility": "private" if of.private else "public",
        "pushed_at": stamp(of.pushed_at),
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.pushed_at),
        "license": None,
        "forks": 0,
        "open_issues": still_open,
        "watchers": 0,
        "allow_forking": True,
        "web_commit_signoff_required": False,
    }


def full_repository(of: Repository, url: str) -> Obj:
    """full-repository: what ``GET /repos/{owner}/{repo}`` answers."""
    related = {} if of.parent is None else {"parent": repository(of.parent, url), "source": repository(of.parent, url)}
    return {
        **repository(of, url),
        "subscribers_count": 0,
        "network_count": 0,
        "allow_merge_commit": True,
        "allow_squash_merge": True,
        "allow_rebase_merge": True,
        "delete_branch_on_merge": False,
        **related,
    }


def short(of: Repository, url: str) -> Obj:
    """The three fields inside a pull-request-minimal."""
    return {"id": of.id, "url": api(of, url), "name": of.name}


def in_installation(of: Repository) -> Obj:
    """The entry of an installation webhook's ``repositories``."""
    return {
        "id": of.id,
        "node_id": of.node_id,
        "name": of.name,
        "full_name": of.full_name,
        "private": of.private,
    }
