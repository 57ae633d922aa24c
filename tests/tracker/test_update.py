"""The tracking issue, brought up to date at the sandbox GitHub: evidence moves boxes, people's words stay."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.context import Bot
from bot.domain.effects import EditIssue, Effect
from bot.domain.references import DeliveryId, RepoRef
from bot.github import DryRunPerformer
from bot.jobs import Done, Ignored, Job, Outcome
from bot.sandbox import Repo, Sandbox
from bot.sandbox.handles import IssueHandle
from bot.scanner import Scanner
from bot.storage.read_only import ReadOnlyStorage
from bot.tracker import edit, wake
from bot.tracker.record import NAMESPACE
from bot.tracker.update import update_tracker
from tests.github.conftest import open_as_app, ref_of
from tests.inventory.conftest import Outbox

CHECKLIST = b"""version: 1
migrations:
  old:
    deprecated: pkg.impl.old
    canonical: pkg.impl.new
    drop_in: true
    critical: ["routes/**"]
    tracking:
      issue: 1
      checklist:
        - {item: All calls replaced, evidence: {usages: none}}
        - {phase: Phase 2, item: Routes are clean, evidence: {usages: {paths: ["routes/**"]}}}
        - {item: The definition is gone, evidence: {definition-removed: true}}
        - {item: Tests pass, evidence: {check: tests}}
        - {item: Lint is green, evidence: {check: ci/lint}}
        - {item: On staging, evidence: {deployment: staging}}
        - {item: A pull request carries it, evidence: {pull-request: opened}}
        - {item: Everybody was told, evidence: {attested: true}}
        - {item: A plan exists, evidence: {file-exists: "docs/*plan*.md"}}
"""
BODY = (
    "# Migration \u2705 \u00e2\u0153\u2026\r\n\r\nOld words.\r\n\r\n- [ ] All calls replaced\r\n"
    "- [x] Ours alone, without evidence\r\n\r\n## Phase 2\r\n\r\n* [ ] Routes are clean\r\n"
    "- [x] The definition is gone\r\n- [ ] Tests pass\r\n- [ ] Lint is green\r\n- [ ] On staging\r\n"
    "- [ ] A pull request carries it\r\n- [ ] Everybody was told\r\n- [X] A plan exists\r\n"
)
FILES: Mapping[str, bytes] = {
    ".github/ssot.yml": CHECKLIST,
    "pkg/__init__.py": b"",
    "pkg/impl.py": b"def old(): ...\n\n\ndef new(): ...\n",
    "routes/a.py": b"from pkg.impl import old\n\nold()\n",
    "app/b.py": b"from pkg.impl import old\n\nold()\n",
    "docs/the-plan.md": b"A plan.\n",
}
CLEAN = b"from pkg.impl import new\n\nnew()\n"


class Held:
    """A lease that nobody takes away."""

    job = Job(seq=1, id=DeliveryId("1"), event=wake.TRACKER, received_at=None)  # type: ignore[arg-type]

    def held(self) -> bool:
        return True

    def newer_waits(self) -> bool:
        return False


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files=dict(FILES))


@pytest.fixture
async def issue(repo: Repo) -> IssueHandle:
    return await repo.open_issue("Migrate", BODY)


@pytest.fixture
async def ref(github: Sandbox, repo: Repo) -> RepoRef:
    return ref_of(github, repo)


async def update(bot: Bot, ref: RepoRef, number: int = 1) -> Outcome:
    return await update_tracker(bot, ref, number, Held())


def boxes(body: str) -> dict[str, bool]:
    """The people's task lines, those outside of the section."""
    own = body.partition("<!-- ssot:tracker-begin")[0]
    found = re.findall(r"^[*-] \[([ xX])\] (.*?)\r?$", own, re.MULTILINE)
    return {text: state != " " for state, text in found}


def without_boxes(body: str) -> str:
    return re.sub(r"\[[ xX]\]", "[]", body.partition("<!-- ssot:tracker-begin")[0]).rstrip()


