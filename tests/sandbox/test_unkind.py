"""Where the sandbox could be kinder than GitHub: it gives nothing else than was asked for, and lets nothing slip."""

import aiohttp
import pytest

from bot.sandbox import Repo, Sandbox, Symlink
from bot.sandbox.graphql import faults, nodes, parsed
from tests.sandbox.conftest import Caller

RESOLVE = """mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"""
COMMENT = {"path": "src/a.py", "line": 1, "side": "RIGHT", "body": "Look"}


# --- media types and paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        pytest.param("./pulls/1", "application/vnd.github.diff", 406, id="diff"),
        pytest.param("./pulls/1", "application/vnd.github.v3.diff", 406, id="diff of version 3"),
        pytest.param("./commits/main", "application/vnd.github.patch", 406, id="patch"),
        pytest.param("./commits/main", "application/vnd.github.sha", 406, id="sha"),
        pytest.param("./issues/1", "application/vnd.github.full+json", 406, id="full"),
        pytest.param("./issues/1", "application/vnd.github.v3.html+json, application/json", 406, id="html first"),
        pytest.param("./contents/src", "application/vnd.github.object+json", 406, id="object"),
        pytest.param("./pulls/1", "text/html", 415, id="none of GitHub's"),
        pytest.param("./issues/1", "application/vnd.github.raw+json", 200, id="raw text is JSON"),
        pytest.param("./issues/1", "application/vnd.github.squirrel-girl-preview+json", 200, id="a preview"),
        pytest.param("./issues/1", "application/vnd.github+json", 200, id="the usual"),
        pytest.param("./issues/1", "application/json, application/vnd.github.diff", 200, id="JSON first"),
        pytest.param("./issues/1", "*/*", 200, id="any"),
    ],
)
async def test_a_media_type_that_is_not_there(
    plain_repo: Repo, plain_bot: Caller, path: str, accept: str, status: int
) -> None:
    await plain_repo.open_pull_request({"src/a.py": b"x = 2\n"})
    assert (await plain_bot("GET", path, headers={"Accept": accept})).status == status


async def test_only_what_has_raw_content_gives_it(plain_bot: Caller) -> None:
    both = {"Accept": "application/json, application/vnd.github.raw"}
    assert (await plain_bot("GET", "./contents/src/a.py", headers=both)).json["type"] == "file"
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert (await plain_bot("GET", "./contents/src/a.py", headers=raw)).body == b"x = 1\n"


@pytest.mark.parametrize("tail", ["comments", "statuses", "branches-where-head", "nonsense"])
async def test_what_is_not_there_below_a_commit(repo: Repo, bot: Caller, tail: str) -> None:
    """Not even where a branch bears that name."""
    await repo.set_branch("feature/x", repo.branch().sha)
    for ref in ("main", repo.branch().sha, "feature/x", "heads/feature/x"):
        assert (await bot("GET", f"./commits/{ref}/{tail}")).status == 404, ref
    assert (await bot("GET", "./commits/feature/x")).status == 200
    assert (await bot("GET", "./commits/feature/nowhere")).status == 422


async def test_links_are_followed(repo: Repo, bot: Caller) -> None:
    """To files of the repository, not to directories, and not out of it."""
    links = {"a": "src/a.py", "deep/b": "../a", "dir": "src", "out": "../x", "gone": "nowhere", "loop": "loop"}
    await repo.push({path: Symlink(target) for path, target in links.items()})
    kinds = {path: (await bot("GET", f"./contents/{path}")).json["type"] for path in links}
    assert kinds == {"a": "file", "deep/b": "file", **dict.fromkeys(("dir", "out", "gone", "loop"), "symlink")}
    followed = (await bot("GET", "./contents/deep/b")).json
    assert (followed["path"], followed["size"]) == ("deep/b", 6)
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert (await bot("GET", "./contents/deep/b", headers=raw)).body == b"x = 1\n"


# --- tokens --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{}, {"permissions": {}}], ids=["nothing said", "none said"])
async def test_no_permissions_in_a_request_are_all(
    github: Sandbox, repo: Repo, session: aiohttp.ClientSession, asked: dict[str, object]
) -> None:
    path = f"/app/installations/{github.installation(repo).id}/access_tokens"
    made = await Caller(session, github, github.jwt())("POST", path, asked)
    assert (made.status, made.json["permissions"]) == (201, github.app.permissions)


@pytest.mark.parametrize("lenient", [False, True], ids=["both", "pull requests alone"])
async def test_what_it_takes_to_resolve_a_thread(github: Sandbox, repo: Repo, bot: Caller, lenient: bool) -> None:
    if lenient:
        github.resolve_without_contents()
    pull = await repo.open_pull_request({"src/a.py": b"x = 2\n"})
    await bot("POST", f"./pulls/{pull.number}/reviews", {"event": "COMMENT", "body": "b", "comments": [COMMENT]})
    bot.token = github.token(repo, permissions={"pull_requests": "write", "contents": "read"})
    answer = await bot.graphql(RESOLVE, id=f"PRRT_{pull.threads[0].id}")
    assert ("errors" in answer) is not lenient
    assert (pull.threads[0].resolved_by is not None) is lenient


