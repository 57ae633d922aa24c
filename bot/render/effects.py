"""Decisions to effects: the values of ``bot.plan`` with their words, as GitHub is to receive them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

from bot.actions import CompleteCheckRun, Conclusion, SubmitReview
from bot.effects import Annotation, CheckAction, CheckRun, Level, Review, ReviewComment
from bot.markers import MarkerKeys, write
from bot.migration import Applicability, Migration
from bot.model import Finding
from bot.outcomes import NewFinding
from bot.refs import PullRequest, PullRequestRef, Sha
from bot.render.review import annotation_message, check_text, inline_comment, review_body

CHECK_NAME = "ssot"
"""The name of the check run: what a branch protection rule requires."""
FINGERPRINTS = "fp"
"""The kind of marker that carries the fingerprints of the findings that a text is about."""

_EXTERNAL_ID = re.compile(r"(?P<repository>[0-9]{1,18})/pull/(?P<number>[0-9]{1,9}):[0-9a-f]{16}")
_GROUP_ID = re.compile(
    r"(?P<repository>[0-9]{1,18})/queue/(?P<number>[0-9]{1,9})/(?P<base>[0-9a-f]{40,64}):[0-9a-f]{16}"
)
_LEVELS = {
    Conclusion.SUCCESS: Level.NOTICE,
    Conclusion.NEUTRAL: Level.WARNING,
    Conclusion.FAILURE: Level.FAILURE,
}

APPLY = CheckAction(label="Apply safe fixes", description="Commit them to this branch", identifier="apply-safe-fixes")
RESCAN = CheckAction(label="Re-scan", description="Look at the pull request again", identifier="rescan")


def place_of(ref: PullRequestRef) -> str:
    """What a marker on this pull request is signed for; the repository by its id, which outlives a rename."""
    return f"{ref.repo.id}/pull/{ref.number}"


def review(action: SubmitReview, pull: PullRequest, migrations: Mapping[str, Migration], keys: MarkerKeys) -> Review:
    """The review to post.  Every fingerprint stands in a marker: of its comment, or of the review's body."""

    def marker(*shown: NewFinding) -> str:
        return write(keys, place_of(pull.ref), FINGERPRINTS, [n.fingerprint for n in shown])

    return Review(
        pull=pull.ref,
        head_sha=action.head_sha,
        body=review_body(action, pull, marker(*action.summarised) if action.summarised else ""),
        comments=tuple(
            _comment(new, inline_comment(new, migrations[new.finding.migration], marker(new))) for new in action.inline
        ),
    )


def _comment(new: NewFinding, body: str) -> ReviewComment:
    if new.line is None:
        raise ValueError(f"{new.finding.path}: an inline comment needs a line")
    return ReviewComment(path=new.finding.path, line=new.line, start_line=new.start_line, body=body)


def check_run(action: CompleteCheckRun, pull: PullRequest, migrations: Mapping[str, Migration]) -> CheckRun:
    """The completed check run.  ``external_id`` says what it is about and what it says: a repetition finds it."""
    text = check_text(action, pull, migrations)
    buttons = _buttons(action)
    parts = (action.conclusion, text, *(n.fingerprint for n in action.new), *(b.identifier for b in buttons))
    said = "\0".join(map(str, parts))
    return CheckRun(
        repo=pull.ref.repo,
        name=CHECK_NAME,
        head_sha=action.head_sha,
        status="completed",
        conclusion=str(action.conclusion),
        title=text.title,
        summary=text.summary,
        text=text.text,
        annotations=tuple(
            _annotation(finding, _LEVELS[action.conclusion])
            for new in action.new
            for finding in (new.finding, *new.also)
        ),
        actions=buttons,
        external_id=f"{place_of(pull.ref)}:{hashlib.sha256(said.encode()).hexdigest()[:16]}",
    )


def _buttons(action: CompleteCheckRun) -> tuple[CheckAction, ...]:
    """What can be asked for on the check run's page, where there is something to apply."""
    usages = (*action.old, *(finding for new in action.new for finding in (new.finding, *new.also)))
    fixes = (usage.fix for usage in usages if usage.fix)
    return (APPLY, RESCAN) if any(fix.applicability is Applicability.SAFE for fix in fixes) else ()


def group_check_run(action: CompleteCheckRun, pull: PullRequest, migrations: Mapping[str, Migration]) -> CheckRun:
    """The same for a commit of the merge queue: ``pull`` as it is there.  It has no buttons: the queue is no branch."""
    run = check_run(action, pull, migrations)
    digest = run.external_id.rpartition(":")[2]
    place = f"{pull.ref.repo.id}/queue/{pull.ref.number}/{pull.base_sha}"
    return replace(run, actions=(), external_id=f"{place}:{digest}")


def queue_entry(external_id: str, repository: int) -> tuple[int, Sha] | None:
    """Pull request and base of the merge queue's commit that a check run of ours is about; ``None``: of none."""
    match = _GROUP_ID.fullmatch(external_id)
    return (int(match["number"]), Sha(match["base"])) if match and int(match["repository"]) == repository else None


def pull_number(external_id: str, repository: int) -> int | None:
    """The pull request that a check run of ours is about; ``None`` if it is about none of that repository."""
    match = _EXTERNAL_ID.fullmatch(external_id)
    return int(match["number"]) if match and int(match["repository"]) == repository else None


def _annotation(finding: Finding, level: Level) -> Annotation:
    span = finding.range
    one_line = span.line == span.end_line
    return Annotation(
        path=finding.path,
        start_line=span.line,
        end_line=span.end_line,
        start_column=span.column if one_line else None,
        end_column=span.end_column if one_line else None,
        level=level,
        title=f"{finding.symbol.rpartition('.')[2]} is deprecated",
        message=annotation_message(finding),
    )
