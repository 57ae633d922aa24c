"""Pull requests of unusual kinds: bounded work, no comment on a wrong line, a word on what was not looked at."""

from bot.sandbox import Repo
from bot.sandbox.content import Executable, Renamed, Submodule, Symlink
from bot.sandbox.example import CORE, HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"
CHAT = "netra_backend/app/routes/chat.py"
USAGE = (
    b"from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory\n\n\n"
    b"def late():\n    factory = get_websocket_manager_factory()\n    return factory is not None\n"
)


async def test_a_patch_that_github_leaves_out_is_computed_here(bot: RunningBot, service: Repo) -> None:
    """3,500 added lines are past what GitHub shows as a patch."""
    filler = b"".join(b"value_%d = %d\n" % (n, n) for n in range(3_500))
    pr = await service.open_pull_request({"netra_backend/app/big.py": filler + USAGE})
    await bot.settled()
    assert await bot.failed() == []
    (check,) = service.check_runs
    assert check.conclusion == "failure"
    (comment,) = pr.review_comments
    assert (comment.thread.original.start_line, comment.thread.original.line) == (3_501, 3_505)
    assert check.annotations == [], "the comment is on the line"


async def test_a_rename_is_no_news(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({"netra_backend/app/routes/talk.py": Renamed(CHAT)})
    await bot.settled()
    assert (pr.reviews, [check.conclusion for check in service.check_runs]) == ([], ["success"])


async def test_a_rename_with_a_new_usage_is_commented_on_its_new_path(bot: RunningBot, service: Repo) -> None:
    old = service.branch()[CHAT]
    more = b"\n\nasync def probe():\n    return get_websocket_manager_factory() is not None\n"
    pr = await service.open_pull_request({"netra_backend/app/routes/talk.py": Renamed(CHAT, old + more)})
    await bot.settled()
    assert [comment.thread.path for comment in pr.review_comments] == ["netra_backend/app/routes/talk.py"]


async def test_links_submodules_and_binaries_are_passed_over(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request(
        {
            "netra_backend/app/link.py": Symlink("routes/chat.py"),
            "netra_backend/sub.py": Submodule("a" * 40),
            "netra_backend/picture.py": b"\x89PNG\r\n\x1a\n\0\0get_websocket_manager_factory()",
        }
    )
    await bot.settled()
    assert await bot.failed() == []
    (check,) = service.check_runs
    assert (pr.review_comments, check.conclusion) == ([], "failure")
    assert "not scanned" in (check.summary or "")
    assert check.title == "1 changed file could not be read and may add deprecated usages"
    for path in ("link.py", "sub.py", "picture.py"):
        assert path in (check.text or "")


async def test_a_change_of_mode_is_no_news(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({CHAT: Executable(service.branch()[CHAT])})
    await bot.settled()
    assert (pr.reviews, [check.conclusion for check in service.check_runs]) == ([], ["success"])


async def test_a_deleted_usage_is_no_news(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request({CHAT: None})
    await bot.settled()
    assert (pr.reviews, [check.conclusion for check in service.check_runs]) == ([], ["success"])


async def test_what_the_base_branch_added_meanwhile_is_not_the_authors(bot: RunningBot, service: Repo) -> None:
    """Three dots: against the merge base, not against the tip of the base branch."""
    pr = await service.open_pull_request({HEALTH: HEALTH_MIGRATED})
    await service.push({"netra_backend/app/late.py": USAGE})
    await pr.push({"README.md": b"# news\n"})
    await bot.settled()
    assert (pr.reviews, service.check_runs[-1].conclusion) == ([], "success")


async def test_another_base_is_another_review(bot: RunningBot, service: Repo) -> None:
    await service.push({"netra_backend/app/late.py": USAGE}, branch="release")
    pr = await service.open_pull_request({"netra_backend/app/late.py": USAGE}, base="release", head="same")
    await bot.settled()
    assert [check.conclusion for check in service.check_runs] == ["success"]
    await pr.edit(base="main")
    await bot.settled()
    assert service.check_runs[-1].conclusion == "failure"
    assert len(pr.review_comments) == 1


async def test_a_force_push_is_judged_by_what_it_left(bot: RunningBot, service: Repo) -> None:
    start = service.branch().sha
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    await pr.push({HEALTH: HEALTH_MIGRATED}, force_from=start)
    await bot.settled()
    assert service.check_runs[-1].conclusion == "success"
    assert all(thread.resolved_by is not None for thread in pr.threads)


async def test_a_locked_conversation_keeps_its_verdict(bot: RunningBot, service: Repo) -> None:
    bot.github.webhook_url, url = None, bot.github.webhook_url
    pr = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    pr.lock()
    bot.github.webhook_url = url
    await pr.push({"README.md": b"# news\n"})
    await bot.settled()
    assert await bot.failed() == []
    assert [check.conclusion for check in service.check_runs] == ["failure"]


async def test_a_deleted_fork_leaves_its_commits_to_be_judged(bot: RunningBot, service: Repo) -> None:
    stranger = bot.github.user("stranger")
    fork = await service.fork(by=stranger)
    await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, fork=fork, by=stranger)
    await bot.settled()
    fork.delete()
    await service.rerequest(service.check_runs[0])
    await bot.settled()
    assert await bot.failed() == []
    assert [check.conclusion for check in service.check_runs] == ["failure", "failure"]


async def test_a_new_definition_of_the_same_name_is_reported(bot: RunningBot, service: Repo) -> None:
    pr = await service.open_pull_request(
        {"netra_backend/app/mock.py": b"def get_websocket_manager_factory():\n    return None\n"}
    )
    await bot.settled()
    (comment,) = pr.review_comments
    assert "definition" in comment.body
    assert comment.thread.current is not None
    assert comment.thread.current.line == 1


async def test_a_use_through_a_facade_that_the_change_does_not_touch(bot: RunningBot, service: Repo) -> None:
    await service.push(
        {f"{CORE}/__init__.py": b"from .websocket_manager_factory import get_websocket_manager_factory\n"}
    )
    pr = await service.open_pull_request(
        {
            "netra_backend/app/late.py": (
                b"from netra_backend.app import websocket_core as core\n\n\ndef late():\n"
                b"    return core.get_websocket_manager_factory() is not None\n"
            )
        }
    )
    await bot.settled()
    (comment,) = pr.review_comments
    assert comment.thread.current is not None
    assert comment.thread.current.line == 5
