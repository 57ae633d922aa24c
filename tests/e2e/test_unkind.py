"""The bot against what GitHub does and does not document: each switch of the sandbox, in both positions."""

from datetime import timedelta

import pytest

from bot.cli.demo import settled
from bot.github import channel
from bot.jobs import State
from bot.review import written
from bot.sandbox import PullRequestHandle, Repo, Sandbox, reviewing
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot
from tests.e2e.test_odd_pull_requests import HEALTH, USAGE
from tests.jobs.conftest import until

LARGE = b"".join(b"value_%d = %d\n" % (n, n) for n in range(3_500)) + USAGE
"""Past what GitHub shows as a patch."""


def said(pull: PullRequestHandle) -> list[tuple[str, bool]]:
    """The comments on lines and files: the path, and whether it is on a line."""
    return sorted((each.thread.path, each.thread.original.line is not None) for each in pull.review_comments)


# --- reviews -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [None, "submitted", "pending"])
async def test_a_refused_review_is_posted_once(
    bot: RunningBot, service: Repo, github: Sandbox, left: str | None
) -> None:
    """Whatever GitHub keeps of it."""
    github.refuse_lines_of_large_patches()
    if left:
        github.leave_orphan_reviews(pending=left == "pending")
    pull = await bot.receive(
        service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE, "netra_backend/app/large.py": LARGE})
    )
    assert said(pull) == [("netra_backend/app/large.py", False), (HEALTH, True)]
    assert [each.state for each in pull.reviews if each.body] == ["COMMENTED"]
    assert (service.check_runs[-1].conclusion, await bot.failed()) == ("failure", [])
    reviews = len(pull.reviews)
    await bot.receive(pull.push({"README.md": b"# news\n"}))
    assert len(pull.reviews) == reviews, "and it is known afterwards"


async def test_a_pending_review_of_before_is_no_review(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    """Nobody else sees it, and it stands in the way of the next."""
    github.webhooks.faults.hold()
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    mine = github.app.bot
    reviewing.add_review(github.world, pull.record, mine, body="left", state="PENDING", commit=pull.head_sha)
    github.webhooks.release()
    await bot.settled()
    assert [each.state for each in pull.reviews] == ["COMMENTED"]
    assert (said(pull), await bot.failed()) == ([(HEALTH, True)], [])


async def test_what_a_pending_review_says_was_not_said(
    bot: RunningBot, service: Repo, github: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even with the App's own marker."""
    monkeypatch.setattr(written, "KNOWN_FOR", timedelta())  # the review that goes here was written long ago
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    [said_before] = [each for each in pull.reviews if each.body]
    pull.record.reviews.remove(said_before)
    pull.record.threads.clear()
    reviewing.add_review(
        github.world, pull.record, github.app.bot, body=said_before.body, state="PENDING", commit=pull.head_sha
    )
    await bot.receive(pull.push({"README.md": b"# news\n"}))
    assert [each.state for each in pull.reviews if each.body] == ["COMMENTED"]
    assert said(pull) == [(HEALTH, True)]


# --- where a diff starts -------------------------------------------------------------------------------------------

BELOW = {
    "netra_backend/app/new.py": USAGE, HEALTH: HEALTH_WITH_A_PROBE, "netra_backend/app/routes/chat.py": None,
}  # fmt: skip
"""What the pull request below brings: an added file, a changed one, one that is gone."""


@pytest.fixture(params=[False, True], ids=["the branch of now", "that of the last push"])
def old_diffs(request: pytest.FixtureRequest, github: Sandbox) -> bool:
    if request.param:
        github.keep_old_diffs()
    return bool(request.param)


async def stacked(bot: RunningBot, service: Repo, above: dict[str, bytes]) -> PullRequestHandle:
    """A pull request onto the default branch, on top of one that has been merged since."""
    below = await service.open_pull_request(dict(BELOW), head="below")
    await service.push(above, branch="above", force_from=below.head_sha)
    pull = await service.propose("above", base="main")
    await bot.settled()
    await below.merge()
    await bot.settled()
    return pull


@pytest.mark.usefixtures("old_diffs")
async def test_what_came_with_the_base_is_not_the_authors(bot: RunningBot, service: Repo) -> None:
    pull = await stacked(bot, service, {"netra_backend/app/clean.py": b"x = 1\n"})
    await bot.receive(service.rerequest_all(pull.head_sha))
    assert pull.check_runs[-1].conclusion == "success", pull.check_runs[-1].title
    assert "not scanned" not in (pull.check_runs[-1].summary or "")
    assert await bot.failed() == []


@pytest.mark.usefixtures("old_diffs")
async def test_what_is_new_on_top_of_it_is(bot: RunningBot, service: Repo) -> None:
    more = USAGE.replace(b"def late", b"def later") + USAGE.split(b"\n\n\n")[1]
    pull = await stacked(bot, service, {"netra_backend/app/new.py": more})
    await bot.receive(service.rerequest_all(pull.head_sha))
    assert (pull.check_runs[-1].conclusion, pull.check_runs[-1].title) == ("failure", "1 new deprecated usage")


async def test_the_next_of_a_stack_is_judged_by_where_it_goes_now(bot: RunningBot, service: Repo) -> None:
    """Its base was merged and deleted, which moves it to the base's own base."""
    below = await service.open_pull_request({"README.md": b"# more\n"}, head="below")
    await service.push({".github/ssot.yml": b"version: 1\n"}, branch="below")
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, base="below", head="above"))
    assert pull.check_runs[-1].conclusion != "failure"
    await service.push({".github/ssot.yml": None}, branch="below")
    await bot.receive(below.merge())
    await bot.receive(service.set_branch("below", None))
    assert (pull.state, pull.record.base_ref) == ("open", "main")
    assert pull.check_runs[-1].conclusion == "failure"


