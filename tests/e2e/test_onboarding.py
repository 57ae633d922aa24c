"""The onboarding pull request, from the first look at a repository to its merge, over the real server."""

import asyncio
import html
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.demo import serving, settings_for
from bot.config import load
from bot.config.reading import FILE
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import FILES as BUILT_IN
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from bot.sandbox.rules import Rule, RuleKind
from bot.settings import Settings
from bot.storage import Storage
from bot.storage.engine import storage_url
from bot.storage.model import Document
from tests.e2e.conftest import RunningBot
from tests.e2e.test_status_page import shown
from tests.e2e.test_tracker import collected
from tests.jobs.conftest import until

BRANCH = "ssot-onboarding"
OLD = b'''import warnings


def new(a): ...


def old(a):
    """.. deprecated:: 2
        Use :func:`new`.
    """
    warnings.warn("use new() instead", DeprecationWarning)
    return new(a)
'''
FILES = {
    "pkg/__init__.py": b"",
    "pkg/tools.py": OLD,
    "app/a.py": b"from pkg.tools import old\n\nold(1)\n",
    "app/b.py": b"from datetime import datetime\n\nnow = datetime.utcnow()\n",
}
Serving = Callable[[str], AbstractAsyncContextManager[RunningBot]]


@pytest.fixture
def onboarding(github: Sandbox, tmp_path: Path) -> Serving:
    """``async with onboarding("all") as bot:`` is the server with that list; again, it is restarted."""

    @asynccontextmanager
    async def serve(listed: str) -> AsyncIterator[RunningBot]:
        given = {
            "GITHUB_APP_ID": "1",
            "GITHUB_PRIVATE_KEY": github.app.private_key,
            "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
            "SSOT_ONBOARDING": listed,
        }
        settings = replace(settings_for(github, tmp_path), onboarding=Settings.from_env(given).onboarding)
        async with serving(github, settings) as app:
            bot = RunningBot(github, app)
            yield bot
            assert await bot.failed() == []

    return serve


async def looked(bot: RunningBot) -> None:
    """Until what waits for its time was done: the round of the start, and the looks at what has moved."""
    await bot.settled()
    await bot.app.worker.run_now()
    while any(job.event == "ssot.onboarding" and not job.state.finished for job in await bot.jobs()):
        await bot.app.worker.run_now()
        await asyncio.sleep(0.01)
        await bot.settled()
    await bot.settled()


async def reasons(bot: RunningBot) -> list[str]:
    return [job.reason or "" for job in await bot.jobs() if job.event == "ssot.onboarding"]


def only(repo: Repo) -> PullRequestHandle:
    (pull,) = repo.pull_requests
    return pull


async def test_one_is_opened_with_what_would_be_found(github: Sandbox, onboarding: Serving) -> None:
    repo = await github.repo("acme/app", files=dict(FILES))
    async with onboarding("all") as bot:
        await looked(bot)
        pull = only(repo)
    assert (pull.head_ref, pull.title, pull.draft) == (BRANCH, "Configure ssot-bot", False)
    assert set(pull.head) - set(pull.base) == {FILE}
    config = load(pull.head[FILE])
    assert [migration.name for migration in config.migrations] == ["datetime-utcnow", "old"]
    assert "`pkg.tools.old` → `pkg.tools.new`" in pull.body
    assert "[`app/a.py:1`]" in pull.body
    assert "[`app/b.py:3`]" in pull.body


# --- to whom ---------------------------------------------------------------------------------------------------------


