"""What was begun is had once, by who asks for the same; all else is as if nothing had been begun."""

import asyncio

import pytest

from bot.github.begun import Begun, may_be_begun


class GitHub:
    def __init__(self) -> None:
        self.begun = Begun()
        self.asked: list[tuple[str, bool]] = []


@may_be_begun
async def read(github: GitHub, path: str, *, fresh: bool = False) -> str:
    github.asked.append((path, fresh))
    return f"read {path}"


@may_be_begun
async def other(github: GitHub, path: str) -> str:
    github.asked.append((path, False))
    return f"other {path}"


async def value(of: str) -> str:
    return of


async def failing() -> str:
    raise ValueError("no")


async def test_the_first_who_asks_has_it_and_the_next_asks_anew() -> None:
    github = GitHub()
    github.begun.offer(lambda: value("begun"), read, "a")
    assert [await read(github, "a"), await read(github, "a")] == ["begun", "read a"]
    assert github.asked == [("a", False)]


async def test_it_is_for_the_same_read_and_the_same_arguments_alone() -> None:
    github = GitHub()
    github.begun.offer(lambda: value("begun"), read, "a", fresh=True)
    assert await read(github, "b", fresh=True) == "read b"
    assert await read(github, "a") == "read a"
    assert await other(github, "a") == "other a"
    assert await read(github, "a", fresh=True) == "begun"


async def test_an_error_is_told_to_who_asks() -> None:
    github = GitHub()
    task = github.begun.begin(failing())
    github.begun.offer(lambda: task, read, "a")
    with pytest.raises(ValueError, match="no"):
        await read(github, "a")


async def test_what_nobody_asks_for_has_no_effect() -> None:
    github = GitHub()
    failed = github.begun.begin(failing())
    endless = github.begun.begin(asyncio.sleep(3_600))
    await asyncio.sleep(0)
    await github.begun.end()
    assert failed.done()
    assert endless.cancelled()


async def test_work_that_is_begun_goes_on_by_itself() -> None:
    github, reached = GitHub(), asyncio.Event()

    async def work() -> str:
        reached.set()
        return "begun"

    task = github.begun.begin(work())
    github.begun.offer(lambda: task, read, "a")
    await asyncio.wait_for(reached.wait(), 5)
    assert await read(github, "a") == "begun"
