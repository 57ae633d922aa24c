"""People and what they might try: part D of the list of bad inputs, cases 41 to 46.  Case 40 is test_authority's."""

import ast
import re
from pathlib import Path

import pytest
import structlog.testing
from markdown_it import MarkdownIt

import bot as package
from bot.sandbox import PullRequestHandle, Repo, Sandbox
from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE
from bot.sandbox.people import User
from tests.e2e.conftest import RunningBot

HEALTH = "netra_backend/app/routes/health.py"
GFM = MarkdownIt("commonmark").enable("table")


@pytest.fixture
def ann(github: Sandbox) -> User:
    return github.user("ann", role="write")


@pytest.fixture
async def pr(bot: RunningBot, service: Repo) -> PullRequestHandle:
    """A pull request with one new usage, reviewed."""
    return await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))


# --- 41: edits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Looks good.", "Looks good.\n\n/ssot migrate"),
        ("/ssot help", "/ssot help\n/ssot migrate"),
        ("/ssot help", "/ssot migrate"),
    ],
    ids=["into plain words", "a second one", "another one"],
)
@pytest.mark.parametrize("editor", ["ann", "eve"])
async def test_case_41_a_command_that_an_edit_brings_in_is_written_down_and_not_run(
    bot: RunningBot, pr: PullRequestHandle, github: Sandbox, ann: User, before: str, after: str, editor: str
) -> None:
    comment = await bot.receive(pr.comment(before, by=ann))
    done, head = len(github.mutations), pr.head_sha
    with structlog.testing.capture_logs() as logs:
        await bot.receive(comment.edit(after, by=github.user(editor, role="admin")))
    assert (len(github.mutations), pr.head_sha) == (done, head)
    (line,) = (entry for entry in logs if entry["event"] == "command_by_edit")
    assert (line["author"], line["editor"], line["comment"]) == ("ann", editor, comment.id)


@pytest.mark.parametrize("after", ["Thanks!", "/ssot help and more", "> /ssot migrate"])
async def test_case_41_an_edit_without_a_new_command_is_no_work(
    bot: RunningBot, pr: PullRequestHandle, github: Sandbox, ann: User, after: str
) -> None:
    comment = await bot.receive(pr.comment("/ssot help and more", by=ann))
    with structlog.testing.capture_logs() as logs:
        await bot.receive(comment.edit(after, by=ann))
    assert not [entry for entry in logs if entry["event"] == "command_by_edit"]


# --- 42: only plain paragraphs of comments -------------------------------------------------------------------------


async def test_case_42_only_comments_of_a_conversation_are_read(
    bot: RunningBot, service: Repo, github: Sandbox, ann: User
) -> None:
    line = "/ssot migrate"
    pr = await bot.receive(
        service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}, by=ann, title=line, body=f"{line}\n")
    )
    await service.open_issue(line, f"{line}\n", by=ann)
    await pr.reply(pr.review_comments[0], line, by=ann)
    await pr.edit(title=f"{line} now", body=f"{line} --unsafe", by=ann)
    await bot.receive(pr.push({"README.md": b"# Another title\n"}, by=ann, message=line))
    assert pr.head[HEALTH] == HEALTH_WITH_A_PROBE
    assert pr.comments == []
    assert await bot.failed() == []


SHOWN = (
    "On Monday, Ben wrote:\n> /ssot migrate\n\nI agree.",
    "```\n/ssot migrate\n```",
    "Write `/ssot migrate` to do so.",
    "<!-- /ssot migrate -->",
    "<details>\n\n/ssot migrate\n\n</details>",
    "[/ssot migrate](https://example.com)",
)


async def test_case_42_what_shows_a_command_is_no_work(
    bot: RunningBot, pr: PullRequestHandle, github: Sandbox, ann: User
) -> None:
    done = len(github.requests)
    for body in SHOWN:
        await pr.comment(body, by=ann)
    await bot.settled()
    assert len(github.requests) == done


# --- 43: many at once ----------------------------------------------------------------------------------------------


async def test_case_43_fifty_times_the_same_is_one_commit_and_one_reply(
    bot: RunningBot, pr: PullRequestHandle, ann: User
) -> None:
    head = pr.head_sha
    comment = await bot.receive(pr.comment("/ssot migrate\n" * 50, by=ann))
    assert pr.head[HEALTH] == HEALTH_MIGRATED
    assert pr.head_sha != head
    assert len(pr.comments) == 2
    assert comment.reactions == ["eyes", "rocket"]


# --- 44: arguments -------------------------------------------------------------------------------------------------

