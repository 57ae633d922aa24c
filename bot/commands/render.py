"""What is said of the commands: help, mistakes, and the tables of the documents."""

from collections.abc import Iterable, Mapping

from bot.domain.commands import PREFIX, CommandHelp, CommandPlace
from bot.domain.errors import UserError
from bot.domain.facts import Role
from bot.markdown import blocks
from bot.markdown.text import code, prose

REACTIONS = "👀 it has begun · 🚀 done · 😕 not understood or not possible: the reply says why · 👎 you may not."
"""What the bot's reactions to a command mean."""
_PLACES = {CommandPlace.PULL_REQUEST: "pull requests", CommandPlace.ISSUE: "the tracking issue"}


def overview(specs: Mapping[str, CommandHelp]) -> str:
    """``/ssot help``: all commands."""
    return "\n\n".join(
        (
            table(specs.values()),
            REACTIONS,
            f"A command stands at the start of a line of a new comment. `{PREFIX} help COMMAND` says more about one.",
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
    """``/ssot help COMMAND``: all about one."""
    return f"`{spec.usage}`\n\n{_about(spec)}"


def _about(spec: CommandHelp) -> str:
    where = " and ".join(_PLACES[place] for place in CommandPlace if place in spec.places)
    parts = [spec.summary, spec.details, f"Who: {who(spec)}. Where: {where}."]
    if spec.examples not in ((), (spec.usage,)):
        parts.append("For example:\n\n```text\n" + "\n".join(spec.examples) + "\n```")
    return "\n\n".join(part for part in parts if part)


def document(specs: Iterable[CommandHelp]) -> str:
    """All commands with all that is to be said of them, as ``docs/commands.md`` has it."""
    return "\n\n".join(f"### `{spec.usage}`\n\n{_about(spec)}" for spec in specs)


def mistake(message: str, usage: str | None) -> str:
    """The answer to a command that is not a right one: at most a kilobyte."""
    return prose(message) + (f"\n\n`{usage}`" if usage else "")


def failure(error: UserError) -> str:
    """The answer to a right command that cannot be done."""
    return prose(str(error))


def too_fast(most: int) -> str:
    """Said once to somebody who asks for more than is heard."""
    return (
        f"That is more than {most} comments with commands, or presses of a button, in a minute. "
        "This one was not acted on."
    )


def refused(error: Exception, delivery: str) -> str:
    """The answer when GitHub does not let the bot do it: neutral, with what the operator needs to find it."""
    return f"GitHub did not let me do that ({code(type(error).__name__)}). The bot's log has it as {code(delivery)}."


def defect(delivery: str) -> str:
    """Said when the bot itself failed: neutral, with what the operator needs to find it."""
    return f"That failed, and it is my own fault. The bot's log has it as {code(delivery)}."


def elsewhere(spec: CommandHelp) -> str:
    """The answer to a command that was given where it has no meaning."""
    places = " and ".join(_PLACES[place] for place in CommandPlace if place in spec.places)
    return f"`{PREFIX} {spec.name}` is for {places}."


def pressed(by: str) -> str:
    """Who pressed the button that a comment answers; without a mention."""
    return f"<sub>Asked for by {code(by)} with a button of the check run.</sub>"
