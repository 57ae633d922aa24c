"""GitHub's webhook payloads to values: the only reader of payload dicts.

An event is a hint of what may have changed: it is reduced to references, and the state is read again.  Payloads
are untrusted JSON even when their signature is right; whatever is wrong with one is ``Malformed``.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from bot.refs import Delivery, DeliveryId, Errand, InstallationId, PullRequestRef, RepoRef, RepositoryId, Sha

T = TypeVar("T")

ERRAND = "ssot."
"""How the names of the bot's own errands begin."""
_LONGEST_INT = 18
"""Digits of an id; a longer number is an attack on the parser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did it.  ``type`` is ``User``, ``Bot``, ``Organization`` or ``Mannequin``.

    The login is the one of that moment and can belong to somebody else by now; the id cannot.
    """

    id: int
    login: str
    type: str

    @property
    def is_bot(self) -> bool:
        return self.type == "Bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestEvent:
    """``pull_request``.  ``base_changed``: it was edited and goes to another branch now; ``body_changed``: its text."""

    action: str
    ref: PullRequestRef
    head_sha: Sha
    sender: Person
    base_changed: bool = False
    body_changed: bool = False

    @property
    def repo(self) -> RepoRef:
        return self.ref.repo


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCommentEvent:
    """``issue_comment``: a comment on an issue or on a pull request's conversation."""

    action: str
    repo: RepoRef
    number: int
    is_pull_request: bool
    comment_id: int
    created_at: datetime
    """When the comment was written, by GitHub's clock."""
    body: str
    author: Person
    sender: Person
    app_id: int | None = None
    """The App through which the comment was written."""
    previous_body: str | None = None
    """What it was before it was edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushEvent:
    """``push``.  ``branch`` is ``None`` for a tag; ``after`` is all zeros when the branch was deleted."""

    repo: RepoRef
    branch: str | None
    before: Sha
    after: Sha
    default_branch: str
    sender: Person

    @property
    def to_default_branch(self) -> bool:
        return self.branch == self.default_branch


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuesEvent:
    """``issues``."""

    action: str
    repo: RepoRef
    number: int
    sender: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRunEvent:
    """``check_run``.  ``pulls`` are open pull requests of the same repository with this head; a fork's are missing."""

    action: str
    repo: RepoRef
    check_run_id: int
    name: str
    app_id: int
    head_sha: Sha
    external_id: str
    pulls: tuple[int, ...]
    sender: Person
    identifier: str | None = None
    """Of the button that was pressed (``requested_action``)."""
    on_default_branch: bool = True
    """Whether the commit may be the default branch's: false when it is said to be another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEvent:
    """``status``: somebody set a commit status."""

    repo: RepoRef
    sha: Sha
    context: str
    on_default_branch: bool = True
    """Whether it is the default branch's head, as far as that is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatusEvent:
    """``deployment_status``: a deployment went on, succeeded or failed."""

    action: str
    repo: RepoRef
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGroupEvent:
    """``merge_group``: the merge queue asks for the checks of a commit that it made."""

    action: str
    repo: RepoRef
    head_sha: Sha
    base_sha: Sha
    head_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationEvent:
    """``installation``: the App was installed, removed, suspended, or given permissions."""

    action: str
    installation: InstallationId
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationRepositoriesEvent:
    """``installation_repositories``: repositories were added to the installation or taken from it."""

    action: str
    installation: InstallationId
    added: tuple[RepoRef, ...]
    removed: tuple[RepoRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandEvent:
    """``ssot.<name>``: the bot's own errand for a repository, or for one issue or pull request of it."""

    event: str
    repo: RepoRef
    subject: int | None

    @property
    def lane(self) -> str:
        """``owner/repo#subject``, the same lane as that of GitHub's events for it; or ``owner/repo``."""
        return self.repo.full_name if self.subject is None else f"{self.repo.full_name}#{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppErrandEvent:
    """``ssot.<name>``: the bot's own errand for the App as a whole."""

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """``ping``: GitHub tries whether the hook answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An event that nothing here reads."""

    event: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInstalled:
    """The payload names no installation: it was not sent on behalf of one, so nothing can be done."""

    event: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """The payload is not what GitHub says that the event's is.  ``reason`` holds nothing of the payload."""

    reason: str


Event = (
    PullRequestEvent
    | IssueCommentEvent
    | PushEvent
    | IssuesEvent
    | CheckRunEvent
    | StatusEvent
    | DeploymentStatusEvent
    | MergeGroupEvent
    | InstallationEvent
    | InstallationRepositoriesEvent
    | ErrandEvent
    | AppErrandEvent
    | Ping
    | Unknown
    | NotInstalled
    | Malformed
)


class _Wrong(Exception):
    """Something is missing in a payload, or is of another type."""


class _Node:
    """A payload's object, read strictly: what is absent or of another type is an error that names its place."""

    def __init__(self, value: object, path: str = "$") -> None:
        if not isinstance(value, dict):
            raise _Wrong(f"{path} is no object")
        self._value: Mapping[str, object] = value
        self._path = path

    def __contains__(self, key: str) -> bool:
        return self._value.get(key) is not None

    def _get(self, key: str, kind: type[T], what: str) -> T:
        value = self._value.get(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise _Wrong(f"{self._path}.{key} is no {what}")
        return value

    def node(self, key: str) -> "_Node":
        return _Node(self._value.get(key), f"{self._path}.{key}")

    def nodes(self, key: str) -> "tuple[_Node, ...]":
        values: list[object] = self._get(key, list, "list")
        return tuple(_Node(value, f"{self._path}.{key}[{n}]") for n, value in enumerate(values))

    def text(self, key: str) -> str:
        text = self._get(key, str, "text")
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise _Wrong(f"{self._path}.{key} holds half a character")
        return text

    def number(self, key: str) -> int:
        return self._get(key, int, "number")

    def moment(self, key: str) -> datetime:
        """An aware time, as in RFC 3339."""
        try:
            found = datetime.fromisoformat(self.text(key))
        except ValueError:
            raise _Wrong(f"{self._path}.{key} is no time") from None
        if found.tzinfo is None:
            raise _Wrong(f"{self._path}.{key} has no time zone")
        return found

    def sha(self, key: str) -> Sha:
        text = self.text(key)
        if len(text) not in (40, 64) or not all(character in "0123456789abcdef" for character in text):
            raise _Wrong(f"{self._path}.{key} is no object id")
        return Sha(text)


def parse(event: str, body: bytes) -> Event:
    """The value of a delivery.  ``body`` is the request's, as it was signed.  Never raises."""
    try:
        payload = _Node(_load(body))
        action = payload.text("action") if "action" in payload else ""
        if event == "ping":
            return Ping()
        if event.startswith(ERRAND):
            return _errand(event, payload)
        reader = _READERS.get(event)
        if reader is None:
            return Unknown(event=event, action=action)
        if "installation" not in payload:
            return NotInstalled(event=event, action=action)
        return reader(payload)
    except _Wrong as error:
        return Malformed(reason=str(error))


def delivery_of(errand: Errand) -> Delivery:
    """The errand as the queue stores it.  Its id cannot be that of a delivery: GitHub's have no colon.

    Raises ``ValueError`` for what could never be handled: a defect of the sender.
    """
    if not errand.event.startswith(ERRAND):
        raise ValueError(f"{errand.event!r} is no errand: their names begin with {ERRAND!r}")
    if not errand.id.isprintable() or not 0 < len(errand.id) <= 200:
        raise ValueError(f"{errand.id!r:.250} cannot be an errand's id")
    body: dict[str, object] = {}
    if errand.repo is not None:
        body["installation"] = {"id": errand.repo.installation}
        body["repository"] = {"id": errand.repo.id, "full_name": errand.repo.full_name}
    if errand.subject is not None:
        body["subject"] = errand.subject
    return Delivery(id=DeliveryId(f"{errand.event}:{errand.id}"), event=errand.event, body=json.dumps(body).encode())


def _errand(event: str, payload: _Node) -> ErrandEvent | AppErrandEvent:
    if "repository" not in payload:
        return AppErrandEvent(event=event)
    subject = payload.number("subject") if "subject" in payload else None
    return ErrandEvent(event=event, repo=_repo(payload), subject=subject)


def _load(body: bytes) -> object:
    """JSON as RFC 8259 has it: UTF-8 without a mark, finite numbers, no doubled keys, not too deep."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _Wrong("the body is not UTF-8") from None
    try:
        return json.loads(text, parse_int=_int, parse_constant=_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise _Wrong("the body is not JSON") from None


def _int(digits: str) -> int:
    if len(digits) > _LONGEST_INT:
        raise _Wrong("a number is too long")
    return int(digits)


def _constant(name: str) -> float:
    raise _Wrong(f"{name} is no JSON")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Wrong("a key is doubled")
    return found


def _person(node: _Node) -> Person:
    return Person(id=node.number("id"), login=node.text("login"), type=node.text("type"))


def _repo(payload: _Node) -> RepoRef:
    return _repo_of(payload.node("repository"), InstallationId(payload.node("installation").number("id")))


def _repo_of(node: _Node, installation: InstallationId) -> RepoRef:
    owner, slash, name = node.text("full_name").partition("/")
    if not (owner and slash and name) or "/" in name:
        raise _Wrong("a repository's full_name is not owner/name")
    return RepoRef(installation=installation, id=RepositoryId(node.number("id")), owner=owner, name=name)


def _pull_request(payload: _Node) -> PullRequestEvent:
    pull = payload.node("pull_request")
    changes = payload.node("changes") if "changes" in payload else None
    return PullRequestEvent(
        action=payload.text("action"),
        ref=PullRequestRef(repo=_repo(payload), number=pull.number("number")),
        head_sha=pull.node("head").sha("sha"),
        sender=_person(payload.node("sender")),
        base_changed=changes is not None and "base" in changes,
        body_changed=changes is not None and "body" in changes,
    )


def _issue_comment(payload: _Node) -> IssueCommentEvent:
    issue, comment = payload.node("issue"), payload.node("comment")
    app = comment.node("performed_via_github_app") if "performed_via_github_app" in comment else None
    changes = payload.node("changes") if "changes" in payload else None
    before = changes.node("body") if changes is not None and "body" in changes else None
    return IssueCommentEvent(
        action=payload.text("action"),
        repo=_repo(payload),
        number=issue.number("number"),
        is_pull_request="pull_request" in issue,
        comment_id=comment.number("id"),
        created_at=comment.moment("created_at"),
        body=comment.text("body"),
        author=_person(comment.node("user")),
        sender=_person(payload.node("sender")),
        app_id=app.number("id") if app else None,
        previous_body=before.text("from") if before else None,
    )


def _push(payload: _Node) -> PushEvent:
    ref = payload.text("ref")
    return PushEvent(
        repo=_repo(payload),
        branch=ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None,
        before=payload.sha("before"),
        after=payload.sha("after"),
        default_branch=payload.node("repository").text("default_branch"),
        sender=_person(payload.node("sender")),
    )


def _issues(payload: _Node) -> IssuesEvent:
    return IssuesEvent(
        action=payload.text("action"),
        repo=_repo(payload),
        number=payload.node("issue").number("number"),
        sender=_person(payload.node("sender")),
    )


def _check_run(payload: _Node) -> CheckRunEvent:
    run = payload.node("check_run")
    suite = run.node("check_suite") if "check_suite" in run else None
    branches = {suite.text("head_branch")} if suite is not None and "head_branch" in suite else set[str]()
    pressed = payload.node("requested_action") if "requested_action" in payload else None
    return CheckRunEvent(
        action=payload.text("action"),
        repo=_repo(payload),
        check_run_id=run.number("id"),
        name=run.text("name"),
        app_id=run.node("app").number("id"),
        head_sha=run.sha("head_sha"),
        external_id=run.text("external_id") if "external_id" in run else "",
        pulls=tuple(pull.number("number") for pull in run.nodes("pull_requests")),
        sender=_person(payload.node("sender")),
        identifier=pressed.text("identifier") if pressed else None,
        on_default_branch=_on_default_branch(payload, branches),
    )


def _on_default_branch(payload: _Node, branches: set[str]) -> bool:
    """Whether what happened to a commit of ``branches`` may have happened to the default branch's head."""
    repository = payload.node("repository")
    return not branches or "default_branch" not in repository or repository.text("default_branch") in branches


def _status(payload: _Node) -> StatusEvent:
    branches = {branch.text("name") for branch in payload.nodes("branches")}
    return StatusEvent(
        repo=_repo(payload),
        sha=payload.sha("sha"),
        context=payload.text("context"),
        on_default_branch=_on_default_branch(payload, branches),
    )


def _deployment_status(payload: _Node) -> DeploymentStatusEvent:
    return DeploymentStatusEvent(
        action=payload.text("action"),
        repo=_repo(payload),
        environment=payload.node("deployment").text("environment"),
    )


def _merge_group(payload: _Node) -> MergeGroupEvent:
    group = payload.node("merge_group")
    return MergeGroupEvent(
        action=payload.text("action"),
        repo=_repo(payload),
        head_sha=group.sha("head_sha"),
        base_sha=group.sha("base_sha"),
        head_ref=group.text("head_ref"),
    )


def _installation(payload: _Node) -> InstallationEvent:
    installation = payload.node("installation")
    return InstallationEvent(
        action=payload.text("action"),
        installation=InstallationId(installation.number("id")),
        account=installation.node("account").text("login"),
    )


def _installation_repositories(payload: _Node) -> InstallationRepositoriesEvent:
    installation = InstallationId(payload.node("installation").number("id"))
    return InstallationRepositoriesEvent(
        action=payload.text("action"),
        installation=installation,
        added=tuple(_repo_of(node, installation) for node in payload.nodes("repositories_added")),
        removed=tuple(_repo_of(node, installation) for node in payload.nodes("repositories_removed")),
    )


_READERS: Mapping[str, Callable[[_Node], Event]] = MappingProxyType(
    {
        "check_run": _check_run,
        "deployment_status": _deployment_status,
        "installation": _installation,
        "installation_repositories": _installation_repositories,
        "issue_comment": _issue_comment,
        "issues": _issues,
        "merge_group": _merge_group,
        "pull_request": _pull_request,
        "push": _push,
        "status": _status,
    }
)
