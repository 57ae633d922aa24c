"""Our own workflows and image: pinned, without rights that they do not need, and not root (case 66)."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_more_rights_than_it_needs(path: Path) -> None:
    workflow = YAML(typ="safe").load(path.read_text())
    assert workflow["permissions"] == {}
    triggers = workflow[True] if True in workflow else workflow["on"]  # YAML 1.1 reads "on" as true
    assert "pull_request_target" not in triggers
    for job in workflow["jobs"].values():
        assert set(job.get("permissions", {}).values()) <= {"read"}
        assert job["timeout-minutes"] <= 60


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_nothing_from_outside_is_executed(path: Path) -> None:
    text = path.read_text()
    used = re.findall(r"uses: *(\S+)", text)
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in used)
    assert len(re.findall(r"persist-credentials: false", text)) == sum("actions/checkout@" in each for each in used)
    for line in re.findall(r"run: *(.+)", text):
        assert "${{" not in line, "an expression in a script is a way in"


def test_the_image_is_not_root_and_installs_what_was_locked() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001$", final, re.MULTILINE)
    assert "--require-hashes -r requirements.txt" in text
    assert not re.search(r"^(ADD|COPY) \. ", text, re.MULTILINE), "only what is named goes in"
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")
