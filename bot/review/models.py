"""What the bot can decide to do to a pull request: values that ``bot.review.plan`` returns and workflows perform.

They hold findings, not texts: ``bot.review.render`` turns them into Markdown.  What needs no text is an effect already.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.effects import ResolveThread, UnresolveThread
from bot.domain.errors import ConfigError
from bot.domain.facts import Waiver
from bot.domain.file_result import NewFinding, UnreadFile
from bot.domain.finding import Finding, Skipped
from bot.domain.references import Sha


class Conclusion(StrEnum):
    """Conclusions of a check run that the bot uses.

    https://docs.github.com/en/rest/checks/runs#create-a-check-run
    """

    SUCCESS = "success"
    NEUTRAL = "neutral"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitReview:
    """One review on ``head_sha``: ``inline`` become comments on lines, ``summarised`` are listed in its body."""

    head_sha: Sha
    inline: tuple[NewFinding, ...]
    summarised: tuple[NewFinding, ...] = ()

    @property
    def places(self) -> tuple[tuple[NewFinding, ...], ...]:
        """``inline`` by the lines that it is shown on, one comment each; a suggestion's finding comes first.

        Suggestions of one file do not overlap, so a line has at most one.
        """
        found: dict[tuple[str, int | None], list[NewFinding]] = {}
        for new in self.inline:
            found.setdefault((new.finding.path, new.line), []).append(new)
        return tuple(tuple(sorted(at, key=lambda new: new.suggestion is None)) for at in found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinThread:
    """Findings on a line that has an open thread of the App: they are said there, and open none of their own."""

    thread_id: str
    comment_id: int
    """The thread's first comment."""
    found: tuple[NewFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReview:
    """A review of the App: where it records what it resolved."""

    id: int
    body: str


@dataclass(frozen=True, slots=True)
class AwaitOwnReview:
    """Nothing is said until GitHub lists what was said a moment ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordResolved:
    """The fingerprints of the threads that the App resolved: one that is open again was opened by a person."""

    review: OwnReview
    fingerprints: frozenset[str]
    joined: tuple[str, ...] = ()
    """Those that were said in an open thread: with a comment that somebody deletes, they stay away too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingSibling:
    """Another open pull request with the same head, whose own verdict is a failure."""

    number: int
    base_ref: str
    author: str
    title: str
    """Of its verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedConfig:
    """The configuration file as the pull request changes it."""

    errors: tuple[ConfigError, ...] = ()
    """What is wrong with it; the line of one is 0 if it is about the whole file."""
    removed: bool = False
    """The pull request takes it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteCheckRun:
    """The result for ``head_sha``."""

    head_sha: Sha
    conclusion: Conclusion
    new: tuple[NewFinding, ...] = ()
    old: tuple[Finding, ...] = ()
    """Usages in the touched files that were there before."""
    ignored: tuple[Finding, ...] = ()
    """Usages that an ``ssot: ignore`` comment silences, with its reason."""
    waived: tuple[tuple[NewFinding, Waiver], ...] = ()
    """New usages that somebody skipped with ``/ssot skip``; they do not count in the conclusion."""
    unread: tuple[UnreadFile, ...] = ()
    """Changed files that could not be read; those that may add a usage count in the conclusion."""
    accepted: tuple[tuple[UnreadFile, Waiver], ...] = ()
    """Such files that somebody skipped with ``/ssot skip``; they do not count."""
    skipped: tuple[Skipped, ...] = ()
    """What is no source file: links, submodules."""
    in_threads: frozenset[str] = frozenset()
    """Fingerprints of usages that a comment on their line shows, or will: they have no annotation as well."""
    scanned: int = 0
    """Changed Python files that were scanned."""
    lacking: str | None = None
    """Why the files that the pull request does not change were not in view."""
    sibling: FailingSibling | None = None
    """Why the check fails though this pull request's own verdict is none: a check run is the commit's."""
    unconfigured: bool = False
    """Nothing was scanned: no migration applies to the repository."""
    config_error: str | None = None
    """Why there was no scan: the configuration is invalid or unreadable."""
    proposed: ProposedConfig | None = None
    """What the pull request makes of the configuration; ``None``: it does not change it."""
    still_used: str | None = None
    """What uses the names that this pull request removes, as a clause."""


Action = (
    SubmitReview | JoinThread | CompleteCheckRun | ResolveThread | UnresolveThread | RecordResolved | AwaitOwnReview
)
