"""Comments on lines and what people do with them: delete, open again; several usages on a line or in a group."""

import re

import pytest
from aiohttp import ClientSession

from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from bot.sandbox.model import ReviewThread
from bot.sandbox.people import User
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"
CLOCK = b"version: 1\nmigrations:\n" + b"".join(
    f"  {name}:\n    deprecated: [lib.{name}]\n    canonical: lib.new_{name}\n    drop_in: true\n".encode()
    for name in ("now", "zone")
)
LIB = b"def now(): ...\ndef zone(): ...\ndef new_now(): ...\ndef new_zone(): ...\n"


@pytest.fixture
def ann(github: Sandbox) -> User:
    return github.user("ann", role="write")


@pytest.fixture
async def pr(bot: RunningBot, service: Repo) -> PullRequestHandle:
    """A pull request with one new usage, reviewed."""
    return await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))


def is_open(thread: ReviewThread) -> bool:
    return thread.resolved_by is None


async def test_a_usage_with_a_thread_has_no_annotation(pr: PullRequestHandle) -> None:
    (check,) = pr.check_runs
    assert (len(pr.review_comments), check.annotations) == (1, [])
    assert "health.py:9" not in (check.text or "")
    assert "health.py:11" in (check.text or "")


async def test_a_draft_has_annotations_and_loses_them_with_the_first_comment(bot: RunningBot, service: Repo) -> None:
    pr = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, draft=True))
    assert [len(run.annotations) for run in pr.check_runs] == [2]
    await bot.receive(pr.mark_ready())
    assert [len(run.annotations) for run in pr.check_runs] == [2, 0]


async def test_a_comment_that_somebody_deleted_stays_away(bot: RunningBot, pr: PullRequestHandle, ann: User) -> None:
    await bot.receive(pr.delete_comment(pr.review_comments[0], by=ann))
    await bot.receive(pr.push({"README.md": b"# Another title\n"}))
    await bot.receive(pr.comment("/ssot scan", by=ann))
    assert (pr.review_comments, len(pr.reviews)) == ([], 1)
    assert pr.check_runs[-1].conclusion == "failure"


@pytest.mark.parametrize("named", [True, False], ids=["GitHub names who resolved", "GitHub does not"])
async def test_a_thread_that_a_person_opened_again_stays_open(
    bot: RunningBot, pr: PullRequestHandle, ann: User, named: bool
) -> None:
    if not named:
        bot.github.hide_app_resolvers()
    thread = pr.threads[0]
    await bot.receive(pr.push({HEALTH: HEALTH_MIGRATED}))
    assert not is_open(thread)
    await bot.receive(pr.unresolve(thread, by=ann))
    for text in (b"# One\n", b"# Two\n"):
        await bot.receive(pr.push({"README.md": text}))
        assert is_open(thread)
    await bot.receive(pr.push({HEALTH: HEALTH_WITH_A_PROBE}))
    await bot.receive(pr.push({HEALTH: HEALTH_MIGRATED}))
    assert not is_open(thread), "the usage came back and went again"
    await bot.receive(pr.push({HEALTH: HEALTH_WITH_A_PROBE}))
    assert is_open(thread), "what the bot resolved is open while its usage is there"
    assert len(pr.review_comments) == 1


async def test_two_usages_on_one_line_are_one_thread(bot: RunningBot, github: Sandbox) -> None:
    repo = await github.repo("acme/clock", files={".github/ssot.yml": CLOCK, "lib.py": LIB, "app.py": b""})
    use = b"import lib\n\n\ndef at():\n    print(lib.now()); print(lib.zone())\n"
    pr = await bot.receive(repo.open_pull_request({"app.py": use}))
    (comment,) = pr.review_comments
    assert comment.body.count("is deprecated: use") == 2
    assert "Declared safe in `.github/ssot.yml`" in comment.body
    assert pr.check_runs[-1].annotations == []
    await bot.receive(pr.push({"app.py": use.replace(b"lib.zone", b"lib.new_zone")}))
    assert is_open(comment.thread)
    assert len(pr.review_comments) == 1
    await bot.receive(pr.push({"app.py": b""}))
    assert not is_open(comment.thread)


@pytest.fixture
async def joined(bot: RunningBot, github: Sandbox) -> PullRequestHandle:
    """One line with two usages: of one migration first, and later of another one that is configured since."""
    files = {".github/ssot.yml": CLOCK.partition(b"  zone")[0], "lib.py": LIB, "app.py": b""}
    repo = await github.repo("acme/clock", files=files)
    use = b"import lib\n\n\ndef at():\n    print(lib.now()); print(lib.zone())\n"
    pr = await bot.receive(repo.open_pull_request({"app.py": use}))
    assert [len(thread.comments) for thread in pr.threads] == [1]
    await bot.receive(repo.push({".github/ssot.yml": CLOCK}))
    await bot.receive(repo.rerequest(pr.check_runs[-1]))
    return pr


