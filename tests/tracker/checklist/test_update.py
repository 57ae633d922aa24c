from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.config import load
from bot.domain.checklist_item import Attested, CheckPassed, DefinitionRemoved, UsageEvidence
from bot.domain.finding import Failed
from bot.domain.migration import Migration
from bot.domain.tracked import CheckFact, CheckState, TrackedFacts
from bot.identity.markers import MarkerKeys
from bot.identity.places import conversation
from bot.tracker.checklist.section import Owner
from bot.tracker.checklist.tasklist import parse
from bot.tracker.checklist.update import update
from bot.tracker.models import BodyUpdate, Changed, Conflict, ConflictKind, NoBox, Note, Unchanged, View
from tests.samples import OLD, REPO
from tests.tracker.checklist.samples import MORNING, facts, item, tracked, usages

KEYS = MarkerKeys.derive([b"a secret of sixteen"])
OWNER = Owner(keys=KEYS, place=conversation(REPO, 506), migration="managers", issue=506)
ISSUE = (Path(__file__).parent / "data/issue-506.md").read_bytes().decode()
"""The body of the issue that it all began with, kept as it was written: its emojis were mis-encoded."""

MIGRATION = tracked(
    item("Replace calls", UsageEvidence(), id="calls"),
    item("Remove definition", DefinitionRemoved(), id="definition"),
    item("Tests pass", CheckPassed(name="Tests"), id="tests"),
    item("Isolation", Attested(), id="isolation"),
)
BODY = """# Tracker

- [ ] Replace calls
- [x] Remove definition ✅
- [ ] Tests pass
- [x] Something of people's own
"""


def show(view: View, room: int) -> str | None:
    lines = [f"{s.item.id}: {type(s.verdict).__name__}" + (f", {s.note}" if s.note else "") for s in view.statuses]
    text = "\n".join([f"As of {view.facts.read_at:%H:%M}", "", "- [ ] a box of ours", *lines])
    return text if len(text) <= room else None


DEFINED: dict[str, Any] = {"definitions": {OLD: "pkg/factory.py"}}
PASSED: dict[str, Any] = {"checks": (CheckFact(name="Tests", state=CheckState.PASSED),)}
START = facts(usages("app/a.py"), **DEFINED)
DONE = facts(**PASSED)


def run(body: str, known: TrackedFacts, *, written: bool = False, migration: Migration = MIGRATION) -> BodyUpdate:
    return update(body, migration, known, OWNER, show, written=written)


def changed(body: str, known: TrackedFacts, *, written: bool = False) -> Changed:
    outcome = run(body, known, written=written)
    assert isinstance(outcome, Changed)
    return outcome


def boxes(body: str) -> list[bool]:
    return [task.checked for task in parse(body)]


def test_boxes_follow_the_evidence_up_and_down() -> None:
    first = changed(BODY, START)
    assert (first.ticked, first.cleared) == ((), ("definition",))
    assert boxes(first.body) == [False, False, False, True, False]
    second = changed(first.body, DONE, written=True)
    assert (second.ticked, second.cleared) == (("calls", "definition", "tests"), ())
    assert boxes(second.body) == [True, True, True, True, False]
    back = changed(second.body, START, written=True)
    assert (back.ticked, back.cleared) == ((), ("calls", "definition", "tests"))


def test_what_people_wrote_stays_to_the_byte() -> None:
    body = changed(BODY, START).body
    assert body.startswith(BODY.replace("[x] Remove definition", "[ ] Remove definition"))


def notes(outcome: BodyUpdate) -> dict[str, Note]:
    assert isinstance(outcome, Changed | Unchanged)
    return {status.item.id: status.note for status in outcome.statuses if status.note}


def test_a_tick_by_hand_is_put_right_with_a_note_that_stays() -> None:
    first = changed(BODY, START)
    assert notes(first) == {"definition": Note.BY_HAND}
    assert "definition: Missing, by-hand" in first.body
    assert notes(run(first.body, START, written=True)) == {"definition": Note.BY_HAND}
    assert "by-hand" not in changed(first.body, DONE, written=True).body


def test_a_withdrawn_tick_is_told_from_one_by_hand() -> None:
    held = changed(BODY, DONE)
    back = changed(held.body, START, written=True)
    assert notes(back) == dict.fromkeys(("calls", "definition", "tests"), Note.WITHDRAWN)
    again = back.body.replace("[ ] Replace", "[x] Replace")
    assert notes(changed(again, START, written=True))["calls"] is Note.BY_HAND


