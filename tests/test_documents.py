"""What is written of the commands is what the registry says of them."""

from html import escape

import pytest

from bot.domain.commands import CommandHelp
from bot.domain.facts import Role
from bot.jobs import schema as jobs_schema
from bot.storage import schema as storage_schema
from bot.web.commands import commands_html
from handlers.commands import COMMANDS
from tests.documents import PARTS, ROOT, tables, with_part


@pytest.mark.parametrize(("path", "name"), PARTS)
def test_the_documents_are_made_of_the_registry(path: str, name: str) -> None:
    text = (ROOT / path).read_text()
    assert text == with_part(text, name, PARTS[path, name]), "run python -m tests.documents"


def test_every_module_is_registered_under_its_name() -> None:
    modules = {path.stem for path in (ROOT / "handlers" / "commands").glob("*.py")} - {"__init__"}
    assert modules == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_is_for(name: str) -> None:
    spec = COMMANDS[name].SPEC
    assert spec.name == name
    assert spec.summary.endswith(".")
    assert spec.examples
    assert all(example.startswith(f"/ssot {name}") for example in spec.examples)


def test_the_upgrade_notes_have_every_schema() -> None:
    queue, records = tables((ROOT / "docs" / "upgrade.md").read_text())
    for rows, version in ((queue, jobs_schema.VERSION), (records, storage_schema.VERSION)):
        assert [int(row) for row, _ in rows] == list(range(1, version + 1)), "say in docs/upgrade.md what it does"


def test_the_page_shows_every_command_and_nothing_that_runs() -> None:
    html = commands_html(tuple(module.SPEC for module in COMMANDS.values()))
    assert all(f"<h3><code>{escape(module.SPEC.usage)}" in html for module in COMMANDS.values())
    hostile = CommandHelp(name="x", summary="<script>alert(1)</script>.", needs=Role.READ)
    assert "<script" not in commands_html((hostile,))
