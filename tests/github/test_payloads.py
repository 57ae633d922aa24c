"""GitHub's payloads become references; whatever is wrong with one is ``Malformed`` and nothing else."""

import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.events import (
    AppTaskEvent,
    CheckRunEvent,
    CheckSuiteEvent,
    DeploymentStatusEvent,
    InstallationEvent,
    InstallationRepositoriesEvent,
    IssueCommentEvent,
    IssuesEvent,
    Malformed,
    MergeGroupEvent,
    NotInstalled,
    Ping,
    PullRequestEvent,
    PushEvent,
    RepositoryEvent,
    ReviewCommentEvent,
    StatusEvent,
    SubIssuesEvent,
    TaskEvent,
    Unknown,
)
from bot.domain.references import InstallationId, RepoRef, RepositoryId, Task
from bot.github.payloads import delivery_of, parse
from bot.github.payloads.document import LARGEST
from bot.web.hook import EVENT, GUID

EXAMPLES: dict[str, dict[str, Any]] = json.loads(
    next((Path(__file__).parents[1] / "contract" / "data").rglob("payload-examples.json")).read_text(encoding="utf-8")
)["events"]
SHA = "0123456789abcdef0123456789abcdef01234567"
KINDS = {
    "check_run": CheckRunEvent,
    "check_suite": CheckSuiteEvent,
    "deployment_status": DeploymentStatusEvent,
    "installation": InstallationEvent,
    "installation_repositories": InstallationRepositoriesEvent,
    "issue_comment": IssueCommentEvent,
    "issues": IssuesEvent,
    "merge_group": MergeGroupEvent,
    "ping": Ping,
    "pull_request": PullRequestEvent,
    "pull_request_review_comment": ReviewCommentEvent,
    "push": PushEvent,
    "repository": RepositoryEvent,
    "status": StatusEvent,
    "sub_issues": SubIssuesEvent,
}


def event_of(key: str) -> str:
    """``pull-request-review-submitted`` → ``pull_request_review``: the action stands in the payload."""
    action = str(EXAMPLES[key].get("action", "")).replace("_", "-")
    return key.removesuffix(f"-{action}").replace("-", "_") if action else key.replace("-", "_")


def body_of(key: str, **changes: object) -> bytes:
    """A recorded payload, on behalf of an installation."""
    return json.dumps({"installation": {"id": 7}} | EXAMPLES[key] | changes).encode()


@pytest.mark.parametrize("key", EXAMPLES)
def test_every_recorded_payload_is_read(key: str) -> None:
    event = event_of(key)
    found = parse(event, body_of(key))
    assert type(found) is KINDS.get(event, Unknown)
    if not isinstance(found, Ping | PushEvent | StatusEvent | TaskEvent | AppTaskEvent | Malformed | NotInstalled):
        assert found.action == EXAMPLES[key]["action"]


@pytest.mark.parametrize("key", [key for key in EXAMPLES if "installation" not in EXAMPLES[key] and key != "ping"])
def test_without_an_installation_there_is_nothing_to_do(key: str) -> None:
    event = event_of(key)
    expected = NotInstalled if event in KINDS else Unknown
    assert type(parse(event, json.dumps(EXAMPLES[key]).encode())) is expected


def test_a_pull_request_is_reduced_to_a_reference() -> None:
    found = parse("pull_request", body_of("pull-request-synchronize"))
    payload = EXAMPLES["pull-request-synchronize"]
    assert isinstance(found, PullRequestEvent)
    assert found.ref.number == payload["number"]
    assert found.ref.repo.full_name == payload["repository"]["full_name"]
    assert found.ref.repo.id == payload["repository"]["id"]
    assert found.ref.repo.installation == payload["installation"]["id"]
    assert found.head_sha == payload["pull_request"]["head"]["sha"]
    assert not found.base_changed


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"base": {"ref": {"from": "old"}, "sha": {"from": SHA}}}, True),
        ({"title": {"from": "old"}}, False),
        ({}, False),
    ],
)
def test_a_new_base_is_told_from_other_edits(changes: dict[str, object], expected: bool) -> None:
    found = parse("pull_request", body_of("pull-request-opened", action="edited", changes=changes))
    assert isinstance(found, PullRequestEvent)
    assert found.base_changed is expected


