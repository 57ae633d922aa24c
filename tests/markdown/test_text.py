import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.markdown.text import code, count, fenced, plain, shorten, visible

GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable(["table", "strikethrough"])

HOSTILE = [
    "a`b.py",
    "``",
    "a|b.py",
    "a\nb.py",
    "<img src=x onerror=alert(1)>.py",
    "](javascript:alert(1))",
    "[x](https://evil.example)",
    "@org/team",
    "#1",
    "Fixes #1",
    "closes acme/app#2",
    "GH-12",
    "\u202egnp.py",
    "x" * 4096,
    "../../etc/passwd",
    "-rf",
    "https://evil.example/x",
    "www.evil.example",
    "<!-- ssot:fp=1 -->",
    "**bold** _it_ ~~no~~",
    "\\",
    "&amp;",
    " ",
    "$x^2$",
]


def outside_code(markdown: str) -> tuple[str, str]:
    """The rendered HTML without its code, and the Markdown-level text that GitHub would scan for references."""
    html = GFM.render(markdown)
    return re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL), html


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("show", [code, plain], ids=["code", "plain"])
def test_other_peoples_text_is_text(show: object, text: str) -> None:
    assert callable(show)
    rest, html = outside_code(f"before {show(text)} after")
    assert html.startswith("<p>before ")
    assert html.endswith(" after</p>\n")
    assert not re.search(r"<(?!/?(p|code)>)", html)
    if show is code:
        assert rest == "<p>before  after</p>\n"
    words = unescape(re.sub(r"<[^>]*>", "", rest))
    assert not re.search(r"@\w|#\d|GH-\d", words), "GitHub looks for references in the rendered words"
    assert not re.search(r"https?://|www\.\w", re.sub(r"(`+).*?\1", "", show(text))), "and for addresses in the source"


@pytest.mark.parametrize("text", HOSTILE[:9])
def test_a_code_span_shows_every_visible_character(text: str) -> None:
    html = GFM.render(code(text, limit=10_000))
    shown = re.search(r"<code>(.*)</code>", html, re.DOTALL)
    assert shown is not None
    unescaped = shown[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert unescaped == visible(text)


@given(st.text(max_size=200))
def test_nothing_gets_out_of_a_code_span(text: str) -> None:
    rest, _ = outside_code(f"x {code(text)} y")
    assert rest == "<p>x  y</p>\n"


@given(st.text(max_size=300), st.sampled_from(["suggestion", "text", "diff"]))
def test_nothing_ends_a_fence_early(text: str, info: str) -> None:
    text = text.replace("\r", "").replace("\0", "")
    tokens = MarkdownIt("commonmark").parse(fenced(text, info))
    assert [t.type for t in tokens] == ["fence"]
    assert tokens[0].content == (f"{text}\n" if text else "")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("abc", 3, "abc"), ("abcdef", 5, "ab…ef"), ("abcdef", 4, "a…ef"), ("", 5, "")],
)
def test_shorten_keeps_both_ends(text: str, limit: int, expected: str) -> None:
    assert shorten(text, limit) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 usages"), (1, "1 usage"), (2, "2 usages"), (1204, "1,204 usages")]
)
def test_count(number: int, expected: str) -> None:
    assert count(number, "usage") == expected