async def test_a_later_usage_on_a_line_joins_its_thread(bot: RunningBot, joined: PullRequestHandle, ann: User) -> None:
    (thread,) = joined.threads
    first, second = thread.comments
    assert second.in_reply_to == first.id
    assert second.body.startswith("Line 5: **`zone` is deprecated: use `new_zone`**")
    assert "```suggestion" not in second.body
    assert joined.check_runs[-1].annotations == []
    assert joined.check_runs[-1].title == "2 new deprecated usages"
    await bot.receive(joined.repo.rerequest(joined.check_runs[-1]))
    assert len(joined.review_comments) == 2, "it is said once"
    await bot.receive(joined.reply(first, "/ssot skip all of it is needed", by=ann))
    assert joined.check_runs[-1].conclusion == "failure", "which of the two is not said"
    code = re.findall(r"`([0-9a-f]{8})`", second.body)[0]
    await bot.receive(joined.reply(first, f"/ssot skip {code} needed", by=ann))
    assert joined.check_runs[-1].title == "1 new deprecated usage"
    await bot.receive(joined.push({"app.py": b""}))
    assert not is_open(thread)
    assert await bot.failed() == []


async def test_a_thread_with_a_later_usage_stays_open_as_long_as_one_is_there(
    bot: RunningBot, joined: PullRequestHandle
) -> None:
    (thread,) = joined.threads
    await bot.receive(joined.repo.push({".github/ssot.yml": CLOCK.replace(b"lib.now]", b"lib.never]")}))
    await bot.receive(joined.repo.rerequest(joined.check_runs[-1]))
    assert joined.check_runs[-1].title == "1 new deprecated usage"
    assert is_open(thread)


async def test_what_joined_a_thread_and_was_deleted_stays_away(
    bot: RunningBot, joined: PullRequestHandle, ann: User
) -> None:
    await bot.receive(joined.delete_comment(joined.review_comments[1], by=ann))
    await bot.receive(joined.push({"README.md": b"# Another title\n"}))
    assert len(joined.review_comments) == 1
    assert joined.check_runs[-1].title == "2 new deprecated usages"


async def test_where_the_thread_takes_no_reply_there_is_another_one(bot: RunningBot, github: Sandbox) -> None:
    github.faults.status(422, "No.", path="*/replies", times=None)
    files = {".github/ssot.yml": CLOCK.partition(b"  zone")[0], "lib.py": LIB, "app.py": b""}
    repo = await github.repo("acme/clock", files=files)
    use = b"import lib\n\n\ndef at():\n    print(lib.now()); print(lib.zone())\n"
    pr = await bot.receive(repo.open_pull_request({"app.py": use}))
    await bot.receive(repo.push({".github/ssot.yml": CLOCK}))
    await bot.receive(repo.rerequest(pr.check_runs[-1]))
    assert [len(thread.comments) for thread in pr.threads] == [1, 1]
    assert await bot.failed() == []


async def test_one_skip_takes_one_usage_out_of_the_count(bot: RunningBot, github: Sandbox, ann: User) -> None:
    repo = await github.repo("acme/clock", files={".github/ssot.yml": CLOCK, "lib.py": LIB, "app.py": b""})
    use = b"from lib import now\n\n\ndef at():\n    return now()\n\n\ndef later():\n    return now()\n"
    pr = await bot.receive(repo.open_pull_request({"app.py": use}))
    assert pr.check_runs[-1].title == "3 new deprecated usages"
    codes = re.findall(r"`([0-9a-f]{8})`", pr.check_runs[-1].text or "")
    assert len(codes) == 2
    await bot.receive(pr.comment(f"/ssot skip {codes[1]} later", by=ann))
    assert (pr.check_runs[-1].conclusion, pr.check_runs[-1].title) == ("failure", "2 new deprecated usages")
    await bot.receive(pr.push({"app.py": use + b"\n\ndef last():\n    return now()\n"}))
    assert pr.check_runs[-1].title == "3 new deprecated usages", "what comes later is not skipped with it"
    await bot.receive(pr.comment("/ssot migrate", by=ann))
    assert pr.head["app.py"].count(b"now()") == 3
    await bot.receive(pr.comment(f"/ssot skip {codes[0]} later", by=ann))
    assert (pr.check_runs[-1].conclusion, pr.check_runs[-1].title) == ("failure", "2 new deprecated usages")