def test_a_box_that_a_person_clears_is_ticked_again_while_its_evidence_holds() -> None:
    body = changed(BODY, DONE).body
    cleared = body.replace("- [x] Tests pass", "- [ ] Tests pass")
    assert changed(cleared, DONE, written=True).body == body


@pytest.mark.parametrize("state", ["x", " ", "X"])
def test_a_box_with_unknown_evidence_is_left_alone(state: str) -> None:
    body = f"- [{state}] Replace calls\n"
    broken = Failed(path="app/a.py", line=1, message="invalid syntax", hits=(1,))
    assert changed(body, facts(broken)).body.startswith(body)


def test_an_item_without_a_box_is_reported() -> None:
    outcome = changed("- Replace calls\n- [ ] Tests pass\n- [ ] Tests pass\n", START)
    assert {status.item.id: status.found for status in outcome.statuses} == {
        "calls": NoBox.NO_BOX,
        "definition": NoBox.ABSENT,
        "tests": NoBox.AMBIGUOUS,
        "isolation": NoBox.ABSENT,
    }
    assert (outcome.ticked, outcome.cleared) == ((), ())


def test_only_a_later_reading_of_the_same_facts_changes_nothing() -> None:
    body = changed(BODY, START).body
    later = replace(START, read_at=START.read_at + timedelta(hours=3))
    assert isinstance(run(body, later, written=True), Unchanged)
    assert "As of 11:00" in changed(body, replace(later, definitions={}), written=True).body


def test_an_item_is_found_again_after_two_rewordings() -> None:
    first, second = "Replace deprecated calls everywhere now", "Swap deprecated calls everywhere now (42)"
    body = changed("- [ ] Replace calls\n", START).body.replace("Replace calls", first)
    body = changed(body, DONE, written=True).body.replace(first, second)
    assert body.startswith(f"- [x] {second}")
    assert changed(body, START, written=True).body.startswith(f"- [ ] {second}")
    unremembered = changed(f"- [x] {second}\n", START)
    assert unremembered.statuses[0].found is NoBox.ABSENT


def test_a_crlf_body_gets_a_crlf_section_and_a_converted_one_is_kept_in_step() -> None:
    body = changed(BODY.replace("\n", "\r\n"), START).body
    assert "\n" not in body.replace("\r\n", "")
    assert isinstance(run(body, START, written=True), Unchanged)
    converted = changed(BODY, START).body.replace("\n", "\r\n")
    assert isinstance(run(converted, START, written=True), Unchanged)


def test_people_may_move_the_section_and_write_in_it() -> None:
    body = changed(BODY, START).body
    at = body.index("<!-- ssot:tracker-begin")
    moved = f"{body[at:]}\n\n{body[:at]}"
    assert isinstance(run(moved, START, written=True), Unchanged)
    ticked = changed(moved, DONE, written=True).body
    assert "- [x] Replace calls\n- [x] Remove definition ✅\n- [x] Tests pass\n- [x] Something" in ticked
    scribbled = moved.replace("calls: Missing", "calls: Holds\n\n- [x] Replace calls")
    assert changed(scribbled, START, written=True).body == moved


def test_an_item_below_the_section_is_on_its_own_line() -> None:
    first = changed("", START)
    outcome = run(f"{first.body}\n\n{BODY}", DONE, written=True)
    assert isinstance(outcome, Changed)
    [line] = [status.found for status in outcome.statuses if status.item.id == "calls"]
    assert isinstance(line, int)
    assert outcome.body.split("\n")[line - 1] == "- [x] Replace calls"


def test_reordered_and_deleted_lines_do_not_matter() -> None:
    body = changed(BODY, START).body
    other = body.replace("- [ ] Replace calls\n", "").replace(
        "- [ ] Tests pass", "- [ ] Tests pass\n- [ ] Replace calls"
    )
    outcome = changed(other, DONE, written=True)
    assert "- [x] Tests pass\n- [x] Replace calls" in outcome.body
    without = changed(body.replace("- [ ] Tests pass\n", ""), DONE, written=True)
    assert {s.item.id: s.found for s in without.statuses}["tests"] is NoBox.ABSENT