HOSTILE = {
    "unbalanced quotes": 'migrate "a b',
    "smart quotes": "migrate “a b” ‘c",
    "help option": "migrate --help",
    "prefix of an option": "migrate --uns",
    "nul": "migrate a\0b",
    "64 KB": "migrate " + "x" * 60_000,
    "parent": "migrate ../../etc/passwd",
    "absolute": "migrate /etc/passwd",
    "home": "migrate ~/.ssh/id_rsa",
    "at": "migrate @/etc/passwd",
    "substitution": "migrate $(id) `id` ;id |id &id",
    "back-ticks": "explain ``` ` ``",
    "markup": "explain <img/src=x/onerror=alert(1)>",
    "link": "explain [x](javascript:alert(1))",
    "mention": "explain @everyone",
    "reference": "explain #1",
    "closing": "skip 123456 fixes #1 and closes acme/service#1 @everyone",
    "option as a path": "migrate -- --unsafe -rf",
    "option as a finding": "skip --undo --undo",
    "bidi": "explain \u202eevil\u2066",
    "unknown": "<b>nonsense</b>",
    "homoglyph": "mіgrate",
    "marker": "explain <!--ssot:re=1,0,rocket-->",
}


def complaint(reply: str) -> str | None:
    """What is wrong with a reply to a hostile argument: it is long, or shows something of it outside code."""
    words = reply.partition("\n\n<!-- ssot:re=")[0]
    html = re.sub(r"<code>.*?</code>", "", GFM.render(words), flags=re.DOTALL)
    found = re.search(r"@\w|#\d|<img|<b>|<a |<!--|passwd|\u202e|\0", html)
    return f"{len(words)} characters" if len(words) > 1_024 else found and found[0]


async def test_case_44_a_hostile_argument_gets_a_short_answer_and_nothing_else(
    bot: RunningBot, pr: PullRequestHandle, github: Sandbox
) -> None:
    head, checks = pr.head_sha, len(pr.check_runs)
    replies: dict[str, list[str]] = {}
    for n, (name, line) in enumerate(HOSTILE.items()):
        before = len(pr.comments)
        await bot.receive(pr.comment(f"/ssot {line}", by=github.user(f"p{n}", role="write")))
        replies[name] = [comment.body for comment in pr.comments[before + 1 :]]
    assert await bot.failed() == []
    assert (pr.head_sha, len(pr.check_runs)) == (head, checks)
    assert {name: len(said) for name, said in replies.items() if len(said) > 1} == {}
    wrong = {name: complaint(reply) for name, said in replies.items() for reply in said}
    assert {name: what for name, what in wrong.items() if what} == {}
    assert sum(map(len, replies.values())) > len(HOSTILE) / 2


def test_case_44_nothing_in_the_product_starts_a_shell() -> None:
    """An argument that reaches a process could only be an argument there."""
    for path in Path(package.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword):
                assert node.arg != "shell", path
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("system", "popen", "create_subprocess_shell", "getoutput"), path


# --- 45: bots ------------------------------------------------------------------------------------------------------


async def test_case_45_bots_do_not_talk_to_each_other(
    bot: RunningBot, pr: PullRequestHandle, github: Sandbox, ann: User
) -> None:
    await bot.receive(pr.comment("/ssot help", by=ann))
    done = len(github.mutations)
    echo = f"You said:\n\n{pr.last_comment.body}\n\n/ssot migrate\n/ssot help"
    await bot.receive(pr.comment(echo, by=github.app.bot))
    await bot.receive(pr.comment(echo, by=github.user("renovate[bot]", role="admin", bot=True)))
    assert len(github.mutations) == done


async def test_case_45_the_association_that_a_payload_claims_is_never_read() -> None:
    sources = [p for p in Path(package.__file__).parent.rglob("*.py") if "sandbox" not in p.parts]
    assert not [p for p in sources if "author_association" in p.read_text()]


# --- 46: forged markers --------------------------------------------------------------------------------------------


async def test_case_46_a_record_counts_only_in_the_bots_own_words_and_place(
    bot: RunningBot, service: Repo, pr: PullRequestHandle, github: Sandbox, ann: User
) -> None:
    code = pr.review_comments[0].body.partition("</sub>")[0].rpartition("· `")[2].rstrip("`")
    await bot.receive(pr.comment(f"/ssot skip {code} not now", by=ann))
    record = pr.last_comment.body
    assert "<!-- ssot:skip=" in record
    await pr.last_comment.delete(by=ann)
    await pr.comment(record, by=github.user("eve", role="read"))
    other = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    await other.comment(record, by=github.app.bot)
    forged = re.sub(r"sig=\w{4}", "sig=0000", record)
    await pr.comment(forged, by=github.app.bot)
    await bot.receive(pr.comment("/ssot scan", by=ann))
    await bot.receive(other.comment("/ssot scan", by=ann))
    assert pr.check_runs[-1].conclusion == "failure"
    assert other.check_runs[-1].conclusion == "failure"


async def test_case_46_a_made_up_fingerprint_silences_no_comment(
    bot: RunningBot, service: Repo, github: Sandbox
) -> None:
    first = await bot.receive(service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE}))
    (marker,) = re.findall(r"<!-- ssot:fp=.*?-->", first.review_comments[0].body)
    github.webhook_url, url = None, github.webhook_url
    second = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
    await second.comment(marker, by=github.user("eve", role="read"))
    await second.comment(marker, by=github.app.bot)
    github.webhook_url = url
    await bot.settled()
    assert len(second.review_comments) == 1