async def test_no_other_repository_gets_one(github: Sandbox, onboarding: Serving) -> None:
    """Archived, a fork, empty, without a usage, or with a configuration, whatever is in its place."""
    archived = await github.repo("acme/archived", files=dict(FILES))
    archived.record.archived = True
    upstream = await github.repo("elsewhere/app", files=dict(FILES), installed=False)
    fork = await upstream.fork(by=github.user("ann"))
    github.install("ann", [fork])
    await github.repo("acme/empty", empty=True)
    await github.repo("acme/plain", files={"a.py": b"x = 1\n", "README.md": b"# It\n"})
    await github.repo("acme/words", files={"README.md": b"# It\n"})
    await github.repo("acme/unused", files={"pkg/__init__.py": b"", "pkg/tools.py": OLD})
    await github.repo("acme/configured", files={**FILES, FILE: b"version: 1\nextends: [datetime-utcnow]\n"})
    await github.repo("acme/wrong", files={**FILES, FILE: b"version: 7\n"})
    await github.repo("acme/directory", files={**FILES, f"{FILE}/README.md": b"# It\n"})
    async with onboarding("all") as bot:
        await looked(bot)
        told = await reasons(bot)
    assert [request.path for request in github.mutations if "/repos/" in request.path] == []
    assert sorted(set(told) - {reason for reason in told if reason.startswith("tasks sent")}) == [
        "nothing to migrate was found",
        "the repository has a configuration",
        "the repository is a fork",
        "the repository is archived",
        "the repository is empty",
    ]


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        ("", []),
        ("acme", ["acme/one", "acme/two"]),
        ("ACME/Two,nobody", ["acme/two"]),
        ("all", ["acme/one", "acme/two", "other/one"]),
    ],
)
async def test_only_those_that_are_listed_get_one(
    github: Sandbox, onboarding: Serving, listed: str, asked: list[str]
) -> None:
    repos = [await github.repo(name, files=dict(FILES)) for name in ("acme/one", "acme/two", "other/one")]
    async with onboarding(listed) as bot:
        await looked(bot)
    assert [repo.full_name for repo in repos if repo.pull_requests] == asked


async def test_installing_the_app_brings_it(github: Sandbox, onboarding: Serving) -> None:
    one = await github.repo("acme/one", files=dict(FILES), installed=False)
    two = await github.repo("acme/two", files=dict(FILES), installed=False)
    async with onboarding("acme") as bot:
        installation = github.install("acme", [one])
        await bot.settled()
        assert (len(one.pull_requests), len(two.pull_requests)) == (1, 0)
        github.add_repositories(installation, [two])
        await bot.settled()
        assert (len(one.pull_requests), len(two.pull_requests)) == (1, 1)


async def test_five_an_hour_whatever_restarts(github: Sandbox, onboarding: Serving, tmp_path: Path) -> None:
    repos = [await github.repo(f"acme/app{number}", files=dict(FILES)) for number in range(7)]
    other = await github.repo("other/app", files=dict(FILES))

    def opened() -> int:
        return sum(len(repo.pull_requests) for repo in repos)

    async def so_many() -> bool:
        await bot.app.worker.run_now()
        return opened() >= most and len(other.pull_requests) == 1

    most = 5
    for _ in range(2):
        async with onboarding("all") as bot:
            github.accept_permissions(github.installation(other))
            github.accept_permissions(github.installation(repos[0]))
            await until(so_many, within=60)
            for _ in range(20):
                await bot.app.worker.run_now()
                await asyncio.sleep(0.02)
            assert (opened(), len(other.pull_requests)) == (5, 1)
            assert any("5 were opened in the last hour; looked at again at" in reason for reason in await reasons(bot))
    storage = Storage(storage_url(settings_for(github, tmp_path).database_url.reveal()))
    await storage.open()
    (name,) = {f"onboarding/{github.installation(repo).id}" for repo in repos}
    await storage.update(name, an_hour_ago)
    await storage.close()
    most = 7
    async with onboarding("all") as bot:
        await until(so_many, within=60)
    assert opened() == 7


def an_hour_ago(before: Document | None, now: float) -> tuple[Document, None]:
    return {"opened": {repo: at - 3_600 for repo, at in (before or {})["opened"].items()}}, None


# --- while it is open ------------------------------------------------------------------------------------------------


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    return await github.repo("acme/app", files=dict(FILES))


@pytest.fixture
async def bot(onboarding: Serving, repo: Repo) -> AsyncIterator[RunningBot]:
    """The server, and the pull request is open."""
    async with onboarding("all") as bot:
        await looked(bot)
        assert len(repo.pull_requests) == 1
        yield bot


