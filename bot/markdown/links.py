"""Links to files, lines and commits of a repository."""

from urllib.parse import quote

from bot.domain.finding import Finding
from bot.domain.references import PullRequest, Sha
from bot.domain.tracked import TrackedFacts
from bot.markdown.text import code


def linked(label: str, url: str | None) -> str:
    """``label`` (Markdown) as a link; without a URL just the label."""
    return f"[{label}]({url})" if url else label


def file_url(repository: str, rev: str, path: str) -> str:
    """The page of a file at a revision; ``repository`` is the repository's page, e.g. ``https://github.com/o/n``."""
    # A bracket of the path would end the link.
    return f"{repository}/blob/{rev}/{quote(path, safe='/').replace('(', '%28').replace(')', '%29')}"


def repository_page(pull: PullRequest) -> str:
    """The page of the repository that the pull request is for.  It shows the commits of forks' heads as well."""
    return pull.html_url.rsplit("/pull/", 1)[0]


def link_to_line(finding: Finding, repository: str, rev: str) -> str:
    """``path:line`` as code, linked to the line at a revision; ``repository`` is the repository's page."""
    url = f"{file_url(repository, rev, finding.path)}#L{finding.range.line}"
    return linked(code(f"{finding.path}:{finding.range.line}"), url)


def link_in_pull(finding: Finding, pull: PullRequest) -> str:
    """The same at the pull request's head."""
    return link_to_line(finding, repository_page(pull), pull.head_sha)


def file_page(facts: TrackedFacts, path: str) -> str | None:
    """The page of a file at the commit that the facts are of; ``None`` for a local repository."""
    return None if facts.repository_url is None else file_url(facts.repository_url, facts.commit, path)


def commit_page(facts: TrackedFacts, sha: Sha) -> str | None:
    """The page of a commit of the repository that the facts are of; ``None`` for a local one."""
    return None if facts.repository_url is None else f"{facts.repository_url}/commit/{sha}"


def link_to_commit(facts: TrackedFacts, sha: Sha, *, digits: int) -> str:
    """The first digits of a commit as code, linked to its page where it has one."""
    return linked(code(sha[:digits]), commit_page(facts, sha))
