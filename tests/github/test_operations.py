"""The table of requests: its URLs cannot be talked into being others, and it is all that GitHub is asked."""

import json
from pathlib import Path

import pytest

from bot.github import operations as ops
from bot.github.operations import RequestKind, operations

REST = json.loads(next((Path(__file__).parents[1] / "contract" / "data").rglob("rest.json")).read_text())["operations"]
NOT_IN_THE_CUT = {"apps/create-from-manifest", "apps/get-webhook-config-for-app"}
"""Real, but not in the part of GitHub's description that the suite has."""


@pytest.mark.parametrize("name", [name for name, op in operations().items() if op.document is None])
def test_rest_operations_are_githubs(name: str) -> None:
    if name == "repos/get-by-id":  # in no description, but where each redirect of a former name leads to
        assert name not in REST
        return
    if name in NOT_IN_THE_CUT:
        assert name not in REST
        return
    operation, described = operations()[name], REST[name]
    assert (operation.method, operation.path) == (described["method"], described["path"])
    assert (operation.kind is RequestKind.READ) == (operation.method == "GET")


@pytest.mark.parametrize("name", [name for name, op in operations().items() if op.document is not None])
def test_only_mutations_are_writes(name: str) -> None:
    operation = operations()[name]
    assert (operation.kind is RequestKind.READ) != ("mutation" in (operation.document or ""))


@pytest.mark.parametrize("name", operations())
def test_writing_in_a_repository_takes_a_permission_to_write(name: str) -> None:
    operation = operations()[name]
    if operation.path.startswith("/app"):
        assert not operation.needs
    else:
        assert ("write" in operation.needs.values()) == (operation.kind is not RequestKind.READ)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b.py", "/repos/o/r/contents/a/b.py"),
        ("a b/ü?#%.py", "/repos/o/r/contents/a%20b/%C3%BC%3F%23%25.py"),
        ("a/{b}.py", "/repos/o/r/contents/a/%7Bb%7D.py"),
        ("...", "/repos/o/r/contents/..."),
    ],
)
def test_a_path_is_encoded(path: str, expected: str) -> None:
    assert ops.GET_CONTENT.url({"owner": "o", "repo": "r", "path": path}) == expected


def test_a_branch_may_hold_slashes() -> None:
    url = ops.BRANCH_RULES.url({"owner": "o", "repo": "r", "branch": "release/1.x"})
    assert url == "/repos/o/r/rules/branches/release/1.x"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a//b", "/a", "a/", "", ".", "a/./b"])
def test_a_path_that_means_another_request_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        ops.GET_CONTENT.url({"owner": "o", "repo": "r", "path": path})


@pytest.mark.parametrize("login", ["..", "", ".", "a/b", "../x"])
def test_a_login_that_means_another_request_is_refused(login: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        ops.GET_ROLE.url({"owner": "o", "repo": "r", "username": login})


def test_what_comes_after_the_path_is_encoded() -> None:
    url = ops.GET_ROLE.url({"owner": "o", "repo": "r", "username": "ü?"}, {"per_page": 100, "q": "a&b"})
    assert url == "/repos/o/r/collaborators/%C3%BC%3F/permission?per_page=100&q=a%26b"
