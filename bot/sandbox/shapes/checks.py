"""Check runs and check suites."""

from urllib.parse import quote

from bot.sandbox.model import CheckRun, CheckSuite, PullRequest
from bot.sandbox.shapes import accounts, stamp, stamp_or_none
from bot.sandbox.shapes.pulls import pull_request_minimal
from bot.sandbox.shapes.repositories import api, page
from bot.sandbox.world import Obj


def of_head(suite: CheckSuite) -> list[PullRequest]:
    """The open pull requests of this very repository whose head is the suite's; those of forks are not listed."""
    repo = suite.repo
    return [
        pull
        for pull in repo.pulls
        if pull.issue.state == "open" and pull.head_sha == suite.head_sha and pull.head_repo is repo
    ]


def check_run(of: CheckRun, url: str) -> Obj:
    me = f"{api(of.repo, url)}/check-runs/{of.id}"
    site = f"{page(of.repo, url)}/runs/{of.id}"
    return {
        "id": of.id,
        "name": of.name,
        "node_id": f"CR_{of.id}",
        "head_sha": of.head_sha,
        "external_id": of.external_id,
        "url": me,
        "html_url": site,
        "details_url": of.details_url or site,
        "status": of.status,
        "conclusion": of.conclusion,
        "started_at": stamp(of.started_at),
        "completed_at": stamp_or_none(of.completed_at),
        "output": {
            "title": of.title,
            "summary": of.summary,
            "text": of.text,
            "annotations_count": len(of.annotations),
            "annotations_url": f"{me}/annotations",
        },
        "check_suite": {"id": of.suite.id},
        "app": accounts.app(of.suite.app, url),
        "pull_requests": [pull_request_minimal(pull, url) for pull in of_head(of.suite)],
    }


def check_run_event(of: CheckRun, url: str) -> Obj:
    """The ``check_run`` of a webhook, which holds its suite."""
    suite = check_suite(of.suite, url)
    inside = {key: value for key, value in suite.items() if key not in ("latest_check_runs_count", "check_runs_url")}
    return {**check_run(of, url), "check_suite": inside}


def check_suite(of: CheckSuite, url: str) -> Obj:
    runs = [run for run in of.repo.check_runs.values() if run.suite is of]
    done = not of.reset and bool(runs) and all(run.status == "completed" for run in runs)
    failed = any(run.conclusion not in ("success", "neutral", "skipped") for run in runs)
    me = f"{api(of.repo, url)}/check-suites/{of.id}"
    return {
        "id": of.id,
        "node_id": f"CS_{of.id}",
        "head_branch": of.head_branch,
        "head_sha": of.head_sha,
        "status": "completed" if done else "queued",
        "conclusion": None if not done else "failure" if failed else "success",
        "url": me,
        "before": of.before,
        "after": of.head_sha,
        "pull_requests": [pull_request_minimal(pull, url) for pull in of_head(of)],
        "app": accounts.app(of.app, url),
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{me}/check-runs",
    }


def annotation(of: Obj, run: CheckRun, url: str) -> Obj:
    """check-annotation.  Columns and texts that were not given are null."""
    optional = {key: of.get(key) for key in ("start_column", "end_column", "title", "raw_details")}
    return {
        "path": of["path"],
        "blob_href": f"{page(run.repo, url)}/blob/{run.head_sha}/{quote(of['path'])}",
        "start_line": of["start_line"],
        "end_line": of["end_line"],
        **optional,
        "annotation_level": of["annotation_level"],
        "message": of["message"],
    }