async def test_boxes_follow_the_evidence_and_nothing_else_changes(
    bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle
) -> None:
    assert isinstance(await update(bot, ref), Done)
    assert boxes(issue.body) == {
        "All calls replaced": False,
        "Ours alone, without evidence": True,
        "Routes are clean": False,
        "The definition is gone": False,
        "Tests pass": False,
        "Lint is green": False,
        "On staging": False,
        "A pull request carries it": False,
        "Everybody was told": False,
        "A plan exists": True,
    }
    assert without_boxes(issue.body) == without_boxes(BODY)
    assert "**4 usages left**" in issue.body
    await repo.push({"routes/a.py": CLEAN})
    await repo.set_status("ci/lint", "success")
    await repo.complete_check("tests", "success")
    await repo.deploy("staging", "success")
    await repo.open_pull_request({"x.py": b""}, body="Part of #1")
    await update(bot, ref)
    found = boxes(issue.body)
    assert [text for text, done in found.items() if done] == [
        "Ours alone, without evidence", "Routes are clean", "Tests pass", "Lint is green", "On staging",
        "A pull request carries it", "A plan exists",
    ]  # fmt: skip
    assert without_boxes(issue.body) == without_boxes(BODY)
    assert "removed in" in issue.body


async def test_a_second_update_writes_nothing(bot: Bot, github: Sandbox, ref: RepoRef, issue: IssueHandle) -> None:
    await update(bot, ref)
    writes = len(github.mutations)
    body = issue.body
    await update(bot, ref)
    await update(bot, ref)
    assert (len(github.mutations), issue.body) == (writes, body)


async def test_what_comes_back_clears_the_box_and_says_who_brought_it(
    bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef, issue: IssueHandle
) -> None:
    await repo.push({"routes/a.py": CLEAN})
    await update(bot, ref)
    assert boxes(issue.body)["Routes are clean"]
    mallory = github.user("mallory", role="write")
    revert = await repo.open_pull_request({"routes/a.py": FILES["routes/a.py"]}, by=mallory, title="Revert it")
    await revert.merge(by=mallory)
    await update(bot, ref)
    assert not boxes(issue.body)["Routes are clean"]
    assert "mallory" in issue.body
    assert f"was added by `mallory` in #{revert.number} (" in issue.body


async def test_a_persons_word_is_evidence(bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle) -> None:
    from bot.domain.effects import NewComment
    from bot.identity import decisions

    text = decisions.marker(bot.keys, ref, 1, decisions.attest("everybody-was-told", "ann", "in the meeting"))
    forged = await issue.comment(f"Said.\n\n{text}")
    await update(bot, ref)
    assert not boxes(issue.body)["Everybody was told"]
    await forged.delete(by=repo.person)
    await bot.performer.perform(NewComment(repo=ref, number=1, body=f"Noted.\n\n{text}"))
    await update(bot, ref)
    assert boxes(issue.body)["Everybody was told"]
    assert "ann" in issue.body


async def test_a_dry_run_edits_nothing_and_records_nothing(
    github: Sandbox, bot: Bot, ref: RepoRef, issue: IssueHandle
) -> None:
    told: list[Effect] = []
    dry = replace(bot, performer=DryRunPerformer(told.append), storage=ReadOnlyStorage(bot.storage))
    assert isinstance(await update(dry, ref), Done)
    (edit,) = told
    assert isinstance(edit, EditIssue)
    assert not boxes(edit.body)["The definition is gone"]
    assert issue.body == edit.replaces == BODY
    assert github.mutations == []
    assert await bot.storage.entries(NAMESPACE) == ()


# --- people at the same time -----------------------------------------------------------------------------------------


async def test_an_edit_between_reading_and_writing_is_merged(
    bot: Bot, github: Sandbox, ref: RepoRef, issue: IssueHandle
) -> None:
    hold = github.faults.hold(effect=True, method="GET", path="/repos/acme/app/issues/1")
    running = asyncio.create_task(update(bot, ref))
    await hold.reached.wait()
    await issue.edit(body=BODY.replace("Old words.", "New words."))
    hold.release()
    await running
    assert without_boxes(issue.body) == without_boxes(BODY.replace("Old words.", "New words."))
    assert not boxes(issue.body)["The definition is gone"]


async def test_an_edit_that_our_write_buried_is_found_and_merged(
    bot: Bot, github: Sandbox, ref: RepoRef, issue: IssueHandle
) -> None:
    """Between the last reading and the write GitHub offers no way to look; its history of edits does afterwards."""
    hold = github.faults.hold(effect=False, method="PATCH", path="/repos/acme/app/issues/1")
    running = asyncio.create_task(update(bot, ref))
    await hold.reached.wait()
    await issue.edit(body=BODY.replace("Old words.", "New words."))
    hold.release()
    await running
    assert without_boxes(issue.body) == without_boxes(BODY.replace("Old words.", "New words."))
    assert not boxes(issue.body)["The definition is gone"]


