"""The version of the API: the newest one that both sides know, asked for once, and read in either."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from bot.domain.references import RepoRef
from bot.github import reads
from bot.github.api import open_session
from bot.github.client import GitHub
from bot.github.errors import Refused
from bot.github.versions import ASK_AGAIN
from bot.sandbox import Sandbox
from bot.sandbox.faults import Reply
from bot.sandbox.versions import FIRST, LATER
from tests.github.clock import ManualClock

Make = Callable[[], GitHub]


@pytest.fixture
async def make(github: Sandbox, clock: ManualClock) -> AsyncIterator[Make]:
    async with open_session() as session:
        yield lambda: GitHub(
            session, app_id=github.app.id, private_key=github.app.private_key, api_url=github.url, clock=clock,
            asks_version=True,
        )  # fmt: skip


def sent(github: Sandbox) -> list[tuple[str, str | None]]:
    """Template and version of what was asked with a token."""
    return [(each.template or "", each.version) for each in github.requests if each.identity != "app"]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [((FIRST, LATER), LATER), ((FIRST,), FIRST), ((), FIRST), ((FIRST, LATER, "2031-01-01"), LATER)],
    ids=["both", "the first", "no versions", "a later one"],
)
async def test_the_newest_that_both_know(
    github: Sandbox, ref: RepoRef, make: Make, listed: tuple[str, ...], expected: str
) -> None:
    github.world.versions = listed
    gh = make()
    for _ in range(2):
        await reads.branch_head(gh, ref, "main")
    assert sent(github)[0] == ("/versions", None)
    assert {version for _, version in sent(github)[1:]} == {expected}
    assert len([path for path, _ in sent(github) if path == "/versions"]) == 1


async def test_nothing_overtakes_the_question(github: Sandbox, ref: RepoRef, make: Make) -> None:
    gh = make()
    await asyncio.gather(*(reads.branch_head(gh, ref, "main") for _ in range(5)))
    assert Counter(version for _, version in sent(github)) == {None: 1, LATER: 5}


async def test_it_is_asked_again_after_a_day(github: Sandbox, ref: RepoRef, make: Make, clock: ManualClock) -> None:
    gh = make()
    github.world.versions = (FIRST,)
    await reads.branch_head(gh, ref, "main")
    github.world.versions = (FIRST, LATER)
    clock.advance(ASK_AGAIN / 2)
    await reads.branch_head(gh, ref, "main")
    clock.advance(ASK_AGAIN)
    await reads.branch_head(gh, ref, "main")
    assert [version for _, version in sent(github)] == [None, FIRST, FIRST, None, LATER]


@pytest.mark.parametrize("status", [500, 502, 403, 401])
async def test_a_host_that_does_not_say_is_asked_for_the_first(
    github: Sandbox, ref: RepoRef, make: Make, status: int
) -> None:
    github.faults.status(status, "No.", path="/versions", times=1)
    gh = make()
    await reads.branch_head(gh, ref, "main")
    assert sent(github)[-1][1] == FIRST


@pytest.mark.parametrize(
    "body", [b'"2026-03-10"', b"{}", b"[1, null]", b"<html>"], ids=["text", "object", "odd", "page"]
)
async def test_an_odd_list_is_none(github: Sandbox, ref: RepoRef, make: Make, body: bytes) -> None:
    github.faults.add("odd", Reply(status=200, body=body), effect=False, path="/versions")
    await reads.branch_head(make(), ref, "main")
    assert sent(github)[-1][1] == FIRST


async def test_a_version_that_is_refused_after_all(github: Sandbox, ref: RepoRef, make: Make) -> None:
    """The host was set back, or another one behind its name answers."""
    gh = make()
    before = await reads.repository(gh, ref)
    github.world.versions = (FIRST,)
    assert await reads.repository(gh, ref) == before
    assert [version for _, version in sent(github)[-2:]] == [LATER, FIRST]


async def test_a_host_that_takes_none_of_ours_says_so(github: Sandbox, ref: RepoRef, make: Make) -> None:
    github.world.versions = ("2031-01-01",)
    with pytest.raises(Refused, match="2031-01-01"):
        await reads.repository(make(), ref)


async def test_what_was_kept_of_one_version_is_not_shown_in_the_other(
    github: Sandbox, ref: RepoRef, make: Make, clock: ManualClock
) -> None:
    github.world.versions = (FIRST,)
    gh = make()
    await reads.repository(gh, ref)
    github.world.versions = (FIRST, LATER)
    clock.advance(ASK_AGAIN + 1)
    await reads.repository(gh, ref)
    assert [request.status for request in github.requests[-2:]] == [200, 200]
    await reads.repository(gh, ref)
    assert github.requests[-1].status == 304
