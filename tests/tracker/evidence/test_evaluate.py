from datetime import timedelta
from typing import Any

import pytest

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
    SubIssuesClosed,
    UsageEvidence,
    UsageState,
)
from bot.domain.finding import Failed, Kind, Skipped
from bot.domain.references import Sha
from bot.domain.tracked import (
    Attestation,
    CheckFact,
    CheckState,
    Deployment,
    DeploymentState,
    IssueFact,
    NotKnown,
    Origin,
    Pull,
    PullState,
    SubIssue,
    SubIssues,
    TrackedFacts,
)
from bot.tracker.evidence.evaluate import evaluate
from bot.tracker.models import CannotTell, Holds, ItemVerdict, Missing
from tests.samples import OLD
from tests.tracker.checklist.samples import COMMIT, MORNING, URL, facts, tracked, usages

OTHER = Sha("d" * 40)
NOT_NOW = NotKnown(why="GitHub does not say")
MINUTES = timedelta(minutes=5)


def said(verdict: ItemVerdict) -> tuple[str, list[str]]:
    match verdict:
        case Holds(because=proofs):
            return "holds", [proof.text for proof in proofs]
        case Missing(what=proofs):
            return "missing", [proof.text for proof in proofs]
        case CannotTell(why=why):
            return "unknown", list(why)


def verdict(evidence: Evidence, known: TrackedFacts, item: str = "isolation") -> ItemVerdict:
    return evaluate(evidence, item, tracked(), known)


ROUTES = UsageEvidence(paths=("app/routes/**",), exclude=("old/",))
HALF = Failed(path="app/routes/h.py", line=1, message="invalid syntax", hits=(3,))
UNTOUCHED = Failed(path="app/routes/h.py", line=1, message="invalid syntax")
BIG = Skipped(path="app/routes/b.py", reason="too big")


@pytest.mark.parametrize(
    ("evidence", "known", "expected"),
    [
        (UsageEvidence(), facts(), ("holds", ["no usages are left"])),
        (UsageEvidence(), facts(usages("a.py")), ("missing", ["1 usage left in 1 file: `a.py`"])),
        (
            UsageEvidence(),
            facts(*(usages(f"{name}.py", Kind.CALL, Kind.IMPORT) for name in "dcbae")),
            ("missing", ["10 usages left in 5 files: `a.py`, `b.py` and 3 more"]),
        ),
        (UsageEvidence(), facts(usages("a.py", ignored="a reason")), ("holds", ["no usages are left"])),
        (UsageEvidence(), facts(usages("a.py", migration="other")), ("holds", ["no usages are left"])),
        (UsageEvidence(), facts(usages("a.py", Kind.DEFINITION)), ("holds", ["no usages are left"])),
        (ROUTES, facts(usages("app/a.py"), usages("app/routes/old/a.py")), ("holds", ["no usages are left"])),
        (ROUTES, facts(usages("app/routes/a.py")), ("missing", ["1 usage left in 1 file: `app/routes/a.py`"])),
        (UsageEvidence(kinds=("import",)), facts(usages("a.py")), ("holds", ["no usages are left"])),
        (
            UsageEvidence(kinds=("import",)),
            facts(usages("a.py", Kind.IMPORT)),
            ("missing", ["1 usage left in 1 file: `a.py`"]),
        ),
        (ROUTES, facts(HALF), ("unknown", ["1 file containing the name could not be read: `app/routes/h.py`"])),
        (ROUTES, facts(UNTOUCHED), ("holds", ["no usages are left"])),
        (
            ROUTES,
            facts(HALF, BIG),
            ("unknown", ["2 files containing the name could not be read: `app/routes/b.py`, `app/routes/h.py`"]),
        ),
        (
            ROUTES,
            facts(BIG, usages("app/routes/a.py")),
            ("missing", ["1 usage left in 1 file: `app/routes/a.py`"]),
        ),
        (UsageEvidence(paths=("lib/**",)), facts(HALF), ("holds", ["no usages are left"])),
        (
            UsageEvidence(state=UsageState.LISTED),
            facts(usages("a.py", Kind.CALL, Kind.CALL)),
            ("holds", ["2 usages in 1 file, and every file was read"]),
        ),
        (
            UsageEvidence(state=UsageState.LISTED),
            facts(HALF),
            ("unknown", ["1 file containing the name could not be read: `app/routes/h.py`"]),
        ),
        (DefinitionRemoved(), facts(), ("holds", ["the definition was removed"])),
        (
            DefinitionRemoved(),
            facts(definitions={OLD: "pkg/factory.py"}),
            ("missing", ["`get_manager` is still defined in `pkg/factory.py`"]),
        ),
        (
            DefinitionRemoved(symbols=("pkg.other",)),
            facts(definitions={OLD: "a"}),
            ("holds", ["the definition was removed"]),
        ),
        (
            DefinitionRemoved(),
            facts(usages("app/again.py", Kind.DEFINITION)),
            ("missing", ["`get_manager` is still defined in `app/again.py`"]),
        ),
        (DefinitionRemoved(), facts(definitions=NOT_NOW), ("unknown", ["GitHub does not say"])),
        (FileExists(paths=("docs/*.md",)), facts(), ("holds", ["`docs/plan (1).md` exists"])),
        (FileExists(paths=("*.md", "no.py")), facts(), ("missing", ["no file matches `no.py`"])),
        (FileExists(paths=("*.md",)), facts(paths=NOT_NOW), ("unknown", ["GitHub does not say"])),
    ],
)
def test_the_source(evidence: Evidence, known: TrackedFacts, expected: tuple[str, list[str]]) -> None:
    assert said(verdict(evidence, known)) == expected


