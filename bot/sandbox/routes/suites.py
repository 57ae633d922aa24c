"""Check suites, and asking for checks again.  https://docs.github.com/rest/checks/suites"""

from bot.sandbox import pulling
from bot.sandbox.errors import ApiError, forbidden, not_found
from bot.sandbox.model import CheckSuite
from bot.sandbox.routes.checks import rerequest, run_of
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes import checks, commits, repositories
from bot.sandbox.world import Obj

router = Router()


@router.route("GET", "/repos/{owner}/{repo}/check-suites/{check_suite_id}", "checks:read")
async def get_suite(call: Call) -> Answer:
    return Answer(body=await _shown(call, _suite(call)))


@router.route("GET", "/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs", "checks:read")
async def list_for_suite(call: Call) -> Answer:
    """``filter=latest`` (the default): the newest run of each name."""
    suite = _suite(call)
    runs = [run for run in call.repo.check_runs.values() if run.suite is suite]
    if call.query.get("filter", "latest") == "latest":
        runs = list({run.name: run for run in runs}.values())
    return call.page(runs[::-1], lambda run: checks.check_run(run, call.url), wrap="check_runs")


@router.route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-suites", "checks:read")
async def list_for_ref(call: Call) -> Answer:
    """By ``app_id`` and ``check_name``."""
    sha = await call.repo.git.resolve(call.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['ref']}")
    found = [suite for suite in _all(call) if suite.head_sha == sha]
    if app := call.query.get("app_id"):
        found = [suite for suite in found if str(suite.app.id) == app]
    if name := call.query.get("check_name"):
        named = {run.suite.id for run in call.repo.check_runs.values() if run.name == name}
        found = [suite for suite in found if suite.id in named]
    listed = call.page(found, lambda suite: suite, wrap="check_suites")
    shown = [await _shown(call, suite) for suite in listed.body["check_suites"]]
    return Answer(body={**listed.body, "check_suites": shown}, headers=listed.headers)


@router.route("POST", "/repos/{owner}/{repo}/check-suites/{check_suite_id}/rerequest", "checks:write")
async def rerequest_suite(call: Call) -> Answer:
    """https://docs.github.com/rest/checks/suites#rerequest-a-check-suite"""
    suite = _suite(call)
    _require_its_own(call, suite)
    await pulling.rerequest_suite(call.world, suite, call.actor.user)
    return Answer(status=201, body={})


@router.route("POST", "/repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest", "checks:write")
async def rerequest_run(call: Call) -> Answer:
    """The suite waits again; the run is not changed.  https://docs.github.com/rest/checks/runs#rerequest-a-check-run"""
    run = run_of(call)
    _require_its_own(call, run.suite)
    rerequest(call.world, run, call.actor.user)
    return Answer(status=201, body={})


def _require_its_own(call: Call, suite: CheckSuite) -> None:
    if call.actor.app is not suite.app:
        raise forbidden()


def _all(call: Call) -> list[CheckSuite]:
    """Those of other Apps are known by their runs."""
    suites = [*call.repo.suites, *(run.suite for run in call.repo.check_runs.values())]
    return list({suite.id: suite for suite in suites}.values())


def _suite(call: Call) -> CheckSuite:
    number = call.number("check_suite_id")
    for suite in _all(call):
        if suite.id == number and call.there(suite):
            return suite
    raise not_found()


async def _shown(call: Call, suite: CheckSuite) -> Obj:
    head = commits.head_commit(await call.repo.git.commit(suite.head_sha))
    return checks.check_suite(suite, call.url) | {
        "head_commit": head,
        "repository": repositories.repository(call.repo, call.url),
        "rerequestable": True,
        "runs_rerequestable": True,
    }
