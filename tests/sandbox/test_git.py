"""git itself, the git database, contents, archives."""

import asyncio
import base64
import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Executable, Repo, Sandbox, Submodule, Symlink
from bot.sandbox.git import ENVIRONMENT
from tests.sandbox.conftest import Caller

COMMIT = """mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"""


async def git(directory: Path, *arguments: str, ok: bool = True) -> str:
    who = {f"GIT_{role}_{field}": "ann@example.com" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
    process = await asyncio.create_subprocess_exec(
        "git", *arguments, cwd=directory, env={**ENVIRONMENT, **who}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert (process.returncode == 0) == ok, out.decode()
    return out.decode()


def with_token(repo: Repo, token: str) -> str:
    return repo.clone_url.replace("http://", f"http://x-access-token:{token}@")


async def test_clone_and_push(github: Sandbox, repo: Repo, tmp_path: Path) -> None:
    ann = github.user("ann", "write")
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, by=ann)
    await git(tmp_path, "clone", "-q", "-b", pr.head_ref, with_token(repo, ann.token), "clone")
    clone = tmp_path / "clone"
    (clone / "big.bin").write_bytes(bytes(range(256)) * 8_000)  # big enough to be sent gzipped or in chunks
    await git(clone, "add", ".")
    await git(clone, "commit", "-q", "-m", "By git")
    told = len(github.deliveries)
    await git(clone, "push", "-q")
    assert pr.head_sha == (await git(clone, "rev-parse", "HEAD")).strip()
    events = [(each.event, each.action) for each in github.deliveries[told:]]
    assert events == [("push", None), ("pull_request", "synchronize"), ("check_suite", "requested")]
    assert github.deliveries[told].payload["pusher"]["name"] == "ann"
    await git(clone, "push", "-q", "origin", ":" + pr.head_ref)
    assert pr.state == "closed"


@pytest.mark.parametrize(("role", "may"), [("none", False), ("read", False), ("triage", False), ("write", True)])
async def test_who_may_push(github: Sandbox, repo: Repo, tmp_path: Path, role: str, may: bool) -> None:
    ann = github.user("ann", role)
    await git(tmp_path, "clone", "-q", with_token(repo, github.token(repo)), "clone")
    clone = tmp_path / "clone"
    await git(clone, "commit", "-q", "--allow-empty", "-m", "Nothing")
    await git(clone, "push", "-q", with_token(repo, ann.token), "HEAD:refs/heads/new", ok=may)
    assert ("new" in repo.branches) == may


async def test_nobody_clones_a_private_repository(repo: Repo, tmp_path: Path) -> None:
    await git(tmp_path, "clone", "-q", repo.clone_url, "clone", ok=False)


async def test_the_disk_holds_what_git_expects(repo: Repo) -> None:
    await repo.push({"d/e/f.py": b"1\n", "x": Executable(b""), "l": Symlink("x"), "d/e.py": b""})
    await repo.push({"d/e/f.py": None})
    out = await git(repo.record.git.path, "fsck", "--strict", "--full", "--no-dangling")
    assert out == ""
    assert sorted(repo.branch()) == ["d/e.py", "l", "src/a.py", "x"]


@pytest.mark.parametrize(
    ("path", "kind", "size"),
    [("src/a.py", "file", 6), ("link", "symlink", 7), ("sub", "submodule", 0), ("two words/é.py", "file", 2)],
)
async def test_contents(repo: Repo, bot: Caller, path: str, kind: str, size: int) -> None:
    await repo.push({"link": Symlink("../a.py"), "sub": Submodule("1" * 40), "two words/é.py": b"1\n"})
    shown = (await bot("GET", f"./contents/{path}")).json
    assert (shown["type"], shown["path"], shown["size"]) == (kind, path, size)


async def test_contents_of_a_directory(repo: Repo, bot: Caller) -> None:
    await repo.push({"sub": Submodule("1" * 40), "link": Symlink("src")})
    listed = (await bot("GET", "./contents/")).json
    assert {each["name"]: each["type"] for each in listed} == {"link": "symlink", "src": "dir", "sub": "file"}
    assert (await bot("GET", "./contents/src/b.py")).status == 404
    assert (await bot("GET", "./contents/src/a.py?ref=nowhere")).status == 404


async def test_contents_over_a_megabyte_are_raw_only(plain_repo: Repo, plain_bot: Caller) -> None:
    bot = plain_bot
    await plain_repo.push({"fits.bin": b"x" * (1 << 20), "big.bin": b"x" * ((1 << 20) + 1)})
    assert (await bot("GET", "./contents/fits.bin")).json["encoding"] == "base64"
    big = (await bot("GET", "./contents/big.bin")).json
    assert (big["encoding"], big["content"]) == ("none", "")
    raw = await bot("GET", "./contents/big.bin", headers={"Accept": "application/vnd.github.raw+json"})
    assert len(raw.body) == (1 << 20) + 1
    blob = (await bot("GET", f"./git/blobs/{big['sha']}")).json
    assert len(base64.b64decode(blob["content"])) == blob["size"] == (1 << 20) + 1


async def test_a_tarball(repo: Repo, bot: Caller, session: aiohttp.ClientSession) -> None:
    await repo.push({"x.sh": Executable(b"ls\n"), "l": Symlink("x.sh")})
    redirect = await bot("GET", "./tarball/main")
    assert redirect.status == 302
    async with session.get(redirect.headers["location"]) as response:
        data = await response.read()
    top = f"acme-app-{repo.branch().sha[:7]}"
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert {name.removeprefix(top) for name in archive.getnames()} == {"", "/l", "/src", "/src/a.py", "/x.sh"}
        assert archive.getmember(f"{top}/x.sh").mode & 0o100


async def test_trees(repo: Repo, bot: Caller) -> None:
    whole = (await bot("GET", "./git/trees/main?recursive=1")).json
    assert [(each["path"], each["type"]) for each in whole["tree"]] == [("src", "tree"), ("src/a.py", "blob")]
    assert whole["truncated"] is False
    assert [each["path"] for each in (await bot("GET", "./git/trees/main")).json["tree"]] == ["src"]


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"path": "b.py", "mode": "100644", "content": "x"}, 201),
        ({"path": "src/a.py", "mode": "100644", "sha": None}, 201),
        ({"path": "b.py", "mode": "100644", "sha": "1" * 40}, 422),
        ({"path": "b.py", "mode": "100600", "content": "x"}, 422),
        ({"path": "../b.py", "mode": "100644", "content": "x"}, 422),
        ({"path": ".git/config", "mode": "100644", "content": "x"}, 422),
        ({"path": "a//b", "mode": "100644", "content": "x"}, 422),
        ({"path": "b.py", "mode": "100644"}, 422),
    ],
    ids=str,
)
async def test_entries_of_a_new_tree(plain_bot: Caller, entry: dict[str, Any], status: int) -> None:
    base = (await plain_bot("GET", "./git/trees/main")).json["sha"]
    assert (await plain_bot("POST", "./git/trees", {"base_tree": base, "tree": [entry]})).status == status


