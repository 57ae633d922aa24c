"""Rate limits and conditional requests."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.limits import quota_of
from tests.sandbox.conftest import Caller, Clock


async def test_the_primary_limit(plain: Sandbox, plain_repo: Repo, plain_bot: Caller, clock: Clock) -> None:
    plain.limits.quotas["core"] = 3
    left = [(await plain_bot("GET", "./issues")).headers["x-ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    spent = await plain_bot("GET", "./issues")
    assert (spent.status, spent.headers["x-ratelimit-remaining"]) == (403, "0")
    assert (await plain_bot("GET", "/rate_limit")).json["resources"]["core"]["remaining"] == 0
    assert (await plain_bot.graphql("{ rateLimit { remaining } }"))["data"]["rateLimit"]["remaining"] == 4_999
    clock.advance(hours=1)
    plain_bot.token = plain.token(plain_repo)
    assert (await plain_bot("GET", "./issues")).status == 200


async def test_the_secondary_limit(plain: Sandbox, plain_repo: Repo, plain_bot: Caller, clock: Clock) -> None:
    plain.limits.writes_per_minute = 2
    statuses = [(await plain_bot("POST", "./issues", {"title": "T"})).status for _ in range(2)]
    clock.advance(seconds=20)
    refused = await plain_bot("POST", "./issues", {"title": "T"})
    assert statuses == [201, 201]
    assert (refused.status, refused.headers["retry-after"]) == (403, "40")
    assert "secondary rate limit" in refused.json["message"]
    clock.advance(seconds=40)
    assert (await plain_bot("POST", "./issues", {"title": "T"})).status == 201
    assert len(plain_repo.issues) == 3


async def test_conditional_requests_cost_nothing(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    first = await plain_bot("GET", "./issues")
    same = await plain_bot("GET", "./issues", headers={"If-None-Match": first.headers["etag"]})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", first.headers["etag"])
    assert same.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
    await plain_repo.open_issue("New")
    changed = await plain_bot("GET", "./issues", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status == 200


async def test_an_etag_belongs_to_one_representation_and_needs_the_right_to_read(
    plain: Sandbox, plain_repo: Repo, plain_bot: Caller, session: aiohttp.ClientSession
) -> None:
    raw = await plain_bot("GET", "./contents/src/a.py", headers={"Accept": "application/vnd.github.raw"})
    tag = {"If-None-Match": raw.headers["etag"]}
    assert "Accept" in raw.headers["vary"]
    assert (await plain_bot("GET", "./contents/src/a.py", headers=tag)).status == 200
    stranger = Caller(session, plain, plain.token(await plain.repo("other/thing", files={"a.py": b""})))
    assert (await stranger("GET", "./contents/src/a.py", headers=tag)).status == 404


async def test_setting_up_a_pull_request_is_quick(plain: Sandbox) -> None:
    """Under 0.1 s each on a quiet machine; the bound leaves room for a busy one."""
    from time import perf_counter

    took = []
    for number in range(5):
        started = perf_counter()
        repo = await plain.repo(f"acme/app{number}", files={f"d/{n}.py": b"x = 1\n" for n in range(20)})
        await repo.open_pull_request({"d/1.py": b"x = 2\n"})
        took.append(timedelta(seconds=perf_counter() - started))
    assert sorted(took)[2] < timedelta(seconds=0.3)


async def test_an_installation_may_have_a_quota_of_its_own(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    identity = f"installation:{plain.installation(plain_repo).id}"
    plain.limits.own_quotas[identity, "core"] = quota_of(30)
    first = await plain_bot("GET", "./issues")
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("5500", "5499")
    plain.limits.use_up(identity, "core")
    assert (await plain_bot("GET", "./issues")).status == 403


@pytest.mark.parametrize(
    ("repositories", "quota"), [(1, 5_000), (20, 5_000), (21, 5_050), (170, 12_500), (9_000, 12_500)]
)
def test_the_quota_grows_with_the_installation(repositories: int, quota: int) -> None:
    assert quota_of(repositories) == quota


async def test_too_many_requests_at_once(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    plain.limits.concurrent, plain.faults.distance = 2, 0.2
    answers = await asyncio.gather(*(plain_bot("GET", "./issues") for _ in range(3)))
    assert 403 in {answer.status for answer in answers}  # looked at while all three are open
    refused = next(answer for answer in answers if answer.status == 403)
    assert (refused.headers["retry-after"], "secondary rate limit" in refused.json["message"]) == ("60", True)
    assert plain.limits.most_at_once[f"installation:{plain.installation(plain_repo).id}"] == 3
    assert plain.answering == 0
    assert (await plain_bot("GET", "./issues")).status == 200


async def test_check_runs_are_no_content(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    plain.limits.writes_per_minute = 1
    run = {"name": "ssot", "head_sha": plain_repo.branch().sha}
    assert [(await plain_bot("POST", "./check-runs", run)).status for _ in range(3)] == [201, 201, 201]
    assert (await plain_bot("POST", "./issues", {"title": "T"})).status == 201
    assert (await plain_bot("POST", "./issues", {"title": "T"})).status == 403
