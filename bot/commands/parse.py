"""Finds the commands in a comment's Markdown, and parses them into values or typed errors.  Pure.

A command is a line that begins with ``/ssot`` in a plain paragraph at the top level of the comment.  In a quote, a
list, a table, a fence, a code span, a link, HTML or ``<details>`` it is an example, and does not count.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import click
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.commands import PREFIX, CommandError, CommandHelp

MOST_COMMANDS = 5
"""Different commands that one comment can give."""
_LONGEST_PARAGRAPH = 8_192
"""Characters of a paragraph that commands are looked for in; looking takes the square of it, at worst."""
_LONGEST_LINE = 4_096
"""Characters of a command line; more is nothing that a person typed."""
_INLINE_RULES = ("newline", "backticks", "link", "image", "autolink", "html_inline")
"""Without emphasis, escapes and entities: ``app/*.py tests/*.py`` has to stay what it is."""
_WORD = re.compile(r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>\S+)")
_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})
_DETAILS = re.compile(r"<(?P<close>/?)details\b", re.IGNORECASE)


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
class Invocation:
    """A command line of a comment: its first word after ``/ssot`` (lower case) and the rest."""

    name: str
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command whose arguments are valid; ``arguments`` by parameter name."""

    name: str
    arguments: Mapping[str, object]


def find_invocations(body: str) -> tuple[Invocation, ...]:
    """All command lines of a comment, in order.  ``body`` is the comment's Markdown as GitHub gives it."""
    if PREFIX not in body.lower():
        return ()
    lines = (line for paragraph in _plain_paragraphs(body) for line in _lines(paragraph))
    return tuple(_invocation(line) for line in lines if _is_command(line))


def parse_all(body: str, specs: Mapping[str, CommandSpec]) -> "tuple[Command | CommandError, ...]":
    """A comment's commands: each different one once, in order; and only the first mistake.

    For a comment with more than ``MOST_COMMANDS`` the only result is the error that says so.
    """
    commands: list[Command] = []
    mistakes: list[CommandError] = []
    found: list[Command | CommandError] = []
    for invocation in dict.fromkeys(find_invocations(body)):
        try:
            command = parse(invocation, specs)
        except CommandError as error:
            found += [] if mistakes else [error]
            mistakes.append(error)
        else:
            found += [] if command in commands else [command]
            commands.append(command)
        if len(found) > MOST_COMMANDS:
            return (CommandError(f"A comment can hold at most {MOST_COMMANDS} commands. None of these was run."),)
    return tuple(found)


@cache
def _markdown() -> MarkdownIt:
    """Finds the blocks; a paragraph's inline rules are applied only where a command may be in it."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    parser.inline.ruler.enableOnly(["text", *_INLINE_RULES])
    parser.inline.ruler2.enableOnly([])
    return parser


def _plain_paragraphs(body: str) -> Iterable[Sequence[Token]]:
    """The inline tokens of the paragraphs at the top level, outside ``<details>``, that can hold a command."""
    parser, depth = _markdown(), 0
    references: dict[str, Any] = {}
    tokens = parser.parse(body, references)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "html_block":
            depth = _details_depth(depth, token.content)
        if token.type != "inline" or before is None or before.type != "paragraph_open" or before.level:
            continue
        if PREFIX not in token.content.lower() and not _DETAILS.search(token.content):
            continue
        if len(token.content) > _LONGEST_PARAGRAPH:
            depth = _details_depth(depth, token.content)
            continue
        children: list[Token] = []
        parser.inline.parse(token.content, parser, references, children)
        if depth == 0:
            yield children
        for child in children:
            if child.type == "html_inline":
                depth = _details_depth(depth, child.content)


def _details_depth(depth: int, html: str) -> int:
    for match in _DETAILS.finditer(html):
        depth = max(0, depth + (-1 if match["close"] else 1))
    return depth


def _lines(children: Sequence[Token]) -> Iterable[str]:
    """The lines of a paragraph that begin with plain text; a link's or a code span's words stay in their line."""
    line: list[Token] = []
    for child in (*children, Token("softbreak", "", 0)):
        if child.type not in ("softbreak", "hardbreak"):
            line.append(child)
            continue
        if (
            line
            and line[0].type == "text"
            and line[0].level == 0
            and all(token.type != "html_inline" for token in line)
        ):
            yield "".join(f"{t.markup}{t.content}{t.markup}" if t.type == "code_inline" else t.content for t in line)
        line = []


def _is_command(line: str) -> bool:
    word = line.split(maxsplit=1)[0] if line.split() else ""
    return word.lower() == PREFIX


def _invocation(line: str) -> Invocation:
    words = line.split(maxsplit=2)
    return Invocation(name=words[1].lower() if len(words) > 1 else "help", rest=words[2] if len(words) > 2 else "")


def parse(invocation: Invocation, specs: Mapping[str, CommandSpec]) -> Command:
    """The parsed command.  Raises ``CommandError`` for an unknown name or invalid arguments."""
    spec = specs.get(invocation.name)
    if spec is None:
        near = difflib.get_close_matches(invocation.name, specs, n=1)
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
        return words
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
