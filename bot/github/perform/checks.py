"""Check runs.  https://docs.github.com/en/rest/checks/runs."""

from collections.abc import Sequence
from typing import Any

from bot.domain.effects import Annotation, CheckRun
from bot.github import operations as ops
from bot.github.client import GitHub

ANNOTATIONS = 50
"""In one request; those of further requests are appended."""


async def create_check_run(gh: GitHub, run: CheckRun) -> int:
    """Create a check run and return its id.

    The first 50 annotations go with it; for the rest it is updated.  If that fails the run exists already:
    it is found again by its ``external_id``.
    """
    body = {**_body(run, run.annotations[:ANNOTATIONS]), "head_sha": run.head_sha}
    created = await gh.call(ops.CREATE_CHECK_RUN, run.repo, lambda data: int(data["id"]), body=body)
    for first in range(ANNOTATIONS, len(run.annotations), ANNOTATIONS):
        await _annotate(gh, run, created, run.annotations[first : first + ANNOTATIONS])
    return created


async def _annotate(gh: GitHub, run: CheckRun, run_id: int, annotations: Sequence[Annotation]) -> None:
    body = {"output": _output(run, annotations)}
    await gh.call(ops.UPDATE_CHECK_RUN, run.repo, lambda data: int(data["id"]), body=body, check_run_id=run_id)


def _body(run: CheckRun, annotations: Sequence[Annotation]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": run.name,
        "status": run.status,
        "output": _output(run, annotations),
        "actions": [
            {"label": action.label, "description": action.description, "identifier": action.identifier}
            for action in run.actions
        ],
    }
    optional = {"conclusion": run.conclusion, "external_id": run.external_id or None, "details_url": run.details_url}
    return body | {name: value for name, value in optional.items() if value is not None}


def _output(run: CheckRun, annotations: Sequence[Annotation]) -> dict[str, Any]:
    text = {} if run.text is None else {"text": run.text}
    return {
        "title": run.title,
        "summary": run.summary,
        "annotations": [_annotation(annotation) for annotation in annotations],
        **text,
    }


def _annotation(annotation: Annotation) -> dict[str, Any]:
    required = {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": str(annotation.level),
        "message": annotation.message,
    }
    optional = {
        "title": annotation.title,
        "start_column": annotation.start_column,
        "end_column": annotation.end_column,
    }
    return required | {name: value for name, value in optional.items() if value is not None}
