"""``action.yml``: its steps, run as GitHub runs them, in a checkout of a pull request's merge commit."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.door.workflow import ACTION, Done, Runner

CONFIG = """\
version: 1
migrations:
  m:
    deprecated: [pkg.impl.old]
    canonical: pkg.impl.new
    drop_in: true
"""
OLD = "from pkg.impl import old\n"
Run = Callable[..., Done]


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path, **files: str) -> str:
    for name, content in files.items():
        place = root / f"pkg/{name}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text(content)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "change")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with 120 commits and a pull request, which adds a usage, against a base that went on."""
    root = tmp_path / "origin"
    (root / ".github").mkdir(parents=True)
    (root / ".github" / "ssot.yml").write_text(CONFIG)
    git(root, "init", "-q")
    git(root, "config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub's servers do
    commit(root, __init__="", impl="def old(): ...\ndef new(): ...\n", before=OLD)
    git(root, "checkout", "-qb", "work")
    for number in range(60):
        git(root, "commit", "-qm", f"work {number}", "--allow-empty")
    commit(root, added=f"{OLD}old()  # ##[error]no command ::error::neither\n")
    git(root, "checkout", "-q", "main")
    for number in range(60):
        git(root, "commit", "-qm", f"main {number}", "--allow-empty")
    commit(root, on_main=OLD)
    git(root, "checkout", "-q", "--detach")
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "work")
    git(root, "update-ref", "refs/pull/1/merge", "HEAD")
    git(root, "checkout", "-q", "main")
    return root


@pytest.fixture
def pull(origin: Path) -> dict[str, Any]:
    """The event's payload, as far as the action reads it."""
    return {"pull_request": {"base": {"sha": git(origin, "rev-parse", "main")}, "head": {"repo": {"fork": False}}}}


@pytest.fixture
def run(tmp_path: Path, origin: Path) -> Run:
    def run(event: Mapping[str, Any], ref: str = "refs/pull/1/merge", depth: int = 1, **inputs: str) -> Done:
        checkout = tmp_path / "checkout"
        subprocess.run(["git", "init", "-q", str(checkout)], check=True)
        git(checkout, "remote", "add", "origin", origin.as_uri())
        deep = [f"--depth={depth}"] if depth else []
        git(checkout, "fetch", "-q", "--no-tags", *deep, "origin", f"+{git(origin, 'rev-parse', ref)}:refs/remotes/x")
        git(checkout, "checkout", "-q", "--detach", "refs/remotes/x")
        temp = tmp_path / "temp"
        (temp / "ssot-venv" / "bin").mkdir(parents=True)
        python = temp / "ssot-venv" / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        inputs = {name.replace("_", "-"): value for name, value in inputs.items()}
        environment = {**os.environ, "SSOT_DATA_DIR": str(tmp_path / "data")}
        return Runner(checkout=checkout, temp=temp, inputs=inputs, event=event, environment=environment).run()

    return run


def annotated(done: Done) -> list[str]:
    return re.findall(r"^::(?:warning|error) file=(.*?),endLine", done.log, re.MULTILINE)


@pytest.mark.parametrize("depth", [1, 2, 0], ids=["one commit", "two", "all"])
def test_a_pull_request_fails_by_what_it_adds(run: Run, pull: dict[str, Any], origin: Path, depth: int) -> None:
    done = run(pull, depth=depth)
    assert done.status == 1, done.log
    assert annotated(done) == ["pkg/added.py,line=1", "pkg/added.py,line=2"]
    assert done.outputs == {"usages": "2", "base": pull["pull_request"]["base"]["sha"], "sarif": "ssot.sarif"}
    assert done.uploaded is None
    assert "### ssot: 2 usages in 1 file" in done.summary
    assert "pkg/added.py:2:1: call" in done.summary


def test_the_head_of_a_pull_request_meets_the_base_far_back(run: Run, pull: dict[str, Any], origin: Path) -> None:
    done = run(pull, ref="work")
    assert done.outputs["base"] == git(origin, "merge-base", "main", "work")
    assert annotated(done) == ["pkg/added.py,line=1", "pkg/added.py,line=2"]


