"""The texts about commands: help, mistakes, and the tables of the documents."""

from collections.abc import Iterable, Mapping

from bot.domain.commands import PREFIX, CommandHelp, CommandPlace
from bot.domain.errors import UserError
from bot.domain.facts import Role
from bot.markdown import blocks
from bot.markdown.text import code, plain, prose

REACTIONS = "👀 started · 🚀 done · 😕 not understood or not possible: the reply says why · 👎 no permission."
"""What the bot's reactions to a command mean."""
_PLACES = {CommandPlace.PULL_REQUEST: "pull requests", CommandPlace.ISSUE: "the tracking issue"}


def overview(specs: Mapping[str, CommandHelp]) -> str:
    """``/ssot help``: all commands."""
    return "\n\n".join(
        (
            table(specs.values()),
            REACTIONS,
            f"Write a command at the start of a line in a new comment. `{PREFIX} help COMMAND` explains one command.",
        )
    )


def table(specs: Iterable[CommandHelp]) -> str:
    """One row for each command: usage, summary, who may."""
    rows = [(f"`{blocks.cell(spec.usage)}`", spec.summary, who(spec)) for spec in specs]
    return blocks.table(("command", "does", "who"), rows)


def who(spec: CommandHelp) -> str:
    """Who may give the command, in a few words."""
    least = "everyone who can read" if spec.needs is Role.READ else f"{spec.needs} and above"
    return least if spec.author_needs is None else f"{least}, or the pull request's author"


def reference(spec: CommandHelp) -> str:
    """``/ssot help COMMAND``: one command in full."""
    return f"`{spec.usage}`\n\n{_about(spec)}"


def _about(spec: CommandHelp) -> str:
    where = " and ".join(_PLACES[place] for place in CommandPlace if place in spec.places)
    parts = [spec.summary, spec.details, f"Who: {who(spec)}. Where: {where}."]
    if spec.examples not in ((), (spec.usage,)):
        parts.append("For example:\n\n```text\n" + "\n".join(spec.examples) + "\n```")
    return "\n\n".join(part for part in parts if part)


def document(specs: Iterable[CommandHelp]) -> str:
    """The command reference: every command in full, as in ``docs/commands.md``."""
    return "\n\n".join(f"### `{spec.usage}`\n\n{_about(spec)}" for spec in specs)


def mistake(message: str, usage: str | None) -> str:
    """The reply to an invalid command: at most a kilobyte."""
    return prose(message) + (f"\n\n`{usage}`" if usage else "")


def failure(error: UserError) -> str:
    """The reply to a valid command that cannot be done."""
    return prose(str(error))


UNREADABLE_COMMENT = (
    "This comment is too complex to find its commands. None of them was run: please put the command into a comment of "
    "its own."
)


def too_fast(most: int) -> str:
    """Said once to somebody who is over the rate limit."""
    return f"Rate limit: {most} commands a minute. Ignored; try again shortly."


def refused(error: Exception, delivery: str) -> str:
    """The reply when GitHub refuses what the bot tried; ``delivery`` lets the operator find it in the log."""
    reason = plain(" ".join(str(getattr(error, "message", error)).split())[:500])
    return f"GitHub refused this: {reason} (delivery {code(delivery)})"


def impossible(reason: str) -> str:
    """The reply where GitHub lets nothing be done."""
    return f"This could not be done: {plain(reason)}."


def gone(error: Exception) -> str:
    """The reply when GitHub does not show what a command is about, or what it needs."""
    reason = code(" ".join(str(error).split())[:200])
    return f"This could not be done: GitHub does not show what the command needs ({reason}). Please give it again."


def defect(delivery: str) -> str:
    """The reply when the bot itself failed; ``delivery`` lets the operator find it in the log."""
    return f"Internal error (delivery {code(delivery)}). See the bot's log."


def not_allowed(login: str, role: Role, spec: CommandHelp) -> str:
    """Said once to somebody who lacks the permission for a command; without a mention."""
    return (
        f"{code(login)} cannot give `{PREFIX} {spec.name}` here: it needs {who(spec)}, and GitHub says {code(role)}. "
        "Somebody with that permission can give the same command. Further refusals get only a 👎."
    )


def elsewhere(spec: CommandHelp) -> str:
    """The reply to a command that does not work in this place."""
    places = " and ".join(_PLACES[place] for place in CommandPlace if place in spec.places)
    return f"`{PREFIX} {spec.name}` works only on {places}."


def pressed(by: str) -> str:
    """Who pressed the button that a comment answers; without a mention."""
    return f"<sub>Requested by {code(by)} with a button of the check run.</sub>"
