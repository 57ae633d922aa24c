"""``ssot config``, as a person calls it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.config import command
from bot.config import load, schema_text


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=stdin)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".github").mkdir()
    return tmp_path


@pytest.fixture
def with_the_factory(here: Path) -> None:
    """The module that the built-in migration is about, below a source root."""
    module = here / "services/netra_backend/app/websocket_core/websocket_manager_factory.py"
    module.parent.mkdir(parents=True)
    module.touch()


@pytest.mark.usefixtures("with_the_factory")
def test_an_absent_file_means_the_built_in_migration_where_its_module_is(here: Path) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert result.output == ".github/ssot.yml: not found; the built-in migration websocket-manager-factory applies\n"


@pytest.mark.parametrize("action", ["check", "show"])
def test_nothing_to_configure_is_an_error(here: Path, action: str) -> None:
    result = run(action)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"ssot config {action}: no .github/ssot.yml here; run `ssot init`, or name a preset: "
        "`ssot scan --preset datetime-utcnow`\n"
    )


def test_the_repositorys_file_is_found_from_below(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".github/ssot.yml").write_text("extends: datetime-utcnow\n")
    (here / "a/b").mkdir(parents=True)
    monkeypatch.chdir(here / "a/b")
    assert run("check").output == "../../.github/ssot.yml: valid (migrations: datetime-utcnow)\n"
    assert load(run("show").stdout) == load("extends: datetime-utcnow\n")


def test_a_valid_file(here: Path) -> None:
    (here / ".github/ssot.yml").write_text("extends: datetime-utcnow\n")
    result = run("check")
    assert (result.exit_code, result.output) == (0, ".github/ssot.yml: valid (migrations: datetime-utcnow)\n")


def test_every_error_with_its_line_and_a_caret(here: Path) -> None:
    (here / "x.yml").write_text("migrations:\n  m:\n    deprecatd: [a.b]\n    mode: blok-new\n")
    result = run("check", "x.yml")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "x.yml:3:5: unknown key 'deprecatd': did you mean 'deprecated'?\n"
        "    3 |     deprecatd: [a.b]\n"
        "      |     ^\n"
        "x.yml:4:11: 'blok-new' is not one of warn, block-new, migrate, removed: did you mean 'block-new'?\n"
        "    4 |     mode: blok-new\n"
        "      |           ^\n"
        "2 errors\n"
    )


def test_a_long_line_is_cut_around_its_caret(here: Path) -> None:
    result = run("check", "-", stdin="migrations: {" + " " * 300 + "m: 1}")
    place, line, caret, total = result.stderr.splitlines()
    assert place == "<stdin>:1:317: expected a mapping, not a whole number (1)"
    assert line[caret.index("^")] == "1"
    assert len(line) < 160
    assert total == "1 error"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b"a: \xff", "    1 | a: \N{REPLACEMENT CHARACTER}"),
        (b"a: \x1b[31m", "    1 | a: \N{REPLACEMENT CHARACTER}[31m"),
    ],
    ids=["not-utf-8", "escape"],
)
def test_what_cannot_be_printed_is_not(here: Path, source: bytes, line: str) -> None:
    result = run("check", "-", stdin=source)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1] == line


@pytest.mark.parametrize("name", ["missing.yml", "."], ids=["missing", "a-directory"])
@pytest.mark.parametrize("verb", ["check", "show"])
def test_what_cannot_be_read_is_another_exit_code(here: Path, verb: str, name: str) -> None:
    result = run(verb, name)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{name}: ")


def test_a_large_file_is_not_read_to_its_end(here: Path) -> None:
    (here / "x.yml").write_text("#" * 3_000_000)
    result = run("check", "x.yml")
    assert result.exit_code == 1
    assert "larger than 128 KiB" in result.stderr


def test_what_is_shown_can_be_read_again(here: Path) -> None:
    (here / "x.yml").write_text("extends: pkg-resources\nmax_comments: 3\n")
    result = run("show", "x.yml")
    assert result.exit_code == 0
    assert load(result.stdout) == load("extends: pkg-resources\nmax_comments: 3\n")


@pytest.mark.usefixtures("with_the_factory")
def test_the_default_is_shown(here: Path) -> None:
    assert load(run("show").stdout) == load(None)


def test_the_schema_is_printed(here: Path) -> None:
    result = run("schema")
    assert (result.exit_code, json.loads(result.stdout)) == (0, json.loads(schema_text()))
