"""The command line as people and other programs meet it: what can be fixed, lists of files, terminals, mistakes."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner, Result

import bot.__main__
from bot.cli import main
from bot.cli.faults import said
from tests.cli.test_scan import git, write

ROOT = Path(__file__).parents[2]
FILES: dict[str, str | bytes] = {
    ".github/ssot.yml": (
        "migrations:\n"
        "  m: {deprecated: pkg.impl.old, canonical: pkg.impl.new, drop_in: true}\n"
        "  u:\n"
        "    deprecated: pkg.impl.odd\n"
        "    canonical: pkg.impl.new\n"
        "    rewrites: [{match: $deprecated($x), replace: $canonical($x)}]\n"
    ),
    "pkg/__init__.py": "",
    "pkg/impl.py": "def old(): ...\ndef odd(x): ...\ndef new(*x): ...\n",
    "pkg/safe.py": "from pkg import impl\nimpl.old()\nimpl.old()\n",
    "pkg/unsafe.py": "from pkg import impl\nimpl.odd(1)\n",
    "pkg/manual.py": "from pkg import impl\nx = impl.odd\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSOT_DATA_DIR", str(tmp_path / "data"))
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "repository"
    write(root, FILES)
    monkeypatch.chdir(root)
    return root


def ssot(*arguments: str, data: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=data)


def on_terminal(*arguments: str, columns: int = 80, environment: Mapping[str, str] = MappingProxyType({})) -> str:
    """What `ssot` writes to a terminal of so many columns."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments], stdout=theirs, stderr=theirs,
        env={**variables, "TERM": "xterm", "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 10_000):
            shown += piece
    except OSError:
        pass  # Linux: the other side is closed
    process.wait(60)
    os.close(ours)
    return shown.decode()


# --- what can be fixed ------------------------------------------------------------------------------------------

FIXABLE = "2 of 4 can be fixed by `ssot migrate`; 1 more with `--unsafe`"


def test_a_scan_with_fixes_ends_with_their_number_and_marks_them(repository: Path) -> None:
    lines = ssot("scan", "--fixes").stdout.splitlines()
    assert lines[-1] == FIXABLE
    marked = {line.partition(": ")[0]: line.rpartition("]")[0].rpartition("[")[2] for line in lines if " [" in line}
    assert marked == {
        "pkg/safe.py:2:1": "safe fix",
        "pkg/safe.py:3:1": "safe fix",
        "pkg/unsafe.py:2:1": "unsafe fix",
        "pkg/manual.py:2:5": "u",
    }


def test_a_plain_scan_says_who_knows(repository: Path) -> None:
    assert ssot("scan").stdout.endswith("\n`ssot migrate` shows what can be fixed\n")
    assert "migrate" not in ssot("scan", "pkg/impl.py").stdout, "nothing is found there"


def test_json_and_sarif_have_the_numbers_and_the_marks(repository: Path) -> None:
    found = json.loads(ssot("scan", "--format", "json").stdout)
    assert found["fixable"] == {"usages": 4, "safe": 2, "unsafe": 1}
    assert sorted(str(each["fixable"]) for each in found["findings"]) == ["None", "safe", "safe", "unsafe"]
    (run,) = json.loads(ssot("scan", "--format", "sarif").stdout)["runs"]
    assert run["properties"]["fixable"] == {"usages": 4, "safe": 2, "unsafe": 1}
    assert json.loads(ssot("scan", "--format", "json", "--no-fixes").stdout)["fixable"] is None


def test_github_gets_a_notice(repository: Path) -> None:
    assert ssot("scan", "--format", "github", "--fixes").stdout.endswith(f"::notice title=ssot::{FIXABLE}\n")
    assert "::notice" not in ssot("scan", "--format", "github").stdout


# --- migrate ----------------------------------------------------------------------------------------------------


def test_what_is_left_is_listed_with_place_and_reason(repository: Path) -> None:
    said_ = ssot("migrate").stderr
    assert "1 file would change\n2 usages left:\n" in said_
    assert "\n  pkg/manual.py:2: manual: " in said_
    assert "\n  pkg/unsafe.py:2: unsafe: This rewrite needs a review.\n" in said_
    assert "\n1 of these can be fixed with `--unsafe`: review the result\n" in said_


def test_a_diff_exits_with_one_where_something_would_change(repository: Path) -> None:
    (repository / "pkg/unsafe.py").unlink()
    (repository / "pkg/manual.py").unlink()
    assert ssot("migrate", "--diff").exit_code == 1
    assert ssot("migrate", "--write").exit_code == 0
    assert ssot("migrate", "--diff").exit_code == 0


def test_what_cannot_be_read_is_not_done(repository: Path) -> None:
    for name in ("unsafe", "manual", "safe"):
        (repository / f"pkg/{name}.py").unlink()
    write(repository, {"pkg/broken.py": "from pkg.impl import old\nold(\n"})
    done = ssot("migrate", "--write")
    assert done.exit_code == 1
    assert "pkg/broken.py:2: does not parse" in done.stderr


# --- lists of files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["pkg/safe.py\npkg/unsafe.py\n", "pkg/safe.py\0pkg/unsafe.py\0", "pkg/safe.py\r\npkg/unsafe.py"]
)
def test_files_come_from_a_list(repository: Path, text: str) -> None:
    write(repository, {"list": text})
    for done in (ssot("scan", "--files-from", "list"), ssot("scan", "--files-from", "-", data=text)):
        assert done.exit_code == 1
        assert "3 usages in 2 files" in done.stdout
        assert "manual" not in done.stdout


