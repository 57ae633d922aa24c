from dataclasses import replace

import pytest

from bot.domain.effects import ResolveThread, UnresolveThread
from bot.domain.facts import Waiver
from bot.domain.file_result import FileReview, NewFinding, UnreadFile
from bot.domain.finding import Failed, Kind, Scanned, Skipped
from bot.domain.migration import Config, Mode
from bot.domain.references import PullRequest
from bot.review.models import Action, CompleteCheckRun, Conclusion, OwnReview, RecordResolved, SubmitReview
from bot.review.plan import OwnThread, ReviewFacts, plan_review
from tests.samples import finding, migration, new, pull


def facts(*news: NewFinding, mode: Mode = Mode.BLOCK_NEW, path: str = "app/a.py") -> ReviewFacts:
    report = Scanned(path=path, findings=tuple(n.finding for n in news))
    review = FileReview(report=report, new=news)
    return ReviewFacts(pull=pull(), config=Config(migrations=(migration(mode=mode),)), reviews=(review,))


def check(actions: tuple[Action, ...]) -> CompleteCheckRun:
    (found,) = (a for a in actions if isinstance(a, CompleteCheckRun))
    return found


def reviews(actions: tuple[Action, ...]) -> list[SubmitReview]:
    return [a for a in actions if isinstance(a, SubmitReview)]


def resolved(actions: tuple[Action, ...]) -> set[str]:
    return {a.thread_id for a in actions if isinstance(a, ResolveThread)}


def test_without_a_finding_there_is_a_green_check_and_nothing_else() -> None:
    (only,) = plan_review(facts())
    assert isinstance(only, CompleteCheckRun)
    assert only.conclusion is Conclusion.SUCCESS


def test_a_new_usage_is_reviewed_once_on_the_head() -> None:
    usage = new(fingerprint="f1")
    (review,) = reviews(plan_review(facts(usage)))
    assert review == SubmitReview(head_sha=pull().head_sha, inline=(usage,))


@pytest.mark.parametrize(
    ("mode", "with_new", "with_old_only"),
    [
        (Mode.WARN, Conclusion.NEUTRAL, Conclusion.SUCCESS),
        (Mode.BLOCK_NEW, Conclusion.FAILURE, Conclusion.SUCCESS),
        (Mode.MIGRATE, Conclusion.FAILURE, Conclusion.SUCCESS),
        (Mode.REMOVED, Conclusion.FAILURE, Conclusion.FAILURE),
    ],
)
def test_the_mode_decides_the_conclusion(mode: Mode, with_new: Conclusion, with_old_only: Conclusion) -> None:
    assert check(plan_review(facts(new(), mode=mode))).conclusion is with_new
    old = FileReview(report=Scanned(path="app/a.py", findings=(finding(),)))
    assert check(plan_review(replace(facts(mode=mode), reviews=(old,)))).conclusion is with_old_only


@pytest.mark.parametrize("quiet", [pull(draft=True), replace(pull(), locked=True)], ids=["draft", "locked"])
def test_where_no_comment_can_be_there_is_a_check_run_only(quiet: PullRequest) -> None:
    actions = plan_review(replace(facts(new()), pull=quiet))
    assert [type(a) for a in actions] == [CompleteCheckRun]
    assert check(actions).conclusion is Conclusion.FAILURE


def test_what_was_said_is_not_said_again() -> None:
    said, unsaid = new(fingerprint="f1"), new(line=9, fingerprint="f2")
    (review,) = reviews(plan_review(replace(facts(said, unsaid), reported=frozenset({"f1"}))))
    assert review.inline == (unsaid,)
    assert not reviews(plan_review(replace(facts(said), reported=frozenset({"f1"}))))


def test_at_most_the_configured_number_of_comments_the_rest_in_the_summary() -> None:
    usages = tuple(new(line=n, fingerprint=f"f{n}") for n in range(1, 31))
    given = facts(*usages)
    given = replace(given, config=replace(given.config, max_comments=20))
    (review,) = reviews(plan_review(given))
    assert (len(review.inline), len(review.summarised)) == (20, 10)
    assert {*review.inline, *review.summarised} == set(usages)


def test_critical_paths_and_suggestions_get_the_comments_first() -> None:
    plain = new(line=1, fingerprint="plain", suggestion=None)
    clickable = new(line=2, fingerprint="clickable")
    critical = new(line=3, fingerprint="critical", of=finding(line=3, critical=True), suggestion=None)
    given = facts(plain, clickable, critical)
    (review,) = reviews(plan_review(replace(given, config=replace(given.config, max_comments=2))))
    assert [n.fingerprint for n in review.inline] == ["critical", "clickable"]
    assert [n.fingerprint for n in review.summarised] == ["plain"]


def test_a_usage_outside_the_hunks_goes_to_the_summary() -> None:
    (review,) = reviews(plan_review(facts(new(line=None, fingerprint="f"))))
    assert (review.inline, [n.fingerprint for n in review.summarised]) == ((), ["f"])