@pytest.mark.parametrize("on_pull", [True, False])
def test_a_comment_knows_what_it_stands_on(on_pull: bool) -> None:
    issue = dict(EXAMPLES["issue-comment-created"]["issue"])
    issue.pop("pull_request", None)
    if on_pull:
        issue["pull_request"] = {"url": "https://api.github.com/repos/a/b/pulls/1"}
    found = parse("issue_comment", body_of("issue-comment-created", issue=issue))
    assert isinstance(found, IssueCommentEvent)
    assert found.is_pull_request is on_pull
    assert found.body == EXAMPLES["issue-comment-created"]["comment"]["body"]
    assert not found.sender.is_bot


def test_a_bots_comment_is_known_as_such() -> None:
    sender = EXAMPLES["issue-comment-created"]["sender"] | {"type": "Bot", "login": "ssot-bot[bot]"}
    found = parse("issue_comment", body_of("issue-comment-created", sender=sender))
    assert isinstance(found, IssueCommentEvent)
    assert found.sender.is_bot


@pytest.mark.parametrize(
    ("ref", "branch", "default"),
    [
        ("refs/heads/master", "master", True),
        ("refs/heads/feature/x", "feature/x", False),
        ("refs/tags/master", None, False),
        ("refs/heads/refs/heads/master", "refs/heads/master", False),
    ],
)
def test_a_push_knows_its_branch(ref: str, branch: str | None, default: bool) -> None:
    repository = EXAMPLES["push"]["repository"] | {"default_branch": "master"}
    found = parse("push", body_of("push", ref=ref, repository=repository))
    assert isinstance(found, PushEvent)
    assert (found.branch, found.to_default_branch) == (branch, default)


def test_a_pressed_button_is_named() -> None:
    found = parse("check_run", body_of("check-run-requested-action"))
    assert isinstance(found, CheckRunEvent)
    assert found.identifier == EXAMPLES["check-run-requested-action"]["requested_action"]["identifier"]
    assert found.pulls == (26764,)


def test_a_merge_group_is_read() -> None:
    group = {"head_sha": SHA, "base_sha": SHA, "head_ref": "refs/heads/gh-readonly-queue/main/pr-1", "base_ref": "x"}
    repository = EXAMPLES["push"]["repository"]
    payload = {"action": "checks_requested", "merge_group": group, "repository": repository, "installation": {"id": 7}}
    found = parse("merge_group", json.dumps(payload).encode())
    assert isinstance(found, MergeGroupEvent)
    assert found.head_sha == SHA


def test_repositories_added_carry_their_installation() -> None:
    found = parse("installation_repositories", body_of("installation-repositories-added"))
    assert isinstance(found, InstallationRepositoriesEvent)
    assert [(repo.full_name, repo.installation) for repo in found.added] == [("Codertocat/Space", 957387)]


WORDS = st.sampled_from(
    ["action", "installation", "repository", "id", "full_name", "a/b", "sender", "login", "\ud800", "\0", SHA]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(), inner, max_size=6),
    max_leaves=20,
)


def written(value: object) -> bytes:
    """As Python writes it: NaN and half characters too."""
    return json.dumps(value).encode()


