"""Decisions to effects: the values of ``bot.review.plan`` with their texts, as they are sent to GitHub."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.effects import Annotation, CheckAction, CheckRun, Level, Review, ReviewComment
from bot.domain.file_result import NewFinding
from bot.domain.finding import Finding
from bot.domain.migration import Applicability, Migration
from bot.domain.references import PullRequest
from bot.identity import checks, external_ids
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import pull_request
from bot.markdown.text import prose
from bot.review.models import CompleteCheckRun, Conclusion, SubmitReview
from bot.review.render import CheckText, annotation_message, check_text, inline_comment, review_body
from bot.review.render_configuration import config_annotations

_LEVELS = {
    Conclusion.SUCCESS: Level.NOTICE,
    Conclusion.NEUTRAL: Level.WARNING,
    Conclusion.FAILURE: Level.FAILURE,
}

_APPLY = CheckAction(
    label="Apply safe fixes", description="Commit the safe fixes to this branch", identifier=checks.APPLY_SAFE_FIXES
)
_RESCAN = CheckAction(label="Re-scan", description="Scan this pull request again", identifier=checks.RESCAN)


def review(action: SubmitReview, pull: PullRequest, migrations: Mapping[str, Migration], keys: MarkerKeys) -> Review:
    """The review to post.  Every fingerprint is in a marker: that of its comment, or of the review's body."""

    def marker(*shown: NewFinding) -> str:
        return MarkerKind.FINGERPRINTS.write(keys, pull_request(pull.ref), [n.fingerprint for n in shown])

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
    """The completed check run.  Its ``external_id`` names the pull request and the result: a repeated run finds it."""
    text = check_text(action, pull, migrations)
    buttons, level = _buttons(action), _LEVELS[action.conclusion]
    return CheckRun(
        repo=pull.ref.repo,
        name=checks.CHECK_NAME,
        head_sha=action.head_sha,
        status="completed",
        conclusion=str(action.conclusion),
        title=text.title,
        summary=text.summary,
        text=text.text,
        annotations=(
            *config_annotations(action.proposed, level),
            *(_annotation(finding, level) for new in action.new for finding in (new.finding, *new.also)),
        ),
        actions=buttons,
        external_id=external_ids.of_pull(pull.ref, _said(action, text, buttons)),
    )


def pending_check_run(pull: PullRequest, reason: str) -> CheckRun:
    """No verdict yet: the check stays in progress, and merging waits for it."""
    summary = f"There is no verdict yet: {prose(reason)}. The scan starts again by itself."
    return CheckRun(
        repo=pull.ref.repo,
        name=checks.CHECK_NAME,
        head_sha=pull.head_sha,
        status="in_progress",
        title="Waiting to scan",
        summary=summary,
        external_id=external_ids.of_pull(pull.ref, summary),
    )


def _said(action: CompleteCheckRun, text: CheckText, buttons: Sequence[CheckAction]) -> str:
    """Everything in which two results can differ; a digest of it is stored in the check run's external id."""
    parts = (action.conclusion, text, *(n.fingerprint for n in action.new), *(b.identifier for b in buttons))
    return "\0".join(map(str, parts))


def _buttons(action: CompleteCheckRun) -> tuple[CheckAction, ...]:
    """The buttons on the check run's page: to scan again always, to fix where there is a safe fix."""
    usages = (*action.old, *(finding for new in action.new for finding in (new.finding, *new.also)))
    fixes = (usage.fix for usage in usages if usage.fix)
    return (_APPLY, _RESCAN) if any(fix.applicability is Applicability.SAFE for fix in fixes) else (_RESCAN,)


def group_check_run(action: CompleteCheckRun, pull: PullRequest, migrations: Mapping[str, Migration]) -> CheckRun:
    """The same for a commit of the merge queue: ``pull`` as it is there.  It has no buttons: a queue takes no push."""
    said = _said(action, check_text(action, pull, migrations), _buttons(action))
    run = check_run(action, pull, migrations)
    return replace(run, actions=(), external_id=external_ids.of_queued(pull.ref, pull.base_sha, said))


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
