"""Decisions to effects: the values of ``bot.review.plan`` with their texts, as they are sent to GitHub."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.domain.effects import (
    Annotation,
    CheckAction,
    CheckRun,
    EditReview,
    Level,
    Review,
    ReviewComment,
    ThreadReply,
)
from bot.domain.file_result import NewFinding
from bot.domain.finding import Finding
from bot.domain.migration import Applicability, Migration
from bot.domain.references import PullRequest
from bot.identity import checks, external_ids
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import pull_request
from bot.markdown.limits import fit
from bot.markdown.links import repository_page
from bot.markdown.text import prose
from bot.review.models import CompleteCheckRun, Conclusion, JoinThread, RecordResolved, SubmitReview
from bot.review.render import CheckText, annotation_message, check_text, review_body
from bot.review.render_comment import file_comment, thread_comment
from bot.review.render_configuration import config_annotations

_LEVELS = {
    Conclusion.SUCCESS: Level.NOTICE,
    Conclusion.NEUTRAL: Level.WARNING,
    Conclusion.FAILURE: Level.FAILURE,
}

_MARKED = 2_000
"""Fingerprints in one marker, so that a review's text has room beside it; the next review lists the rest."""
_APPLY = CheckAction(
    label="Apply safe fixes", description="Commit the safe fixes to this branch", identifier=checks.APPLY_SAFE_FIXES
)
_RESCAN = CheckAction(label="Re-scan", description="Scan this pull request again", identifier=checks.RESCAN)


def review(action: SubmitReview, pull: PullRequest, migrations: Mapping[str, Migration], keys: MarkerKeys) -> Review:
    """The review to post.

    Its body's marker has every fingerprint, so that a comment that somebody deletes is not written again; a comment's
    has those of its line.
    """

    def marker(shown: Iterable[NewFinding]) -> str:
        fingerprints = [fingerprint for new in shown for _, fingerprint in new.decided]
        return MarkerKind.FINGERPRINTS.write(keys, pull_request(pull.ref), fingerprints[:_MARKED])

    return Review(
        pull=pull.ref,
        head_sha=action.head_sha,
        body=review_body(action, pull, marker((*action.inline, *action.summarised))),
        comments=tuple(_comment(found, migrations, marker(found)) for found in action.places),
    )


def _comment(found: Sequence[NewFinding], migrations: Mapping[str, Migration], marker: str) -> ReviewComment:
    first = found[0]
    if first.line is None:
        raise ValueError(f"{first.finding.path}: an inline comment needs a line")
    return ReviewComment(
        path=first.finding.path,
        line=first.line,
        start_line=first.start_line,
        body=thread_comment(found, migrations, marker),
        on_file=file_comment(found, migrations, marker),
    )


def record_of_resolved(record: RecordResolved, pull: PullRequest, keys: MarkerKeys) -> EditReview:
    """The review's text with the record of what is resolved in place of the one before."""
    place = pull_request(pull.ref)
    body = record.review.body
    for marker in reversed(MarkerKind.RESOLVED.find(keys, place, body)):
        body = body[: marker.start].rstrip("\n") + body[marker.end :]
    markers = [
        kind.write(keys, place, values)
        for kind, values in (
            (MarkerKind.FINGERPRINTS, record.joined),
            (MarkerKind.RESOLVED, sorted(record.fingerprints)),
        )
        if values
    ]
    tail = "".join(f"\n{marker}" for marker in markers)
    return EditReview(pull=pull.ref, review_id=record.review.id, body=fit(body, tail=tail))


def joining(
    action: JoinThread, pull: PullRequest, migrations: Mapping[str, Migration], keys: MarkerKeys
) -> ThreadReply:
    """The comment in a thread that is there: without a suggestion, which would replace the lines of that thread."""
    fingerprints = [fingerprint for new in action.found for _, fingerprint in new.decided]
    marker = MarkerKind.FINGERPRINTS.write(keys, pull_request(pull.ref), fingerprints)
    return ThreadReply(pull=pull.ref, comment_id=action.comment_id, body=file_comment(action.found, migrations, marker))


def check_run(action: CompleteCheckRun, pull: PullRequest, migrations: Mapping[str, Migration]) -> CheckRun:
    """The completed check run.  Its ``external_id`` names the pull request and the result: a repeated run finds it."""
    text = check_text(action, pull, migrations)
    buttons, level = _buttons(action), _LEVELS[action.conclusion]
    said = _said(action, text, buttons)
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
            *(_annotation(finding, level) for finding, _ in _annotated(action)),
        ),
        actions=buttons,
        external_id=external_ids.of_pull(pull.ref, _without_names(said, pull)),
        former_id=external_ids.of_pull(pull.ref, said),
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
    shown = (fingerprint for _, fingerprint in _annotated(action))
    parts = (action.conclusion, text, *(n.fingerprint for n in action.new), *(b.identifier for b in buttons), *shown)
    return "\0".join(map(str, parts))


def _without_names(said: str, pull: PullRequest) -> str:
    """The same result says the same when the repository is called otherwise: only its links differ."""
    return said.replace(f"{repository_page(pull)}/", f"{pull.ref.repo.key}/")


def _annotated(action: CompleteCheckRun) -> tuple[tuple[Finding, str], ...]:
    """The new usages that no comment on a line shows; an import is shown with the usages that it serves."""
    return tuple(
        usage
        for new in action.new
        for usage in new.usages
        if usage[1] not in action.in_threads
        and (usage in new.decided or not any(fingerprint in action.in_threads for _, fingerprint in new.decided))
    )


def _buttons(action: CompleteCheckRun) -> tuple[CheckAction, ...]:
    """The buttons on the check run's page: to scan again always, to fix where there is a safe fix."""
    usages = (*action.old, *(finding for new in action.new for finding in (new.finding, *new.also)))
    fixes = (usage.fix for usage in usages if usage.fix)
    return (_APPLY, _RESCAN) if any(fix.applicability is Applicability.SAFE for fix in fixes) else (_RESCAN,)


def group_check_run(action: CompleteCheckRun, pull: PullRequest, migrations: Mapping[str, Migration]) -> CheckRun:
    """The same for a commit of the merge queue: ``pull`` as it is there.  It has no buttons: a queue takes no push."""
    said = _said(action, check_text(action, pull, migrations), _buttons(action))
    run = check_run(action, pull, migrations)
    return replace(
        run,
        actions=(),
        external_id=external_ids.of_queued(pull.ref, pull.base_sha, _without_names(said, pull)),
        former_id=external_ids.of_queued(pull.ref, pull.base_sha, said),
    )


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
