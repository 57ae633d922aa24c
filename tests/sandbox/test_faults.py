"""Each switch does what it says, and only where it should."""

import asyncio
import json
from datetime import timedelta

import aiohttp
import pytest

from bot.sandbox import Repo, Sandbox
from tests.sandbox.conftest import Caller, Clock


async def test_an_error_meets_what_it_names_as_often_as_it_says(plain: Sandbox, plain_bot: Caller) -> None:
    fault = plain.faults.error(502, method="GET", path="/repos/acme/app/issues*", times=2)
    assert (await plain_bot("GET", "./pulls")).status == 200
    statuses = [(await plain_bot("GET", "./issues")).status for _ in range(3)]
    assert (statuses, fault.met) == ([502, 502, 200], 2)


@pytest.mark.parametrize("effect", [True, False], ids=["after the effect", "before the effect"])
async def test_a_dropped_connection(plain: Sandbox, plain_repo: Repo, plain_bot: Caller, effect: bool) -> None:
    plain.faults.drop(effect=effect, method="POST")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await plain_bot("POST", "./issues", {"title": "Once"})
    assert len(plain_repo.issues) == effect
    assert (plain.requests[-1].status, plain.requests[-1].fault) == (0, "dropped connection")


@pytest.mark.parametrize(
    ("how", "status", "header"),
    [
        ({"retry_after": 7}, 403, ("retry-after", "7")),
        ({"status": 429, "retry_after": 1}, 429, ("retry-after", "1")),
        ({}, 403, None),
    ],
    ids=str,
)
async def test_limits_by_hand(
    plain: Sandbox, plain_bot: Caller, how: dict[str, int], status: int, header: tuple[str, str] | None
) -> None:
    plain.faults.limited(**how)  # type: ignore[arg-type]  # the table's own keywords
    answer = await plain_bot("GET", "./issues")
    assert answer.status == status
    assert header is None or answer.headers[header[0]] == header[1]
    assert (header is not None) == ("retry-after" in answer.headers)


async def test_limits_with_dates(plain: Sandbox, plain_bot: Caller, clock: Clock) -> None:
    later = clock.now + timedelta(minutes=5)
    plain.faults.limited(retry_after=later)
    assert (await plain_bot("GET", "./issues")).headers["retry-after"] == "Sun, 01 Mar 2026 12:05:00 GMT"
    plain.faults.limited(reset=later)
    spent = await plain_bot("GET", "./issues")
    assert (spent.headers["x-ratelimit-remaining"], spent.headers["x-ratelimit-reset"]) == ("0", "1772366700")


async def test_spoilt_bodies(
    plain: Sandbox, plain_repo: Repo, plain_bot: Caller, session: aiohttp.ClientSession
) -> None:
    async def body(path: str = "/repos/acme/app") -> tuple[int, bytes]:
        async with session.get(plain.url + path, headers={"Authorization": f"Bearer {plain_bot.token}"}) as answer:
            return answer.status, await answer.read()

    plain.faults.half_json()
    with pytest.raises(json.JSONDecodeError):
        json.loads((await body())[1])
    plain.faults.html(200)
    assert (await body())[1].startswith(b"<!DOCTYPE html>")
    plain.faults.empty()
    assert await body() == (200, b"")
    plain.faults.status(404)
    assert (await body())[0] == 404
    assert (await body())[0] == 200


async def test_other_hosts(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    plain.faults.foreign_next("http://evil.example/next")
    assert (await plain_bot("GET", "./issues")).headers["link"] == '<http://evil.example/next>; rel="next"'
    plain.faults.redirect("http://169.254.169.254/latest", status=302)
    moved = await plain_bot("GET", "./issues")
    assert (moved.status, moved.headers["location"]) == (302, "http://169.254.169.254/latest")


async def test_a_renamed_repository_redirects(repo: Repo, bot: Caller) -> None:
    repo.rename("renamed")
    moved = await bot("GET", "./issues?state=all")
    assert moved.status == 301
    assert (await bot("POST", "./issues", {"title": "T"})).status == 307
    assert (await bot("GET", "/repos/acme/renamed")).json["id"] == repo.id


async def test_a_gate_holds_the_answer_after_the_effect(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    gate = plain.faults.hold(method="POST")
    asking = asyncio.create_task(plain_bot("POST", "./issues", {"title": "Held"}))
    await gate.reached.wait()
    assert [issue.title for issue in plain_repo.issues] == ["Held"]
    assert not asking.done()
    gate.release()
    assert (await asking).status == 201


async def test_graphql_faults_by_operation(plain: Sandbox, plain_bot: Caller) -> None:
    plain.faults.error(500, operation="rateLimit")
    query = '{ repository(owner: "acme", name: "app") { id } }'
    assert "data" in await plain_bot.graphql(query)
    assert (await plain_bot.graphql("{ rateLimit { cost } }"))["message"] == "Server Error"


async def test_the_record_knows_what_changes_something(github: Sandbox, repo: Repo, bot: Caller) -> None:
    await bot("GET", "/repos/acme/app")
    await bot.graphql("{ rateLimit { cost } }")
    app = Caller(bot._session, github, github.jwt())
    await app("POST", f"/app/installations/{github.installation(repo).id}/access_tokens")
    assert github.mutations == []
    await bot("POST", "./issues", {"title": "T"})
    [mutation] = github.mutations
    assert (mutation.method, mutation.path, mutation.status) == ("POST", "/repos/acme/app/issues", 201)
    assert mutation.identity == f"installation:{github.installation(repo).id}"
    assert len(github.requests) == 4
