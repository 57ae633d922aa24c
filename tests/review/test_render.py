from dataclasses import replace
from typing import Any

import pytest

from bot.config.builtin import CONFIG
from bot.config.presets import preset_names
from bot.config.reading import load
from bot.domain.effects import MAX_BODY
from bot.domain.facts import Waiver
from bot.domain.file_result import UnreadFile
from bot.domain.finding import Edit, Fix, Kind, Skipped
from bot.domain.migration import Applicability, Condition, Mode, Rewrite, Target, TargetKind
from bot.review.models import CompleteCheckRun, Conclusion, SubmitReview
from bot.review.render import annotation_message, check_text, review_body
from bot.review.render_comment import file_comment, headline, inline_comment, thread_comment
from tests.samples import finding, migration, new, pull

MARKER = "<!-- ssot:fp=f sig=0 -->"
HEAD = pull().head_sha


def test_the_inline_comment_reads_like_a_colleague() -> None:
    assert thread_comment([new(fingerprint="0123abcd4567cdef")], {"managers": migration()}, MARKER) == (
        "**`get_manager` is deprecated: use `Manager`**\n\n"
        "`get_manager` is deprecated, use `Manager`\\.\n\n"
        "Safe fix: behaviour stays the same.\n\n"
        "```suggestion\nmanager = Manager\n```\n\n"
        "<sub>`managers` · call · safe · `0123abcd`</sub>\n" + MARKER
    )


@pytest.mark.parametrize(
    ("target", "symbol", "expected"),
    [
        pytest.param(
            Target(name="a.b.old", canonical="a.c.new"), "a.b.old", "`old` is deprecated: use `new`", id="the last"
        ),
        pytest.param(
            Target(name="http.GET", canonical="http.Method.GET"),
            "http.GET",
            "`http.GET` is deprecated: use `Method.GET`",
            id="one more where the last is the same",
        ),
        pytest.param(
            Target(name="a.x.C.f", canonical="b.x.C.f"),
            "a.x.C.f",
            "`a.x.C.f` is deprecated: use `b.x.C.f`",
            id="as many as it takes",
        ),
        pytest.param(
            Target(name="m.f", canonical="m.f"), "m.f", "`m.f` is deprecated: use `m.f`", id="only its arguments change"
        ),
        pytest.param(
            Target(name="f", canonical="m.f"), "f", "`f` is deprecated: use `m.f`", id="a name without a module"
        ),
        pytest.param(
            Target(name="a.b", canonical="c.d", kind=TargetKind.MODULE),
            "a.b.f",
            "`a.b.f` is deprecated: use `c.d.f`",
            id="a module's as a whole",
        ),
        pytest.param(Target(name="a.b.old"), "a.b.old", "`old` is deprecated", id="no successor"),
    ],
)
def test_the_headline_tells_the_two_names_apart(target: Target, symbol: str, expected: str) -> None:
    described = replace(migration(), targets=(target,))
    assert headline(replace(finding(), symbol=symbol), described) == f"**{expected}**"


def test_the_review_and_the_check_say_what_to_do_next() -> None:
    safe = Fix(edits=(Edit(start=30, end=35, text="x"),), applicability=Applicability.SAFE)
    fixable = new(fingerprint="0123abcd4567cdef", of=replace(finding(), fix=safe))
    manual = new(line=9, fingerprint="f2", of=finding(line=9))
    action = SubmitReview(head_sha=HEAD, inline=(fixable, manual))
    steps = (
        "`/ssot migrate` fixes 1 of 2. To keep a usage, comment `/ssot skip 0123abcd REASON`, with the code of its"
        " finding, or reply `/ssot skip REASON` in its thread. `/ssot explain managers` shows the rules."
    )
    assert steps in review_body(action, pull(), MARKER)
    failing = verdict(conclusion=Conclusion.FAILURE, new=(fixable, manual))
    assert steps in check_text(failing, pull(), {"managers": migration()}).summary
    by_hand = review_body(SubmitReview(head_sha=HEAD, inline=(manual,)), pull(), MARKER)
    assert "`/ssot migrate`" not in by_hand
    assert "`/ssot skip f2 REASON`" in by_hand


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("x = 1", "```suggestion\nx = 1\n```"),
        ("", "```suggestion\n```"),
        ("x = '```'", "````suggestion\nx = '```'\n````"),
        ("````suggestion\nevil\n````", "`````suggestion\n````suggestion\nevil\n````\n`````"),
        ("a\n\nb", "```suggestion\na\n\nb\n```"),
    ],
)
def test_a_suggestion_is_fenced_longer_than_its_back_ticks(text: str, block: str) -> None:
    assert block in inline_comment(new(suggestion=text), migration())