def test_a_list_and_paths_are_joined(repository: Path) -> None:
    assert "2 usages in 2 files" in ssot("scan", "pkg/manual.py", "--files-from", "-", data="pkg/unsafe.py\n").stdout


def test_an_empty_list_is_nothing_not_everything(repository: Path) -> None:
    done = ssot("scan", "--files-from", "-", data="\n")
    assert (done.exit_code, done.stdout.partition(" in ")[0]) == (0, "No usages")


def test_what_is_no_python_is_counted(repository: Path) -> None:
    write(repository, {"README.md": "pkg.impl.old", "b.txt": ""})
    done = ssot("scan", "--files-from", "-", data="README.md\nb.txt\npkg/safe.py\n")
    assert done.stderr == "note: -: 2 files are not Python (.py, .pyi, .pyw)\n"
    assert "2 usages in 1 file" in done.stdout


LISTS = {
    "gone": ("pkg/safe.py\ngone.py\n", "-:2: gone.py: no such file or directory"),
    "quoted": ('"pkg/\\303\\251.py"\n', "git quotes such names: list them with -z"),
}


@pytest.mark.parametrize(("text", "words"), LISTS.values(), ids=LISTS)
def test_a_name_that_is_no_file_is_an_error(repository: Path, text: str, words: str) -> None:
    done = ssot("scan", "--files-from", "-", data=text)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_standard_input_is_one_thing(repository: Path) -> None:
    assert "not both" in ssot("scan", "-", "--files-from", "-", data="").stderr
    assert ssot("scan", "--files-from", "nowhere").stderr == "ssot scan: nowhere: no such file\n"


# --- terminals --------------------------------------------------------------------------------------------------

COLOURS = {
    "terminal": ({}, True),
    "no-color": ({"NO_COLOR": "1"}, False),
    "empty-no-color": ({"NO_COLOR": ""}, True),
    "dumb": ({"TERM": "dumb"}, False),
    "dumb-and-forced": ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    "both": ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    "not-forced": ({"TERM": "dumb", "FORCE_COLOR": "0"}, False),
}


@pytest.mark.parametrize(("environment", "coloured"), COLOURS.values(), ids=COLOURS)
def test_colours(repository: Path, environment: dict[str, str], coloured: bool) -> None:
    for arguments in (("scan", "--no-cache"), ("migrate",)):
        shown = on_terminal(*arguments, environment=environment).replace("\x1b[2K", "")  # that is the progress
        assert ("\x1b[" in shown) is coloured, arguments


def test_colours_elsewhere_only_if_forced(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in ssot("migrate").output
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m+" in ssot("migrate").stdout


def test_a_terminal_without_a_width_cuts_nothing(repository: Path) -> None:
    write(repository, {"pkg/wide.py": f"from pkg import impl\nx = '{'w' * 200}', impl.old()\n"})
    assert "w" * 200 in on_terminal("scan", "--no-cache", columns=0, environment={"NO_COLOR": "1"}).replace(
        "\r\n", "\n"
    )
    assert "w" * 200 not in on_terminal("scan", "--no-cache", columns=80, environment={"NO_COLOR": "1"})


@pytest.mark.parametrize("arguments", [("scan",), ("migrate",), ("checklist", "T.md")], ids=" ".join)
def test_long_work_shows_its_progress(
    repository: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    write(repository, {
        "T.md": "- [ ] All calls replaced\n",
        ".github/ssot.yml": "migrations:\n  m:\n    deprecated: pkg.impl.old\n    tracking:\n      checklist:\n"
        "        - {item: All calls replaced, evidence: {usages: none}}\n",
    })  # fmt: skip
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "all")
    write(repository, {"pkg/more.py": "from pkg.impl import old\n"})
    monkeypatch.setattr("bot.cli.progress.DELAY", 0.0)
    monkeypatch.setattr("bot.cli.progress.can_rewrite_lines", lambda: True)
    done = ssot(*arguments)
    assert done.exit_code in (0, 1), done.output
    assert "\r\x1b[2Kscanning: " in done.stderr
    assert done.stderr.count("\r\x1b[2K") >= 2, "it is taken away at the end"


def test_a_dumb_terminal_shows_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.cli.progress import progress

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    with progress(10) as report:
        assert report is None


# --- mistakes ---------------------------------------------------------------------------------------------------


@pytest.fixture
def committed(repository: Path) -> Path:
    git(repository, "init", "-q")
    git(repository, "checkout", "-qb", "main")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "all")
    return repository


