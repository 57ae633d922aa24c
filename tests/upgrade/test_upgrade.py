"""A new server on what an old one left: its records, its documents, its waiting work, and its words at GitHub."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.cli.demo import serving, settings_for
from bot.domain.references import RepoRef
from bot.jobs import Job, State
from bot.jobs.opening import store_of
from bot.sandbox import IssueHandle, PullRequestHandle, Repo, Sandbox
from bot.settings import Secret
from bot.storage import Storage, StorageUnavailable
from bot.storage.engine import storage_url
from bot.tracker import record
from bot.tracker.record import burn_downs
from tests.upgrade import restore

FAR = datetime(2100, 1, 1, tzinfo=UTC)
WAITING = (
    ("ssot.look", "ssot.look:5986580", "ssot.look"),
    ("ssot.trackers", "ssot.trackers:498881", "ssot.trackers"),
    ("pull_request", "5467678c-1058-54f6-bf92-0b9e02b80d51", "repo:1006#7"),
    ("issue_comment", "00000000-0000-4000-8000-000000000001", "repo:1006#4"),
    ("ssot.sweep", "ssot.sweep:5881234", "ssot.sweep"),
    ("ssot.look", "ssot.look:1006 17", "ssot.look repo:1006"),
    ("ssot.review", "ssot.review:1006#2@46f464a4dbfb25de0214e58c8f95214e52d4ab2f", "repo:1006#2"),
    ("ssot.tracker", "ssot.tracker:1006#1 17", "ssot.tracker repo:1006#1"),
    ("ssot.trackers", "ssot.trackers:acme/service@1795974144.800", "ssot.trackers repo:1006"),
    ("ssot.migrations", "ssot.migrations:acme/service#1@1795974145.000", "repo:1006#1"),
    ("issue_comment", "c15ce52b-2f71-570a-aa84-3f942f1ef689", None),
    ("ssot.look", "ssot.look:5881234", None),
    ("ssot.trackers", "ssot.trackers:489999", None),
)
"""Event, id and partition of what the old server had not done; the last three it had not even looked into."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return restore.directory(tmp_path / "data")


def url_in(data: Path) -> str:
    return storage_url(f"sqlite:///{data / 'ssot.db'}")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Storage]:
    storage = Storage(url)
    await storage.open()
    try:
        yield storage
    finally:
        await storage.close()


async def check_contents(storage: Storage) -> None:
    """Every record and document of the old version, as it was."""
    stored = restore.rows("records", "SELECT namespace, key, value, version, written_at FROM records")
    for namespace, key, value, version, written_at in stored:
        found = await storage.get(namespace, key)
        assert found is not None, (namespace, key)
        assert (found.value, found.version, found.written_at.timestamp()) == (value, version, written_at)
    for name, document in restore.rows("ledger", "SELECT name, document FROM ledger"):
        assert (await storage.read(name))[0] == json.loads(document)


# --- records and documents ---------------------------------------------------------------------------------------


async def test_every_record_and_document_is_there(data: Path) -> None:
    async with opened(url_in(data)) as storage:
        await check_contents(storage)
        counted = [len(await storage.entries(name)) for name in ("survey", "survey-brief", "tracker", "sweep", "heard")]
        assert counted == [1, 1, 2, 3, 4]


async def test_what_the_tracker_remembers_is_readable(data: Path) -> None:
    repo = RepoRef(installation=1008, id=1006, owner="acme", name="service")  # type: ignore[arg-type]  # plain numbers
    async with opened(url_in(data)) as storage:
        found = await record.load(storage, repo, 1, "websocket-manager-factory")
        assert found.written
        assert [point.usages for point in found.history] == [4]
        assert [chart.migration for chart in await burn_downs(storage)] == ["greeting", "websocket-manager-factory"]


async def test_documents_are_brought_over_once(data: Path) -> None:
    """A second start does not put an old state in the place of a newer one; the old file is left as it was."""
    async with opened(url_in(data)) as storage:
        await storage.update("github/1008/gate", lambda before, _: ({**(before or {}), "strikes": 7}, None))
    async with opened(url_in(data)) as storage:
        document, _ = await storage.read("github/1008/gate")
    assert document is not None
    assert document["strikes"] == 7
    assert (data / "ledger.db").exists()


