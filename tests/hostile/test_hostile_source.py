"""Source made to kill parsers costs a worker at most: the server and the next task do not notice."""

import resource
import sys
from collections.abc import AsyncIterator

import pytest

from bot.scanner import Unscannable
from bot.scanner.workers import Workers
from tests.hostile import misbehaving, parsing
from tests.hostile.corpus import CORPUS, source

MEMORY = 512 << 20
CRASHES = 15
KILLERS = (
    "parentheses-2k",
    "parentheses-5k",
    "lists-1k",
    "lists-2k",
    "attributes-20k",
    "lambdas-2k",
    "unary-10k",
    "sum-5k",
    "string-sum-100k",
    "elif-60k",
)
"""What LibCST does not survive, or not within a second."""


def peak() -> int:
    """The most memory, in bytes, that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(workers=1, memory=MEMORY) as running:
        yield running


@pytest.mark.parametrize("name", KILLERS)
async def test_a_parser_killer_costs_one_task(workers: Workers, name: str) -> None:
    before = peak()
    with pytest.raises(Unscannable, match="too complex") as caught:
        await workers.run(parsing.parse_concrete, source(name), seconds=0.5)
    assert caught.value.cause in {"crash:SIGSEGV", "crash:SIGABRT", "timeout", "memory"}
    assert await workers.run(parsing.parse_concrete, b"x = 1\n", seconds=10) == 6
    assert peak() - before < 50 << 20


async def test_many_crashes_in_a_row_leave_the_pool_sound(workers: Workers) -> None:
    for _ in range(CRASHES):
        with pytest.raises(Unscannable):
            await workers.run(parsing.parse_concrete, source("parentheses-5k"), seconds=5)
    assert await workers.run(misbehaving.echo, "fine", seconds=5) == "fine"
    assert workers.exits == {"crash:SIGSEGV": CRASHES, "ok": 1}


def test_the_corpus_holds_what_it_says() -> None:
    assert set(KILLERS) <= set(CORPUS)
    assert len(source("one-line-5mb")) > 5 << 20
    assert all(b"get_manager" in source(name).partition(b"\n")[2] for name in CORPUS)
