"""The pictures of README and the documents: ``python -m benchmarks.pictures`` makes them."""

import re
import xml.etree.ElementTree as ET

from benchmarks import pictures
from tests.layering import ROOT

OUTPUT = """
1. First

   Words.
   ✓ it holds

2. Second
   ┌─ a.py
   │ +new <line>
   │ -old
   └─
"""


async def test_each_picture_is_made_of_what_the_sandbox_holds() -> None:
    made = await pictures.pages()
    assert set(made) == {"review", "review-summary", "check-run", "migration", "tracking-issue", "onboarding", "setup"}
    assert "Commit suggestion" in made["review"]
    assert "6 new deprecated usages" in made["check-run"]
    assert "How it was checked." in made["migration"]
    assert 'type="checkbox" disabled checked' in made["tracking-issue"]
    assert "<svg" in made["tracking-issue"]
    assert "4 usages in 3 files" in made["onboarding"]
    for page in made.values():
        assert "<!-- ssot:" not in page
        assert "`" not in re.sub(r"<table class=.diff.*?</table>", "", page, flags=re.DOTALL)


def test_the_animation_shows_one_step_after_the_other_and_stands_still_where_that_is_asked_for() -> None:
    made = pictures.animated(OUTPUT)
    scenes = ET.fromstring(made).findall("{http://www.w3.org/2000/svg}g")  # noqa: S314  # our own
    assert [scene.get("style") for scene in scenes] == ["animation-delay:0s", "animation-delay:7s"]
    assert ["".join(scene.itertext()) for scene in scenes] == [
        "1. First   Words.   ✓ it holds",
        "2. Second   ┌─ a.py   │ +new <line>   │ -old   └─",
    ]
    assert "prefers-reduced-motion" in made
    assert "<script" not in made


def test_every_picture_that_a_document_shows_is_there_and_small() -> None:
    shown = set()
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", path.read_text()):
            shown.add((path.parent / link).resolve())
    assert {path.name for path in shown} >= {"demo.svg", "review.png", "tracking-issue.png", "setup.png"}
    assert all(0 < path.stat().st_size < 250_000 for path in shown)
