import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.checklist_item import UsageEvidence
from bot.domain.finding import Failed, Kind, Scanned, Skipped
from bot.domain.references import Sha
from bot.domain.tracked import NotKnown, Origin, Point, Pull, PullState, Snapshot, TrackedFacts
from bot.tracker.models import CannotTell, Holds, ItemStatus, ItemVerdict, Missing, NoBox, Note, Proof, View
from bot.tracker.render.section import section
from tests.markdown.test_text import GFM, HOSTILE
from tests.samples import finding
from tests.tracker.checklist.samples import COMMIT, MORNING, URL, facts, item, tracked, usages

ROOM = 65_000
BEFORE = Sha("b" * 40)
HERE = f"[`c0ffee0`]({URL}/commit/{COMMIT})"


def status(text: str, verdict: ItemVerdict, *, phase: str | None = None, **changes: Any) -> ItemStatus:  # noqa: ANN401 - the fields of ItemStatus
    return ItemStatus(
        item=item(text, UsageEvidence(), phase=phase), verdict=verdict, found=changes.pop("found", 1), **changes
    )


def shown(known: TrackedFacts, *statuses: ItemStatus, room: int = ROOM) -> str:
    text = section(View(migration=tracked(), facts=known, statuses=statuses), room)
    assert text is not None
    return text


CRITICAL = Scanned(path="app/routes/z.py", findings=(finding("app/routes/z.py", 12, critical=True),))
LEFT = facts(usages("lib/a.py", Kind.IMPORT, Kind.CALL, Kind.CALL), CRITICAL)


def test_the_first_lines_say_what_is_left_and_when() -> None:
    assert shown(LEFT).startswith(
        "### `managers`\n\n**4 usages left** in 2 files, 1 of them critical: 3 calls, 1 import.\n"
        f"At {HERE} of 2025-09-12 08:00, checked 2025-09-13 08:00 (UTC).\n"
    )
    assert "**No usages left**." in shown(facts())


def test_files_are_task_lines_with_links_critical_ones_first() -> None:
    known = replace(
        LEFT,
        pulls=(
            Pull(number=9, title="t", author="a", state=PullState.OPEN, migrates=True, paths=("lib/a.py",)),
            Pull(number=8, title="t", author="a", state=PullState.MERGED, migrates=True, paths=("app/routes/z.py",)),
        ),
        cleared=("docs/plan (1).md", "lib/gone.py", "lib/a.py"),
    )
    text = shown(known)
    assert (
        "<details><summary><b>Files: 2 to do, 2 done</b></summary>\n\n"
        f"- [ ] [`app/routes/z.py`]({URL}/blob/{COMMIT}/app/routes/z.py#L12): 1 call · **critical**\n"
        f"- [ ] [`lib/a.py`]({URL}/blob/{COMMIT}/lib/a.py#L1): 2 calls, 1 import · in #9\n"
        f"- [x] [`docs/plan (1).md`]({URL}/blob/{COMMIT}/docs/plan%20%281%29.md)\n"
        "- [x] `lib/gone.py`\n\n</details>"
    ) in text
    assert "**1 open migration pull request**\n\n- #9 · 1 file\n" in text


def test_the_table_of_directories() -> None:
    text = shown(LEFT)
    assert "| directory | usages | files | call | import |\n| --- | ---: | ---: | ---: | ---: |\n" in text
    assert "| `app/routes/` · critical | 1 | 1 | 1 | 0 |\n| `lib/` | 3 | 1 | 2 | 1 |\n" in text


def test_many_directories_are_summed_up() -> None:
    text = shown(facts(*(usages(f"d{n:02}/a.py") for n in range(20))))
    assert "| 8 more | 8 | 8 | 8 |" in text


def test_what_came_and_went_since_the_last_update() -> None:
    before = Snapshot(commit=BEFORE, at=MORNING - timedelta(days=1), usages={"lib/a.py": 1, "lib/old.py": 5})
    known = replace(LEFT, before=before, origins={"lib/a.py": Origin(commit=COMMIT, author="bob", pull=7)})
    text = shown(known)
    assert "of 2025-09-11 08:00: 3 usages added in 2 files and 5 usages removed in 1 file." in text
    assert "- `lib/a.py`: 2 added by `bob` in #7\n" in text
    assert "- `app/routes/z.py`: 1 added\n" in text
    same = replace(before, usages={"lib/a.py": 3, "app/routes/z.py": 1})
    assert "of 2025-09-11 08:00: no usages added or removed." in shown(replace(known, before=same))


