"""Two clients that know nothing of the sandbox, PyGithub and githubkit, take it for GitHub.

PyGithub reads what it needs of an answer; githubkit holds each one against GitHub's schemas.  The whole of their
traffic is held against the contract as well.
"""

import asyncio
import base64
from typing import Any

import github as pygithub
import githubkit
import pytest

from bot.sandbox import PullRequestHandle, Repo, Sandbox

OUTPUT: dict[str, Any] = {"title": "1 usage", "summary": "One"}
INLINE = {"path": "src/a.py", "line": 1, "side": "RIGHT", "body": "Look"}
THREADS = """query($number: Int!) { repository(owner: "acme", name: "app") { pullRequest(number: $number) {
  headRefOid reviewThreads(first: 10) { nodes { id isResolved comments(first: 5) { nodes { body } } } } } } }"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"


@pytest.fixture
async def pull(repo: Repo) -> PullRequestHandle:
    repo.require("main", "ssot")
    return await repo.open_pull_request({"src/a.py": b"x = 2\n"})


async def test_pygithub(github: Sandbox, repo: Repo, pull: PullRequestHandle) -> None:
    """It asks for tokens with ``permissions: {}``, which are all that the installation has."""
    await asyncio.to_thread(with_pygithub, github.url, github.app.id, github.app.private_key, pull.head_sha)
    [comment] = pull.comments
    assert (comment.author, comment.body) == ("ssot-bot[bot]", "Hello")
    assert [(run.name, run.conclusion) for run in pull.check_runs] == [("ssot", "success")]
    assert [each.body for each in pull.review_comments] == ["Look"]
    assert (repo.issues[0].state, repo.branches) == ("closed", ["change-1", "main"])
    asked = [each.body for each in github.requests if each.path.endswith("/access_tokens")]
    assert {"permissions": {}} in asked


def with_pygithub(url: str, app: int, key: str, head: str) -> None:
    integration = pygithub.GithubIntegration(auth=pygithub.Auth.AppAuth(app, key), base_url=url)
    installation = integration.get_repo_installation("acme", "app")
    assert integration.get_access_token(installation.id).permissions["contents"] == "write"
    client = integration.get_github_for_installation(installation.id)
    repo = client.get_repo("acme/app")
    [pull] = repo.get_pulls(state="open")
    assert [(each.filename, each.status) for each in pull.get_files()] == [("src/a.py", "modified")]
    assert [each.sha for each in pull.get_commits()] == [head]
    pull.create_issue_comment("Hello")
    pull.create_review(body="Read", event="COMMENT", comments=[INLINE])  # type: ignore[list-item]  # as in its README
    assert [each.path for each in pull.get_review_comments()] == ["src/a.py"]
    content = repo.get_contents("src/a.py", ref="main")
    assert not isinstance(content, list)
    assert content.decoded_content == b"x = 1\n"
    repo.create_check_run("ssot", head, status="completed", conclusion="success", output=OUTPUT)
    commit = repo.get_commit(head)
    assert [each.name for each in commit.get_check_runs()] == ["ssot"]
    assert [each.conclusion for each in commit.get_check_suites()] == ["success"]
    assert commit.get_combined_status().state == "pending"
    issue = repo.create_issue("A list", "- [ ] one")
    issue.add_to_labels("migration")
    issue.edit(state="closed")
    assert [each.number for each in client.search_issues("repo:acme/app is:issue")] == [issue.number]
    assert repo.get_collaborator_permission("octocat") == "admin"
    repo.create_git_ref("refs/heads/more", repo.get_branch("main").commit.sha).delete()
    with pytest.raises(pygithub.UnknownObjectException):
        repo.get_contents("nowhere.py")


async def test_githubkit(github: Sandbox, pull: PullRequestHandle) -> None:
    strategy = githubkit.AppAuthStrategy(str(github.app.id), github.app.private_key)
    async with githubkit.GitHub(strategy, base_url=github.url) as app:
        installation = (await app.rest.apps.async_get_repo_installation("acme", "app")).parsed_data
        async with app.with_auth(strategy.as_installation(installation.id)) as client:
            await with_githubkit(client, pull)
    assert [each.body for each in pull.comments] == ["Hello"]
    assert [(run.name, run.conclusion) for run in pull.check_runs] == [("ssot", "success")]
    assert [thread.resolved_by is not None for thread in pull.threads] == [True]


async def with_githubkit(client: githubkit.GitHub, pull: PullRequestHandle) -> None:
    rest = client.rest
    [listed] = (await rest.pulls.async_list("acme", "app")).parsed_data
    assert (listed.number, listed.head.sha) == (pull.number, pull.head_sha)
    files = (await rest.pulls.async_list_files("acme", "app", pull.number)).parsed_data
    assert [(each.filename, each.status) for each in files] == [("src/a.py", "modified")]
    await rest.issues.async_create_comment("acme", "app", pull.number, body="Hello")
    run = await rest.checks.async_create(
        "acme", "app", name="ssot", head_sha=pull.head_sha, status="completed", conclusion="success", output=OUTPUT
    )
    assert run.parsed_data.app.slug == "ssot-bot"
    assert (await rest.checks.async_list_for_ref("acme", "app", pull.head_sha)).parsed_data.total_count == 1
    assert (await rest.checks.async_list_suites_for_ref("acme", "app", pull.head_sha)).parsed_data.total_count == 1
    content = (await rest.repos.async_get_content("acme", "app", "src/a.py", ref="main")).parsed_data
    assert base64.b64decode(content.content) == b"x = 1\n"
    await rest.pulls.async_create_review("acme", "app", pull.number, body="b", event="COMMENT", comments=[INLINE])
    [rule] = (await rest.repos.async_get_branch_rules("acme", "app", "main")).parsed_data
    assert rule.parameters.required_status_checks[0].context == "ssot"
    found = await client.async_graphql(THREADS, {"number": pull.number})
    [thread] = found["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert (thread["isResolved"], thread["comments"]["nodes"][0]["body"]) == (False, "Look")
    await client.async_graphql(RESOLVE, {"id": thread["id"]})
    with pytest.raises(githubkit.exception.GraphQLFailed, match="Could not resolve to a node"):
        await client.async_graphql(RESOLVE, {"id": "PRRT_0"})