def test_without_a_suggestion_the_comment_says_why() -> None:
    body = inline_comment(new(suggestion=None, no_suggestion="The import is in another hunk."), migration())
    assert "The import is in another hunk" in body
    assert "```" not in body


def test_a_comment_on_a_whole_file_names_the_line_and_suggests_nothing() -> None:
    body = file_comment([new(line=9)], {"managers": migration()}, MARKER)
    assert body.startswith("Line 9: **`get_manager` is deprecated: use `Manager`**")
    assert "`/ssot migrate` can commit the fix" in body
    assert "suggestion" not in body
    by_hand = file_comment([new(suggestion=None, no_suggestion="Two branches.")], {"managers": migration()}, MARKER)
    assert "Two branches" in by_hand
    assert "can commit" not in by_hand


def test_the_other_usages_of_a_group_are_named_with_codes_of_their_own() -> None:
    also = (finding(line=1, kind=Kind.IMPORT), finding(line=7), finding(line=7))
    group = replace(new(also=also), also_fingerprints=("i" * 16, "a" * 16, "b" * 16))
    assert "This suggestion also changes lines 1, 7 (`aaaaaaaa`, `bbbbbbbb`)." in inline_comment(group, migration())


@pytest.mark.parametrize(
    ("changes", "declared"),
    [
        ({"drop_in": True}, True),
        ({"rewrites": (Rewrite(when=Condition.RESULT_UNUSED, applicability=Applicability.SAFE),)}, True),
        ({"rewrites": (Rewrite(match="$deprecated($x)", replace="f($x)", safe_if={"$x": "int"}),)}, False),
    ],
    ids=["drop-in", "a rule", "a proof"],
)
def test_what_the_configuration_vouches_for_is_said_to_be_its_word(changes: dict[str, Any], declared: bool) -> None:
    body = inline_comment(new(), replace(migration(), **changes))
    assert ("Declared safe in `.github/ssot.yml`" in body) is declared
    assert ("Safe fix: behaviour stays the same." in body) is not declared
    read_first = inline_comment(new(of=finding(applicability=Applicability.UNSAFE)), replace(migration(), **changes))
    assert "may change behaviour" in read_first


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize(
    ("more", "declared"),
    [
        ("", False),
        ("mode: warn, paths: {exclude: [a.py]}", False),
        ("rewrites: [{when: result-unused, action: delete-statement, applicability: safe}]", True),
    ],
    ids=["as it is", "elsewhere and milder", "with a rule of its own"],
)
def test_what_a_preset_says_is_tested_with_the_product(preset: str, more: str, declared: bool) -> None:
    (extended,) = load(f"version: 1\nmigrations:\n  m: {{extends: {preset}, {more}}}\n").migrations
    safe = replace(finding(migration="m"), symbol=extended.targets[0].name)
    assert ("Declared safe in `.github/ssot.yml`" in inline_comment(new(of=safe), extended)) is declared


def test_the_built_in_migration_is_tested_with_the_product() -> None:
    (built_in,) = CONFIG.migrations
    safe = replace(finding(migration=built_in.name), symbol=built_in.targets[0].name)
    assert "Safe fix: behaviour stays the same." in inline_comment(new(of=safe), built_in)


def test_an_unsafe_suggestion_asks_to_be_read() -> None:
    unsafe = new(of=finding(applicability=Applicability.UNSAFE))
    assert "may change behaviour" in inline_comment(unsafe, migration())


def test_the_review_says_what_it_could_not_put_on_a_line() -> None:
    action = SubmitReview(head_sha=HEAD, inline=(new(),), summarised=(new("b (1).py", None),))
    body = review_body(action, pull(), MARKER)
    assert body.startswith("This pull request adds 2 deprecated usages: 2 calls.")
    assert "1 suggestion can be committed as is." in body
    assert f"[`b (1).py:3`](https://github.com/acme/app/blob/{HEAD}/b%20%281%29.py#L3)" in body
    assert body.endswith(MARKER)


def test_a_review_of_thousands_fits_and_says_that_it_was_shortened() -> None:
    path = "d/" + "x" * 900 + ".py"
    action = SubmitReview(head_sha=HEAD, inline=(), summarised=tuple(new(path, n) for n in range(1, 5_000)))
    body = review_body(action, pull(), MARKER)
    assert len(body) <= MAX_BODY
    assert "shortened" in body
    assert body.endswith(MARKER)