PROOF = Proof(text="`Tests` passed", link="https://github.com/x", commit=COMMIT, at=MORNING)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (
            status("Tests pass", Holds(because=(PROOF, Proof(text="a reason")))),
            "- ✅ Tests pass: `Tests` passed ([`c0ffee0`](https://github.com/x), 2025-09-12 08:00); a reason\n",
        ),
        (
            status("Tests pass", Missing(what=(replace(PROOF, link=None),)), note=Note.BY_HAND),
            "`Tests` passed (`c0ffee0`, 2025-09-12 08:00) _(ticked by hand; cleared because usages remain)_\n",
        ),
        (
            status("Tests pass", Missing(what=(replace(PROOF, commit=None, at=None),)), note=Note.WITHDRAWN),
            "`Tests` passed ([see](https://github.com/x)) _(done before; cleared because usages remain)_\n",
        ),
        (
            status("Tests pass", Missing(what=(Proof(text="`a.py` was added in", pull=7),))),
            "- ⬜ Tests pass: `a.py` was added in #7\n",
        ),
        (status("Tests pass", CannotTell(why=("a", "b", "a"))), "- ❔ Tests pass: a; b\n"),
        (
            status("Tests pass", Holds(because=(Proof(text="a"),)), found=NoBox.AMBIGUOUS),
            "- ✅ Tests pass: a _(several boxes match, so none is changed)_\n",
        ),
        (
            status("Tests pass", Holds(because=(Proof(text="a"),)), found=NoBox.NO_BOX),
            "- ✅ Tests pass: a _(listed without a box)_\n",
        ),
        (status("@ann #1", CannotTell(why=("a",)), found=NoBox.ABSENT), "_(no matching box in the text)_\n"),
    ],
)
def test_an_item_shows_what_it_rests_on(one: ItemStatus, expected: str) -> None:
    assert expected in shown(facts(), one)


def test_items_stand_below_their_phases() -> None:
    held = Holds(because=(Proof(text="a"),))
    text = shown(facts(), status("A", held, phase="P1"), status("B", held, phase="P1"), status("C", held, phase="P2"))
    assert "Evidence: 3 of 3 items done" in text
    assert "**P1**\n\n- ✅ A: a\n- ✅ B: a\n\n**P2**\n\n- ✅ C: a" in text


def test_what_the_figures_leave_out_is_said() -> None:
    known = facts(
        Skipped(path="big.py", reason="too big"),
        Failed(path="bad.py", line=3, message="invalid syntax", hits=(3,)),
        Failed(path="other.py", line=3, message="invalid syntax"),
        usages("quiet.py", ignored="legacy API"),
        usages("again.py", Kind.DEFINITION),
        usages("else.py", migration="other"),
    )
    text = shown(known)
    assert "**No usages found, but 2 files that may hold some could not be read**." in text
    assert "2 files containing the name could not be read" in text
    assert "- `big.py`: too big\n- `bad.py`, line 3: invalid syntax\n" in text
    assert "1 usage ignored by a comment in the code" in text
    assert "- `quiet.py`, line 1: legacy API" in text
    assert "1 other definition under the old name" in text
    assert "other.py" not in text
    assert "else.py" not in text


def test_pull_requests_that_cannot_be_read_are_not_none() -> None:
    text = shown(facts(pulls=NotKnown(why="GitHub does not say")))
    assert "Open migration pull requests: unknown (GitHub does not say)." in text


def test_a_local_tracker_has_no_links_and_no_commands() -> None:
    text = shown(replace(LEFT, repository_url=None, issue=None, pulls=NotKnown(why="only GitHub knows")))
    assert "](" not in text
    assert "/ssot" not in text
    assert "GitHub" not in text


