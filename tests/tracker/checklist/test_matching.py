import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.checklist_item import Attested, ChecklistItem
from bot.tracker.checklist.matching import Remembered, find, remember
from bot.tracker.checklist.tasklist import Bullet, Item, read
from bot.tracker.checklist.words import head, is_phase, likeness, normal, words
from bot.tracker.models import NoBox
from tests.tracker.checklist.samples import item

ABSENT, AMBIGUOUS, NO_BOX = NoBox.ABSENT, NoBox.AMBIGUOUS, NoBox.NO_BOX


def wanted(text: str, phase: str | None = None, name: str = "it") -> ChecklistItem:
    return item(text, Attested(), phase=phase, id=name)


def look(body: str, *items: ChecklistItem, memory: dict[str, Remembered] | None = None) -> dict[str, int | NoBox]:
    entries = read(body)
    tasks = [entry for entry in entries if isinstance(entry, Item)]
    bullets = [entry for entry in entries if isinstance(entry, Bullet)]
    found = find(items, tasks, bullets, memory)
    return {name: task.line if isinstance(task, Item) else task for name, task in found.items()}


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("Run the tests", "Run the tests"),
        ("Run the tests", "**RUN** the `tests`"),
        ("Run the tests", "✅ run the tests 🎉"),
        ("Run the tests", "[Run the tests](https://example.com/a_b)"),
        ("Run the tests", ":tada: Run tests"),
        ("Run the tests", "Tests run"),
        ("Run the tests", "Run tests - 73+ of them found"),
        ("Run the tests", "Run tests — **all green**"),
        ("Run the tests", "Run tests (20% of the effort)"),
        ("Run the tests", "**Run tests**: with the new suite, on staging"),
        ("Run the tests", "‚úÖ Run the tests"),
        ("Update remaining 49+ file usages", "Update remaining 12 file usages"),
        ("Update remaining 49+ file usages", "Updated the remaining file usage"),
        ("Existing test discovery", "Discover existing tests"),
        ("All tests passing", "Ensure all tests pass"),
        ("GitHub issue created (#506)", "GitHub issue created (#541)"),
        ("Create failing SSOT compliance tests", "Create SSOT compliance tests that fail"),
        ("測試", "測試 ✅"),
    ],
)
def test_a_rewording_is_found(text: str, task: str) -> None:
    assert look(f"- [ ] Something else\n- [ ] {task}\n", wanted(text)) == {"it": 2}


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("Replace factory calls in critical routes", "Replace deprecated factory calls"),
        ("New test plan creation", "New tests created"),
        ("All tests passing", "Not all tests passing"),
        ("All tests passing", "Tests"),
        ("No deprecation warnings in logs", "Deprecation warnings in logs"),
        ("Run test baseline", "Document how to run the baseline of the new test suite on every machine of ours"),
        ("Remove deprecated function", "Plan the removal"),
        ("Run the tests", "123 + 4"),
        ("123", "456"),
    ],
)
def test_what_means_something_else_is_not(text: str, task: str) -> None:
    assert look(f"- [ ] {task}\n", wanted(text)) == {"it": ABSENT}


PHASE = "Phase 3: SSOT Remediation"


@pytest.mark.parametrize(
    "heading",
    [
        "### Phase 3: SSOT Remediation",
        "## phase 4 — SSOT remediation ⏳",
        "**Phase 3: SSOT Remediation**",
        "# Phase 3",
        "# 📋 PENDING: Execute SSOT Remediation (DONE 50%)",
        "SSOT Remediation\n===",
    ],
)
def test_a_heading_is_found_as_loosely(heading: str) -> None:
    body = f"# Phase 2: Planning\n\n- [ ] Update imports\n\n{heading}\n\n- [ ] Update imports\n"
    assert look(body, wanted("Update imports", PHASE)) == {"it": body.count("\n")}


@pytest.mark.parametrize("heading", ["# Phase 4", "# Validation", "# Phase 3: Planning"])
def test_another_heading_is_not(heading: str) -> None:
    assert not is_phase(PHASE, heading)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("- [ ] Run tests\n- [ ] Run tests\n", AMBIGUOUS),
        ("- [ ] Run tests 1\n- [ ] Run tests 2\n", AMBIGUOUS),
        ("- [ ] Run the tests\n- [ ] Run tests 2\n", 1),
        ("# A\n- [ ] Run tests\n# B\n- [ ] Run tests\n", AMBIGUOUS),
        ("- Run tests\n", NO_BOX),
        ("- ✅ Run the tests!\n", NO_BOX),
        ("- Run tests\n- [ ] Run tests\n", 2),
        ("Run the tests\n", ABSENT),
        ("", ABSENT),
        ("```\n- [ ] Run the tests\n```\n", ABSENT),
    ],
)
def test_several_or_none(body: str, expected: int | NoBox) -> None:
    assert look(body, wanted("Run the tests")) == {"it": expected}


