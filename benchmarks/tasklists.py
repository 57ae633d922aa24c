"""Task lists of real Markdown: found as an independent implementation finds them, and written back to the byte.

    python -m benchmarks.tasklists PATH     # every *.md and *.markdown below PATH

For each file: its items are those of cmark-gfm (which GitHub's renderer is built on), by line and state; writing the
states that are there changes nothing; setting every box changes these characters alone, and back again gives the same
bytes.  Exits with 1 if a file breaks one of these.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cmarkgfm import cmark

from bot.tracker.checklist.tasklist import Item, parse, set_boxes

_BOX = re.compile(r'<li data-sourcepos="(\d+):[^"]*"><input type="checkbox"([^>]*)>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one file showed."""

    path: Path
    items: int
    faults: tuple[str, ...]
    seconds: float


def rendered(body: str) -> list[tuple[int, bool]]:
    """Line and state of each box that cmark-gfm makes.

    It takes ``[x]`` anywhere in an item's first line for the box's state; so the state is read from the box itself.
    """
    html = cmark.markdown_to_html_with_extensions(
        body, options=cmark.Options.CMARK_OPT_SOURCEPOS, extensions=["tasklist", "table", "strikethrough"]
    )
    lines = re.split(r"\r\n|\n|\r", body)
    found = []
    for line, _ in _BOX.findall(html):
        box = re.search(r"\[([ xX])\]", lines[int(line) - 1])
        if box:
            found.append((int(line), box[1] != " "))
    return found


def examine(path: Path) -> Outcome:
    """Hold one file to the laws."""
    raw = path.read_bytes()
    body = raw.decode("utf-8", "surrogateescape")
    started = time.perf_counter()
    items = parse(body)
    seconds = time.perf_counter() - started
    return Outcome(path=path, items=len(items), faults=tuple(_faults(raw, body, items)), seconds=seconds)


def _faults(raw: bytes, body: str, items: tuple[Item, ...]) -> Iterator[str]:
    same = {item.box: item.checked for item in items}
    if set_boxes(body, same).encode("utf-8", "surrogateescape") != raw:
        yield "writing without a change gives other bytes"
    flipped = set_boxes(body, {box: not checked for box, checked in same.items()})
    if {n for n, (a, b) in enumerate(zip(body, flipped, strict=True)) if a != b} != set(same):
        yield "setting the boxes changes something else"
    small = "".join("x" if n in same and character == "X" else character for n, character in enumerate(body))
    if set_boxes(flipped, same) != small:
        yield "setting the boxes back gives other bytes"
    # cmark takes text, which has no halves of surrogates.
    there = rendered(body.encode("utf-8", "replace").decode())
    if [(item.line, item.checked) for item in items] != there:
        yield f"{len(items)} items where cmark-gfm has {len(there)}"


def main() -> int:
    """Print the figures; 1 if a file breaks a law."""
    root = Path(sys.argv[1])
    paths = sorted(path for path in root.rglob("*") if path.suffix in (".md", ".markdown") and path.is_file())
    outcomes = [examine(path) for path in paths]
    with_items = [outcome for outcome in outcomes if outcome.items]
    faults = Counter(fault for outcome in outcomes for fault in outcome.faults)
    slowest = max(outcomes, key=lambda outcome: outcome.seconds, default=None)
    print(f"{len(outcomes):,} files, {sum(path.stat().st_size for path in paths):,} bytes")
    print(f"{sum(outcome.items for outcome in outcomes):,} items in {len(with_items):,} files")
    print(f"{sum(outcome.seconds for outcome in outcomes):.1f} s to find them", end="")
    print(f", {slowest.seconds * 1000:.0f} ms for the slowest file" if slowest else "")
    print(f"{sum(faults.values()):,} faults")
    for outcome in outcomes:
        for fault in outcome.faults:
            print(f"  {outcome.path.relative_to(root)}: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
