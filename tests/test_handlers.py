"""Which deliveries become work, in which partition, and for whom."""

import json
from typing import Any, cast

import pytest

import handlers
from bot.context import Bot
from bot.domain.events import TaskEvent
from bot.domain.references import Delivery, DeliveryId, InstallationId, RepoRef, RepositoryId
from bot.jobs import Ignored, Lease, Route, Unreadable, Work
from bot.settings import Allowed

EVERYBODY = Allowed()


def body(event: str = "pull_request", **changes: object) -> bytes:
    payload: dict[str, Any] = {
        "action": "opened",
        "installation": {"id": 5},
        "repository": {"id": 77, "full_name": "acme/app"},
        "sender": {"id": 3, "login": "ann", "type": "User"},
    }
    if event == "pull_request":
        payload["pull_request"] = {"number": 7, "head": {"sha": "a" * 40}}
    if event == "check_run":
        payload["check_run"] = {
            "id": 1, "name": "ssot", "app": {"id": 9}, "head_sha": "a" * 40, "pull_requests": [],
            "external_id": "77/pull/7:0123456789abcdef",
        }  # fmt: skip
    if event == "check_suite":
        payload["check_suite"] = {"id": 1, "app": {"id": 9}, "head_sha": "a" * 40, "pull_requests": []}
    return json.dumps({**payload, **changes}).encode()


def route(event: str, content: bytes, allowed: Allowed = EVERYBODY) -> Route:
    return handlers.route(event, content, allowed)


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review", "unlocked"])
def test_what_changes_the_code_is_work_in_the_lane_of_its_pull_request(action: str) -> None:
    assert route("pull_request", body(action=action)) == Work(key="repo:77#7", action=action)


def test_another_base_is_work_and_another_title_is_not() -> None:
    rebased = body(action="edited", changes={"base": {"ref": {"from": "main"}}})
    assert isinstance(route("pull_request", rebased), Work)
    assert isinstance(route("pull_request", body(action="edited", changes={"title": {"from": "x"}})), Ignored)


def test_all_checks_again_is_work_in_the_lane_of_the_commit() -> None:
    again = route("check_suite", body("check_suite", action="rerequested"))
    assert again == Work(key=f"repo:77@{'a' * 40}", action="rerequested")


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "requested"},
        {"action": "completed"},
        {"action": "rerequested", "sender": {"id": 3, "login": "b", "type": "Bot"}},
    ],
    ids=str,
)
def test_other_news_of_a_suite_is_ignored(changes: dict[str, object]) -> None:
    assert isinstance(route("check_suite", body("check_suite", **changes)), Ignored)


def test_what_may_be_evidence_waits_with_its_like() -> None:
    told = body(action="edited", changes={"body": {"from": "x"}})
    assert route("pull_request", told) == Work(key="repo:77 ssot.trackers")
    assert route("pull_request", body(action="closed")) == Work(key="repo:77 ssot.trackers")


@pytest.mark.parametrize("action", ["labeled", "assigned", "locked", "converted_to_draft", "no-such-action"])
def test_other_actions_are_ignored(action: str) -> None:
    assert isinstance(route("pull_request", body(action=action)), Ignored)


@pytest.mark.parametrize(
    ("branch", "default", "work"),
    [("main", "main", True), ("topic", "main", False), (None, "main", True), ("topic", None, True)],
)
def test_another_apps_check_run_may_be_evidence_on_the_default_branch(
    branch: str | None, default: str | None, work: bool
) -> None:
    run = json.loads(body("check_run"))["check_run"] | {"external_id": "", "check_suite": {"head_branch": branch}}
    repository = {"id": 77, "full_name": "acme/app", "default_branch": default}
    found = route("check_run", body("check_run", action="completed", check_run=run, repository=repository))
    assert isinstance(found, Work if work else Ignored)


