"""Issues and comments, as the API and people change them."""

from typing import Any

import pytest

from bot.sandbox import Repo, Sandbox
from tests.sandbox.conftest import Caller


async def test_what_the_app_writes_says_so(github: Sandbox, repo: Repo, bot: Caller) -> None:
    made = (await bot("POST", "./issues", {"title": "Tracker", "body": "b", "labels": ["migration"]})).json
    assert made["performed_via_github_app"]["id"] == github.app.id
    assert (made["user"]["login"], made["user"]["type"]) == ("ssot-bot[bot]", "Bot")
    theirs = await repo.open_issue("By a person")
    assert (await bot("GET", f"./issues/{theirs.number}")).json["performed_via_github_app"] is None
    assert repo.issue(made["number"]).labels == ["migration"]


async def test_a_body_is_overwritten_without_asking(repo: Repo, bot: Caller) -> None:
    issue = await repo.open_issue("T", "one")
    await bot("GET", f"./issues/{issue.number}")
    await issue.edit(body="two")
    await bot("PATCH", f"./issues/{issue.number}", {"body": "three"})
    assert issue.body == "three"


async def test_edits_tell_what_was_there(github: Sandbox, repo: Repo) -> None:
    issue = await repo.open_issue("T", "one", by=github.user("ann"))
    await issue.edit(body="two", by=github.user("bob"))
    comment = await issue.comment("first", by=github.user("ann"))
    await comment.edit("second", by=github.user("bob"))
    await comment.delete(by=github.user("ann"))
    await issue.close()
    await issue.reopen()
    told = [(each.event, each.action, each.payload["sender"]["login"]) for each in github.deliveries]
    assert told == [
        ("issues", "opened", "ann"),
        ("issues", "edited", "bob"),
        ("issue_comment", "created", "ann"),
        ("issue_comment", "edited", "bob"),
        ("issue_comment", "deleted", "ann"),
        ("issues", "closed", "octocat"),
        ("issues", "reopened", "octocat"),
    ]
    assert github.deliveries[1].payload["changes"] == {"body": {"from": "one"}}
    assert github.deliveries[3].payload["changes"] == {"body": {"from": "first"}}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"body": "x" * 65_536}, 201),
        ({"body": "x" * 65_537}, 422),
        ({"body": ""}, 422),
        ({"body": 5}, 422),
        ({}, 422),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_what_a_comment_may_be(plain_repo: Repo, plain_bot: Caller, asked: dict[str, Any], status: int) -> None:
    issue = await plain_repo.open_issue("T")
    assert (await plain_bot("POST", f"./issues/{issue.number}/comments", asked)).status == status


@pytest.mark.parametrize(("transferred", "status"), [(False, 410), (True, 404)])
async def test_a_deleted_issue_is_gone(repo: Repo, bot: Caller, transferred: bool, status: int) -> None:
    issue = await repo.open_issue("T")
    issue.delete(transferred=transferred)
    assert (await bot("GET", f"./issues/{issue.number}")).status == status


async def test_a_plain_issue_needs_the_permission_for_issues(
    plain: Sandbox, plain_repo: Repo, plain_bot: Caller
) -> None:
    issue, pr = await plain_repo.open_issue("T"), await plain_repo.open_pull_request({"b.py": b""})
    del plain.installation(plain_repo).permissions["issues"]
    assert (await plain_bot("POST", f"./issues/{pr.number}/comments", {"body": "x"})).status == 201
    assert (await plain_bot("POST", f"./issues/{issue.number}/comments", {"body": "x"})).status == 403


async def test_comments_come_in_pages(repo: Repo, bot: Caller) -> None:
    issue = await repo.open_issue("T")
    for number in range(7):
        await issue.comment(str(number))
    answer = await bot("GET", f"./issues/{issue.number}/comments?per_page=3&page=2")
    assert [each["body"] for each in answer.json] == ["3", "4", "5"]
    assert {part.partition("; ")[2] for part in answer.headers["link"].split(", ")} == {
        'rel="prev"', 'rel="first"', 'rel="next"', 'rel="last"',
    }  # fmt: skip


async def test_search(repo: Repo, bot: Caller) -> None:
    mine = (await bot("POST", "./issues", {"title": "Migration tracker", "body": ""})).json["number"]
    await repo.open_issue("Migration of something else")
    await repo.open_pull_request({"b.py": b""}, title="Migration step")
    query = "repo:acme/app+is:issue+author:app/ssot-bot+migration"
    found = (await bot("GET", f"/search/issues?q={query}")).json
    assert [each["number"] for each in found["items"]] == [mine]
    assert (await bot("GET", "/search/issues?q=repo:acme/app+is:pr+state:open")).json["total_count"] == 1


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ('{ repository(owner: "acme", name: "nothing") { id } }', "NOT_FOUND"),
        ('{ repository(owner: "acme", name: "app") { issue(number: 99) { id } } }', "NOT_FOUND"),
        (
            """mutation { resolveReviewThread(input: {threadId: "PRRT_1"}) { thread { id } } }""",
            "NOT_FOUND",
        ),
        ('{ repository(owner: "acme", name: "app") { unknown } }', None),
        ("{", None),
    ],
)
async def test_graphql_refusals(plain_bot: Caller, query: str, kind: str | None) -> None:
    answer = await plain_bot.graphql(query)
    assert answer["errors"][0].get("type") == kind


async def test_minimizing_and_resolving(github: Sandbox, repo: Repo, bot: Caller) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, by=github.user("ann", "write"))
    inline = {"path": "src/a.py", "line": 1, "body": "look"}
    await bot("POST", f"./pulls/{pr.number}/reviews", {"event": "COMMENT", "comments": [inline]})
    thread, comment = pr.threads[0], pr.review_comments[0]
    resolve = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
    answer = await bot.graphql(resolve, id=f"PRRT_{thread.id}")
    assert answer["data"]["resolveReviewThread"]["thread"] == {"isResolved": True}
    minimize = """mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
      minimizedComment { isMinimized minimizedReason } } }"""
    answer = await bot.graphql(minimize, id=f"PRRC_{comment.id}")
    assert answer["data"]["minimizeComment"]["minimizedComment"] == {"isMinimized": True, "minimizedReason": "outdated"}
    assert thread.resolved_by is github.app.bot
    assert github.deliveries[-1].event == "pull_request_review_thread"
    del github.installation(repo).permissions["pull_requests"]
    refused = await bot.graphql(resolve, id=f"PRRT_{thread.id}")
    assert refused["errors"][0]["type"] == "FORBIDDEN"
