"""Factories of model values with sensible defaults, for tests of pure functions."""

from bot.domain.file_result import NewFinding, Suggestion
from bot.domain.finding import Finding, Kind, Range
from bot.domain.migration import Applicability, Migration, Mode, Target
from bot.domain.references import InstallationId, PullRequest, PullRequestRef, RepoRef, RepositoryId, Sha

OLD = "pkg.factory.get_manager"
REPO = RepoRef(installation=InstallationId(5), id=RepositoryId(77), owner="acme", name="app")


def migration(name: str = "managers", *, mode: Mode = Mode.BLOCK_NEW) -> Migration:
    return Migration(name=name, targets=(Target(name=OLD, canonical="pkg.manager.Manager"),), mode=mode)


def finding(
    path: str = "app/a.py",
    line: int = 3,
    *,
    kind: Kind = Kind.CALL,
    applicability: Applicability = Applicability.SAFE,
    message: str = "`get_manager` is deprecated, use `Manager`.",
    migration: str = "managers",
    critical: bool = False,
    ignored: str | None = None,
) -> Finding:
    span = Range(start=line * 10, end=line * 10 + 5, line=line, column=1, end_line=line, end_column=6)
    return Finding(
        migration=migration,
        path=path,
        range=span,
        kind=kind,
        symbol=OLD,
        message=message,
        applicability=applicability,
        critical=critical,
        ignored=ignored,
    )


def new(
    path: str = "app/a.py",
    line: int | None = 3,
    *,
    fingerprint: str = "",
    suggestion: str | None = "manager = Manager",
    of: Finding | None = None,
    also: tuple[Finding, ...] = (),
    no_suggestion: str | None = None,
) -> NewFinding:
    place = line or 3
    return NewFinding(
        finding=of or finding(path, place),
        fingerprint=fingerprint or f"{abs(hash((path, place))) % 16**16:016x}",
        line=line,
        suggestion=None if suggestion is None else Suggestion(start_line=place, end_line=place, text=suggestion),
        no_suggestion=no_suggestion,
        also=also,
        also_fingerprints=tuple(f"{abs(hash((each.path, each.range))) % 16**16:016x}" for each in also),
    )


def pull(*, draft: bool = False, head: str = "c" * 40) -> PullRequest:
    return PullRequest(
        ref=PullRequestRef(repo=REPO, number=7),
        node_id="PR_7",
        title="Add a route",
        state="open",
        draft=draft,
        merged=False,
        author="ann",
        base_ref="main",
        base_sha=Sha("b" * 40),
        head_ref="route",
        head_sha=Sha(head),
        head_repo="acme/app",
        maintainer_can_modify=False,
        changed_files=1,
        html_url="https://github.com/acme/app/pull/7",
    )
