"""Ignore comments that a fork's author adds, where they count only once somebody with write confirms them.  Pure."""

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.file_result import FileReview, NewFinding
from bot.domain.finding import Finding, Scanned

_NOTE = (
    "A comment in the code ignores this. It comes from a fork, so it counts only once somebody with write permission "
    "confirms it with `/ssot skip`."
)


def unconfirmed(reviews: Iterable[FileReview]) -> tuple[FileReview, ...]:
    """The same as if the change did not bring these comments: the usages are findings, which can be skipped."""
    return tuple(_open(review) if review.ignoring else review for review in reviews)


def _open(review: FileReview) -> FileReview:
    said = {finding: _noted(finding) for new in review.ignoring for finding in (new.finding, *new.also)}
    report = review.report
    if isinstance(report, Scanned):
        report = replace(report, findings=tuple(said.get(finding, finding) for finding in report.findings))
    return FileReview(report=report, new=(*review.new, *(_shown(new, said) for new in review.ignoring)))


def _shown(new: NewFinding, said: dict[Finding, Finding]) -> NewFinding:
    return replace(new, finding=said[new.finding], also=tuple(said[finding] for finding in new.also))


def _noted(finding: Finding) -> Finding:
    return replace(finding, ignored=None, message=f"{finding.message} {_NOTE}")
