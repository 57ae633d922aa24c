"""``.pre-commit-hooks.yaml`` and the lines for GitLab: run as pre-commit and GitLab run them."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.door.test_action import OLD, commit, git
from tests.layering import ROOT

HOOKS = {hook["id"]: hook for hook in YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text())}
CONFIG = "version: 1\nmigrations:\n  m: {deprecated: [pkg.impl.old], canonical: pkg.impl.new, drop_in: true}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, and two files staged for the next."""
    root = tmp_path / "repository"
    (root / ".github").mkdir(parents=True)
    (root / ".github" / "ssot.yml").write_text(CONFIG)
    git(root, "init", "-q")
    impl, facade = "def old(): ...\ndef new(): ...\n", "from pkg.impl import old as legacy\n"
    commit(root, __init__="", impl=impl, facade=facade, user="from pkg.facade import legacy\nlegacy()\n")
    (root / "pkg" / "added.py").write_text(f"{OLD}old()\n")
    (root / "pkg" / "user.py").write_text("from pkg.facade import legacy\n\n\nlegacy()\n")
    git(root, "add", "-A")
    return root


def ssot(root: Path, words: Iterable[str], **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command line that begins with ``ssot`` as if it were installed."""
    program, *arguments = words
    assert program == "ssot"
    env = {**os.environ, "SSOT_DATA_DIR": str(root.parent / "data"), "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-P", "-m", "bot", *arguments]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


def hook(root: Path, name: str, *files: str) -> subprocess.CompletedProcess[str]:
    """https://pre-commit.com/#new-hooks: the entry's words, its ``args``, then the names of the files."""
    entry = HOOKS[name]
    return ssot(root, [*shlex.split(entry["entry"]), *entry.get("args", []), *files])


STAGED = ("pkg/added.py", "pkg/user.py")


def test_every_hook_is_what_pre_commit_asks_for() -> None:
    assert list(HOOKS) == ["ssot", "ssot-new", "ssot-migrate"]
    for each in HOOKS.values():
        assert each["language"] == "python"
        assert each["types_or"] == ["python", "pyi"]
        assert each["require_serial"] is True, "the whole tree has a say: do not read it once for each part"
        assert each.get("pass_filenames", True) is True


def test_all_usages_of_the_files(repository: Path) -> None:
    done = hook(repository, "ssot", *STAGED)
    assert done.returncode == 1
    assert re.findall(r"^(pkg/\S+): ", done.stdout, re.MULTILINE) == [
        "pkg/added.py:1:22",
        "pkg/added.py:2:1",
        "pkg/user.py:1:24",
        "pkg/user.py:4:1",
    ]


def test_only_what_the_commit_adds(repository: Path) -> None:
    done = hook(repository, "ssot-new", *STAGED)
    assert done.returncode == 1
    assert re.findall(r"^(pkg/\S+): ", done.stdout, re.MULTILINE) == ["pkg/added.py:1:22", "pkg/added.py:2:1"]
    assert hook(repository, "ssot-new", "pkg/user.py").returncode == 0


def test_safe_fixes_are_written_in_those_files_alone(repository: Path) -> None:
    done = hook(repository, "ssot-migrate", "pkg/added.py")
    assert done.returncode == 0, done.stderr
    assert (repository / "pkg" / "added.py").read_text() == "from pkg.impl import new\nnew()\n"
    assert git(repository, "status", "--porcelain", "pkg/user.py", "pkg/facade.py") == "M  pkg/user.py"


def test_files_without_a_usage_pass(repository: Path) -> None:
    assert hook(repository, "ssot", "pkg/impl.py", "pkg/__init__.py").returncode == 0


def test_the_lines_for_gitlab(repository: Path, tmp_path: Path) -> None:
    [block] = (each for each in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL)
               if "merge_request_event" in each)  # fmt: skip
    job = YAML(typ="safe").load(block)["ssot"]
    install, *script = job["script"]
    assert install.startswith("pip install --quiet ")
    base = git(repository, "rev-parse", "HEAD")
    git(repository, "commit", "-qm", "staged")
    program = tmp_path / "bin" / "ssot"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m bot "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    env["SSOT_DATA_DIR"] = str(tmp_path / "data")
    command = ["bash", "-eo", "pipefail", "-c", "\n".join(script)]
    done = subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.findall(r"^(pkg/\S+): ", done.stdout, re.MULTILINE) == ["pkg/added.py:1:22", "pkg/added.py:2:1"]
    report = json.loads((repository / job["artifacts"]["reports"]["codequality"]).read_text())
    assert [each["location"]["path"] for each in report] == ["pkg/added.py", "pkg/added.py"]