# --- merging -------------------------------------------------------------------------------------------------------


async def test_the_required_check_lets_nothing_through_that_adds_a_usage(
    bot: RunningBot, service: Repo, github: Sandbox
) -> None:
    """Nor a second pull request with the same head that its own base would let through."""
    service.require("main", "ssot", app=github.app.id)
    await service.set_branch("free", service.branch().sha)
    await service.push({".github/ssot.yml": b"version: 1\n"}, branch="free")
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, head="feature"))
    await bot.receive(service.propose("feature", base="free"))
    await bot.receive(service.rerequest_all(pull.head_sha))
    assert pull.missing_checks == {"ssot": "failing"}
    with pytest.raises(ValueError, match='Required status check "ssot" is failing'):
        await pull.merge()
    await bot.receive(pull.push({HEALTH: HEALTH_MIGRATED}))
    assert pull.missing_checks == {}
    await bot.receive(pull.merge())
    assert pull.merged


# --- what takes GitHub too long, and what it does not let the App do -------------------------------------------------


@pytest.mark.parametrize("times", [1, 4, 12])
async def test_a_query_that_takes_too_long_is_asked_for_otherwise(
    bot: RunningBot, service: Repo, github: Sandbox, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Status 200 and no data: tried again, then read without the query, or later; never a failed try."""
    monkeypatch.setattr(channel, "AGAIN", timedelta(seconds=0.05))
    monkeypatch.setattr(channel, "PAUSES", (0.01, 0.01))
    github.faults.graphql_timeout(operation="repository", times=times)
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})

    async def judged() -> bool:
        return bool(pull.check_runs) and pull.check_runs[-1].conclusion is not None

    await until(judged)
    await settled(github, bot.app)
    assert (pull.check_runs[-1].conclusion, len(pull.reviews)) == ("failure", 1)
    assert [job for job in await bot.jobs() if job.state is State.DEAD] == []


@pytest.mark.parametrize("lenient", [False, True], ids=["contents needed", "pull requests alone"])
async def test_a_thread_that_the_app_may_not_resolve_stays_open(
    bot: RunningBot, service: Repo, github: Sandbox, lenient: bool
) -> None:
    """The verdict is there all the same, and once it may, the thread is resolved: nothing says that it was before."""
    if lenient:
        github.resolve_without_contents()
    github.installation(service).permissions["contents"] = "read"
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    await bot.receive(pull.push({HEALTH: HEALTH_MIGRATED}))
    assert pull.check_runs[-1].conclusion == "success"
    assert [thread.resolved_by for thread in pull.threads] == [None]
    assert await bot.failed() == []
    github.accept_permissions(github.installation(service))
    await bot.settled()
    await bot.receive(pull.push({"README.md": b"# news\n"}))
    assert [thread.resolved_by for thread in pull.threads] == [github.app.bot]
