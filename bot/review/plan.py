"""Facts and findings in, actions out.  Every decision about a pull request is made here; nothing is performed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from bot.domain.effects import ResolveThread, UnresolveThread
from bot.domain.facts import Waiver
from bot.domain.file_result import FileReview, NewFinding, UnreadFile
from bot.domain.finding import Finding, Scanned, Skipped
from bot.domain.migration import Config, Migration, Mode
from bot.domain.references import PullRequest
from bot.review.models import (
    Action,
    AwaitOwnReview,
    CompleteCheckRun,
    Conclusion,
    JoinThread,
    OwnReview,
    ProposedConfig,
    RecordResolved,
    SubmitReview,
)
from bot.review.skipping import without_skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnThread:
    """A review thread that the App opened, by the fingerprints that its marker carries."""

    id: str
    fingerprints: frozenset[str]
    path: str
    resolved: bool
    line: int | None = None
    """Where it ends on the present head; ``None``: nowhere any more, or it is about the file."""
    comment_id: int | None = None
    """Its first comment."""
    resolved_by_us: bool = False
    resolver_known: bool = True
    """Whether GitHub says who resolved it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFacts:
    """All that the decision about one pull request depends on."""

    pull: PullRequest
    config: Config
    reviews: tuple[FileReview, ...]
    reported: frozenset[str] = frozenset()
    """Fingerprints that the App has written on this pull request before, inline or in a summary."""
    unlisted: bool = False
    """GitHub does not list the review yet that the App has written a moment ago: what was reported is not known."""
    threads: tuple[OwnThread, ...] = ()
    record: OwnReview | None = None
    """The review that holds what the App resolved; ``None``: it has written none."""
    resolved: frozenset[str] = frozenset()
    """The fingerprints recorded there."""
    skipped: tuple[Skipped, ...] = ()
    """Changed files that are no source files: symbolic links, submodules."""
    unread: tuple[UnreadFile, ...] = ()
    """Changed files that the engine could not read."""
    lacking: str | None = None
    """Why the files that the pull request does not change were not in view."""
    proposed: ProposedConfig | None = None
    """What the pull request makes of the configuration file."""
    still_used: str | None = None
    """Of the bot's own removal: what uses the names that it removes."""
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    """What people skipped, by the finding's fingerprint."""


def plan_review(facts: ReviewFacts) -> tuple[Action, ...]:
    """What to do about this pull request as it is now, in the order to do it.

    The check run comes first: it is what merging waits for, and all that a draft or a locked conversation gets.
    Applied to its own outcome (everything reported, every thread up to date) it plans the check run alone.
    """
    check = plan_check(facts)
    if facts.pull.draft or facts.pull.locked:
        return (check,)
    if facts.unlisted:
        said = frozenset(fingerprint for new in check.new for _, fingerprint in new.decided)
        return (replace(check, in_threads=said), AwaitOwnReview())
    joins = _plan_joins(facts, check.new)
    comments, threads = _plan_comments(facts, check.new, joins), _plan_threads(facts, check.new)
    shown = {fingerprint for thread in facts.threads for fingerprint in thread.fingerprints}
    shown |= _fingerprints(new for review in comments for new in review.inline)
    shown |= _fingerprints(new for join in joins for new in join.found)
    record = _plan_record(facts, check.new, threads, joins)
    return (replace(check, in_threads=frozenset(shown)), *joins, *comments, *threads, *record)