def test_ignored_usages_are_listed_and_never_reported() -> None:
    silent = finding(ignored="until the 2.0 release")
    report = FileReview(report=Scanned(path="app/a.py", findings=(silent,)))
    actions = plan_review(replace(facts(mode=Mode.REMOVED), reviews=(report,)))
    assert check(actions).ignored == (silent,)
    assert check(actions).conclusion is Conclusion.SUCCESS
    assert not reviews(actions)


def test_a_skip_takes_one_usage_out_and_an_import_goes_with_the_last_that_it_serves() -> None:
    also = (finding(line=1, kind=Kind.IMPORT), finding(line=7))
    group = replace(new(fingerprint="a", also=also), also_fingerprints=("i", "b"))
    one = Waiver(fingerprint="a", by="ann", reason="why")
    verdict = check(plan_review(replace(facts(group), waivers={"a": one})))
    assert [usage.fingerprint for usage, _ in verdict.waived] == ["a"]
    (left,) = verdict.new
    assert [fingerprint for _, fingerprint in left.usages] == ["b", "i"]
    assert (left.suggestion, left.line, verdict.conclusion) == (None, None, Conclusion.FAILURE)
    both = check(plan_review(replace(facts(group), waivers={"a": one, "b": replace(one, fingerprint="b")})))
    assert (both.new, both.conclusion) == ((), Conclusion.SUCCESS)
    assert [fingerprint for usage, _ in both.waived for _, fingerprint in usage.usages] == ["a", "i", "b"]


def test_a_thread_stays_open_until_all_that_it_is_about_is_gone() -> None:
    usage = new(fingerprint="a")
    own = replace(thread("a"), fingerprints=frozenset({"a", "b"}))
    assert resolved(plan_review(replace(facts(usage), threads=(own,)))) == set()
    assert resolved(plan_review(replace(facts(), threads=(own,)))) == {own.id}


RECORD = OwnReview(id=5, body="Two usages.")


def recorded(actions: tuple[Action, ...]) -> list[set[str]]:
    return [set(a.fingerprints) for a in actions if isinstance(a, RecordResolved)]


@pytest.mark.parametrize(
    ("resolved_by_us", "known"), [(True, True), (False, False)], ids=["by us", "by somebody unknown"]
)
def test_what_the_bot_resolved_is_recorded_and_what_a_person_opened_again_stays_open(
    resolved_by_us: bool, known: bool
) -> None:
    own, usage = thread("a"), new(fingerprint="a")
    first = plan_review(replace(facts(), threads=(own,), record=RECORD))
    assert (resolved(first), recorded(first)) == ({own.id}, [{"a"}])
    closed = replace(own, resolved=True, resolved_by_us=resolved_by_us, resolver_known=known)
    later = replace(facts(), threads=(closed,), record=RECORD, resolved=frozenset({"a"}))
    assert [type(a) for a in plan_review(later)] == [CompleteCheckRun]
    reopened = replace(later, threads=(own,))
    assert [type(a) for a in plan_review(reopened)] == [CompleteCheckRun]
    back = replace(facts(usage), threads=(closed,), record=RECORD, resolved=frozenset({"a"}), reported=frozenset("a"))
    assert [type(a) for a in plan_review(back)] == [CompleteCheckRun, UnresolveThread, RecordResolved]
    assert recorded(plan_review(back)) == [set()]


def test_the_record_is_caught_up_where_it_was_not_written() -> None:
    closed = replace(thread("a"), resolved=True, resolved_by_us=True)
    assert recorded(plan_review(replace(facts(), threads=(closed,), record=RECORD))) == [{"a"}]


def test_what_a_comment_shows_or_will_show_is_told_to_the_check() -> None:
    usage, said = new(fingerprint="a"), new(line=9, fingerprint="b")
    given = replace(facts(usage, said), threads=(thread("b"),), reported=frozenset({"b"}))
    assert check(plan_review(given)).in_threads == {"a", "b"}
    assert check(plan_review(replace(given, pull=pull(draft=True)))).in_threads == frozenset()


def thread(fingerprint: str, *, path: str = "app/a.py", is_resolved: bool = False, by_us: bool = False) -> OwnThread:
    return OwnThread(
        id=f"T_{fingerprint}",
        fingerprints=frozenset({fingerprint}),
        path=path,
        resolved=is_resolved,
        resolved_by_us=by_us,
    )


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param(thread("gone"), {"T_gone"}, id="the finding is gone"),
        pytest.param(thread("gone", path="app/removed.py"), {"T_gone"}, id="the whole file is gone"),
        pytest.param(thread("gone", is_resolved=True), set(), id="resolved already"),
        pytest.param(thread("here"), set(), id="the finding is still there"),
        pytest.param(thread("gone", path="app/broken.py"), set(), id="the file does not parse now"),
        pytest.param(thread("gone", path="app/huge.py"), set(), id="the file was skipped"),
    ],
)
def test_threads_are_resolved_when_their_finding_is_gone(own: OwnThread, expected: set[str]) -> None:
    given = facts(new(fingerprint="here"))
    broken = FileReview(report=Failed(path="app/broken.py", line=1, message="invalid syntax"))
    huge = Skipped(path="app/huge.py", reason="too big")
    given = replace(given, reviews=(*given.reviews, broken), skipped=(huge,), threads=(own,))
    assert resolved(plan_review(given)) == expected


