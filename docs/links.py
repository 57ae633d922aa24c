"""A hook of MkDocs: links of the documents to files outside ``docs/`` lead to the repository."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_OUTSIDE = re.compile(r"\]\(\.\./([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, config: Any, **_: object) -> str:  # noqa: ANN401  MkDocs' own
    """The page's text; a link to a file that is not there stays as it is, and is reported."""

    def link(match: re.Match[str]) -> str:
        path, anchor = match[1], match[2] or ""
        if not (ROOT / path).exists():
            return match[0]
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"]({config.repo_url.rstrip('/')}/{kind}/main/{path.rstrip('/')}{anchor})"

    return _OUTSIDE.sub(link, markdown)
