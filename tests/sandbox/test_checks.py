"""Check runs: limits, appended annotations, listing, buttons."""

from typing import Any

import aiohttp
import pytest

from bot.sandbox import Repo, Sandbox
from tests.sandbox.conftest import Caller

ACTION = {"label": "Fix", "description": "Apply", "identifier": "fix"}


def annotations(count: int, **changes: object) -> list[dict[str, object]]:
    one = {"path": "src/a.py", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}
    return [{**one, **changes} for _ in range(count)]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param({}, 201, id="the least"),
        pytest.param({"actions": [ACTION] * 3}, 201, id="three actions"),
        pytest.param({"actions": [ACTION] * 4}, 422, id="four actions"),
        pytest.param({"actions": [ACTION | {"label": "x" * 20}]}, 201, id="label of 20"),
        pytest.param({"actions": [ACTION | {"label": "x" * 21}]}, 422, id="label of 21"),
        pytest.param({"actions": [ACTION | {"description": "x" * 41}]}, 422, id="description of 41"),
        pytest.param({"actions": [ACTION | {"identifier": "x" * 21}]}, 422, id="identifier of 21"),
        pytest.param({"output": {"title": "t", "summary": "s", "annotations": annotations(50)}}, 201, id="50"),
        pytest.param({"output": {"title": "t", "summary": "s", "annotations": annotations(51)}}, 422, id="51"),
        pytest.param({"output": {"title": "t"}}, 422, id="no summary"),
        pytest.param({"output": {"title": "t", "summary": "x" * 65_536}}, 422, id="a long summary"),
        pytest.param(
            {"output": {"title": "t", "summary": "s", "annotations": annotations(1, start_line=2)}}, 422, id="backward"
        ),
        pytest.param(
            {"output": {"title": "t", "summary": "s", "annotations": annotations(1, end_line=2, start_column=1)}},
            422,
            id="columns over lines",
        ),
        pytest.param({"status": "done"}, 422, id="no such status"),
        pytest.param({"status": "completed"}, 422, id="completed without conclusion"),
        pytest.param({"conclusion": "great"}, 422, id="no such conclusion"),
        pytest.param({"head_sha": "1" * 40}, 422, id="no such commit"),
    ],
)
async def test_what_a_check_run_may_be(plain_repo: Repo, plain_bot: Caller, asked: dict[str, Any], status: int) -> None:
    made = await plain_bot("POST", "./check-runs", {"name": "ssot", "head_sha": plain_repo.branch().sha, **asked})
    assert made.status == status
    assert len(plain_repo.check_runs) == (status == 201)


async def test_only_an_app_makes_check_runs(plain: Sandbox, plain_repo: Repo, session: aiohttp.ClientSession) -> None:
    admin = Caller(session, plain, plain.user("ann", "admin").token)
    made = await admin("POST", "./check-runs", {"name": "ssot", "head_sha": plain_repo.branch().sha})
    assert (made.status, made.json["message"]) == (403, "You must authenticate via a GitHub App.")


async def test_annotations_are_appended(github: Sandbox, repo: Repo, bot: Caller) -> None:
    head = repo.branch().sha
    run = (await bot("POST", "./check-runs", {"name": "ssot", "head_sha": head, "external_id": "e1"})).json
    path = f"./check-runs/{run['id']}"
    for _ in range(3):
        await bot("PATCH", path, {"output": {"title": "t", "summary": "s", "annotations": annotations(50)}})
    done = (await bot("PATCH", path, {"status": "completed", "conclusion": "failure", "actions": [ACTION]})).json
    assert (done["output"]["annotations_count"], done["external_id"], done["conclusion"]) == (150, "e1", "failure")
    assert len((await bot("GET", f"{path}/annotations?per_page=100&page=2")).json) == 50
    listed = (await bot("GET", f"./commits/main/check-runs?check_name=ssot&app_id={github.app.id}")).json
    assert (listed["total_count"], listed["check_runs"][0]["id"]) == (1, run["id"])
    assert (await bot("GET", "./commits/main/check-runs?check_name=other")).json["total_count"] == 0
    assert (await bot("GET", "./commits/main/check-runs?app_id=1")).json["total_count"] == 0


async def test_the_newest_of_each_name_is_listed(repo: Repo, bot: Caller) -> None:
    asked = {"name": "ssot", "head_sha": repo.branch().sha}
    first, second = [(await bot("POST", "./check-runs", asked)).json["id"] for _ in range(2)]
    latest = (await bot("GET", "./commits/main/check-runs")).json["check_runs"]
    assert [each["id"] for each in latest] == [second]
    every = (await bot("GET", "./commits/main/check-runs?filter=all")).json["check_runs"]
    assert [each["id"] for each in every] == [second, first]


async def test_buttons_are_told(github: Sandbox, repo: Repo, bot: Caller) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, by=github.user("ann", "write"))
    asked = {
        "name": "ssot", "head_sha": pr.head_sha, "status": "completed", "conclusion": "neutral", "actions": [ACTION],
    }  # fmt: skip
    await bot("POST", "./check-runs", asked)
    [run] = pr.check_runs
    await repo.press(run, "fix", by=github.user("ann"))
    await repo.rerequest(run, by=github.user("ann"))
    pressed, again = github.deliveries[-2:]
    assert (pressed.action, pressed.payload["requested_action"]) == ("requested_action", {"identifier": "fix"})
    assert (again.action, again.payload["sender"]["login"]) == ("rerequested", "ann")
    assert [each["number"] for each in pressed.payload["check_run"]["pull_requests"]] == [pr.number]
    with pytest.raises(ValueError, match="no button"):
        await repo.press(run, "nothing")