def begin_of(body: str) -> str:
    return body[body.index("<!-- ssot:tracker-begin") :].partition("-->")[0] + "-->"


def end_of(body: str) -> str:
    return body[body.index("<!-- ssot:tracker-end") :].partition("-->")[0] + "-->"


def section_of(body: str) -> str:
    return body[body.index("<!-- ssot:tracker-begin") : body.index(end_of(body)) + len(end_of(body))]


def other_issue(body: str) -> str:
    owner = replace(OWNER, place=conversation(REPO, 7), issue=7)
    outcome = update(BODY, MIGRATION, START, owner, show, written=False)
    assert isinstance(outcome, Changed)
    return body.replace(section_of(body), section_of(outcome.body))


def others(body: str) -> str:
    """``body`` with the section of another migration."""
    outcome = update(
        body, replace(MIGRATION, name="others"), START, replace(OWNER, migration="others"), show, written=False
    )
    assert isinstance(outcome, Changed)
    return outcome.body


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda body: body.replace(section_of(body), ""), ConflictKind.REMOVED),
        (lambda _: BODY.replace("Tracker", "Rewritten"), ConflictKind.REMOVED),
        (lambda body: body.replace(begin_of(body), ""), ConflictKind.BEGIN_MISSING),
        (lambda body: body.replace(end_of(body), ""), ConflictKind.END_MISSING),
        (lambda body: f"{body}\n\n{section_of(body)}", ConflictKind.DOUBLED),
        (lambda body: f"{body}\n\n{end_of(body)}", ConflictKind.DOUBLED),
        (lambda body: f"{end_of(body)}\n\n{begin_of(body)}", ConflictKind.ORDER),
        (
            lambda body: body.replace(end_of(body), f"{section_of(others(BODY))}\n\n{end_of(body)}"),
            ConflictKind.ORDER,
        ),
        (lambda body: body.replace(begin_of(body), begin_of(body).replace("506", "507")), ConflictKind.OTHER_ISSUE),
        (lambda body: body.replace(end_of(body), end_of(body).replace("sig=", "sig=0")), ConflictKind.ALTERED),
        (
            lambda body: body.replace(end_of(body), end_of(body).partition("sig=")[0] + f"sig={'0' * 32} -->"),
            ConflictKind.ALTERED,
        ),
        (lambda body: body.replace(begin_of(body), begin_of(body).upper()), ConflictKind.BEGIN_MISSING),
        (other_issue, ConflictKind.OTHER_ISSUE),
        (lambda body: body.replace(section_of(body), f"> {section_of(body)}"), ConflictKind.HIDDEN),
        (lambda body: body.replace("# Tracker", "```"), ConflictKind.HIDDEN),
        (lambda body: body.replace(section_of(body), f"see {section_of(body)}"), ConflictKind.HIDDEN),
        (lambda body: "x" * 65_000 + "\n\n" + body, ConflictKind.TOO_LONG),
        (lambda body: "x" * 70_000 + "\n\n" + body, ConflictKind.TOO_LONG),
    ],
)
def test_a_damaged_body_is_not_touched(damage: Callable[[str], str], kind: ConflictKind) -> None:
    body = damage(changed(BODY, START).body)
    outcome = run(body, DONE, written=True)
    assert isinstance(outcome, Conflict)
    assert outcome.kind is kind
    assert outcome.text


@pytest.mark.parametrize("body", ["```\ncode", "<!-- to do", "~~~", "text\n\n<!--\n- [ ] Replace calls\n"])
def test_a_section_never_comes_where_nobody_sees_it(body: str) -> None:
    outcome = run(body, START)
    assert isinstance(outcome, Conflict)
    assert outcome.kind is ConflictKind.HIDDEN


def test_two_migrations_share_one_issue() -> None:
    other = replace(OWNER, migration="others")
    first = changed(BODY, START).body
    both = update(first, replace(MIGRATION, name="others"), DONE, other, show, written=False)
    assert isinstance(both, Changed)
    assert both.body.count("<!-- ssot:tracker-begin") == 2
    again = update(both.body, MIGRATION, DONE, OWNER, show, written=True)
    assert isinstance(again, Changed)
    assert section_of(first) not in again.body


