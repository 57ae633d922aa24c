"""What GitHub refuses ends in a clear sentence with its own reason, or in a clean skip: no endless tries."""

import pytest

from bot.domain.references import Task
from bot.github.payloads import delivery_of
from bot.inventory.first import SURVEY
from bot.migrate.batches.upkeep import UPKEEP
from bot.recovery.deliveries import LOOK
from bot.sandbox import IssueHandle, PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from bot.sandbox.rules import Rule, RuleKind
from bot.tracker.wake import TRACKERS
from tests.e2e.conftest import RunningBot
from tests.e2e.test_migrate_issue import config, probes, tracked
from tests.e2e.test_removal import FILES as REMOVABLE
from tests.e2e.test_tracker import collected
from tests.github.conftest import ref_of

NAMES = Rule(kind=RuleKind.NAME, pattern="^(main|feature/.+)$")
TEXTS = Rule(kind=RuleKind.MESSAGE, operator="starts_with", pattern="feat: ")
SIGNED, LINEAR = Rule(kind=RuleKind.SIGNATURES), Rule(kind=RuleKind.LINEAR)
REASONS = {
    "names": "Branch name must match a given regex pattern",
    "texts": "Commit message must start with a matching pattern",
    "in the way": "the branch ssot stands in the way of ssot/…; rename or delete it",
}
RULES = {"names": NAMES, "texts": TEXTS}
HEALTH = "netra_backend/app/routes/health.py"


async def obstruct(repo: Repo, by: str) -> None:
    if by in RULES:
        repo.rule(RULES[by], include=("refs/heads/*/*",))
    else:
        for name in ("ssot", "ssot-removal"):
            await repo.set_branch(name, repo.branch().sha)


async def unblock(repo: Repo, by: str) -> None:
    if by in RULES:
        repo.record.rulesets.clear()
    else:
        for name in ("ssot", "ssot-removal"):
            await repo.set_branch(name, None)


def told(issue: IssueHandle) -> list[str]:
    """What the bot said that answers nobody."""
    return [comment.body for comment in issue.comments if "GitHub refuses it" in comment.body]


@pytest.mark.parametrize("by", REASONS)
async def test_a_command_answers_with_the_reason(bot: RunningBot, by: str) -> None:
    it = await tracked(bot, probes("a.py"))
    await obstruct(it.repo, by)
    answer = await it.migrate()
    assert answer.startswith("**Nothing was done**")
    assert REASONS[by] in answer
    assert it.open == []
    assert it.issue.comments[0].reactions == ["eyes", "confused"]
    await unblock(it.repo, by)
    assert "1 pull request opened" in await it.migrate()


@pytest.mark.parametrize("by", REASONS)
async def test_nobody_asked_and_the_tracking_issue_says_why(bot: RunningBot, by: str) -> None:
    """Pushes have migration pull requests opened: said once, tried with each push, and no failed work."""
    it = await tracked(bot, probes("a.py", "b/b.py"), config(mode="migrate", files=1))
    await obstruct(it.repo, by)
    for number in range(3):
        await kept_up(bot, it.repo, f"push {number}")
    (said,) = told(it.issue)
    assert "I could not open or update pull requests for `websocket-manager-factory`" in said
    assert REASONS[by] in said
    assert it.open == []
    assert await bot.failed() == []
    reasons = [job.reason or "" for job in await bot.jobs() if job.event == UPKEEP]
    assert len(reasons) == 3
    assert all("2 refused by GitHub" in reason and REASONS[by] in reason for reason in reasons)
    await unblock(it.repo, by)
    await kept_up(bot, it.repo, "another push")
    assert len(it.open) == 2
    assert len(told(it.issue)) == 1


async def kept_up(bot: RunningBot, repo: Repo, name: str) -> None:
    """What a push brings, which waits for further ones."""
    task = Task(event=UPKEEP, id=name, repo=ref_of(bot.github, repo), subject=1)
    await bot.app.inbox.put(delivery_of(task))
    await bot.settled()


async def test_branches_that_all_hold_commits_of_others(bot: RunningBot) -> None:
    it = await tracked(bot, probes("a.py"))
    await it.migrate()
    (pull,) = it.open
    await pull.close()
    for name in (pull.head_ref, *(f"{pull.head_ref}-{n}" for n in range(2, 10))):
        await it.repo.push({"theirs.txt": b"x"}, branch=name)
    answer = await it.migrate(".")
    assert "have commits by others" in answer
    assert it.open == []
    assert await bot.failed() == []


async def test_what_is_refused_for_one_keeps_no_other_from_being_opened(bot: RunningBot) -> None:
    it = await tracked(bot, probes("a/a.py", "b/b.py"), config(files=1))
    it.repo.rule(Rule(kind=RuleKind.CREATION), include=("*app-a-*",))
    answer = await it.migrate()
    assert "1 pull request opened" in answer
    assert "not opened" in answer
    assert "Cannot create ref due to creations being restricted." in answer
    assert it.issue.comments[0].reactions == ["eyes", "rocket"]
    assert len(it.open) == 1