def checks(state: CheckState) -> dict[str, Any]:
    return {"checks": (CheckFact(name="Lint", state=CheckState.PASSED), CheckFact(name="Tests", state=state))}


def deployed(state: DeploymentState, *, holds: bool | None = True) -> dict[str, Any]:
    return {"deployments": (Deployment(environment="staging", state=state, commit=OTHER, holds=holds),)}


def pulls(state: PullState, *, linked: bool = True, closes: bool = False) -> dict[str, Any]:
    return {"pulls": (Pull(number=7, title="t", author="ann", state=state, linked=linked, closes=closes),)}


def issues(*, closed: bool, number: int = 506) -> dict[str, Any]:
    return {"issues": (IssueFact(number=number, closed=closed),)}


def several(*states: CheckState) -> dict[str, Any]:
    return {"checks": tuple(CheckFact(name="Tests", state=state) for state in states)}


def family(*states: str, total: int | None = None) -> dict[str, Any]:
    """The sub-issues of issue 506: ``open``, ``completed`` or another reason to close."""
    found = tuple(
        SubIssue(name=f"#{number}", closed=state != "open", completed=state == "completed")
        for number, state in enumerate(states, 7)
    )
    return {"sub_issues": (SubIssues(parent=506, total=len(states) if total is None else total, issues=found),)}


TESTS, STAGED = CheckPassed(name="Tests"), Deployed(environment="staging")
ANN = {"isolation": Attestation(by="ann", at=MORNING, reason="read all of it")}