def test_every_item_of_issue_506_that_has_a_box_is_found_and_its_bytes_survive() -> None:
    (migration,) = load(None).migrations
    owner = replace(OWNER, migration=migration.name)
    outcome = update(ISSUE, migration, facts(), owner, show, written=False)
    assert isinstance(outcome, Changed)
    lines = {status.item.text: status.found for status in outcome.statuses}
    body = ISSUE.split("\n")
    for text, found in lines.items():
        if isinstance(found, NoBox):
            assert found is NoBox.NO_BOX, text
            assert f"- ‚úÖ {text}" in body
        else:
            assert body[found - 1].endswith(f"] {text}")
    assert sum(isinstance(found, int) for found in lines.values()) == len(parse(ISSUE)) == 18
    strip = str.maketrans("", "", "x ")
    assert outcome.body[: len(ISSUE)].translate(strip) == ISSUE.translate(strip)


PIECES = st.sampled_from(
    [
        "- [ ] Replace calls\n",
        "- [x] replace **calls** ✅\n",
        "* [X] Remove definition - done 3 times\n",
        "  - [ ] Tests pass\n",
        "- Tests pass\n",
        "- [ ] Isolation\n",
        "# Phase 1\n",
        "## A\r\n",
        "\r\n",
        "\n",
        "text‚è≥\n",
        "> quote\n",
        "```\n",
        "    ",
        "<!--",
        "-->",
        "- [ ] All the calls are replaced\n",
    ]
)
BODIES = st.lists(PIECES | st.text(max_size=5), max_size=20).map("".join)
STATES = st.sampled_from([START, DONE, facts(), facts(usages("x.py"), **PASSED)])


def outside(body: str) -> str:
    """What people own: without the section, without the states of boxes."""
    kept = body.replace(section_of(body), "") if "<!-- ssot:tracker-begin" in body else body
    boxes = {task.box for task in parse(kept)}
    return "".join(" " if n in boxes else character for n, character in enumerate(kept))


@given(BODIES, STATES, STATES)
@example("  ", START, DONE)
def test_the_laws_of_an_update(body: str, first: TrackedFacts, second: TrackedFacts) -> None:
    outcome = run(body, first)
    if isinstance(outcome, Conflict):
        assert outcome.kind is ConflictKind.HIDDEN
        return
    assert isinstance(outcome, Changed)
    assert outside(outcome.body).rstrip() == outside(body).rstrip()
    assert isinstance(run(outcome.body, first, written=True), Unchanged)
    next_one = run(outcome.body, second, written=True)
    after = next_one.body if isinstance(next_one, Changed) else outcome.body
    assert outside(after) == outside(outcome.body)
    assert isinstance(run(after, second, written=True), Unchanged)


@given(BODIES)
def test_what_people_change_meanwhile_is_kept_by_planning_again(body: str) -> None:
    """The three-way merge: the plan on their text is their text with our boxes and our section."""
    mine = run(BODY, START)
    assert isinstance(mine, Changed)
    theirs = mine.body.replace("# Tracker\n", f"# Tracker\n\n{body}\n\n")
    merged = run(theirs, DONE, written=True)
    if isinstance(merged, Conflict):
        assert merged.kind is ConflictKind.HIDDEN
    elif isinstance(merged, Changed):
        assert outside(merged.body) == outside(theirs)


def test_the_time_of_the_facts_is_kept_with_the_section() -> None:
    body = changed(BODY, START).body
    assert f"at:{MORNING + timedelta(days=1):%Y%m%dt%H%M%Sz}" in body


def test_hundreds_of_items_and_thousands_of_tasks() -> None:
    names = [f"{n // 100} hundred {chr(97 + n % 26)}{chr(97 + n // 26)} thing" for n in range(300)]
    migration = tracked(*(item(name, UsageEvidence(), id=f"item-{n}") for n, name in enumerate(names)))
    lines = [f"- [ ] {name} - {'reworded ' * (n % 3)}result {'x' * n}\n" for n, name in enumerate(names)]
    body = "".join(lines)[:50_000].rpartition("\n")[0] + "\n"
    owner = replace(OWNER, limit=1 << 20)
    first = update(body, migration, facts(), owner, lambda *_: "text", written=False)
    assert isinstance(first, Changed)
    assert len(first.ticked) > 100
    assert isinstance(update(first.body, migration, facts(), owner, lambda *_: "text", written=True), Unchanged)
    assert len(first.body) - len(body) < 30_000