def opened_again(actions: tuple[Action, ...]) -> set[str]:
    return {a.thread_id for a in actions if isinstance(a, UnresolveThread)}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param(thread("here", is_resolved=True, by_us=True), {"T_here"}, id="the bot resolved it"),
        pytest.param(thread("here", is_resolved=True), set(), id="a person resolved it"),
        pytest.param(thread("here"), set(), id="it is open"),
        pytest.param(thread("gone", is_resolved=True, by_us=True), set(), id="the finding is gone"),
        pytest.param(thread("waived", is_resolved=True, by_us=True), set(), id="the finding is put aside"),
    ],
)
def test_threads_that_the_bot_resolved_are_opened_when_their_finding_is_back(
    own: OwnThread, expected: set[str]
) -> None:
    given = facts(new(fingerprint="here"), new(fingerprint="waived", line=7))
    waiver = Waiver(fingerprint="waived", by="ann", reason="later")
    actions = plan_review(replace(given, threads=(own,), waivers={"waived": waiver}))
    assert opened_again(actions) == expected


def test_the_group_of_a_new_finding_does_not_count_as_old() -> None:
    call, imported = finding(line=9), finding(line=1)
    review = FileReview(
        report=Scanned(path="app/a.py", findings=(imported, call)), new=(new(of=call, also=(imported,)),)
    )
    assert check(plan_review(replace(facts(), reviews=(review,)))).old == ()


def not_read(*, names: bool = False, searched: bool = True, fingerprint: str = "u1") -> UnreadFile:
    return UnreadFile(
        path="app/broken.py",
        reason="line 1: invalid syntax",
        migrations=("managers",) if names or not searched else (),
        names=("get_manager",) if names else (),
        lines=(3,) if names else (),
        searched=searched,
        fingerprint=fingerprint,
    )


@pytest.mark.parametrize(
    ("file", "blocking", "warning"),
    [
        pytest.param(not_read(names=True), Conclusion.FAILURE, Conclusion.NEUTRAL, id="an added line holds a name"),
        pytest.param(not_read(searched=False), Conclusion.FAILURE, Conclusion.NEUTRAL, id="could not be searched"),
        pytest.param(not_read(), Conclusion.SUCCESS, Conclusion.SUCCESS, id="nothing deprecated is named"),
    ],
)
def test_a_file_that_was_not_read_is_not_green_if_it_may_add_a_usage(
    file: UnreadFile, blocking: Conclusion, warning: Conclusion
) -> None:
    for mode, expected in (
        (Mode.WARN, warning),
        (Mode.BLOCK_NEW, blocking),
        (Mode.MIGRATE, blocking),
        (Mode.REMOVED, blocking),
    ):
        given = replace(facts(mode=mode), reviews=(), unread=(file,))
        assert check(plan_review(given)).conclusion is expected, mode
        assert check(plan_review(given)).unread == (file,)


def test_a_file_that_somebody_accepted_does_not_count() -> None:
    waiver = Waiver(fingerprint="u1", by="ann", reason="Python 2")
    given = replace(facts(), reviews=(), unread=(not_read(names=True),), waivers={"u1": waiver})
    verdict = check(plan_review(given))
    assert (verdict.conclusion, verdict.unread) == (Conclusion.SUCCESS, ())
    assert verdict.accepted == ((not_read(names=True), waiver),)


def test_what_is_no_source_file_is_listed_and_does_not_count() -> None:
    link = Skipped(path="link.py", reason="a link")
    verdict = check(plan_review(replace(facts(), reviews=(), skipped=(link,))))
    assert (verdict.conclusion, verdict.skipped, verdict.scanned) == (Conclusion.SUCCESS, (link,), 0)


def test_planning_again_on_its_own_outcome_adds_nothing() -> None:
    usages = (new(line=1, fingerprint="f1"), new(line=None, fingerprint="f2"))
    back = thread("f1", is_resolved=True, by_us=True)
    given = replace(facts(*usages), threads=(thread("old"), back))
    first = plan_review(given)
    (review,) = reviews(first)
    assert (resolved(first), opened_again(first)) == ({"T_old"}, {"T_f1"})
    after = replace(
        given,
        reported=frozenset(n.fingerprint for n in (*review.inline, *review.summarised)),
        threads=(thread("old", is_resolved=True, by_us=True), thread("f1")),
    )
    assert plan_review(after) == (check(first),)