async def test_an_edit_is_previewed_and_stays(bot: RunningBot, github: Sandbox, repo: Repo) -> None:
    pull, ann = only(repo), github.user("ann", role="write")
    edited = b"version: 1\nmigrations:\n  mine: {deprecated: pkg.tools.new, mode: warn}\n"
    await bot.receive(pull.push({FILE: edited}, by=ann))
    assert "| `mine` | 1 |" in pull.body
    assert "the check `ssot` stays neutral" in pull.body
    assert "Somebody else has pushed here" in pull.body
    head = pull.head_sha
    await repo.push({"app/c.py": b"from pkg.tools import new\n\nnew(1)\n"})
    await looked(bot)
    assert (pull.head_sha, pull.head[FILE]) == (head, edited)
    assert "| `mine` | 3 |" in pull.body


@pytest.mark.parametrize(
    ("pushed", "told"),
    [
        ({FILE: b"version: 1\nmigrations:\n  m: {deprecated: 7}\n"}, "is not valid"),
        ({FILE: b"version: 1\nmigrations: [\n"}, "is not valid"),
        ({FILE: None}, "has no `.github/ssot.yml` any more"),
        ({FILE: None, f"{FILE}/a.md": b"# It\n"}, "cannot be read"),
    ],
)
async def test_an_edit_that_is_wrong_is_told(
    bot: RunningBot, github: Sandbox, repo: Repo, pushed: dict[str, bytes | None], told: str
) -> None:
    pull, ann = only(repo), github.user("ann", role="write")
    await bot.receive(pull.push(pushed, by=ann))
    assert told in pull.body
    assert "### What it finds" not in pull.body
    if "is not valid" in told:
        assert pull.check_runs[-1].conclusion == "failure"
        await bot.receive(pull.push({FILE: b"version: 1\nextends: [datetime-utcnow]\n"}, by=ann))
        assert pull.check_runs[-1].conclusion == "success"
        assert "| `datetime-utcnow` |" in pull.body
    assert {run.name for run in repo.check_runs} == {"ssot"}, "the preview is in the text"


async def test_the_preview_follows_the_default_branch(bot: RunningBot, repo: Repo) -> None:
    pull = only(repo)
    before = pull.head_sha
    sha = await repo.push({"app/c.py": b"from pkg.tools import old\n\nold(1)\n"})
    await looked(bot)
    assert pull.head_sha == before, "it proposes the same"
    assert f"`{sha[:7]}`" in pull.body
    assert "5 usages in 3 files" in pull.body
    await repo.push({"app/d.py": b"import asyncio\n\nloop = asyncio.get_event_loop()\n"})
    await looked(bot)
    assert "asyncio-get-event-loop" in pull.head[FILE].decode()
    assert "app/d.py" in pull.head, "it stands on the new head"
    assert "| `asyncio-get-event-loop` |" in pull.body


async def test_what_people_write_around_it_stays(bot: RunningBot, repo: Repo) -> None:
    pull = only(repo)
    await bot.receive(pull.edit(body=f"Look at this!\r\n\r\n{pull.body}\r\n\r\nBye.".replace("\n", "\r\n")))
    await repo.push({"app/c.py": b"from pkg.tools import old\n\nold(1)\n"})
    await looked(bot)
    assert pull.body.startswith("Look at this!")
    assert pull.body.endswith("Bye.")
    assert "5 usages in 3 files" in pull.body
    await bot.receive(pull.edit(body="Mine alone."))
    await repo.push({"app/e.py": b"from pkg.tools import old\n\nold(1)\n"})
    await looked(bot)
    assert pull.body == "Mine alone."