async def test_refs_go_forward_unless_forced(repo: Repo, bot: Caller) -> None:
    first = repo.branch().sha
    second = await repo.push({"b.py": b""})
    backward = await bot("PATCH", "./git/refs/heads/main", {"sha": first})
    assert (backward.status, backward.json["message"]) == (422, "Update is not a fast forward")
    assert (await bot("PATCH", "./git/refs/heads/main", {"sha": first, "force": True})).status == 200
    assert (await bot("PATCH", "./git/refs/heads/main", {"sha": second})).status == 200
    assert (await bot("POST", "./git/refs", {"ref": "refs/heads/feature/one", "sha": first})).status == 201
    again = await bot("POST", "./git/refs", {"ref": "refs/heads/feature/one", "sha": first})
    assert (again.status, again.json["message"]) == (422, "Reference already exists")
    assert (await bot("GET", "./git/ref/heads/feature")).status == 404
    assert [each["ref"] for each in (await bot("GET", "./git/matching-refs/heads/feature")).json] == [
        "refs/heads/feature/one"
    ]
    assert (await bot("DELETE", "./git/refs/heads/feature/one")).status == 204


@pytest.mark.parametrize(
    "name",
    [
        "main", "heads/x", "refs/heads/", "refs/heads/a b", "refs/heads/../x", "refs/heads/x.lock", "refs/heads/main/x",
        "refs/heads/x~1", "refs/heads/.x",
    ],
)  # fmt: skip
async def test_names_that_are_no_refs(plain_repo: Repo, plain_bot: Caller, name: str) -> None:
    made = await plain_bot("POST", "./git/refs", {"ref": name, "sha": plain_repo.branch().sha})
    assert made.status == 422
    assert plain_repo.branches == ["main"]


