"""Comments that are made once: each carries a signed marker, by which the bot knows that it said so."""

import hashlib
import re

import structlog

from bot.context import Bot
from bot.domain.effects import NewComment
from bot.domain.references import RepoRef
from bot.github import reads
from bot.github.errors import MissingPermission, Refused
from bot.identity.kinds import MarkerKind
from bot.identity.places import conversation
from bot.markdown.text import code

log = structlog.get_logger(__name__)

MOST = 500
"""Characters of what GitHub said."""
PULL_REQUESTS = "open or update pull requests"
REMOVAL = "open or update the pull request that removes the definition"
"""What a migration cannot do where GitHub refuses its branches."""

_VARIES = re.compile(r"\b[0-9a-f]{7,64}\b|ssot(?:-removal)?/[^\s\x27\x22`]+")
"""Commits and the bot's branches: other ones do not make it another reason."""


async def say_once(bot: Bot, repo: RepoRef, number: int, kind: MarkerKind, values: tuple[str, ...], text: str) -> None:
    """Comment ``text``, unless a comment of ours with its marker is there.

    Where comments are locked it stays unsaid.
    """
    place = conversation(repo, number)
    comments = await reads.issue_comments(bot.github, repo, number)
    if any(comment.ours and kind.read(bot.keys, place, comment.body) == values for comment in comments):
        return
    try:
        await bot.performer.perform(NewComment(repo=repo, number=number, body=text))
    except Refused as refusal:
        log.warning("comment_refused", repository=repo.full_name, number=number, reason=refusal.message)


def reason_of(refusal: Refused | MissingPermission) -> str:
    """What GitHub said, on one line."""
    return " ".join(str(getattr(refusal, "message", refusal)).split())[:MOST]


async def say_refused(bot: Bot, repo: RepoRef, issue: int, migration: str, what: str, reason: str) -> None:
    """On the tracking issue, that GitHub does not let the bot do ``what``: once for each reason."""
    log.warning("refused", repository=repo.full_name, migration=migration, what=what, reason=reason)
    state = hashlib.blake2b(_VARIES.sub("", f"{what} {reason}").encode(), digest_size=8).hexdigest()
    kind, values = MarkerKind.TRACKER_NOTE, (migration, f"refused-{state}")
    text = (
        f"I could not {what} for {code(migration)}. GitHub refuses it: {code(reason, limit=MOST)}\n\n"
        "I will try again, and say no more about this reason.\n\n"
        f"{kind.write(bot.keys, conversation(repo, issue), values)}"
    )
    await say_once(bot, repo, issue, kind, values, text)
