"""Reviews: GitHub's refusals, threads that follow the code, suggestions."""

from typing import Any

import pytest

from bot.sandbox import PullRequestHandle, Repo, Sandbox
from tests.sandbox.conftest import Caller

OLD = b"".join(b"line %d\n" % number for number in range(1, 61))
NEW = OLD.replace(b"line 10\n", b"line ten\nline ten and a half\n").replace(b"line 50\n", b"")
"""Hunks: new lines 7 to 14 (10 and 11 added) and 48 to 53 (old line 50 gone)."""

LINE = "Pull request review thread line must be part of the diff"
HUNK = "Pull request review thread start line must be part of the same hunk as the line."
BEFORE = "Pull request review thread start line must precede the end line."
BLANK = "Pull request review thread diff hunk can't be blank"


@pytest.fixture
async def pr(plain: Sandbox, plain_repo: Repo) -> PullRequestHandle:
    await plain_repo.push({"src/long.py": OLD, "src/gone.py": b"1\n", "bin": b"\0"})
    changes = {"src/long.py": NEW, "src/new.py": b"a\nb\n", "src/gone.py": None, "bin": b"\0\1"}
    return await plain_repo.open_pull_request(changes, by=plain.user("ann", "write"))


@pytest.mark.parametrize(
    ("comment", "errors"),
    [
        pytest.param({"line": 10}, None, id="an added line"),
        pytest.param({"line": 7}, None, id="context"),
        pytest.param({"start_line": 10, "line": 11}, None, id="a range"),
        pytest.param({"line": 10, "side": "LEFT"}, None, id="a deleted line"),
        pytest.param({"line": 50, "side": "LEFT"}, None, id="a line that is gone"),
        pytest.param({"start_line": 10, "start_side": "LEFT", "line": 11, "side": "RIGHT"}, None, id="both sides"),
        pytest.param({"position": 5}, None, id="by position"),
        pytest.param({"subject_type": "file"}, None, id="the whole file"),
        pytest.param({"line": 30}, [f"{LINE} and {BLANK}"], id="between the hunks"),
        pytest.param({"line": 0}, [f"{LINE} and {BLANK}"], id="line 0"),
        pytest.param({"line": 61}, [f"{LINE} and {BLANK}"], id="past the end"),
        pytest.param({"line": 30, "start_line": 29}, [f"{LINE}, {HUNK}, and {BLANK}"], id="a range between the hunks"),
        pytest.param({"start_line": 11, "line": 10}, [BEFORE], id="start after end"),
        pytest.param({"start_line": 10, "line": 10}, [BEFORE], id="start is end"),
        pytest.param({"start_line": 10, "line": 50}, [HUNK], id="across hunks"),
        pytest.param({"start_line": 2, "line": 10}, [HUNK], id="from outside"),
        pytest.param({"position": 500}, ["Position could not be resolved"], id="no such position"),
        pytest.param({"path": "nowhere.py", "line": 1}, ["Path could not be resolved"], id="another file"),
        pytest.param({"path": "bin", "line": 1}, [f"{LINE} and {BLANK}"], id="a binary file"),
        pytest.param({"line": 10, "body": " "}, ["Pull request review comment body can't be blank"], id="blank"),
        pytest.param({"line": 10, "body": "x" * 65_536}, None, id="as long as can be"),
        pytest.param({"line": 10, "body": "x" * 65_537}, ["Body is too long (maximum is 65536 characters)"], id="long"),
    ],
)
async def test_where_a_comment_may_stand(
    pr: PullRequestHandle, plain_bot: Caller, comment: dict[str, Any], errors: list[str] | None
) -> None:
    good = {"path": "src/new.py", "line": 1, "body": "good"}
    asked = {"event": "COMMENT", "comments": [good, {"path": "src/long.py", "body": "look", **comment}]}
    answer = await plain_bot("POST", f"./pulls/{pr.number}/reviews", asked)
    assert (answer.status, answer.json.get("errors")) == (200 if errors is None else 422, errors)
    assert len(pr.review_comments) == (2 if errors is None else 0)  # all or nothing
    assert len(pr.reviews) == (1 if errors is None else 0)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"event": "COMMENT"}, 422),
        ({"event": "COMMENT", "body": "words"}, 200),
        ({"event": "REQUEST_CHANGES"}, 422),
        ({"event": "APPROVE"}, 200),
        ({"event": "PRAISE", "body": "x"}, 422),
        ({"event": "COMMENT", "body": "x" * 65_537}, 422),
        ({"event": "COMMENT", "body": "x", "commit_id": "0" * 40}, 422),
        ({"body": "kept for later"}, 200),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_a_review_may_be(
    pr: PullRequestHandle, plain_bot: Caller, asked: dict[str, Any], status: int
) -> None:
    assert (await plain_bot("POST", f"./pulls/{pr.number}/reviews", asked)).status == status
    assert len(pr.reviews) == (status == 200)


