"""The check run's buttons, and the merge queue's check run."""

import pytest

from bot.sandbox import Content, Repo, Sandbox, User
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE, NOTIFY
from tests.e2e.conftest import RunningBot

ROUTES = "netra_backend/app/routes"
HEALTH, NOTIFICATIONS, CHAT = f"{ROUTES}/health.py", f"{ROUTES}/notify.py", f"{ROUTES}/chat.py"
UNUSED = b"from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory\n"


@pytest.fixture
def ann(github: Sandbox) -> User:
    """May write."""
    return github.user("ann", role="write")


@pytest.mark.parametrize(
    ("files", "buttons"),
    [
        pytest.param({HEALTH: HEALTH_WITH_A_PROBE}, ["apply-safe-fixes", "rescan"], id="a-new-safe-fix"),
        pytest.param({CHAT: UNUSED + b"x = 1\n"}, ["apply-safe-fixes", "rescan"], id="an-old-one"),
        pytest.param({NOTIFICATIONS: NOTIFY}, ["rescan"], id="unsafe-only"),
        pytest.param({HEALTH: b"x = 1\n"}, ["rescan"], id="nothing"),
    ],
)
async def test_there_are_buttons_where_there_is_something_to_apply(
    bot: RunningBot, service: Repo, files: dict[str, Content], buttons: list[str]
) -> None:
    pull = await service.open_pull_request(files)
    await bot.settled()
    (run,) = pull.check_runs
    assert [action["identifier"] for action in run.actions] == buttons


async def test_apply_commits_the_safe_fixes_and_says_so_once(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox
) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (run,) = pull.check_runs
    await service.press(run, "apply-safe-fixes", by=ann)
    await bot.settled()
    assert pull.head[HEALTH] == HEALTH_MIGRATED
    assert "**2 usages in 1 file**" in pull.last_comment.body
    assert "Requested by `ann` with a button" in pull.last_comment.body
    assert [check.conclusion for check in pull.check_runs] == ["success"]
    head = pull.head_sha
    github.webhooks.redeliver(next(d for d in github.deliveries if d.action == "requested_action"))
    await service.press(run, "apply-safe-fixes", by=ann)
    await bot.settled()
    assert await bot.failed() == []
    assert pull.head_sha == head
    assert len(pull.comments) == 2
    assert "changed `netra_backend/app/routes/health.py`. Check the changes and try again." in pull.last_comment.body


@pytest.mark.parametrize("taken", [False, True])
async def test_who_pressed_and_has_another_name_by_now(
    bot: RunningBot, service: Repo, ann: User, github: Sandbox, taken: bool
) -> None:
    """The account is meant: it keeps its role, and whoever takes its name gets nothing of it."""
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (run,) = pull.check_runs
    github.webhooks.faults.hold()
    await service.press(run, "apply-safe-fixes", by=ann)
    github.rename_user(ann, "anna")
    if taken:
        github.user("ann", role="read")
    github.webhooks.release()
    await bot.settled()
    assert pull.head[HEALTH] == HEALTH_MIGRATED
    assert await bot.failed() == []


