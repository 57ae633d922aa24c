"""A list of paths, as another program writes it."""

import os
import sys
from pathlib import Path

import click

from bot.domain.errors import UserError
from bot.engine.source.names import SUFFIXES


def read_list(name: str) -> tuple[str, ...]:
    """The Python files and directories in a file, ``-``: standard input; one a line, or separated by null bytes.

    Other files are counted in a note.  Raises `UserError` for one that is not there: what was to be scanned is not.
    """
    text = sys.stdin.buffer.read() if name == "-" else _content(name)
    entries = text.split(b"\0") if b"\0" in text else [line.rstrip(b"\r") for line in text.split(b"\n")]
    paths, others = [], 0
    for number, entry in enumerate(entries, start=1):
        if not entry:
            continue
        path = os.fsdecode(entry)
        if not Path(path).exists():
            raise UserError(f"{name}:{number}: {path}: no such file or directory{_quoted(path)}")
        if path.endswith(SUFFIXES) or Path(path).is_dir():
            paths.append(path)
        else:
            others += 1
    if others:
        what = "file is not Python" if others == 1 else "files are not Python"
        click.echo(f"note: {name}: {others} {what} ({', '.join(SUFFIXES)})", err=True)
    return tuple(paths)


def _content(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"{name}: no such file") from error


def _quoted(path: str) -> str:
    return "; git quotes such names: list them with -z" if path.startswith('"') else ""
