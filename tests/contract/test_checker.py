"""The checker can be seen to fail: each rule broken once, and the same message unbroken."""

import json
from copy import deepcopy
from typing import Any

import pytest

from tests.contract.checker import DATA, Contract
from tests.contract.mismatch import Mismatch

Payload = dict[str, Any]
REPO = "/repos/acme/app"
SHA = "0123456789abcdef0123456789abcdef01234567"
REVIEW = {"commit_id": SHA, "event": "COMMENT", "comments": [{"path": "a.py", "line": 3, "side": "RIGHT", "body": "x"}]}
ERROR = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


def places(found: list[Mismatch]) -> list[str]:
    return [f"{mismatch.subject} {mismatch.pointer}" for mismatch in found]


# --- requests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        pytest.param("GET", f"{REPO}/contents/src/a b/c.py", {"ref": SHA}, None, id="path-over-several-segments"),
        pytest.param("HEAD", f"{REPO}/pulls", {"state": "all"}, None, id="head-is-get"),
        pytest.param("GET", "/repositories/7/pulls/1", {}, None, id="by-permanent-id"),
        pytest.param("GET", f"{REPO}/contents/", {}, None, id="root-directory"),
        pytest.param("GET", f"{REPO}/git/ref/heads/feature/x", {}, None, id="ref-over-several-segments"),
        pytest.param("GET", f"{REPO}/compare/a/b...c/d", {"per_page": "1"}, None, id="basehead-with-slashes"),
        pytest.param("GET", f"{REPO}/commits/feature/x/check-runs", {"filter": "all"}, None, id="longer-template-wins"),
        pytest.param("POST", f"{REPO}/pulls/1/reviews", {}, REVIEW, id="review"),
        pytest.param("POST", f"{REPO}/pulls/1/reviews", {}, None, id="optional-body"),
        pytest.param("POST", "/app/hook/deliveries/7/attempts", {}, {}, id="empty-object-for-no-body"),
        pytest.param("PATCH", f"{REPO}/check-runs/1", {}, {"conclusion": "success"}, id="any-of-beside-properties"),
    ],
)
def test_requests_that_github_takes(
    contract: Contract, method: str, path: str, query: dict[str, str], body: object
) -> None:
    assert contract.check_request(method, path, query, body) == []


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "place"),
    [
        ("GET", "/repos/acme/app/nothing", {}, None, "GET /repos/acme/app/nothing "),
        ("PUT", f"{REPO}/pulls/1", {}, {}, "PUT /repos/acme/app/pulls/1 "),
        ("GET", f"{REPO}/pulls", {"sate": "open"}, None, "pulls/list query /sate"),
        ("GET", f"{REPO}/pulls", {"state": "opened"}, None, "pulls/list query /state"),
        ("GET", f"{REPO}/pulls", {"per_page": "many"}, None, "pulls/list query /per_page"),
        ("GET", f"{REPO}/issues", {"since": "yesterday"}, None, "issues/list-for-repo query /since"),
        ("GET", "/search/issues", {}, None, "search/issues-and-pull-requests query /q"),
        ("GET", f"{REPO}/pulls/one", {}, None, "pulls/get path /pull_number"),
        ("GET", f"{REPO}/pulls/1", {}, {"a": 1}, "pulls/get request "),
        ("POST", f"{REPO}/issues", {}, None, "issues/create request "),
        ("POST", f"{REPO}/issues", {}, {"titel": "x"}, "issues/create request "),
        ("POST", f"{REPO}/issues", {}, {"title": "x", "boddy": "y"}, "issues/create request "),
        ("POST", f"{REPO}/issues", {}, {"title": "x", "body": 1}, "issues/create request /body"),
        ("POST", f"{REPO}/issues/1/labels", {}, {"labels": ["a", {"nam": "b"}]}, "issues/add-labels request /labels/1"),
        ("PATCH", f"{REPO}/check-runs/1", {}, {"conclusion": "success", "nam": "x"}, "checks/update request "),
    ],
    ids=lambda value: value.replace("/", "_") if isinstance(value, str) else None,
)
def test_requests_that_github_does_not_know(
    contract: Contract, method: str, path: str, query: dict[str, str], body: object, place: str
) -> None:
    assert place in places(contract.check_request(method, path, query, body))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lin": 3}, "/comments/0"),
        ({"line": "3"}, "/comments/0/line"),
        ({"body": None}, "/comments/0/body"),
    ],
    ids=["misspelt-key", "wrong-type", "null"],
)
def test_a_fault_deep_in_a_body_is_found_where_it_stands(
    contract: Contract, change: dict[str, object], pointer: str
) -> None:
    body: Any = deepcopy(REVIEW)
    body["comments"][0] |= change
    [found] = contract.check_request("POST", f"{REPO}/pulls/1/reviews", {}, body)
    assert found.pointer == pointer


# --- responses ------------------------------------------------------------------------------------------------


def response_places(
    contract: Contract, method: str, path: str, status: int, body: object, media_type: str | None = "application/json"
) -> list[str]:
    operation = contract.operation(method, path)
    assert operation is not None
    return places(contract.check_response(operation, status, body, media_type))