async def test_a_comment_on_the_whole_file_suggests_nothing(bot: RunningBot, service: Repo) -> None:
    bot.github.faults.status(422, "Validation Failed", method="POST", path="*/reviews")
    bot.github.faults.status(422, "Validation Failed", method="POST", path="*/pulls/*/comments")
    pr = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    (comment,) = pr.review_comments
    assert comment.thread.original.line is None
    assert comment.body.startswith("Line 11: **`get_websocket_manager_factory` is deprecated")
    assert "```suggestion" not in comment.body
    assert "`/ssot migrate` can commit the fix" in comment.body


# --- replies in a finding's thread ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason", ["goes with the next release", "facade of the old client", "decade"], ids=["words", "hexadecimal", "one"]
)
async def test_a_reply_skips_what_its_thread_is_about(
    bot: RunningBot, pr: PullRequestHandle, ann: User, reason: str
) -> None:
    (comment,) = pr.review_comments
    reply = await bot.receive(pr.reply(comment, f"I see.\n\n/ssot skip {reason}", by=ann))
    assert [each.content for each in reply.reactions] == ["eyes", "rocket"]
    assert [run.conclusion for run in pr.check_runs] == ["failure", "success"]
    assert not is_open(comment.thread)
    assert f"Reason: {reason}" in pr.last_comment.body
    assert f"[a reply on a line]({bot.github.url}" in pr.last_comment.body
    await bot.receive(pr.reply(comment, "/ssot skip --undo", by=ann))
    assert pr.check_runs[-1].conclusion == "failure"
    assert is_open(comment.thread)
    await bot.receive(pr.reply(comment, f"/ssot skip {code_in(comment.body)} after all", by=ann))
    assert pr.check_runs[-1].conclusion == "success"
    assert "Reason: after all" in pr.last_comment.body
    for delivery in bot.github.deliveries:
        bot.github.webhooks.redeliver(delivery)
    said = len(pr.comments)
    await bot.settled()
    assert len(pr.comments) == said


def code_in(body: str) -> str:
    found = re.search(r"`([0-9a-f]{8})`", body)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("body", "who"),
    [
        ("/ssot skip not now", "eve"),
        ("/ssot migrate", "ann"),
        ("> /ssot skip not now", "ann"),
        ("/ssot skip", "ann"),
    ],
    ids=["without permission", "another command", "a quotation", "without a reason"],
)
async def test_another_reply_skips_nothing(
    bot: RunningBot, pr: PullRequestHandle, ann: User, body: str, who: str
) -> None:
    person = ann if who == "ann" else bot.github.user("eve", role="read")
    await bot.receive(pr.reply(pr.review_comments[0], body, by=person))
    assert [run.conclusion for run in pr.check_runs] == ["failure"]
    assert await bot.failed() == []


async def test_a_thread_about_several_usages_asks_which(bot: RunningBot, github: Sandbox, ann: User) -> None:
    repo = await github.repo("acme/clock", files={".github/ssot.yml": CLOCK, "lib.py": LIB, "app.py": b""})
    use = b"import lib\n\n\ndef at():\n    print(lib.now()); print(lib.zone())\n"
    pr = await bot.receive(repo.open_pull_request({"app.py": use}))
    (comment,) = pr.review_comments
    reply = await bot.receive(pr.reply(comment, "/ssot skip later", by=ann))
    assert [each.content for each in reply.reactions] == ["eyes", "confused"]
    codes = re.findall(r"`([0-9a-f]{8})`", pr.last_comment.body)
    assert len(codes) == 2
    for code in codes:
        await bot.receive(pr.reply(comment, f"/ssot skip {code} later", by=ann))
    assert pr.check_runs[-1].conclusion == "success"


async def test_a_command_in_somebody_elses_thread_is_nothing_to_the_bot(
    bot: RunningBot, service: Repo, pr: PullRequestHandle, ann: User
) -> None:
    async with ClientSession(headers={"Authorization": f"Bearer {ann.token}"}) as session:
        body = {
            "commit_id": pr.head_sha,
            "path": HEALTH,
            "line": 9,
            "side": "RIGHT",
            "body": pr.review_comments[0].body,
        }
        url = f"{bot.github.url}/repos/acme/service/pulls/{pr.number}/comments"
        async with session.post(url, json=body) as answer:
            assert answer.status == 201
    await bot.receive(pr.reply(pr.review_comments[-1], "/ssot skip not now", by=ann))
    assert [run.conclusion for run in pr.check_runs] == ["failure"]
    assert pr.comments == []