async def test_a_review_may_name_an_earlier_commit(pr: PullRequestHandle, plain_bot: Caller) -> None:
    earlier = pr.head_sha
    await pr.push({"src/new.py": b"a\nb\nc\n"})
    asked = {"event": "COMMENT", "body": "x", "commit_id": earlier}
    assert (await plain_bot("POST", f"./pulls/{pr.number}/reviews", asked)).json["commit_id"] == earlier


async def test_a_single_comment_names_the_field(pr: PullRequestHandle, plain_bot: Caller) -> None:
    asked = {"commit_id": pr.head_sha, "path": "src/long.py", "body": "b", "line": 30}
    refused = await plain_bot("POST", f"./pulls/{pr.number}/comments", asked)
    assert refused.status == 422
    assert [(each["field"], each["message"]) for each in refused.json["errors"]] == [
        ("pull_request_review_thread.line", "pull_request_review_thread.line must be part of the diff"),
        ("pull_request_review_thread.diff_hunk", "pull_request_review_thread.diff_hunk can't be blank"),
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param({"other.py": b""}, 10, id="another file"),
        pytest.param({"src/long.py": b"first\n" + NEW}, 11, id="moved down"),
        pytest.param({"src/long.py": NEW.removeprefix(b"line 1\n")}, 9, id="moved up"),
        pytest.param({"src/long.py": NEW.replace(b"line ten\n", b"line X\n")}, None, id="changed"),
        pytest.param({"src/long.py": NEW.replace(b"line ten\n", b"")}, None, id="deleted"),
        pytest.param({"src/long.py": OLD}, None, id="taken back"),
        pytest.param({"src/long.py": None}, None, id="file deleted"),
    ],
)
async def test_a_thread_follows_its_line_or_is_outdated(
    pr: PullRequestHandle, plain_bot: Caller, change: dict[str, bytes | None], line: int | None
) -> None:
    inline = {"path": "src/long.py", "line": 10, "body": "look"}
    await plain_bot("POST", f"./pulls/{pr.number}/reviews", {"event": "COMMENT", "comments": [inline]})
    before = pr.head_sha
    await pr.push(change)
    shown = (await plain_bot("GET", f"./pulls/{pr.number}/comments")).json[0]
    assert (shown["line"], shown["original_line"], shown["original_commit_id"]) == (line, 10, before)
    assert (shown["position"] is None) == (line is None)
    query = """query($number: Int!) { repository(owner: "acme", name: "app") { pullRequest(number: $number) {
      reviewThreads(first: 5) { nodes { isOutdated line } } } } }"""
    found = (await plain_bot.graphql(query, number=pr.number))["data"]["repository"]["pullRequest"]
    assert found["reviewThreads"]["nodes"] == [{"isOutdated": line is None, "line": line}]


async def test_replies_edits_and_deletion(github: Sandbox, repo: Repo, bot: Caller) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"}, by=github.user("ann", "write"))
    inline = {"path": "src/a.py", "line": 1, "body": "look"}
    await bot("POST", f"./pulls/{pr.number}/reviews", {"event": "COMMENT", "comments": [inline]})
    first = pr.review_comments[0]
    assert (await bot("POST", f"./pulls/{pr.number}/comments/{first.id}/replies", {"body": "more"})).status == 201
    await pr.reply(first, "thanks")
    assert [each.in_reply_to for each in pr.review_comments] == [None, first.id, first.id]
    second = pr.review_comments[1]
    assert (await bot("POST", f"./pulls/{pr.number}/comments/{second.id}/replies", {"body": "no"})).status == 404
    await bot("PATCH", f"./pulls/comments/{first.id}", {"body": "look again"})
    assert first.body == "look again"
    assert (await bot("DELETE", f"./pulls/comments/{second.id}")).status == 204
    assert len(pr.review_comments) == 2


async def test_a_locked_conversation_takes_nothing_from_the_app(
    plain: Sandbox, pr: PullRequestHandle, plain_bot: Caller
) -> None:
    pr.lock("resolved")
    for path, asked in (
        (f"./pulls/{pr.number}/reviews", {"event": "COMMENT", "body": "x"}),
        (f"./issues/{pr.number}/comments", {"body": "x"}),
    ):
        assert (await plain_bot("POST", path, asked)).status == 403
    assert not pr.reviews
    assert not pr.comments


async def test_one_reacts_once(pr: PullRequestHandle, plain_bot: Caller) -> None:
    comment = await pr.comment("/ssot help")
    path = f"./issues/comments/{comment.id}/reactions"
    statuses = [(await plain_bot("POST", path, {"content": each})).status for each in ("eyes", "eyes", "rocket", "x")]
    assert statuses == [201, 200, 201, 422]
    assert comment.reactions == ["eyes", "rocket"]
