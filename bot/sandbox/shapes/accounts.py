"""Users, the App, its installations."""

from urllib.parse import quote

from bot.sandbox.people import App, Installation, User
from bot.sandbox.shapes import stamp, stamp_or_none
from bot.sandbox.world import Obj


def user(who: User, url: str) -> Obj:
    """simple-user.  An App's bot has brackets in its login, and its App's page for a page."""
    me = f"{url}/users/{quote(who.login)}"
    site = f"apps/{who.login.removesuffix('[bot]')}" if who.type == "Bot" else quote(who.login)
    return {
        "login": who.login,
        "id": who.id,
        "node_id": who.node_id,
        "avatar_url": f"{url}/avatars/u/{who.id}",
        "gravatar_id": "",
        "url": me,
        "html_url": f"{url}/{site}",
        "followers_url": f"{me}/followers",
        "following_url": f"{me}/following{{/other_user}}",
        "gists_url": f"{me}/gists{{/gist_id}}",
        "starred_url": f"{me}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{me}/subscriptions",
        "organizations_url": f"{me}/orgs",
        "repos_url": f"{me}/repos",
        "events_url": f"{me}/events{{/privacy}}",
        "received_events_url": f"{me}/received_events",
        "type": who.type,
        "site_admin": False,
        "user_view_type": "public",
    }


def public_user(who: User, url: str) -> Obj:
    """public-user."""
    told = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    times = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
    return {**user(who, url), **told, **counts, **times, "blog": ""}


def organization(who: User, url: str) -> Obj:
    """organization-simple-webhooks."""
    me = f"{url}/orgs/{who.login}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": who.node_id,
        "url": me,
        "repos_url": f"{me}/repos",
        "events_url": f"{me}/events",
        "hooks_url": f"{me}/hooks",
        "issues_url": f"{me}/issues",
        "members_url": f"{me}/members{{/member}}",
        "public_members_url": f"{me}/public_members{{/member}}",
        "avatar_url": f"{url}/avatars/u/{who.id}",
        "description": None,
    }


def app(of: App, url: str) -> Obj:
    """integration."""
    return {
        "id": of.id,
        "client_id": f"Iv1.{of.id:016x}",
        "slug": of.slug,
        "node_id": f"A_{of.id}",
        "owner": user(of.owner, url),
        "name": of.name,
        "description": "",
        "external_url": url,
        "html_url": f"{url}/apps/{of.slug}",
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.created_at),
        "permissions": dict(of.permissions),
        "events": list(of.events),
    }


def installation(of: Installation, owner: App, url: str) -> Obj:
    return {
        "id": of.id,
        "client_id": f"Iv1.{owner.id:016x}",
        "account": user(of.account, url),
        "repository_selection": "all" if of.repositories is None else "selected",
        "access_tokens_url": f"{url}/app/installations/{of.id}/access_tokens",
        "repositories_url": f"{url}/installation/repositories",
        "html_url": f"{url}/organizations/{of.account.login}/settings/installations/{of.id}",
        "app_id": owner.id,
        "app_slug": owner.slug,
        "target_id": of.account.id,
        "target_type": of.account.type,
        "permissions": dict(of.permissions),
        "events": list(of.events),
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None if of.suspended_by is None else user(of.suspended_by, url),
        "suspended_at": stamp_or_none(of.suspended_at),
    }