def test_the_burn_down_is_drawn_and_written() -> None:
    point = Point(at=MORNING - timedelta(days=9), commit=BEFORE, usages=20)
    text = shown(replace(LEFT, history=(point,)))
    assert "```mermaid\n" in text
    assert "Burn-down: 20 → 4 usages since 2025-09-03 (80 % done) █▂" in text
    assert "```mermaid" not in shown(LEFT)


HUGE = facts(
    *(usages(f"some/very/long/directory/name/of/a/package/module_{n:05}.py", *[Kind.CALL] * 3) for n in range(3_000)),
    cleared=tuple(f"some/directory/done_{n:05}.py" for n in range(2_000)),
)
STATUSES = [status(f"Item {n}", Missing(what=(replace(PROOF, text="x" * 300),))) for n in range(40)]


@pytest.mark.parametrize("room", [65_000, 30_000, 10_000, 3_000, 1_200])
def test_a_long_section_folds_and_says_so(room: int) -> None:
    text = shown(HUGE, *STATUSES, room=room)
    assert len(text) <= room
    assert "**9,000 usages left** in 3,000 files" in text
    assert "Shortened to fit GitHub's limit of 65,536 characters" in text
    assert text.count("<details") == text.count("</details>")
    assert "Files: 3,000 to do, 2,000 done" in text


def test_the_room_is_used_to_the_last_character() -> None:
    whole = shown(LEFT)
    assert shown(LEFT, room=len(whole)) == whole
    assert len(shown(LEFT, room=len(whole) - 1)) < len(whole)
    view = View(migration=tracked(), facts=LEFT, statuses=())
    shortest = next(room for room in range(1, len(whole)) if section(view, room))
    assert len(section(view, shortest) or "") == shortest


def test_the_longest_part_folds_first() -> None:
    text = shown(HUGE, *STATUSES, room=60_000)
    assert "Item 39" in text
    assert re.search(r"- … and 2,[78]\d\d more", text)
    assert len(text) > 45_000, "no more is left out than has to be"


def test_where_nothing_fits_there_is_none() -> None:
    assert section(View(migration=tracked(), facts=HUGE, statuses=()), 300) is None


def test_a_short_section_is_whole() -> None:
    assert "Shortened" not in shown(LEFT)


def everything(text: str) -> str:
    """A section in which ``text`` stands wherever people's words can."""
    known = facts(
        usages(text),
        usages(f"{text}/x.py", ignored=text),
        Skipped(path=text, reason=text),
        before=Snapshot(commit=BEFORE, at=MORNING, usages={}),
        origins={text: Origin(commit=COMMIT, author=text)},
        cleared=(f"{text}.done",),
        paths=frozenset({f"{text}.done"}),
        pulls=(Pull(number=9, title=text, author=text, state=PullState.OPEN, migrates=True, paths=(text,)),),
    )
    held = Holds(because=(Proof(text=f"attested by `{text}`: {text}", link=URL),))
    missing = Missing(what=(Proof(text=f"1 usage left in 1 file: `{text}`"),))
    return shown(known, status(text, held, phase=text), status("b", missing), status("c", CannotTell(why=(text,))))


@pytest.mark.parametrize("text", [*HOSTILE, "a|b/c|d/e.py"])
def test_other_peoples_words_stay_words(text: str) -> None:
    html = GFM.render(everything(text))
    allowed = r"h3|p|ul|li|code|a|table|thead|tbody|tr|th|td|strong|em|details|summary|b|sub|pre|br"
    assert re.findall(rf"<(?!/?(?:{allowed})[ >])[^>]*>?", html) == []
    links = re.findall(r'href="([^"]*)"', html)
    assert [link for link in links if not link.startswith(URL)] == []
    words = unescape(re.sub(r"<[^>]*>", "", re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)))
    assert set(re.findall(r"@\w+|#\d+|GH-\d+", words)) <= {"#9"}
    assert html.count("<tr>") == 2


@given(st.text(min_size=1, max_size=60))
def test_no_text_breaks_the_page(text: str) -> None:
    html = GFM.render(everything(text))
    assert html.count("<details") == html.count("</details>")
    assert "ssot-bot writes this section" in html
    assert [link for link in re.findall(r'href="([^"]*)"', html) if not link.startswith(URL)] == []
