"""``/ssot migrate`` on a tracking issue opens migration pull requests; ``bot.workflows.upkeep`` keeps them up to date.

Nothing is remembered: what is open, what a person closed and what is left to do are read again each time, so that the
same work may run twice, late, or in two places, and ends in the same state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from bot.batches import Ask, BatchReport, Tier
from bot.batching import plan_batches
from bot.commands import repository_path
from bot.config import FILE, Absent, Invalid, Unreadable, Valid
from bot.effects import Reaction
from bot.errors import UserError
from bot.facts import Repository
from bot.github import reads
from bot.globs import GlobError
from bot.jobs import Lease
from bot.migration import Config, Migration
from bot.refs import RepoRef, Sha
from bot.render import migrate_issue as words
from bot.talk import Call, Reply
from bot.workflows.context import Bot
from bot.workflows.migration_facts import facts_of, site_of
from bot.workflows.migration_pulls import carry_out
from bot.workflows.sources import config_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The default branch as it is now."""

    repository: Repository
    head: Sha
    config: Config


async def migrate_issue(bot: Bot, call: Call, lease: Lease) -> Reply:
    """The command on an issue.

    ``call.arguments``: ``paths`` (strings), ``unsafe`` and ``dry_run`` (booleans).  Raises ``UserError`` for paths
    that lead out of the repository, and when the configuration is not valid.
    """
    ask = _ask(call.arguments)
    base = await base_of(bot, call.repo)
    migrations = [m for m in base.config.migrations if m.tracking_issue == call.number]
    if not migrations:
        trackers = {m.name: m.tracking_issue for m in base.config.migrations if m.tracking_issue is not None}
        return Reply(body=words.no_tracker(call.number, trackers), reaction=Reaction.CONFUSED)
    if call.arguments.get("dry_run"):
        planned = [await _planned(bot, base, migration, ask) for migration in migrations]
        return Reply(body=words.dry_run(planned, base.repository))
    reports = [await carried_out(bot, base, m, ask, lease, asked_by=call.comment_id) for m in migrations]
    return Reply(body=words.reply(reports, base.repository, call.comment_id))


async def base_of(bot: Bot, repo: RepoRef) -> Base:
    """The default branch, with its own configuration at that very commit.  Raises ``UserError`` if that is wrong."""
    repository = await reads.repository(bot.github, repo)
    head = await reads.branch_head(bot.github, repository.ref, repository.default_branch)
    state = await config_of(bot, repository.ref, head)
    match state:
        case Absent(config=config) | Valid(config=config):
            return Base(repository=repository, head=head, config=config)
        case Invalid(errors=errors):
            raise UserError("The configuration is not valid, so nothing was done: " + "; ".join(map(str, errors[:5])))
        case Unreadable(reason=reason):
            raise UserError(f"{FILE} could not be read, so nothing was done: {reason}")
        case _:
            assert_never(state)


def _ask(arguments: Mapping[str, object]) -> Ask:
    given = arguments.get("paths")
    paths = (
        tuple(dict.fromkeys(repository_path(str(path)) for path in given)) if isinstance(given, tuple | list) else ()
    )
    ask = Ask(tier=Tier.UNSAFE if arguments.get("unsafe") else Tier.SAFE, paths=paths)
    try:
        for path in paths:  # each by itself: one that covers everything would keep the others from being read
            Ask(paths=(path,)).covers("")
    except GlobError as error:
        raise UserError(f"This is no glob: {error.message}.") from error
    return ask


async def _planned(bot: Bot, base: Base, migration: Migration, ask: Ask) -> BatchReport:
    """What would be done."""
    site = await site_of(bot, base.repository, base.head, base.config)
    found = await facts_of(bot, site, migration, ask)
    plan = plan_batches(found.facts)
    return BatchReport(migration=migration, commit=base.head, plan=plan, ask=ask, numbers={}, unread=found.unread)


async def carried_out(
    bot: Bot, base: Base, migration: Migration, ask: Ask | None, lease: Lease, *, asked_by: int
) -> BatchReport:
    """Everything is read, decided and done.  ``asked_by`` is the comment that asked, 0 for nobody."""
    site = await site_of(bot, base.repository, base.head, base.config)
    found = await facts_of(bot, site, migration, ask)
    plan = plan_batches(found.facts)
    numbers = await carry_out(bot, site, migration, plan, lease, asked_by=asked_by)
    return BatchReport(
        migration=migration, commit=base.head, plan=plan, ask=ask or Ask(), numbers=numbers, unread=found.unread
    )
