"""One query says the same as the reads that it stands for, or leaves it to them."""

from dataclasses import replace

import pytest

from bot.domain.effects import CheckRun, Review, ReviewComment
from bot.domain.references import PullRequestRef, RepoRef, Sha
from bot.github import GitHub, Performer, reads
from bot.github import operations as ops
from bot.github.errors import GraphQLError, NotFound
from bot.github.reads import pulls
from bot.sandbox import PullRequestHandle, Repo, Sandbox, Symlink
from bot.sandbox.faults import Reply
from tests.github.test_contents import TOO_LARGE

FILE = ".github/ssot.yml"


async def said(github: Sandbox, performer: Performer, repo: Repo, ref: RepoRef) -> PullRequestHandle:
    """A pull request of a fork, with comments, a review and a thread that was answered and resolved."""
    ann = github.user("ann")
    await repo.push({FILE: b"version: 1\n"})
    fork = await repo.fork(by=ann)
    pull = await repo.open_pull_request({"src/new.py": b"x = 1\n"}, by=ann, fork=fork, draft=True)
    place = PullRequestRef(repo=ref, number=pull.number)
    line = ReviewComment(path="src/new.py", line=1, body="Look")
    await performer.perform(Review(pull=place, head_sha=Sha(pull.head_sha), body="So", comments=(line,)))
    [comment] = pull.review_comments
    await pull.reply(comment, "Seen", by=ann)
    await pull.resolve(comment.thread, by=ann)
    await pull.comment("What is it?", by=ann)
    await pull.comment("It is ours.", by=github.app.bot)
    pull.lock()
    return pull


async def test_it_says_what_the_reads_say(
    github: Sandbox, gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo
) -> None:
    pull = PullRequestRef(repo=ref, number=(await said(github, performer, repo, ref)).number)
    found = await reads.conversation(gh, pull, "main", FILE)
    assert found.pull == await reads.pull_request(gh, pull)
    assert found.tip == await reads.branch_head(gh, ref, "main")
    assert found.config == await reads.file_at(gh, ref, FILE, "main") == b"version: 1\n"
    assert found.reviews == tuple(replace(each, author_id=None) for each in await reads.reviews(gh, pull))
    assert found.threads == await reads.review_threads(gh, pull)
    comments = await reads.issue_comments(gh, ref, pull.number)
    assert found.comments == tuple(replace(each, author_id=None) for each in comments)
    assert [each.ours for each in comments] == [False, True]


@pytest.mark.parametrize("state", ["closed", "merged"])
async def test_a_pull_request_that_is_not_open(gh: GitHub, ref: RepoRef, repo: Repo, state: str) -> None:
    opened = await repo.open_pull_request({"b.py": b"x = 1\n"})
    await (opened.close() if state == "closed" else opened.merge())
    pull = PullRequestRef(repo=ref, number=opened.number)
    assert (await reads.conversation(gh, pull, "main", FILE)).pull == await reads.pull_request(gh, pull)


async def test_there_is_no_such_pull_request(gh: GitHub, ref: RepoRef) -> None:
    with pytest.raises(NotFound):
        await reads.conversation(gh, PullRequestRef(repo=ref, number=77), "main", FILE)


@pytest.mark.parametrize(
    "content", [None, Symlink("a.yml"), b"version: 1", b"x\0\n"], ids=["no", "link", "like", "bin"]
)
async def test_a_configuration_that_it_cannot_tell_is_left_to_the_read(
    gh: GitHub, ref: RepoRef, repo: Repo, content: bytes | Symlink | None
) -> None:
    """``null`` is believed of no query: a replica may lag."""
    if content is not None:
        await repo.push({FILE: content})
    opened = await repo.open_pull_request({"b.py": b"x = 1\n"})
    found = await reads.conversation(gh, PullRequestRef(repo=ref, number=opened.number), "main", FILE)
    assert found.config is None


async def test_a_branch_that_is_gone(gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    opened = await repo.open_pull_request({"b.py": b"x = 1\n"})
    found = await reads.conversation(gh, PullRequestRef(repo=ref, number=opened.number), "no", FILE)
    assert (found.tip, found.config) == (None, None)


async def test_more_than_a_page_is_left_to_the_reads(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    opened = await repo.open_pull_request({"b.py": b"x = 1\n"})
    pull = PullRequestRef(repo=ref, number=opened.number)
    for number in range(3):
        await opened.comment(f"{number}", by=github.user("ann"))
    small = await reads.conversation(gh, pull, "main", FILE, page=2)
    assert (small.comments, small.reviews, small.threads) == (None, (), ())
    assert len((await reads.conversation(gh, pull, "main", FILE, page=3)).comments or ()) == 3


async def test_what_is_too_large_is_asked_in_smaller_pages(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo
) -> None:
    opened = await repo.open_pull_request({"b.py": b"x = 1\n"})
    pull = PullRequestRef(repo=ref, number=opened.number)
    github.faults.add("graphql", Reply(status=200, body=TOO_LARGE), effect=False, path="/graphql", times=2)
    assert (await reads.conversation(gh, pull, "main", FILE)).comments == ()
    bodies = [str(request.body) for request in github.requests if request.path == "/graphql"]
    pages = [int(body.rpartition("'page': ")[2].rstrip("}")) for body in bodies]
    assert pages == [100, 50, 25]
    github.faults.add("graphql", Reply(status=200, body=TOO_LARGE), effect=False, path="/graphql", times=None)
    with pytest.raises(GraphQLError, match="Resource limits"):
        await reads.conversation(gh, pull, "main", FILE)


async def test_how_a_commit_stands(gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo) -> None:
    opened = [await repo.open_pull_request({f"b{n}.py": b"x = 1\n"}) for n in range(3)]
    await opened[1].close()
    head = Sha(opened[0].head_sha)
    for conclusion in ("failure", "success"):
        for name in ("ssot", "other"):
            run = CheckRun(
                repo=ref, head_sha=head, name=name, status="completed", conclusion=conclusion, title="T", summary="S",
                external_id=conclusion,
            )  # fmt: skip
            await performer.perform(run)
    found = await reads.standing(gh, ref, head, "ssot")
    assert set(found.heads or ()) == set(await reads.open_heads(gh, ref))
    assert found.runs == await reads.check_runs(gh, ref, head, name="ssot")
    assert [run.conclusion for run in found.runs] == ["success", "failure"]


async def test_a_commit_that_is_not_there_yet(gh: GitHub, ref: RepoRef) -> None:
    assert (await reads.standing(gh, ref, Sha("1" * 40), "ssot")).runs is None


async def test_more_pull_requests_than_a_page(
    gh: GitHub, ref: RepoRef, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = (ops.STANDING.document or "").replace("first: 100", "first: 4")
    monkeypatch.setattr(ops, "STANDING", replace(ops.STANDING, document=shorter))
    monkeypatch.setattr(pulls, "PAGE_SIZE", 2)
    opened = [await repo.open_pull_request({"b.py": b"x = %d\n" % number}) for number in range(5)]
    found = await reads.standing(gh, ref, Sha("1" * 40), "ssot")
    assert (found.heads, found.open) == (None, 5)
    expected = [(PullRequestRef(repo=ref, number=pull.number), Sha(pull.head_sha)) for pull in opened]
    for about in (0, 1, 4, 5, 6, 20):
        assert list(await reads.open_heads(gh, ref, about=about)) == expected
