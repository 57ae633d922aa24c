"""Updates one tracking issue: facts → evidence → boxes and section → the body, read, merged, written and read back.

``bot.tracker.wake`` sends a task for each tracking issue.
"""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any, assert_never

import structlog

from bot.context import Bot
from bot.domain.facts import Issue
from bot.domain.references import RepoRef
from bot.domain.tracked import NotKnown, PullState, usages_of
from bot.engine.program.standing import PASSED_ON
from bot.github import purposes
from bot.github.errors import MissingPermission, Refused, closed_reason
from bot.identity.kinds import MarkerKind
from bot.identity.places import conversation
from bot.inventory.models import MigrationPulls
from bot.inventory.progress import keep_pulls
from bot.jobs import Done, Ignored, Lease, Outcome
from bot.migrate.saying import REMOVAL, reason_of, say_once, say_refused
from bot.repository import DefaultBranch
from bot.scanner import Unscannable
from bot.tracker import record as records
from bot.tracker.checklist.questions import Question
from bot.tracker.checklist.section import Owner, conflict
from bot.tracker.checklist.update import updating
from bot.tracker.edit import Contested, edit
from bot.tracker.evidence.source import may_hide
from bot.tracker.find import NotTracked, Tracked, default_branch_of, issue_of, tracked_on
from bot.tracker.models import (
    DAMAGE,
    BodyUpdate,
    Changed,
    Conflict,
    ConflictKind,
    Holds,
    ItemStatus,
    NoBox,
    Unchanged,
)
from bot.tracker.removal.keep import keep_removal
from bot.tracker.removal.open import open_removal
from bot.tracker.render import comments as words
from bot.tracker.render.section import section

log = structlog.get_logger(__name__)


async def update_tracker(bot: Bot, repo: RepoRef, number: int, lease: Lease) -> Outcome:
    """Update the issue's boxes and sections; when no usages are left, finish the migration."""
    bot = bot.working_for(purposes.TRACKER)
    try:
        at = await default_branch_of(bot, repo)
        issue = await issue_of(bot, at, number)
        tracked = await tracked_on(bot, at, issue)
    except NotTracked as refusal:
        return Ignored(reason=str(refusal))
    edited = await edit(bot, at.repo, issue, lambda body: _merged(bot, at, number, body, tracked), lease)
    if isinstance(edited, Contested):
        for each in tracked:
            text = words.contested(each.migration, at.repo, number, bot.keys)
            said = (each.migration.name, "contested")
            await say_once(bot, at.repo, number, MarkerKind.TRACKER_NOTE, said, text)
        return Done(summary="not written: others edited the issue each time")
    for each in tracked:
        await _follow_up(bot, at, issue, each)
    return Done(summary=f"{'written' if edited.writes else 'already up to date'}: {'; '.join(map(_summary, tracked))}")


async def _merged(bot: Bot, at: DefaultBranch, number: int, body: str, tracked: Iterable[Tracked]) -> str:
    """The body with every migration's boxes and section; a part in conflict is not changed."""
    for each in tracked:
        owner = Owner(
            keys=bot.keys,
            place=conversation(at.repo, number),
            migration=each.migration.name,
            issue=number,
        )
        there = each.record.written and not each.record.damaged
        steps = updating(body, each.migration, each.facts, owner, section, written=there)
        each.outcome = await _answered(bot, steps)
        body = each.outcome.body if isinstance(each.outcome, Changed) else body
    return body


async def _answered(bot: Bot, steps: Generator[Question, Any, BodyUpdate]) -> BodyUpdate:
    """The result of ``steps``, whose questions are answered in a worker."""
    try:
        question = next(steps)
        while True:
            question = steps.send(await bot.scanner.run(question.function, *question.args))
    except StopIteration as end:
        result: BodyUpdate = end.value
        return result
    except Unscannable as error:
        log.warning("tracker_not_read", cause=error.cause)
        return conflict(ConflictKind.TOO_COMPLEX)


