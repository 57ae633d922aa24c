"""Payloads to values: GitHub's recorded ones, and hostile ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import events
from bot.events import Malformed, NotInstalled, Ping, PullRequestEvent, Unknown, parse

READ = ("check_run", "installation", "installation_repositories", "issue_comment", "issues", "pull_request", "push")


def payload(**changes: Any) -> dict[str, Any]:
    person = {"login": "ann", "type": "User"}
    found: dict[str, Any] = {
        "action": "opened",
        "installation": {"id": 5},
        "repository": {"id": 77, "full_name": "acme/app"},
        "pull_request": {"number": 7, "head": {"sha": "a" * 40}},
        "sender": person,
    }
    return {name: value for name, value in {**found, **changes}.items() if value is not ...}


def test_a_pull_request_is_reduced_to_a_reference() -> None:
    event = parse("pull_request", json.dumps(payload()).encode())
    assert isinstance(event, PullRequestEvent)
    assert (event.ref.repo.installation, event.ref.repo.id, event.ref.repo.full_name) == (5, 77, "acme/app")
    assert (event.ref.number, event.head_sha, event.action, event.base_changed) == (7, "a" * 40, "opened", False)


@pytest.mark.parametrize(("changes", "changed"), [({"base": {"ref": {"from": "x"}}}, True), ({"title": {}}, False)])
def test_an_edit_tells_whether_the_base_changed(changes: dict[str, Any], changed: bool) -> None:
    event = parse("pull_request", json.dumps(payload(action="edited", changes=changes)).encode())
    assert isinstance(event, PullRequestEvent)
    assert event.base_changed is changed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'""',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"action": "x", "action": "y"}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        json.dumps(payload(pull_request=None)).encode(),
        json.dumps(payload(pull_request={"number": "7", "head": {"sha": "a" * 40}})).encode(),
        json.dumps(payload(pull_request={"number": True, "head": {"sha": "a" * 40}})).encode(),
        json.dumps(payload(pull_request={"number": 7, "head": {"sha": "../../x"}})).encode(),
        json.dumps(payload(repository={"id": 77, "full_name": "acme"})).encode(),
        json.dumps(payload(repository={"id": 77, "full_name": "a/b/c"})).encode(),
        json.dumps(payload(installation=3)).encode(),
        json.dumps(payload(action=["opened"])).encode(),
        b'{"action": "\\ud800", "installation": {"id": 1}}',
    ],
    ids=range(22),
)
def test_what_is_wrong_is_malformed_and_the_reason_quotes_nothing(body: bytes) -> None:
    event = parse("pull_request", body)
    assert isinstance(event, Malformed)
    assert len(event.reason) < 100


def test_without_an_installation_nothing_can_be_done() -> None:
    assert isinstance(parse("pull_request", json.dumps(payload(installation=...)).encode()), NotInstalled)


def test_what_nothing_reads_is_unknown() -> None:
    assert parse("star", b'{"action": "created"}') == Unknown(event="star", action="created")
    assert parse("ping", b'{"zen": "x"}') == Ping()


KEYS = st.sampled_from(["action", "installation", "id", "pull_request", "repository", "full_name", "sender"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(JSON)
def test_no_json_makes_it_raise(value: object) -> None:
    for event in READ:
        assert isinstance(parse(event, json.dumps(value).encode()), events.Event)


RECORDED = json.loads((Path(__file__).parent / "contract/data/payload-examples.json").read_text())["events"]


def recorded() -> list[tuple[str, dict[str, Any]]]:
    """GitHub's recorded payloads of the events that are read, as if an installation had caused them."""
    found = []
    for name, example in sorted(RECORDED.items()):
        event = next((e for e in sorted(READ, key=len, reverse=True) if name.replace("-", "_").startswith(e)), None)
        if event and not name.startswith(("pull-request-review", "issues-labeled")):
            found.append((event, {"installation": {"id": 5}, **example}))
    return found


@pytest.mark.parametrize(("event", "example"), recorded())
def test_every_recorded_payload_is_read(event: str, example: dict[str, Any]) -> None:
    value = parse(event, json.dumps(example).encode())
    assert not isinstance(value, Malformed | Unknown | NotInstalled), value


def test_there_are_recorded_payloads() -> None:
    assert {event for event, _ in recorded()} >= {"pull_request", "push", "issues", "issue_comment", "check_run"}
