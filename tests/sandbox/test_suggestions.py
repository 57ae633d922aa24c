"""A suggestion is applied byte for byte as GitHub does it."""

import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.suggestions import suggested_text
from tests.sandbox.conftest import Caller


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("```suggestion\na\n```", "a\n"),
        ("words\n\n```suggestion\na\nb\n```\nmore", "a\nb\n"),
        ("```suggestion\n```", ""),
        ("```suggestion\n\n```", "\n"),
        ("````suggestion\n```\ncode\n```\n````", "```\ncode\n```\n"),
        ("~~~suggestion\na\n~~~", "a\n"),
        ("```suggestion\r\na\r\n```", "a\n"),
        ("```suggestion\n\tkeep  \n```", "\tkeep  \n"),
        ("```python\na\n```", None),
        ("> ```suggestionx\n> a\n> ```", None),
        ("no fence", None),
    ],
)
def test_what_a_comment_suggests(body: str, text: str | None) -> None:
    assert suggested_text(body) == text


@pytest.mark.parametrize(
    ("new", "lines", "suggestion", "result"),
    [
        pytest.param(b"a\nb\nc\n", {"line": 2}, "B\n", b"a\nB\nc\n", id="one line"),
        pytest.param(b"a\nb\nc\n", {"start_line": 1, "line": 2}, "B\n", b"B\nc\n", id="two for one"),
        pytest.param(b"a\nb\nc\n", {"line": 2}, "B\nBB\n", b"a\nB\nBB\nc\n", id="one for two"),
        pytest.param(b"a\nb\nc\n", {"line": 2}, "", b"a\nc\n", id="deletion"),
        pytest.param(b"a\nb\nc\n", {"line": 2}, "\n", b"a\n\nc\n", id="an empty line"),
        pytest.param(b"a\r\nb\r\nc\r\n", {"line": 2}, "B\nBB\n", b"a\r\nB\r\nBB\r\nc\r\n", id="CRLF"),
        pytest.param(b"a\nb", {"line": 2}, "B\n", b"a\nB", id="no final newline"),
        pytest.param(b"a\r\nb", {"start_line": 1, "line": 2}, "A\nB\n", b"A\r\nB", id="CRLF, no final newline"),
        pytest.param("ä\nb\n".encode(), {"line": 2}, "é\n", "ä\né\n".encode(), id="not ASCII"),
        pytest.param(b"a\x0cb\nc\n", {"line": 2}, "d\n", b"a\x0cb\nd\n", id="a form feed is no line end"),
    ],
)
async def test_applying(
    plain: Sandbox,
    plain_repo: Repo,
    plain_bot: Caller,
    new: bytes,
    lines: dict[str, int],
    suggestion: str,
    result: bytes,
) -> None:
    pr = await plain_repo.open_pull_request({"f.py": new}, by=plain.user("ann", "write"))
    inline = {"path": "f.py", "body": f"```suggestion\n{suggestion}```", **lines}
    await plain_bot("POST", f"./pulls/{pr.number}/reviews", {"event": "COMMENT", "comments": [inline]})
    comment = pr.review_comments[0]
    assert pr.apply_suggestion(comment) == result
    await pr.commit_suggestion(comment)
    assert pr.head["f.py"] == result
    assert pr.threads[0].resolved_by is not None


async def test_an_outdated_suggestion_cannot_be_applied(plain: Sandbox, plain_repo: Repo, plain_bot: Caller) -> None:
    pr = await plain_repo.open_pull_request({"f.py": b"a\n"}, by=plain.user("ann", "write"))
    inline = {"path": "f.py", "line": 1, "body": "```suggestion\nb\n```"}
    await plain_bot("POST", f"./pulls/{pr.number}/reviews", {"event": "COMMENT", "comments": [inline]})
    await pr.push({"f.py": b"z\n"})
    with pytest.raises(ValueError, match="outdated"):
        pr.apply_suggestion(pr.review_comments[0])