def plan_check(facts: ReviewFacts) -> CompleteCheckRun:
    """The check run's conclusion, with all that it is based on."""
    added = sorted((n for review in facts.reviews for n in review.new), key=_importance)
    parts = [without_skipped(n, facts.waivers) for n in added]
    new = tuple(left for left, _ in parts if left is not None)
    introduced = {finding for n in added for finding in (n.finding, *n.also)}
    present = [finding for review in facts.reviews for finding in _findings(review)]
    old = tuple(f for f in present if f.ignored is None and f not in introduced)
    unread = tuple(file for file in facts.unread if file.fingerprint not in facts.waivers)
    return CompleteCheckRun(
        head_sha=facts.pull.head_sha,
        conclusion=Conclusion.FAILURE
        if is_wrong(facts.proposed) or facts.still_used
        else _conclusion(facts.config, new, old, unread),
        new=new,
        old=old,
        ignored=tuple(f for f in present if f.ignored is not None),
        waived=tuple(skipped for _, some in parts for skipped in some),
        unread=tuple(sorted(unread, key=lambda file: (not file.suspect, file.path))),
        accepted=tuple((f, facts.waivers[f.fingerprint]) for f in facts.unread if f.fingerprint in facts.waivers),
        skipped=facts.skipped,
        scanned=sum(isinstance(review.report, Scanned) for review in facts.reviews),
        lacking=facts.lacking,
        proposed=facts.proposed,
        still_used=facts.still_used,
    )


def plan_not_scanned(pull: PullRequest, wrong: str | None, proposed: ProposedConfig | None) -> CompleteCheckRun:
    """An invalid configuration blocks no merge; every pull request reports it until it is fixed.

    ``wrong`` says what is invalid; ``None``: no migration applies.  Then a rule of the branch waits for the check, or
    the pull request adds a configuration.
    """
    if wrong is None:
        right = Conclusion.FAILURE if is_wrong(proposed) else Conclusion.SUCCESS
        return CompleteCheckRun(head_sha=pull.head_sha, conclusion=right, unconfigured=True, proposed=proposed)
    return CompleteCheckRun(
        head_sha=pull.head_sha, conclusion=Conclusion.NEUTRAL, config_error=wrong, proposed=proposed
    )


def can_block(migrations: Iterable[Migration]) -> bool:
    """Whether the check of a pull request onto a branch with these migrations may stop others with the same head."""
    return any(_verdict(migration.mode) is Conclusion.FAILURE for migration in migrations)


def is_wrong(proposed: ProposedConfig | None) -> bool:
    """Whether the pull request makes the configuration invalid: nothing would be scanned after its merge."""
    return proposed is not None and bool(proposed.errors)


def _findings(review: FileReview) -> tuple[Finding, ...]:
    return review.report.findings if isinstance(review.report, Scanned) else ()


def _importance(new: NewFinding) -> tuple[bool, bool, str, int]:
    """Critical paths first, then those with a suggestion; otherwise in the order of the diff."""
    return (not new.finding.critical, new.suggestion is None, new.finding.path, new.finding.range.start)


def _conclusion(
    config: Config, new: Iterable[NewFinding], old: Iterable[Finding], unread: Iterable[UnreadFile]
) -> Conclusion:
    """The worst conclusion of all migrations.  A file that was not read and may add a usage counts as if it did."""
    modes = {migration.name: migration.mode for migration in config.migrations}
    verdicts = {_verdict(modes[n.finding.migration]) for n in new}
    verdicts |= {_verdict(modes[name]) for file in unread if file.suspect for name in file.migrations}
    if any(modes[finding.migration] is Mode.REMOVED for finding in old):
        verdicts.add(Conclusion.FAILURE)
    for verdict in (Conclusion.FAILURE, Conclusion.NEUTRAL):
        if verdict in verdicts:
            return verdict
    return Conclusion.SUCCESS


def _verdict(mode: Mode) -> Conclusion:
    """What a new usage means to the check under this mode."""
    match mode:
        case Mode.WARN:
            return Conclusion.NEUTRAL
        case Mode.BLOCK_NEW | Mode.MIGRATE | Mode.REMOVED:
            return Conclusion.FAILURE
        case _:
            assert_never(mode)