REACTION = f"{REPO}/issues/comments/5/reactions"


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "media_type"),
    [
        pytest.param("DELETE", f"{REPO}/issues/comments/5", 204, None, None, id="no-content"),
        pytest.param("GET", f"{REPO}/pulls/1", 404, ERROR, "application/json; charset=utf-8", id="declared-refusal"),
        pytest.param("GET", f"{REPO}/commits/main/check-runs", 403, ERROR, "application/json", id="general-refusal"),
        pytest.param("GET", f"{REPO}/commits/main/check-runs", 304, None, None, id="not-modified"),
        pytest.param("GET", f"{REPO}/issues/1/comments", 200, [], "application/json", id="empty-list"),
    ],
)
def test_answers_that_github_gives(
    contract: Contract, method: str, path: str, status: int, body: object, media_type: str | None
) -> None:
    assert response_places(contract, method, path, status, body, media_type) == []


def test_a_status_that_is_not_declared(contract: Contract) -> None:
    assert response_places(contract, "POST", f"{REPO}/check-runs", 200, {}) == ["checks/create response 200 "]


def test_not_modified_answers_reading_only(contract: Contract) -> None:
    assert response_places(contract, "POST", f"{REPO}/issues", 304, None) == ["issues/create response 304 "]


def test_a_body_where_there_is_none(contract: Contract) -> None:
    assert response_places(contract, "DELETE", f"{REPO}/issues/comments/5", 204, {}) != []


def test_a_content_type_that_is_not_declared(contract: Contract) -> None:
    assert response_places(contract, "GET", f"{REPO}/issues/1/comments", 200, [], "text/html") != []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"content": "thumbs"}, "/content"),
        ({"id": "5"}, "/id"),
        ({"created_at": "now"}, "/created_at"),
        ({"usr": None}, ""),
    ],
    ids=["enum", "type", "format", "undeclared"],
)
def test_a_fault_in_an_answer(contract: Contract, change: dict[str, object], place: str) -> None:
    reaction = {"id": 5, "node_id": "R", "user": None, "content": "+1", "created_at": "2026-01-02T03:04:05Z"}
    assert response_places(contract, "POST", REACTION, 201, reaction) == []
    assert response_places(contract, "POST", REACTION, 201, reaction | change) == [
        f"reactions/create-for-issue-comment response 201 {place}"
    ]


def test_a_missing_property_of_an_answer(contract: Contract) -> None:
    assert response_places(contract, "POST", REACTION, 201, {}) != []


def test_of_the_alternatives_the_nearest_is_reported(contract: Contract) -> None:
    """A file among ``oneOf`` directory, file, symlink, submodule: told what the file lacks."""
    links = {"git": None, "html": None, "self": f"https://api.github.com{REPO}/contents/a.py"}
    file = {
        "type": "file", "encoding": "base64", "size": "3", "name": "a.py", "path": "a.py", "content": "YQ==",
        "sha": SHA, "url": links["self"], "git_url": None, "html_url": None, "download_url": None, "_links": links,
    }  # fmt: skip
    assert response_places(contract, "GET", f"{REPO}/contents/a.py", 200, file | {"size": 3}) == []
    assert "repos/get-content response 200 /size" in response_places(
        contract, "GET", f"{REPO}/contents/a.py", 200, file
    )


# --- GraphQL --------------------------------------------------------------------------------------------------

COMMIT = """
mutation Commit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) {
    commit { oid signature { isValid } } ref { name target { ... on Commit { url } } }
  }
}
"""
COMMIT_INPUT: dict[str, Any] = {
    "branch": {"repositoryNameWithOwner": "acme/app", "branchName": "main"},
    "expectedHeadOid": SHA,
    "message": {"headline": "x"},
    "fileChanges": {"additions": [{"path": "a.py", "contents": "YQ=="}]},
}
COMMITTED: dict[str, Any] = {
    "createCommitOnBranch": {
        "commit": {"oid": SHA, "signature": {"isValid": True}},
        "ref": {"name": "main", "target": {"url": "https://github.com/acme/app/commit/1"}},
    }
}
THREADS = """
query Threads($number: Int!) { repository(owner: "acme", name: "app") { pullRequest(number: $number) {
  reviewThreads(first: 50) { nodes { ...thread } pageInfo { hasNextPage endCursor } } } } }
fragment thread on PullRequestReviewThread { id open: isResolved diffSide }
"""


def threads(**node: object) -> dict[str, object]:
    page = {"hasNextPage": False, "endCursor": None}
    nodes = [{"id": "T", "open": True, "diffSide": "RIGHT"} | node, None]
    return {"data": {"repository": {"pullRequest": {"reviewThreads": {"nodes": nodes, "pageInfo": page}}}}}


