"""GitHub's recorded payloads against GitHub's own schemas, and ours where GitHub published none."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.checker import DATA, Contract, read_json
from tests.contract.waivers import RECORDED, Waivers

EVENTS = (
    "pull_request_review_thread",
    "pull_request_review_comment",
    "pull_request_review",
    "pull_request",
    "issue_comment",
    "issues",
    "check_run",
    "check_suite",
    "merge_group",
    "installation_repositories",
    "installation",
    "push",
    "deployment_status",
    "status",
    "ping",
    "repository",
)
RECORDINGS: dict[str, Any] = read_json("payload-examples.json")["events"]
OURS = sorted((DATA / "ours").glob("*.json"))


def event_of(pair: str) -> str:
    """``pull-request-review-submitted`` came with ``X-GitHub-Event: pull_request_review``."""
    return next(event for event in EVENTS if pair.replace("-", "_").startswith(event))


@pytest.mark.parametrize("pair", sorted(RECORDINGS))
def test_a_recorded_payload_fits_but_for_the_waivers(contract: Contract, pair: str) -> None:
    found = contract.check_webhook(event_of(pair), RECORDINGS[pair], strict=False)
    assert Waivers(RECORDED).unwaived(found) == []


def test_every_waiver_of_a_recorded_payload_is_needed(contract: Contract) -> None:
    waivers = Waivers(RECORDED)
    for pair, payload in RECORDINGS.items():
        waivers.unwaived(contract.check_webhook(event_of(pair), payload, strict=False))
    assert waivers.unused == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_the_payloads_that_github_never_published_fit(contract: Contract, path: Path) -> None:
    payload = json.loads(path.read_text(encoding="utf-8"))
    event, _, action = path.stem.partition(".")
    assert payload["action"] == action
    assert contract.check_webhook(event, payload) == []


def test_every_event_and_action_has_a_payload(contract: Contract) -> None:
    ours = {path.stem.replace(".", "-").replace("_", "-") for path in OURS}
    assert set(RECORDINGS) | ours == set(contract.webhooks.events)


def test_the_comment_of_ours_is_on_a_pull_request() -> None:
    payload = json.loads((DATA / "ours" / "issue_comment.created.json").read_text(encoding="utf-8"))
    assert payload["issue"]["pull_request"]["url"].endswith(f"/pulls/{payload['issue']['number']}")
