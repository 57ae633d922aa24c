"""How pull requests and issues of a repository point to one another: by what their texts say.

https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
"""

import re

from bot.sandbox.model import Issue, PullRequest

_MENTION = re.compile(r"(?<![\w/&#])#(\d+)\b")
_CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+#(\d+)\b", re.IGNORECASE)


def closes(pull: PullRequest, issue: Issue) -> bool:
    """Whether merging the pull request closes the issue: only one to the default branch does."""
    says = {int(number) for number in _CLOSING.findall(pull.issue.body or "")}
    return pull.base_ref == pull.repo.default_branch and issue.number in says


def mentions(pull: PullRequest, issue: Issue) -> bool:
    """Whether its title or body names the issue: a cross-reference in the issue's timeline."""
    text = f"{pull.issue.title}\n{pull.issue.body or ''}"
    return issue.number in {int(number) for number in _MENTION.findall(text)}