async def _follow_up(bot: Bot, at: DefaultBranch, issue: Issue, each: Tracked) -> None:
    """What follows the write: the record, a comment about a conflict, the end of the migration."""
    repo = at.repo
    match each.outcome:
        case Conflict() as found:
            text = words.conflict(found, each.migration, repo, issue.number, bot.keys)
            said = (each.migration.name, str(found.kind))
            await say_once(bot, repo, issue.number, MarkerKind.TRACKER_NOTE, said, text)
            if found.kind in DAMAGE and not each.record.damaged:
                damaged = replace(each.record, damaged=True)
                await records.save(bot.storage, repo, issue.number, each.migration.name, damaged)
        case Changed(statuses=statuses) | Unchanged(statuses=statuses):
            record = each.record.after(each.facts, each.migration.name)
            await records.save(bot.storage, repo, issue.number, each.migration.name, record)
            await keep_pulls(bot, repo, _pulls_of(each))
            await _remove(bot, at, issue, each)
            if issue.state == "open":
                await _end(bot, at, issue, each, statuses)
        case None:
            raise AssertionError("the body was never merged")
        case _:
            assert_never(each.outcome)


def _pulls_of(each: Tracked) -> tuple[MigrationPulls, ...]:
    """The bot's pull requests for the migration, as the operator is told of them; none where they were not read."""
    if isinstance(each.facts.pulls, NotKnown):
        return ()
    states = [(pull.state, pull.number) for pull in each.facts.pulls if pull.migrates]
    return (
        MigrationPulls(
            migration=each.migration.name,
            open=tuple(number for state, number in states if state is PullState.OPEN),
            merged=sum(state is PullState.MERGED for state, _ in states),
            closed=sum(state is PullState.CLOSED for state, _ in states),
        ),
    )


async def _remove(bot: Bot, at: DefaultBranch, issue: Issue, each: Tracked) -> None:
    """Keep the open removal true, or open one when nothing is left.

    What GitHub refuses is told on the issue; it is tried again when the branch has moved, or after a day.
    """
    name, key = each.migration.name, (at.repo.id, each.migration.name, at.head)
    if key in bot.refused:
        each.refused = bot.refused[key]
        return
    try:
        kept = await keep_removal(bot, at, each.migration, issue.number, each.facts)
        if issue.state == "open" and not kept and not _is_used(each) and each.facts.definitions:
            await open_removal(bot, at, each.migration, issue.number, each.facts)
    except (Refused, MissingPermission) as refusal:
        if isinstance(refusal, Refused) and closed_reason(refusal):
            raise
        each.refused = bot.refused[key] = reason_of(refusal)
        await say_refused(bot, at.repo, issue.number, name, REMOVAL, each.refused)


def _is_used(each: Tracked) -> bool:
    return any(usage.kind not in PASSED_ON for usage in usages_of(each.facts, each.migration.name))


async def _end(bot: Bot, at: DefaultBranch, issue: Issue, each: Tracked, statuses: tuple[ItemStatus, ...]) -> None:
    """When nothing is left and every item is done, say so once."""
    usages = usages_of(each.facts, each.migration.name)
    if _is_used(each):
        return
    if any(may_hide(report) for report in each.facts.reports):
        return
    if not usages and statuses and all(isinstance(status.verdict, Holds) for status in statuses):
        status = words.MigrationStatus(migration=each.migration, facts=each.facts, statuses=statuses)
        text = words.finished(status, at.repo, issue.number, bot.keys)
        said = (each.migration.name, "finished")
        await say_once(bot, at.repo, issue.number, MarkerKind.TRACKER_FINISHED, said, text)


def _summary(each: Tracked) -> str:
    usages = f"{each.migration.name}: {len(usages_of(each.facts, each.migration.name))} usages"
    if each.refused:
        usages += f", the removal was refused: {each.refused}"
    if isinstance(each.outcome, Conflict):
        return f"{usages}, conflict, not written: {each.outcome.kind}"
    if not isinstance(each.outcome, Changed):
        return usages
    unfound = sum(isinstance(status.found, NoBox) for status in each.outcome.statuses)
    return f"{usages}, {len(each.outcome.ticked)} ticked, {len(each.outcome.cleared)} cleared, {unfound} without a box"
