import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.cli.fix_files import command, write_whole
from bot.domain.finding import FileReport
from bot.engine.scan import scan_file
from bot.sandbox.example import FILES, HEALTH_MIGRATED, HEALTH_WITH_A_PROBE

HEALTH = "netra_backend/app/routes/health.py"
CHAT = "netra_backend/app/routes/chat.py"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, content in {**FILES, HEALTH: HEALTH_WITH_A_PROBE}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def test_a_diff_is_shown_that_git_applies_and_nothing_is_written(repository: Path) -> None:
    result = CliRunner().invoke(command, [str(repository)])
    assert result.exit_code == 1, result.output
    assert (repository / HEALTH).read_bytes() == HEALTH_WITH_A_PROBE
    subprocess.run(["git", "apply"], cwd=repository, input=result.stdout.encode(), check=True)
    assert (repository / HEALTH).read_bytes() == HEALTH_MIGRATED
    assert "1 file would change" in result.stderr
    assert "unsafe" in result.stderr


def test_write_changes_the_files_keeps_their_modes_and_a_second_run_does_nothing(repository: Path) -> None:
    (repository / HEALTH).chmod(0o755)
    CliRunner().invoke(command, ["--write", str(repository)])
    assert (repository / HEALTH).read_bytes() == HEALTH_MIGRATED
    assert (repository / HEALTH).stat().st_mode & 0o777 == 0o755
    again = CliRunner().invoke(command, [str(repository)])
    assert again.stdout == ""


def test_unsafe_fixes_only_on_demand(repository: Path) -> None:
    before = (repository / CHAT).read_bytes()
    CliRunner().invoke(command, ["--write", str(repository)])
    assert (repository / CHAT).read_bytes() == before
    result = CliRunner().invoke(command, ["--write", "--unsafe", str(repository)])
    assert result.exit_code == 0, result.output
    assert b"WebSocketManager(user_context=context)" in (repository / CHAT).read_bytes()
    assert b"factory" not in (repository / CHAT).read_bytes()


def test_only_the_given_paths(repository: Path) -> None:
    result = CliRunner().invoke(command, ["--write", str(repository / "netra_backend/app/services")])
    assert result.exit_code == 0
    assert (repository / HEALTH).read_bytes() == HEALTH_WITH_A_PROBE