async def meddle(github: Sandbox, issue: IssueHandle) -> None:
    """Before each reading of the issue's body it is changed."""
    hold = github.faults.hold(effect=False, method="GET", path="/repos/acme/app/issues/1")
    for turn in range(1_000):
        await hold.reached.wait()
        await issue.edit(body=f"{BODY}{turn}")
        following = github.faults.hold(effect=False, method="GET", path="/repos/acme/app/issues/1")
        hold.release()
        hold = following


async def test_somebody_who_is_always_faster_gets_a_comment_and_no_write(
    bot: Bot, github: Sandbox, ref: RepoRef, issue: IssueHandle
) -> None:
    meddling = asyncio.create_task(meddle(github, issue))
    await asyncio.sleep(0)
    for _ in range(2):
        await update(bot, ref)
    meddling.cancel()
    assert issue.body.removeprefix(BODY) == str(2 * edit.TRIES + 1)
    (comment,) = issue.comments
    assert "not up to date" in comment.body
    assert not any(request.method == "PATCH" for request in github.mutations)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda body: body[: body.index("<!-- ssot:tracker-end")], "section is missing"),
        (lambda body: body + body[body.index("<!-- ssot:tracker-begin") :], "twice"),
        (lambda body: body[: body.index("<!-- ssot:tracker-begin")], "removed"),
    ],
    ids=["no end", "doubled", "removed"],
)
async def test_a_section_that_people_broke_is_not_touched(
    bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle, spoil: object, what: str
) -> None:
    await update(bot, ref)
    broken = spoil(issue.body)  # type: ignore[operator]  # a table of functions
    await issue.edit(body=broken)
    await repo.push({"routes/a.py": CLEAN})
    for _ in range(2):
        await update(bot, ref)
    assert issue.body == broken
    (comment,) = issue.comments
    assert "did not update" in comment.body
    assert what in comment.body


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[: body.index("<!-- ssot:tracker-end")],
        lambda body: body + body[body.index("<!-- ssot:tracker-begin") :],
        lambda body: body.replace("ssot:tracker-begin=", "ssot:tracker-begin=x"),
    ],
    ids=["no end", "doubled", "edited"],
)
async def test_a_broken_section_is_written_again_when_what_is_left_is_deleted(
    bot: Bot, ref: RepoRef, issue: IssueHandle, spoil: Callable[[str], str]
) -> None:
    await update(bot, ref)
    before, _, _ = issue.body.partition("<!-- ssot:tracker-begin")
    await issue.edit(body=spoil(issue.body))
    await update(bot, ref)
    assert "written again" in issue.comments[-1].body
    await issue.edit(body=before)
    await update(bot, ref)
    assert issue.body.count("<!-- ssot:tracker-begin=") == 1
    await issue.edit(body=before)
    await update(bot, ref)
    assert issue.body == before, "removed as a whole while it was sound: somebody does not want it"


async def test_what_people_do_to_lines_and_boxes_is_kept(
    bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle
) -> None:
    await update(bot, ref)
    body = issue.body.replace("* [ ] Routes are clean\r\n", "").replace(
        "- [ ] All calls replaced", "1. [x] All calls are replaced!"
    )
    await issue.edit(body=body.replace("\r\n", "\n"))
    await update(bot, ref)
    assert "1. [ ] All calls are replaced!" in issue.body
    assert "Routes are clean\n- [" not in issue.body.partition("<!-- ssot:tracker-begin")[0]
    assert "\r" not in issue.body


# --- issues that are none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transferred", [False, True])
async def test_a_deleted_issue_is_no_work(
    bot: Bot, github: Sandbox, ref: RepoRef, issue: IssueHandle, transferred: bool
) -> None:
    issue.delete(transferred=transferred)
    assert isinstance(await update(bot, ref), Ignored)
    assert github.mutations == []


async def test_a_pull_request_is_no_tracker(bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef) -> None:
    await repo.open_pull_request({"x.py": b""})
    assert isinstance(await update(bot, ref), Ignored)
    assert [m for m in github.mutations if m.method == "PATCH"] == []