def test_what_the_log_quotes_is_no_command(run: Run, pull: dict[str, Any]) -> None:
    done = run(pull, annotations="false")
    log = done.log
    begin, token, rest = log.partition("::stop-commands::")[2].partition("\n")
    assert len(begin) > 12
    quoted, end, _ = rest.partition(f"::{begin}::")
    assert token
    assert end
    assert "##[error]" in quoted
    assert annotated(done) == []


def test_without_a_base_everything_is_told_and_nothing_fails(run: Run) -> None:
    done = run({}, ref="main")
    assert done.status == 0, done.log
    assert annotated(done) == ["pkg/before.py,line=1", "pkg/on_main.py,line=1"]
    assert done.outputs["base"] == ""


def test_any_usage_fails_where_that_is_asked_for(run: Run, pull: dict[str, Any]) -> None:
    done = run(pull, base="none", fail="any", paths="pkg/before.py\n\n", sarif="")
    assert done.status == 1
    assert annotated(done) == ["pkg/before.py,line=1"]
    assert done.outputs["sarif"] == ""


def test_a_merge_group_has_a_base_of_its_own(run: Run, origin: Path) -> None:
    done = run({"merge_group": {"base_sha": git(origin, "rev-parse", "main~1")}})
    assert annotated(done) == ["pkg/added.py,line=1", "pkg/added.py,line=2", "pkg/on_main.py,line=1"]


@pytest.mark.parametrize("base", ["main", "origin/main"])
def test_a_branch_can_be_the_base(run: Run, pull: dict[str, Any], origin: Path, base: str) -> None:
    if base == "origin/main":
        git(origin, "branch", "origin/main", "main")
    assert run(pull, base=base).outputs["usages"] == "2"


def test_it_never_fails_where_that_is_asked_for_and_uploads(run: Run, pull: dict[str, Any], tmp_path: Path) -> None:
    done = run(pull, fail="never", sarif="out.sarif", upload_sarif="true")
    assert (done.status, done.uploaded) == (0, "out.sarif")
    log = json.loads((tmp_path / "checkout" / "out.sarif").read_text())
    assert len(log["runs"][0]["results"]) == 2


def test_a_fork_uploads_nothing(run: Run, pull: dict[str, Any]) -> None:
    pull["pull_request"]["head"]["repo"]["fork"] = True
    assert run(pull, upload_sarif="true").uploaded is None


WRONG = {
    "a configuration with an error": ({"config": "pkg/impl.py"}, "::error title=ssot::ssot scan: pkg/impl.py:1:"),
    "an unknown base": ({"base": "nowhere"}, "::error title=ssot::cannot fetch the base nowhere: check out with"),
    "an option as base": ({"base": "--upload-pack=x"}, "::error title=ssot::base must be a commit or a branch"),
    "an unknown word": ({"fail": "sometimes"}, "::error title=ssot::fail must be new, any or never, not sometimes"),
    "an absent path": ({"paths": "nowhere"}, "::error title=ssot::ssot scan: nowhere: no such file or directory"),
}


@pytest.mark.parametrize(("inputs", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_fails_and_is_told(run: Run, pull: dict[str, Any], inputs: dict[str, str], words: str) -> None:
    done = run(pull, **inputs)
    assert done.status == 2
    assert words in done.log


def test_unrelated_histories_are_told(run: Run, pull: dict[str, Any], origin: Path) -> None:
    git(origin, "checkout", "-q", "--orphan", "other")
    git(origin, "commit", "-qm", "other")
    done = run(pull, base="other")
    assert done.status == 2
    assert "::error title=ssot::HEAD and the base other have no common commit" in done.log


def test_a_package_of_the_name_bot_is_not_the_action_s(run: Run, pull: dict[str, Any], origin: Path) -> None:
    git(origin, "checkout", "-q", "refs/pull/1/merge")
    (origin / "bot").mkdir()
    (origin / "bot" / "__init__.py").write_text("raise SystemExit('the wrong one')\n")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "bot")
    git(origin, "update-ref", "refs/pull/1/merge", "HEAD")
    assert run(pull).outputs["usages"] == "2"


def test_everything_is_pinned_and_no_expression_stands_in_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+(/[\w-]+)*@[0-9a-f]{40}", step["uses"])
    [install] = (step["run"] for step in ACTION["runs"]["steps"] if step.get("name") == "Install")
    assert install.count("pip install") == 1
    assert '--require-hashes -r "$ACTION/requirements.txt"' in install
