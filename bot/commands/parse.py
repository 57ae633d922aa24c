"""Parses the command lines of a comment into values or typed errors.  Pure.

``bot.commands.invocations`` finds the lines.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import click

from bot.commands.invocations import Invocation
from bot.domain.commands import PREFIX, CommandError, CommandHelp

MOST_COMMANDS = 5
"""Different commands that one comment can give."""
_MOST_LINES = 50
"""Different command lines that are looked at, right or wrong: 65,536 characters hold thousands."""
_LONGEST_LINE = 4_096
"""Characters of a command line; more is nothing that a person typed."""
_LONGEST_NAME = 100
"""Characters of an unknown name that are compared with the commands' names."""
_WORD = re.compile(r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>\S+)")
_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec(CommandHelp):
    """A command as people and the parser know it."""

    params: tuple[click.Parameter, ...] = ()
    free_text: bool = False
    """The last parameter takes the rest of the line as it is, quotes included."""

    @property
    def usage(self) -> str:
        """``/ssot migrate [PATHS]... [--unsafe]``."""
        context = click.Context(_click(self), info_name=f"{PREFIX} {self.name}")
        options = (f"[{p.opts[0]}]" for p in self.params if isinstance(p, click.Option))
        arguments = (p.make_metavar(context) for p in self.params if isinstance(p, click.Argument))
        return " ".join((f"{PREFIX} {self.name}", *arguments, *options))


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command whose arguments are valid; ``arguments`` by parameter name."""

    name: str
    arguments: Mapping[str, object]


def parse_all(
    invocations: Iterable[Invocation], specs: Mapping[str, CommandSpec]
) -> "tuple[Command | CommandError, ...]":
    """A comment's commands: each different one once, in order; and only the first mistake.

    For a comment with more than ``MOST_COMMANDS``, or very many mistakes, the only result is the error that says so.
    """
    commands: list[Command] = []
    mistakes: list[CommandError] = []
    found: list[Command | CommandError] = []
    distinct = dict.fromkeys(invocations)
    if len(distinct) > _MOST_LINES:
        return (_too_many(),)
    for invocation in distinct:
        try:
            command = parse(invocation, specs)
        except CommandError as error:
            found += [] if mistakes else [error]
            mistakes.append(error)
        else:
            found += [] if command in commands else [command]
            commands.append(command)
        if len(found) > MOST_COMMANDS:
            return (_too_many(),)
    return tuple(found)


def _too_many() -> CommandError:
    return CommandError(f"A comment can hold at most {MOST_COMMANDS} commands. None of these was run.")


def parse(invocation: Invocation, specs: Mapping[str, CommandSpec]) -> Command:
    """The parsed command.  Raises ``CommandError`` for an unknown name or invalid arguments."""
    spec = specs.get(invocation.name)
    if spec is None:
        near = difflib.get_close_matches(invocation.name[:_LONGEST_NAME], specs, n=1)
        hint = f" Did you mean `{PREFIX} {near[0]}`?" if near else ""
        raise CommandError(f"Unknown command.{hint}", usage=f"{PREFIX} help")
    if len(invocation.rest) > _LONGEST_LINE or "\0" in invocation.rest:
        raise CommandError("The line is too long, or contains a NUL character.", usage=spec.usage)
    return Command(name=spec.name, arguments=_arguments(spec, _words(spec, invocation.rest)))


def _words(spec: CommandSpec, rest: str) -> list[str]:
    if spec.free_text:
        return _free_words(spec, rest)
    words = []
    for match in _WORD.finditer(rest.translate(_TYPOGRAPHY)):
        bare = match["bare"]
        if bare is not None and bare[0] in "\"'":
            raise CommandError("A quotation mark is not closed.", usage=spec.usage)
        words.append(_hyphens(bare) if bare is not None else match["double"] or match["single"] or "")
    return words


def _free_words(spec: CommandSpec, rest: str) -> list[str]:
    """The arguments before the last, and what is left: an option's name or free text."""
    arguments = sum(isinstance(param, click.Argument) for param in spec.params)
    words = rest.split(maxsplit=arguments - 1)
    if len(words) < arguments:
        return [_hyphens(word) for word in words]
    *first, last = words
    options = {name for param in spec.params if isinstance(param, click.Option) for name in param.opts}
    return [*first, _hyphens(last)] if _hyphens(last.strip()) in options else [*first, "--", last.strip()]


def _hyphens(word: str) -> str:
    """Phones turn two hyphens into a dash."""
    return re.sub(r"^[—–]", "--", word)


@cache
def _click(spec: CommandSpec) -> click.Command:
    return click.Command(spec.name, params=list(spec.params), add_help_option=False)


def _arguments(spec: CommandSpec, words: Sequence[str]) -> Mapping[str, object]:
    parser = _click(spec)
    try:
        context = parser.make_context(f"{PREFIX} {spec.name}", list(words))
    except click.ClickException as error:
        raise CommandError(error.format_message(), usage=spec.usage) from error
    return context.params
