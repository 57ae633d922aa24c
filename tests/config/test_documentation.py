"""The reference for people says what the schema says, and its examples are valid."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.config import command
from bot.config import load, preset_names, reference
from bot.config.document import MAX_BYTES, MAX_DEPTH, MAX_NODES

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if text.lstrip()[0] != "#"]


def test_the_reference_is_the_schema_s() -> None:
    assert PAGE.endswith("\n" + reference())


def test_the_reference_is_printed() -> None:
    assert CliRunner().invoke(command, ["schema", "--markdown"]).output == reference()


@pytest.mark.parametrize("text", EXAMPLES, ids=[text.split("\n")[1].strip() for text in EXAMPLES])
def test_an_example_is_valid(text: str) -> None:
    if text.startswith("tracking:"):
        text = "migrations:\n  m:\n    deprecated: a.b\n" + re.sub("^", "    ", text, flags=re.MULTILINE)
    assert load(text).migrations


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_named(name: str) -> None:
    assert f"| `{name}` |" in PAGE


def test_the_limits_are_those_of_the_parser() -> None:
    assert f"at most {MAX_BYTES // 1024} KiB, {MAX_NODES:,} values and {MAX_DEPTH} levels" in PAGE