async def test_an_issue_that_no_migration_names_is_left_alone(bot: Bot, repo: Repo, ref: RepoRef) -> None:
    await repo.open_issue("Tracker", "")
    other = await repo.open_issue("Other", BODY)
    assert isinstance(await update(bot, ref, other.number), Ignored)
    assert other.body == BODY


async def test_without_tracking_nothing_is_read_but_the_configuration(
    bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef
) -> None:
    await repo.push({".github/ssot.yml": CHECKLIST.partition(b"    tracking:")[0]})
    github.requests.clear()
    assert isinstance(await wake.each_tracker(bot, ref, Held()), Ignored)
    assert not any("tarball" in request.path or "/issues" in request.path for request in github.requests)


async def test_the_built_in_migration_touches_no_strangers_issue(bot: Bot, github: Sandbox, repo: Repo) -> None:
    other = await github.repo("acme/other", files={"a.py": b"x = 1\n"})
    for number in range(1, 8):
        await other.open_issue(f"Issue {number}", "- [ ] SSOT audit completed")
    other.record.issues[506] = stranger = other.record.issues.pop(7)
    stranger.number = 506
    assert isinstance(await update(bot, ref_of(github, other), 506), Ignored)
    assert stranger.body == "- [ ] SSOT audit completed"


async def test_a_locked_issue_is_kept_true_and_gets_no_comment(bot: Bot, ref: RepoRef, issue: IssueHandle) -> None:
    issue.lock()
    await update(bot, ref)
    assert not boxes(issue.body)["The definition is gone"]
    await issue.edit(body=issue.body + issue.body[issue.body.index("<!-- ssot:tracker-begin") :])
    await update(bot, ref)
    assert issue.comments == []


# --- the end ---------------------------------------------------------------------------------------------------------


async def test_the_end_of_a_migration(bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef, issue: IssueHandle) -> None:
    facade = b"from pkg.impl import new, old\n\n__all__ = [\n    'new',\n    'old',\n]\n"
    await repo.push({"routes/a.py": CLEAN, "app/b.py": CLEAN, "pkg/__init__.py": facade})
    await update(bot, ref)
    (removal,) = repo.pull_requests
    assert removal.head["pkg/impl.py"] == b"def new(): ...\n"
    assert removal.head["pkg/__init__.py"] == b"from pkg.impl import new\n\n__all__ = [\n    'new',\n]\n"
    assert removal.head["routes/a.py"] == CLEAN
    assert "Part of #1" in removal.body
    await update(bot, ref)
    assert len(repo.pull_requests) == 1
    await removal.merge()
    await repo.set_status("ci/lint", "success")
    await repo.complete_check("tests", "success")
    await repo.deploy("staging", "success")
    checklist = CHECKLIST.replace(b"        - {item: Everybody was told, evidence: {attested: true}}\n", b"")
    await repo.push({".github/ssot.yml": checklist})
    await repo.set_status("ci/lint", "success")
    await repo.complete_check("tests", "success")
    await repo.deploy("staging", "success")
    for _ in range(2):
        await update(bot, ref)
    (comment,) = issue.comments
    assert "can close this issue" in comment.body
    assert issue.state == "open"


async def test_a_removal_lists_the_other_files_that_name_the_definition(
    bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle
) -> None:
    naming = {
        "setup.cfg": b"[options.entry_points]\nx =\n    old = pkg.impl:old\n",
        "docs/use.md": b"Call `pkg.impl.old()`.\n",
        "docs/other.md": b"Call `pkg.impl.older()`, an old one.\n",
        "bin/run": b"#!/usr/bin/env python3\nfrom pkg.impl import (\n    new,\n    old,\n)\n",
        "bin/shell": b"#!/bin/sh\necho pkg.impl.old\n",
    }
    await repo.push({"routes/a.py": CLEAN, "app/b.py": CLEAN, **naming})
    await update(bot, ref)
    (removal,) = repo.pull_requests
    listed = removal.body[removal.body.index("Also named") :].split("\n\n")[1]
    assert listed == "- `bin/run`\n- `docs/use.md`\n- `setup.cfg`"
    assert removal.head["docs/use.md"] == naming["docs/use.md"]


