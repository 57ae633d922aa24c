import pytest
from markdown_it import MarkdownIt

from bot.commands import render_answers
from bot.config import Absent, parse_state
from bot.domain.checklist_item import Attested, ChecklistItem
from bot.domain.effects import MAX_BODY
from bot.domain.facts import CheckRunFact, Waiver
from bot.domain.migration import Applicability, Migration, Rewrite, Target
from bot.domain.references import Sha
from bot.review.models import CompleteCheckRun, Conclusion
from tests.samples import finding, new, pull

USAGE = new(fingerprint="0123abcd4567cdef")


def check(**changes: object) -> CompleteCheckRun:
    parts: dict[str, object] = {"head_sha": pull().head_sha, "conclusion": Conclusion.FAILURE, **changes}
    return CompleteCheckRun(**parts)  # type: ignore[arg-type]  # a table of fields


def run(conclusion: str | None = "failure", status: str = "completed") -> CheckRunFact:
    return CheckRunFact(
        id=1, name="ssot", head_sha=Sha("c" * 40), status=status, conclusion=conclusion, external_id="", app_id=1,
        title=None, summary=None,
    )  # fmt: skip


def test_status_counts_by_kind_and_names_each_finding() -> None:
    body = render_answers.status(pull(), check(new=(USAGE,)), run())
    assert "1 new deprecated usage. The check is *failure*." in body
    assert "| call | 1 | 0 | 0 |" in body
    assert "- `0123abcd` [`app/a.py:3`](https://github.com/acme/app/blob/" in body


@pytest.mark.parametrize(
    ("published", "says"),
    [
        (None, "no check run for this commit yet"),
        (run(status="in_progress", conclusion=None), "The check run is in"),
        (run("success"), "still says *success*"),
    ],
    ids=["none", "running", "another verdict"],
)
def test_status_says_when_the_published_verdict_is_not_this_one(published: CheckRunFact | None, says: str) -> None:
    assert says in render_answers.status(pull(), check(new=(USAGE,)), published)


def test_status_of_a_clean_pull_request_is_one_line() -> None:
    assert "\n" not in render_answers.status(pull(), check(conclusion=Conclusion.SUCCESS), run("success")).strip()


def test_status_of_very_many_findings_fits() -> None:
    many = tuple(new(f"{'d' * 200}/{n}.py", fingerprint=f"{n:016x}") for n in range(500))
    waived = tuple((n, Waiver(fingerprint="f", by="a", reason="r" * 300)) for n in many)
    body = render_answers.status(pull(), check(new=many, waived=waived), run())
    assert len(body) <= MAX_BODY
    assert "… and 480 more" in body


def test_a_reason_is_shown_as_text() -> None:
    waiver = Waiver(fingerprint=USAGE.fingerprint, by="ann", reason="@everyone fixes #1 <b> [x](https://e.com)")
    for body in (
        render_answers.status(pull(), check(waived=((USAGE, waiver),)), run()),
        render_answers.skipped(USAGE, pull(), check(), "ann", waiver.reason),
        render_answers.attested(ChecklistItem(id="x", text="X", evidence=Attested()), "ann", waiver.reason),
    ):
        html = MarkdownIt("commonmark").render(body)
        assert "<b>" not in html
        assert "@everyone" not in html.replace("\u200b", "") or "@\u200beveryone" in html
        assert 'href="https://e.com"' not in html


def test_the_default_migration_explains_itself() -> None:
    state = parse_state(None)
    assert isinstance(state, Absent)
    (migration,) = state.config.migrations
    body = render_answers.explained(migration)
    rows = [line for line in body.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + len(migration.rewrites) + migration.drop_in
    assert {len(row.replace("\\|", "").split("|")) for row in rows} == {5}
    html = MarkdownIt("commonmark").enable("table").render(body)
    assert html.count("<tr>") == len(rows) - 1


@pytest.mark.parametrize(
    ("rule", "row"),
    [
        (
            Rewrite(match="$deprecated() | $x", replace="$canonical"),
            "| `b() \\| $x` | `c` | unsafe |",
        ),
        (
            Rewrite(match="$deprecated($c)", replace="$canonical($c)", safe_if={"$c": "pkg.Context"}),
            "| `b($c)` | `c($c)` | unsafe, safe if `$c` is a `Context` |",
        ),
        (
            Rewrite(match="$deprecated", applicability=Applicability.DISPLAY_ONLY),
            "| `b` | change it by hand | manual |",
        ),
    ],
)
def test_a_rewrite_is_a_row(rule: Rewrite, row: str) -> None:
    assert row in render_answers.explained(
        Migration(name="m", targets=(Target(name="a.b", canonical="a.c"),), rewrites=(rule,))
    )


def test_a_migration_without_rewrites_says_so() -> None:
    body = render_answers.explained(
        Migration(name="m", targets=(Target(name="a.b", message="Ask Ann."), Target(name="a.c")))
    )
    assert "No usage of it is rewritten" in body
    assert "- `a.b`: Ask Ann" in body
    assert "- `a.c` has no direct replacement" in body


@pytest.mark.parametrize(
    ("names", "near", "text"),
    [
        (["alpha"], "alpha", "There is no such migration. Did you mean `alpha`? Available: `alpha`."),
        ([], None, "There is no such migration. There are none here."),
    ],
)
def test_an_unknown_name_gets_the_known_ones(names: list[str], near: str | None, text: str) -> None:
    assert render_answers.no_such("migration", names, near) == text


def test_what_was_found_is_counted_with_its_group() -> None:
    usage = new(also=(finding(line=9),))
    assert "2 new deprecated usages" in render_answers.scanned(pull(), check(new=(usage,)))
    told = render_answers.status(pull(), check(new=(usage,)), None)
    assert told.count("\n- `") == 2, "each usage can be skipped by itself"
    assert usage.also_fingerprints[0][:8] in told
    assert "not valid" in render_answers.scanned(pull(), check(config_error="x"))