@pytest.mark.parametrize(
    ("evidence", "known", "expected"),
    [
        (TESTS, facts(**checks(CheckState.PASSED)), ("holds", ["check `Tests` passed"])),
        (TESTS, facts(**checks(CheckState.FAILED)), ("missing", ["check `Tests` failed"])),
        (TESTS, facts(**checks(CheckState.RUNNING)), ("unknown", ["check `Tests` is running"])),
        (
            TESTS,
            facts(**several(CheckState.PASSED, CheckState.PASSED)),
            ("holds", ["all 2 checks `Tests` passed"]),
        ),
        (TESTS, facts(**several(CheckState.FAILED, CheckState.PASSED)), ("missing", ["check `Tests` failed"])),
        (TESTS, facts(**several(CheckState.PASSED, CheckState.FAILED)), ("missing", ["check `Tests` failed"])),
        (TESTS, facts(**several(CheckState.FAILED, CheckState.RUNNING)), ("missing", ["check `Tests` failed"])),
        (TESTS, facts(**several(CheckState.RUNNING, CheckState.PASSED)), ("unknown", ["check `Tests` is running"])),
        (TESTS, facts(), ("missing", ["no check `Tests` ran on `c0ffee0`"])),
        (TESTS, facts(later=MINUTES), ("unknown", ["no check `Tests` ran on `c0ffee0` yet"])),
        (TESTS, facts(checks=NOT_NOW), ("unknown", ["check `Tests`: GitHub does not say"])),
        (
            STAGED,
            facts(**deployed(DeploymentState.SUCCEEDED)),
            ("holds", ["the latest deployment to `staging` succeeded and includes `c0ffee0`"]),
        ),
        (
            STAGED,
            facts(**deployed(DeploymentState.SUCCEEDED, holds=False)),
            ("missing", ["the latest deployment to `staging` does not include `c0ffee0`"]),
        ),
        (
            STAGED,
            facts(later=MINUTES, **deployed(DeploymentState.SUCCEEDED, holds=False)),
            ("unknown", ["the latest deployment to `staging` does not include `c0ffee0` yet"]),
        ),
        (
            STAGED,
            facts(**deployed(DeploymentState.SUCCEEDED, holds=None)),
            ("unknown", ["unknown whether the latest deployment to `staging` includes `c0ffee0`"]),
        ),
        (
            STAGED,
            facts(**deployed(DeploymentState.FAILED)),
            ("missing", ["the latest deployment to `staging` failed"]),
        ),
        (
            STAGED,
            facts(**deployed(DeploymentState.RUNNING)),
            ("unknown", ["the latest deployment to `staging` is in progress"]),
        ),
        (STAGED, facts(), ("missing", ["nothing was deployed to `staging`"])),
        (STAGED, facts(deployments=NOT_NOW), ("unknown", ["deployment to `staging`: GitHub does not say"])),
        (
            PullRequestEvidence(state=PullRequestState.OPENED),
            facts(**pulls(PullState.CLOSED)),
            ("holds", ["pull request 7 is closed"]),
        ),
        (
            PullRequestEvidence(state=PullRequestState.OPENED),
            facts(**pulls(PullState.OPEN, linked=False)),
            ("missing", ["no pull request linked to the issue exists"]),
        ),
        (
            PullRequestEvidence(state=PullRequestState.CLOSES_ISSUE),
            facts(**pulls(PullState.OPEN, closes=True)),
            ("holds", ["pull request 7 is open, and closes the issue"]),
        ),
        (
            PullRequestEvidence(state=PullRequestState.CLOSES_ISSUE),
            facts(**pulls(PullState.CLOSED, closes=True)),
            ("missing", ["no pull request linked to the issue closes it"]),
        ),
        (PullRequestEvidence(), facts(**pulls(PullState.MERGED)), ("holds", ["pull request 7 is merged"])),
        (
            PullRequestEvidence(),
            facts(**pulls(PullState.OPEN)),
            ("missing", ["no pull request linked to the issue is merged"]),
        ),
        (
            PullRequestEvidence(number=7),
            facts(**pulls(PullState.OPEN, linked=False)),
            ("missing", ["pull request 7 is not merged"]),
        ),
        (PullRequestEvidence(number=8), facts(**pulls(PullState.MERGED)), ("missing", ["there is no pull request 8"])),
        (PullRequestEvidence(), facts(pulls=NOT_NOW), ("unknown", ["pull requests: GitHub does not say"])),
        (IssueEvidence(state=IssueState.EXISTS), facts(**issues(closed=False)), ("holds", ["issue 506 exists"])),
        (IssueEvidence(), facts(**issues(closed=True)), ("holds", ["issue 506 is closed"])),
        (IssueEvidence(), facts(**issues(closed=False)), ("missing", ["issue 506 is open"])),
        (IssueEvidence(number=9), facts(**issues(closed=True)), ("missing", ["there is no issue 9"])),
        (IssueEvidence(), facts(issue=None), ("unknown", ["there is no tracking issue"])),
        (IssueEvidence(), facts(issues=NOT_NOW), ("unknown", ["issues: GitHub does not say"])),
        (
            SubIssuesClosed(),
            facts(**family("completed", "completed")),
            ("holds", ["all 2 sub-issues of issue 506 are closed as completed"]),
        ),
        (SubIssuesClosed(), facts(**family("completed", "open")), ("missing", ["sub-issue `#8` is open"])),
        (
            SubIssuesClosed(),
            facts(**family("not_planned")),
            ("missing", ["sub-issue `#7` is closed, but not as completed"]),
        ),
        (SubIssuesClosed(), facts(**family()), ("missing", ["issue 506 has no sub-issues"])),
        (
            SubIssuesClosed(),
            facts(**family("completed", total=3)),
            ("unknown", ["2 of 3 sub-issues of issue 506 cannot be read"]),
        ),
        (SubIssuesClosed(), facts(**family("open", total=3)), ("missing", ["sub-issue `#7` is open"])),
        (SubIssuesClosed(number=9), facts(**family("completed")), ("missing", ["there is no issue 9"])),
        (SubIssuesClosed(), facts(sub_issues=NOT_NOW), ("unknown", ["sub-issues: GitHub does not say"])),
        (SubIssuesClosed(), facts(issue=None), ("unknown", ["there is no tracking issue"])),
        (Attested(), facts(attestations=ANN), ("holds", ["attested by `ann`: read all of it"])),
        (Attested(), facts(), ("missing", ["not attested yet: `/ssot attest isolation reason`"])),
        (Attested(), facts(attestations=NOT_NOW), ("unknown", ["attestations: GitHub does not say"])),
    ],
)
def test_what_github_holds(evidence: Evidence, known: TrackedFacts, expected: tuple[str, list[str]]) -> None:
    assert said(verdict(evidence, known)) == expected


