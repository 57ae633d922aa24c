"""From the wheel to the first finding, and to the first review, by README alone: ``python -m benchmarks.door``."""

import sys
from pathlib import Path

import pytest

from benchmarks.door import NotInReadme, Readme, built, walk
from tests.layering import ROOT

README = Readme((ROOT / "README.md").read_text())


def test_each_step_of_both_ways_is_in_readme(tmp_path: Path) -> None:
    """The wheel's dependencies are those of this environment, so that no index is asked."""
    packages = [path for path in sys.path if path.endswith("site-packages")]
    first, second = walk(built(tmp_path), README, packages)
    assert [what.split()[0] for what, _ in first.steps] == ["pip", "ssot", "ssot"]
    assert [what.split(" ssot_bot")[0] for what, _ in second.steps] == [
        "pip install",
        "ssot init",
        "ssot setup",
        "ssot serve",
        "install the App on a repository",
        "open a pull request that adds a usage, until its review is there",
    ]
    assert first.seconds + second.seconds < 300


@pytest.mark.parametrize(
    ("text", "begin", "command"),
    [
        ("```\nssot init    # look\n```\n", "ssot init", "ssot init"),
        ("```sh\npip install FROM  # into\n```\n", "pip install", "pip install x.whl"),
        ("```\nssot scan [PATHS]    # list\n```\n", "ssot scan", "ssot scan"),
    ],
)
def test_a_command_is_a_line_of_a_code_block(text: str, begin: str, command: str) -> None:
    assert Readme(text).command(begin, FROM="x.whl") == command


@pytest.mark.parametrize("text", ["Run `ssot init`.\n", "```\nssot initialise\n```\n", "```\nssot\n```\n"])
def test_what_is_in_no_code_block_is_no_step(text: str) -> None:
    with pytest.raises(NotInReadme, match="ssot init"):
        Readme(text).command("ssot init")


def test_a_sentence_may_be_broken_over_lines() -> None:
    Readme("Then install\nthe App.").says("install the App")
    with pytest.raises(NotInReadme):
        Readme("Then install it.").says("install the App")
