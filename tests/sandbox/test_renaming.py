"""Names change, ids do not: what the sandbox answers under former names and under ids, and what it tells."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.sandbox import Repo, Sandbox
from tests.sandbox.conftest import Caller


def told(github: Sandbox) -> list[tuple[str, str | None]]:
    return [(each.event, each.action) for each in github.deliveries]


async def test_a_former_name_leads_to_the_permanent_id(repo: Repo, bot: Caller) -> None:
    issue = await repo.open_issue("T")
    repo.rename("renamed")
    moved = await bot("GET", f"./issues/{issue.number}/comments?per_page=5")
    path = f"/repositories/{repo.id}/issues/{issue.number}/comments?per_page=5"
    assert (moved.status, moved.headers["location"]) == (301, bot._github.url + path)
    assert moved.json["url"] == moved.headers["location"]
    assert (await bot("GET", path)).json == []
    written = await bot("POST", f"./issues/{issue.number}/comments", {"body": "x"})
    assert (written.status, written.json["message"]) == (307, "Temporary Redirect")
    there = urlsplit(written.headers["location"]).path
    assert (await bot("POST", there, {"body": "x"})).status == 201
    assert (await bot("GET", f"/repositories/{repo.id}")).json["full_name"] == "acme/renamed"
    assert (await bot("GET", f"/repositories/{repo.id + 100_000}")).status == 404


async def test_who_may_not_see_a_repository_does_not_learn_its_id(github: Sandbox, repo: Repo, session: object) -> None:
    repo.rename("renamed")
    stranger = Caller(session, github, github.user("stranger").token)  # type: ignore[arg-type]
    assert (await stranger("GET", "./issues")).status == 404


async def test_a_former_name_that_is_taken_is_the_new_repositorys(github: Sandbox, repo: Repo, bot: Caller) -> None:
    repo.rename("renamed")
    taken = await github.repo("acme/app", {"b.py": b""})
    assert (await bot("GET", "./issues")).status == 200, "of the other one"
    assert (await bot("GET", "/repos/acme/app")).json["id"] == taken.id
    assert (await bot("GET", f"/repositories/{repo.id}")).json["name"] == "renamed"
    with pytest.raises(ValueError, match="acme/app exists"):
        repo.rename("app")


async def test_pages_are_linked_by_id(repo: Repo, bot: Caller) -> None:
    for n in range(3):
        await repo.open_issue(f"T{n}")
    listed = await bot("GET", "./issues?per_page=1")
    assert f"/repositories/{repo.id}/issues?per_page=1&page=2>" in listed.headers["link"]
    assert len((await bot("GET", f"/repositories/{repo.id}/issues?per_page=1&page=3")).json) == 1


async def test_a_transfer_changes_the_owner_and_the_installation(github: Sandbox, repo: Repo, bot: Caller) -> None:
    there = github.install("other", None)
    repo.transfer("other")
    assert told(github)[-1] == ("repository", "transferred")
    last = github.deliveries[-1]
    assert (last.installation_id, last.payload["repository"]["full_name"]) == (there.id, "other/app")
    assert last.payload["changes"]["owner"]["from"]["organization"]["login"] == "acme"
    assert (await bot("GET", f"/repositories/{repo.id}")).status == 404, "the former installation has it no more"
    moved = Caller(bot._session, github, github.token(repo))
    assert (await moved("GET", "/repos/acme/app")).status == 301


async def test_an_owner_that_is_renamed_takes_its_repositories_along(github: Sandbox, repo: Repo, bot: Caller) -> None:
    github.rename_owner("acme", "apex")
    assert (repo.full_name, told(github)[-1]) == ("apex/app", ("installation_target", "renamed"))
    payload = github.deliveries[-1].payload
    assert (payload["changes"], payload["account"]["login"]) == ({"login": {"from": "acme"}}, "apex")
    assert (await bot("GET", "/repos/acme/app")).status == 301
    assert (await bot("GET", "/repos/apex/app")).json["owner"]["login"] == "apex"
    github.world.account("acme")
    with pytest.raises(ValueError, match="acme exists"):
        github.rename_owner("apex", "acme")
    github.world.tells_renamed_accounts = False
    github.rename_owner("apex", "apogee")
    assert told(github).count(("installation_target", "renamed")) == 1


async def test_a_role_stays_with_the_person(github: Sandbox, repo: Repo, bot: Caller) -> None:
    ann = github.user("ann")
    repo.set_role(ann, "write")
    github.rename_user(ann, "anna")
    github.user("ann")
    roles = [(await bot("GET", f"./collaborators/{who}/permission")).json["role_name"] for who in ("anna", "ann")]
    assert roles == ["write", "none"]


async def test_a_renamed_app_writes_under_another_name_and_one_id(github: Sandbox, repo: Repo, bot: Caller) -> None:
    issue = await repo.open_issue("T")
    before = await bot("POST", f"./issues/{issue.number}/comments", {"body": "a"})
    github.rename_app("other-bot")
    after = await bot("POST", f"./issues/{issue.number}/comments", {"body": "b"})
    assert [each.json["user"]["login"] for each in (before, after)] == ["ssot-bot[bot]", "other-bot[bot]"]
    assert before.json["user"]["id"] == after.json["user"]["id"]
    [first, _] = (await bot("GET", f"./issues/{issue.number}/comments")).json
    assert first["user"]["login"] == "other-bot[bot]"


async def test_a_renamed_branch_takes_pull_requests_and_rules_along(github: Sandbox, repo: Repo, bot: Caller) -> None:
    onto = await repo.open_pull_request({"src/b.py": b""})
    repo.require("main", "ssot")
    await repo.rename_branch("main", "trunk")
    assert (repo.record.default_branch, "main" in repo.branches) == ("trunk", False)
    assert (await bot("GET", f"./pulls/{onto.number}")).json["base"]["ref"] == "trunk"
    assert told(github)[-4:] == [("push", None), ("push", None), ("repository", "edited"), ("pull_request", "edited")]
    assert github.deliveries[-2].payload["changes"] == {"default_branch": {"from": "main"}}
    assert github.deliveries[-1].payload["changes"]["base"]["ref"] == {"from": "main"}
    moved = await bot("GET", "./branches/main")
    assert (moved.status, urlsplit(moved.headers["location"]).path) == (
        301, f"/repositories/{repo.id}/branches/trunk",
    )  # fmt: skip
    assert len((await bot("GET", "./rules/branches/trunk")).json) == 1
    await repo.set_branch("main", repo.branch().sha)
    assert (await bot("GET", "./branches/main")).status == 200


async def test_a_renamed_branch_closes_what_started_from_it(repo: Repo) -> None:
    pull = await repo.open_pull_request({"src/b.py": b""}, head="topic")
    await repo.rename_branch("topic", "topic-2")
    assert pull.state == "closed"


async def test_a_transferred_issue_leads_to_where_it_is(github: Sandbox, repo: Repo, bot: Caller) -> None:
    other = await github.repo("acme/other", {"b.py": b""})
    await other.open_issue("First")
    issue = await repo.open_issue("T", "text")
    await issue.comment("hello")
    there = await issue.transfer(other)
    assert (there.number, there.body, [each.body for each in there.comments]) == (2, "text", ["hello"])
    assert told(github)[-2:] == [("issues", "transferred"), ("issues", "opened")]
    assert github.deliveries[-2].payload["changes"]["new_issue"]["number"] == 2
    everywhere = Caller(bot._session, github, github.user("octocat", "admin").token)
    moved = await everywhere("GET", f"./issues/{issue.number}/comments")
    assert urlsplit(moved.headers["location"]).path == f"/repositories/{other.id}/issues/2/comments"
    assert (moved.status, (await everywhere("GET", f"./issues/{issue.number}")).status) == (301, 301)
    blind = Caller(bot._session, github, github.token(repo, repository_ids=[repo.id]))
    assert (await blind("GET", f"./issues/{issue.number}")).status == 404
    assert (await bot("GET", "./issues?state=all")).json == []


async def test_git_follows_a_former_name(github: Sandbox, repo: Repo, tmp_path: Path) -> None:
    repo.rename("renamed")
    token = github.token(repo)
    address = f"{github.url}/acme/app.git".replace("://", f"://x-access-token:{token}@")
    command = ("git", "clone", "-q", address, str(tmp_path / "clone"))
    cloning = await asyncio.create_subprocess_exec(*command, env={"PATH": "/usr/bin:/bin"})
    assert await cloning.wait() == 0
    assert (tmp_path / "clone/src/a.py").read_bytes() == b"x = 1\n"
