"""``/ssot migrate`` on the tracking issue: pull requests over real git, their files compared byte for byte."""

import re
from collections.abc import Mapping

from bot.domain.references import Delivery, DeliveryId
from bot.migrate.batches.upkeep import UPKEEP
from bot.sandbox import Content, Executable, IssueHandle, PullRequestHandle, Repo, Sandbox, pulling
from bot.sandbox.example import FILES, HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from bot.tracker.wake import TRACKER, TRACKERS
from tests.e2e.conftest import RunningBot
from tests.jobs.conftest import until

APP = "netra_backend/app"
CONFIG = """\
version: 1
migrations:
  websocket-manager-factory:
    extends: websocket-manager-factory
    mode: {mode}
    critical: ["netra_backend/app/routes/**"]
    pull_requests: {{files: {files}, open: {open}, split: {split}}}
    tracking: {{issue: 1}}
"""


def config(*, files: int = 20, open: int = 5, split: str = "directory", mode: str = "block-new") -> bytes:  # noqa: A002
    return CONFIG.format(files=files, open=open, split=split, mode=mode).encode()


def probes(*names: str) -> dict[str, Content]:
    """Files with one usage that is safe to migrate."""
    return {f"{APP}/{name}": HEALTH_WITH_A_PROBE for name in names}


class Tracked:
    """A repository with its tracking issue, whose number is 1."""

    def __init__(self, bot: RunningBot, repo: Repo, issue: IssueHandle) -> None:
        self.bot, self.repo, self.issue = bot, repo, issue

    async def migrate(self, arguments: str = "") -> str:
        """Give the command; returns the answer."""
        await self.issue.comment(f"/ssot migrate {arguments}".strip())
        await self.bot.settled()
        assert await self.bot.failed() == []
        return self.issue.last_comment.body

    @property
    def pulls(self) -> list[PullRequestHandle]:
        return self.repo.pull_requests

    @property
    def open(self) -> list[PullRequestHandle]:
        return [pull for pull in self.pulls if pull.state == "open"]


async def tracked(bot: RunningBot, files: Mapping[str, Content], settings: bytes = b"") -> Tracked:
    everything = {**FILES, **files, ".github/ssot.yml": settings or config()}
    repo = await bot.github.repo("acme/service", files=everything)
    return Tracked(bot, repo, await repo.open_issue("Retire the factory", "- [ ] all of it"))


async def changed(pull: PullRequestHandle) -> dict[str, bytes]:
    """What merging it would change, and to what."""
    head = pull.head
    return {file.path: head[file.path] for file in await pulling.files(pull._world, pull.record)}


def writes(github: Sandbox) -> list[str]:
    return [f"{request.method} {request.path}" for request in github.requests if request.mutating]


async def test_it_opens_a_pull_request_with_the_safe_fixes(bot: RunningBot) -> None:
    at = await tracked(bot, probes("services/a.py", "services/b.py"))
    answer = await at.migrate()
    (pull,) = at.pulls
    assert await changed(pull) == {f"{APP}/services/{n}.py": HEALTH_MIGRATED for n in "ab"}
    assert pull.author == bot.github.app.bot.login
    assert pull.record.base_ref == "main"
    assert re.fullmatch(r"ssot/websocket-manager-factory/netra-backend-app-services-[0-9a-f]{8}", pull.head_ref)
    assert "Part of #1." in pull.body
    assert f"#{pull.number}" in answer
    assert "1 pull request opened" in answer
    assert at.issue.comments[0].reactions == ["eyes", "rocket"]


async def test_the_commit_is_one_signed_commit_on_the_head_of_the_default_branch(bot: RunningBot) -> None:
    at = await tracked(bot, {f"{APP}/services/run.py": Executable(HEALTH_WITH_A_PROBE)})
    await at.migrate()
    (pull,) = at.pulls
    commit = await at.repo.record.git.commit(pull.head_sha)
    assert commit.parents == (at.repo.branch().sha,)
    assert pull.head_sha in at.repo.record.verified
    assert commit.author.name == bot.github.app.bot.login
    assert pull.head.modes[f"{APP}/services/run.py"] == "100755"
    words = f"{commit.message}\n{pull.title}\n{pull.body}".lower()
    assert not re.search(r"\b(close[sd]?|fix(e[sd])?|resolve[sd]?)\s*:?\s+#", words)


async def test_what_is_left_for_a_person_is_said_with_its_reason(bot: RunningBot) -> None:
    at = await tracked(bot, probes("services/a.py"))
    answer = await at.migrate()
    assert "Not migrated" in answer
    assert "routes/chat.py" in answer
    assert "--unsafe" in answer


async def test_unsafe_fixes_come_on_demand_and_are_told(bot: RunningBot) -> None:
    at = await tracked(bot, {})
    answer = await at.migrate("--unsafe")
    (pull,) = at.pulls
    assert list(await changed(pull)) == [f"{APP}/routes/chat.py"]
    assert b"WebSocketManager(user_context=context)" in pull.head[f"{APP}/routes/chat.py"]
    assert "may change behaviour" in pull.body
    assert "Nothing to open" not in answer


async def test_without_anything_to_migrate_that_is_said(bot: RunningBot) -> None:
    at = await tracked(bot, {})
    answer = await at.migrate()
    assert at.pulls == []
    assert "Nothing to open" in answer