def test_a_base_that_is_not_there_is_named(committed: Path) -> None:
    assert (
        ssot("scan", "--base", "mian").stderr
        == "ssot scan: no branch, tag or commit 'mian' here: did you mean 'main'?\n"
    )
    assert "no branch, tag or commit 'release/7' here; `git branch --all`" in ssot("scan", "--base", "release/7").stderr


def test_a_base_that_only_the_remote_has_is_named(
    committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(committed, "branch", "trunk")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", f"file://{committed}", str(clone))
    monkeypatch.chdir(clone)
    assert (
        "no branch, tag or commit 'trunk' here: did you mean 'origin/trunk'?" in ssot("scan", "--base", "trunk").stderr
    )


def test_a_shallow_clone_says_what_to_fetch(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        git(committed, "commit", "-q", "--allow-empty", "-m", str(number))
    git(committed, "checkout", "-qb", "work", "HEAD~2")
    git(committed, "commit", "-q", "--allow-empty", "-m", "work")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{committed}", str(clone))
    monkeypatch.chdir(clone)
    told = ssot("scan", "--base", "origin/main").stderr
    assert "this branch and origin/main have no common commit: this is a shallow clone" in told
    assert "fetch-depth: 0" in told


COMMANDS = {
    "scann": ("scann",), "migrat": ("migrat",), "chek": ("config", "chek"), "lst": ("jobs", "lst"), "inti": ("inti",),
}  # fmt: skip
MEANT = {"scann": "scan", "migrat": "migrate", "chek": "check", "lst": "list", "inti": "init"}


@pytest.mark.parametrize("wrong", COMMANDS)
def test_an_unknown_command_gets_a_suggestion(wrong: str) -> None:
    done = ssot(*COMMANDS[wrong])
    assert done.exit_code == 2
    assert f"No such command {wrong!r}" in done.stderr
    assert f"'{MEANT[wrong]}'" in done.stderr


def test_a_command_that_is_like_none() -> None:
    assert "`ssot --help` lists the commands." in ssot("xyzzy").stderr


FAULTS = {
    "file": (FileNotFoundError(2, "No such file or directory", "a.py"), "a.py: no such file or directory"),
    "two": (OSError(18, "Invalid cross-device link", "a", None, b"b"), "a → b: invalid cross-device link"),
    "no-file": (PermissionError(13, "Permission denied"), "permission denied"),
    "address": (OSError(98, "error while attempting to bind on address"), "another program listens on this address "),
    "words": (OSError("timed out"), "timed out"),
    "nothing": (OSError(), "OSError"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="98 is EADDRINUSE on Linux")
@pytest.mark.parametrize(("error", "words"), FAULTS.values(), ids=FAULTS)
def test_errors_of_the_system_are_sentences(error: OSError, words: str) -> None:
    assert said(error).startswith(words)
    assert "Errno" not in said(error)


@pytest.mark.parametrize(
    "arguments",
    [("checklist", "nowhere.md"), ("migrate", "nowhere"), ("scan", "--config", "pkg"), ("manifest", "check", "nowhere"),
     ("receive", "push", "nowhere"), ("scan", "--files-from", "pkg"), ("jobs", "list")],
    ids=" ".join,
)  # fmt: skip
def test_no_command_shows_a_number_of_the_system(
    repository: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    (repository / "data").mkdir()
    (repository / "data/ssot.db").write_bytes(b"")
    monkeypatch.setenv("SSOT_DATA_DIR", str(repository / "data"))
    done = ssot(*arguments)
    assert done.exit_code == 2
    assert done.stderr
    for word in ("Errno", "Traceback", "sqlite3", "no such table"):
        assert word not in done.stderr


def test_windows_is_told_where_it_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit) as end:
        bot.__main__.main()
    assert end.value.code == 2
    assert "ssot runs on Linux and macOS. On Windows, run it in WSL" in capsys.readouterr().err


# --- notes on what would be wrong in silence --------------------------------------------------------------------

NOTES = {
    "include": ("paths: {include: ['src/**']}", "m: paths.include: 'src/**' matches no Python file"),
    "exclude": ("paths: {exclude: ['vendord/**']}", "m: paths.exclude: 'vendord/**' matches no Python file"),
    "critical": ("critical: ['pkg/routes/**']", "m: critical: 'pkg/routes/**' matches no Python file"),
    "successor": (
        "canonical: pkg.impl.neww",
        "m: the successor pkg.impl.neww does not exist: pkg.impl has no neww: did you mean pkg.impl.new?",
    ),
    "successor-unlike-any": (
        "canonical: pkg.impl.zzzz",
        "m: the successor pkg.impl.zzzz does not exist: pkg.impl has no zzzz",
    ),
}


@pytest.mark.parametrize("command", ["scan", "migrate"])
@pytest.mark.parametrize(("line", "note"), NOTES.values(), ids=NOTES)
def test_a_silent_mistake_gets_a_note(repository: Path, line: str, note: str, command: str) -> None:
    write(repository, {".github/ssot.yml": f"migrations:\n  m:\n    deprecated: pkg.impl.old\n    {line}\n"})
    notes = [each for each in ssot(command).stderr.splitlines() if each.startswith("note: ")]
    assert f"note: {note}" in notes


def test_a_target_that_is_not_there_gets_a_note(repository: Path) -> None:
    write(repository, {".github/ssot.yml": "migrations: {m: {deprecated: pkg.impl.zzz}}\n"})
    assert ssot("scan").stderr == "note: m: pkg.impl has no zzz\n"


def test_a_module_that_is_not_there_gets_a_note(repository: Path) -> None:
    write(repository, {".github/ssot.yml": "migrations: {m: {modules: {pkg.impl: pkg.impel}}}\n"})
    assert "note: m: the successor pkg.impel does not exist: there is no such module\n" in ssot("scan").stderr


def test_a_right_configuration_gets_none(repository: Path) -> None:
    write(repository, {
        ".github/ssot.yml": "migrations:\n  m:\n    deprecated: pkg.impl.old\n    canonical: pkg.impl.new\n"
        "    paths: {include: ['pkg/**'], exclude: ['**/manual.py']}\n    critical: [pkg/safe.py]\n"
        "  n: {modules: {pkg.impl: pkg.space}}\n  o: {deprecated: other.x, canonical: other.y}\n",
        "pkg/space/inner.py": "",
    })  # fmt: skip
    assert ssot("scan").stderr == ""


def test_the_patterns_of_a_preset_get_none(repository: Path) -> None:
    name = "netra_backend/app/websocket_core/websocket_manager_factory.py"
    write(repository, {name: "def get_websocket_manager_factory(): ...\n"})
    for text in (None, "extends: websocket-manager-factory\n"):
        (repository / ".github/ssot.yml").unlink(missing_ok=True)
        if text:
            write(repository, {".github/ssot.yml": text})
        assert "matches no Python file" not in ssot("scan").stderr


@pytest.mark.parametrize(
    ("comment", "words"),
    [("ignore", "An ignore needs the name of the migration"), ("ignore[mm] why", "An ignore names mm, and there is no"),
     ("ignore[m]", "An ignore needs a reason")],
)  # fmt: skip
def test_an_ignore_without_effect_says_so(repository: Path, comment: str, words: str) -> None:
    write(repository, {"pkg/safe.py": f"from pkg import impl\nimpl.old()  # ssot: {comment}\n"})
    assert words in ssot("scan").stdout


# --- completion -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shell", "sign"), [("bash", "complete -o nosort"), ("zsh", "#compdef"), ("fish", "complete --")]
)
def test_a_completion_script_serves_both_names(shell: str, sign: str) -> None:
    done = ssot("completion", shell)
    assert done.exit_code == 0
    assert sign in done.stdout
    assert "_SSOT_COMPLETE" in done.stdout
    assert "_SSOT_BOT_COMPLETE" in done.stdout


def test_completion_is_asked_without_loading_a_command() -> None:
    program = (
        "import sys\nfrom bot.cli import main\n"
        "try: main(prog_name='ssot', complete_var='_SSOT_COMPLETE')\nexcept SystemExit: pass\n"
        "print(sorted(each for each in sys.modules if each.startswith('bot.cli.')), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "_SSOT_COMPLETE": "bash_complete", "COMP_WORDS": "ssot mi", "COMP_CWORD": "1"},
    )  # fmt: skip
    assert done.stdout == "plain,migrate\n"
    assert done.stderr == "[]\n"


def test_options_are_completed_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main(prog_name='ssot', complete_var='_SSOT_COMPLETE')"],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "_SSOT_COMPLETE": "bash_complete", "COMP_WORDS": "ssot scan --files", "COMP_CWORD": "2"},
    )  # fmt: skip
    assert done.stdout == "plain,--files-from\n"
