"""Regular expressions over what strangers write are linear: each is found by itself, and tried on its worst texts.

What is measured is how the processor's time of this thread grows with the text, from 1 KB to 1 MB, and never the time.
"""

import re
import time

import pytest

from bot.engine.source.mentions import REACH
from tests.hostile.growth import grows_linearly
from tests.hostile.regexes import SLOWEST_GROWTH, Found, hostile_texts, modules, patterns, worst_growth

OF_PIECES = frozenset(
    {
        "bot.engine.prefilter.terms:_IMPORTING",
        "bot.engine.resolve.renamed:_ASSIGNED",
        "bot.engine.source.mentions:_QUALIFIER",
        "bot.engine.source.taken:_LISTED",
    }
)
"""They get no more than ``REACH`` bytes."""
OF_THE_OPERATOR = frozenset({"bot.settings.urls"})
"""Modules that read the environment alone."""

ALL = patterns()
TRIED = [found for found in ALL if str(found) not in OF_PIECES and found.module not in OF_THE_OPERATOR]


@pytest.mark.parametrize("found", TRIED, ids=str)
def test_the_time_grows_as_the_text_does(found: Found) -> None:
    growth, what = worst_growth(found)
    assert growth <= SLOWEST_GROWTH, f"{found} ({found.pattern.pattern!r}): {what}"


@pytest.mark.parametrize("found", [each for each in ALL if str(each) in OF_PIECES], ids=str)
def test_of_a_small_piece_each_takes_a_moment(found: Found) -> None:
    for make in hostile_texts(found.pattern):
        began = time.thread_time()
        found.pattern.search(make(REACH))
        assert time.thread_time() - began < 0.5


def test_every_exception_is_a_pattern_that_is_there() -> None:
    assert {str(found) for found in ALL} >= OF_PIECES
    assert set(modules()) >= OF_THE_OPERATOR
    assert len(ALL) > 140


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(a+)+$", "match"),
        (r"<!--.*?-->", "search"),
        (r"\s+$", "sub"),
        (r"(?:a|a)*b", "fullmatch"),
        (r"\[[^\]]*\]\(", "findall"),
        (r"(\w+\s*)+;", "search"),
    ],
)
def test_it_finds_those_that_are_not(pattern: str, method: str) -> None:
    found = Found("somewhere", "_X", re.compile(pattern), frozenset({method}))
    assert worst_growth(found, largest=20_000)[0] > SLOWEST_GROWTH


@pytest.mark.parametrize("pattern", [r"a+b", r"<[^<>]*>", r"[a-z]+:[0-9]+", r"(?:\\.|[^\s\\])+"])
def test_it_lets_linear_ones_pass(pattern: str) -> None:
    assert worst_growth(Found("somewhere", "_X", re.compile(pattern), frozenset({"match"})))[0] <= SLOWEST_GROWTH


def test_what_was_a_pattern_and_is_none_now_is_linear() -> None:
    """Comments without an end, and markers without theirs."""
    from bot.identity.pull_requests import reworded
    from bot.tracker.checklist.words import normal

    def seconds(size: int) -> float:
        began = time.thread_time()
        normal("<!--a" * (size // 5))
        assert reworded("<!-- ssot:batch=a-->" * (size // 20), "x") is None
        assert reworded("<!-- ssot:batch=a" * (size // 17), "x") is None
        return time.thread_time() - began

    assert min(seconds(400_000) / seconds(100_000) for _ in range(3)) < SLOWEST_GROWTH


QUOTES = {"behind backslashes": "\\'", "with a gap": "' \\'", "three": "'''\\\"", "both": "'\\\""}


@pytest.mark.parametrize("unit", QUOTES.values(), ids=QUOTES.keys())
def test_strings_without_an_end_are_looked_for_once(unit: str) -> None:
    from bot.config.patterns import metavariables
    from bot.engine.rewrite.lex import tokens

    def work(size: int) -> None:
        text = "'" + unit * (size // len(unit))
        tokens(text)
        metavariables(text)

    assert grows_linearly(work, 120_000)