# --- GraphQL -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        "{ a(first: 10) { b(first: $n) { c } } }",
        "{ a(first: 10) { ...More } } fragment More on A { b(first: $n) { c } }",
        "{ ...All } fragment All on Q { a(first: 10) { ...More } } fragment More on A { b(first: $n) { c } }",
        "{ a(first: 10) { ... on A { b(first: $n) { c } } } }",
    ],
    ids=["plain", "fragment", "fragments", "inline"],
)
def test_nodes_are_counted_through_fragments(document: str) -> None:
    assert nodes(document, {"n": 5}) == 60


def test_a_fragment_costs_each_time_and_a_loop_ends() -> None:
    twice = "{ x { ...F } y { ...F } } fragment F on A { b(first: 5) { c } }"
    assert nodes(twice, {}) == 12
    assert nodes("{ x { ...F } } fragment F on A { b { ...F } }", {}) == 2


async def test_a_query_that_takes_too_long(plain: Sandbox, plain_bot: Caller) -> None:
    plain.faults.graphql_timeout()
    answer = await plain_bot("POST", "/graphql", {"query": "{ rateLimit { cost } }"})
    assert (answer.status, answer.json["data"]) == (200, None)
    assert "type" not in answer.json["errors"][0]


# --- pull requests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pending", [False, True], ids=["submitted", "pending"])
async def test_a_refused_review_leaves_one_behind(
    plain: Sandbox, plain_repo: Repo, plain_bot: Caller, pending: bool
) -> None:
    plain.leave_orphan_reviews(pending=pending)
    pull = await plain_repo.open_pull_request({"src/a.py": b"x = 2\n"})
    path = f"./pulls/{pull.number}/reviews"
    wrong = {"event": "COMMENT", "body": "b", "comments": [{**COMMENT, "line": 99}]}
    assert (await plain_bot("POST", path, wrong)).status == 422
    (left,) = (await plain_bot("GET", path)).json
    assert (left["state"], left["body"], pull.threads) == ("PENDING" if pending else "COMMENTED", "b", [])
    again = await plain_bot("POST", path, {"event": "COMMENT", "body": "b"})
    alone = await plain_bot("POST", f"./pulls/{pull.number}/comments", {**COMMENT, "commit_id": pull.head_sha})
    assert [again.status, alone.status] == ([422, 422] if pending else [200, 201])
    if pending:
        assert again.messages == ["User can only have one pending review per pull request"]
        stranger = Caller(plain_bot._session, plain, plain.user("ann", "write").token)
        assert (await stranger("GET", path)).json == []
    deleted = await plain_bot("DELETE", f"{path}/{left['id']}")
    assert deleted.status == (200 if pending else 422)
    assert (await plain_bot("POST", path, {"event": "COMMENT", "body": "b"})).status == 200


async def test_a_merged_base_passes_its_pull_requests_on(github: Sandbox, repo: Repo) -> None:
    """When it is deleted; one that was not merged takes them with it."""
    below = await repo.open_pull_request({"src/b.py": b"b = 1\n"}, head="below")
    await repo.set_branch("aside", below.head_sha)
    above = await repo.open_pull_request({"src/c.py": b"c = 1\n"}, base="below", head="above")
    beside = await repo.open_pull_request({"src/d.py": b"d = 1\n"}, base="aside", head="beside")
    await below.merge()
    await repo.set_branch("below", None)
    await repo.set_branch("aside", None)
    assert (above.state, above.record.base_ref, beside.state) == ("open", "main", "closed")
    told = [each.payload for each in github.deliveries if each.action == "edited"]
    assert [each["changes"]["base"]["ref"]["from"] for each in told] == ["below"]


@pytest.mark.parametrize("old", [False, True], ids=["the branch of now", "that of the last push"])
async def test_where_a_diff_starts(github: Sandbox, repo: Repo, bot: Caller, old: bool) -> None:
    if old:
        github.keep_old_diffs()
    below = await repo.open_pull_request({"src/b.py": b"b = 1\n"}, head="below")
    await repo.push({"src/c.py": b"c = 1\n"}, branch="above", force_from=below.head_sha)
    above = await repo.propose("above", base="main")
    await below.merge()

    async def listed() -> list[str]:
        files = (await bot("GET", f"./pulls/{above.number}/files")).json
        return [each["filename"] for each in files]

    assert await listed() == (["src/b.py", "src/c.py"] if old else ["src/c.py"])
    await above.push({"src/d.py": b"d = 1\n"})
    assert await listed() == ["src/c.py", "src/d.py"]