async def test_apply_is_bound_to_the_commit_of_the_check_run(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    (run,) = pull.check_runs
    pushed = await pull.push({f"{ROUTES}/later.py": HEALTH_WITH_A_PROBE})
    await bot.settled()
    await service.press(run, "apply-safe-fixes", by=ann)
    await bot.settled()
    assert pull.head[HEALTH] == HEALTH_MIGRATED
    assert pull.head[f"{ROUTES}/later.py"] == HEALTH_WITH_A_PROBE, "not on the page that the button stood on"
    assert (await service.record.git.commit(pull.head_sha)).parents == (pushed,)


async def test_rescan_gives_the_verdict_anew_and_says_it(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    await service.press(pull.check_runs[0], "rescan", by=ann)
    await bot.settled()
    assert [check.conclusion for check in pull.check_runs] == ["failure", "failure"]
    assert len(pull.comments) == 1
    assert pull.head[HEALTH] == HEALTH_WITH_A_PROBE


@pytest.mark.parametrize("role", ["none", "read", "triage"])
@pytest.mark.parametrize("author", [False, True], ids=["stranger", "author"])
async def test_who_may_not_write_applies_nothing(
    bot: RunningBot, service: Repo, github: Sandbox, role: str, author: bool
) -> None:
    bob = github.user("bob", role=role)
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, by=bob if author else None)
    await bot.settled()
    await service.press(pull.check_runs[0], "apply-safe-fixes", by=bob)
    await bot.settled()
    assert await bot.failed() == []
    assert (pull.head[HEALTH], pull.comments) == (HEALTH_WITH_A_PROBE, [])


async def test_a_bot_presses_nothing(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    await service.press(pull.check_runs[0], "apply-safe-fixes", by=github.user("robot[bot]", role="admin", bot=True))
    await bot.settled()
    assert (pull.head[HEALTH], pull.comments) == (HEALTH_WITH_A_PROBE, [])


# --- the merge queue ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "conclusion"),
    [
        pytest.param({HEALTH: HEALTH_WITH_A_PROBE}, "failure", id="adds-a-usage"),
        pytest.param({HEALTH: HEALTH_MIGRATED}, "success", id="adds-none"),
        pytest.param({"README.md": b"# text\n"}, "success", id="no-python"),
    ],
)
async def test_the_merge_queue_gets_its_check_run(
    bot: RunningBot, service: Repo, files: dict[str, Content], conclusion: str
) -> None:
    pull = await service.open_pull_request(files)
    await service.push({"other.py": HEALTH_WITH_A_PROBE})
    sha = await pull.enqueue()
    await bot.settled()
    assert await bot.failed() == []
    (run,) = [run for run in service.check_runs if run.head_sha == sha]
    assert (run.name, run.status, run.conclusion, run.actions) == ("ssot", "completed", conclusion, [])
    await service.rerequest(run)
    await bot.settled()
    assert [run.conclusion for run in service.check_runs if run.head_sha == sha] == [conclusion] * 2


async def test_the_queue_knows_what_was_skipped_on_the_pull_request(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await bot.settled()
    handle = pull.review_comments[0].body.rpartition("`")[0].rpartition("`")[2]
    await pull.comment(f"/ssot skip {handle} the probe goes next week", by=ann)
    await bot.settled()
    sha = await pull.enqueue()
    await bot.settled()
    assert [run.conclusion for run in service.check_runs if run.head_sha == sha] == ["success"]


@pytest.mark.parametrize(
    ("strategy", "skipped", "conclusion"),
    [("HEADGREEN", False, "failure"), ("HEADGREEN", True, "success"), ("ALLGREEN", False, "success")],
)
async def test_a_group_that_its_last_commit_decides_is_judged_with_all_its_entries(
    bot: RunningBot, service: Repo, ann: User, strategy: str, skipped: bool, conclusion: str
) -> None:
    service.record.queues["main"] = strategy
    first = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    second = await bot.receive(service.open_pull_request({"README.md": b"# text\n"}))
    if skipped:
        handle = first.review_comments[0].body.rpartition("`")[0].rpartition("`")[2]
        await bot.receive(first.comment(f"/ssot skip {handle} the probe goes next week", by=ann))
    before = await first.enqueue()
    last = await second.enqueue(onto=before)
    await bot.settled()
    assert [run.conclusion for run in service.check_runs if run.head_sha == last] == [conclusion]
    assert await bot.failed() == []


async def test_more_files_than_a_comparison_lists(bot: RunningBot, service: Repo) -> None:
    files: dict[str, Content] = {f"many/f{n:03}.txt": b"%d\n" % n for n in range(305)}
    pull = await service.open_pull_request({**files, "z.py": HEALTH_WITH_A_PROBE})
    sha = await pull.enqueue()
    await bot.settled()
    (run,) = [run for run in service.check_runs if run.head_sha == sha]
    assert run.conclusion == "failure"


async def test_the_queue_is_judged_by_the_branch_it_merges_into(bot: RunningBot, service: Repo) -> None:
    off = b"version: 1\nmigrations:\n  other:\n    deprecated: [a.b.c]\n    canonical: a.b.d\n    drop_in: true\n"
    pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE, ".github/ssot.yml": off})
    sha = await pull.enqueue()
    await bot.settled()
    assert [run.conclusion for run in service.check_runs if run.head_sha == sha] == ["failure"]