async def test_the_same_command_again_adds_nothing(bot: RunningBot) -> None:
    at = await tracked(bot, probes("services/a.py"))
    await at.migrate()
    before = [(pull.number, pull.head_sha, pull.body) for pull in at.pulls]
    answer = await at.migrate()
    assert [(pull.number, pull.head_sha, pull.body) for pull in at.pulls] == before
    assert "already open" in answer


async def test_sixty_files_are_split_and_the_rest_waits(bot: RunningBot) -> None:
    names = [f"{part}/m{n}.py" for part in ("agents", "db", "routes") for n in range(20)]
    at = await tracked(bot, probes(*names), config(files=8, open=4))
    answer = await at.migrate()
    assert len(at.open) == 4
    found = [await changed(pull) for pull in at.open]
    assert [len(each) for each in found] == [8, 8, 4, 8]
    assert len({path for each in found for path in each}) == 28
    assert {content for each in found for content in each.values()} == {HEALTH_MIGRATED}
    assert [{path.split("/")[2] for path in each} for each in found] == [{"routes"}, {"routes"}, {"routes"}, {"agents"}]
    assert answer.count("| waiting |") == 5
    assert "mode: migrate" in answer


async def test_it_is_split_by_owner(bot: RunningBot) -> None:
    owners = b"* @acme/all\n/netra_backend/app/db/ @acme/data\n"
    files = {**probes("db/a.py", "agents/b.py", "db/c.py"), ".github/CODEOWNERS": owners}
    at = await tracked(bot, files, config(split="codeowners"))
    await at.migrate()
    assert [sorted(await changed(pull)) for pull in at.pulls] == [
        [f"{APP}/agents/b.py"],
        [f"{APP}/db/a.py", f"{APP}/db/c.py"],
    ]
    assert "@" not in at.pulls[0].title


async def test_paths_narrow_it(bot: RunningBot) -> None:
    at = await tracked(bot, probes("db/a.py", "agents/b.py"))
    await at.migrate(f"{APP}/db")
    (pull,) = at.pulls
    assert list(await changed(pull)) == [f"{APP}/db/a.py"]


async def test_a_dry_run_shows_the_diff_and_writes_nothing(bot: RunningBot) -> None:
    at = await tracked(bot, probes("db/a.py"))
    answer = await at.migrate("--dry-run")
    assert at.pulls == []
    assert at.repo.branches == ["main"]
    assert "would be opened" in answer
    assert "-    factory = get_websocket_manager_factory()" in answer
    assert "+    factory = WebSocketManager" in answer


async def test_another_issue_is_no_tracker(bot: RunningBot) -> None:
    at = await tracked(bot, probes("db/a.py"))
    other = await at.repo.open_issue("Something else")
    await other.comment("/ssot migrate")
    await bot.settled()
    assert at.pulls == []
    assert "tracked in #1" in other.last_comment.body
    assert other.comments[0].reactions == ["eyes", "confused"]


async def test_a_wrong_configuration_stops_it(bot: RunningBot) -> None:
    at = await tracked(bot, probes("db/a.py"), b"version: 1\nmigrations:\n  x: {deprecated: 3}\n")
    answer = await at.migrate()
    assert at.pulls == []
    assert "not valid" in answer


# --- upkeep -------------------------------------------------------------------------------------------------------


async def due(bot: RunningBot) -> None:
    """The tasks that wait for their time have it now."""
    for job in await bot.jobs():
        if job.event == UPKEEP and job.not_before is not None and not job.state.finished:
            body = await bot.app.store.body(job.seq)
            await bot.app.inbox.put(Delivery(id=DeliveryId(f"{job.id} now"), event=job.event, body=body))
    await bot.settled()


async def upkeep(bot: RunningBot) -> None:
    """The task of the repository, then those of its trackers."""
    await bot.settled()
    await due(bot)
    await due(bot)


async def test_after_a_merge_the_next_is_opened_and_what_is_open_is_brought_up_to_date(bot: RunningBot) -> None:
    at = await tracked(bot, probes("db/a.py", "db/b.py", "db/c.py"), config(files=1, open=2, mode="migrate"))
    await at.migrate()
    first, second = at.pulls
    await first.merge()
    await at.repo.push({f"{APP}/db/b.py": HEALTH_WITH_A_PROBE + b"\n\nMORE = 1\n"})
    await upkeep(bot)
    assert await bot.failed() == []
    assert [list(await changed(pull)) for pull in at.open] == [[f"{APP}/db/b.py"], [f"{APP}/db/c.py"]]
    assert second.head[f"{APP}/db/b.py"] == HEALTH_MIGRATED + b"\n\nMORE = 1\n"
    assert len(at.pulls) == 3


async def tracker_is_done(bot: RunningBot) -> bool:
    """Whether what the pushes asked of the tracking issue has been done."""
    asked = [job for job in await bot.jobs() if job.event in (TRACKER, TRACKERS) and "acme/service" in str(job.place)]
    return {job.event for job in asked} == {TRACKER, TRACKERS} and all(job.state.finished for job in asked)


async def test_pushes_are_one_task_and_other_branches_none(bot: RunningBot) -> None:
    at = await tracked(bot, {})
    for n in range(3):
        await at.repo.push({"README.md": b"# %d\n" % n})
    await at.repo.push({"README.md": b"# other\n"}, branch="other")
    await bot.settled()
    asked = [job for job in await bot.jobs() if job.event == UPKEEP]
    assert len(asked) in (1, 2), "two when a window ended in between"
    await until(lambda: tracker_is_done(bot))  # its edit of the issue belongs to another task
    before = writes(bot.github)
    await upkeep(bot)
    assert writes(bot.github) == before
