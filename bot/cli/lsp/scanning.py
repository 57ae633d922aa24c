"""What a scanning process does for the language server: one file of a tree, with the editor's contents laid over it.

It runs apart from the server: a scan forks, may take long, and a hostile file may end its process.
"""

import gc
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.commands.render_answers import explained
from bot.config import FILE, load
from bot.domain.errors import ConfigError, UserError
from bot.domain.finding import FileReport, Scanned
from bot.domain.migration import Config
from bot.engine.source.names import SUFFIXES
from bot.local.cache import Cache, default_directory
from bot.local.files import laid_over, list_files
from bot.local.parallel import cores
from bot.local.search import Search
from bot.local.tree import Options, scan_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuestion:
    """A file to scan."""

    root: Path
    path: str
    """Below the root, ``/``-separated; it may be a file that is not saved yet."""
    contents: Mapping[str, bytes]
    """What the editor holds of the tree's files, by path; its configuration may be among them."""
    config_file: Path | None = None
    """The configuration, if it is not the repository's own one."""
    fixes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """What is known of the file."""

    report: FileReport
    explained: Mapping[str, str] = field(default_factory=dict)
    """By migration: its explanation in Markdown."""
    problems: tuple[ConfigError, ...] = ()
    """Errors of the configuration; then nothing is scanned."""
    planned: bool = False
    """Whether fixes were planned."""


def start() -> None:
    """Begin a scanning process.  What it writes by accident must not get between the server's messages."""
    gc.enable()
    os.dup2(2, 1)


def answer(question: FileQuestion) -> FileAnswer:
    """Scan the file.  Raises ``SsotError`` and ``OSError`` if the tree cannot be read."""
    try:
        config = _config(question)
    except ConfigError as error:
        return FileAnswer(report=Scanned(path=question.path), problems=(error, *error.others))
    if config is None:
        return FileAnswer(report=Scanned(path=question.path))
    with laid_over(question.root, question.contents):
        reports = _scan(question, config)
    return FileAnswer(
        report=next(iter(reports), Scanned(path=question.path)),
        explained={migration.name: explained(migration) for migration in config.migrations},
        planned=question.fixes,
    )


def _config(question: FileQuestion) -> Config | None:
    """The configuration as it is in the editor, else on disk; ``None`` if there is none."""
    file = question.config_file or question.root / FILE
    text = question.contents.get(FILE) if question.config_file is None else None
    if text is None:
        try:
            text = file.read_bytes()
        except FileNotFoundError:
            if question.config_file is None:
                return None
            raise UserError(f"{file}: no such file") from None
    return load(text, file=FILE if question.config_file is None else str(file))


def _scan(question: FileQuestion, config: Config) -> tuple[FileReport, ...]:
    listing = list_files(question.root)
    held = sorted(path for path in question.contents if path.endswith(SUFFIXES))
    listing = replace(listing, paths=tuple(sorted({*listing.paths, *held, question.path})))
    cache = Cache.of(config, default_directory(os.environ).with_name("editor-cache"))
    options = Options(jobs=cores(), fixes=question.fixes, below=(question.path,), cache=cache)
    search = Search.of(question.root, listing, config, options.jobs)
    reports = scan_tree(question.root, listing, search, config, options).reports
    cache.prune()
    return reports
