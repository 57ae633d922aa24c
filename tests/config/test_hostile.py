"""Hostile files cost half a second of CPU at most, and are refused at their place."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import load
from bot.config.document import MAX_BYTES
from bot.domain.errors import ConfigError
from tests.config.cases import migration
from tests.config.fuzz import check, mutants

K = MAX_BYTES
"""The largest file that is looked at."""

HOSTILE: dict[str, str | bytes] = {
    "alias-bomb": "a: &a [x,x]\n" + "".join(f"{c}: &{c} [*a,*a,*a,*a]\n" for c in "bcdefgh"),
    "brackets": "[" * 100_000,
    "braces": "{" * 100_000,
    "block-nest": "".join(" " * n + "a:\n" for n in range(2000)),
    "block-nest-in-size": "".join(" " * n + "a:\n" for n in range(400)),
    "dashes": "- " * (K // 2),
    "questions": "? " * (K // 2),
    "flow-list": "a: [" + "1," * 60_000 + "]",
    "flow-mapping": "{" + "a," * 60_000,
    "block-list": "- a\n" * (K // 4),
    "keys": "".join(f"k{n}: v\n" for n in range(K // 10)),
    "plain": "a: " + "x" * (K - 3),
    "plain-words": "a: " + "x " * (K // 2 - 2),
    "plain-lines": "a:\n" + " x\n" * (K // 3 - 2),
    "double-quoted": 'a: "' + "\\n" * (K // 2 - 5) + '"',
    "not-closed": '"' + "a\n" * (K // 2 - 1),
    "single-quoted": "a: '" + "x\n " * (K // 3 - 3) + "'",
    "literal": "a: |\n" + " x\n" * (K // 3 - 2),
    "folded": "a: >\n" + " x\n" * (K // 3 - 2),
    "comments": "#x\n" * (K // 3),
    "comments-then-values": "#xxxxxxx\n" * 9000 + "- a\n" * 9000,
    "blank-lines": "\n" * K,
    "tags": "!" * K,
    "anchor": "&" + "a" * (K - 1),
    "directives": "%a b\n" * (K // 5),
    "documents": "---\n" * (K // 4),
    "one-megabyte": b"a" * 1_000_000,
    "two-megabytes": "a: b\n" * 400_000,
    "duplicates": "a: 1\n" * 2400,
    "unknown-keys": "".join(f"migration{n}: v\n" for n in range(2400)),
    "globs": migration("deprecated: a.b\ncritical: [" + ",".join("'" + "*a" * 60 + f"{n}'" for n in range(490)) + "]"),
    "patterns": migration("deprecated: a.b\nrewrites:\n" + f"- match: '$deprecated({'-' * 900}x)'\n" * 120),
    "names": migration("deprecated: {" + ",".join(f"a.b{n}: a.b{n + 1}" for n in range(1990)) + "}"),
    "near-misses": migration(
        "deprecated: ["
        + ",".join(f"a.b{n}" for n in range(1900))
        + "]\nrewrites:\n"
        + "- {for: a.bx, match: $deprecated}\n" * 199
    ),
    "a-long-name": migration("deprecated: " + "a." * 60_000 + "b"),
    "pattern-of-brackets": migration(f"deprecated: a.b\nrewrites: [{{match: '$deprecated{'(' * 900}'}}]"),
    "catastrophic-expression": migration("deprecated: a.b\ndocs_url: 'https://" + "a" * 1900 + "!<'"),
}


def timed(work: Callable[[], object]) -> float:
    """Seconds of CPU."""
    started = time.process_time()
    work()
    return time.process_time() - started


def a_million_entries() -> None:
    """An eighth of a second of plain Python on a usual machine: what a check may cost is counted by it."""
    entries: dict[int, str] = {}
    for n in range(1_000_000):
        entries[n & 1023] = str(n)


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_it_costs_little(source: str | bytes) -> None:
    load(None)
    yardstick = min(timed(a_million_entries) for _ in range(2))
    assert min(timed(lambda: check(source)) for _ in range(3)) < 4 * yardstick


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - {"globs", "patterns", "names"}))
def test_it_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"^\.github/ssot\.yml:\d+:\d+: "):
        load(HOSTILE[name])


def test_mutants_of_real_files_are_read_or_refused() -> None:
    assert {check(text) for text in mutants(1500, seed=506)} == {True, False}


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(source: bytes) -> None:
    check(source)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text("abm:[]{}-?&*!|>'\"%#,\\\n \t$.0", max_size=80))
def test_scraps_of_yaml_are_read_or_refused(source: str) -> None:
    check("migrations:\n  m:\n    " + source)