@pytest.mark.parametrize("by", REASONS)
async def test_a_removal_that_is_refused(bot: RunningBot, github: Sandbox, by: str) -> None:
    """The tracking issue says so once; the hourly update does not try again before the branch has moved."""
    repo = await github.repo("acme/app", files=dict(REMOVABLE))
    issue = await repo.open_issue("Migrate", "# Migration\n")
    await obstruct(repo, by)
    await issue.edit(body="# Migration\n\nIt begins.\n")
    await collected(bot)
    (said,) = told(issue)
    assert "I could not open or update the pull request that removes the definition for `old`" in said
    assert REASONS[by].replace("ssot", "ssot-removal") in said
    before = len(github.mutations)
    for number in range(3):
        await bot.app.inbox.put(delivery_of(Task(event=TRACKERS, id=f"hour {number}", repo=None)))
        await collected(bot)
    assert len(github.mutations) == before
    assert await bot.failed() == []
    await unblock(repo, by)
    await repo.push({"news.txt": b"\n"})
    await collected(bot)
    assert [pull.title for pull in repo.pull_requests] != []
    assert len(told(issue)) == 1


async def test_a_held_removal_whose_branch_takes_no_commits(bot: RunningBot, github: Sandbox) -> None:
    """It is there, has to be rebuilt, and a rule forbids that."""
    repo = await github.repo("acme/app", files=dict(REMOVABLE))
    issue = await repo.open_issue("Migrate", "# Migration\n")
    await issue.edit(body="# Migration\n\nIt begins.\n")
    await collected(bot)
    (pull,) = repo.pull_requests
    repo.rule(Rule(kind=RuleKind.UPDATE), include=("refs/heads/ssot-removal/*",))
    await repo.push({"pkg/impl.py": b"def old(): ...\n\n\ndef new(): ...\n\n\ndef newer(): ...\n"})
    await collected(bot)
    (said,) = told(issue)
    assert "Cannot update this protected ref." in said
    assert pull.state == "open"
    assert await bot.failed() == []


@pytest.mark.parametrize("rule", [SIGNED, LINEAR], ids=["signatures", "linear history"])
async def test_what_the_bot_commits_is_signed_and_no_merge(bot: RunningBot, rule: Rule) -> None:
    it = await tracked(bot, probes("a.py"))
    it.repo.rule(rule)
    assert "1 pull request opened" in await it.migrate()


async def test_a_commit_to_a_pull_request_that_a_rule_forbids(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    ann = github.user("ann", role="write")
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, by=ann))
    service.rule(TEXTS)
    head = pull.head_sha
    await bot.receive(pull.comment("/ssot migrate", by=ann))
    assert REASONS["texts"] in pull.last_comment.body
    assert pull.head_sha == head
    assert await bot.failed() == []


async def test_without_drafts_it_is_opened_ready(bot: RunningBot) -> None:
    settings = config().replace(b"split: directory}", b"split: directory, draft: true}")
    it = await tracked(bot, probes("a.py"), settings)
    it.repo.record.drafts = False
    await it.migrate()
    assert [pull.draft for pull in it.open] == [False]


async def everything_due(bot: RunningBot) -> None:
    """What the timers ask for, for each repository."""
    for event in (TRACKERS, SURVEY, LOOK):
        await bot.app.inbox.put(delivery_of(Task(event=event, id=f"{event} now", repo=None)))
    await bot.settled()
    await bot.app.worker.run_now()
    await bot.settled()


async def test_an_archived_repository_is_left_alone(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    pr = await bot.receive(service.open_pull_request({"a.py": b"x = 1\n"}))
    checks = len(service.check_runs)
    service.record.archived = True
    await bot.receive(pr.comment("/ssot scan", by=github.user("ann", role="write")))
    await bot.receive(pr.push({"b.py": b"x = 1\n"}))
    await everything_due(bot)
    assert len(service.check_runs) == checks
    assert await bot.failed() == []


@pytest.mark.parametrize("command", ["help", "status", "migrate", "scan", "explain"])
async def test_an_empty_repository(bot: RunningBot, github: Sandbox, command: str) -> None:
    """Without a commit nothing is configured, and the built-in migration is about another code base."""
    repo = await github.repo("acme/empty", empty=True)
    issue = await repo.open_issue("Hello")
    await bot.receive(issue.comment(f"/ssot {command}", by=github.user("ann", role="write")))
    await everything_due(bot)
    assert await bot.failed() == []
    assert len(issue.comments) == 1
    [job] = [job for job in await bot.jobs() if job.event == "issue_comment"]
    assert job.reason == "the repository is empty"


async def alone(bot: RunningBot, service: Repo) -> PullRequestHandle:
    """A pull request whose head has no commit in common with its base any more."""
    pull = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    files = {path: service.branch()[path] for path in (HEALTH,)}
    await bot.receive(service.set_branch(pull.head_ref, await service.unrelated({**files, "new.py": b"x = 1\n"})))
    return pull


async def test_a_pull_request_without_a_common_ancestor(bot: RunningBot, service: Repo) -> None:
    pull = await alone(bot, service)
    await everything_due(bot)
    assert await bot.failed() == []
    assert pull.check_runs == []
    reasons = [job.reason or "" for job in await bot.jobs() if job.event == "pull_request"]
    assert "no commit in common" in reasons[-1]


@pytest.mark.parametrize("command", ["scan", "status", "skip new.py because"])
async def test_a_command_where_there_is_no_common_ancestor(
    bot: RunningBot, service: Repo, github: Sandbox, command: str
) -> None:
    pull = await alone(bot, service)
    before = len(pull.comments)
    await bot.receive(pull.comment(f"/ssot {command}", by=github.user("ann", role="write")))
    assert await bot.failed() == []
    assert len(pull.comments) == before + 2
    assert "no commit in common" in pull.last_comment.body
