"""Check runs.  https://docs.github.com/en/rest/checks/runs."""

from typing import Any

from bot.domain.facts import CheckRunFact
from bot.domain.references import RepoRef, Sha
from bot.github import operations as ops
from bot.github.begun import may_be_begun
from bot.github.client import GitHub


@may_be_begun
async def check_runs(gh: GitHub, repo: RepoRef, sha: Sha, *, name: str | None = None) -> tuple[CheckRunFact, ...]:
    """The App's own check runs on a commit, newest first; with ``name``, only those of that name."""
    query: dict[str, str | int] = {"app_id": gh.app_id, "filter": "all", **({"check_name": name} if name else {})}
    pages = gh.pages(ops.LIST_CHECK_RUNS, repo, _check_run, query=query, ref=sha)
    runs = [run async for run in pages if run.app_id == gh.app_id]
    return tuple(sorted(runs, key=lambda run: run.id, reverse=True))


def _check_run(data: Any) -> CheckRunFact:
    app, output = data["app"], data["output"]
    return CheckRunFact(
        id=int(data["id"]),
        name=str(data["name"]),
        head_sha=Sha(str(data["head_sha"])),
        status=str(data["status"]),
        conclusion=data["conclusion"],
        external_id=str(data["external_id"] or ""),
        app_id=None if app is None else int(app["id"]),
        title=output["title"],
        summary=output["summary"],
    )
