"""The markers of replies: which command or press of a button a comment of the bot answers."""

from dataclasses import dataclass

from bot.domain.reactions import Reaction
from bot.domain.references import RepoRef
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredCommand:
    """A command that was answered, and how it went."""

    comment_id: int
    index: int
    """Which of the comment's commands, from 0."""
    reaction: Reaction
    on_line: bool = False
    """Whether the comment is on a line of a pull request's diff: those have ids of their own."""


def answer(keys: MarkerKeys, repo: RepoRef, number: int, answered: AnsweredCommand) -> str:
    """The marker of a reply in the conversation ``number``."""
    values = (str(answered.comment_id), str(answered.index), str(answered.reaction))
    kind = MarkerKind.ANSWER_ON_LINE if answered.on_line else MarkerKind.ANSWER
    return kind.write(keys, conversation(repo, number), values)


def answer_in(keys: MarkerKeys, repo: RepoRef, number: int, body: str) -> AnsweredCommand | None:
    """What a comment of the bot answers; ``None``: no command."""
    for kind, on_line in ((MarkerKind.ANSWER, False), (MarkerKind.ANSWER_ON_LINE, True)):
        values = kind.read(keys, conversation(repo, number), body)
        if values:
            return AnsweredCommand(
                comment_id=int(values[0]), index=int(values[1]), reaction=Reaction(values[2]), on_line=on_line
            )
    return None


def apology(keys: MarkerKeys, repo: RepoRef, number: int, comment_id: int, index: int, *, on_line: bool = False) -> str:
    """The marker of a comment which says that a command failed for good."""
    kind = MarkerKind.APOLOGY_ON_LINE if on_line else MarkerKind.APOLOGY
    return kind.write(keys, conversation(repo, number), (str(comment_id), str(index)))


def is_apology(
    keys: MarkerKeys, repo: RepoRef, number: int, comment_id: int, index: int, body: str, *, on_line: bool = False
) -> bool:
    """Whether a comment of the bot says so of this very command."""
    kind = MarkerKind.APOLOGY_ON_LINE if on_line else MarkerKind.APOLOGY
    return kind.read(keys, conversation(repo, number), body) == (str(comment_id), str(index))


def press(keys: MarkerKeys, repo: RepoRef, number: int, name: str) -> str:
    """The marker of a comment that answers the press ``name`` of a button."""
    return MarkerKind.PRESS.write(keys, conversation(repo, number), (name,))


def is_answer_to_press(keys: MarkerKeys, repo: RepoRef, number: int, name: str, body: str) -> bool:
    """Whether a comment of the bot answers that press."""
    return name in MarkerKind.PRESS.read(keys, conversation(repo, number), body)


def refusal(keys: MarkerKeys, repo: RepoRef, number: int, person: int) -> str:
    """The marker of a comment that tells the account ``person`` why it cannot give a command."""
    return MarkerKind.REFUSAL.write(keys, conversation(repo, number), (str(person),))


def is_refusal(keys: MarkerKeys, repo: RepoRef, number: int, person: int, body: str) -> bool:
    """Whether a comment of the bot tells that account so."""
    return str(person) in MarkerKind.REFUSAL.read(keys, conversation(repo, number), body)