def test_the_fixes_of_other_files_are_not_planned(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the whole tree costs is the search; another file's fixes say nothing of this one's."""
    whole = CliRunner().invoke(command, [str(repository)]).stdout
    planned = []

    def recorded(source: bytes, path: str, *arguments: Any, **options: Any) -> FileReport:  # noqa: ANN401
        planned.append(path)
        return scan_file(source, path, *arguments, **options)

    monkeypatch.setattr("bot.local.tree.scan_file", recorded)
    part = CliRunner().invoke(command, [str(repository / HEALTH)]).stdout
    assert part
    assert part in whole
    assert set(planned) == {HEALTH}


def test_a_missing_path_is_an_error(repository: Path) -> None:
    result = CliRunner().invoke(command, [str(repository / "none.py")])
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_link_is_never_written_through(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "health.py"
    outside.write_bytes(HEALTH_WITH_A_PROBE)
    (repository / HEALTH).unlink()
    (repository / HEALTH).symlink_to(outside)
    CliRunner().invoke(command, ["--write", str(repository)])
    assert outside.read_bytes() == HEALTH_WITH_A_PROBE


def test_a_name_that_a_file_outside_the_paths_needs_is_kept(tmp_path: Path) -> None:
    config = tmp_path / ".github/ssot.yml"
    config.parent.mkdir()
    config.write_text("version: 1\nmigrations:\n  m: {deprecated: old.f, canonical: new.g, drop_in: true}\n")
    (tmp_path / "one.py").write_bytes(b"from old import f\r\nf()")
    (tmp_path / "two.py").write_bytes(b"from one import f\n")
    result = CliRunner().invoke(command, ["--write", str(tmp_path / "one.py")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "one.py").read_bytes() == b"from new import g as f\r\nf()"
    assert (tmp_path / "two.py").read_bytes() == b"from one import f\n"


def test_a_patch_keeps_line_ends_and_a_missing_last_one(tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    text = "version: 1\nmigrations:\n  m: {deprecated: old.f, canonical: new.g, drop_in: true}\n"
    (tmp_path / ".github/ssot.yml").write_text(text)
    (tmp_path / "one.py").write_bytes(b"from old import f\r\nf()")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    result = CliRunner().invoke(command, [str(tmp_path)])
    subprocess.run(["git", "apply"], cwd=tmp_path, input=result.stdout_bytes, check=True)
    assert (tmp_path / "one.py").read_bytes() == b"from new import g\r\ng()"


def interrupted_at(step: int, path: Path) -> bool:
    """Write ``path`` with Ctrl-C at the ``step``-th call of ``write_whole``; whether there were so many."""
    calls = 0

    def interrupt(frame: FrameType, event: str, called: object) -> None:
        nonlocal calls
        caller = frame if event == "c_call" else frame.f_back
        if event not in {"call", "c_call"} or caller is None or caller.f_code is not write_whole.__code__:
            return
        if getattr(called, "__name__", "") == "__exit__":  # the handle would warn that nobody closed it
            return
        calls += 1
        if calls == step:
            sys.setprofile(None)
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    try:
        write_whole(path, b"after")
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def test_an_interrupt_leaves_the_file_whole_and_nothing_beside_it(tmp_path: Path) -> None:
    path, seen = tmp_path / "one.py", set()
    step = 1
    path.write_bytes(b"before")
    while interrupted_at(step, path):
        assert list(tmp_path.iterdir()) == [path], step
        seen.add(path.read_bytes())
        path.write_bytes(b"before")
        step += 1
    assert seen == {b"before", b"after"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "try:\n    import old\nexcept ImportError:\n    old = None\nif old:\n    old.f()\n",
            "try:\n    import pkg.new as old\nexcept ImportError:\n    old = None\nif old:\n    old.f()\n",
        ),
        (
            "try:\n    from x import old\nexcept ImportError:\n    import old\nold.f()\n",
            "try:\n    from x import old\nexcept ImportError:\n    import pkg.new as old\nold.f()\n",
        ),
    ],
    ids=["nothing-as-fallback", "module-as-fallback"],
)
def test_a_module_with_a_fallback_keeps_the_name_that_both_bind(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / ".github").mkdir()
    text = "version: 1\nmigrations:\n  m: {modules: [old], canonical: pkg.new, drop_in: true}\n"
    (tmp_path / ".github/ssot.yml").write_text(text)
    (tmp_path / "one.py").write_text(before)
    CliRunner().invoke(command, ["--write", str(tmp_path)])
    assert (tmp_path / "one.py").read_text() == after


def test_what_the_configuration_gets_wrong_is_reported(tmp_path: Path) -> None:
    files = {
        ".github/ssot.yml": "migrations:\n  m: {deprecated: lib.old, canonical: lib.new, drop_in: true}\n"
        "  n: {deprecated: lib.new.f, canonical: lib.new.g}\n",
        "lib/__init__.py": "",
        "lib/old.py": "",
        "lib/new.py": "def f(): ...\ndef g(): ...\n",
        "x.py": "from lib.old import f\nfrom lib.new import f\nf()\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    module = "note: m: lib.old is a module: list lib.old under `modules`, not under `deprecated`\n"
    undecided = "note: n: no rewrite for these usages; add 'rewrites', or 'drop_in: true' to replace the name\n"
    assert CliRunner().invoke(command, [str(tmp_path)]).stderr.endswith(module + undecided)
    part = CliRunner().invoke(command, [str(tmp_path / "x.py")])
    assert module not in part.stderr
    assert part.stderr.endswith(undecided)
    listed = CliRunner().invoke(main, ["scan", "--no-cache", "--jobs", "1", str(tmp_path)])
    assert listed.stderr == module
