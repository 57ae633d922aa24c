"""The house stays easy to find one's way in: sizes, words, and one room for each of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.layering import ROOT, modules, name_of

LONGEST_FILE = 350
LONGEST_FUNCTION = 50
GENERATED = frozenset({"bot.config.builtin"})
"""Written by ``bot.config.frozen``."""

OLD_WORDS = {
    "errand": "task",
    "lane": "partition",
    "anew": "force",
    "rehearse": "dry run",
    "rehearsal": "dry run",
    "tend": "heartbeat",
    "hasten": "run_now",
    "testimony": "decisions",
    "clue": "prefilter term",
    "sieve": "prefilter",
    "gate": "rate limit, or opening words",
    "trail": "resolution",
    "destiny": "value use",
    "doomed": "to_delete",
    "wanted": "missing_modules, requested",
}
"""Parts of identifiers that are not used any more, and what is said instead."""
OLD_CLASSES = {
    "Manual": "CommandHelp",
    "Call": "CommandCall",
    "Ask": "MigrateRequest, BatchRequest",
    "Batch": "CommitChunk, PullRequestBatch",
    "Site": "RepositoryAt, UsageRewrite",
    "Base": "RepositoryAt",
    "Move": "ImportReplacement",
    "Kept": "a name of its own",
    "Errand": "Task",
    "ErrandEvent": "TaskEvent",
}
SANDBOX = "bot.sandbox."
"""GitHub's own words."""
ROOMS = {
    "evidence": "bot.tracker.evidence",
    "tracker": "bot.tracker",
    "review": "bot.review",
    "migrate": "bot.migrate",
    "checklist": "bot.tracker.checklist",
}
"""The one package that each of these words names."""


def long_functions(source: str) -> Iterator[tuple[str, int]]:
    """Functions over the limit, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield node.name, lines


def identifiers(source: str) -> Iterator[str]:
    """Every name that the source gives or uses."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.alias(name=name, asname=local):
                yield from (name.rpartition(".")[2], local or "")


def old_words(source: str, module: str) -> set[str]:
    """The words of :data:`OLD_WORDS` and :data:`OLD_CLASSES` that the source's identifiers, or its module, hold."""
    names = {*identifiers(source), *module.split(".")}
    parts = {part for name in names for part in _parts(name)}
    plural = {part.removesuffix("s") for part in parts}
    classes = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)}
    return {word for word in OLD_WORDS if word in parts | plural} | {name for name in OLD_CLASSES if name in classes}


def _parts(name: str) -> list[str]:
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def strays(module: str) -> set[str]:
    """The words of :data:`ROOMS` that the module is named by outside of their room."""
    last = module.rpartition(".")[2]
    return {word for word, room in ROOMS.items() if last == word and module != room}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_file_and_no_function_is_long(path: Path) -> None:
    if name_of(path) in GENERATED:
        return
    source = path.read_text()
    assert source.count("\n") <= LONGEST_FILE
    assert list(long_functions(source)) == []


@pytest.mark.parametrize("path", [p for p in modules() if not name_of(p).startswith(SANDBOX)], ids=name_of)
def test_no_old_word_is_an_identifier(path: Path) -> None:
    found = old_words(path.read_text(), name_of(path))
    assert {word: (OLD_WORDS | OLD_CLASSES)[word] for word in found} == {}


@pytest.mark.parametrize(
    ("source", "module", "found"),
    [
        ("lane = 1", "bot.jobs.sql", {"lane"}),
        ("def f(lanes): ...", "bot.jobs.sql", {"lane"}),
        ("x.lane_of(1)", "bot.jobs.sql", {"lane"}),
        ("class SurveyClue: ...", "bot.engine.x", {"clue"}),
        ("f(anew=True)", "bot.review.update", {"anew"}),
        ("from bot.x import rehearse as r", "bot.app", {"rehearse"}),
        ("class Ask: ...", "bot.migrate.x", {"Ask"}),
        ("x = 1", "bot.testimony", {"testimony"}),
        ("def plane(): ...", "bot.jobs.sql", set()),
        ("'a lane in a text'", "bot.jobs.sql", set()),
        ("class MigrateRequest: ...", "bot.migrate.x", set()),
        ("import ast\nast.Call", "bot.engine.x", set()),
    ],
)
def test_old_words_are_seen(source: str, module: str, found: set[str]) -> None:
    assert old_words(source, module) == found


@pytest.mark.parametrize("path", [p for p in modules() if name_of(p).startswith("bot.")], ids=name_of)
def test_a_word_names_one_room(path: Path) -> None:
    assert strays(name_of(path)) == set()


@pytest.mark.parametrize(
    ("module", "found"),
    [
        ("bot.config.evidence", {"evidence"}),
        ("bot.cli.tracker", {"tracker"}),
        ("bot.tracker", set()),
        ("bot.tracker.evidence", set()),
        ("bot.tracker.evidence.evaluate", set()),
        ("bot.review.plan", set()),
    ],
)
def test_strays_are_seen(module: str, found: set[str]) -> None:
    assert strays(module) == found


def test_no_document_has_a_long_line() -> None:
    assert [line for name in documents() for line in long_lines((ROOT / name).read_text())] == []


def documents() -> list[str]:
    """README and its like, and docs/."""
    return sorted(str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))


def long_lines(text: str) -> Iterator[str]:
    """Lines over 120 characters that are no table, no code, and not long by a link."""
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        without = re.sub(r"\]\([^)]*\)|https?://\S+", "", line)
        if not fenced and not line.startswith("|") and len(without) > 120:
            yield line


def test_long_lines_are_seen() -> None:
    long = "word " * 30
    assert list(long_lines(f"short\n{long}\n| {long} |\n```\n{long}\n```\n[a]({'x' * 120})\n")) == [long]
