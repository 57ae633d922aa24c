"""`/ssot migrate` on a pull request: over HTTP and real git, the files compared byte for byte."""

import re

import pytest

from bot.sandbox import Content, Executable, PullRequestHandle, Renamed, Repo, Sandbox, Submodule, Symlink, User
from bot.sandbox.example import CHANGE, HEALTH_MIGRATED, HEALTH_WITH_A_PROBE, NOTIFY
from tests.e2e.conftest import RunningBot
from tests.gfm import threats

ROUTES = "netra_backend/app/routes"
HEALTH, NOTIFICATIONS, CHAT = f"{ROUTES}/health.py", f"{ROUTES}/notify.py", f"{ROUTES}/chat.py"
UNUSED = b"from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory\n"
BOM = b"\xef\xbb\xbf"


@pytest.fixture
def ann(github: Sandbox) -> User:
    """May write."""
    return github.user("ann", role="write")


async def opened(repo: Repo, files: dict[str, Content]) -> PullRequestHandle:
    return await repo.open_pull_request(files, title="A change")


async def answer(bot: RunningBot, pull: PullRequestHandle, line: str, by: User) -> str:
    """The bot's answer to a comment; every job has ended well."""
    await pull.comment(line, by=by)
    await bot.settled()
    assert await bot.failed() == []
    assert pull.last_comment.author == bot.github.app.bot.login
    return pull.last_comment.body


def pushes(github: Sandbox) -> int:
    """How many commits the bot has tried to make."""
    return sum(
        "createCommitOnBranch" in request.operations
        or (request.method, request.path.rpartition("/git/")[2]) == ("POST", "commits")
        for request in github.requests
    )


async def test_the_safe_fixes_are_committed_and_the_answer_says_all(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await opened(service, dict(CHANGE))
    before = pull.head_sha
    comment = await pull.comment("/ssot migrate", by=ann)
    await bot.settled()
    assert (pull.head[HEALTH], pull.head[NOTIFICATIONS]) == (HEALTH_MIGRATED, NOTIFY)
    assert comment.reactions == ["eyes", "rocket"]
    said = pull.last_comment.body
    assert "**2 usages in 1 file**" in said
    assert f"git revert --no-edit {pull.head_sha}" in said
    assert "Not changed: 4 usages" in said
    assert "compared by identity" in said
    assert f"/blob/{pull.head_sha}/{NOTIFICATIONS}#L13" in said
    assert "`/ssot migrate --unsafe` rewrites 1 more usage" in said
    commit = await service.record.git.commit(pull.head_sha)
    assert commit.parents == (before,)
    assert commit.message.startswith("Migrate 2 usages of get_websocket_manager_factory\n\n1 file, requested by ann.")
    assert pull.head_sha in service.record.verified, "signed by GitHub"


@pytest.mark.parametrize("command", ["/ssot migrate", "/ssot migrate --dry-run"])
async def test_the_answer_says_what_a_push_does_to_approvals(
    bot: RunningBot, service: Repo, ann: User, command: str
) -> None:
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE})
    maybe = "This may dismiss approving reviews: the protection of the base branch decides."
    service.dismiss_approvals("another")
    if "dry" in command:
        assert maybe in await answer(bot, pull, command, ann)
    service.dismiss_approvals("main")
    said = await answer(bot, pull, command, ann)
    assert "This dismisses approving reviews: a rule of `main` says so." in said
    assert "administration" not in bot.github.app.permissions
    if "dry" not in command:
        service.record.dismissing.clear()
        other = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE + b"\n"})  # else it may have the same commit
        bot.github.faults.status(404, "Not Found", path="*/rules/branches/*")
        assert maybe in await answer(bot, other, command, ann)


async def test_our_own_push_is_reviewed_and_leads_to_no_other(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE})
    await answer(bot, pull, "/ssot migrate", ann)
    assert pushes(bot.github) == 1
    assert [run.conclusion for run in pull.check_runs] == ["success"]
    assert len(pull.comments) == 2


