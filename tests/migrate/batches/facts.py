"""Files with findings, open pull requests, and what becomes of them when a plan is carried out."""

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.file_result import FileMigration
from bot.domain.finding import Finding, Fix, Kind, Scanned
from bot.domain.migration import Applicability, Migration, PullRequests, Split
from bot.domain.references import Sha
from bot.migrate.batches.models import (
    BatchAction,
    BatchFacts,
    BatchRequest,
    CloseBatch,
    FileFacts,
    LeaveBatch,
    OpenBatch,
    OpenPull,
    PullRequestBatch,
    Tier,
    UpdateBatch,
)
from bot.migrate.batches.plan import blob_id
from tests.samples import finding, migration

HEAD = Sha("a" * 40)
SAFE, UNSAFE, NONE = Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY_ONLY


def found(
    path: str, applicability: Applicability = SAFE, *, kind: Kind = Kind.CALL, critical: bool = False, line: int = 3
) -> Finding:
    usage = finding(path, line, kind=kind, applicability=applicability, critical=critical)
    fix = None if applicability is NONE else Fix(edits=(), applicability=applicability)
    return replace(usage, fix=fix, reason=None if applicability is SAFE else "No rule fits.")


def file(path: str, *findings: Finding, critical: bool = False, text: str = "") -> FileFacts:
    """By default a file with one usage that is safe to migrate; ``text`` makes its fixes others."""
    usages = findings or (found(path, critical=critical),)
    return FileFacts(path=path, migrated={tier: _migrated(path, usages, tier, text) for tier in Tier})


def _migrated(path: str, usages: tuple[Finding, ...], tier: Tier, text: str) -> FileMigration:
    fixed = tuple(f for f in usages if f.fix and f.fix.applicability in tier.applies)
    before = path.encode()
    after = before + b" ".join(str(f.applicability).encode() for f in fixed) + text.encode() if fixed else before
    report = Scanned(path=path, findings=usages)
    left = tuple(f for f in usages if f not in fixed)
    return FileMigration(path=path, before=before, after=after, report=report, fixed=fixed, left=left)


def cut(files: int = 20, open: int = 5, split: Split = Split.DIRECTORY) -> Migration:  # noqa: A002 - the key's name
    return replace(migration(), pull_requests=PullRequests(files=files, open=open, split=split))


def facts(*paths: str | FileFacts, ask: BatchRequest | None = None, of: Migration | None = None) -> BatchFacts:
    files = tuple(file(path) if isinstance(path, str) else path for path in paths)
    return BatchFacts(migration=of or cut(), files=files, ask=ask or BatchRequest())


def pull_of(batch: PullRequestBatch, number: int = 100) -> OpenPull:
    """The pull request that was opened for it."""
    return OpenPull(
        number=number, branch=batch.branch, head_sha=HEAD, tier=batch.tier, digest=batch.digest,
        files={file.path: blob_id(file.content, HEAD) for file in batch.files},
    )  # fmt: skip


def performed(given: BatchFacts, actions: Iterable[BatchAction]) -> BatchFacts:
    """The facts once all of it is done."""
    pulls = {pull.number: pull for pull in given.open}
    for number, action in enumerate(actions, start=1_000):
        match action:
            case OpenBatch(batch=batch):
                pulls[number] = pull_of(batch, number)
            case UpdateBatch(pull=pull, batch=batch):
                pulls[pull.number] = replace(pull_of(batch, pull.number), branch=pull.branch)
            case CloseBatch(pull=pull):
                del pulls[pull.number]
            case LeaveBatch():
                pass
    return replace(given, open=tuple(pulls.values()))


def opened(actions: Iterable[BatchAction]) -> list[list[str]]:
    """The paths of each pull request that is opened."""
    return [[each.path for each in a.batch.files] for a in actions if isinstance(a, OpenBatch)]
