"""Credentials and permissions: who is let in, who is told what."""

from datetime import timedelta
from typing import Any

import aiohttp
import jwt
import pytest

from bot.sandbox import Repo, Sandbox
from tests.sandbox.conftest import Caller, Clock

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("issued", "expires", "message"),
    [
        pytest.param(-MINUTE, 9 * MINUTE, None, id="the usual one"),
        pytest.param(MINUTE, 5 * MINUTE, None, id="a clock that is a minute ahead"),
        pytest.param(2 * MINUTE, 5 * MINUTE, "'Issued at' claim", id="issued in the future"),
        pytest.param(-2 * MINUTE, -MINUTE, "'Expiration time' claim ('exp') must be", id="expired"),
        pytest.param(-MINUTE, 11 * MINUTE, "is too far in the future", id="more than ten minutes"),
    ],
)
async def test_the_lifetimes_of_a_jwt(
    plain: Sandbox, session: aiohttp.ClientSession, issued: timedelta, expires: timedelta, message: str | None
) -> None:
    answer = await Caller(session, plain, plain.jwt(issued=issued, expires=expires))("GET", "/app")
    assert answer.status == (200 if message is None else 401)
    assert message is None or message in answer.json["message"]


@pytest.mark.parametrize(
    "claims",
    [{"iss": "nobody"}, {"iat": "now"}, {"exp": None}],
    ids=["another App", "a time in words", "no end"],
)
async def test_a_jwt_with_a_wrong_claim(
    plain: Sandbox, session: aiohttp.ClientSession, clock: Clock, claims: dict[str, Any]
) -> None:
    now = int(clock.now.timestamp())
    whole = {"iat": now - 60, "exp": now + 60, "iss": str(plain.app.id)} | claims
    whole = {name: value for name, value in whole.items() if value is not None}
    token = jwt.encode(whole, plain.app.private_key, "RS256") if "iat" not in claims else _raw(whole, plain)
    assert (await Caller(session, plain, token)("GET", "/app")).status == 401


def _raw(claims: dict[str, Any], github: Sandbox) -> str:
    """PyJWT refuses to write some wrong claims as well; a signature over any JSON is made one level below."""
    import json

    return jwt.api_jws.encode(json.dumps(claims).encode(), github.app.private_key, "RS256")


async def test_other_algorithms_are_no_credentials(plain: Sandbox, session: aiohttp.ClientSession) -> None:
    claims = {"iat": 0, "exp": 2**40, "iss": str(plain.app.id)}
    for token in (jwt.encode(claims, "k" * 32, "HS256"), jwt.encode(claims, "", "none"), "a.b.c", "nonsense"):
        assert (await Caller(session, plain, token)("GET", "/app")).status == 401


async def test_a_token_ends_after_an_hour_or_when_revoked(
    plain: Sandbox, plain_repo: Repo, plain_bot: Caller, clock: Clock
) -> None:
    clock.advance(minutes=59, seconds=59)
    assert (await plain_bot("GET", "./")).status == 404  # no such route: but the credential is good
    assert (await plain_bot("GET", "/repos/acme/app")).status == 200
    clock.advance(seconds=1)
    refused = await plain_bot("GET", "/repos/acme/app")
    assert (refused.status, refused.json["message"]) == (401, "Bad credentials")
    plain_bot.token = plain.token(plain_repo)
    assert (await plain_bot("GET", "/repos/acme/app")).status == 200
    plain.revoke_tokens()
    assert (await plain_bot("GET", "/repos/acme/app")).status == 401


async def test_a_token_is_narrowed_as_asked(github: Sandbox, repo: Repo, session: aiohttp.ClientSession) -> None:
    other = await github.repo("acme/other", files={"b.py": b""})
    app = Caller(session, github, github.jwt())
    path = f"/app/installations/{github.installation(repo).id}/access_tokens"
    wanted = {"repository_ids": [repo.id], "permissions": {"contents": "read"}}
    made = (await app("POST", path, wanted)).json
    assert made["permissions"] == {"metadata": "read", "contents": "read"}
    assert [each["full_name"] for each in made["repositories"]] == ["acme/app"]
    narrow = Caller(session, github, made["token"])
    assert (await narrow("GET", f"/repos/{repo.full_name}/contents/src/a.py")).status == 200
    assert (await narrow("GET", f"/repos/{other.full_name}")).status == 404
    refused = await narrow("POST", "./issues", {"title": "No"})
    assert (refused.status, refused.json["message"]) == (403, "Resource not accessible by integration")
    assert [each["id"] for each in (await narrow("GET", "/installation/repositories")).json["repositories"]] == [
        repo.id
    ]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 201),
        ({"repositories": ["app"]}, 201),
        ({"repositories": ["nothing"]}, 422),
        ({"repository_ids": [1]}, 422),
        ({"permissions": {"administration": "write"}}, 422),
        ({"permissions": {"contents": "admin"}}, 422),
    ],
    ids=str,
)
async def test_what_a_token_may_be_asked_for(
    plain: Sandbox, plain_repo: Repo, session: aiohttp.ClientSession, wanted: dict[str, Any], status: int
) -> None:
    path = f"/app/installations/{plain.installation(plain_repo).id}/access_tokens"
    assert (await Caller(session, plain, plain.jwt())("POST", path, wanted)).status == status