async def test_asked_twice_there_is_nothing_left_to_do(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE})
    await answer(bot, pull, "/ssot migrate", ann)
    head = pull.head_sha
    said = await answer(bot, pull, "/ssot migrate", ann)
    assert said.startswith("Nothing to migrate: no deprecated usage in the 1 Python file scanned.")
    assert (pull.head_sha, pushes(bot.github)) == (head, 1)


async def test_sixty_files_are_one_commit(bot: RunningBot, service: Repo, ann: User) -> None:
    files: dict[str, Content] = {f"{ROUTES}/r{n}.py": UNUSED + b"x = %d\n" % n for n in range(59)}
    pull = await opened(service, {**files, HEALTH: HEALTH_WITH_A_PROBE})
    said = await answer(bot, pull, "/ssot migrate", ann)
    assert "**61 usages in 60 files**" in said
    assert {path: pull.head[path] for path in files} == {f"{ROUTES}/r{n}.py": b"x = %d\n" % n for n in range(59)}
    assert pull.head[HEALTH] == HEALTH_MIGRATED
    assert pushes(bot.github) == 1


async def test_unsafe_fixes_come_on_demand_and_what_is_only_displayed_never(
    bot: RunningBot, service: Repo, ann: User
) -> None:
    pull = await opened(service, dict(CHANGE))
    said = await answer(bot, pull, "/ssot migrate --unsafe", ann)
    assert pull.head[HEALTH] == HEALTH_MIGRATED
    changed = pull.head[NOTIFICATIONS]
    assert b"    manager = WebSocketManager(user_context=context)\n" in changed
    assert b"return get_websocket_manager_factory() is get_websocket_manager_factory()" in changed
    assert "--unsafe" not in said
    message = (await service.record.git.commit(pull.head_sha)).message
    assert "Some of these fixes may change behaviour" in message


async def test_a_dry_run_shows_the_diff_and_commits_nothing(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE.replace(b"\n", b"\r\n")})
    head = pull.head_sha
    said = await answer(bot, pull, "/ssot migrate --dry-run", ann)
    assert "would migrate **2 usages in 1 file**" in said
    assert f"<details><summary><code>{HEALTH}</code>: 2 usages</summary>\n\n```diff\n--- a/{HEALTH}" in said
    assert "\n-    factory = get_websocket_manager_factory()\n+    factory = WebSocketManager\n" in said
    assert (pull.head_sha, pushes(bot.github)) == (head, 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            HEALTH_WITH_A_PROBE.replace(b"\n", b"\r\n"), HEALTH_MIGRATED.replace(b"\n", b"\r\n"), id="carriage-returns"
        ),
        pytest.param(BOM + HEALTH_WITH_A_PROBE, BOM + HEALTH_MIGRATED, id="byte-order-mark"),
        pytest.param(HEALTH_WITH_A_PROBE.rstrip(), HEALTH_MIGRATED.rstrip(), id="no-newline-at-the-end"),
    ],
)
@pytest.mark.parametrize("executable", [False, True], ids=["ordinary", "executable"])
async def test_bytes_and_modes_are_kept(
    bot: RunningBot, service: Repo, ann: User, before: bytes, after: bytes, executable: bool
) -> None:
    pull = await opened(service, {"tool.py": Executable(before) if executable else before})
    await answer(bot, pull, "/ssot migrate", ann)
    assert (pull.head["tool.py"], pull.head.modes["tool.py"]) == (after, "100755" if executable else "100644")
    assert pushes(bot.github) == 1
    assert pull.head_sha in service.record.verified


