"""Pull requests: real diffs, heads that move by any way of pushing, forks, merging."""

import base64
import re

import pytest

from bot.sandbox import Executable, Renamed, Repo, Sandbox, Submodule, Symlink
from tests.sandbox.conftest import Caller

LONG = b"".join(b"    line %d\n" % number for number in range(100))
COMMIT = """mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) {
  commit { oid signature { isValid } } } }"""


async def test_files_and_patches(github: Sandbox, repo: Repo, bot: Caller) -> None:
    await repo.push(
        {
            "long.py": b"def f():\n" + LONG, "old.py": LONG, "gone.py": b"1\n", "bin": b"\0", "run.sh": b"ls\n",
            "link": Symlink("run.sh"), "latin.py": b"# \xe9\nx = 1\n",
        }
    )  # fmt: skip
    pr = await repo.open_pull_request(
        {
            "long.py": (b"def f():\n" + LONG).replace(b"line 90\n", b"line ninety\n"),
            "new.py": Renamed("old.py", LONG + b"end\n"), "gone.py": None, "bin": b"\0\1", "added.py": b"no newline",
            "run.sh": Executable(b"ls\n"), "link": b"now a file\n", "sub": Submodule("1" * 40),
            "latin.py": b"# \xe9\nx = 2\n",
        }
    )  # fmt: skip
    found = {each["filename"]: each for each in (await bot("GET", f"./pulls/{pr.number}/files")).json}
    status = {path: each["status"] for path, each in found.items()}
    assert status == {
        "added.py": "added", "bin": "modified", "gone.py": "removed", "link": "changed", "long.py": "modified",
        "new.py": "renamed", "run.sh": "modified", "sub": "added", "latin.py": "modified",
    }  # fmt: skip
    assert found["added.py"]["patch"] == "@@ -0,0 +1 @@\n+no newline\n\\ No newline at end of file"
    assert found["gone.py"]["patch"] == "@@ -1 +0,0 @@\n-1"
    assert found["long.py"]["patch"].startswith("@@ -89,7 +89,7 @@ def f():\n     line 87\n")
    assert found["new.py"]["previous_filename"] == "old.py"
    assert [path for path in found if "patch" not in found[path]] == ["bin", "link", "run.sh"]
    assert "\ufffd" in found["latin.py"]["patch"]
    assert (found["long.py"]["additions"], found["long.py"]["deletions"], found["long.py"]["changes"]) == (1, 1, 2)
    whole = (await bot("GET", f"./pulls/{pr.number}")).json
    assert (whole["commits"], whole["changed_files"]) == (1, 9)
    assert pr.head.modes["run.sh"] == "100755"


async def test_a_patch_that_is_too_long_is_left_out(repo: Repo, bot: Caller) -> None:
    pr = await repo.open_pull_request({"fits.py": b"x\n" * 3_000, "too_long.py": b"x\n" * 3_001})
    found = (await bot("GET", f"./pulls/{pr.number}/files")).json
    assert ["patch" in each for each in found] == [True, False]
    assert found[1]["additions"] == 3_001


async def test_many_files_come_in_pages_and_end_at_3000(repo: Repo, bot: Caller) -> None:
    pr = await repo.open_pull_request({f"many/{number:04}.py": b"x\n" for number in range(3_010)})
    seen, path = 0, f"./pulls/{pr.number}/files?per_page=100"
    while path:
        answer = await bot("GET", path)
        seen += len(answer.json)
        following = re.search(r'<[^>]*(/repositories/[^>]*)>; rel="next"', answer.headers.get("link", ""))
        path = following[1] if following else ""
    assert seen == 3_000
    assert (await bot("GET", f"./pulls/{pr.number}")).json["changed_files"] == 3_010


async def test_the_diff_is_against_the_merge_base(repo: Repo, bot: Caller) -> None:
    pr = await repo.open_pull_request({"mine.py": b"1\n"})
    await repo.push({"theirs.py": b"1\n"})
    await pr.push({"mine.py": b"2\n"})
    assert [each["filename"] for each in (await bot("GET", f"./pulls/{pr.number}/files")).json] == ["mine.py"]
    compared = (await bot("GET", "./compare/main...change-1")).json
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("diverged", 2, 1)
    assert [each["filename"] for each in compared["files"]] == ["mine.py"]


async def _by_rest(bot: Caller, head: str, parent: str) -> str:
    tree = [{"path": "new.py", "mode": "100644", "type": "blob", "content": "x\n"}]
    base = (await bot("GET", f"./git/commits/{parent}")).json["tree"]["sha"]
    made = (await bot("POST", "./git/trees", {"base_tree": base, "tree": tree})).json
    asked = {"message": "By REST", "tree": made["sha"], "parents": [parent]}
    commit = (await bot("POST", "./git/commits", asked)).json
    assert commit["verification"]["verified"]
    assert (await bot("PATCH", f"./git/refs/heads/{head}", {"sha": commit["sha"]})).status == 200
    return str(commit["sha"])


async def _by_graphql(bot: Caller, head: str, parent: str) -> str:
    answer = await bot.graphql(
        COMMIT,
        input={
            "branch": {"repositoryNameWithOwner": "acme/app", "branchName": head},
            "expectedHeadOid": parent,
            "message": {"headline": "By GraphQL"},
            "fileChanges": {"additions": [{"path": "new.py", "contents": base64.b64encode(b"x\n").decode()}]},
        },
    )
    commit = answer["data"]["createCommitOnBranch"]["commit"]
    assert commit["signature"] == {"isValid": True}
    return str(commit["oid"])