def unread(path: str = "app/broken.py", *, names: bool = True) -> UnreadFile:
    return UnreadFile(
        path=path,
        reason="line 4: invalid syntax",
        migrations=("managers",) if names else (),
        names=("get_manager",) if names else (),
        lines=(4, 9) if names else (),
        fingerprint="0123abcd89ef0123",
    )


def verdict(**changes: object) -> CompleteCheckRun:
    return replace(CompleteCheckRun(head_sha=HEAD, conclusion=Conclusion.SUCCESS, scanned=3), **changes)  # type: ignore[arg-type] # replace cannot see the field types through **


@pytest.mark.parametrize(
    ("action", "title", "within"),
    [
        (verdict(), "No new deprecated usages", "3 changed Python files scanned."),
        (verdict(new=(new(also=(finding(),)),)), "2 new deprecated usages", "| `managers` | 2 | 1 | block-new |"),
        (
            verdict(unread=(unread(names=False),)),
            "No new deprecated usages; 1 changed file not read",
            "**1 changed file not read**, see the details.",
        ),
        (
            verdict(conclusion=Conclusion.FAILURE, unread=(unread(), unread(names=False))),
            "1 changed file could not be read and may add deprecated usages",
            "the migration's `paths.exclude`",
        ),
        (
            verdict(conclusion=Conclusion.FAILURE, new=(new(),), unread=(unread(),)),
            "1 new deprecated usage; 1 changed file could not be read and may add deprecated usages",
            "`/ssot skip PATH REASON`",
        ),
        (
            verdict(conclusion=Conclusion.FAILURE, unread=(replace(unread(names=False), searched=False),)),
            "1 changed file could not be read and may add deprecated usages",
            "**1 changed file not read**",
        ),
        (
            verdict(conclusion=Conclusion.FAILURE, old=(finding(),)),
            "1 usage of a removed name",
            "1 existing usage in the files",
        ),
        (
            verdict(config_error=".github/ssot.yml:3:5: no"),
            "The configuration is not valid",
            ".github/ssot.yml:3:5: no",
        ),
        (verdict(ignored=(finding(ignored="why"),)), "No new deprecated usages", "1 usage ignored by a comment"),
    ],
)
def test_the_check_run_says_what_is_the_case(action: CompleteCheckRun, title: str, within: str) -> None:
    text = check_text(action, pull(), {"managers": migration(mode=Mode.BLOCK_NEW)})
    assert text.title == title
    assert within in text.summary


def test_the_details_count_the_imports_that_are_not_listed() -> None:
    also = (finding(line=1, kind=Kind.IMPORT), finding(line=7))
    group = replace(new(also=also), also_fingerprints=("i" * 16, "a" * 16))
    details = check_text(verdict(new=(group,)), pull(), {"managers": migration()}).text
    assert details is not None
    assert details.count("\n- [") == 2
    assert details.endswith("\n- 1 import, which only these need")


def test_the_details_name_every_file_that_was_not_read_and_the_way_out() -> None:
    waiver = Waiver(fingerprint="u", by="ann", reason="Python 2")
    action = verdict(
        skipped=(Skipped(path="a`b.py", reason="a <link>"),),
        unread=(
            unread(),
            replace(unread("odd name.py"), reason="too <big>", names=(), lines=(), searched=False),
            unread("c.py", names=False),
        ),
        accepted=((unread("old.py"), waiver),),
    )
    details = check_text(action, pull(), {}).text
    assert details is not None
    assert "``a`b.py``: a &#60;link&#62;" in details
    assert (
        "`app/broken.py`: line 4&#58; invalid syntax. Added lines 4, 9: `get_manager`."
        " To accept it: `/ssot skip app/broken.py REASON`" in details
    )
    assert (
        "`odd name.py`: too &#60;big&#62;. Its text could not be searched."
        " To accept it: `/ssot skip 0123abcd REASON`" in details
    )
    assert "`c.py`: line 4&#58; invalid syntax. The added lines name nothing deprecated." in details
    assert "### Not read, and skipped with `/ssot skip`\n\n- `old.py`: Python 2 (ann)" in details


def test_an_annotation_is_plain_text() -> None:
    assert annotation_message(new().finding) == "get_manager is deprecated, use Manager."
