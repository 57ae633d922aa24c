"""Cases of the presets, one file for each: source with a caret below every usage, then what the fixes make of it."""

from dataclasses import dataclass
from pathlib import Path

from bot.config import preset_names

CASES = Path(__file__).with_name("cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One source, its usages as (line, column, kind, symbol), and the expected results."""

    preset: str
    title: str
    source: str
    usages: tuple[tuple[int, int, str, str], ...]
    safe: str
    """After the safe fixes; the source itself where the case has no such part."""
    unsafe: str
    """After the unsafe fixes as well; the same as ``safe`` where the case has no such part."""

    @property
    def id(self) -> str:
        return f"{self.preset}: {self.title}"


def cases() -> list[Case]:
    """All of them; every preset has some."""
    return [case for name in preset_names() for case in _read(name)]


def _read(preset: str) -> list[Case]:
    text = (CASES / f"{preset}.txt").read_text(encoding="utf-8")
    return [_case(preset, block) for block in text.split("=== ")[1:]]


def _case(preset: str, block: str) -> Case:
    title, _, body = block.partition("\n")
    marked, *parts = body.split("--- ")
    results = dict(part.split("\n", 1) for part in parts)
    lines: list[str] = []
    usages = []
    for line in marked.splitlines(keepends=True):
        if line.lstrip(" ").startswith("^ "):
            kind, symbol = line.split()[1:]
            usages.append((len(lines), line.index("^") + 1, kind, symbol))
        else:
            lines.append(line)
    source = "".join(lines)
    safe = results.get("safe", source)
    return Case(
        preset=preset, title=title, source=source, usages=tuple(usages), safe=safe, unsafe=results.get("unsafe", safe)
    )
