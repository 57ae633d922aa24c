"""Applying a suggested change as GitHub's button does.

https://docs.github.com/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/incorporating-feedback-in-your-pull-request
"""

from markdown_it import MarkdownIt

from bot.sandbox.model import ReviewComment


def suggested_text(body: str) -> str | None:
    """What the first ``suggestion`` fence of a comment holds, each line with its ``\\n``; ``None``: there is none."""
    for token in MarkdownIt("commonmark").parse(body):
        if token.type == "fence" and token.info.split()[:1] == ["suggestion"]:
            return token.content
    return None


def apply_suggestion(source: bytes, comment: ReviewComment) -> bytes:
    """``source`` with the comment's lines replaced by its suggestion.

    The new lines end as the replaced ones do: CRLF stays, and a last line without line break stays without one.
    Raises :class:`ValueError` for a comment without suggestion, an outdated one, or one on the old side.
    """
    text, anchor = suggested_text(comment.body), comment.thread.current
    if text is None:
        raise ValueError("the comment suggests nothing")
    if anchor is None or anchor.line is None or anchor.side != "RIGHT":
        raise ValueError("the comment is outdated or not on a line of the new side")
    first, last = (anchor.start_line or anchor.line) - 1, anchor.line
    lines = source.split(b"\n")
    unended = last == len(lines)  # the file's last line has no line break of its own
    crlf = any(line.endswith(b"\r") for line in lines[first:last])
    new = [line.encode() + (b"\r" if crlf else b"") for line in text.split("\n")[:-1]]
    if new and unended and crlf and not lines[-1].endswith(b"\r"):
        new[-1] = new[-1].removesuffix(b"\r")
    return b"\n".join([*lines[:first], *new, *lines[last:]])
