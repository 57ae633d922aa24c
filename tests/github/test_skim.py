"""Routing reads no more of a payload than it asks for, and understands what it reads as the whole reader does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.events import Malformed, PullRequestEvent
from bot.github.payloads import SKIMMED, parse, skim
from tests.github.test_payloads import EXAMPLES, HOSTILE, KINDS, body_of, event_of, json_values, mutant, written

UNREAD = {
    "a doubled key": b'{"a": 1, "a": 2}',
    "a long integer": b"9" * 101,
    "not UTF-8": b'"\xff"',
    "a surrogate as UTF-8": b'"\xed\xa0\x80"',
}


@pytest.mark.parametrize("key", EXAMPLES)
def test_every_recorded_payload_is_understood_alike(key: str) -> None:
    event, body = event_of(key), body_of(key)
    assert skim(event, body) == parse(event, body)


@pytest.mark.parametrize("kind", UNREAD)
def test_what_is_wrong_where_nobody_asks_is_found_by_the_whole_reader(kind: str) -> None:
    sound = body_of("pull-request-opened")
    body = sound[:-1] + b', "unread": ' + UNREAD[kind] + b"}"
    assert isinstance(parse("pull_request", body), Malformed)
    assert skim("pull_request", body) == parse("pull_request", sound)


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind not in {"a long integer", "a doubled key"}])
def test_hostile_json_is_no_event(kind: str) -> None:
    found = skim("pull_request", HOSTILE[kind])
    assert isinstance(found, Malformed)
    assert found == parse("pull_request", HOSTILE[kind])


@pytest.mark.parametrize("more", [0, 1])
def test_all_of_a_large_body_is_looked_at(more: int) -> None:
    """Much may be in what is asked for, and is counted before anything is made of it."""
    body = body_of("pull-request-opened")[:-1] + b', "unread": ' + UNREAD["a doubled key"] + b"}"
    body += b" " * (SKIMMED - len(body) + more)
    assert isinstance(skim("pull_request", body), Malformed if more else PullRequestEvent)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_a_mutant_is_understood_alike(key: str, data: st.DataObject) -> None:
    event, body = event_of(key), mutant(key, data)
    assert skim(event, body) == parse(event, body)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.sampled_from([*KINDS, "ssot.x", "star", ""]),
    st.binary() | st.text(alphabet='{}[]":,\\u019ed-+.NaI \n').map(str.encode) | json_values.map(written),
)
def test_no_bytes_raise(event: str, body: bytes) -> None:
    found = skim(event, body)
    assert not isinstance(found, Malformed) or 0 < len(found.reason) < 200
