from dataclasses import replace

import pytest

from bot.domain import effects
from bot.domain.finding import Kind
from bot.domain.references import PullRequestRef
from bot.identity.external_ids import pull_number
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import pull_request as place_of
from bot.review.models import CompleteCheckRun, Conclusion, OwnReview, RecordResolved, SubmitReview
from bot.review.render_effects import check_run, record_of_resolved, review
from tests.samples import REPO, finding, migration, new, pull

KEYS = MarkerKeys.derive([b"a secret of some length"])
MIGRATIONS = {"managers": migration()}
PULL = pull()


def test_every_fingerprint_can_be_read_back_from_what_is_posted() -> None:
    inline, summarised = new(fingerprint="a" * 16), (new(line=None, fingerprint="b" * 16), new(fingerprint="c" * 16))
    posted = review(
        SubmitReview(head_sha=PULL.head_sha, inline=(inline,), summarised=summarised), PULL, MIGRATIONS, KEYS
    )
    place = place_of(PULL.ref)
    assert [MarkerKind.FINGERPRINTS.read(KEYS, place, c.body) for c in posted.comments] == [("a" * 16,)]
    assert MarkerKind.FINGERPRINTS.read(KEYS, place, posted.body) == ("a" * 16, "b" * 16, "c" * 16)


def test_what_is_shown_on_one_line_is_one_comment_the_suggestion_first() -> None:
    plain = new(fingerprint="a" * 16, suggestion=None, no_suggestion="By hand.")
    clickable, elsewhere = new(fingerprint="b" * 16), new(line=9, fingerprint="c" * 16)
    action = SubmitReview(head_sha=PULL.head_sha, inline=(plain, clickable, elsewhere))
    posted = review(action, PULL, MIGRATIONS, KEYS)
    assert [comment.line for comment in posted.comments] == [3, 9]
    body = posted.comments[0].body
    assert MarkerKind.FINGERPRINTS.read(KEYS, place_of(PULL.ref), body) == ("b" * 16, "a" * 16)
    assert body.index("```suggestion") < body.index("By hand")
    assert body.count("```suggestion") == 1


def test_thousands_of_usages_fit_into_a_review() -> None:
    usages = tuple(new(line=None, fingerprint=f"{n:016x}") for n in range(5_000))
    posted = review(SubmitReview(head_sha=PULL.head_sha, inline=(), summarised=usages), PULL, MIGRATIONS, KEYS)
    assert len(MarkerKind.FINGERPRINTS.read(KEYS, place_of(PULL.ref), posted.body)) == 2_000


def test_a_usage_with_a_comment_on_its_line_has_no_annotation_nor_has_the_import_that_goes_with_it() -> None:
    imported = finding(line=40, kind=Kind.IMPORT)
    group, lone = new(fingerprint="a" * 16, also=(imported,)), new(line=50, fingerprint="b" * 16)
    action = CompleteCheckRun(head_sha=PULL.head_sha, conclusion=Conclusion.FAILURE, new=(group, lone))
    shown = replace(action, in_threads=frozenset({"a" * 16}))
    assert [a.start_line for a in check_run(shown, PULL, MIGRATIONS).annotations] == [50]
    assert check_run(shown, PULL, MIGRATIONS).external_id != check_run(action, PULL, MIGRATIONS).external_id


def test_a_result_is_the_same_under_another_name_of_the_repository() -> None:
    """The links differ; what an older version, which did not know that, called the result is told too."""
    action = CompleteCheckRun(head_sha=PULL.head_sha, conclusion=Conclusion.FAILURE, new=(new(fingerprint="a" * 16),))
    renamed = replace(PULL, html_url="https://github.com/apex/apogee/pull/7")
    one, other = (check_run(action, each, MIGRATIONS) for each in (PULL, renamed))
    assert one.text != other.text
    assert one.external_id == other.external_id
    assert len({one.external_id, one.former_id, other.former_id}) == 3


def test_the_record_of_what_was_resolved_takes_the_place_of_the_one_before() -> None:
    body = "Two usages.\n\n<!-- another comment -->"
    for fingerprints in ({"a" * 16}, {"a" * 16, "b" * 16}, set()):
        record = RecordResolved(review=OwnReview(id=5, body=body), fingerprints=frozenset(fingerprints))
        edit = record_of_resolved(record, PULL, KEYS)
        body = edit.body
        assert edit.review_id == 5
        assert set(MarkerKind.RESOLVED.read(KEYS, place_of(PULL.ref), body)) == fingerprints
        assert body.startswith("Two usages.\n\n<!-- another comment -->")
    assert body == "Two usages.\n\n<!-- another comment -->"


def test_the_place_of_a_marker_outlives_a_rename_and_differs_between_pull_requests() -> None:
    assert place_of(PULL.ref) == "77/pull/7"
    assert place_of(PullRequestRef(repo=REPO, number=8)) != place_of(PULL.ref)


def test_a_check_run_annotates_every_new_usage_however_many() -> None:
    usages = tuple(new(line=n, fingerprint=f"{n:016x}") for n in range(1, 121))
    action = CompleteCheckRun(head_sha=PULL.head_sha, conclusion=Conclusion.FAILURE, new=usages, scanned=1)
    run = check_run(action, PULL, MIGRATIONS)
    assert (run.status, run.conclusion, pull_number(run.external_id, 77)) == ("completed", "failure", 7)
    assert [a.start_line for a in run.annotations] == list(range(1, 121))
    assert {a.level for a in run.annotations} == {effects.Level.FAILURE}


def test_the_level_of_an_annotation_follows_the_conclusion() -> None:
    action = CompleteCheckRun(head_sha=PULL.head_sha, conclusion=Conclusion.NEUTRAL, new=(new(),))
    assert check_run(action, PULL, MIGRATIONS).annotations[0].level is effects.Level.WARNING


def test_the_external_id_tells_whether_the_same_was_said() -> None:
    quiet = CompleteCheckRun(head_sha=PULL.head_sha, conclusion=Conclusion.SUCCESS, scanned=1)
    noisy = CompleteCheckRun(head_sha=PULL.head_sha, conclusion=Conclusion.FAILURE, scanned=1, new=(new(),))
    ids = [check_run(action, PULL, MIGRATIONS).external_id for action in (quiet, quiet, noisy)]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("external_id", "expected"),
    [
        ("77/pull/7:0123456789abcdef", 7),
        ("78/pull/7:0123456789abcdef", None),
        ("77/pull/7", None),
        ("77/pull/x:0123456789abcdef", None),
        ("77/pull/7:0123456789abcdef\n", None),
        ("", None),
    ],
)
def test_only_our_own_external_ids_name_a_pull_request(external_id: str, expected: int | None) -> None:
    assert pull_number(external_id, 77) == expected


def test_every_usage_of_a_statement_group_has_its_annotation() -> None:
    group = new(also=(finding(line=40),))
    action = CompleteCheckRun(head_sha=PULL.head_sha, conclusion=Conclusion.FAILURE, new=(group,))
    assert [a.start_line for a in check_run(action, PULL, MIGRATIONS).annotations] == [group.finding.range.line, 40]
