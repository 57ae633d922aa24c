"""The parts of the documents that are made of the command registry and of the order of the rooms.

``python -m tests.documents`` writes them again; ``tests/test_documents.py`` says when they are out of date.
"""

import re
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from bot.cli import main as main_command
from bot.commands import render as words
from bot.engine.rewrite.reasons import SENTENCES, Reason
from bot.github.manifest import reasons_table
from handlers.commands import COMMANDS
from tests.layering import table

ROOT = Path(__file__).parents[1]
WIDTH = 120
"""Characters of a line of the documents; tables are longer."""


def wrapped(text: str) -> str:
    """``text`` with its long paragraphs wrapped; table rows stay."""
    fill = partial(textwrap.fill, width=WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(line if line.startswith("|") else fill(line) for line in text.split("\n"))


def command_line() -> str:
    """What ``--help`` prints of every command."""
    parts: list[str] = []
    for name in sorted(main_command.list_commands(click.Context(main_command))):
        parts += _help(name, main_command.get_command(click.Context(main_command), name), "ssot")
    return "\n\n".join(parts)


def _help(name: str, command: click.Command | None, parent: str) -> Iterator[str]:
    assert command is not None
    path = f"{parent} {name}"
    context = click.Context(command, info_name=path, max_content_width=80, terminal_width=80)
    yield f"{'##' if parent == 'ssot' else '###'} `{path}`\n\n```\n{command.get_help(context).strip()}\n```"
    if isinstance(command, click.Group):
        for each in sorted(command.list_commands(context)):
            yield from _help(each, command.get_command(context, each), path)


def reasons() -> str:
    """What is told of each usage that has no safe fix, by the stable code."""
    rows = [f"| `{reason.value}` | {SENTENCES[reason].format(name='…')} |" for reason in Reason]
    return "\n".join(["| code | sentence |", "|---|---|", *(row.replace("`|`", r"`\|`") for row in rows)])


SPECS = tuple(module.SPEC for module in COMMANDS.values())
PARTS = {
    ("README.md", "commands"): words.table(SPECS),
    ("docs/commands.md", "table"): words.table(SPECS),
    ("docs/commands.md", "reference"): wrapped(words.document(SPECS)),
    ("docs/cli.md", "cli"): command_line(),
    ("docs/decides.md", "reasons"): reasons(),
    ("docs/operations.md", "permissions"): reasons_table(),
    ("CONTRIBUTING.md", "rooms"): table(),
    ("docs/design.md", "rooms"): table(),
}


def with_part(text: str, name: str, part: str) -> str:
    """``text`` with ``part`` between its comments ``<!-- name -->`` and ``<!-- /name -->``."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    made, found = re.subn(pattern, lambda match: f"{match[1]}\n{part}\n\n{match[2]}", text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"{found} places for {name}")
    return made


def tables(text: str) -> Iterator[dict[tuple[str, str], str]]:
    """The Markdown tables of a text, each as (row, column) to cell."""
    for block in re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        head = rows[0][1:]
        yield {(row[0], column): cell for row in rows[2:] for column, cell in zip(head, row[1:], strict=True)}


def main() -> None:
    for (path, name), part in PARTS.items():
        file = ROOT / path
        file.write_text(with_part(file.read_text(), name, part))


if __name__ == "__main__":
    main()