HOSTILE = {
    "nothing": b"",
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "a text": b'""',
    "half": b"{",
    "not UTF-8": b'{"action": "\xff"}',
    "UTF-16": '{"action": "x"}'.encode("utf-16"),
    "a mark": b'\xef\xbb\xbf{"action": "x"}',
    "NaN": b'{"action": NaN}',
    "infinity": b'{"action": -Infinity}',
    "a long integer": b'{"id": ' + b"9" * 5_000 + b"}",
    "a doubled key": b'{"action": "a", "action": "b"}',
    "half a character": b'{"action": "\\ud800"}',
    "too deep": b'{"a":' * 100_000,
    "deep and whole": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a NUL": b'{"action": "\x00"}',
    "two documents": b"{}{}",
    "a comment": b"{} // x",
    "single quotes": b"{'action': 'x'}",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("event", ["pull_request", "issue_comment"])
def test_hostile_json_is_malformed(event: str, kind: str) -> None:
    found = parse(event, HOSTILE[kind])
    assert isinstance(found, Malformed)
    assert len(found.reason) < 200


def test_a_number_beyond_all_bounds_that_nobody_reads_does_no_harm() -> None:
    body = body_of("pull-request-opened")[:-1] + b', "size": 1e999}'
    assert isinstance(parse("pull_request", body), PullRequestEvent)


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("pull-request-opened", {"pull_request": None}),
        ("pull-request-opened", {"pull_request": []}),
        ("pull-request-opened", {"pull_request": {"number": True, "head": {"sha": SHA}}}),
        ("pull-request-opened", {"pull_request": {"number": "1", "head": {"sha": SHA}}}),
        ("pull-request-opened", {"pull_request": {"number": 1e999, "head": {"sha": SHA}}}),
        ("pull-request-opened", {"pull_request": {"number": 1, "head": {"sha": "../../x"}}}),
        ("pull-request-opened", {"pull_request": {"number": 1, "head": {"sha": SHA.upper()}}}),
        ("pull-request-opened", {"repository": {"id": 1, "full_name": "no-slash"}}),
        ("pull-request-opened", {"repository": {"id": 1, "full_name": "a/b/c"}}),
        ("pull-request-opened", {"installation": {"id": "7"}}),
        ("pull-request-opened", {"installation": 7}),
        ("issue-comment-created", {"sender": {}}),
        ("pull-request-opened", {"action": 1}),
        ("pull-request-opened", {"action": None}),
        ("issue-comment-created", {"comment": {"id": 1}}),
        ("push", {"after": ""}),
        ("check-run-rerequested", {"check_run": {}}),
        ("installation-created", {"installation": {"id": 1}}),
        ("installation-repositories-added", {"repositories_added": {}}),
    ],
)
def test_a_payload_of_another_shape_is_malformed(key: str, changes: dict[str, object]) -> None:
    body = json.dumps({"installation": {"id": 7}} | EXAMPLES[key] | changes).replace("Infinity", "1e999").encode()
    assert isinstance(parse(event_of(key), body), Malformed)


PULL = {"number": 1, "head": {"sha": SHA}}
COMMENT = EXAMPLES["issue-comment-created"]["comment"]


