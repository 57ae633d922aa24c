"""What a comment of ours could do beside being read, as GitHub would render it."""

import re
from html import unescape

from markdown_it import MarkdownIt

GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
OURS = {"p", "strong", "em", "ul", "li", "code", "pre", "sub", "details", "summary", "table", "thead", "tbody", "tr"}
OURS |= {"th", "td", "br", "hr"}


def threats(markdown: str) -> list[str]:
    """Tags that we do not write, links out, mentions, references and closing keywords, outside of code."""
    html = re.sub(r"<!-- ssot:[^>]* -->", "", GFM.render(markdown))
    html = re.sub(r"<code[ >].*?</code>|<code>.*?</code>", "", html, flags=re.DOTALL)
    found = [tag for tag in re.findall(r"</?([a-zA-Z][\w-]*)", html) if tag not in {*OURS, "a"}]
    found += [url for url in re.findall(r"<a href=\"([^\"]*)\"", html) if not re.match(r"https?://[\w.:]+/acme/", url)]
    words = unescape(re.sub(r"<[^>]*>", " ", html))
    return found + re.findall(r"(?<![\w\u200b])@\w+|(?<!\u200b)#\d+|\bGH-\d+", words)