async def test_nothing_else_is_said(onboarding: Serving, github: Sandbox) -> None:
    """Also where the built-in migration applies without a configuration: only once it is merged."""
    repo = await github.repo("acme/service", files=dict(BUILT_IN))
    usage = {"netra_backend/app/routes/health.py": HEALTH_WITH_A_PROBE}
    async with onboarding("all") as bot:
        await looked(bot)
        pull = only(repo)
        ann = github.user("ann", role="admin")
        change = await bot.receive(repo.open_pull_request(usage, by=ann))
        await bot.receive(change.comment("/ssot scan", by=ann))
        await bot.receive(pull.comment("/ssot migrate", by=ann))
        issue = await repo.open_issue("Migrate", "- [ ] it")
        await bot.receive(issue.comment("/ssot status", by=ann))
        assert (change.check_runs, change.reviews) == ([], [])
        assert [comment.author for comment in (*change.comments, *pull.comments, *issue.comments)] == ["ann"] * 3
        assert [each.reactions for each in (*change.comments, *pull.comments, *issue.comments)] == [[], [], []]
        assert {run.name for run in repo.check_runs} == {"ssot"}
        assert {run.head_sha for run in repo.check_runs} == {pull.head_sha}
        assert "| `websocket-manager-factory` |" in pull.body
        assert "The progress is kept on the tracking issue #506." in pull.body
        assert "- [ ]" not in pull.body, "the preset names its own"
        await bot.receive(pull.merge(by=ann))
        await looked(bot)
        assert [run.conclusion for run in change.check_runs] == ["failure"]
        assert [len(repo.pull_requests), len(repo.issues)] == [2, 1]


# --- the end ---------------------------------------------------------------------------------------------------------


async def test_merged_it_is_over(bot: RunningBot, github: Sandbox, repo: Repo) -> None:
    await bot.receive(only(repo).merge())
    await looked(bot)
    assert any(job.event == "ssot.survey" and job.reason == "surveyed" for job in await bot.jobs())
    change = await bot.receive(repo.open_pull_request({"app/c.py": b"from pkg.tools import old\n\nold(1)\n"}))
    assert [run.conclusion for run in change.check_runs] == ["failure"]
    await repo.push({FILE: None})
    await looked(bot)
    assert len(repo.pull_requests) == 2, "who removes the configuration is not asked again"
    assert "Onboarding" not in await shown(github)


@pytest.mark.parametrize("then", ["", "branch deleted", "database lost", "renamed", "text and branch"])
async def test_closed_it_is_never_opened_again(
    onboarding: Serving, github: Sandbox, repo: Repo, tmp_path: Path, then: str
) -> None:
    async with onboarding("all") as bot:
        await looked(bot)
        pull = only(repo)
        await bot.receive(pull.close())
        assert "Onboarding" not in await shown(github)
        if then == "text and branch":
            await bot.receive(pull.edit(body="No."))
        if then in ("branch deleted", "text and branch"):
            await repo.set_branch(BRANCH, None)
    if then == "renamed":
        repo.rename("other")
    if then == "database lost":
        (tmp_path / "ssot.db").unlink()
    async with onboarding("all") as bot:
        await bot.receive(repo.push({"app/c.py": b"from pkg.tools import old\n\nold(1)\n"}))
        github.accept_permissions(github.installation(repo))
        await looked(bot)
        assert len(repo.pull_requests) == 1
        assert any(reason == f"nobody is asked twice: see #{pull.number}" for reason in await reasons(bot))


async def test_its_branch_renamed_by_a_person_closes_it_for_good(bot: RunningBot, github: Sandbox, repo: Repo) -> None:
    await repo.rename_branch(BRANCH, "mine")
    await bot.receive(repo.push({"app/c.py": b"from pkg.tools import old\n\nold(1)\n"}))
    github.accept_permissions(github.installation(repo))
    await looked(bot)
    assert len(repo.pull_requests) == 1
    assert "nobody is asked twice: see #1" in await reasons(bot)