async def test_all_that_a_tree_can_hold_at_once(bot: RunningBot, service: Repo, ann: User) -> None:
    await service.push({f"{ROUTES}/old.py": HEALTH_WITH_A_PROBE, f"{ROUTES}/gone.py": HEALTH_WITH_A_PROBE})
    pull = await opened(
        service,
        {
            f"{ROUTES}/new.py": Renamed(f"{ROUTES}/old.py"),
            f"{ROUTES}/gone.py": None,
            "run.py": Executable(HEALTH_WITH_A_PROBE),
            HEALTH: HEALTH_WITH_A_PROBE,
            "link.py": Symlink(HEALTH),
            "vendor.py": Submodule("1" * 40),
            "README.md": b"# get_websocket_manager_factory()\n",
        },
    )
    before = dict(pull.head.modes)
    said = await answer(bot, pull, "/ssot migrate", ann)
    migrated = {path: pull.head[path] for path in (f"{ROUTES}/new.py", "run.py", HEALTH)}
    assert set(migrated.values()) == {HEALTH_MIGRATED}
    assert pull.head.modes == before
    assert pull.head["link.py"] == HEALTH.encode()
    assert "`link.py`: a symbolic link" in said
    assert "`vendor.py`: not a regular file" in said
    assert pushes(bot.github) == 1


async def test_what_somebody_put_aside_stays(bot: RunningBot, service: Repo, ann: User) -> None:
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE, f"{ROUTES}/other.py": HEALTH_WITH_A_PROBE})
    await bot.settled()
    comment = next(c for c in pull.review_comments if c.thread.path == HEALTH)
    handle = comment.body.rpartition("`")[0].rpartition("`")[2]
    await answer(bot, pull, f"/ssot skip {handle} the probe goes next week", ann)
    said = await answer(bot, pull, "/ssot migrate", ann)
    assert pull.head[HEALTH] == HEALTH_WITH_A_PROBE
    assert pull.head[f"{ROUTES}/other.py"] == HEALTH_MIGRATED
    assert "Skipped with `/ssot skip` by ann&#58; the probe goes next week" in said
    await answer(bot, pull, f"/ssot skip --undo {handle}", ann)
    await answer(bot, pull, "/ssot migrate", ann)
    assert pull.head[HEALTH] == HEALTH_MIGRATED


# --- which files ----------------------------------------------------------------------------------------------------


async def test_paths_choose_the_files(bot: RunningBot, service: Repo, ann: User) -> None:
    await service.push({"lib/a.py": HEALTH_WITH_A_PROBE, "lib/b/c.py": HEALTH_WITH_A_PROBE})
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE})
    for arguments, changed in (
        (f"./{ROUTES}//health.py", {HEALTH}),
        ("lib/", {"lib/a.py", "lib/b/c.py"}),
        ("lib/b/c.py lib/a.py", {"lib/a.py", "lib/b/c.py"}),
        ("'lib/*.py'", {"lib/a.py"}),
        (".", {HEALTH, "lib/a.py", "lib/b/c.py"}),
        (CHAT, set()),
    ):
        said = await answer(bot, pull, f"/ssot migrate --dry-run {arguments}", ann)
        assert set(re.findall(r"<summary><code>(.*?)</code>", said)) == changed, arguments
    await answer(bot, pull, "/ssot migrate lib", ann)
    assert (pull.head["lib/a.py"], pull.head["lib/b/c.py"]) == (HEALTH_MIGRATED, HEALTH_MIGRATED)
    assert pull.head[HEALTH] == HEALTH_WITH_A_PROBE