def _plan_joins(facts: ReviewFacts, new: Iterable[NewFinding]) -> tuple[JoinThread, ...]:
    """What has not been reported before, and stands on a line that has an open thread of the App."""
    standing = [thread for thread in facts.threads if not thread.resolved and thread.line and thread.comment_id]
    open_at: dict[tuple[str, int | None], OwnThread] = {(thread.path, thread.line): thread for thread in standing}
    found: dict[str, list[NewFinding]] = {}
    for n in new:
        thread = open_at.get((n.finding.path, n.line)) if n.fingerprint not in facts.reported else None
        if thread is not None:
            found.setdefault(thread.id, []).append(n)
    return tuple(
        JoinThread(thread_id=thread.id, comment_id=thread.comment_id or 0, found=tuple(found[thread.id]))
        for thread in open_at.values()
        if thread.id in found
    )


def _plan_comments(
    facts: ReviewFacts, new: tuple[NewFinding, ...], joins: Iterable[JoinThread]
) -> tuple[SubmitReview, ...]:
    """At most one review, of what has not been reported before."""
    said = facts.reported | {n.fingerprint for join in joins for n in join.found}
    unsaid = tuple(n for n in new if n.fingerprint not in said)
    if not unsaid:
        return ()
    on_lines = [n for n in unsaid if n.line is not None][: facts.config.max_comments]
    shown = {n.fingerprint for n in on_lines}
    rest = tuple(n for n in unsaid if n.fingerprint not in shown)
    return (SubmitReview(head_sha=facts.pull.head_sha, inline=tuple(on_lines), summarised=rest),)


def _plan_threads(facts: ReviewFacts, new: Iterable[NewFinding]) -> tuple[ResolveThread | UnresolveThread, ...]:
    """Threads whose finding is gone are resolved, never deleted: a person may have answered there.

    One that the bot resolved is reopened when its finding is back; no second comment is written.
    One that it resolved and that is open without its finding was opened by a person, and stays so.
    If a file could not be scanned this time, nothing is known about its findings: its threads stay.
    """
    present = _fingerprints(new)
    scanned = {review.report.path for review in facts.reviews if isinstance(review.report, Scanned)}
    unseen = {review.report.path for review in facts.reviews} | {skipped.path for skipped in facts.skipped}
    unseen -= scanned

    def is_gone(thread: OwnThread) -> bool:
        return thread.fingerprints.isdisjoint(present) and thread.path not in unseen

    def is_ours(thread: OwnThread) -> bool:
        return thread.resolved_by_us or (not thread.resolver_known and thread.fingerprints <= facts.resolved)

    opened_again = [t for t in facts.threads if not t.resolved and t.fingerprints <= facts.resolved]
    gone = [t for t in facts.threads if not t.resolved and t not in opened_again and is_gone(t)]
    back = [t for t in facts.threads if t.resolved and is_ours(t) and not t.fingerprints.isdisjoint(present)]
    repo = facts.pull.ref.repo
    return (
        *(ResolveThread(repo=repo, thread_id=thread.id) for thread in gone),
        *(UnresolveThread(repo=repo, thread_id=thread.id) for thread in back),
    )


def _fingerprints(new: Iterable[NewFinding]) -> set[str]:
    return {fingerprint for n in new for _, fingerprint in n.decided}


def _plan_record(
    facts: ReviewFacts,
    new: Iterable[NewFinding],
    threads: Iterable[ResolveThread | UnresolveThread],
    joins: Iterable[JoinThread],
) -> tuple[RecordResolved, ...]:
    """The record of what the bot resolved and said in open threads, if it has to change.

    What is there again is not resolved.
    """
    if facts.record is None:
        return ()
    closing = {thread.thread_id for thread in threads if isinstance(thread, ResolveThread)}
    ours = {
        fingerprint
        for thread in facts.threads
        if thread.id in closing or thread.resolved_by_us
        for fingerprint in thread.fingerprints
    }
    known = {fingerprint for thread in facts.threads for fingerprint in thread.fingerprints}
    record = frozenset((facts.resolved & known) | ours) - _fingerprints(new)
    joined = tuple(sorted(_fingerprints(n for join in joins for n in join.found)))
    if record == facts.resolved and not joined:
        return ()
    return (RecordResolved(review=facts.record, fingerprints=record, joined=joined),)
