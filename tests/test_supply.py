"""Our own workflows and image: pinned, without rights that they do not need, and not root (case 66)."""

import os
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot import __version__

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


WRITES = {
    "release.yml pypi": {"attestations", "id-token"},
    "release.yml image": {"attestations", "id-token", "packages"},
    "release.yml release": {"contents"},
}
"""The jobs that may write, and what: each as the pages of the actions that it uses say.  They run for tags alone."""


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_more_rights_than_it_needs(path: Path) -> None:
    workflow = YAML(typ="safe").load(path.read_text())
    assert workflow["permissions"] == {}
    triggers = workflow[True] if True in workflow else workflow["on"]  # YAML 1.1 reads "on" as true
    assert "pull_request_target" not in triggers
    for name, job in workflow["jobs"].items():
        rights = job.get("permissions", {})
        assert set(rights.values()) <= {"read", "write"}
        assert {each for each, access in rights.items() if access == "write"} == WRITES.get(
            f"{path.name} {name}", set()
        )
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


def test_a_release_is_made_of_a_tag_that_is_the_version_and_has_attestations() -> None:
    workflow = YAML(typ="safe").load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    triggers = workflow[True] if True in workflow else workflow["on"]
    assert triggers == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}
    steps = {name: job["steps"] for name, job in workflow["jobs"].items()}
    check = next(step["run"] for step in steps["dist"] if step.get("name", "").startswith("Is the tag"))
    for tag, code in ((f"v{__version__}", 0), ("v99.0.0", 1), (__version__, 1)):
        done = subprocess.run(["bash", "-ec", check], cwd=ROOT, env={**os.environ, "GITHUB_REF_NAME": tag}, check=False)
        assert done.returncode == code, tag
    for job in ("pypi", "image"):
        assert sum("attest-build-provenance" in step.get("uses", "") for step in steps[job]) == 1
    assert workflow["jobs"]["release"]["needs"] == ["pypi", "image"]
    assert any(step.get("run") == "make dist" for step in steps["dist"])


def test_the_image_is_not_root_and_installs_what_was_locked() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001$", final, re.MULTILINE)
    assert "--require-hashes -r requirements.txt" in text
    assert not re.search(r"^(ADD|COPY) \. ", text, re.MULTILINE), "only what is named goes in"
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def stages() -> list[str]:
    """The Dockerfile's stages, each from the name of its base on."""
    text = re.sub(r"^#.*\n", "", (ROOT / "deploy" / "Dockerfile").read_text(), flags=re.MULTILINE)
    return text.replace("\\\n", " ").split("FROM ")[1:]


def test_the_base_image_is_named_by_its_digest() -> None:
    bases = [re.match(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}(?= AS build\n|\n)", stage) for stage in stages()]
    assert len(bases) == 2
    assert len({base and base[0] for base in bases}) == 1
    assert all(bases)


def test_nothing_is_installed_or_built_as_root() -> None:
    for stage in stages():
        as_root, user, _ = stage.partition("\nUSER 10001\n")
        assert user
        assert "pip" not in as_root
        assert "COPY bot" not in as_root
    assert "--chown" not in stages()[1], "the server cannot write to its own code"


def test_all_that_is_downloaded_for_the_image_has_a_hash() -> None:
    for install in re.findall(r"pip install ([^&\n]+)", stages()[0]):
        assert "--require-hashes -r requirements" in install or "--no-deps /tmp/wheels/" in install
    wheel = re.findall(r"pip wheel ([^&\n]+)", stages()[0])
    assert all("--no-build-isolation" in each and "--no-deps" in each for each in wheel)
    assert "!requirements-build.txt\n" in (ROOT / ".dockerignore").read_text()


def test_the_build_requirements_are_those_of_development_with_all_that_they_need() -> None:
    locked = re.findall(r"^([\w.-]+==\S+) \\$", (ROOT / "requirements-build.txt").read_text(), re.MULTILINE)
    development = (ROOT / "requirements-dev.txt").read_text()
    assert all(f"{each} \\\n" in development for each in locked)
    names = {each.partition("==")[0] for each in locked}
    needed = {re.split(r"[^\w.-]", each)[0] for each in metadata.requires("hatchling") or ()}
    assert needed - {"tomli"} | {"hatchling"} <= names, "tomli is for Pythons before 3.11"