@pytest.mark.parametrize("edited", [False, True])
async def test_a_configuration_that_comes_otherwise_closes_it(
    bot: RunningBot, github: Sandbox, repo: Repo, edited: bool
) -> None:
    """With one comment.  A branch with a person's commits stays."""
    pull = only(repo)
    if edited:
        other = b"version: 1\nextends: [asyncio-get-event-loop]\n"
        await bot.receive(pull.push({FILE: other}, by=github.user("ann", role="write")))
    await bot.receive(repo.push({FILE: b"version: 1\nextends: [datetime-utcnow]\n"}))
    await looked(bot)
    assert [comment.body.splitlines()[0] for comment in pull.comments] == [
        "`main` has `.github/ssot.yml` by now, so I am closing this pull request."
    ]
    assert pull.state == "closed"
    assert (BRANCH in repo.branches) is edited
    assert len(repo.pull_requests) == 1


async def test_who_is_listed_no_more_is_left_alone(onboarding: Serving, github: Sandbox, repo: Repo) -> None:
    async with onboarding("acme") as bot:
        await looked(bot)
        pull = only(repo)
    body, head = pull.body, pull.head_sha
    async with onboarding("other") as bot:
        await bot.receive(repo.push({"app/c.py": b"from pkg.tools import old\n\nold(1)\n"}))
        await bot.receive(pull.push({FILE: b"version: 1\nextends: [datetime-utcnow]\n"}))
        github.accept_permissions(github.installation(repo))
        await looked(bot)
        assert (pull.body, pull.comments) == (body, [])
        assert pull.head_sha != head
        await bot.receive(repo.push({FILE: b"version: 1\nextends: [datetime-utcnow]\n"}))
        await looked(bot)
        assert pull.comments == []


# --- what GitHub refuses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["creation", "name", "permission", "taken"])
async def test_what_github_refuses_is_told_the_operator(
    onboarding: Serving, github: Sandbox, repo: Repo, how: str
) -> None:
    told = {
        "creation": "Cannot create ref due to creations being restricted.",
        "name": "Branch name must start with a matching pattern: feature/",
        "permission": "a token needs the permission contents: write, which the installation has not granted",
        "taken": "the branch ssot-onboarding has commits by others; rename or delete it",
    }[how]
    match how:
        case "creation":
            repo.rule(Rule(kind=RuleKind.CREATION))
        case "name":
            repo.rule(Rule(kind=RuleKind.NAME, operator="starts_with", pattern="feature/"))
        case "permission":
            github.installation(repo).permissions["contents"] = "read"
        case _:
            await repo.push({"mine.txt": b"Mine.\n"}, branch=BRANCH)
    async with onboarding("all") as bot:
        await looked(bot)
        assert repo.pull_requests == []
        assert any(told in reason for reason in await reasons(bot))
        page = html.unescape(await shown(github))
        assert "Onboarding" in page
        assert page.count(told) >= 1
        repo.record.rulesets.clear()
        if how == "taken":
            await repo.set_branch(BRANCH, None)
        github.accept_permissions(github.installation(repo))
        await looked(bot)
        assert "#1</a> is open" in await shown(github)
    assert len(repo.pull_requests) == 1, "it is tried again, and the turn was given back"


async def test_a_crash_in_between_opens_one(onboarding: Serving, github: Sandbox, repo: Repo) -> None:
    """The answer to the pull request's opening is lost, once before and once after it was opened."""
    github.faults.drop(effect=False, method="POST", path="*/pulls", times=1)
    github.faults.drop(effect=True, method="POST", path="*/pulls", times=1)
    async with onboarding("all") as bot:

        async def over() -> bool:
            await bot.app.worker.run_now()
            jobs = [job for job in await bot.jobs() if job.event == "ssot.onboarding" and job.key]
            return bool(repo.pull_requests) and all(job.state.finished for job in jobs)

        await until(over, within=60)
    assert len(repo.pull_requests) == 1


# --- the tracking issue ----------------------------------------------------------------------------------------------


def ticked(text: str) -> str:
    return text.replace("- [ ] Tick", "- [x] Tick")


