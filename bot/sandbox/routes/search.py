"""Searching issues and pull requests.  https://docs.github.com/rest/search/search"""

import re
import shlex

from bot.sandbox.auth import AppIdentity, InstallationIdentity, UserIdentity
from bot.sandbox.errors import ApiError
from bot.sandbox.model import Issue, Repository
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes import conversation

router = Router()


@router.route("GET", "/search/issues", "anyone")
async def search_issues(call: Call) -> Answer:
    """Words, and the qualifiers ``repo: is: state: author: in: label:``, over what the caller may read."""
    query = call.query.get("q", "")
    if not query.strip():
        raise ApiError(422, "Validation Failed", errors=[{"resource": "Search", "field": "q", "code": "missing"}])
    try:
        terms = shlex.split(query)
    except ValueError:
        raise ApiError(
            422, "Validation Failed", errors=[{"resource": "Search", "field": "q", "code": "invalid"}]
        ) from None
    found = [
        issue
        for repo in call.world.repos.values()
        if _readable(call, repo)
        for issue in repo.issues.values()
        if issue.gone is None and all(_holds(issue, term) for term in terms)
    ]
    found.sort(key=lambda issue: issue.number, reverse=True)
    answer = call.page(found, lambda issue: conversation.issue_told(issue, call.url) | {"score": 1.0}, wrap="items")
    return Answer(body=answer.body | {"incomplete_results": False, "search_type": "lexical"}, headers=answer.headers)


def _readable(call: Call, repo: Repository) -> bool:
    match call.identity:
        case InstallationIdentity():
            return not repo.deleted and (call.identity.reaches(repo) or not repo.private)
        case UserIdentity(user=user):
            return not repo.deleted and repo.role_of(user).level > 0
        case AppIdentity():
            return False
        case _:
            return not repo.deleted and not repo.private


def _holds(issue: Issue, term: str) -> bool:
    match = re.fullmatch(r"(repo|is|state|type|author|in|label):(.+)", term)
    if match is None:
        return term.lower() in f"{issue.title}\n{issue.body or ''}".lower()
    value = match[2].lower()
    match match[1]:
        case "repo":
            return issue.repo.full_name.lower() == value
        case "is" | "state" | "type":
            merged = issue.pull is not None and issue.pull.merged_at is not None
            kind = "pr" if issue.pull else "issue"
            return value in (issue.state, kind, "merged" if merged else kind)
        case "author":
            return value in (issue.author.login.lower(), f"app/{issue.author.login.removesuffix('[bot]').lower()}")
        case "label":
            return value in {label.name.lower() for label in issue.labels}
        case _:
            return True
