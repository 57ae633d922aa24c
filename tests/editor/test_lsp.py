"""``ssot lsp`` and a client over stdio: what an editor shows while a file is written, and what its fixes do."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from lsprotocol import types as lsp

from bot.cli import main
from tests.cli.test_scan import write
from tests.editor.client import applied, editor

CONFIG = """\
version: 1
migrations:
  m:
    deprecated: [pkg.impl.old]
    canonical: pkg.impl.new
    drop_in: true
    message: Say it in a new way.
    critical: ["pkg/routes/**"]
  n:
    deprecated: [pkg.impl.clock]
    rewrites: [{match: "$deprecated()", replace: "now()", imports: [pkg.impl.now], applicability: unsafe}]
"""
FILES: dict[str, str | bytes] = {
    ".github/ssot.yml": CONFIG,
    "pkg/__init__.py": "",
    "pkg/impl.py": "def old(): ...\ndef new(): ...\ndef clock(): ...\ndef now(): ...\n",
    "pkg/facade.py": "",
    "pkg/routes/__init__.py": "",
    "pkg/user.py": "from pkg.impl import old\n\n\ndef f():\n    return '𝒳é', old()\n",
    "pkg/clean.py": "x = 1\n",
}
USER = str(FILES["pkg/user.py"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "repository"
    write(place, FILES)
    return place


def places(found: list[lsp.Diagnostic]) -> list[tuple[int, int, int, int]]:
    ranges = [each.range for each in found]
    return [(r.start.line, r.start.character, r.end.line, r.end.character) for r in ranges]


async def test_usages_are_shown_as_they_are_written(root: Path) -> None:
    async with editor(root) as client:
        client.open("pkg/user.py")
        found = await client.diagnostics("pkg/user.py")
        assert places(found) == [(0, 21, 0, 24), (4, 18, 4, 21)]
        assert {each.code for each in found} == {"m"}
        assert found[1].message == "This calls the deprecated pkg.impl.old. Say it in a new way."
        assert found[1].severity == lsp.DiagnosticSeverity.Warning
        assert list(found[1].tags or []) == [lsp.DiagnosticTag.Deprecated]
        client.change("pkg/user.py", "import pkg.impl\n", 2)
        assert await client.diagnostics("pkg/user.py", 2) == []
        client.open("pkg/clean.py", "from pkg import impl\nimpl.old()\n")
        assert places(await client.diagnostics("pkg/clean.py")) == [(1, 0, 1, 8)]
        client.shut("pkg/clean.py")
        await client.until(lambda: not client.shown[client.uri("pkg/clean.py")][-1].diagnostics)
    assert (root / "pkg" / "clean.py").read_text() == "x = 1\n", "a server writes no file"


async def test_a_usage_through_what_is_not_saved_yet(root: Path) -> None:
    async with editor(root) as client:
        client.open("pkg/facade.py", "from pkg.impl import old as legacy\n")
        client.open("pkg/new_file.py", "from pkg.facade import legacy\nlegacy()\n")
        assert places(await client.diagnostics("pkg/new_file.py")) == [(0, 23, 0, 29), (1, 0, 1, 6)]
        client.change("pkg/facade.py", "from pkg.impl import new as legacy\n", 2)
        client.save("pkg/facade.py")
        await client.until(lambda: not client.shown[client.uri("pkg/new_file.py")][-1].diagnostics)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    "text",
    [
        USER,
        USER.replace("\n", "\r\n"),
        "# a\x0cb\u2028c\n" + USER,
        "from pkg import impl\n\nprint('𝒳', impl.old(), '𝒳', impl.old)\n",
    ],
    ids=["lf", "crlf", "other line breaks", "two on a line"],
)
async def test_a_fix_makes_what_the_command_line_makes(root: Path, text: str, encoding: str) -> None:
    async with editor(root, encodings=[encoding]) as client:
        client.open("pkg/other.py", text)
        [fix_all] = await client.actions("pkg/other.py", 0, ["source.fixAll"])
        edited = applied(text, fix_all, encoding)
    place = root / "pkg" / "other.py"
    place.write_bytes(text.encode())
    done = CliRunner().invoke(main, ["migrate", "--write", str(place)])
    assert done.exit_code == 0, done.output
    assert edited.encode() == place.read_bytes()
    assert b"old" not in place.read_bytes()


async def test_a_file_in_another_encoding_is_checked_and_not_edited(root: Path) -> None:
    async with editor(root) as client:
        client.open("pkg/other.py", "# coding: latin-1\nfrom pkg.impl import old\nprint('é'), old()\n")
        found = await client.diagnostics("pkg/other.py")
        assert places(found)[1:] == [(2, 12, 2, 15)]
        assert "The file is not UTF-8, so it is not edited." in found[1].message
        assert await client.actions("pkg/other.py", 2) == []


async def test_the_actions_of_a_line(root: Path) -> None:
    imports = "from pkg.impl import clock\nfrom pkg.impl import old\n"
    text = imports + "\ndef f():\n    return clock()\n\n\ndef g():\n    return old()\n"
    async with editor(root) as client:
        client.open("pkg/other.py", text)
        of_clock = await client.actions("pkg/other.py", 4, ["quickfix"])
        of_old = await client.actions("pkg/other.py", 8)
        assert await client.actions("pkg/other.py", 6, ["quickfix"]) == []
        assert await client.actions("pkg/other.py", 8, ["refactor"]) == []
    [unsafe] = of_clock
    assert (unsafe.title.startswith("Apply the unsafe fix (n)"), unsafe.is_preferred) == (True, False)
    assert applied(text, unsafe) == text.replace("clock", "now")
    safe, fix_all = of_old
    assert (safe.title, safe.kind, safe.is_preferred) == ("Apply the safe fix (m)", "quickfix", True)
    assert [each.code for each in safe.diagnostics or []] == ["m"]
    assert fix_all.kind == "source.fixAll.ssot"
    assert applied(text, safe) == applied(text, fix_all)
    assert applied(text, safe) == text.replace("old", "new")
    assert safe.edit
    assert safe.edit.document_changes
    assert getattr(safe.edit.document_changes[0], "text_document").version == 1  # noqa: B009  of three kinds


async def test_a_client_without_versions_gets_plain_changes(root: Path) -> None:
    async with editor(root, versioned=False) as client:
        client.open("pkg/user.py")
        [fix, _] = await client.actions("pkg/user.py", 4)
        assert fix.edit
        assert fix.edit.document_changes is None
        assert applied(USER, fix) == USER.replace("old", "new")


async def test_a_fix_follows_what_other_files_say(root: Path) -> None:
    """A test that is not saved yet patches the name in this module."""
    async with editor(root) as client:
        client.open(
            "tests/test_user.py", "from unittest.mock import patch\n\n\n@patch('pkg.user.old')\ndef test(m): ...\n"
        )
        client.open("pkg/user.py")
        [action] = await client.actions("pkg/user.py", 4, ["quickfix"])
        assert applied(USER, action) == USER.replace("import old", "import new as old"), "the patch keeps its place"
        client.shut("tests/test_user.py")
        client.change("pkg/user.py", USER, 2)
        [action] = await client.actions("pkg/user.py", 4, ["quickfix"])
        assert applied(USER, action) == USER.replace("old", "new")


async def test_hover_explains_the_migration(root: Path) -> None:
    async with editor(root) as client:
        client.open("pkg/user.py")
        text = await client.hover("pkg/user.py", 4, 19)
        assert text
        assert "### `m`" in text
        assert "`pkg.impl.old` → `pkg.impl.new`" in text
        assert r"Say it in a new way\." in text
        assert "**This call**: a safe fix is offered as a code action." in text
        assert await client.hover("pkg/user.py", 3, 0) is None
        assert await client.hover("pkg/clean.py", 0, 0) is None


async def test_what_is_not_checked_says_so(root: Path) -> None:
    async with editor(root) as client:
        client.open("pkg/user.py", "from pkg.impl import old\nold(\n")
        [found] = await client.diagnostics("pkg/user.py")
        assert found.message == "not checked, because the file does not parse: '(' was never closed"
        assert (found.range.start.line, found.severity) == (1, lsp.DiagnosticSeverity.Information)
        client.open("pkg/clean.py", "x = (\n")
        assert await client.diagnostics("pkg/clean.py") == []


async def test_critical_places_are_errors_and_ignored_usages_are_not_shown(root: Path) -> None:
    async with editor(root) as client:
        client.open(
            "pkg/routes/api.py", "from pkg import impl\nimpl.old()\nimpl.old()  # ssot: ignore[m] has to stay\n"
        )
        [found] = await client.diagnostics("pkg/routes/api.py")
        assert (found.range.start.line, found.severity) == (1, lsp.DiagnosticSeverity.Error)


async def test_the_configuration_is_checked_and_followed_as_it_is_written(root: Path) -> None:
    name = ".github/ssot.yml"
    async with editor(root) as client:
        client.open("pkg/user.py")
        assert len(await client.diagnostics("pkg/user.py")) == 2
        client.open(name, CONFIG.replace("deprecated: [pkg.impl.old]", "depricated: [pkg.impl.old]"))
        await client.until(lambda: bool(client.shown.get(client.uri(name))))
        found = client.shown[client.uri(name)][-1].diagnostics
        assert any("depricated" in each.message and each.range.start.line == 3 for each in found)
        client.change(name, CONFIG.replace("pkg.impl.old", "pkg.impl.older"), 2)
        await client.until(lambda: not client.shown[client.uri(name)][-1].diagnostics)
        await client.until(lambda: not client.shown[client.uri("pkg/user.py")][-1].diagnostics)


async def test_errors_of_a_configuration_that_is_not_open(root: Path) -> None:
    config = root / ".github" / "ssot.yml"
    config.write_text("version: 2\n")
    async with editor(root) as client:
        client.open("pkg/user.py")
        await client.until(lambda: bool(client.shown.get(config.as_uri())))
        assert client.shown[config.as_uri()][-1].diagnostics
        config.write_text(CONFIG)
        client.workspace_did_change_watched_files(
            lsp.DidChangeWatchedFilesParams(
                changes=[lsp.FileEvent(uri=config.as_uri(), type=lsp.FileChangeType.Changed)]
            )
        )
        await client.until(lambda: not client.shown[config.as_uri()][-1].diagnostics)
        await client.until(lambda: len(client.shown[client.uri("pkg/user.py")][-1].diagnostics) == 2)


async def test_without_a_configuration_nothing_is_shown_and_one_can_be_named(root: Path) -> None:
    config = root / ".github" / "ssot.yml"
    other = config.rename(root / "other.yml")
    async with editor(root) as client:
        client.open("pkg/user.py")
        assert await client.diagnostics("pkg/user.py") == []
    async with editor(root, "--config", str(other)) as client:
        client.open("pkg/clean.py", "from pkg.impl import old\n")
        assert len(await client.diagnostics("pkg/clean.py")) == 1


async def test_a_file_that_ends_its_process_ends_no_more(root: Path) -> None:
    write(root, {"pkg/deep.py": "from pkg.impl import old\n" + "(" * 3_000 + "old" + ")" * 3_000 + "\n"})
    async with editor(root) as client:
        client.open("pkg/deep.py")
        client.open("pkg/user.py")
        assert len(await client.diagnostics("pkg/user.py")) == 2


async def test_what_is_no_file_is_left_alone(root: Path) -> None:
    async with editor(root) as client:
        item = lsp.TextDocumentItem(uri="untitled:Untitled-1", language_id="python", version=1, text=USER)
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=item))
        client.open("notes.txt", USER)
        client.open("pkg/user.py")
        assert len(await client.diagnostics("pkg/user.py")) == 2
        assert set(client.shown) == {client.uri("pkg/user.py")}


def test_a_configuration_that_is_not_there_is_told() -> None:
    done = CliRunner().invoke(main, ["lsp", "--config", "none.yml"])
    assert done.exit_code == 2
    assert "ssot lsp: none.yml: no such file" in done.output


def test_a_plain_scan_loads_nothing_of_it(root: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "bot", "scan", ".", "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "bot" in loaded
    assert not loaded & {"pygls", "lsprotocol", "cattrs", "attrs", "pebble"}
