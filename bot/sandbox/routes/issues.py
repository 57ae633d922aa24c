"""Issues and labels.  https://docs.github.com/rest/issues/issues"""

from typing import Any

from bot.sandbox import pulling, talking
from bot.sandbox.auth import UserIdentity
from bot.sandbox.errors import ApiError, forbidden, invalid, not_found
from bot.sandbox.model import Issue
from bot.sandbox.people import Role
from bot.sandbox.reviewing import MAX_BODY
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes import conversation

router = Router()
READ, WRITE = "issues:read|pull_requests:read", "issues:write|pull_requests:write"
"""A pull request's conversation half may be read and written with either permission."""
MAX_TITLE = 256


def admitted(call: Call, issue: Issue, level: str) -> Issue:
    """A plain issue takes the permission ``issues``; the other one is for pull requests only."""
    if issue.pull is None:
        call.require(f"issues:{level}")
    return issue


@router.route("GET", "/repos/{owner}/{repo}/issues", "issues:read")
async def list_issues(call: Call) -> Answer:
    """Pull requests are issues too.  By ``state``, ``creator``, ``labels``; newest first."""
    requested = call.query.get("state", "open")
    found = [issue for issue in call.repo.issues.values() if requested in ("all", issue.state) and issue.gone is None]
    if creator := call.query.get("creator"):
        found = [issue for issue in found if issue.author.login.lower() == creator.lower()]
    for name in filter(None, call.query.get("labels", "").split(",")):
        found = [issue for issue in found if name.lower() in {label.name.lower() for label in issue.labels}]
    found.sort(key=lambda issue: issue.number, reverse=call.query.get("direction", "desc") == "desc")
    return call.page(found, lambda issue: conversation.issue(issue, call.url))


@router.route("POST", "/repos/{owner}/{repo}/issues", "issues:write")
async def create_issue(call: Call) -> Answer:
    title, body = call.take("title", str), call.maybe("body", str)
    validate(title, body)
    issue = talking.open_issue(
        call.world, call.repo, title=title, body=body, author=call.actor.user, app=call.actor.app,
        labels=tuple(label_names(call.body.get("labels") or [])),
    )  # fmt: skip
    return Answer(status=201, body=conversation.issue(issue, call.url))


@router.route("GET", "/repos/{owner}/{repo}/issues/{issue_number}", READ)
async def get_issue(call: Call) -> Answer:
    return Answer(body=conversation.issue(admitted(call, call.issue(), "read"), call.url))


@router.route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/sub_issues", "issues:read")
async def list_sub_issues(call: Call) -> Answer:
    """Those that the caller may read; the issue's own summary counts all.

    https://docs.github.com/rest/issues/sub-issues#list-sub-issues
    """
    found = [each for each in call.issue().sub_issues if each.gone is None and call.may_read(each.repo, "issues")]
    return call.page(found, lambda each: conversation.issue(each, call.url))


@router.route("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", WRITE)
async def update_issue(call: Call) -> Answer:
    """Whatever it says is written: GitHub offers no way to make it depend on what was read."""
    issue, sender = admitted(call, call.issue(), "write"), call.actor.user
    title, body, state = call.maybe("title", str), call.maybe("body", str), call.maybe("state", str)
    validate(title or issue.title, body)
    if state not in (None, "open", "closed"):
        raise invalid("Issue", "state", code="invalid")
    stranger = isinstance(call.identity, UserIdentity) and sender is not issue.author
    if stranger and call.repo.role_of(sender).level < Role.TRIAGE.level:
        raise forbidden("Must have admin rights to Repository.")
    if issue.pull is not None:
        await pulling.edit(call.world, issue.pull, sender, title=title, body=body)
        if state == "closed" and issue.state == "open":
            await pulling.close(call.world, issue.pull, sender)
        elif state == "open" and issue.state == "closed":
            await pulling.reopen(call.world, issue.pull, sender)
    else:
        talking.edit_issue(call.world, issue, sender, title=title, body=body)
        if state is not None:
            talking.set_state(call.world, issue, state, sender, reason=call.maybe("state_reason", str))
    if "labels" in call.body:
        issue.labels = [talking.label(call.world, call.repo, name) for name in label_names(call.body["labels"])]
    return Answer(body=conversation.issue(issue, call.url))


def validate(title: str, body: str | None) -> None:
    if not title.strip():
        raise invalid("Issue", "title", code="missing_field")
    if len(title) > MAX_TITLE:
        raise invalid("Issue", "title", f"title is too long (maximum is {MAX_TITLE} characters)")
    if body is not None and len(body) > MAX_BODY:
        raise invalid("Issue", "body", f"body is too long (maximum is {MAX_BODY} characters)")


def label_names(given: list[Any]) -> list[str]:
    """Labels are given by name, or as objects with one."""
    return [each if isinstance(each, str) else each["name"] for each in given]


@router.route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", WRITE)
async def add_labels(call: Call) -> Answer:
    issue = admitted(call, call.issue(), "write")
    for name in label_names(call.take("labels", list, [])):
        label = talking.label(call.world, call.repo, name)
        if label in issue.labels:
            continue
        issue.labels.append(label)
        shown = conversation.label(label, call.repo, call.url)
        if issue.pull is None:
            talking.tell_issue(call.world, issue, "labeled", call.actor.user, label=shown)
        else:
            await pulling.tell(call.world, issue.pull, "labeled", call.actor.user, label=shown)
    return Answer(body=[conversation.label(each, call.repo, call.url) for each in issue.labels])


@router.route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", WRITE)
async def remove_label(call: Call) -> Answer:
    issue = admitted(call, call.issue(), "write")
    for label in issue.labels:
        if label.name.lower() == call.params["name"].lower():
            issue.labels.remove(label)
            return Answer(body=[conversation.label(each, call.repo, call.url) for each in issue.labels])
    raise ApiError(404, "Label does not exist") if issue.labels else not_found()
