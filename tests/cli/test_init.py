"""``ssot init``, and what happens where there is nothing to configure."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.config import load
from bot.sandbox.example import FILES

ROOT = Path(__file__).parents[2]
NOTHING = "no .github/ssot.yml here; run `ssot init`, or name a preset: `ssot scan --preset datetime-utcnow`"
PROJECT = {
    "src/acme/__init__.py": "",
    "src/acme/net.py": (
        "from warnings import warn\n"
        "def new(): ...\n"
        "@deprecated('Use new() instead')\n"
        "def old(): ...\n"
        "def unused():\n    warn('Call acme.net.old.', DeprecationWarning)\n"
        "class C:\n"
        "    def m(self):\n        warn('use n', DeprecationWarning)\n"
        "    def n(self): ...\n"
    ),
    "src/acme/aged.py": "import warnings\nwarnings.warn('Moved to acme.net', DeprecationWarning)\nx = 1\n",
    "src/acme/use.py": (
        "from datetime import datetime\nfrom acme.net import old, C\nfrom acme.aged import x\n\n\n"
        "def go():\n    old()\n    C.m(C())\n    return datetime.utcnow(), x\n"
    ),
    "tests/test_x.py": "@deprecated('x')\ndef helper(): ...\n\n\nhelper()\n",
    "CODEOWNERS": "* @acme/all\n",
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSOT_DATA_DIR", str(tmp_path / "data"))
    root = tmp_path / "project"
    write(root, PROJECT)
    monkeypatch.chdir(root)
    return root


def ssot(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


# --- ssot init --------------------------------------------------------------------------------------------------


def test_the_tree_is_looked_at_and_a_small_file_written(project: Path) -> None:
    done = ssot("init")
    assert done.exit_code == 0, done.output
    text = (project / ".github/ssot.yml").read_text()
    assert text.startswith("# yaml-language-server: $schema=./ssot.schema.json\n")
    assert len(text.splitlines()) < 40
    config = load(text)
    assert [migration.name for migration in config.migrations] == ["datetime-utcnow", "aged", "old", "m"]
    targets = {target.name: target.canonical for each in config.migrations[1:] for target in each.targets}
    assert targets == {"acme.net.old": "acme.net.new", "acme.aged": "acme.net", "acme.net.C.m": "acme.net.C.n"}
    assert "  # src/acme/net.py:4: Use new() instead\n" in text
    assert "# source_roots: [src]\n" in text
    assert text.count("pull_requests: {split: codeowners}") == 4
    assert not any(migration.drop_in for migration in config.migrations), "nobody said that the arguments fit"


def test_it_tells_at_once_what_it_finds_and_what_to_do_next(project: Path) -> None:
    done = ssot("init")
    assert "acme.net.old → acme.net.new: 2 usages in 1 file  [src/acme/net.py:4: Use new() instead]" in done.stderr
    assert "deprecated and not used here: acme.net.unused" in done.stderr
    assert (
        "  datetime-utcnow: 1 usage in 1 file; 0 of 1 can be fixed by `ssot migrate`; 1 more with `--unsafe`"
        in done.stdout
    )
    for command in ("ssot scan", "ssot migrate", "ssot config check"):
        assert f"  {command} " in done.stdout
    assert ssot("config", "check").exit_code == 0
    assert ssot("scan").exit_code == 1


def test_flags_take_what_they_name_and_nothing_else(project: Path) -> None:
    named = ("--preset", "datetime-utcnow", "--deprecated", "acme.net.old", "--canonical", "acme.net.new")
    assert ssot("init", *named).exit_code == 0
    config = load((project / ".github/ssot.yml").read_text())
    assert [(each.name, each.drop_in) for each in config.migrations] == [("datetime-utcnow", False), ("old", True)]
    assert ssot("migrate", "--write").stderr.startswith("1 file changed")
    assert "    new()\n" in (project / "src/acme/use.py").read_text()


def test_a_dry_run_prints_the_file_alone(project: Path) -> None:
    done = ssot("init", "--dry-run")
    assert load(done.stdout).migrations
    assert not (project / ".github").exists()


def test_from_a_subdirectory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    monkeypatch.chdir(project / "src/acme")
    assert ssot("init", "--yes").exit_code == 0
    assert (project / ".github/ssot.yml").is_file()


WRONG = {
    "unknown-preset": (("--preset", "datetime-utcnov"), "unknown preset 'datetime-utcnov': did you mean 'datetime-utc"),
    "no-name": (("--deprecated", "a.b-c"), "'a.b-c': not a dotted Python name"),
    "canonical-alone": (("--canonical", "a.b"), "say which with --deprecated"),
    "no-directory": (("nowhere",), "nowhere: no such directory"),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_errors_exit_with_two_and_write_nothing(project: Path, arguments: tuple[str, ...], words: str) -> None:
    done = ssot("init", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert not (project / ".github").exists()


def test_a_file_that_is_there_is_left_alone(project: Path) -> None:
    write(project, {".github/ssot.yml": "extends: datetime-utcnow\n"})
    done = ssot("init", "--preset", "pkg-resources")
    assert done.exit_code == 2
    assert "exists already" in done.stderr
    assert (project / ".github/ssot.yml").read_text() == "extends: datetime-utcnow\n"


def test_nothing_found_is_an_error_that_says_what_to_name(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x = 1\n"})
    done = ssot("init", str(tmp_path))
    assert done.exit_code == 2
    assert "`ssot init --deprecated a.b.old --canonical a.b.new`" in done.stderr


def test_what_a_source_says_cannot_break_the_file(tmp_path: Path) -> None:
    advice = "Use new.\\x85\\n- evil: [\\x1b\\u2028 # {"
    write(tmp_path, {
        "m.py": f"@deprecated('{advice}')\ndef old(): ...\ndef new(): ...\n@deprecated('x')\ndef ölde(): ...\n",
        "u.py": "import m\nm.old()\nm.ölde()\n",
    })  # fmt: skip
    assert ssot("init", str(tmp_path)).exit_code == 0
    config = load((tmp_path / ".github/ssot.yml").read_text())
    assert "m.old" in {target.name for each in config.migrations for target in each.targets}


def test_the_wizard_asks_on_a_terminal(project: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "init", str(project)],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, b"n\nn\ny\nn\nacme.net.C\nacme.net.D\n\n")
    shown = b""
    while b"Then commit" not in shown:
        shown += os.read(ours, 1000)
    assert process.wait(60) == 0
    os.close(ours)
    assert b"Migrate datetime-utcnow? [Y/n]" in shown
    config = load((project / ".github/ssot.yml").read_text())
    assert [migration.name for migration in config.migrations] == ["old", "c"]
    assert config.migrations[1].targets[0].canonical == "acme.net.D"


# --- without any configuration ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [("scan",), ("scan", "src"), ("scan", "src/acme/use.py"), ("scan", "-"), ("scan", "--base", "main"), ("migrate",),
     ("migrate", "src"), ("checklist", "T.md"), ("config", "show"), ("config", "check")],
    ids=" ".join,
)  # fmt: skip
def test_nothing_to_look_for_is_an_error(project: Path, arguments: tuple[str, ...]) -> None:
    done = ssot(*arguments, stdin="")
    assert (done.exit_code, done.stdout) == (2, "")
    name = " ".join(arguments[: 2 if arguments[0] == "config" else 1])
    assert done.stderr == f"ssot {name}: {NOTHING}\n"


@pytest.mark.parametrize(
    "module", ["websocket_manager_factory.py", "websocket_manager.py", "websocket_manager/__init__.py"]
)
@pytest.mark.parametrize("root", ["", "backend/src"])
def test_the_built_in_migration_applies_where_its_names_are(project: Path, module: str, root: str) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    write(project, {f"{root}/netra_backend/app/websocket_core/{module}".lstrip("/"): ""})
    for arguments in (("scan",), ("scan", "src"), ("migrate",), ("config", "check"), ("config", "show")):
        assert ssot(*arguments).exit_code == 0, arguments


def test_the_sandboxs_example_needs_no_configuration(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert ssot("scan", str(tmp_path)).exit_code == 1


# --- without a file ---------------------------------------------------------------------------------------------


def test_a_preset_is_tried(project: Path) -> None:
    done = ssot("scan", "--preset", "datetime-utcnow")
    assert done.exit_code == 1
    assert "src/acme/use.py:9:12: call: This calls the deprecated datetime.datetime.utcnow" in done.stdout
    assert (
        "+    return datetime.now(timezone.utc), x\n"
        in ssot("migrate", "--preset", "datetime-utcnow", "--unsafe").stdout
    )


def test_a_name_is_tried(project: Path) -> None:
    done = ssot("scan", "--deprecated", "acme.net.old", "--format", "json")
    assert '"migration": "old"' in done.stdout
    done = ssot("migrate", "--deprecated", "acme.net.old", "--canonical", "acme.net.new")
    assert "+    new()\n" in done.stdout
    assert done.stderr == "1 file would change\n"


def test_a_module_is_tried(project: Path) -> None:
    write(project, {"src/acme/fresh.py": "x = 1\n"})
    done = ssot("migrate", "--deprecated", "acme.aged", "--canonical", "acme.fresh")
    assert "+from acme.fresh import x\n" in done.stdout
    assert ssot("scan", "--deprecated", "datetime").exit_code == 1, "a name without a dot is a module"


def test_the_choice_comes_before_the_repositorys_file(project: Path) -> None:
    write(project, {".github/ssot.yml": "migrations: {}\n"})
    assert ssot("scan").exit_code == 0
    assert ssot("scan", "--preset", "datetime-utcnow").exit_code == 1


def test_a_checklist_of_a_preset(project: Path) -> None:
    write(project, {"T.md": "- [ ] x\n"})
    for arguments in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", *arguments], check=True)
    done = ssot("checklist", "T.md", "--preset", "websocket-manager-factory")
    assert done.exit_code == 1, done.output
    done = ssot("checklist", "T.md", "--preset", "datetime-utcnow")
    assert "no migration has a checklist" in done.stderr


CONTRADICTIONS = {
    "two": (("--preset", "datetime-utcnow", "--deprecated", "a.b"), "--preset and --deprecated exclude each other"),
    "file": (("--config", "x.yml", "--preset", "datetime-utcnow"), "--config and --preset exclude each other"),
    "canonical": (("--canonical", "a.b"), "--canonical is the successor of a name: say which with --deprecated"),
    "unknown": (("--preset", "datetime-utcnov"), "--preset: unknown preset 'datetime-utcnov': did you mean 'datetime"),
    "name": (("--deprecated", "a..b"), "--deprecated: 'a..b': not a dotted Python name"),
}


@pytest.mark.parametrize(("arguments", "words"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
@pytest.mark.parametrize("command", ["scan", "migrate", "checklist"])
def test_what_contradicts_itself(project: Path, command: str, arguments: tuple[str, ...], words: str) -> None:
    write(project, {"T.md": "- [ ] x\n"})
    done = ssot(command, *(["T.md"] if command == "checklist" else []), *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
