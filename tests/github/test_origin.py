"""No token leaves the API: not by a link, not by a redirect, not by a URL that two parsers read differently."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.references import RepoRef, Sha
from bot.github import GitHub, wire
from bot.github import reads as read
from bot.github.errors import ForeignHost
from bot.sandbox import Repo, Sandbox

API = "https://api.github.com"


@pytest.fixture
async def stranger() -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server that is not the API, and what it was sent."""
    seen: list[web.Request] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response([])

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), seen


async def test_a_link_to_another_host_is_not_followed(
    github: Sandbox, gh: GitHub, ref: RepoRef, stranger: tuple[str, list[web.Request]]
) -> None:
    url, seen = stranger
    github.faults.foreign_next(f"{url}repos/acme/app/pulls?page=2", path="/repos/acme/app/pulls")
    with pytest.raises(ForeignHost):
        await read.open_pull_requests(gh, ref)
    assert seen == []


@pytest.mark.parametrize("status", [301, 307, 308])
@pytest.mark.parametrize("target", ["stranger", "http://169.254.169.254/latest/", "http://localhost:1/", "//evil/x"])
async def test_a_redirect_to_another_host_is_not_followed(
    github: Sandbox, gh: GitHub, ref: RepoRef, stranger: tuple[str, list[web.Request]], status: int, target: str
) -> None:
    url, seen = stranger
    github.faults.redirect(url if target == "stranger" else target, status, path="/repos/acme/app")
    with pytest.raises(ForeignHost):
        await read.repository(gh, ref)
    assert seen == []


async def test_a_tarball_is_only_fetched_from_the_api_or_codeload(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo, stranger: tuple[str, list[web.Request]]
) -> None:
    url, seen = stranger
    github.faults.redirect(url, 302, path="*/tarball/*")
    with pytest.raises(ForeignHost):
        await read.tarball(gh, ref, Sha("0" * 40))
    assert seen == []


async def test_a_tarball_is_fetched_without_the_token(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    head = await read.branch_head(gh, ref, "main")
    async with await read.tarball(gh, ref, head) as chunks:
        content = b"".join([chunk async for chunk in chunks])
    assert content[:2] == b"\x1f\x8b"
    assert github.requests[-1].identity == "anonymous"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.github.com/x",
        "https://api.github.com:8443/x",
        "https://api.github.com.evil.example/x",
        "https://evil.example/api.github.com",
        "https://api.github.com@evil.example/",
        "https://user:pass@api.github.com/",
        "https://api.github.com\\@evil.example/",
        "https://аpi.github.com/x",
        "https://api.github.com/\r\nHost: evil",
        "https://api.github.com:99999/",
        "//api.github.com/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_what_is_not_the_api_is_refused(url: str) -> None:
    with pytest.raises(ForeignHost):
        wire.require_origin(url, API)


@pytest.mark.parametrize("url", [API, f"{API}/repos?page=2", "https://API.GitHub.com:443/x"])
def test_the_api_is_not_refused(url: str) -> None:
    wire.require_origin(url, API)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (API, "https://api.github.com/graphql"),
        ("https://ghe.example/api/v3", "https://ghe.example/api/graphql"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/graphql"),
    ],
)
def test_graphql_is_where_the_server_has_it(base: str, expected: str) -> None:
    assert wire.graphql_url(base) == expected


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (520, {}, b"<html>", (500, "<html>")),
        (499, {}, b"", (400, "")),
        (404, {"Content-Type": "application/json; charset=bogus"}, b'{"message": "no"}', (404, "no")),
        (422, {}, b'{"message": "no", "errors": "why"}', (422, "no")),
        (403, {"X-RateLimit-Reset": "soon", "X-RateLimit-Remaining": "-1"}, b"[]", (403, "[]")),
        (500, {}, b"[" * 100_000, (500, "[" * 200)),
        (502, {}, b"\xff\xfe", (502, "\N{REPLACEMENT CHARACTER}" * 2)),
    ],
)
def test_an_error_is_made_readable(
    status: int, headers: dict[str, str], body: bytes, expected: tuple[int, str]
) -> None:
    found, clean, content = wire.readable(status, headers, body)
    assert (found, wire.error_object(content)["message"]) == expected
    assert clean["content-type"] == "application/json"
    assert not [name for name in clean if name.startswith("x-ratelimit")]
