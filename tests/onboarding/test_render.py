"""The onboarding pull request's text, as a function of what is known."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.config import Valid, load
from bot.domain.facts import Repository
from bot.domain.finding import Finding, Fix, Kind, Range, Skipped
from bot.domain.migration import Applicability
from bot.domain.references import Sha
from bot.identity.markers import MarkerKeys
from bot.identity.onboarding import OnboardingMark, asks_for_issue, onboarding_mark_of
from bot.inventory.models import Foreseen
from bot.onboarding.models import OnboardingPreview
from bot.onboarding.render import body
from tests.samples import REPO

KEYS = MarkerKeys(keys=(b"k" * 32,))
BASE, HEAD = Sha("b" * 40), Sha("a" * 40)
MARK = OnboardingMark(base=BASE, head=HEAD)
REPOSITORY = Repository(
    ref=REPO, node_id="R_1", default_branch="main", private=True, archived=False, html_url="https://github.com/acme/app"
)


def usage(path: str, trust: Applicability = Applicability.SAFE, *, planned: bool = True) -> Finding:
    fix = Fix(edits=(), applicability=trust) if planned and trust is not Applicability.DISPLAY_ONLY else None
    return Finding(
        migration="m",
        path=path,
        range=Range(start=9, end=12, line=3, column=1, end_line=3, end_column=4),
        kind=Kind.CALL,
        symbol="a.b.old",
        message="It is old.",
        applicability=trust if planned else Applicability.DISPLAY_ONLY,
        reason="for a reason" if planned and trust is not Applicability.SAFE else None,
        fix=fix,
    )


def preview(usages: Sequence[Finding], config: str = "mode: block-new") -> OnboardingPreview:
    state = Valid(config=load(f"version: 1\nmigrations:\n  m: {{deprecated: a.b.old, canonical: a.b.new, {config}}}\n"))
    found = Foreseen(commit=BASE, before={}, after={"m": tuple(usages)})
    return OnboardingPreview(commit=BASE, branch="main", state=state, found=found)


def text(usages: Sequence[Finding], config: str = "mode: block-new", mark: OnboardingMark = MARK) -> str:
    return body(preview(usages, config), mark, REPOSITORY, KEYS)


def test_it_says_what_it_is_about() -> None:
    said = text([usage("a.py")])
    assert onboarding_mark_of(KEYS, REPO.id, said) == MARK
    assert not asks_for_issue(KEYS, REPO.id, said)
    assert asks_for_issue(KEYS, REPO.id, said.replace("- [ ]", "- [x]"))


def test_usages_are_counted_by_what_can_be_done() -> None:
    usages = [usage("a.py"), usage("a.py", Applicability.UNSAFE), usage("b.py", Applicability.DISPLAY_ONLY)]
    said = text(usages)
    assert "3 usages in 2 files." in said
    assert "| `m` | 3 | 2 | 1 | 1 | 1 |" in said.splitlines()
    assert "`a.b.old` → `a.b.new`" in said.partition("<summary><code>m</code>: 3 usages</summary>")[2]
    assert "[`a.py:3`](https://github.com/acme/app/blob/" in said


def test_what_is_not_planned_is_not_counted() -> None:
    said = text([usage("a.py", planned=False)])
    assert "| `m` | 1 | 1 | ? | ? | ? |" in said.splitlines()
    assert "took too long to find out" in said
    assert "opens pull requests with the safe fixes" in said


@pytest.mark.parametrize(
    ("config", "opens", "fails"),
    [
        (
            "mode: block-new",
            "tracking issue opens 2 pull requests with 21 safe fixes.",
            "fails the check `ssot`.",
        ),
        ("mode: warn", "on the tracking issue opens 2 pull requests", "the check `ssot` stays neutral"),
        ("mode: migrate", "After the merge, 2 pull requests with 21 safe fixes for `m`.", "fails the check `ssot`."),
        ("mode: removed", "on the tracking issue opens 2", "changes a file with an old usage"),
        ("mode: migrate, pull_requests: {open: 1}", "21 safe fixes, at most 1 at a time", "fails"),
        ("mode: warn, pull_requests: {split: codeowners}", "opens at least 2 pull requests", "neutral"),
    ],
)
def test_what_it_opens_and_fails(config: str, opens: str, fails: str) -> None:
    said = text([usage(f"a/{number}.py") for number in range(21)], config)
    assert opens in said.partition("### What it opens")[2]
    assert fails in said.partition("### What it fails")[2]


def test_without_a_safe_fix_it_opens_nothing() -> None:
    assert "opens none yet, for there is no safe fix" in text([usage("a.py", Applicability.UNSAFE)])


def test_the_tracking_issue_of_the_configuration_is_named() -> None:
    assert "kept on the tracking issue #7" in text([], "tracking: {issue: 7}")
    assert "Add `tracking: {issue: 7}` to each migration" in text([], mark=replace(MARK, issue=7))
    assert "- [ ]" not in text([], mark=replace(MARK, issue=7))


def test_a_text_of_any_size_fits() -> None:
    many = [usage(f"{'d' * 180}/{number}.py") for number in range(5_000)]
    found = preview(many)
    assert found.found is not None
    unread = tuple(Skipped(path=f"{'e' * 180}/{n}.py", reason="r" * 400) for n in range(5_000))
    said = body(replace(found, found=replace(found.found, unread=unread)), MARK, REPOSITORY, KEYS)
    assert len(said) < 65_536
    assert "5,000 files that could not be read may hold more" in said


def test_what_is_not_known_is_said() -> None:
    unknown = replace(preview([]), found=None, reason="the scan takes longer than 120 seconds")
    said = body(unknown, MARK, REPOSITORY, KEYS)
    assert "That is not known: the scan takes longer than 120 seconds." in said


def test_a_name_in_a_title_stands_as_it_is() -> None:
    """A title is HTML, in which Markdown's escapes would be seen."""
    about = preview([])
    state = Valid(config=load("version: 1\nmigrations:\n  old-name: {deprecated: a.b.old}\n"))
    found = Foreseen(commit=BASE, before={}, after={"old-name": (replace(usage("a.py"), migration="old-name"),)})
    said = body(replace(about, state=state, found=found), MARK, REPOSITORY, KEYS)
    assert "<summary><code>old-name</code>: 1 usage</summary>" in said
