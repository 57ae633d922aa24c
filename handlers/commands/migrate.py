"""``/ssot migrate``: the safe fixes, committed to a pull request's branch, or as pull requests of their own."""

from typing import assert_never

import click

from bot.commands.parse import CommandSpec
from bot.context import Bot
from bot.domain.commands import CommandCall, CommandPlace, Reply
from bot.domain.facts import Role
from bot.jobs import Lease
from bot.migrate.batches.request import migrate_issue
from bot.migrate.paths import repository_path
from bot.migrate.pull.models import MigrateRequest
from bot.migrate.pull.update import migrate_pull

SPEC = CommandSpec(
    name="migrate",
    summary="Commits the safe fixes to the pull request's branch. On the tracking issue, opens pull requests.",
    details=(
        "Without PATHS: all usages in the Python files that the pull request changes. PATHS are files, directories or "
        "globs on its branch. Manual usages (change by hand) are never rewritten; the reply lists them with reasons."
        "\n\n"
        "On the tracking issue: the whole default branch, or PATHS of it, in pull requests of a few files each, a few "
        "open at a time. The bot updates them until someone else pushes to them. The files of a pull request that "
        "someone closed are proposed again only when PATHS name them."
        "\n\n"
        "`--unsafe` also applies fixes that may change behaviour. `--dry-run` shows the diff and writes nothing."
    ),
    needs=Role.WRITE,
    params=(
        click.Argument(["paths"], nargs=-1),
        click.Option(["--unsafe"], is_flag=True),
        click.Option(["--dry-run"], is_flag=True),
    ),
    examples=("/ssot migrate", "/ssot migrate --dry-run", "/ssot migrate netra_backend/app/routes --unsafe"),
)


async def run(bot: Bot, call: CommandCall, lease: Lease) -> Reply:
    """On a pull request: commits to its branch.  On an issue: opens pull requests against the default branch."""
    match call.place:
        case CommandPlace.PULL_REQUEST:
            return await migrate_pull(bot, call.pull, ask_of(call), lease)
        case CommandPlace.ISSUE:
            return await migrate_issue(bot, call, lease)
        case _:
            assert_never(call.place)


def ask_of(call: CommandCall) -> MigrateRequest:
    """The arguments as a value; the request is named by its comment and its place in it.

    Raises ``CommandError`` for a path outside the repository.
    """
    arguments = call.arguments
    paths = arguments["paths"]
    return MigrateRequest(
        id=f"{call.comment_id}.{call.index}",
        by=call.sender,
        paths=tuple(repository_path(str(path)) for path in paths) if isinstance(paths, tuple) else (),
        unsafe=bool(arguments["unsafe"]),
        dry_run=bool(arguments["dry_run"]),
        at=call.given_at,
    )