@pytest.mark.parametrize("given", [False, True], ids=["without", "with"])
def test_what_is_included_on_condition(contract: Contract, given: bool) -> None:
    document = "query($x: Boolean!) { rateLimit { cost ... @include(if: $x) { remaining } resetAt @skip(if: $x) } }"
    asked = {"remaining": 7} if given else {"resetAt": "2026-01-01T00:00:00Z"}
    for has, fits in ((asked, True), ({}, False), ({"remaining": 7, "resetAt": "2026-01-01T00:00:00Z"}, False)):
        result = {"data": {"rateLimit": {"cost": 1, **has}}}
        assert (contract.check_graphql(document, {"x": given}, result) == []) is fits


@pytest.mark.parametrize(
    ("document", "variables", "result"),
    [
        pytest.param(COMMIT, {"input": COMMIT_INPUT}, {"data": COMMITTED}, id="mutation"),
        pytest.param(THREADS, {"number": 1}, threads(), id="query-with-fragment-and-alias"),
        pytest.param(
            COMMIT,
            {"input": COMMIT_INPUT},
            {"data": {"createCommitOnBranch": None}, "errors": [{"message": "stale", "type": "STALE_DATA"}]},
            id="refused",
        ),
        pytest.param(THREADS, {"number": 1}, {"errors": [{"message": "no"}]}, id="errors-only"),
    ],
)
def test_graphql_that_github_speaks(
    contract: Contract, document: str, variables: dict[str, object], result: object
) -> None:
    assert contract.check_graphql(document, variables, result) == []


@pytest.mark.parametrize(
    ("document", "variables", "result", "place"),
    [
        ("{", {}, {}, "graphql document "),
        ("{ repository(owner: 1, name: 2) { idd } }", {}, {}, "graphql document "),
        ("query A { rateLimit { cost } } query B { rateLimit { cost } }", {}, {}, "graphql document "),
        (THREADS, {"number": "one"}, {}, "graphql variables "),
        (THREADS, {"number": 1, "numer": 2}, threads(), "graphql variables /numer"),
        (COMMIT, {"input": COMMIT_INPUT | {"expectedHeadOid": "main"}}, {"data": COMMITTED}, "graphql variables "),
        (COMMIT, {"input": COMMIT_INPUT | {"mesage": {}}}, {"data": COMMITTED}, "graphql variables "),
        (THREADS, {"number": 1}, threads(id=5), "graphql result /data/repository/pullRequest/reviewThreads/nodes/0/id"),
        (
            THREADS,
            {"number": 1},
            threads(diffSide="UP"),
            "graphql result /data/repository/pullRequest/reviewThreads/nodes/0/diffSide",
        ),
        (
            THREADS,
            {"number": 1},
            threads(isResolved=True),
            "graphql result /data/repository/pullRequest/reviewThreads/nodes/0/isResolved",
        ),
        (THREADS, {"number": 1}, {"data": {}}, "graphql result /data/repository"),
        (THREADS, {"number": 1}, {"data": None}, "graphql result /data"),
        (THREADS, {"number": 1}, {"dat": {}}, "graphql result "),
        (THREADS, {"number": 1}, {"errors": ["no"]}, "graphql result /errors/0"),
    ],
    ids=[
        "syntax", "bad-field", "two-operations", "variable-type", "undeclared-variable", "not-an-object-id",
        "misspelt-input-key", "id-not-a-string", "enum", "not-asked-for", "asked-for-and-missing",
        "null-without-errors", "no-data-no-errors", "error-without-message",
    ],
)  # fmt: skip
def test_graphql_that_github_does_not_speak(
    contract: Contract, document: str, variables: dict[str, object], result: object, place: str
) -> None:
    assert place in places(contract.check_graphql(document, variables, result))


# --- webhooks -------------------------------------------------------------------------------------------------


@pytest.fixture
def comment() -> Payload:
    payload: Payload = json.loads((DATA / "ours" / "issue_comment.created.json").read_text(encoding="utf-8"))
    return payload


def test_a_webhook_without_a_field(contract: Contract, comment: Payload) -> None:
    del comment["comment"]["html_url"]
    assert places(contract.check_webhook("issue_comment", comment)) == ["webhook issue-comment-created /comment"]


def test_a_webhook_with_a_field_of_another_type(contract: Contract, comment: Payload) -> None:
    comment["issue"]["number"] = "2"
    assert "webhook issue-comment-created /issue/number" in places(contract.check_webhook("issue_comment", comment))


def test_a_webhook_with_a_field_that_nobody_declared(contract: Contract, comment: Payload) -> None:
    comment["comment"]["bdy"] = ""
    assert contract.check_webhook("issue_comment", comment) != []
    assert contract.check_webhook("issue_comment", comment, strict=False) == []


@pytest.mark.parametrize(("event", "action"), [("issue_comment", "creatd"), ("issue_coment", "created"), ("push", "x")])
def test_a_webhook_that_github_never_sends(contract: Contract, comment: Payload, event: str, action: str) -> None:
    assert contract.check_webhook(event, comment | {"action": action}) != []


@pytest.mark.parametrize("payload", [[], None, {}, {"action": 1}], ids=str)
def test_a_payload_that_is_none(contract: Contract, payload: object) -> None:
    assert contract.check_webhook("issue_comment", payload) != []
