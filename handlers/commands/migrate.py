"""``/ssot migrate``: the proved rewrites, committed to a pull request's branch."""

import click

from bot.ask import Ask
from bot.commands import CommandSpec, repository_path
from bot.facts import Role
from bot.jobs import Lease
from bot.talk import Call, Place, Reply
from bot.workflows.context import Bot
from bot.workflows.migrate_pull import migrate_pull

SPEC = CommandSpec(
    name="migrate",
    summary="Commits the safe rewrites to the pull request's branch.",
    details=(
        "Without PATHS: all usages in the Python files that the pull request touches. PATHS are files, directories or "
        "globs of its branch. What can only be explained is never rewritten; the answer lists it with its reasons."
        "\n\n"
        "`--unsafe` also applies rewrites that may change behaviour. `--dry-run` shows the diff and commits nothing."
    ),
    needs=Role.WRITE,
    places=frozenset({Place.PULL_REQUEST}),
    params=(
        click.Argument(["paths"], nargs=-1),
        click.Option(["--unsafe"], is_flag=True),
        click.Option(["--dry-run"], is_flag=True),
    ),
    examples=("/ssot migrate", "/ssot migrate --dry-run", "/ssot migrate netra_backend/app/routes --unsafe"),
)


async def run(bot: Bot, call: Call, lease: Lease) -> Reply:
    """On a pull request: commits to its branch."""
    return await migrate_pull(bot, call.pull, ask_of(call), lease)


def ask_of(call: Call) -> Ask:
    """The arguments as a value; the request is named by its comment and its place in it.

    Raises ``CommandError`` for a path that leads out of the repository.
    """
    arguments = call.arguments
    paths = arguments["paths"]
    return Ask(
        id=f"{call.comment_id}.{call.index}",
        by=call.sender,
        paths=tuple(repository_path(str(path)) for path in paths) if isinstance(paths, tuple) else (),
        unsafe=bool(arguments["unsafe"]),
        dry_run=bool(arguments["dry_run"]),
    )
