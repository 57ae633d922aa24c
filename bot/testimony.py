"""What people said by command and the bot wrote down: findings put aside, checklist items attested.  Pure.

It is kept where it was said, in the bot's own replies: a signed marker in each of them, and nothing beside it.  Whoever
deletes such a reply takes back what it records.
"""

from collections.abc import Iterable, Iterator, Sequence

from bot.facts import Comment, Waiver
from bot.markers import MarkerKeys, read
from bot.refs import RepoRef
from bot.talk import Mark, conversation
from bot.tracker import Attestation

_SKIP, _ATTEST = "skip", "attest"
_LENGTH = 3
"""Values of one record: what it is about, who said it, why.  Both are empty where it is taken back."""


def skip(fingerprint: str, by: str, reason: str) -> Mark:
    """Records that a finding is put aside."""
    return _said(_SKIP, fingerprint, by, reason)


def unskip(fingerprint: str) -> Mark:
    """Records that a finding counts again."""
    return _said(_SKIP, fingerprint)


def attest(item: str, by: str, reason: str) -> Mark:
    """Records that a checklist item is true."""
    return _said(_ATTEST, item, by, reason)


def withdraw(item: str) -> Mark:
    """Records that nobody stands for a checklist item any more."""
    return _said(_ATTEST, item)


def waivers(keys: MarkerKeys, repo: RepoRef, number: int, comments: Iterable[Comment]) -> dict[str, Waiver]:
    """What is put aside on a pull request, by fingerprint; ``comments`` are all of its conversation, oldest first."""
    last = {about: (by, reason) for about, by, reason, _ in _records(keys, repo, number, _SKIP, comments)}
    return {about: Waiver(fingerprint=about, by=by, reason=reason) for about, (by, reason) in last.items() if by}


def attestations(keys: MarkerKeys, repo: RepoRef, number: int, comments: Iterable[Comment]) -> dict[str, Attestation]:
    """What is attested on a tracking issue, by the item's id; ``comments`` are all of the issue, oldest first."""
    found: dict[str, Attestation] = {}
    for item, by, reason, comment in _records(keys, repo, number, _ATTEST, comments):
        found.pop(item, None)
        if by and comment.created_at:
            found[item] = Attestation(by=by, at=comment.created_at, reason=reason, link=comment.html_url)
    return found


def _said(kind: str, about: str, by: str = "", reason: str = "") -> Mark:
    return Mark(kind=kind, values=(about, by.encode().hex(), reason.encode().hex()))


def _records(
    keys: MarkerKeys, repo: RepoRef, number: int, kind: str, comments: Iterable[Comment]
) -> Iterator[tuple[str, str, str, Comment]]:
    for comment in comments:
        if not comment.ours:
            continue
        values = read(keys, conversation(repo, number), kind, comment.body)
        for about, by, reason in _pieces(values):
            yield about, bytes.fromhex(by).decode(), bytes.fromhex(reason).decode(), comment


def _pieces(values: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for at in range(0, len(values), _LENGTH):
        about, by, reason = values[at : at + _LENGTH]
        yield about, by, reason