# --- checks --------------------------------------------------------------------------------------------------------


async def test_a_required_check_stands_in_the_way(github: Sandbox, repo: Repo, bot: Caller) -> None:
    repo.require("main", "ssot", "build")
    pull = await repo.open_pull_request({"src/a.py": b"x = 2\n"})

    async def state() -> str:
        found: str = (await bot("GET", f"./pulls/{pull.number}")).json["mergeable_state"]
        return found

    assert pull.missing_checks == {"ssot": "expected", "build": "expected"}
    with pytest.raises(ValueError, match="2 of 2 required status checks have not succeeded: 2 expected"):
        await pull.merge()
    await repo.set_status("build", "success", sha=pull.head_sha)
    run = {"name": "ssot", "head_sha": pull.head_sha}
    await bot("POST", "./check-runs", {**run, "status": "in_progress"})
    assert (pull.missing_checks, await state()) == ({"ssot": "pending"}, "blocked")
    await bot("POST", "./check-runs", {**run, "conclusion": "failure"})
    with pytest.raises(ValueError, match='Required status check "ssot" is failing'):
        await pull.merge()
    await bot("POST", "./check-runs", {**run, "conclusion": "neutral"})
    assert (pull.missing_checks, await state()) == ({}, "clean")
    await repo.complete_check("lint", "failure", sha=pull.head_sha)
    assert await state() == "unstable"
    await repo.complete_check("ssot", "failure", sha=pull.head_sha, app="another")
    assert pull.missing_checks == {"ssot": "failing"}, "of whichever App"
    repo.require("main", "ssot", app=github.app.id)
    assert pull.missing_checks == {}
    (rule,) = (await bot("GET", "./rules/branches/main")).json
    assert rule["parameters"]["required_status_checks"] == [{"context": "ssot", "integration_id": github.app.id}]
    await pull.merge()


async def test_a_suite_that_waits_again(github: Sandbox, repo: Repo, bot: Caller) -> None:
    """Whether all of it was asked for again or one run; the runs stay, and a new one ends the wait."""
    head = repo.branch().sha
    run = (await bot("POST", "./check-runs", {"name": "ssot", "head_sha": head, "conclusion": "success"})).json
    suite = f"./check-suites/{run['check_suite']['id']}"

    async def shown() -> tuple[str, str | None]:
        found = (await bot("GET", suite)).json
        return found["status"], found["conclusion"]

    assert await shown() == ("completed", "success")
    for asked, event in ((f"{suite}/rerequest", "check_suite"), (f"./check-runs/{run['id']}/rerequest", "check_run")):
        assert (await bot("POST", asked)).status == 201
        assert await shown() == ("queued", None)
        assert (await bot("GET", f"./check-runs/{run['id']}")).json["conclusion"] == "success"
        assert (github.deliveries[-1].event, github.deliveries[-1].action) == (event, "rerequested")
        await bot("POST", "./check-runs", {"name": "ssot", "head_sha": head, "conclusion": "failure"})
        assert (await shown())[0] == "completed"
    latest = (await bot("GET", f"{suite}/check-runs")).json["check_runs"]
    assert [each["conclusion"] for each in latest] == ["failure"]


async def test_only_its_own_suite_may_be_asked_for_again(repo: Repo, bot: Caller) -> None:
    await repo.complete_check("build", "success")
    await repo.complete_check("build", "failure", app="another")
    await bot("POST", "./check-runs", {"name": "build", "head_sha": repo.branch().sha, "conclusion": "success"})
    latest = (await bot("GET", "./commits/main/check-runs?check_name=build")).json
    assert latest["total_count"] == 3, "the newest of each suite, whichever App's it is"
    suites = (await bot("GET", "./commits/main/check-suites")).json["check_suites"]
    statuses = [(await bot("POST", f"./check-suites/{each['id']}/rerequest")).status for each in suites]
    assert sorted(statuses) == [201, 403, 403]


async def test_the_refusal_of_a_diff(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    plain.faults.diff_too_long()
    pull = await plain_repo.open_pull_request({"src/a.py": b"x = 2\n"})
    answer = await plain_bot("GET", f"./pulls/{pull.number}/files")
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "not_available")


async def test_a_document_is_parsed_and_checked_once(bot: Caller) -> None:
    query = 'query($n: Int!) { repository(owner: "acme", name: "app") { pullRequest(number: $n) { number } } }'
    before = parsed.cache_info().misses, faults.cache_info().misses
    for number in (1, 2, 3):
        await bot.graphql(query, n=number)
    assert (parsed.cache_info().misses, faults.cache_info().misses) == (before[0] + 1, before[1] + 1)