@pytest.mark.parametrize(
    ("path", "content"),
    {
        "does not parse": ("app/broken.py", b"from pkg.impl import old\ndef f(:\n"),
        "kept on purpose": ("app/kept.py", b"from pkg.impl import old  # ssot: ignore[old] a plugin needs it\n"),
    }.values(),
    ids=["does not parse", "kept on purpose"],
)
async def test_a_name_that_stands_where_no_usage_counts_keeps_the_definition(
    bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle, path: str, content: bytes
) -> None:
    await repo.push({"routes/a.py": CLEAN, "app/b.py": CLEAN, path: content})
    await update(bot, ref)
    assert repo.pull_requests == []


async def test_a_removal_waits_for_a_migration_pull_request_with_the_same_file(
    bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle
) -> None:
    await repo.push({"routes/a.py": CLEAN, "app/b.py": CLEAN})
    files = {"pkg/impl.py": FILES["pkg/impl.py"] + b"# more\n"}
    number = await open_as_app(bot, ref, "ssot/old/pkg", files, body="Part of #1")
    await update(bot, ref)
    assert [pull.number for pull in repo.pull_requests] == [number]
    await repo.pull_requests[0].merge()
    await update(bot, ref)
    (removal,) = (pull for pull in repo.pull_requests if pull.state == "open")
    assert removal.head["pkg/impl.py"] == b"def new(): ...\n# more\n"


async def test_a_removal_that_a_person_closed_is_not_opened_again(
    bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle
) -> None:
    await repo.push({"routes/a.py": CLEAN, "app/b.py": CLEAN})
    await update(bot, ref)
    (removal,) = repo.pull_requests
    await removal.close()
    await repo.push({"app/c.py": b"x = 1\n"})
    await update(bot, ref)
    assert len(repo.pull_requests) == 1
    assert issue.comments == []


async def test_usages_that_are_left_keep_the_definition(bot: Bot, repo: Repo, ref: RepoRef, issue: IssueHandle) -> None:
    await repo.push({"routes/a.py": CLEAN})
    await update(bot, ref)
    assert repo.pull_requests == []
    assert issue.comments == []


async def test_two_writers_at_once_end_in_one_true_text(
    bot: Bot, github: Sandbox, repo: Repo, ref: RepoRef, issue: IssueHandle
) -> None:
    """The queue lets only one run for an issue at a time; even without it nothing is lost and nothing is doubled."""
    await asyncio.gather(*(update(bot, ref) for _ in range(3)))
    assert issue.body.count("<!-- ssot:tracker-begin") == 1
    assert without_boxes(issue.body) == without_boxes(BODY)
    assert not boxes(issue.body)["The definition is gone"]


async def test_a_hundred_events_in_a_window_are_one_task(bot: Bot, outbox: Outbox, ref: RepoRef) -> None:
    bot = replace(bot, tracker_window=timedelta(days=1_000))
    await asyncio.gather(*(wake.wake(bot, ref) for _ in range(100)))
    assert len({(task.event, task.id, task.not_before) for task in outbox.tasks}) == 1


SLOW_ITEMS = "".join(
    f"        - {{item: what {n} asks, phase: wanted {n}, evidence: {{usages: none}}}}\n" for n in range(100)
)
SLOW_BODY = "".join(f"{'#' * n} step {n} of many words\n" for n in range(1, 7)) + "- [ ] what one asks\n" * 2_000
"""Each item is looked for among all tasks, below all headings."""


async def test_an_issue_that_takes_too_long_to_read_is_not_written_and_it_is_said_once(
    bot: Bot, github: Sandbox
) -> None:
    checklist = CHECKLIST[: CHECKLIST.index(b"        - {")] + SLOW_ITEMS.encode()
    repo = await github.repo("acme/slow", files={**FILES, ".github/ssot.yml": checklist})
    issue = await repo.open_issue("Migrate", SLOW_BODY)
    async with Scanner(workers=1, timeout=1.0) as scanner:
        impatient, ref = replace(bot, scanner=scanner), ref_of(github, repo)
        for _ in range(2):
            assert "conflict, not written: too-complex" in str(await update(impatient, ref))
        assert scanner.fault is None
    assert issue.body == SLOW_BODY
    assert ["too complex" in comment.body for comment in issue.comments] == [True]