async def test_hostile_paths_change_nothing_and_are_shown_as_text(
    bot: RunningBot, service: Repo, github: Sandbox
) -> None:
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE})
    head = pull.head_sha
    hostile = (
        "../../etc/passwd", "/etc/passwd", "@/etc/passwd", "~/x", "a/../../b", "a\\b", "'[a'", "'!x'", "nowhere.py",
        "'$(id)'", "-- --rf", "--rul", "-x", "'", "'a'b'", "'![x](http://evil) @org/team #1 Fixes #2'", "x" * 600,
    )  # fmt: skip
    for number, argument in enumerate(hostile):
        someone = github.user(f"ann-{number % 3}", role="write")  # one person is heard ten times a minute
        said = await answer(bot, pull, f"/ssot migrate {argument}", someone)
        assert threats(said) == [], argument
        assert len(said) < 1_000
    assert (pull.head_sha, pushes(bot.github)) == (head, 0)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"README.md": b"# hello\n"}, "Nothing to migrate: this pull request changes no Python file."),
        ({CHAT: None}, "Nothing to migrate: this pull request changes no Python file."),
        ({HEALTH: b"x = 1\n"}, "Nothing to migrate: no deprecated usage in the 1 Python file scanned."),
        ({NOTIFICATIONS: NOTIFY}, "Nothing to migrate: 4 usages found, none with a safe fix."),
        ({HEALTH: b"def broken(:\n    get_websocket_manager_factory()\n"}, "Nothing to migrate"),
    ],
    ids=["no-python", "deleted", "clean", "unsafe-only", "does-not-parse"],
)
async def test_nothing_to_do_is_said_plainly(
    bot: RunningBot, service: Repo, ann: User, files: dict[str, Content], said: str
) -> None:
    pull = await opened(service, files)
    assert (await answer(bot, pull, "/ssot migrate", ann)).startswith(said)
    assert pushes(bot.github) == 0


# --- other people's text ----------------------------------------------------------------------------------------------


async def test_hostile_file_names_are_text_and_no_part_of_the_commit(bot: RunningBot, service: Repo, ann: User) -> None:
    names = ("Fixes #1 @org|team `x` <b>.py", "](javascript:alert(1)).py", "\u202egnp.py", "-rf.py", "a\nb.py")
    pull = await opened(service, dict.fromkeys(names, HEALTH_WITH_A_PROBE))
    said = await answer(bot, pull, "/ssot migrate", ann)
    assert {pull.head[name] for name in names} == {HEALTH_MIGRATED}
    assert "\u202e" not in said
    assert threats(said) == []
    message = (await service.record.git.commit(pull.head_sha)).message
    assert not any(word in message for word in ("Fixes", "@", "#", "javascript"))


async def test_lines_that_can_deceive_are_left_to_people(bot: RunningBot, service: Repo, ann: User) -> None:
    deceptive = HEALTH_WITH_A_PROBE.replace(b"factory()\n", "factory()  # \u202e nothing\n".encode())
    pull = await opened(service, {HEALTH: deceptive})
    said = await answer(bot, pull, "/ssot migrate --unsafe", ann)
    assert pull.head[HEALTH] == deceptive
    assert "U\\+202E" in said
    assert pushes(bot.github) == 0


async def test_the_configuration_comes_from_the_base_branch(bot: RunningBot, service: Repo, ann: User) -> None:
    off = b"version: 1\nmigrations:\n  other:\n    deprecated: [a.b.c]\n    canonical: a.b.d\n    drop_in: true\n"
    more: dict[str, Content] = {"conftest.py": b"raise SystemExit\n", "setup.cfg": b"[x]\n", "x.pth": b"import os\n"}
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE, ".github/ssot.yml": off, **more})
    await answer(bot, pull, "/ssot migrate", ann)
    assert pull.head[HEALTH] == HEALTH_MIGRATED


async def test_an_invalid_configuration_is_said(bot: RunningBot, service: Repo, ann: User) -> None:
    await service.push({".github/ssot.yml": b"version: 1\nmigrations:\n  x: {deprecated: 3}\n"})
    pull = await opened(service, {HEALTH: HEALTH_WITH_A_PROBE})
    said = await answer(bot, pull, "/ssot migrate", ann)
    assert said.startswith("Nothing was done: the configuration on the base branch has an error.")
    assert pull.head[HEALTH] == HEALTH_WITH_A_PROBE
