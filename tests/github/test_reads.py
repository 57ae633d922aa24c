"""Reads, against the sandbox: what GitHub says becomes the right value."""

import itertools

import pytest

from bot.domain.errors import Gone, RetryLater
from bot.domain.facts import NotAFile, Role
from bot.domain.references import PullRequestRef, RepoRef, RepositoryId, Sha
from bot.github import GitHub, reads
from bot.github.errors import NotFound
from bot.sandbox import Content, Executable, Repo, Sandbox, Submodule, Symlink
from tests.github.conftest import ref_of

BIG = b"x" * 1_100_000


async def test_a_pull_request(gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    opened = await repo.open_pull_request({"src/a.py": b"x = 2\n"})
    pull = await reads.pull_request(gh, PullRequestRef(repo=ref, number=opened.number))
    assert (pull.head_sha, pull.head_ref, pull.base_ref) == (opened.head_sha, opened.head_ref, "main")
    assert (pull.state, pull.draft, pull.merged, pull.changed_files) == ("open", False, False, 1)
    assert not pull.from_fork


async def test_a_pull_request_of_a_fork(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    ann = github.user("ann")
    fork = await repo.fork(by=ann)
    opened = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, by=ann, fork=fork)
    pull = await reads.pull_request(gh, PullRequestRef(repo=ref, number=opened.number))
    assert pull.from_fork
    assert (pull.author, pull.head_repo) == ("ann", "ann/app")


async def test_all_pages_of_the_changed_files_are_read(gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    opened = await repo.open_pull_request({f"src/f{n}.py": b"x = 1\n" for n in range(201)})
    pull = await reads.pull_request(gh, PullRequestRef(repo=ref, number=opened.number))
    changed = await reads.listed_files(gh, pull)
    assert sorted(file.path for file in changed.files) == sorted(f"src/f{n}.py" for n in range(201))
    assert (changed.truncated, changed.not_listed) == (False, 0)


async def test_more_files_than_github_lists_are_counted(gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    opened = await repo.open_pull_request({f"f{n}.py": b"" for n in range(3_007)})
    pull = await reads.pull_request(gh, PullRequestRef(repo=ref, number=opened.number))
    changed = await reads.listed_files(gh, pull)
    assert (len(changed.files), changed.not_listed) == (3_000, 7)


async def test_all_changed_files_are_found_beyond_those_that_github_lists(gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    await repo.push({"old.py": b"x = 1\n", "gone.py": b"y = 1\n"})
    moved = {"old.py": None, "zz.py": b"x = 1\n", "gone.py": None}
    opened = await repo.open_pull_request({**{f"f{n}.py": b"" for n in range(3_007)}, **moved})
    await repo.push({"later.py": b"z = 1\n"})
    pull = await reads.pull_request(gh, PullRequestRef(repo=ref, number=opened.number))
    changed = await reads.changed_files(gh, pull)
    assert len({file.path for file in changed}) == len(changed) == 3_009
    (renamed,) = (file for file in changed if file.path == "zz.py")
    assert (renamed.status, renamed.previous_path) == ("renamed", "old.py")
    assert {file.path for file in changed if file.status == "removed"} == {"gone.py"}


async def test_open_pull_requests_of_a_branch(gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    one = await repo.open_pull_request({"a.py": b"1"}, head="one")
    two = await repo.open_pull_request({"b.py": b"1"}, head="two")
    closed = await repo.open_pull_request({"c.py": b"1"}, head="three")
    await closed.close()
    assert {pull.number for pull in await reads.open_pull_requests(gh, ref)} == {one.number, two.number}
    assert [pull.number for pull in await reads.open_pull_requests(gh, ref, head="two")] == [two.number]
    assert await reads.open_pull_requests(gh, ref, head="three") == ()


async def test_the_merge_base_is_where_the_branches_parted(gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    start = await reads.branch_head(gh, ref, "main")
    pull = await repo.open_pull_request({"b.py": b"1"})
    await repo.push({"c.py": b"1"})
    base = await reads.branch_head(gh, ref, "main")
    assert base != start
    assert await reads.merge_base(gh, ref, base, Sha(pull.head_sha)) == start


ODD_TREE: dict[str, Content] = {
    "pkg/a.py": b"caf\xe9 = '\x00'\r\n",
    "pkg/empty.py": b"",
    "run.sh": Executable(b"#!/bin/sh\n"),
    "link.py": Symlink("../outside.py"),
    "vendor": Submodule("0123456789abcdef0123456789abcdef01234567"),
    "big.py": BIG,
    "a b#?%.py": b"odd",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pkg/a.py", b"caf\xe9 = '\x00'\r\n"),
        ("pkg/empty.py", b""),
        ("run.sh", b"#!/bin/sh\n"),
        ("big.py", BIG),
        ("a b#?%.py", b"odd"),
        ("pkg", NotAFile.DIRECTORY),
        ("vendor", NotAFile.SUBMODULE),
        ("link.py", NotAFile.SYMLINK),
        ("no/such.py", None),
        ("pkg/a.py/b", None),
    ],
)
async def test_a_file_at_a_revision(github: Sandbox, gh: GitHub, path: str, expected: bytes | NotAFile | None) -> None:
    ref = ref_of(github, await github.repo("acme/odd", files=ODD_TREE))
    assert await reads.file_at(gh, ref, path, "main") == expected


async def test_links_and_submodules_are_no_files(github: Sandbox, gh: GitHub) -> None:
    """A link to a file of the repository and one to nowhere; files that look like links, but for their mode."""
    more: dict[str, Content] = {"inside.py": Symlink("pkg/a.py"), "path.py": b"pkg/a.py", "self.py": b"self.py"}
    ref = ref_of(github, await github.repo("acme/odd", files=ODD_TREE | more))
    found = await reads.files_at(gh, ref, ODD_TREE | more, await reads.branch_head(gh, ref, "main"))
    regular = {path: data.data if isinstance(data, Executable) else data for path, data in (ODD_TREE | more).items()}
    assert found == {path: data if isinstance(data, bytes) else None for path, data in regular.items()}


async def test_many_paths_at_once_take_few_requests(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    await repo.push({"pkg/__init__.py": b"init", "pkg/mod.py": b"mod", "pkg/same.py": b"mod", 'odd "$(x).py': b"odd"})
    head = await reads.branch_head(gh, ref, "main")
    before = len(github.requests)
    paths = [f"missing/m{n}.py" for n in range(150)]
    found = await reads.files_at(gh, ref, [*paths, "pkg/mod.py", "pkg/same.py", "pkg", 'odd "$(x).py'], head)
    assert {path: content for path, content in found.items() if content is not None} == {
        "pkg/mod.py": b"mod", "pkg/same.py": b"mod", "odd \"$(x).py": b"odd",
    }  # fmt: skip
    assert set(found) >= set(paths)
    templates = [request.template for request in github.requests[before:]]
    assert templates.count("/graphql") == 2
    assert not [template for template in templates if template and template.endswith("/git/blobs/{file_sha}")]


async def test_the_tree_of_a_commit(github: Sandbox, gh: GitHub) -> None:
    ref = ref_of(github, await github.repo("acme/odd", files=ODD_TREE))
    tree = await reads.tree(gh, ref, await reads.branch_head(gh, ref, "main"))
    modes = {entry.path: entry.mode for entry in tree.entries}
    assert modes["run.sh"] == "100755"
    assert modes["link.py"] == "120000"
    assert modes["vendor"] == "160000"
    assert "pkg" not in modes
    assert not tree.truncated
    sizes = {entry.path: entry.size for entry in tree.entries}
    assert (sizes["pkg/empty.py"], sizes["vendor"]) == (0, None)


async def test_one_failing_blob_stops_the_others(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    await repo.push({f"f{n}.py": str(n).encode() for n in range(30)})
    tree = await reads.tree(gh, ref, await reads.branch_head(gh, ref, "main"))
    github.faults.status(410, "gone", path="*/git/blobs/*")
    with pytest.raises(Gone):
        await reads.blobs(gh, ref, [entry.sha for entry in tree.entries])
    asked = [request for request in github.requests if "/git/blobs/" in request.path]
    assert len(asked) <= 8, "those that were under way"


@pytest.mark.parametrize("role", ["none", "read", "triage", "write", "maintain", "admin"])
async def test_a_role_is_the_one_of_this_moment(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo, role: str
) -> None:
    ann = github.user("ann")
    repo.set_role(ann, role)
    assert await reads.role(gh, ref, "ann", person=ann.id) is Role(role)
    repo.set_role(ann, "read")
    assert await reads.role(gh, ref, "ann", person=ann.id) is Role.READ


@pytest.mark.parametrize("login", ["nobody-here", "..", "a/b", "", "x" * 500])
async def test_an_unknown_person_may_do_nothing(gh: GitHub, ref: RepoRef, login: str) -> None:
    assert await reads.role(gh, ref, login, person=1) is Role.NONE


async def test_somebody_else_under_the_name_may_do_nothing(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    ann = github.user("ann", role="admin")
    assert await reads.role(gh, ref, "ann", person=ann.id + 1) is Role.NONE


async def test_no_answer_about_a_person_is_asked_for_again(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    ann = github.user("ann", role="admin")
    github.faults.error(502, path="*/permission", times=None)
    with pytest.raises(RetryLater):
        await reads.role(gh, ref, "ann", person=ann.id)


async def test_a_rate_limit_says_nothing_about_a_person(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    ann = github.user("ann", role="admin")
    github.faults.limited(retry_after=60, path="*/permission")
    with pytest.raises(RetryLater):
        await reads.role(gh, ref, "ann", person=ann.id)


def test_roles_are_ordered() -> None:
    for (m, lower), (n, higher) in itertools.product(enumerate(Role), repeat=2):
        assert lower.at_least(higher) is (m >= n)


async def test_comments_know_whether_they_are_ours(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    issue = await repo.open_issue("t", "b")
    await issue.comment("theirs", by=github.user("ssot-bot"))
    await issue.comment("ours", by=github.app.bot)
    comments = await reads.issue_comments(gh, ref, issue.number)
    assert [(c.author, c.body, c.ours) for c in comments] == [
        ("ssot-bot", "theirs", False),
        ("ssot-bot[bot]", "ours", True),
    ]
    read = await reads.issue(gh, ref, issue.number)
    assert (read.body, read.ours, read.is_pull_request) == ("b", False, False)


async def test_another_repository_under_the_name_is_not_ours(gh: GitHub, ref: RepoRef) -> None:
    stranger = RepoRef(installation=ref.installation, id=RepositoryId(ref.id + 1), owner=ref.owner, name=ref.name)
    with pytest.raises(Gone):
        await reads.repository(gh, stranger)


async def test_the_app_and_its_installations(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    identity = await reads.identity(gh)
    assert (identity.id, identity.login) == (github.app.id, "ssot-bot[bot]")
    assert [(i.id, i.account, i.suspended) for i in await reads.installations(gh)] == [
        (ref.installation, "acme", False)
    ]
    assert await reads.repo_installation(gh, "acme", "app") == ref.installation
    assert await reads.installation_repositories(gh, ref.installation) == (ref,)
    with pytest.raises(NotFound):
        await reads.repo_installation(gh, "acme", "nope")


async def test_an_unchanged_answer_costs_nothing(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    first = await reads.repository(gh, ref)
    assert await reads.repository(gh, ref) == first
    assert [request.status for request in github.requests][1:] == [200, 304]


async def test_installations_share_no_cache(github: Sandbox, gh: GitHub, repo: Repo) -> None:
    """One saw the private repository; the other, with the very same URL, does not."""
    public = await github.repo("elsewhere/app", private=False, files={"a.py": b""})
    mine, other = ref_of(github, repo), ref_of(github, public)
    await reads.repository(gh, mine)
    posing = RepoRef(installation=other.installation, id=other.id, owner=mine.owner, name=mine.name)
    with pytest.raises(NotFound):
        await reads.repository(gh, posing)
    assert github.requests[-1].status == 404


async def test_the_app_s_own_pull_requests_are_listed_and_nobody_else_s(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo
) -> None:
    us = github.app.bot
    await repo.open_pull_request({"src/a.py": b"x = 2\n"})
    await repo.open_issue("One of ours", by=us)
    mine = [await repo.open_pull_request({f"src/{n}.py": b""}, by=us, title=f"No. {n}", body="b") for n in range(3)]
    await mine[0].merge()
    await mine[1].close()
    found = await reads.own_pull_requests(gh, ref)
    assert [(each.title, each.open, each.merged) for each in found] == [
        ("No. 2", True, False),
        ("No. 1", False, False),
        ("No. 0", False, True),
    ]
    assert {each.body for each in found} == {"b"}
    assert (await reads.issue(gh, ref, mine[1].number)).closed_by == "octocat"


async def test_whose_commits_a_branch_holds(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    base = Sha(repo.branch().sha)
    pull = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, by=github.app.bot)
    assert await reads.commits_ahead(gh, ref, base, base) == ()
    (ours,) = await reads.commits_ahead(gh, ref, base, Sha(pull.head_sha)) or ()
    assert (ours.sha, ours.ours) == (pull.head_sha, True)
    await pull.push({"src/a.py": b"x = 3\n"}, by=github.user("ann", "write"))
    found = await reads.commits_ahead(gh, ref, base, Sha(pull.head_sha)) or ()
    assert [commit.ours for commit in found] == [True, False]


async def test_too_many_commits_are_not_counted_as_anybody_s(gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    base = Sha(repo.branch().sha)
    for n in range(101):
        head = await repo.push({"src/a.py": b"x = %d\n" % n}, branch="many")
    assert await reads.commits_ahead(gh, ref, base, Sha(head)) is None