async def test_a_start_that_breaks_off_loses_nothing(data: Path) -> None:
    """The old file cannot be read: nothing is begun, and once it can everything is there."""
    good = (data / "ledger.db").read_bytes()
    (data / "ledger.db").write_bytes(b"not a database, and longer than a header of one hundred bytes" * 20)
    with pytest.raises(StorageUnavailable, match="does not answer"):
        async with opened(url_in(data)):
            pass
    (data / "ledger.db").write_bytes(good)
    async with opened(url_in(data)) as storage:
        await check_contents(storage)


async def test_an_old_server_that_ended_before_its_first_document(data: Path) -> None:
    (data / "ledger.db").write_bytes(b"")
    async with opened(url_in(data)) as storage:
        assert (await storage.read("github/1008/gate"))[0] is None
        assert len(await storage.entries("tracker")) == 2


# --- the waiting work --------------------------------------------------------------------------------------------


async def test_what_waits_is_listed_with_its_lane_and_its_time(data: Path) -> None:
    store = store_of(f"sqlite:///{data / 'ssot.db'}")
    await store.open()
    jobs = sorted(await store.recent(100, State.QUEUED), key=lambda job: job.seq)
    bodies = [await store.body(job.seq) for job in jobs]
    await store.close()
    assert tuple((job.event, job.id, job.key) for job in jobs) == WAITING
    assert [job.id for job in jobs if job.not_before == FAR] == ["ssot.look:5881234"]
    assert all(isinstance(json.loads(body), dict) for body in bodies)


def test_the_stored_bodies_are_the_old_ones() -> None:
    (body,) = restore.rows("ssot", "SELECT body FROM bodies JOIN deliveries USING (seq) WHERE event = 'pull_request'")
    assert json.loads(zlib.decompress(body[0]))["number"] == 7


# --- the new server ----------------------------------------------------------------------------------------------


SOON = timedelta(seconds=30)
"""What a timer sends at the start comes minutes later."""


def _due(job: Job) -> bool:
    return not job.state.finished and (job.not_before is None or job.not_before < datetime.now(UTC) + SOON)


class Upgraded:
    """The new server, running where the old one was stopped."""

    def __init__(self, github: Sandbox, app: App, repo: Repo) -> None:
        self.github, self.app, self.repo = github, app, repo

    async def caught_up(self) -> list[Job]:
        """All jobs, once nothing waits but what is not due."""
        while True:
            await self.github.settled()
            await self.app.store.probe()
            jobs = await self.app.store.recent(1_000)
            if not any(_due(job) for job in jobs):
                return sorted(jobs, key=lambda job: job.seq)
            await asyncio.sleep(0.02)

    def pull(self, number: int) -> PullRequestHandle:
        return self.repo.pull_request(number)

    @property
    def tracker(self) -> IssueHandle:
        return self.repo.issue(1)


@pytest.fixture
async def new(github: Sandbox, data: Path) -> AsyncIterator[Upgraded]:
    repo = await restore.repository(github)
    async with serving(github, settings_for(github, data)) as app:
        upgraded = Upgraded(github, app, repo)
        await upgraded.caught_up()
        yield upgraded


async def test_the_new_server_does_the_waiting_work(new: Upgraded) -> None:
    await check_waiting_work(new)


async def check_waiting_work(new: Upgraded) -> None:
    """What waited is done, and seen at GitHub."""
    jobs = {str(job.id): job for job in await new.caught_up()}
    states = {id_: jobs[id_].state for _, id_, _ in WAITING}
    assert {id_ for id_, state in states.items() if not state.finished} == {"ssot.look:5881234"}
    assert set(states.values()) <= {State.DONE, State.SUPERSEDED, State.QUEUED}
    assert len(new.pull(7).reviews) == 1, "the pull request that came while the old server was down"
    assert "5 new deprecated usages" in new.pull(2).last_comment.body, "/ssot status, which the old server only stored"


async def test_a_command_that_the_old_server_had_done_is_not_done_again(new: Upgraded) -> None:
    jobs = {str(job.id): job for job in await new.caught_up()}
    assert jobs["00000000-0000-4000-8000-000000000001"].state is State.DONE
    pull = new.pull(4)
    assert pull.head_sha == "9ec3b9ecd19812a5a71add471a3c0e76b6bfb130"
    assert len(pull.comments) == 2