@pytest.mark.parametrize(
    ("key", "changes", "place"),
    [
        ("pull-request-opened", {"pull_request": PULL | {"number": 1.0}}, "$.pull_request.number"),
        ("pull-request-opened", {"pull_request": PULL | {"number": 0}}, "$.pull_request.number"),
        ("pull-request-opened", {"pull_request": PULL | {"head": {"sha": "a" * 41}}}, "$.pull_request.head.sha"),
        ("pull-request-opened", {"pull_request": PULL | {"head": {"sha": "a" * 40 + "\n"}}}, "$.pull_request.head.sha"),
        ("pull-request-opened", {"installation": {"id": -7}}, "$.installation.id"),
        ("pull-request-opened", {"repository": {"id": 1, "full_name": "a/"}}, "$.repository.full_name"),
        ("pull-request-opened", {"repository": {"id": 1, "full_name": "a/b\ud800"}}, "$.repository.full_name"),
        ("issue-comment-created", {"sender": {"id": 1, "type": "User"}}, "login"),
        ("issue-comment-created", {"comment": COMMENT | {"body": "\udfff"}}, "$.comment.body"),
        ("issue-comment-created", {"comment": COMMENT | {"created_at": "2024-01-01T00:00:00"}}, "$.comment.created_at"),
        ("issue-comment-created", {"comment": COMMENT | {"created_at": "yesterday"}}, "$.comment.created_at"),
        ("check-run-rerequested", {"check_run": {"id": 1, "name": "x"}}, "$.check_run"),
        ("installation-repositories-added", {"repositories_added": [{"id": 1}]}, "$.repositories_added[0]"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(key: str, changes: dict[str, object], place: str) -> None:
    found = parse(event_of(key), body_of(key, **changes))
    assert isinstance(found, Malformed)
    assert place in found.reason
    assert len(found.reason) < 200


def test_a_doubled_key_is_named_wherever_it_is() -> None:
    body = body_of("push")[:-1] + b', "unread": [{"a": 1, "\\u0061": 2}]}'
    assert parse("push", body) == Malformed(reason="the key 'a' appears twice")


@pytest.mark.parametrize(
    "unread",
    [b'"\\ud800"', b"1e999", b"-0.0", b"[" * 200 + b"]" * 200, b'{"": {"": null}}'],
    ids=["half a character", "infinite", "minus zero", "rather deep", "empty keys"],
)
def test_what_nobody_reads_may_be_odd(unread: bytes) -> None:
    body = body_of("pull-request-opened")[:-1] + b', "unread": ' + unread + b"}"
    assert isinstance(parse("pull_request", body), PullRequestEvent)


@pytest.mark.parametrize(
    "unread",
    [
        b"9" * 101,
        b"NaN",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=["long integer", "NaN", "not UTF-8", "a surrogate as UTF-8", "deep lists", "deep objects"],
)
def test_what_no_parser_should_see_is_malformed_though_nobody_reads_it(unread: bytes) -> None:
    body = body_of("pull-request-opened")[:-1] + b', "unread": ' + unread + b"}"
    assert isinstance(parse("pull_request", body), Malformed)


@pytest.mark.parametrize("place", ["$", "changes"])
def test_half_a_character_as_a_key_does_not_raise(place: str) -> None:
    odd: dict[str, object] = {"\ud800": 1}
    body = body_of("pull-request-opened", **(odd if place == "$" else {"changes": odd}))
    assert isinstance(parse("pull_request", body), Malformed)


def filled(size: int, piece: bytes) -> bytes:
    """A whole payload of ``size`` bytes with one list that nobody reads."""
    body = body_of("pull-request-opened")[:-1] + b', "unread": ['
    count = (size - len(body) - 3) // (len(piece) + 1)
    full = body + b",".join([piece] * count) + b"]}"
    return full + b" " * (size - len(full))


@pytest.mark.parametrize(
    "piece", [b'"' + b"x" * 65_536 + b'"', b'{"a":{"b":"' + b"c" * 500 + b'"}}'], ids=["texts", "objects"]
)
def test_the_largest_body_is_read_and_a_larger_one_is_not(piece: bytes) -> None:
    body = filled(LARGEST, piece)
    assert isinstance(parse("pull_request", body), PullRequestEvent)
    assert parse("pull_request", body + b" ") == Malformed(reason="the body is too large")


@pytest.mark.parametrize("piece", [b"[]", b"{}", b'"\\ud800"', b"1"])
def test_memory_grows_with_the_body_and_not_faster(piece: bytes) -> None:
    def peak(size: int) -> int:
        body = filled(size, piece)
        tracemalloc.start()
        try:
            parse("pull_request", body)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(512 * 1024) < 2.5 * peak(256 * 1024)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.sampled_from([*KINDS, "merge_group", "deployment_status", "ssot.x", "star", ""]),
    st.binary() | st.text(alphabet='{}[]":,\\u019ed-+.NaI \n').map(str.encode) | json_values.map(written),
)
def test_no_bytes_raise(event: str, body: bytes) -> None:
    found = parse(event, body)
    assert not isinstance(found, Malformed) or 0 < len(found.reason) < 200


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_no_mutant_raises(key: str, data: st.DataObject) -> None:
    parse(event_of(key), mutant(key, data))


def mutant(key: str, data: st.DataObject) -> bytes:
    """A recorded payload with any one value replaced by any other."""
    payload: Any = json.loads(body_of(key))
    node = payload
    while True:
        places = list(node) if isinstance(node, dict) else list(range(len(node)))
        place = data.draw(st.sampled_from(places))
        child = node[place]
        if not (isinstance(child, dict | list) and child) or data.draw(st.booleans()):
            break
        node = child
    node[place] = data.draw(st.sampled_from([None, "", "x", 0, -1, 2**70, True, 1.5, 1e999, [], {}, [{}], {"id": []}]))
    return json.dumps(payload).replace("Infinity", "1e999").encode()


REPO = RepoRef(installation=InstallationId(7), id=RepositoryId(77), owner="acme", name="app")


@pytest.mark.parametrize(
    ("repo", "subject", "expected"),
    [
        (REPO, 12, TaskEvent(event="ssot.tracker", repo=REPO, subject=12)),
        (REPO, None, TaskEvent(event="ssot.tracker", repo=REPO, subject=None)),
        (None, None, AppTaskEvent(event="ssot.tracker")),
    ],
    ids=["subject", "repository", "app"],
)
def test_a_task_comes_back_as_its_event(repo: RepoRef | None, subject: int | None, expected: object) -> None:
    stored = delivery_of(Task(event="ssot.tracker", id="x", repo=repo, subject=subject))
    assert parse(stored.event, stored.body) == expected


STORED = b'{"installation": {"id": 7}, "repository": {"id": 77, "full_name": "acme/app"}, "subject": 12}'
"""A row as every version writes it."""


def test_a_task_in_a_waiting_row_survives_an_upgrade() -> None:
    task = Task(event="ssot.tracker", id="x", repo=REPO, subject=12)
    assert delivery_of(task).body == STORED
    assert parse("ssot.tracker", STORED) == TaskEvent(event="ssot.tracker", repo=REPO, subject=12)
    assert parse("ssot.tracker", b"{}") == AppTaskEvent(event="ssot.tracker")


def test_a_task_shares_the_lane_of_its_subject() -> None:
    assert TaskEvent(event="ssot.x", repo=REPO, subject=12).partition == "repo:77#12"
    assert TaskEvent(event="ssot.x", repo=REPO, subject=None).partition == "repo:77"


def test_the_hook_takes_neither_a_tasks_name_nor_its_id() -> None:
    stored = delivery_of(Task(event="ssot.tracker", id="1", repo=None))
    assert not EVENT.fullmatch(stored.event)
    assert not GUID.fullmatch(stored.id)


@pytest.mark.parametrize(("event", "name"), [("push", "x"), ("ssot.x", ""), ("ssot.x", "a\nb"), ("ssot.x", "x" * 201)])
def test_what_could_never_be_handled_is_no_task(event: str, name: str) -> None:
    with pytest.raises(ValueError, match="task"):
        delivery_of(Task(event=event, id=name, repo=None))


@pytest.mark.parametrize("body", [b"[]", b'{"repository": 1}', b'{"repository": {"id": 1, "full_name": "a/b"}}'])
def test_a_damaged_task_is_malformed(body: bytes) -> None:
    assert isinstance(parse("ssot.x", body), Malformed)


@given(
    st.floats(0, 4e9).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.floats(0, 60),
    st.sampled_from([1.0, 10.0, 60.0]),
)
def test_a_debounced_task_runs_after_all_that_it_stands_for(now: datetime, later: float, length: float) -> None:
    def at(moment: datetime) -> Task:
        window = timedelta(seconds=length)
        return Task.debounced("ssot.tracker", REPO, 12, now=moment, window=window)

    first, second = at(now), at(now + timedelta(seconds=later))
    assert first.not_before is not None
    assert now < first.not_before <= now + timedelta(seconds=length + 0.001)
    assert (first.id == second.id) == (now + timedelta(seconds=later) < first.not_before)
