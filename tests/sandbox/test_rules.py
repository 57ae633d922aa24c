"""Rulesets stop what they forbid, at every door: the API's refs, GraphQL, git, and merging."""

from pathlib import Path

import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.errors import ApiError
from bot.sandbox.rules import Rule, RuleKind
from tests.sandbox.conftest import Caller
from tests.sandbox.test_git import COMMIT, git, with_token

NAME = Rule(kind=RuleKind.NAME, pattern="^(main|feature/.+)$")
MESSAGE = Rule(kind=RuleKind.MESSAGE, operator="starts_with", pattern="feat: ")
SIGNED = Rule(kind=RuleKind.SIGNATURES)
LINEAR = Rule(kind=RuleKind.LINEAR)
MOVE = """mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"""


async def test_a_branch_is_not_made_under_another_name(repo: Repo, bot: Caller) -> None:
    repo.rule(NAME)
    sha = repo.branch().sha
    answer = await bot("POST", "./git/refs", {"ref": "refs/heads/ssot/x", "sha": sha})
    assert answer.status == 422
    assert answer.json["message"] == (
        "Repository rule violations found\n\nBranch name must match a given regex pattern: ^(main|feature/.+)$"
    )
    assert (await bot("POST", "./git/refs", {"ref": "refs/heads/feature/x", "sha": sha})).status == 201
    update = {"name": "refs/heads/ssot/y", "beforeOid": "0" * 40, "afterOid": sha}
    said = await bot.graphql(MOVE, input={"repositoryId": repo.record.node_id, "refUpdates": [update]})
    assert said["errors"][0]["type"] == "UNPROCESSABLE"
    assert "Branch name must match" in said["errors"][0]["message"]
    assert repo.branches == ["feature/x", "main"]


async def test_a_commit_needs_its_text(repo: Repo, bot: Caller) -> None:
    repo.rule(MESSAGE, include=("refs/heads/topic",))
    await repo.set_branch("topic", repo.branch().sha)
    before = repo.branch("topic").sha

    async def commit(headline: str) -> object:
        branch = {"repositoryNameWithOwner": repo.full_name, "branchName": "topic"}
        changes = {"additions": [{"path": "b.py", "contents": ""}]}
        given = {"branch": branch, "expectedHeadOid": before, "message": {"headline": headline}}
        return await bot.graphql(COMMIT, input={**given, "fileChanges": changes})

    refused = await commit("Change b")
    assert "Commit message must start with a matching pattern: feat: \n  Found 1 violation:" in str(
        refused["errors"][0]["message"]  # type: ignore[index]
    )
    assert repo.branch("topic").sha == before
    assert "errors" not in (await commit("feat: change b"))  # type: ignore[operator]


async def test_signatures_are_asked_of_people_and_given_to_apps(repo: Repo, bot: Caller) -> None:
    repo.rule(SIGNED, include=("refs/heads/safe/*",))
    with pytest.raises(ApiError, match="Commits must have verified signatures"):
        await repo.push({"b.py": b""}, branch="safe/b")
    head = (await bot("GET", "./git/ref/heads/main")).json["object"]["sha"]
    tree = (await bot("GET", f"./git/commits/{head}")).json["tree"]["sha"]
    made = (await bot("POST", "./git/commits", {"message": "x", "tree": tree, "parents": [head]})).json["sha"]
    assert (await bot("POST", "./git/refs", {"ref": "refs/heads/safe/c", "sha": made})).status == 201


async def test_a_linear_history_takes_no_merge_commit(repo: Repo) -> None:
    repo.rule(LINEAR, include=("~DEFAULT_BRANCH",))
    pull = await repo.open_pull_request({"b.py": b"x = 1\n"})
    with pytest.raises(ApiError, match="must not contain merge commits") as refused:
        await pull.merge()
    assert refused.value.status == 405
    assert pull.state == "open"


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (RuleKind.CREATION, "Cannot create ref due to creations being restricted."),
        (RuleKind.UPDATE, "Cannot update this protected ref."),
        (RuleKind.DELETION, "Cannot delete this branch"),
        (RuleKind.FORCE_PUSH, "Cannot force-push to this branch"),
    ],
)
async def test_what_may_not_be_done_to_a_branch(repo: Repo, kind: RuleKind, sentence: str) -> None:
    first = repo.branch().sha
    second = await repo.push({"b.py": b"x = 1\n"})
    await repo.set_branch("x/a", second)
    repo.rule(Rule(kind=kind), include=("refs/heads/x/*",))
    deeds = {RuleKind.CREATION: ("x/b", first), RuleKind.DELETION: ("x/a", None)}
    deeds |= {RuleKind.UPDATE: ("x/a", first), RuleKind.FORCE_PUSH: ("x/a", first)}
    with pytest.raises(ApiError, match=sentence):
        await repo.set_branch(*deeds[kind])


async def test_who_may_pass_is_not_asked(repo: Repo, github: Sandbox) -> None:
    ann = github.user("ann", role="write")
    repo.rule(NAME, bypass=frozenset({"ann"}))
    await repo.set_branch("anything", repo.branch().sha, by=ann)
    with pytest.raises(ApiError):
        await repo.set_branch("else", repo.branch().sha)


async def test_the_rules_of_a_branch_are_shown(repo: Repo, bot: Caller) -> None:
    repo.rule(NAME, LINEAR, include=("refs/heads/x/*",))
    listed = (await bot("GET", "./rules/branches/x/y")).json
    assert [rule["type"] for rule in listed] == ["branch_name_pattern", "required_linear_history"]
    assert (await bot("GET", "./rules/branches/main")).json == []


async def test_git_is_told_and_its_other_branches_are_taken(repo: Repo, github: Sandbox, tmp_path: Path) -> None:
    repo.rule(NAME)
    url = with_token(repo, github.user("octocat").token)
    await git(tmp_path, "clone", "-q", url, "clone")
    refs = ("HEAD:refs/heads/topic", "HEAD:refs/heads/feature/x")
    said = await git(tmp_path / "clone", "push", "origin", *refs, ok=False)
    assert "remote: error: GH013: Repository rule violations found for refs/heads/topic." in said
    assert "! [remote rejected] HEAD -> topic (push declined due to repository rule violations)" in said
    assert "* [new branch]      HEAD -> feature/x" in said
    assert repo.branches == ["feature/x", "main"]