async def test_findings_that_were_told_are_not_told_again(new: Upgraded) -> None:
    """Neither for the old head nor for a new one; the finding that was skipped stays so."""
    pull = new.pull(2)
    assert (len(pull.reviews), len(pull.review_comments)) == (1, 4)
    await pull.push({"README.md": b"# A chat service\n\nIt notifies.\n"})
    await new.caught_up()
    assert (len(pull.reviews), len(pull.review_comments)) == (1, 4)
    run = new.repo.check_runs[-1]
    assert (run.head_sha, run.conclusion, run.title) == (pull.head_sha, "failure", "5 new deprecated usages")
    assert "1 finding skipped" in (run.summary or "")


async def test_the_check_run_of_a_state_that_was_told_is_recognised(new: Upgraded) -> None:
    """The queue's commit and the heads that have one: by their external ids."""
    told = [run.external_id for run in new.repo.check_runs]
    heads = [run.head_sha for run in new.repo.check_runs]
    assert heads.count(new.pull(5).head_sha) == 1
    await new.repo.rerequest(next(run for run in new.repo.check_runs if "/queue/" in run.external_id))
    await new.caught_up()
    again = [run for run in new.repo.check_runs if "/queue/" in run.external_id]
    assert len(again) == 2
    assert len({run.head_sha for run in again}) == 1
    assert len(new.repo.check_runs) == len(told) + 1


async def test_the_trackers_section_is_found_and_the_attestation_counts(new: Upgraded) -> None:
    body = new.tracker.body
    assert body.count("<!-- ssot:tracker-begin=websocket-manager-factory,") == 1
    assert body.count("<!-- ssot:tracker-begin=greeting,") == 1
    assert body.startswith("People write here what they like.\n")
    assert "- [x] Everybody was told" in body
    await new.repo.push({"netra_backend/app/routes/chat.py": b'"""Chat."""\n'})
    await new.caught_up()
    body = new.tracker.body
    assert body.count("<!-- ssot:tracker-begin=") == 2
    assert "- [x] The chat is clean" in body
    assert "- [x] Everybody was told" in body


async def test_deleting_the_old_servers_record_takes_the_attestation_back(new: Upgraded) -> None:
    record = next(comment for comment in new.tracker.comments if "ssot:attest=" in comment.body)
    await record.delete(by=new.github.user("ann"))
    await new.caught_up()
    assert "- [ ] Everybody was told" in new.tracker.body


async def test_migration_and_removal_pull_requests_are_recognised(new: Upgraded) -> None:
    assert len(new.repo.pull_requests) == 6
    branches = new.repo.branches
    await new.tracker.comment("/ssot migrate", by=new.github.user("ann"))
    await new.caught_up()
    assert "#5" in new.tracker.last_comment.body
    assert (len(new.repo.pull_requests), new.repo.branches) == (6, branches)


async def test_a_rotation_after_the_upgrade_forgets_nothing(github: Sandbox, data: Path) -> None:
    """The webhook secret of the old version's time is gone: what was said and skipped is still known."""
    repo = await restore.repository(github)
    plain = settings_for(github, data)
    async with serving(github, plain) as app:
        await Upgraded(github, app, repo).caught_up()
    github.app.webhook_secret = "a secret that came after the upgrade"
    rotated = replace(plain, webhook_secrets=(Secret(github.app.webhook_secret),))
    async with serving(github, rotated) as app:
        new = Upgraded(github, app, repo)
        pull = new.pull(2)
        said = len(pull.review_comments)
        await pull.push({"README.md": b"# A chat service\n\nIt notifies.\n"})
        await new.caught_up()
        assert (len(pull.reviews), len(pull.review_comments)) == (1, said)
        assert "1 finding skipped" in (repo.check_runs[-1].summary or "")
        await repo.push({"netra_backend/app/routes/chat.py": b'"""Chat."""\n'})
        await new.caught_up()
        assert new.tracker.body.count("<!-- ssot:tracker-begin=") == 2
        assert "- [x] The chat is clean" in new.tracker.body
