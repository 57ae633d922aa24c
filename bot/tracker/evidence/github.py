"""Evidence on GitHub: checks, deployments, pull requests, issues, and what people attested.

CI and deployments need time.  Until they have reported on a commit the state is unknown, not missing: otherwise every
push would clear the box for a while.
"""

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from bot.domain.checklist_item import (
    CheckPassed,
    Deployed,
    IssueEvidence,
    IssueState,
    PullRequestEvidence,
    PullRequestState,
    SubIssuesClosed,
)
from bot.domain.tracked import (
    CheckFact,
    CheckState,
    Deployment,
    DeploymentState,
    IssueFact,
    NotKnown,
    Pull,
    PullState,
    SubIssue,
    TrackedFacts,
)
from bot.tracker.models import CannotTell, Holds, ItemVerdict, Missing, Proof

PATIENCE = timedelta(hours=1)
"""How long CI and deployments may take to appear for a new commit before their absence means something."""


_LACKS = {
    PullRequestState.OPENED: ("does not exist", "exists"),
    PullRequestState.CLOSES_ISSUE: ("does not close the issue", "closes it"),
    PullRequestState.MERGED: ("is not merged", "is merged"),
}
"""The words after a numbered pull request, and after "no pull request"."""


def _fresh(facts: TrackedFacts) -> bool:
    return facts.read_at - facts.committed_at < PATIENCE


def _unreadable(what: str, fact: NotKnown) -> CannotTell:
    return CannotTell(why=(f"{what}: {fact.why}",))


def check(evidence: CheckPassed, facts: TrackedFacts) -> ItemVerdict:
    """All check runs and statuses of the name passed: who else may report under it must not hide a failure."""
    if isinstance(facts.checks, NotKnown):
        return _unreadable(f"check `{evidence.name}`", facts.checks)
    found = [each for each in facts.checks if each.name == evidence.name]
    if not found:
        text = f"no check `{evidence.name}` ran on `{facts.commit[:7]}`"
        return (
            CannotTell(why=(f"{text} yet",))
            if _fresh(facts)
            else Missing(what=(Proof(text=text, commit=facts.commit),))
        )
    if failed := tuple(_checked(each, facts) for each in found if each.state is CheckState.FAILED):
        return Missing(what=failed)
    if any(each.state is CheckState.RUNNING for each in found):
        return CannotTell(why=(f"check `{evidence.name}` is running",))
    proof = _checked(found[-1], facts)
    if found[1:]:
        proof = replace(proof, text=f"all {len(found)} checks `{evidence.name}` passed")
    return Holds(because=(proof,))


def _checked(found: CheckFact, facts: TrackedFacts) -> Proof:
    text = f"check `{found.name}` {found.state}"
    return Proof(text=text, link=found.link, commit=facts.commit, at=found.at)


def deployment(evidence: Deployed, facts: TrackedFacts) -> ItemVerdict:
    """The latest deployment to the environment succeeded, and includes the commit."""
    if isinstance(facts.deployments, NotKnown):
        return _unreadable(f"deployment to `{evidence.environment}`", facts.deployments)
    found = next((each for each in facts.deployments if each.environment == evidence.environment), None)
    if found is None:
        return Missing(what=(Proof(text=f"nothing was deployed to `{evidence.environment}`"),))
    where = f"the latest deployment to `{found.environment}`"
    match found.state:
        case DeploymentState.FAILED:
            return Missing(what=(_deployed(found, f"{where} failed"),))
        case DeploymentState.RUNNING:
            return CannotTell(why=(f"{where} is in progress",))
        case DeploymentState.SUCCEEDED:
            return _succeeded(found, where, facts)
        case _:
            assert_never(found.state)


def _succeeded(found: Deployment, where: str, facts: TrackedFacts) -> ItemVerdict:
    if found.holds:
        return Holds(because=(_deployed(found, f"{where} succeeded and includes `{facts.commit[:7]}`"),))
    if found.holds is None:
        return CannotTell(why=(f"unknown whether {where} includes `{facts.commit[:7]}`",))
    if _fresh(facts):
        return CannotTell(why=(f"{where} does not include `{facts.commit[:7]}` yet",))
    return Missing(what=(_deployed(found, f"{where} does not include `{facts.commit[:7]}`"),))


