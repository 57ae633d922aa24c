"""What the commands on findings and migrations do: scan, status, explain, skip, attest."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from bot.commands import render_answers as words
from bot.commands.meant import Said, meant
from bot.context import Bot
from bot.domain.checklist_item import AllOf, AnyOf, Attested, ChecklistItem, Evidence
from bot.domain.commands import CommandCall, CommandError, CommandPlace, Reply
from bot.domain.facts import Waiver
from bot.domain.file_result import NewFinding, UnreadFile
from bot.domain.migration import Migration
from bot.domain.reactions import Reaction
from bot.domain.references import PullRequestRef
from bot.github import reads
from bot.identity import decisions
from bot.identity.checks import CHECK_NAME
from bot.jobs import Ignored, Lease, Superseded
from bot.repository import RepositoryAt, at_conversation, sentence_of
from bot.review.skipping import each_alone
from bot.review.update import Reviewed, review, verdict_on

_LONGEST_REASON = 300


# --- of a pull request -----------------------------------------------------------------------------------------


async def scan(bot: Bot, ref: PullRequestRef, lease: Lease) -> Reply:
    """Re-scan the pull request and update the check."""
    result = await review(bot, ref, lease, force=True)
    if isinstance(result, Reviewed):
        return Reply(body=words.scanned(result.pull, result.check))
    return _not_reviewed(result)


async def status(bot: Bot, call: CommandCall) -> Reply:
    """What the bot knows of the pull request, without writing anything about it."""
    now = await verdict_on(bot, call.pull)
    runs = await reads.check_runs(bot.github, call.repo, now.pull.head_sha, name=CHECK_NAME)
    newest = max(runs, key=lambda run: run.id, default=None)
    return Reply(body=words.status(now.pull, now.check, newest))


async def skip(
    bot: Bot, call: CommandCall, lease: Lease, *, finding: str | None, reason: str | None, undo: bool
) -> Reply:
    """Skip a finding (or undo that), update the check, and record it in the reply."""
    if not call.thread:
        if finding is None:
            raise CommandError("Missing argument FINDING: the code at the end of the bot's comment.")
        _reason(reason, undo=undo)
    chosen: list[tuple[NewFinding | UnreadFile, str]] = []

    def waive(new: Sequence[NewFinding], unread: Sequence[UnreadFile]) -> Mapping[str, Waiver | None]:
        usages = [usage for group in new for usage in each_alone(group)]
        what, why = meant(usages, unread, Said(finding=finding, reason=reason, thread=call.thread))
        said = _reason(why, undo=undo)
        chosen.append((what, said))
        fingerprint = what.fingerprint
        return {fingerprint: Waiver(fingerprint=fingerprint, by=call.sender, reason=said) if said else None}

    result = await review(bot, call.pull, lease, force=True, waive=waive)
    if not isinstance(result, Reviewed):
        return _not_reviewed(result)
    if not chosen:
        raise CommandError("Nothing was scanned: the configuration of the base branch is not valid.")
    what, said = chosen[0]
    decision = decisions.skip(what.fingerprint, call.sender, said) if said else decisions.unskip(what.fingerprint)
    return Reply(body=words.skipped(what, result.pull, result.check, call.sender, said), decisions=(decision,))


def _not_reviewed(result: Ignored | Superseded) -> Reply:
    return Reply(body=words.not_reviewed(result.reason), reaction=Reaction.CONFUSED)


def _reason(reason: str | None, *, undo: bool) -> str:
    """The reason within bounds; empty exactly when something is undone."""
    if undo:
        return ""
    if not reason:
        raise CommandError("Please give a reason. It is shown with your name.")
    if len(reason) > _LONGEST_REASON:
        raise CommandError(f"The reason is too long: at most {_LONGEST_REASON} characters.")
    return reason


# --- of a migration ----------------------------------------------------------------------------------------------


async def explain(bot: Bot, call: CommandCall, *, migration: str) -> Reply:
    """What a migration is, why, and how its usages are rewritten."""
    migrations = (await _configured(bot, call)).migrations
    if migration not in migrations:
        raise CommandError(words.no_such("migration", list(migrations), _near(migration, migrations)))
    return Reply(body=words.explained(migrations[migration]))


async def attest(bot: Bot, call: CommandCall, *, item: str, reason: str | None, undo: bool) -> Reply:
    """Record on the tracking issue that somebody attests one of its items, or withdraws that."""
    said = _reason(reason, undo=undo)
    migrations = (await _configured(bot, call)).tracked_on(call.number)
    if not migrations:
        raise CommandError("This is not the tracking issue of a migration.")
    found = _the_item(migrations, item)
    decision = decisions.attest(found.id, call.sender, said) if said else decisions.withdraw(found.id)
    return Reply(body=words.attested(found, call.sender, said), decisions=(decision,))


def _the_item(migrations: Iterable[Migration], name: str) -> ChecklistItem:
    items = {item.id: item for each in migrations for item in each.checklist if _rests_on_people(item.evidence)}
    if name not in items:
        raise CommandError(words.no_such("item to attest", list(items), _near(name, items)))
    return items[name]


def _rests_on_people(evidence: Evidence) -> bool:
    match evidence:
        case Attested():
            return True
        case AllOf(evidence=parts) | AnyOf(evidence=parts):
            return any(map(_rests_on_people, parts))
        case _:
            return False


def _near(name: str, names: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name.lower(), list(names), n=1)), None)


async def _configured(bot: Bot, call: CommandCall) -> RepositoryAt:
    """The branch whose configuration applies here: the base branch, or the default branch.

    Raises ``CommandError`` when the configuration is not valid.
    """
    is_pull_request = call.place is CommandPlace.PULL_REQUEST
    at = await at_conversation(bot, call.repo, call.number, is_pull_request=is_pull_request)
    if at.problem:
        raise CommandError(sentence_of(at.problem))
    return at
