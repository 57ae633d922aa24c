"""The documents: their code blocks do what they say, and they make a site without a broken link."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import click
import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from bot.cli import main
from tests.layering import ROOT
from tests.site.walkthrough import Section, fits, sections, walked

PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("section", list(sections()), ids=lambda section: f"{section.document}: {section.title}")
def test_a_reader_sees_what_the_document_shows(section: Section, tmp_path: Path) -> None:
    made = walked(section, tmp_path)
    assert fits(section.text, made), f"run python -m tests.site.walkthrough\n{made}"


@pytest.mark.parametrize(
    ("expected", "found", "fit"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n…\nc\n", "a\nb\nb\nc\n", True),
        ("a\n…\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("…\nb\n", "a\nc\n", False),
    ],
)
def test_dots_stand_for_any_lines(expected: str, found: str, fit: bool) -> None:
    assert fits(expected, found) is fit


def test_every_recipe_changes_a_file_and_says_how() -> None:
    recipes = [section for section in sections() if section.document == "docs/recipes.md"]
    assert [recipe.title for recipe in recipes] == [
        "Function → method",
        "Factory → class",
        "Constant → enum",
        "Module move",
        "Arguments changed",
        "Tests' patches",
    ]
    for recipe in recipes:
        files = dict(re.findall(r'^```python title="([^"]+)"\n(.*?)^```', recipe.text, re.MULTILINE | re.DOTALL))
        after = [name for name in files if name.endswith(" afterwards")]
        assert after
        assert all(files[name] != files[name.removesuffix(" afterwards")] for name in after)


# --- other blocks -----------------------------------------------------------------------------------------------


def blocks() -> Iterator[tuple[str, str, str]]:
    """The document, language and content of every code block."""
    for path in (ROOT / "README.md", ROOT / "SECURITY.md", *PAGES):
        for language, body in BLOCK.findall(path.read_text()):
            yield path.name, language, body


def commands() -> Iterator[tuple[str, str]]:
    """The lines of code blocks that call ``ssot``, without comments."""
    for name, language, body in blocks():
        if language in ("", "console", "yaml"):
            for line in re.findall(r"^(?:\$ | *- )?(ssot [^#|>\n]+)", body, re.MULTILINE):
                if "COMMAND" not in line and re.match(r"ssot [a-z]", line) and "Usage:" not in body:
                    yield name, line.strip()


@pytest.mark.parametrize(("name", "line"), sorted(set(commands())), ids=str)
def test_a_command_line_in_a_document_is_one(name: str, line: str) -> None:
    _, *words = shlex.split(line)
    command: click.Command | None = main
    while isinstance(command, click.Group):
        word = words.pop(0)
        found = command.get_command(click.Context(command), word)
        assert found or "|" in line, f"{name}: no such command: {word}"
        if found is None:
            return
        command = found
    assert command is not None
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0].strip("[]") for word in words if word.startswith("-") and word != "-"}
    assert used <= known | {"--help"}, f"{name}: {line}"


def schema(name: str) -> Any:  # noqa: ANN401  JSON
    return json.loads((resources.files("check_jsonschema.builtin_schemas") / "vendor" / f"{name}.json").read_text())


def test_blocks_of_data_are_that() -> None:
    kinds: set[str] = set()
    for name, language, body in blocks():
        match language:
            case "json":
                json.loads(body)
            case "toml":
                tomllib.loads(body)
            case "yaml":
                YAML(typ="safe").load(body)
            case _:
                continue
        kinds.add(f"{name} {language}")
    assert {"editors.md json", "editors.md toml", "ci.md yaml", "recipes.md yaml"} <= kinds


def test_the_workflows_are_what_github_and_gitlab_take() -> None:
    found = {"github-workflows": 0, "gitlab-ci": 0}
    for name, language, body in blocks():
        if (name, language) == ("ci.md", "yaml"):
            document = YAML(typ="safe").load(body)
            kind = "github-workflows" if "jobs" in document else "gitlab-ci" if "ssot" in document else None
            if kind:
                jsonschema_rs.validate(schema(kind), document)
                found[kind] += 1
    assert found == {"github-workflows": 1, "gitlab-ci": 1}
    jsonschema_rs.validate(schema("github-actions"), YAML(typ="safe").load((ROOT / "action.yml").read_text()))
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        jsonschema_rs.validate(schema("github-workflows"), YAML(typ="safe").load(path.read_text()))


# --- the site ---------------------------------------------------------------------------------------------------


def build(config: Path, to: Path) -> subprocess.CompletedProcess[str]:
    """Build the site as ``make docs`` does."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(config), "--site-dir", str(to)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=config.parent, env=env, capture_output=True, text=True, check=False)


def test_the_site_has_every_page_and_no_broken_link(tmp_path: Path) -> None:
    done = build(ROOT / "mkdocs.yml", tmp_path)
    assert done.returncode == 0, done.stderr
    for page in PAGES:
        made = tmp_path / ("index.html" if page.stem == "index" else f"{page.stem}/index.html")
        html = made.read_text()
        assert "<main" in html
        assert not re.search(r'(?:src|href)="https?://(?:fonts|cdn|unpkg)', html), "nothing is loaded from elsewhere"
    start = (tmp_path / "operations" / "index.html").read_text()
    assert "https://github.com/netra-systems/ssot-bot/blob/main/deploy/Dockerfile" in start


@pytest.mark.parametrize(
    "link", ["[x](no-such-page.md)", "[x](recipes.md#no-such-recipe)", "[x](../no/such/file.py)"], ids=str
)
def test_a_broken_link_is_an_error(tmp_path: Path, link: str) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copyfile(ROOT / "mkdocs.yml", tmp_path / "mkdocs.yml")
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    for name in ("deploy", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    assert build(tmp_path / "mkdocs.yml", tmp_path / "good").returncode == 0
    page = tmp_path / "docs" / "start.md"
    page.write_text(f"{page.read_text()}\n{link}\n")
    done = build(tmp_path / "mkdocs.yml", tmp_path / "bad")
    assert done.returncode == 1
    assert "start.md" in done.stderr