def _deployed(found: Deployment, text: str) -> Proof:
    return Proof(text=text, link=found.link, commit=found.commit, at=found.at)


def pull(evidence: PullRequestEvidence, facts: TrackedFacts) -> ItemVerdict:
    """The numbered pull request, or one of those linked to the tracking issue."""
    if isinstance(facts.pulls, NotKnown):
        return _unreadable("pull requests", facts.pulls)
    number = evidence.number
    matching = [p for p in facts.pulls if (p.linked or p.closes if number is None else p.number == number)]
    good = next((p for p in matching if _is(p, evidence.state)), None)
    if good is not None:
        closing = ", and closes the issue" if good.closes else ""
        text = f"pull request {good.number} is {good.state}{closing}"
        return Holds(because=(Proof(text=text, link=good.link, at=good.at),))
    if number is not None and not matching:
        return Missing(what=(Proof(text=f"there is no pull request {number}"),))
    which = "no pull request linked to the issue" if number is None else f"pull request {number}"
    return Missing(what=(Proof(text=f"{which} {_LACKS[evidence.state][number is None]}"),))


def _is(found: Pull, state: PullRequestState) -> bool:
    match state:
        case PullRequestState.OPENED:
            return True
        case PullRequestState.CLOSES_ISSUE:
            return found.closes and found.state is not PullState.CLOSED
        case PullRequestState.MERGED:
            return found.state is PullState.MERGED
        case _:
            assert_never(state)


def issue(evidence: IssueEvidence, facts: TrackedFacts) -> ItemVerdict:
    """The issue exists, or is closed."""
    if isinstance(facts.issues, NotKnown):
        return _unreadable("issues", facts.issues)
    number = facts.issue if evidence.number is None else evidence.number
    if number is None:
        return CannotTell(why=("there is no tracking issue",))
    found = next((each for each in facts.issues if each.number == number), None)
    if found is None:
        return Missing(what=(Proof(text=f"there is no issue {number}"),))
    if evidence.state is IssueState.EXISTS:
        return Holds(because=(_issue(found, f"issue {number} exists"),))
    if found.closed:
        return Holds(because=(_issue(found, f"issue {number} is closed"),))
    return Missing(what=(_issue(found, f"issue {number} is open"),))


def _issue(found: IssueFact, text: str) -> Proof:
    return Proof(text=text, link=found.link, at=found.at)


def sub_issues(evidence: SubIssuesClosed, facts: TrackedFacts) -> ItemVerdict:
    """There is at least one, and all are closed as completed."""
    if isinstance(facts.sub_issues, NotKnown):
        return _unreadable("sub-issues", facts.sub_issues)
    number = facts.issue if evidence.number is None else evidence.number
    if number is None:
        return CannotTell(why=("there is no tracking issue",))
    found = next((each for each in facts.sub_issues if each.parent == number), None)
    if found is None:
        return Missing(what=(Proof(text=f"there is no issue {number}"),))
    if not found.total:
        return Missing(what=(Proof(text=f"issue {number} has no sub-issues", link=found.link),))
    if missing := [each for each in found.issues if not each.completed]:
        return Missing(what=tuple(_sub_issue(each) for each in missing))
    if hidden := found.total - len(found.issues):
        return CannotTell(why=(f"{hidden} of {found.total} sub-issues of issue {number} cannot be read",))
    text = f"all {found.total} sub-issues of issue {number} are closed as completed"
    last = max((each.at for each in found.issues if each.at), default=None)
    return Holds(because=(Proof(text=text, link=found.link, at=last),))


def _sub_issue(found: SubIssue) -> Proof:
    state = "is closed, but not as completed" if found.closed else "is open"
    return Proof(text=f"sub-issue `{found.name}` {state}", link=found.link, at=found.at)


def attested(item: str, facts: TrackedFacts) -> ItemVerdict:
    """A person with write access said so."""
    if isinstance(facts.attestations, NotKnown):
        return _unreadable("attestations", facts.attestations)
    found = facts.attestations.get(item)
    if found is None:
        return Missing(what=(Proof(text=f"not attested yet: `/ssot attest {item} reason`"),))
    return Holds(because=(Proof(text=f"attested by `{found.by}`: {found.reason}", link=found.link, at=found.at),))