def test_an_unknown_heading_only_matters_where_the_text_is_loose_or_twice() -> None:
    assert look("# New\n- [ ] Run the tests\n", wanted("Run tests", "Old")) == {"it": 2}
    assert look("# New\n- [ ] Ensure all tests pass\n", wanted("All tests passing", "Old")) == {"it": ABSENT}


def test_no_task_belongs_to_two_items() -> None:
    body = "# Alpha\n- [ ] Run tests\n# Beta\n- [ ] Other\n"
    assert look(body, wanted("Run tests", "Alpha", "a"), wanted("Run tests", "Beta", "b")) == {"a": 2, "b": ABSENT}
    twins = (wanted("Run tests", name="a"), wanted("Run tests", name="b"))
    assert look("- [ ] Run tests\n", *twins) == {"a": AMBIGUOUS, "b": AMBIGUOUS}
    both = body + "- [ ] Run tests\n"
    assert look(both, wanted("Run tests", "Alpha", "a"), wanted("Run tests", "Beta", "b")) == {"a": 2, "b": 5}


def test_what_belongs_to_one_item_is_none_for_the_others() -> None:
    body = "- [ ] Golden path works\n- [ ] The golden path works for users\n"
    items = (wanted("Golden path works for all users", name="loose"), wanted("Golden path works", name="sure"))
    assert look(body, *items) == {"loose": 2, "sure": 1}


def seen(text: str, *headings: str) -> dict[str, Remembered]:
    marks = "".join(f"{'#' * (n + 1)} {heading}\n" for n, heading in enumerate(headings))
    (task,) = (entry for entry in read(f"{marks}- [ ] {text}\n") if isinstance(entry, Item))
    return {"it": remember(task)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("- [ ] Retire it\n", 1),
        ("- [ ] RETIRE it, all of it 12\n", 1),
        ("- [ ] Rename it\n", ABSENT),
        ("- [ ] Retire **it** 🎉\n", 1),
        ("- [ ] Retire it\n- [ ] Remove the function\n", 2),
        ("- [ ] Retire it\n- [ ] Retire it\n", AMBIGUOUS),
        ("# A\n- [ ] Retire it\n# B\n- [ ] Retire it\n", 4),
    ],
)
def test_what_an_item_was_called_counts_beside_what_it_is_called(body: str, expected: int | NoBox) -> None:
    assert look(body, wanted("Remove function"), memory=seen("Retire it", "B")) == {"it": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The **Tests** are `passing_now()` 12x", {"test", "passing_now"}),
        ("Migrations migrated migrating", {"migrat"}),
        ("‚è≥ üîÑ ⏳", set()),
        ("<!-- hidden --> <b>usages</b> :tada: ![alt](x.png)", {"usag", "alt"}),
        ("_Factories_ and factory", {"factor"}),
        ("", set()),
    ],
)
def test_words(text: str, expected: set[str]) -> None:
    assert words(text) == expected


def test_normal_texts_and_heads() -> None:
    assert normal("**Run**  `the_tests` _now_") == "run the_tests now"
    assert [head(text) for text in ("a-b - c", "a: b", "a (b)", "a:b", "**a** — b")] == ["a-b", "a", "a", "a:b", "a"]


def test_likeness_is_one_for_the_same_and_zero_for_nothing() -> None:
    assert likeness(words("run the tests"), words("tests run")) == pytest.approx(1.0)
    assert likeness(words("a b"), words("run")) == 0
    assert likeness(frozenset(), frozenset()) == 0


WORDS = st.sampled_from(["run", "tests", "old", "calls", "no", "- done", "(3)", "2", "all", "of them", "now"])
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
LINES = st.one_of(TEXTS.map("- [ ] {}\n".format), st.sampled_from(["# Alpha\n", "## Beta\n", "# Gamma 2\n"]))
NAMES = st.tuples(TEXTS, st.sampled_from([None, "Alpha", "Beta", "Gamma"]))


@given(st.lists(LINES, max_size=12).map("".join), st.lists(NAMES, max_size=5))
def test_what_is_remembered_finds_the_same_again(body: str, names: list[tuple[str, str | None]]) -> None:
    items = [wanted(text, phase, f"i{n}") for n, (text, phase) in enumerate(names)]
    tasks = [entry for entry in read(body) if isinstance(entry, Item)]
    found = find(items, tasks)
    boxes = [task.box for task in found.values() if isinstance(task, Item)]
    assert len(boxes) == len(set(boxes))
    memory = {name: remember(task) for name, task in found.items() if isinstance(task, Item)}
    assert find(items, tasks, (), memory) == found
    some = {name: look for name, look in memory.items() if name != "i0"}
    assert find(items, tasks, (), some) == found