async def commit(bot: Caller, head: str, **changes: object) -> Any:  # noqa: ANN401 - a JSON value
    asked = {
        "branch": {"repositoryNameWithOwner": "acme/app", "branchName": "main"},
        "expectedHeadOid": head,
        "message": {"headline": "Headline", "body": "Body"},
        "fileChanges": changes,
    }
    return await bot.graphql(COMMIT, input=asked)


async def test_commit_on_branch_knows_no_modes_and_refuses_stale_heads(repo: Repo, bot: Caller) -> None:
    first = repo.branch().sha
    head = await repo.push({"run.sh": Executable(b"ls\n"), "old.py": b""})
    additions = [{"path": "run.sh", "contents": base64.b64encode(b"ls -l\n").decode()}]
    stale = await commit(bot, first, additions=additions)
    assert stale["data"] == {"createCommitOnBranch": None}
    [error] = stale["errors"]
    assert (error["type"], error["path"]) == ("STALE_DATA", ["createCommitOnBranch"])
    assert error["message"] == f'Expected branch to point to "{first}" but it did not.  Pull and try again.'
    assert repo.branch().sha == head
    await commit(bot, head, additions=additions, deletions=[{"path": "old.py"}])
    files = repo.branch()
    assert (files["run.sh"], files.modes["run.sh"], "old.py" in files) == (b"ls -l\n", "100644", False)
    last = (await bot("GET", f"./commits/{files.sha}")).json["commit"]
    assert (last["message"], last["verification"]["verified"]) == ("Headline\n\nBody", True)


@pytest.mark.parametrize(
    "changes",
    [
        {"deletions": [{"path": "nowhere.py"}]},
        {"additions": [{"path": "../x", "contents": ""}]},
        {"additions": [{"path": "x", "contents": "%%%"}]},
        {"additions": [{"path": "src/a.py", "contents": ""}], "deletions": [{"path": "src/a.py"}]},
    ],
    ids=str,
)
async def test_commits_that_are_refused(plain_repo: Repo, plain_bot: Caller, changes: dict[str, object]) -> None:
    head = plain_repo.branch().sha
    assert (await commit(plain_bot, head, **changes))["errors"][0]["type"] == "UNPROCESSABLE"
    assert plain_repo.branch().sha == head


async def test_a_history_that_exists_already(github: Sandbox, session: aiohttp.ClientSession) -> None:
    """A repository may begin with somebody's real history, whose objects are borrowed."""
    source = await github.repo("other/source", files={"a.py": b"1\n"})
    first = source.branch().sha
    await source.push({"b.py": b"2\n"})
    borrowed = await github.repo("acme/app", history=source.record.git.path, at=first)
    assert dict(borrowed.branch()) == {"a.py": b"1\n"}
    bot = Caller(session, github, github.token(borrowed))
    assert (await bot("GET", "./contents/a.py")).status == 200
    pr = await borrowed.open_pull_request({"a.py": b"3\n"})
    assert pr.head["a.py"] == b"3\n"


async def test_an_empty_repository(github: Sandbox, bot: Caller) -> None:
    repo = await github.repo("acme/empty", empty=True)
    caller = Caller(bot._session, github, github.token(repo))
    for path in ("git/ref/heads/main", "git/trees/main", "git/matching-refs/heads", "commits", "commits/main"):
        answer = await caller("GET", f"/repos/acme/empty/{path}")
        assert (answer.status, answer.json["message"]) == (409, "Git Repository is empty."), path
    answer = await caller("GET", "/repos/acme/empty/contents/")
    assert (answer.status, answer.json["message"]) == (404, "This repository is empty.")
    assert (await caller("GET", "/repos/acme/empty/branches/main")).status == 404
    await repo.set_branch("main", await repo.unrelated({"a.py": b""}))
    assert (await caller("GET", "/repos/acme/empty/git/ref/heads/main")).status == 200


async def test_histories_without_a_common_commit(repo: Repo, bot: Caller) -> None:
    await repo.set_branch("alone", await repo.unrelated({"a.py": b""}))
    answer = await bot("GET", "./compare/main...alone")
    assert (answer.status, answer.json["message"]) == (404, "No common ancestor between main and alone.")
    asked = {"title": "x", "head": "alone", "base": "main"}
    answer = await bot("POST", "./pulls", asked)
    assert (answer.status, answer.json["message"]) == (422, "The alone branch has no history in common with main")
    pull = await repo.open_pull_request({"b.py": b"x = 1\n"})
    await repo.set_branch(pull.head_ref, repo.branch("alone").sha)
    assert (await bot("GET", f"./pulls/{pull.number}")).json["mergeable"] is False