@pytest.mark.parametrize("push", [_by_rest, _by_graphql])
async def test_a_push_by_the_api_moves_the_head_and_is_told(
    github: Sandbox, repo: Repo, bot: Caller, push: type[object]
) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, by=github.user("ann", "write"))
    before, told = pr.head_sha, len(github.deliveries)
    sha = await push(bot, pr.head_ref, before)  # type: ignore[call-arg,misc]  # one of the two functions above
    assert pr.head_sha == sha
    assert pr.head["new.py"] == b"x\n"
    events = [(each.event, each.action) for each in github.deliveries[told:]]
    assert events == [("push", None), ("pull_request", "synchronize"), ("check_suite", "requested")]
    synchronize = github.deliveries[told + 1].payload
    assert (synchronize["before"], synchronize["after"]) == (before, sha)
    assert synchronize["sender"]["login"] == "ssot-bot[bot]"


async def test_a_force_push(github: Sandbox, repo: Repo) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"})
    await pr.push({"src/a.py": b"x = 3\n"}, force_from=repo.branch().sha)
    assert next(d for d in reversed(github.deliveries) if d.event == "push").payload["forced"] is True
    assert pr.head["src/a.py"] == b"x = 3\n"


async def test_states(github: Sandbox, repo: Repo, bot: Caller) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, draft=True)
    await pr.mark_ready()
    await pr.convert_to_draft()
    await pr.edit(title="Better")
    await pr.close()
    await pr.reopen()
    await pr.mark_ready()
    await pr.merge()
    await repo.set_branch(pr.head_ref, None)
    told = [each.action for each in github.deliveries if each.event == "pull_request"]
    assert told == [
        "opened", "ready_for_review", "converted_to_draft", "edited", "closed", "reopened", "ready_for_review",
        "closed",
    ]  # fmt: skip
    assert github.deliveries[-1].payload["deleted"] is True
    assert pr.merged
    assert repo.branch()["src/a.py"] == b"x = 2\n"
    assert (await bot("GET", f"./pulls/{pr.number}")).json["merged_by"]["login"] == "octocat"
    assert (await bot("PATCH", f"./pulls/{pr.number}", {"state": "open"})).status == 422


async def test_mergeable(repo: Repo, bot: Caller) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"})
    listed = (await bot("GET", f"./pulls/{pr.number}")).json
    assert (listed["mergeable"], listed["mergeable_state"]) == (True, "clean")
    await repo.push({"src/a.py": b"x = 3\n"})
    await pr.push({"src/b.py": b""})
    listed = (await bot("GET", f"./pulls/{pr.number}")).json
    assert (listed["mergeable"], listed["mergeable_state"]) == (False, "dirty")
    with pytest.raises(ValueError, match="conflicts"):
        await pr.merge()


async def test_a_fork(github: Sandbox, repo: Repo, bot: Caller) -> None:
    eve = github.user("eve")
    fork = await repo.fork(by=eve)
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, fork=fork, maintainer_can_modify=False)
    shown = (await bot("GET", f"./pulls/{pr.number}")).json
    assert (shown["head"]["label"], shown["head"]["repo"]["fork"]) == ("eve:change-1", True)
    assert (shown["user"]["login"], shown["maintainer_can_modify"]) == ("eve", False)
    assert (await bot("GET", f"./commits/{pr.head_sha}")).status == 200  # readable through the parent
    assert (await bot("GET", "/repos/eve/app")).status == 404  # the App is not installed there


async def test_a_fork_that_was_deleted(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    fork = await plain_repo.fork(by=plain.user("eve"))
    pr = await plain_repo.open_pull_request({"src/a.py": b"x = 2\n"}, fork=fork)
    fork.delete()
    assert (await plain_bot("GET", f"./pulls/{pr.number}")).json["head"]["repo"] is None
    with pytest.raises(ValueError, match="gone"):
        await pr.push({"src/a.py": b""})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"head": "nowhere", "base": "main"}, {"resource": "PullRequest", "code": "invalid", "field": "head"}),
        ({"head": "change-1", "base": "nowhere"}, {"resource": "PullRequest", "code": "invalid", "field": "base"}),
        ({"head": "main", "base": "main"}, "No commits between main and main"),
        ({"head": "change-1", "base": "main"}, "A pull request already exists for acme:change-1."),
    ],
    ids=str,
)
async def test_what_cannot_be_opened(
    plain_repo: Repo, plain_bot: Caller, asked: dict[str, str], message: object
) -> None:
    await plain_repo.open_pull_request({"src/a.py": b"x = 2\n"})
    refused = await plain_bot("POST", "./pulls", {"title": "T", **asked})
    assert (refused.status, refused.messages) == (422, [message])


async def test_the_merge_queue_asks_for_checks(github: Sandbox, repo: Repo) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"})
    sha = await pr.enqueue()
    asked = github.deliveries[-1]
    assert (asked.event, asked.action) == ("merge_group", "checks_requested")
    assert asked.payload["merge_group"]["head_sha"] == sha