async def test_a_tick_opens_the_tracking_issue(bot: RunningBot, github: Sandbox, repo: Repo) -> None:
    pull = only(repo)
    await bot.receive(pull.edit(body=ticked(pull.body).replace("\n", "\r\n")))
    (issue,) = [each for each in repo.issues if each.number != pull.number]
    assert (issue.title, issue.author) == ("Deprecation migrations", f"{github.app.slug}[bot]")
    assert f"as #{pull.number} configures them" in issue.body
    assert {each.tracking_issue for each in load(pull.head[FILE]).migrations} == {issue.number}
    assert f"The progress is kept on the tracking issue #{issue.number}." in pull.body
    await bot.receive(pull.edit(body=f"{pull.body}\n\nNice."))
    await bot.receive(pull.merge())
    await collected(bot)
    assert "2 usages" in issue.body, "its section is there"
    assert len([each for each in repo.issues if each.number != pull.number]) == 1


async def test_a_preset_keeps_its_own_tracking_issue(onboarding: Serving, github: Sandbox) -> None:
    repo = await github.repo("acme/service", files={**BUILT_IN, **FILES})
    async with onboarding("all") as bot:
        await looked(bot)
        pull = only(repo)
        assert "Tick this to open a tracking issue now, which shows the progress of" in pull.body
        await bot.receive(pull.edit(body=ticked(pull.body)))
        (issue,) = [each for each in repo.issues if each.number != pull.number]
        tracked = {each.name: each.tracking_issue for each in load(pull.head[FILE]).migrations}
        assert tracked.pop("websocket-manager-factory") == 506
        assert set(tracked.values()) == {issue.number}
        assert "- [ ]" not in pull.body


async def test_a_tick_on_a_branch_that_a_person_changed_names_the_line(
    bot: RunningBot, github: Sandbox, repo: Repo
) -> None:
    pull, edited = only(repo), b"version: 1\nextends: [datetime-utcnow]\n"
    await bot.receive(pull.push({FILE: edited}, by=github.user("ann", role="write")))
    await bot.receive(pull.edit(body=ticked(pull.body)))
    (issue,) = [each for each in repo.issues if each.number != pull.number]
    assert pull.head[FILE] == edited
    assert f"Add `tracking: {{issue: {issue.number}}}` to each migration" in pull.body


# --- what strangers write --------------------------------------------------------------------------------------------

HOSTILE = '''import warnings


def old(a):
    warnings.warn(%r, DeprecationWarning)


class Über_alt:
    def m(self):
        """Words.

        .. deprecated:: 1
           \u2028@everyone <script>alert(1)</script> | `x` - [x] Tick this
           migrations: {a: b}
        """
'''


@pytest.mark.parametrize(
    "advice",
    [
        "use `|` </details> <!-- ssot:onboarding-end=1 -->\\n@acme/all closes #1 ![x](http://evil)",
        "\\n# x\\nmigrations: {a: {deprecated: os.path}}\\n---\\n",
        "use a.b:c#d or {{x}} & *y* !!python/object\\u2028\\u202e\\x00",
        "use " + "x" * 5_000,
        "use " + ".".join(["y"] * 200),
    ],
)
async def test_what_a_module_says_breaks_neither_text(onboarding: Serving, github: Sandbox, advice: str) -> None:
    source = HOSTILE % advice.encode().decode("unicode_escape")
    user = "from pkg.odd import old, Über_alt\n\nold(1)\nÜber_alt().m()\n"
    repo = await github.repo(
        "acme/odd", files={"pkg/__init__.py": b"", "pkg/odd.py": source.encode(), "a|b`c @x.py": user.encode()}
    )
    async with onboarding("all") as bot:
        await looked(bot)
        pull = only(repo)
        config = load(pull.head[FILE])
        assert {target.name for m in config.migrations for target in m.targets} <= {"pkg.odd.old", "pkg.odd.Über_alt.m"}
        assert all(line.isprintable() for line in pull.head[FILE].decode().split("\n"))
        assert pull.body.count("onboarding-end") == 1
        for foreign in ("@acme", "@everyone", "<script>", "evil", "closes #1"):
            assert foreign not in pull.body
        assert "``a|b`c @x.py:3``" in pull.body
