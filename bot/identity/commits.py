"""The trailer of the bot's commits: which part of a request a commit is."""

from bot.domain.references import PullRequestRef
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import pull_request


def request(keys: MarkerKeys, ref: PullRequestRef, name: str, part: int, parts: int) -> str:
    """The last line of the message: part ``part``, from 1, of ``parts`` of the request ``name``."""
    return MarkerKind.REQUEST.write(keys, pull_request(ref), (name, str(part), str(parts)))


def part_of(keys: MarkerKeys, ref: PullRequestRef, name: str, message: str) -> int | None:
    """Which part of the request a commit with this message is; ``None``: not one of them."""
    values = MarkerKind.REQUEST.read(keys, pull_request(ref), message)
    return int(values[1]) if len(values) == 3 and values[0] == name and values[1].isdigit() else None
