"""The part of ``ssot demo`` about a pull request that edits the configuration."""

from typing import TYPE_CHECKING

from bot.identity.checks import CHECK_NAME, PREVIEW_NAME

if TYPE_CHECKING:
    from bot.cli.demo import Stage, Story
    from bot.sandbox.model import CheckRun

_FILE = ".github/ssot.yml"
_WRONG = b"""version: 1
migrations:
  websocket-manager-factory:
    extends: websocket-manager-factory
    mode: block
"""
_RIGHT = (
    _WRONG.replace(b"mode: block\n", b"mode: removed\n")
    + b"""  stray-warnings:
    deprecated: [warnings.warn]
    message: Use the service's own log.
    mode: warn
"""
)


async def edit_the_configuration(story: "Story", stage: "Stage") -> None:
    """An invalid configuration, its correction, and the preview of what that would find."""
    story.step(
        "A pull request edits the configuration",
        """Ann adds .github/ssot.yml, with a typing error. The check fails, with an annotation at the line and column.
        She corrects it. A second check run then shows what this configuration would find, beside what is found now.
        It blocks nothing, and nothing is applied before the merge.""",
    )
    ann = stage.github.user("ann")
    pull = await stage.repo.open_pull_request({_FILE: _WRONG}, by=ann, title="Configure the migration")
    await stage.settled()
    check = _newest(stage, CHECK_NAME)
    story.quote(f"{check.conclusion}: {check.title}", f"the check run {check.name}")
    for note in check.annotations:
        story.quote(note["message"], f"{note['path']}, line {note['start_line']}, column {note['start_column']}")
    places = [(note["path"], note["start_line"]) for note in check.annotations]
    story.check("the error is annotated where it is", check.conclusion == "failure" and places == [(_FILE, 5)])
    await pull.push({_FILE: _RIGHT})
    await stage.settled()
    check, preview = _newest(stage, CHECK_NAME), _newest(stage, PREVIEW_NAME)
    story.quote(f"{preview.title}\n\n{preview.summary}", f"the check run {preview.name}")
    story.check("the corrected configuration passes", check.conclusion == "success")
    story.check("its preview is on the same commit", preview.head_sha == check.head_sha == pull.head_sha)
    await pull.close()
    await stage.settled()


def _newest(stage: "Stage", name: str) -> "CheckRun":
    return [run for run in stage.repo.check_runs if run.name == name][-1]