YES, NO, WHO_KNOWS = (
    UsageEvidence(paths=("yes/",)),
    UsageEvidence(paths=("no/",)),
    UsageEvidence(paths=("app/routes/",)),
)
PARTS = facts(usages("no/a.py"), HALF)


@pytest.mark.parametrize(
    ("parts", "every", "one"),
    [
        ((YES, YES), "holds", "holds"),
        ((YES, NO), "missing", "holds"),
        ((YES, WHO_KNOWS), "unknown", "holds"),
        ((NO, WHO_KNOWS), "missing", "unknown"),
        ((NO, NO), "missing", "missing"),
        ((WHO_KNOWS,), "unknown", "unknown"),
    ],
)
def test_all_and_any(parts: tuple[Evidence, ...], every: str, one: str) -> None:
    assert said(verdict(AllOf(evidence=parts), PARTS))[0] == every
    assert said(verdict(AnyOf(evidence=parts), PARTS))[0] == one


def test_all_says_everything_and_any_the_first_that_holds() -> None:
    assert len(said(verdict(AllOf(evidence=(YES, YES)), PARTS))[1]) == 2
    assert len(said(verdict(AllOf(evidence=(NO, NO)), PARTS))[1]) == 2
    assert len(said(verdict(AnyOf(evidence=(NO, YES, YES)), PARTS))[1]) == 1


def test_a_proof_carries_its_commit_its_time_and_a_link() -> None:
    found = verdict(FileExists(paths=("docs/*",)), facts())
    assert isinstance(found, Holds)
    (proof,) = found.because
    assert (proof.commit, proof.at) == (COMMIT, MORNING)
    assert proof.link == f"{URL}/blob/{COMMIT}/docs/plan%20%281%29.md"


@pytest.mark.parametrize(
    ("origin", "text", "pull"),
    [
        (Origin(commit=OTHER, author="bob", pull=9), "was added by `bob` in", 9),
        (Origin(commit=OTHER, author="bob"), "was added by `bob` in `ddddddd`", None),
        (Origin(commit=OTHER, pull=9), "was added in", 9),
    ],
)
def test_what_came_back_says_who_brought_it(origin: Origin, text: str, pull: int | None) -> None:
    found = verdict(UsageEvidence(), facts(usages("a.py"), usages("b.py"), usages("c.py"), origins={"b.py": origin}))
    assert isinstance(found, Missing)
    (proof,) = found.what
    assert proof.text == f"3 usages left in 3 files: `b.py`, `a.py` and 1 more; the newest, in `b.py`, {text}"
    assert proof.pull == pull


def test_a_local_repository_has_no_links() -> None:
    found = verdict(UsageEvidence(), facts(repository_url=None))
    assert isinstance(found, Holds)
    assert found.because[0].link is None