CALLS = [
    ("GET", "./contents/src/a.py", None, "contents", "read"),
    ("GET", "./pulls", None, "pull_requests", "read"),
    ("GET", "./issues", None, "issues", "read"),
    ("GET", "./commits/main/check-runs", None, "checks", "read"),
    ("POST", "./git/blobs", {"content": "x"}, "contents", "write"),
    ("POST", "./issues", {"title": "T"}, "issues", "write"),
    ("POST", "./pulls", {"title": "T", "head": "x", "base": "main"}, "pull_requests", "write"),
    ("POST", "./check-runs", {"name": "n", "head_sha": "0" * 40}, "checks", "write"),
]


@pytest.mark.parametrize(("method", "path", "body", "permission", "level"), CALLS, ids=lambda value: str(value)[:30])
async def test_each_call_needs_its_permission(
    plain: Sandbox,
    plain_repo: Repo,
    plain_bot: Caller,
    method: str,
    path: str,
    body: object,
    permission: str,
    level: str,
) -> None:
    granted = plain.installation(plain_repo).permissions
    assert (await plain_bot(method, path, body)).status != 403
    if level == "write":
        granted[permission] = "read"
        assert (await plain_bot(method, path, body)).status == 403
    del granted[permission]  # while the token lives
    assert (await plain_bot(method, path, body)).status == 403


@pytest.mark.parametrize(
    ("role", "private", "read", "comment", "edit", "write"),
    [
        ("none", True, 404, 404, 404, 404),
        ("none", False, 200, 201, 403, 403),
        ("read", True, 200, 201, 403, 403),
        ("triage", True, 200, 201, 200, 403),
        ("write", True, 200, 201, 200, 201),
        ("admin", True, 200, 201, 200, 201),
    ],
)
async def test_what_people_may_do(
    plain: Sandbox,
    session: aiohttp.ClientSession,
    role: str,
    private: bool,
    read: int,
    comment: int,
    edit: int,
    write: int,
) -> None:
    repo = await plain.repo("acme/app", files={"a.py": b""}, private=private)
    issue = await repo.open_issue("Title")
    ann = Caller(session, plain, plain.user("ann", role).token)
    assert (await ann("GET", f"./issues/{issue.number}")).status == read
    assert (await ann("POST", f"./issues/{issue.number}/comments", {"body": "hello"})).status == comment
    assert (await ann("PATCH", f"./issues/{issue.number}", {"title": "New"})).status == edit
    assert (await ann("POST", "./git/blobs", {"content": "x"})).status == write


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        ("none", "none"), ("read", "read"), ("triage", "read"), ("write", "write"), ("maintain", "write"),
        ("admin", "admin"),
    ],
)  # fmt: skip
async def test_the_collaborator_endpoint(github: Sandbox, repo: Repo, bot: Caller, role: str, permission: str) -> None:
    repo.set_role(github.user("ann"), role)
    answer = (await bot("GET", "./collaborators/ann/permission")).json
    assert (answer["permission"], answer["role_name"]) == (permission, role)


async def test_suspended_renamed_and_unknown_people_have_no_permission(
    github: Sandbox, repo: Repo, bot: Caller
) -> None:
    ann = github.user("ann", "admin")
    github.rename_user(ann, "anna")
    assert (await bot("GET", "./collaborators/ann/permission")).status == 404
    assert (await bot("GET", "./collaborators/anna/permission")).json["role_name"] == "admin"
    github.user("anna", suspended=True)
    assert (await bot("GET", "./collaborators/anna/permission")).status == 404
    assert (await bot("GET", "./collaborators/nobody/permission")).status == 404


async def test_a_suspended_installation_can_do_nothing(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    installation = plain.installation(plain_repo)
    plain.suspend(installation)
    refused = await plain_bot("GET", "/repos/acme/app")
    assert (refused.status, refused.json["message"]) == (403, "This installation has been suspended")
    plain.unsuspend(installation)
    assert (await plain_bot("GET", "/repos/acme/app")).status == 200
    plain.uninstall(installation)
    assert (await plain_bot("GET", "/repos/acme/app")).status == 401


async def test_nobody_sees_public_repositories_only(plain: Sandbox, session: aiohttp.ClientSession) -> None:
    await plain.repo("acme/app", files={"a.py": b""}, private=False)
    await plain.repo("acme/secret", files={"a.py": b""})
    nobody = Caller(session, plain, None)
    assert (await nobody("GET", "/repos/acme/app")).status == 200
    assert (await nobody("GET", "/repos/acme/secret")).status == 404
    assert (await nobody("POST", "./issues", {"title": "T"})).status == 401
