"""Check runs.  https://docs.github.com/rest/checks/runs"""

from datetime import datetime
from typing import Any

from bot.sandbox import pulling
from bot.sandbox.errors import ApiError, invalid, malformed, not_found
from bot.sandbox.model import CheckRun
from bot.sandbox.people import User
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes import checks
from bot.sandbox.world import Event, Obj, World

router = Router()
MAX_ANNOTATIONS = 50
"""In one request; a later update appends."""
MAX_ACTIONS = 3
ACTION_LIMITS = {"label": 20, "description": 40, "identifier": 20}
MAX_TEXT = 65_535
"""Characters of ``summary`` and of ``text``."""
STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
LEVELS = ("notice", "warning", "failure")


@router.route("POST", "/repos/{owner}/{repo}/check-runs", "checks:write")
async def create_check_run(call: Call) -> Answer:
    sha, name = call.take("head_sha", str), call.take("name", str)
    if await call.repo.git.store.commit(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    validate(call.body)
    now = call.world.now()
    run = CheckRun(
        id=call.world.next_id(), suite=pulling.suite_for(call.world, call.repo, sha, _branch(call, sha)), name=name,
        head_sha=sha, status="queued", conclusion=None, external_id="", details_url=None, started_at=now,
        completed_at=None,
    )  # fmt: skip
    call.repo.check_runs[run.id] = run
    _change(call.world, run, call.body)
    tell(call.world, run, "created")
    if run.status == "completed":
        tell(call.world, run, "completed")
    return Answer(status=201, body=checks.check_run(run, call.url))


def _branch(call: Call, sha: str) -> str | None:
    heads = (name for name, at in call.repo.git.refs.items() if at == sha and name.startswith("refs/heads/"))
    return next((name.removeprefix("refs/heads/") for name in heads), None)


@router.route("PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:write")
async def update_check_run(call: Call) -> Answer:
    run = run_of(call)
    validate(call.body)
    before = run.status
    _change(call.world, run, call.body)
    if run.status == "completed" and before != "completed":
        tell(call.world, run, "completed")
    return Answer(body=checks.check_run(run, call.url))


def validate(body: Obj) -> None:
    """Raise the 422 that the body of a creation or update deserves."""
    if body.get("status", "queued") not in STATUSES:
        raise invalid("CheckRun", "status", code="invalid")
    conclusion = body.get("conclusion")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid("CheckRun", "conclusion", code="invalid")
    if body.get("status") == "completed" and conclusion is None:
        raise malformed('"conclusion" is required when the status is "completed".')
    _validate_output(body.get("output"))
    _validate_actions(body.get("actions") or [])


def _validate_output(output: Any) -> None:  # noqa: ANN401 - what the client sent
    if output is None:
        return
    if not isinstance(output, dict) or not isinstance(output.get("summary"), str):
        raise malformed('"summary" wasn\'t supplied.')
    for field in ("summary", "text"):
        if len(output.get(field) or "") > MAX_TEXT:
            raise invalid("CheckRun", field, f"{field} exceeds a maximum of {MAX_TEXT} characters")
    annotations = output.get("annotations") or []
    if len(annotations) > MAX_ANNOTATIONS:
        raise malformed(f'No more than {MAX_ANNOTATIONS} items are allowed in "annotations".')
    for each in annotations:
        _validate_annotation(each)


def _validate_annotation(each: Obj) -> None:
    for field, kind in (("path", str), ("start_line", int), ("end_line", int), ("message", str)):
        if not isinstance(each.get(field), kind):
            raise malformed(f'"{field}" wasn\'t supplied.')
    if each.get("annotation_level") not in LEVELS:
        raise invalid("CheckRun", "annotation_level", code="invalid")
    if each["end_line"] < each["start_line"]:
        raise invalid("CheckRun", "end_line", "end_line must not be before start_line", code="invalid")
    columns = "start_column" in each or "end_column" in each
    if columns and each["start_line"] != each["end_line"]:
        raise invalid("CheckRun", "start_column", "columns need an annotation of one line", code="invalid")


def _validate_actions(actions: list[Obj]) -> None:
    if len(actions) > MAX_ACTIONS:
        raise malformed(f'No more than {MAX_ACTIONS} items are allowed in "actions".')
    for each in actions:
        for field, limit in ACTION_LIMITS.items():
            if not isinstance(each.get(field), str):
                raise malformed(f'"{field}" wasn\'t supplied.')
            if len(each[field]) > limit:
                raise invalid("CheckRun", f"actions.{field}", f"{field} exceeds a maximum of {limit} characters")


def _change(world: World, run: CheckRun, body: Obj) -> None:
    for field in ("name", "details_url", "external_id", "status", "conclusion"):
        if body.get(field) is not None:
            setattr(run, field, body[field])
    if "actions" in body:
        run.actions = [dict(each) for each in body["actions"]]
    if run.conclusion is not None:
        run.status = "completed"
    if run.status == "completed":
        given = body.get("completed_at")
        run.completed_at = datetime.fromisoformat(given) if given else run.completed_at or world.now()
    elif body.get("status") is not None:
        run.conclusion = run.completed_at = None
    if body.get("started_at"):
        run.started_at = datetime.fromisoformat(body["started_at"])
    if output := body.get("output"):
        for field in ("title", "summary", "text"):
            if field in output:
                setattr(run, field, output[field])
        run.annotations += [dict(each) for each in output.get("annotations") or []]
    run.suite.updated_at = world.now()
    run.suite.reset = False


def tell(world: World, run: CheckRun, action: str, *, sender: User | None = None, **fields: object) -> None:
    """Emit ``check_run``; its sender is the App's bot unless a person pressed a button."""
    body: Obj = {"check_run": checks.check_run_event(run, world.url), **fields}
    world.emit(Event(name="check_run", action=action, sender=sender or world.app.bot, repo=run.repo, fields=body))


def rerequest(world: World, run: CheckRun, sender: User) -> None:
    """Somebody asks for this run again: its suite waits, it stays as it is, and its App is told."""
    run.suite.reset = True
    tell(world, run, "rerequested", sender=sender)


@router.route("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:read")
async def get_check_run(call: Call) -> Answer:
    return Answer(body=checks.check_run(run_of(call), call.url))


@router.route("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", "checks:read")
async def list_annotations(call: Call) -> Answer:
    run = run_of(call)
    return call.page(run.annotations, lambda each: checks.annotation(each, run, call.url))


@router.route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "checks:read")
async def list_for_ref(call: Call) -> Answer:
    """By ``check_name``, ``status``, ``app_id``; ``filter=latest`` (the default): of each suite's names the newest."""
    sha = await call.repo.git.resolve(call.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['ref']}")
    found = [run for run in call.repo.check_runs.values() if run.head_sha == sha and call.there(run)]
    if name := call.query.get("check_name"):
        found = [run for run in found if run.name == name]
    if status := call.query.get("status"):
        found = [run for run in found if run.status == status]
    if app := call.query.get("app_id"):
        found = [run for run in found if str(run.suite.app.id) == app]
    if call.query.get("filter", "latest") == "latest":
        found = list({(run.suite.id, run.name): run for run in found}.values())
    return call.page(found[::-1], lambda run: checks.check_run(run, call.url), wrap="check_runs")


def run_of(call: Call) -> CheckRun:
    found = call.repo.check_runs.get(call.number("check_run_id"))
    if found is None:
        raise not_found()
    return found
