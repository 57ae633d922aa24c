"""What people decided by command: skipped findings, attested checklist items.  Pure.

A decision is stored only in the bot's reply to the command, as a signed marker.  Deleting the reply undoes the
decision.
"""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.commands import Decision, DecisionKind
from bot.domain.facts import Comment, Waiver
from bot.domain.references import RepoRef
from bot.domain.tracked import Attestation
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import conversation

_KINDS = {DecisionKind.SKIP: MarkerKind.SKIP, DecisionKind.ATTEST: MarkerKind.ATTEST}
_LENGTH = 3
"""Values of one record: what it is about, who decided, why.  The last two are empty where it is undone."""


def skip(fingerprint: str, by: str, reason: str) -> Decision:
    """Records that a finding is skipped."""
    return Decision(kind=DecisionKind.SKIP, about=fingerprint, by=by, reason=reason)


def unskip(fingerprint: str) -> Decision:
    """Records that a finding counts again."""
    return Decision(kind=DecisionKind.SKIP, about=fingerprint)


def attest(item: str, by: str, reason: str) -> Decision:
    """Records that somebody attests a checklist item."""
    return Decision(kind=DecisionKind.ATTEST, about=item, by=by, reason=reason)


def withdraw(item: str) -> Decision:
    """Records that an attestation is withdrawn."""
    return Decision(kind=DecisionKind.ATTEST, about=item)


def marker(keys: MarkerKeys, repo: RepoRef, number: int, decision: Decision) -> str:
    """The decision as the marker of a reply in the conversation ``number``."""
    values = (decision.about, decision.by.encode().hex(), decision.reason.encode().hex())
    return _KINDS[decision.kind].write(keys, conversation(repo, number), values)


def waivers(keys: MarkerKeys, repo: RepoRef, number: int, comments: Iterable[Comment]) -> dict[str, Waiver]:
    """What is skipped on a pull request, by fingerprint; ``comments`` are all of its conversation, oldest first."""
    last = {about: (by, reason) for about, by, reason, _ in _records(keys, repo, number, MarkerKind.SKIP, comments)}
    return {about: Waiver(fingerprint=about, by=by, reason=reason) for about, (by, reason) in last.items() if by}


def attestations(keys: MarkerKeys, repo: RepoRef, number: int, comments: Iterable[Comment]) -> dict[str, Attestation]:
    """What is attested on a tracking issue, by the item's id; ``comments`` are all of the issue, oldest first."""
    found: dict[str, Attestation] = {}
    for item, by, reason, comment in _records(keys, repo, number, MarkerKind.ATTEST, comments):
        found.pop(item, None)
        if by and comment.created_at:
            found[item] = Attestation(by=by, at=comment.created_at, reason=reason, link=comment.html_url)
    return found


def _records(
    keys: MarkerKeys, repo: RepoRef, number: int, kind: MarkerKind, comments: Iterable[Comment]
) -> Iterator[tuple[str, str, str, Comment]]:
    for comment in comments:
        if not comment.ours:
            continue
        values = kind.read(keys, conversation(repo, number), comment.body)
        for about, by, reason in _pieces(values):
            yield about, bytes.fromhex(by).decode(), bytes.fromhex(reason).decode(), comment


def _pieces(values: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for at in range(0, len(values), _LENGTH):
        about, by, reason = values[at : at + _LENGTH]
        yield about, by, reason
