"""Commands and their answers as people see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto

from bot.domain.errors import UserError
from bot.domain.facts import Role
from bot.domain.reactions import Reaction
from bot.domain.references import PullRequestRef, RepoRef

PREFIX = "/ssot"


class CommandPlace(StrEnum):
    """Where a comment can be."""

    PULL_REQUEST = "pull request"
    ISSUE = "issue"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandHelp:
    """What people need to know of a command: help, README, the documents and the commands page are made of it."""

    name: str
    summary: str
    """One sentence."""
    details: str = ""
    """The rest, in Markdown paragraphs."""
    needs: Role
    author_needs: Role | None = None
    """The role that is enough for the author of the pull request it is given on; ``None``: ``needs`` as well."""
    places: frozenset[CommandPlace] = frozenset(CommandPlace)
    examples: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """The form, e.g. ``/ssot migrate [PATHS]... [--unsafe]``."""
        return f"{PREFIX} {self.name}"


class CommandError(UserError):
    """The command is invalid.  ``usage`` is the correct form, when that is known."""

    def __init__(self, message: str, *, usage: str | None = None) -> None:
        super().__init__(message)
        self.message, self.usage = message, usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCall:
    """One command after the checks of permission, form and place."""

    repo: RepoRef
    number: int
    """Of the pull request or issue that it was given on."""
    place: CommandPlace
    comment_id: int
    index: int
    """Which of the comment's commands, from 0."""
    sender: str
    role: Role
    """The sender's, asked for a moment ago."""
    arguments: Mapping[str, object]
    """By parameter name, as the command's ``SPEC.params`` make them."""
    given_at: datetime | None = None
    """When the comment was written."""
    thread: tuple[str, ...] = ()
    """The fingerprints of what it answers, where it is a reply in a finding's thread."""
    known: Mapping[str, CommandHelp] = field(default_factory=dict)
    """All commands that there are, by name."""

    @property
    def pull(self) -> PullRequestRef:
        """The pull request.  ``ValueError`` on an issue."""
        if self.place is not CommandPlace.PULL_REQUEST:
            raise ValueError(f"#{self.number} is an issue")
        return PullRequestRef(repo=self.repo, number=self.number)


class DecisionKind(Enum):
    """What a person can decide by command."""

    SKIP = auto()
    """A finding is skipped."""
    ATTEST = auto()
    """A checklist item is attested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided, recorded in the reply.  Without ``by`` and ``reason`` it is withdrawn."""

    kind: DecisionKind
    about: str
    """The fingerprint of the finding, or the id of the checklist item."""
    by: str = ""
    """A login, without ``@``."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A command's reply: Markdown of any length, in which other people's text is escaped.

    ``reaction`` says whether it was done (🚀) or could not be (😕).
    """

    body: str
    reaction: Reaction = Reaction.ROCKET
    decisions: tuple[Decision, ...] = ()

    def __post_init__(self) -> None:
        if not self.body:
            raise ValueError("a reply needs a body")
        if self.reaction not in (Reaction.ROCKET, Reaction.CONFUSED):
            raise ValueError(f"a reply reports success (rocket) or failure (confused), not {self.reaction}")
