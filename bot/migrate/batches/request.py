"""``/ssot migrate`` on a tracking issue opens migration pull requests; ``upkeep`` keeps them up to date.

Nothing is stored: what is open, what a person closed and what is left to do are read again each time, so that the same
work may run twice, late, or in two places, and ends in the same state.
"""

from collections.abc import Mapping

from bot.context import Bot
from bot.domain.commands import CommandCall, Reply
from bot.domain.errors import UserError
from bot.domain.globs import GlobError
from bot.domain.migration import Migration
from bot.domain.reactions import Reaction
from bot.github import purposes
from bot.jobs import Lease
from bot.migrate.batches import render_answer as words
from bot.migrate.batches.models import BatchReport, BatchRequest, Tier
from bot.migrate.batches.plan import plan_batches
from bot.migrate.batches.read import batch_facts, opened_pull_requests
from bot.migrate.batches.update import carry_out
from bot.migrate.paths import repository_path
from bot.repository import DefaultBranch, at_default_branch


async def migrate_issue(bot: Bot, call: CommandCall, lease: Lease) -> Reply:
    """The command on an issue.

    ``call.arguments``: ``paths`` (strings), ``unsafe`` and ``dry_run`` (booleans).  Raises ``UserError`` for paths
    that lead out of the repository, and (``ConfigUnusable``) when the configuration is not valid.
    """
    ask, bot = _ask(call.arguments), bot.working_for(purposes.MIGRATION)
    at = await at_default_branch(bot, call.repo)
    migrations = at.tracked_on(call.number)
    if not migrations:
        trackers = {m.name: m.tracking_issue for m in at.config.migrations if m.tracking_issue is not None}
        return Reply(body=words.no_tracker(call.number, trackers), reaction=Reaction.CONFUSED)
    if call.arguments.get("dry_run"):
        planned = [await _planned(bot, at, migration, ask) for migration in migrations]
        return Reply(body=words.dry_run(planned, at.repository))
    reports = [await carried_out(bot, at, m, ask, lease, asked_by=call.comment_id) for m in migrations]
    failed = all(report.refused and not report.numbers for report in reports)
    reaction = Reaction.CONFUSED if failed else Reaction.ROCKET
    return Reply(body=words.reply(reports, at.repository, call.comment_id), reaction=reaction)


def _ask(arguments: Mapping[str, object]) -> BatchRequest:
    given = arguments.get("paths")
    paths = (
        tuple(dict.fromkeys(repository_path(str(path)) for path in given)) if isinstance(given, tuple | list) else ()
    )
    ask = BatchRequest(tier=Tier.UNSAFE if arguments.get("unsafe") else Tier.SAFE, paths=paths)
    try:
        for path in paths:  # each by itself: one that covers everything would keep the others from being read
            BatchRequest(paths=(path,)).covers("")
    except GlobError as error:
        raise UserError(f"Invalid glob: {error.message}.") from error
    return ask


async def _planned(bot: Bot, at: DefaultBranch, migration: Migration, ask: BatchRequest) -> BatchReport:
    """What would be done."""
    opened = await opened_pull_requests(bot, at)
    found = await batch_facts(bot, opened, migration, ask)
    plan = plan_batches(found.facts)
    return BatchReport(migration=migration, commit=at.head, plan=plan, ask=ask, numbers={}, unread=found.unread)


async def carried_out(
    bot: Bot, at: DefaultBranch, migration: Migration, ask: BatchRequest | None, lease: Lease, *, asked_by: int
) -> BatchReport:
    """Read, decide and perform everything.  ``asked_by`` is the comment that asked, 0 for nobody."""
    opened = await opened_pull_requests(bot, at)
    found = await batch_facts(bot, opened, migration, ask)
    plan = plan_batches(found.facts)
    carried = await carry_out(bot, at, migration, plan, lease, asked_by=asked_by)
    return BatchReport(
        migration=migration, commit=at.head, plan=plan, ask=ask or BatchRequest(), numbers=carried.numbers,
        unread=found.unread, refused=carried.refused,
    )  # fmt: skip
