"""Every REST operation, mutation, query and webhook of the contract, brought about once through real HTTP.

The calls are those of a person and of an App on one repository; each area builds what it needs.  What the answers
look like is the observer's business, here only the status is looked at.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.sandbox import Repo, Sandbox
from tests.contract.versions import FIRST, HEADER

Json = Any


@dataclass(frozen=True, kw_only=True)
class Api:
    """One caller of the sandbox: a token and the repository's path."""

    session: aiohttp.ClientSession
    url: str
    token: str
    repo: str = "/repos/acme/app"
    version: str = FIRST

    async def call(
        self, method: str, path: str, body: Json = None, *, status: int = 200, media_type: str = "github+json"
    ) -> Json:
        """The parsed answer, ``None`` when there is no JSON.  ``path`` may begin with ``{repo}``."""
        headers = {
            "Authorization": f"Bearer {self.token}", "Accept": f"application/vnd.{media_type}", HEADER: self.version,
        }  # fmt: skip
        target = self.url + path.replace("{repo}", self.repo)
        async with self.session.request(method, target, json=body, headers=headers, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == status, f"{method} {path}: {answer.status} {text[:300]}"
            return await answer.json() if text and "json" in answer.content_type else None

    async def download(self, path: str) -> None:
        """Follow a redirect to where the bytes are."""
        headers = {"Authorization": f"Bearer {self.token}", HEADER: self.version}
        async with self.session.get(self.url + path.replace("{repo}", self.repo), headers=headers) as answer:
            assert [hop.status for hop in answer.history] == [302]
            assert answer.status == 200

    async def graphql(self, document: str, **variables: Json) -> Json:
        answer = await self.call("POST", "/graphql", {"query": document, "variables": variables})
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Who calls: the App by its JWT, its installation, and a person with administrator's rights."""

    app: Api
    bot: Api
    person: Api


Area = Callable[[Callers], Awaitable[None]]


async def app(callers: Callers) -> None:
    await callers.app.call("GET", "/app")
    await callers.app.call("GET", "/app/installations?per_page=5")
    found = await callers.app.call("GET", "{repo}/installation")
    repository = await callers.bot.call("GET", "{repo}")
    wanted = {"repository_ids": [repository["id"]], "permissions": {"contents": "read", "checks": "write"}}
    await callers.app.call("POST", f"/app/installations/{found['id']}/access_tokens", wanted, status=201)
    await callers.bot.call("GET", "/installation/repositories")
    await callers.bot.call("GET", "/rate_limit")
    account = await callers.bot.call("GET", "/users/ssot-bot%5Bbot%5D")
    await callers.bot.call("GET", f"/user/{account['id']}")
    await callers.bot.call("GET", "/users/nobody", status=404)
    await callers.bot.call("GET", "/versions")


async def deliveries(callers: Callers) -> None:
    listed = await callers.app.call("GET", "/app/hook/deliveries?per_page=50")
    one = await callers.app.call("GET", f"/app/hook/deliveries/{listed[0]['id']}")
    await callers.app.call("POST", f"/app/hook/deliveries/{one['id']}/attempts", status=202)
    await callers.app.call("GET", "/app/hook/deliveries?status=failure")


async def repository(callers: Callers) -> None:
    bot = callers.bot
    await bot.call("GET", "{repo}/branches/main")
    await bot.call("GET", "{repo}/rules/branches/main")
    await bot.call("GET", "{repo}/collaborators/octocat/permission")
    await bot.call("GET", "{repo}/contents/")
    await bot.call("GET", "{repo}/contents/src")
    await bot.call("GET", "{repo}/contents/src/a.py?ref=main")
    await bot.call("GET", "{repo}/contents/src/a.py", media_type="github.raw+json")
    await bot.call("GET", "{repo}/contents/nowhere.py", status=404)
    await bot.download("{repo}/tarball/main")
    await bot.call("GET", "{repo}/commits/main")
    await bot.call("GET", "/repos/acme/nothing", status=404)


async def git_data(callers: Callers) -> None:
    bot = callers.bot
    head = (await bot.call("GET", "{repo}/git/ref/heads/main"))["object"]["sha"]
    await bot.call("GET", "{repo}/git/matching-refs/heads/ma")
    commit = await bot.call("GET", f"{{repo}}/git/commits/{head}")
    await bot.call("GET", f"{{repo}}/git/trees/{commit['tree']['sha']}?recursive=1")
    blob = await bot.call("POST", "{repo}/git/blobs", {"content": "x = 2\n", "encoding": "utf-8"}, status=201)
    await bot.call("GET", f"{{repo}}/git/blobs/{blob['sha']}")
    entry = {"path": "src/a.py", "mode": "100644", "type": "blob", "sha": blob["sha"]}
    changed = {"base_tree": commit["tree"]["sha"], "tree": [entry]}
    tree = await bot.call("POST", "{repo}/git/trees", changed, status=201)
    made = {"message": "Change a", "tree": tree["sha"], "parents": [head]}
    new = await bot.call("POST", "{repo}/git/commits", made, status=201)
    await bot.call("POST", "{repo}/git/refs", {"ref": "refs/heads/feature/a", "sha": head}, status=201)
    await bot.call("PATCH", "{repo}/git/refs/heads/feature/a", {"sha": new["sha"], "force": False})
    await bot.call("GET", "{repo}/compare/main...feature/a")
    await bot.call("POST", "{repo}/git/refs", {"ref": "refs/heads/gone", "sha": head}, status=201)
    await bot.call("DELETE", "{repo}/git/refs/heads/gone", status=204)
    await bot.call("GET", "{repo}/git/ref/heads/gone", status=404)


async def issues(callers: Callers) -> None:
    bot, person = callers.bot, callers.person
    issue = await person.call("POST", "{repo}/issues", {"title": "Track it", "body": "- [ ] one"}, status=201)
    number = issue["number"]
    await bot.call("GET", "{repo}/issues?state=all&sort=updated&direction=asc&since=2020-01-01T00:00:00Z")
    await bot.call("GET", f"{{repo}}/issues/{number}")
    await bot.call("PATCH", f"{{repo}}/issues/{number}", {"body": "- [x] one"})
    await bot.call("POST", f"{{repo}}/issues/{number}/labels", {"labels": ["migration"]})
    await bot.call("POST", f"{{repo}}/issues/{number}/labels", ["as an array"])
    await bot.call("DELETE", f"{{repo}}/issues/{number}/labels/migration")
    comment = await person.call("POST", f"{{repo}}/issues/{number}/comments", {"body": "/ssot help"}, status=201)
    reply = await bot.call("POST", f"{{repo}}/issues/{number}/comments", {"body": "Help"}, status=201)
    await bot.call("GET", f"{{repo}}/issues/{number}/comments?per_page=100&page=1")
    await bot.call("GET", f"{{repo}}/issues/comments/{comment['id']}")
    await bot.call("PATCH", f"{{repo}}/issues/comments/{reply['id']}", {"body": "More help"})
    reactions = f"{{repo}}/issues/comments/{comment['id']}/reactions"
    reaction = await bot.call("POST", reactions, {"content": "eyes"}, status=201)
    await bot.call("POST", reactions, {"content": "eyes"})
    await bot.call("DELETE", f"{reactions}/{reaction['id']}", status=204)
    await bot.call("DELETE", f"{{repo}}/issues/comments/{reply['id']}", status=204)
    await person.call("PATCH", f"{{repo}}/issues/{number}", {"state": "closed", "state_reason": "completed"})
    await person.call("PATCH", f"{{repo}}/issues/{number}", {"state": "open"})
    await person.call("POST", "{repo}/issues", {"title": "Without a text"}, status=201)
    await bot.call("GET", f"{{repo}}/issues/{number}/sub_issues?per_page=100")
    await bot.call("GET", "/search/issues?q=repo:acme/app+is:issue&advanced_search=true")


async def pulls(callers: Callers) -> None:
    bot, person = callers.bot, callers.person
    asked = {"title": "Change a", "head": "feature/a", "base": "main", "body": "Why", "draft": False}
    pull = await person.call("POST", "{repo}/pulls", asked, status=201)
    number, head = pull["number"], pull["head"]["sha"]
    await bot.call("GET", "{repo}/pulls?state=open&base=main")
    await bot.call("GET", f"{{repo}}/pulls/{number}")
    await bot.call("GET", f"{{repo}}/pulls/{number}/files?per_page=100")
    await bot.call("GET", f"{{repo}}/pulls/{number}/commits")
    await person.call("PATCH", f"{{repo}}/pulls/{number}", {"title": "Change a, again"})
    inline = {"path": "src/a.py", "line": 1, "side": "RIGHT", "body": "```suggestion\nx = 3\n```"}
    asked = {"commit_id": head, "event": "COMMENT", "body": "Look", "comments": [inline]}
    review = await bot.call("POST", f"{{repo}}/pulls/{number}/reviews", asked)
    pending = await bot.call("POST", f"{{repo}}/pulls/{number}/reviews", {"body": "Wait"})
    await bot.call("DELETE", f"{{repo}}/pulls/{number}/reviews/{pending['id']}")
    wrong = {"commit_id": head, "event": "COMMENT", "comments": [inline | {"line": 99}]}
    await bot.call("POST", f"{{repo}}/pulls/{number}/reviews", wrong, status=422)
    await bot.call("GET", f"{{repo}}/pulls/{number}/reviews")
    comments = await bot.call("GET", f"{{repo}}/pulls/{number}/comments?sort=created&direction=desc")
    first = comments[0]["id"]
    await bot.call("PATCH", f"{{repo}}/pulls/comments/{first}", {"body": "Better"})
    reactions = f"{{repo}}/pulls/comments/{first}/reactions"
    await person.call("POST", reactions, {"content": "+1"}, status=201)
    replies = f"{{repo}}/pulls/{number}/comments/{first}/replies"
    await person.call("POST", replies, {"body": "Thanks"}, status=201)
    more = await bot.call("POST", f"{{repo}}/pulls/{number}/comments", {**inline, "commit_id": head}, status=201)
    await bot.call("DELETE", f"{{repo}}/pulls/comments/{more['id']}", status=204)
    judged = {"commit_id": head, "event": "REQUEST_CHANGES", "body": "No"}
    review = await person.call("POST", f"{{repo}}/pulls/{number}/reviews", judged, status=422)
    review = await bot.call("POST", f"{{repo}}/pulls/{number}/reviews", judged)
    dismissal = {"message": "Outdated", "event": "DISMISS"}
    await person.call("PUT", f"{{repo}}/pulls/{number}/reviews/{review['id']}/dismissals", dismissal)


async def checks(callers: Callers) -> None:
    bot = callers.bot
    head = (await bot.call("GET", "{repo}/git/ref/heads/feature/a"))["object"]["sha"]
    annotation = {
        "path": "src/a.py", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "Old",
        "title": "Deprecated",
    }  # fmt: skip
    output = {"title": "1 usage", "summary": "One", "annotations": [annotation]}
    action = {"label": "Migrate", "description": "Commit the safe fixes", "identifier": "migrate"}
    asked = {"name": "ssot", "head_sha": head, "status": "in_progress", "external_id": "1"}
    run = await bot.call("POST", "{repo}/check-runs", asked, status=201)
    done = {"status": "completed", "conclusion": "failure", "output": output, "actions": [action]}
    await bot.call("PATCH", f"{{repo}}/check-runs/{run['id']}", done)
    await bot.call("GET", f"{{repo}}/check-runs/{run['id']}")
    await bot.call("GET", f"{{repo}}/check-runs/{run['id']}/annotations")
    await bot.call("GET", "{repo}/commits/feature/a/check-runs?check_name=ssot&filter=latest")
    found = await bot.call("GET", "{repo}/commits/feature/a/check-suites?check_name=ssot")
    suite = f"{{repo}}/check-suites/{found['check_suites'][0]['id']}"
    await bot.call("GET", suite)
    await bot.call("GET", f"{suite}/check-runs?filter=all")
    await bot.call("POST", f"{{repo}}/check-runs/{run['id']}/rerequest", status=201)
    await bot.call("POST", f"{suite}/rerequest", status=201)


async def graphql(callers: Callers) -> None:
    bot = callers.bot
    found = await bot.graphql(REPOSITORY, expression="main:src/a.py")
    repository_id = found["repository"]["id"]
    head = (await bot.call("GET", "{repo}/git/ref/heads/main"))["object"]["sha"]
    await bot.graphql(CREATE_REF, input={"repositoryId": repository_id, "name": "refs/heads/ssot/b", "oid": head})
    zero = "0" * 40
    moves = [
        {"name": "refs/heads/ssot/c", "beforeOid": zero, "afterOid": head},
        {"name": "refs/heads/ssot/c", "beforeOid": head, "afterOid": head, "force": True},
        {"name": "refs/heads/ssot/c", "beforeOid": head, "afterOid": zero},
    ]
    for move in moves:
        await bot.graphql(UPDATE_REFS, input={"repositoryId": repository_id, "refUpdates": [move]})
    contents = base64.b64encode(b"y = 1\n").decode()
    await bot.graphql(
        COMMIT,
        input={
            "branch": {"repositoryNameWithOwner": "acme/app", "branchName": "ssot/b"},
            "expectedHeadOid": head,
            "message": {"headline": "Add b", "body": "For the test"},
            "fileChanges": {"additions": [{"path": "src/b.py", "contents": contents}], "deletions": []},
        },
    )
    made = await bot.graphql(
        CREATE_PULL,
        input={
            "repositoryId": repository_id, "baseRefName": "main", "headRefName": "ssot/b", "title": "Add b",
            "body": "By the bot",
        },
    )  # fmt: skip
    number = made["createPullRequest"]["pullRequest"]["number"]
    pull = await bot.call("GET", f"{{repo}}/pulls/{number}")
    await bot.graphql(TO_DRAFT, input={"pullRequestId": pull["node_id"]})
    await bot.graphql(READY, input={"pullRequestId": pull["node_id"]})
    inline = {"path": "src/b.py", "line": 1, "side": "RIGHT", "body": "Look"}
    review = {"commit_id": pull["head"]["sha"], "event": "COMMENT", "comments": [inline]}
    await bot.call("POST", f"{{repo}}/pulls/{number}/reviews", review)
    threads = (await bot.graphql(THREADS, number=number))["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    await bot.graphql(RESOLVE, input={"threadId": threads[0]["id"]})
    await bot.graphql(UNRESOLVE, input={"threadId": threads[0]["id"]})
    comment = threads[0]["comments"]["nodes"][0]["id"]
    await bot.graphql(MINIMIZE, input={"subjectId": comment, "classifier": "OUTDATED"})
    issue = await bot.call("POST", "{repo}/issues", {"title": "Tracker", "body": "- [ ] two"}, status=201)
    await bot.graphql(UPDATE_ISSUE, input={"id": issue["node_id"], "body": "- [x] two"})
    await bot.graphql(ISSUE, number=issue["number"])
    await bot.graphql("{ rateLimit { cost remaining resetAt } }")


AREAS: tuple[Area, ...] = (app, repository, git_data, issues, pulls, checks, graphql, deliveries)
"""In an order in which what an area needs is there."""

REPOSITORY = """query($expression: String!) { repository(owner: "acme", name: "app") {
  id object(expression: $expression) { __typename oid ... on Blob { byteSize isBinary isTruncated text } } } }"""
CREATE_REF = """mutation($input: CreateRefInput!) {
  createRef(input: $input) { ref { id name target { oid } } } }"""
UPDATE_REFS = """mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"""
COMMIT = """mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) {
  commit { oid url signature { isValid state } } ref { name } } }"""
CREATE_PULL = """mutation($input: CreatePullRequestInput!) { createPullRequest(input: $input) {
  pullRequest { id number url headRefName headRefOid isCrossRepository maintainerCanModify } } }"""
THREADS = """query($number: Int!, $after: String) { repository(owner: "acme", name: "app") {
  pullRequest(number: $number) { reviewThreads(first: 50, after: $after) {
    nodes { id isResolved isOutdated path line startLine diffSide resolvedBy { login }
      comments(first: 10) { nodes { id databaseId body isMinimized minimizedReason author { login } } } }
    pageInfo { hasNextPage endCursor } } } } }"""
TO_DRAFT = """mutation($input: ConvertPullRequestToDraftInput!) {
  convertPullRequestToDraft(input: $input) { pullRequest { id number isDraft } } }"""
READY = """mutation($input: MarkPullRequestReadyForReviewInput!) {
  markPullRequestReadyForReview(input: $input) { pullRequest { id number isDraft } } }"""
RESOLVE = """mutation($input: ResolveReviewThreadInput!) {
  resolveReviewThread(input: $input) { thread { id isResolved } } }"""
UNRESOLVE = """mutation($input: UnresolveReviewThreadInput!) {
  unresolveReviewThread(input: $input) { thread { id isResolved } } }"""
MINIMIZE = """mutation($input: MinimizeCommentInput!) {
  minimizeComment(input: $input) { minimizedComment { isMinimized minimizedReason } } }"""
UPDATE_ISSUE = """mutation($input: UpdateIssueInput!) {
  updateIssue(input: $input) { issue { id number body state updatedAt lastEditedAt } } }"""
ISSUE = """query($number: Int!) { repository(owner: "acme", name: "app") {
  issue(number: $number) { id number body state updatedAt lastEditedAt } } }"""
LINKED = """query($number: Int!) { repository(owner: "acme", name: "app") { issue(number: $number) {
  closedByPullRequestsReferences(first: 10, includeClosedPrs: true) { nodes { number title state url isDraft } }
  timelineItems(first: 10, itemTypes: [CROSS_REFERENCED_EVENT]) {
    nodes { ... on CrossReferencedEvent { isCrossRepository willCloseTarget source {
      ... on PullRequest { number createdAt closedAt mergedAt author { login } } } } }
    pageInfo { hasNextPage endCursor } } } } }"""


async def people(github: Sandbox, repo: Repo) -> None:
    """What people do in the browser and with git, so that a webhook of every kind is sent."""
    ann = github.user("ann", "write")
    issue = await repo.open_issue("Track it", "- [ ] one", by=ann, labels=("migration",))
    await issue.edit(title="Track it all", by=ann)
    comment = await issue.comment("/ssot scan", by=ann)
    await comment.edit("/ssot status", by=ann)
    await comment.delete(by=ann)
    await issue.close(by=ann)
    await issue.reopen(by=ann)
    part = await repo.open_issue("A part of it", by=ann)
    await issue.add_sub_issue(part, by=ann)
    await issue.remove_sub_issue(part, by=ann)
    pull = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, by=ann, draft=True)
    await pull.mark_ready(by=ann)
    await pull.convert_to_draft(by=ann)
    await pull.push({"src/a.py": b"x = 3\n"}, by=ann)
    await pull.edit(title="Another title", by=ann)
    await pull.label("ready", by=ann)
    await pull.comment("/ssot migrate", by=ann)
    await pull.close(by=ann)
    await pull.reopen(by=ann)
    await pull.enqueue(by=ann)
    await pull.merge(by=ann)
    fork = await repo.fork(by=ann)
    await repo.open_pull_request({"src/d.py": b""}, by=ann, fork=fork)
    fork.delete()


async def integration(callers: Callers, repo: Repo) -> None:
    """Commit statuses, another App's checks, deployments, and what links pull requests with commits and issues."""
    bot, head = callers.bot, repo.branch().sha
    issue = await repo.open_issue("Migrate", "- [ ] all")
    pull = await repo.open_pull_request({"src/e.py": b"e = 1\n"}, body=f"Part of #{issue.number}")
    await repo.open_pull_request({"src/f.py": b"f = 1\n"}, body=f"Fixes #{issue.number}")
    found = (await bot.graphql(LINKED, number=issue.number))["repository"]["issue"]
    assert len(found["closedByPullRequestsReferences"]["nodes"]) == 1
    assert [node["willCloseTarget"] for node in found["timelineItems"]["nodes"]] == [False, True]
    await repo.set_status("ci/lint", "success", sha=head)
    await repo.complete_check("Run Tests", "success", sha=head)
    await repo.deploy("staging", "in_progress", "success", sha=head)
    await repo.deploy("staging", "success", sha=head)
    await bot.call("GET", f"{{repo}}/commits/{head}/status")
    listed = await bot.call("GET", "{repo}/deployments?environment=staging&per_page=5")
    statuses = await bot.call("GET", f"{{repo}}/deployments/{listed[1]['id']}/statuses")
    assert [status["state"] for status in statuses] == ["inactive", "success", "in_progress"]
    merged = await pull.merge()
    changes = await bot.call("GET", "{repo}/commits?path=src/e.py")
    assert [change["sha"] for change in changes] == [pull.head_sha]
    for sha in (merged, pull.head_sha):
        [one] = await bot.call("GET", f"{{repo}}/commits/{sha}/pulls")
        assert one["number"] == pull.number


async def review(callers: Callers, repo: Repo) -> None:
    """A review with a thread that is answered, edited, resolved and taken up again."""
    await callers.bot.call("GET", "{repo}/pulls?state=open")
    pull = await repo.open_pull_request({"src/c.py": b"z = 1\n"})
    inline = {"path": "src/c.py", "line": 1, "side": "RIGHT", "body": "Look"}
    asked = {"commit_id": pull.head_sha, "event": "COMMENT", "body": "Two things", "comments": [inline]}
    await callers.bot.call("POST", f"{{repo}}/pulls/{pull.number}/reviews", asked)
    [comment] = pull.review_comments
    await pull.reply(comment, "Seen")
    await callers.bot.call("PATCH", f"{{repo}}/pulls/comments/{comment.id}", {"body": "Look again"})
    await callers.bot.call("GET", f"{{repo}}/pulls/comments/{comment.id}")
    await pull.resolve(comment.thread)
    await pull.unresolve(comment.thread)
    [written] = [each for each in pull.reviews if each.body]
    await callers.bot.call("PUT", f"{{repo}}/pulls/{pull.number}/reviews/{written.id}", {"body": "Seen twice"})
    on_file = {"commit_id": pull.head_sha, "path": "src/c.py", "subject_type": "file", "body": "All of it"}
    await callers.bot.call("POST", f"{{repo}}/pulls/{pull.number}/comments", on_file, status=201)
    action = {"label": "Migrate", "description": "Commit the safe fixes", "identifier": "migrate"}
    run = {"name": "ssot", "head_sha": pull.head_sha, "conclusion": "failure", "actions": [action]}
    await callers.bot.call("POST", "{repo}/check-runs", run, status=201)
    await repo.press(repo.check_runs[-1], "migrate")
    await repo.rerequest(repo.check_runs[-1])


async def installations(github: Sandbox, repo: Repo) -> None:
    """An account installs the App, chooses repositories, and leaves it again."""
    other = await github.repo("elsewhere/lib", {"b.py": b""}, installed=False)
    installation = github.install("elsewhere", [other])
    more = await github.repo("elsewhere/more", {"c.py": b""}, installed=False)
    github.add_repositories(installation, [more])
    github.remove_repositories(installation, [more])
    github.suspend(installation)
    github.unsuspend(installation)
    github.accept_permissions(installation)
    github.uninstall(installation)
    await github.ping()


async def names(github: Sandbox, repo: Repo) -> None:
    """A repository, its owner and its default branch are renamed, and it and an issue of it change their place."""
    issue = await repo.open_issue("Goes away")
    second = await github.repo("acme/second", {"d.py": b""})
    await issue.transfer(second)
    await second.open_pull_request({"e.py": b""})
    await second.rename_branch("main", "trunk")
    repo.rename("renamed")
    github.rename_owner("acme", "apex")
    github.install("further")
    repo.transfer("further")
