"""The default migration knows what each item of its tracker stands for."""

import pytest

from bot.config import load
from bot.domain.checklist_item import (
    AllOf,
    AnyOf,
    Attested,
    CheckPassed,
    DefinitionRemoved,
    Deployed,
    Evidence,
    FileExists,
    IssueEvidence,
    IssueState,
    PullRequestEvidence,
    PullRequestState,
    UsageEvidence,
    UsageState,
)

TESTS = AnyOf(evidence=(CheckPassed(name="Run Tests"), CheckPassed(name="Execute Unified Test Suite")))
GONE, REMOVED, SAID, STAGED = UsageEvidence(), DefinitionRemoved(), Attested(), Deployed(environment="staging")

ITEMS: list[tuple[str, str, Evidence]] = [
    ("Phase 1", "SSOT audit completed", UsageEvidence(state=UsageState.LISTED)),
    ("Phase 1", "GitHub issue created (#506)", IssueEvidence(state=IssueState.EXISTS)),
    (
        "Phase 1",
        "Existing test discovery",
        UsageEvidence(state=UsageState.LISTED, paths=("tests/", "test_framework/", "test_*.py")),
    ),
    (
        "Phase 1",
        "New test plan creation",
        AnyOf(evidence=(FileExists(paths=("*WEBSOCKET*FACTORY*TEST*PLAN*.md",)), SAID)),
    ),
    (
        "Phase 2",
        "Create failing SSOT compliance tests",
        AnyOf(evidence=(FileExists(paths=("test_*websocket*factory*ssot*.py",)), SAID)),
    ),
    ("Phase 2", "Validate existing tests compatibility", AnyOf(evidence=(*TESTS.evidence, SAID))),
    ("Phase 2", "Run test baseline", AnyOf(evidence=(*TESTS.evidence, SAID))),
    ("Phase 3", "Replace factory calls in critical routes", UsageEvidence(paths=("netra_backend/app/routes/**",))),
    ("Phase 3", "Update remaining 49+ file usages", GONE),
    ("Phase 3", "Remove deprecated factory function", REMOVED),
    ("Phase 3", "Update import patterns", UsageEvidence(kinds=("import", "re-export"))),
    ("Phase 4", "All tests passing", TESTS),
    ("Phase 4", "No deprecation warnings in logs", AllOf(evidence=(REMOVED, STAGED))),
    ("Phase 4", "Golden Path user flow functional", AllOf(evidence=(STAGED, SAID))),
    ("Phase 4", "GCP staging deployment clean", STAGED),
    ("Phase 5", "Create pull request", PullRequestEvidence(state=PullRequestState.OPENED)),
    ("Phase 5", "Link to issue closure", PullRequestEvidence(state=PullRequestState.CLOSES_ISSUE)),
    (
        "Phase 5",
        "Validate production readiness",
        AllOf(evidence=(GONE, REMOVED, Deployed(environment="production"))),
    ),
    ("Success", "All deprecated factory calls eliminated", GONE),
    ("Success", "WebSocketManager as canonical SSOT", AllOf(evidence=(GONE, REMOVED))),
    ("Success", "User isolation maintained", AllOf(evidence=(TESTS, SAID))),
    ("Success", "Golden Path operational", AllOf(evidence=(STAGED, SAID))),
    ("Success", "Clean GCP deployment logs", AllOf(evidence=(STAGED, SAID))),
]


@pytest.mark.parametrize(("phase", "text", "evidence"), ITEMS, ids=[text for _, text, _ in ITEMS])
def test_an_item_has_its_evidence(phase: str, text: str, evidence: Evidence) -> None:
    item = next(item for item in load(None).migrations[0].checklist if item.text == text)
    assert (item.phase or "").startswith(phase)
    assert item.evidence == evidence


def test_no_other_item_is_claimed() -> None:
    (migration,) = load(None).migrations
    assert [item.text for item in migration.checklist] == [text for _, text, _ in ITEMS]
    assert migration.tracking_issue == 506
