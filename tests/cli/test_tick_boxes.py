import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.tick_boxes import command

CONFIG = """version: 1
migrations:
  retire:
    deprecated: pkg.old.make
    canonical: pkg.new.Thing
    critical: ["app/**"]
    tracking:
      issue: 5
      checklist:
        - {item: Replace the calls, evidence: {usages: none}}
        - {item: Remove the function, evidence: {definition-removed: true}}
        - {item: Write a plan, evidence: {file-exists: "docs/*.md"}}
        - {item: Tests pass, evidence: {check: Tests}}
"""
BOXES = b"- [%c] Replace the calls\r\n- [%c] Remove the function\r\n- [%c] Write a plan\r\n- [x] Tests pass\r\n"
TRACKER = b"# Plan \xff\r\n\r\n" + BOXES % (b" ", b"x", b" ")
FILES = {
    ".github/ssot.yml": CONFIG,
    "pkg/__init__.py": "",
    "pkg/old.py": "def make(): ...\n",
    "pkg/new.py": "class Thing: ...\n",
    "app/a.py": "from pkg.old import make\nmake()\n",
    "docs/plan.md": "",
}


def git(root: Path, *arguments: str) -> None:
    dates = {"GIT_AUTHOR_DATE": "2025-09-12T08:00:00Z", "GIT_COMMITTER_DATE": "2025-09-12T08:00:00Z"}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(
        ["git", "-C", str(root), *who, *arguments], check=True, capture_output=True, env={**os.environ, **dates}
    )


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git(tmp_path, "init", "-q", "repo")
    (tmp_path / "repo/TRACKER.md").write_bytes(TRACKER)
    commit(tmp_path / "repo")
    return tmp_path / "repo"


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [str(root / "TRACKER.md"), "--repo", str(root), *arguments])


def test_a_diff_is_shown_that_git_applies_and_nothing_is_written(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    result = CliRunner().invoke(command, ["TRACKER.md"])
    assert result.exit_code == 1, result.output
    assert Path("TRACKER.md").read_bytes() == TRACKER
    subprocess.run(["git", "apply", "--whitespace=nowarn"], input=result.stdout_bytes, check=True)
    written = Path("TRACKER.md").read_bytes()
    assert written.startswith(b"# Plan \xff\r\n\r\n" + BOXES % (b" ", b" ", b"x") + b"\r\n<!--")


def test_it_is_written_once_and_follows_the_commits(repository: Path) -> None:
    tracker = repository / "TRACKER.md"
    assert run(repository, "--write").exit_code == 1
    assert b"**2 usages left** in 1 file, 1 of them critical: 1 import, 1 call." in tracker.read_bytes()
    before = tracker.read_bytes()
    again = run(repository, "--write")
    assert (again.exit_code, again.stdout, tracker.read_bytes()) == (0, "", before)
    (repository / "app/a.py").write_text("from pkg.new import Thing\nThing()\n")
    (repository / "pkg/old.py").write_text("")
    commit(repository)
    assert run(repository, "--write").exit_code == 1
    assert b"- [x] Replace the calls\r\n- [x] Remove the function\r\n" in tracker.read_bytes()


def test_the_commit_counts_not_the_work_tree(repository: Path) -> None:
    (repository / "app/a.py").write_text("")
    (repository / "app/b.py").write_text("from pkg.old import make\n")
    result = run(repository)
    assert "2 usages left in 1 file: `app/a.py`" in result.stderr


def test_every_item_is_listed_with_its_reason(repository: Path) -> None:
    lines = run(repository).stderr.splitlines()
    assert lines[0] == "[ ] Replace the calls (line 3): 2 usages left in 1 file: `app/a.py`"
    assert lines[1] == "[ ] Remove the function (line 4, ticked by hand): `make` is still defined in `pkg/old.py`"
    assert lines[2] == "[x] Write a plan (line 5): `docs/plan.md` exists"
    assert lines[3] == "[?] Tests pass (line 6): check `Tests`: only GitHub knows"
    assert lines[4].endswith(": 1 done, 2 open, 1 unknown here")


def test_a_damaged_section_is_an_error_and_is_not_touched(repository: Path) -> None:
    run(repository, "--write")
    tracker = repository / "TRACKER.md"
    head, _, _ = tracker.read_bytes().partition(b"<!-- ssot:tracker-end")
    tracker.write_bytes(head)
    result = run(repository, "--write")
    assert result.exit_code == 2
    assert "not changed: The hidden comment after the checklist section is missing." in result.stderr
    assert tracker.read_bytes() == head


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.md", "--repo", "."), "none.md"),
        (("TRACKER.md", "--repo", "nowhere"), "nowhere: no such directory"),
        (("TRACKER.md", "--migration", "other"), "no migration 'other' has a checklist"),
        (("TRACKER.md", "--config", "none.yml"), "none.yml: no such file"),
        (("docs", "--repo", "."), "docs"),
    ],
)
def test_an_error_is_one_line_and_exit_2(
    repository: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(repository)
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_evidence_has_to_be_of_a_commit(tmp_path: Path) -> None:
    (tmp_path / "TRACKER.md").write_bytes(TRACKER)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/ssot.yml").write_text(CONFIG)
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "not a git repository" in result.stderr


def test_which_of_several_trackers_has_to_be_said(repository: Path) -> None:
    text = CONFIG.replace("  retire:\n", "  first:\n    extends: websocket-manager-factory\n  retire:\n")
    (repository / ".github/ssot.yml").write_text(text)
    result = run(repository)
    assert result.exit_code == 2
    assert "choose one with --migration first | retire" in result.stderr
    assert run(repository, "--migration", "retire").exit_code == 1