@pytest.mark.parametrize(
    ("event", "changes", "work"),
    [
        ("push", {"ref": "refs/heads/main"}, True),
        ("push", {"ref": "refs/heads/topic"}, False),
        ("push", {"ref": "refs/tags/main"}, False),
        ("push", {"ref": "refs/heads/main", "after": "0" * 40}, False),
        ("issues", {"action": "edited"}, True),
        ("issues", {"action": "closed"}, True),
        ("issues", {"action": "labeled"}, False),
        ("issues", {"action": "edited", "sender": {"id": 3, "login": "ssot-bot[bot]", "type": "Bot"}}, False),
        ("status", {"branches": [{"name": "main"}]}, True),
        ("status", {"branches": []}, True),
        ("status", {"branches": [{"name": "topic"}]}, False),
        ("deployment_status", {"action": "created"}, True),
    ],
)
def test_what_changes_evidence_is_work(event: str, changes: dict[str, object], work: bool) -> None:
    common = {
        "repository": {"id": 77, "full_name": "acme/app", "default_branch": "main"},
        "before": "a" * 40,
        "after": "b" * 40,
        "issue": {"number": 7},
        "sha": "b" * 40,
        "context": "ci",
        "deployment": {"environment": "staging"},
    }
    assert isinstance(route(event, body(event, **common | changes)), Work if work else Ignored)


def test_a_check_run_is_looked_at_again_in_the_lane_of_its_pull_request() -> None:
    again = route("check_run", body("check_run", action="rerequested"))
    assert again == Work(key="repo:77#7", action="rerequested")


@pytest.mark.parametrize(
    ("ref", "after", "work"),
    [
        ("refs/heads/main", "b" * 40, True),
        ("refs/heads/other", "b" * 40, False),
        ("refs/tags/main", "b" * 40, False),
        ("refs/heads/main", "0" * 40, False),
    ],
    ids=["default", "another", "tag", "deleted"],
)
def test_a_push_to_the_default_branch_is_work(ref: str, after: str, work: bool) -> None:
    repository = {"id": 77, "full_name": "acme/app", "default_branch": "main"}
    content = body("push", ref=ref, before="a" * 40, after=after, repository=repository)
    assert isinstance(route("push", content), Work if work else Ignored)


@pytest.mark.parametrize("external_id", ["", "78/pull/7:0123456789abcdef", "77/pull/7", None])
def test_somebody_elses_check_run_is_ignored(external_id: str | None) -> None:
    run = json.loads(body("check_run"))["check_run"]
    run["external_id"] = external_id
    assert isinstance(route("check_run", body("check_run", action="rerequested", check_run=run)), Ignored)


@pytest.mark.parametrize(
    ("allowed", "served"),
    [
        (Allowed(), True),
        (Allowed(installations=frozenset({5})), True),
        (Allowed(owners=frozenset({"acme"})), True),
        (Allowed(repositories=frozenset({"acme/app"})), True),
        (Allowed(installations=frozenset({6})), False),
        (Allowed(owners=frozenset({"other"})), False),
        (Allowed(repositories=frozenset({"acme/other"})), False),
    ],
)
def test_only_those_on_the_list_are_served(allowed: Allowed, served: bool) -> None:
    assert isinstance(route("pull_request", body(), allowed), Work if served else Ignored)


@pytest.mark.parametrize(
    ("event", "content"),
    [
        ("ping", b'{"zen": "x"}'),
        ("star", b'{"action": "created"}'),
        ("pull_request", json.dumps({"action": "opened"}).encode()),
        ("push", body("push")),
    ],
)
def test_what_nothing_is_done_for_is_ignored_or_unreadable_never_work(event: str, content: bytes) -> None:
    assert isinstance(route(event, content), Ignored | Unreadable)


@pytest.mark.parametrize("content", [b"[]", b"null", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_payload_is_unreadable(content: bytes) -> None:
    assert isinstance(route("pull_request", content), Unreadable)


async def test_what_only_the_whole_reader_sees_ends_the_run() -> None:
    content = body()[:-1] + b', "unread": {"a": 1, "a": 2}}'
    assert isinstance(route("pull_request", content), Work)
    delivery = Delivery(id=DeliveryId("d-1"), event="pull_request", body=content)
    ended = await handlers.run(cast("Bot", None), delivery, cast("Lease", None))
    assert ended == Unreadable(reason="the key 'a' appears twice")


@pytest.mark.parametrize(
    ("subject", "found", "expected"),
    [
        (7, Work(key="repo:77#7"), Work(key="repo:77#7", action="#7")),
        (7, Work(key="repo:77", action="own"), Work(key="repo:77", action="own")),
        (None, Work(key="repo:77"), Work(key="repo:77")),
        (7, Ignored(reason="no"), Ignored(reason="no")),
    ],
)
def test_tasks_for_different_subjects_do_not_replace_each_other(
    subject: int | None, found: Route, expected: Route
) -> None:
    repo = RepoRef(installation=InstallationId(5), id=RepositoryId(77), owner="acme", name="app")
    assert handlers._told_apart(TaskEvent(event="ssot.x", repo=repo, subject=subject), found) == expected
