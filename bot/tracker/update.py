"""The tracking issue tells the truth: facts → evidence → boxes and section → the body, read, merged and read back.

An event says at most that something may be different.  It is answered with a task for the repository, one for all
events of a window of time; that one sends a task for each tracking issue, whose lane has one writer at a time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from bot.context import Bot
from bot.domain.commands import CommandCall, CommandError, Reply
from bot.domain.effects import NewComment
from bot.domain.errors import Gone
from bot.domain.facts import Issue
from bot.domain.finding import Kind
from bot.domain.migration import Migration
from bot.domain.references import RepoRef, Task
from bot.domain.tracked import TrackedFacts, usages_of
from bot.github import reads
from bot.github.errors import NotFound, Refused
from bot.identity.kinds import MarkerKind
from bot.identity.places import conversation
from bot.jobs import Done, Ignored, Lease, Outcome
from bot.repository import DefaultBranch, at_head, reason_of
from bot.tracker import record as records
from bot.tracker.checklist.section import Owner
from bot.tracker.checklist.update import update
from bot.tracker.edit import Contested, edit
from bot.tracker.evidence.evaluate import evaluate
from bot.tracker.models import Changed, Conflict, Holds, ItemStatus, NoBox, Unchanged
from bot.tracker.read import tracked_facts
from bot.tracker.record import TrackerRecord
from bot.tracker.removal.open import open_removal
from bot.tracker.render import comments as words
from bot.tracker.render.section import section

log = structlog.get_logger(__name__)

TRACKERS, TRACKER = "ssot.trackers", "ssot.tracker"
EVERY = 60 * 60.0
"""Seconds between two updates that no event asked for."""
AFTER_THE_START = timedelta(minutes=3)


_PASSED_ON = frozenset({Kind.IMPORT, Kind.RE_EXPORT})
"""What may be left when the definition goes: what only passes it on goes with it."""


class _Refusal(Exception):
    """Why there is nothing to do."""


# --- what asks for an update -----------------------------------------------------------------------------------------


def lane(repo: RepoRef) -> str:
    """Where events wait that only ask for an update: they are short, and hold up no other work."""
    return f"{repo.full_name} {TRACKERS}"


async def wake(bot: Bot, repo: RepoRef) -> Outcome:
    """Something may be different: all trackers of the repository are looked at, at the end of the window."""
    await bot.send(Task.debounced(TRACKERS, repo, None, now=bot.github.clock.now(), window=bot.tracker_window))
    return Done(summary="the trackers are looked at")


async def timed(_: Bot, now: datetime) -> Iterable[Task]:
    """A timer's: what no event tells, such as that CI has had its time."""
    window = str(int(now.timestamp() // EVERY))
    return [Task(event=TRACKERS, id=window, repo=None, not_before=now + AFTER_THE_START)]


async def each_tracker(bot: Bot, repo: RepoRef, lease: Lease) -> Outcome:
    """A task for each issue that a migration of the repository is tracked on."""
    try:
        at = await _default_branch(bot, repo)
    except _Refusal as refusal:
        return Ignored(reason=str(refusal))
    numbers = sorted({m.tracking_issue for m in at.config.migrations if m.tracking_issue is not None})
    for number in numbers:
        await bot.send(Task(event=TRACKER, id=f"{repo.id}#{number} {lease.job.seq}", repo=repo, subject=number))
    return Done(summary=f"{len(numbers)} trackers") if numbers else Ignored(reason="no migration is tracked")


# --- the update ------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Tracked:
    """One migration on the issue, and what became of it."""

    migration: Migration
    record: TrackerRecord
    facts: TrackedFacts
    outcome: Unchanged | Changed | Conflict | None = None


async def update_tracker(bot: Bot, repo: RepoRef, number: int, lease: Lease) -> Outcome:
    """Bring the issue's boxes and sections up to date, and do what follows when nothing is left."""
    try:
        at = await _default_branch(bot, repo)
        issue = await _issue(bot, at, number)
        tracked = await _tracked(bot, at, issue)
    except _Refusal as refusal:
        return Ignored(reason=str(refusal))
    edited = await edit(bot, at.repo, issue, lambda body: _merged(bot, at, number, body, tracked), lease)
    if isinstance(edited, Contested):
        for each in tracked:
            text = words.contested(each.migration, at.repo, number, bot.keys)
            await _say(bot, at, number, MarkerKind.TRACKER_NOTE, each.migration, "contested", text)
        return Done(summary="the text of the issue was changed by others each time")
    for each in tracked:
        await _follow_up(bot, at, issue, each)
    return Done(summary=f"{'written' if edited.writes else 'true already'}: {'; '.join(map(_summary, tracked))}")


async def _default_branch(bot: Bot, repo: RepoRef) -> DefaultBranch:
    """The default branch, if its trackers are to be kept.  Raises ``_Refusal`` with the reason why not."""
    repository = await reads.repository(bot.github, repo)
    if repository.archived:
        raise _Refusal("the repository is archived")
    try:
        at = await at_head(bot.github, repository)
    except NotFound as error:
        raise _Refusal("the repository is empty") from error
    if at.problem:
        raise _Refusal(reason_of(at.problem))
    return at


async def _issue(bot: Bot, at: DefaultBranch, number: int) -> Issue:
    """The tracking issue.  Whoever can write to the default branch names it; it is one of this repository."""
    try:
        issue = await reads.issue(bot.github, at.repo, number)
    except Gone as error:
        raise _Refusal(f"issue {number} is not there (any more)") from error
    if issue.is_pull_request:
        raise _Refusal(f"{number} is a pull request, and no tracking issue")
    if issue.repository.lower() != at.repo.full_name.lower():
        raise _Refusal(f"issue {number} was transferred to another repository")
    return issue


async def _tracked(bot: Bot, at: DefaultBranch, issue: Issue) -> list[_Tracked]:
    repo, found = at.repo, []
    for migration in at.tracked_on(issue.number):
        record = await records.load(bot.storage, repo, issue.number, migration.name)
        facts = await tracked_facts(bot, at, migration, issue.number, record)
        concerns = record.written or usages_of(facts, migration.name) or facts.definitions
        if at.built_in and not concerns:
            continue  # the built-in migration belongs to one code base: elsewhere its issue number means nothing
        found.append(_Tracked(migration=migration, record=record, facts=facts))
    if not found:
        raise _Refusal(f"no migration is tracked on issue {issue.number}")
    return found


def _merged(bot: Bot, at: DefaultBranch, number: int, body: str, tracked: Iterable[_Tracked]) -> str:
    """The body with every migration's boxes and section; where one is in conflict, its part is left alone."""
    for each in tracked:
        owner = Owner(
            keys=bot.keys,
            place=conversation(at.repo, number),
            migration=each.migration.name,
            issue=number,
        )
        each.outcome = update(body, each.migration, each.facts, owner, section, written=each.record.written)
        body = each.outcome.body if isinstance(each.outcome, Changed) else body
    return body


async def _follow_up(bot: Bot, at: DefaultBranch, issue: Issue, each: _Tracked) -> None:
    """What comes after the write: the record; a word about a conflict; the end."""
    repo = at.repo
    match each.outcome:
        case Conflict() as found:
            text = words.conflict(found, each.migration, repo, issue.number, bot.keys)
            await _say(bot, at, issue.number, MarkerKind.TRACKER_NOTE, each.migration, str(found.kind), text)
        case Changed(statuses=statuses) | Unchanged(statuses=statuses):
            record = each.record.after(each.facts, each.migration.name)
            await records.save(bot.storage, repo, issue.number, each.migration.name, record)
            if issue.state == "open":
                await _end(bot, at, issue, each, statuses)
        case None:
            raise AssertionError("the body was never merged")
        case _:
            assert_never(each.outcome)


async def _end(bot: Bot, at: DefaultBranch, issue: Issue, each: _Tracked, statuses: tuple[ItemStatus, ...]) -> None:
    """Nothing is left: the definition goes; and when all evidence holds, that is said once."""
    usages = usages_of(each.facts, each.migration.name)
    if any(usage.kind not in _PASSED_ON for usage in usages):
        return
    if each.facts.definitions:
        await open_removal(bot, at, each.migration, issue.number, each.facts)
    if not usages and statuses and all(isinstance(status.verdict, Holds) for status in statuses):
        standing = words.Standing(migration=each.migration, facts=each.facts, statuses=statuses)
        text = words.finished(standing, at.repo, issue.number, bot.keys)
        await _say(bot, at, issue.number, MarkerKind.TRACKER_FINISHED, each.migration, "finished", text)


async def _say(
    bot: Bot, at: DefaultBranch, number: int, kind: MarkerKind, migration: Migration, what: str, text: str
) -> None:
    """A comment, unless one of ours says it already.  Where people let nobody comment it stays unsaid."""
    repo = at.repo
    place = conversation(repo, number)
    comments = await reads.issue_comments(bot.github, repo, number)
    if any(kind.read(bot.keys, place, c.body) == (migration.name, what) for c in comments if c.ours):
        return
    try:
        await bot.performer.perform(NewComment(repo=repo, number=number, body=text))
    except Refused as refusal:
        log.warning("comment_refused", repository=repo.full_name, issue=number, reason=refusal.message)


def _summary(each: _Tracked) -> str:
    usages = f"{each.migration.name}: {len(usages_of(each.facts, each.migration.name))} usages"
    if isinstance(each.outcome, Conflict):
        return f"{usages}, conflict, not touched: {each.outcome.kind}"
    if not isinstance(each.outcome, Changed):
        return usages
    unfound = sum(isinstance(status.found, NoBox) for status in each.outcome.statuses)
    return f"{usages}, {len(each.outcome.ticked)} ticked, {len(each.outcome.cleared)} cleared, {unfound} without a box"


# --- the command -----------------------------------------------------------------------------------------------------


async def status(bot: Bot, call: CommandCall) -> Reply:
    """``/ssot status`` on a tracking issue: the figures at the head of the default branch; the issue follows."""
    try:
        at = await _default_branch(bot, call.repo)
        tracked = await _tracked(bot, at, await _issue(bot, at, call.number))
    except _Refusal as refusal:
        raise CommandError(f"This is not the tracking issue of a migration: {refusal}.") from refusal
    await wake(bot, call.repo)
    return Reply(body=words.status(map(_standing, tracked)))


def _standing(each: _Tracked) -> words.Standing:
    migration, facts = each.migration, each.facts
    statuses = tuple(
        ItemStatus(item=item, verdict=evaluate(item.evidence, item.id, migration, facts), found=NoBox.ABSENT)
        for item in migration.checklist
    )
    return words.Standing(migration=migration, facts=facts, statuses=statuses)
