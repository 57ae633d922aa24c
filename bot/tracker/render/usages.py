"""Where the usages are: by directory and kind, and file by file."""

from collections import Counter
from collections.abc import Sequence

from bot.domain.finding import Failed, Finding, Scanned, Skipped
from bot.domain.tracked import NotKnown, PullState, TrackedFacts, findings_of
from bot.markdown.blocks import cell, cut, fold, table
from bot.markdown.links import file_page, linked
from bot.markdown.text import code, count, plain
from bot.tracker.models import View
from bot.tracker.render.parts import Part

_LISTED = (1_000, 500, 300, 200, 150, 100, 60, 30, 0)
"""Files in one list, from everything to nothing but their number."""
_DIRECTORIES = 12
_DEPTH = 3
"""Components of a path that make a directory of the table."""


def directories(usages: Sequence[Finding]) -> Part:
    """A table by directory and kind, critical paths first."""
    if not usages:
        return Part(forms=("",))
    groups: dict[str, list[Finding]] = {}
    for finding in usages:
        groups.setdefault(_directory(finding.path), []).append(finding)
    kinds = [kind for kind, _ in Counter(str(f.kind) for f in usages).most_common()]
    ordered = sorted(groups.items(), key=lambda each: (not any(f.critical for f in each[1]), -len(each[1]), each[0]))
    rows = [_row(directory, found, kinds) for directory, found in ordered[:_DIRECTORIES]]
    if rest := [f for _, found in ordered[_DIRECTORIES:] for f in found]:
        rows.append(_row(f"{len(ordered) - _DIRECTORIES:,} more", rest, kinds, named=False))
    shown = table(("directory", "usages", "files", *kinds), rows, numbers=range(1, 3 + len(kinds)))
    return Part(forms=(fold("By directory", shown, strong=True), ""))


def _directory(path: str) -> str:
    parts = path.split("/")[:-1][:_DEPTH]
    return "/".join(parts) + "/" if parts else "./"


def _row(directory: str, found: Sequence[Finding], kinds: Sequence[str], *, named: bool = True) -> Sequence[str]:
    by_kind = Counter(str(finding.kind) for finding in found)
    files = len({finding.path for finding in found})
    name = cell(code(directory)) if named else directory
    urgent = " · critical" if any(finding.critical for finding in found) else ""
    return f"{name}{urgent}", f"{len(found):,}", f"{files:,}", *(f"{by_kind[kind]:,}" for kind in kinds)


def files(facts: TrackedFacts, usages: Sequence[Finding]) -> Part:
    """A task line for each file: open ones first, and of these the critical ones."""
    by_path: dict[str, list[Finding]] = {}
    for finding in usages:
        by_path.setdefault(finding.path, []).append(finding)
    cleared = [path for path in facts.cleared if path not in by_path]
    if not by_path and not cleared:
        return Part(forms=("",))
    title = f"Files: {len(by_path):,} to do" + (f", {len(cleared):,} done" if cleared else "")
    ordered = sorted(by_path.items(), key=lambda each: (not any(f.critical for f in each[1]), each[0]))
    to_do = [_file(facts, path, found) for path, found in ordered]
    done = [f"- [x] {_cleared(facts, path)}" for path in sorted(cleared)]
    forms = [fold(title, "\n".join((*cut(to_do, n), *cut(done, n))), strong=True) for n in _LISTED if n]
    alone = [fold(title, "\n".join(cut(to_do, n)), strong=True) for n in _LISTED if n]
    return Part(forms=(*(form for pair in zip(forms, alone, strict=True) for form in pair), f"**{title}.**"))


def _file(facts: TrackedFacts, path: str, found: Sequence[Finding]) -> str:
    kinds = Counter(str(finding.kind) for finding in found)
    what = ", ".join(count(n, kind) for kind, n in kinds.most_common())
    first = min(finding.range.line for finding in found)
    page = file_page(facts, path)
    name = linked(code(path), page and f"{page}#L{first}")
    urgent = " · **critical**" if any(finding.critical for finding in found) else ""
    pulls = () if isinstance(facts.pulls, NotKnown) else facts.pulls
    in_work = [f"#{pull.number}" for pull in pulls if path in pull.paths and pull.state is PullState.OPEN]
    return f"- [ ] {name}: {what}{urgent}" + (f" · in {', '.join(in_work)}" if in_work else "")


def _cleared(facts: TrackedFacts, path: str) -> str:
    there = not isinstance(facts.paths, NotKnown) and path in facts.paths
    return linked(code(path), file_page(facts, path) if there else None)


def hidden(view: View) -> Part:
    """What the counts leave out: files that could not be read, ignored usages, other definitions."""
    reports, name = view.facts.reports, view.migration.name
    unread = [f"- {code(r.path)}: {plain(r.reason)}" for r in reports if isinstance(r, Skipped)]
    unread += [
        f"- {code(r.path)}, line {r.line}: {plain(r.message)}" for r in reports if isinstance(r, Failed) and r.hits
    ]
    found = [f for report in reports if isinstance(report, Scanned) for f in report.findings if f.migration == name]
    ignored = [f"- {code(f.path)}, line {f.range.line}: {plain(f.ignored)}" for f in found if f.ignored is not None]
    others = [f"- {code(f.path)}: {code(f.symbol)}" for f in findings_of(view.facts, name) if f.kind == "definition"]
    groups = (
        ("containing the name could not be read", "file", unread),
        ("ignored by a comment in the code", "usage", ignored),
        ("under the old name", "other definition", others),
    )
    blocks = [(f"{count(len(lines), noun)} {what}", lines) for what, noun, lines in groups if lines]
    whole = "\n\n".join(fold(title, "\n".join(cut(lines, 100)), strong=True) for title, lines in blocks)
    return Part(forms=(whole, "\n\n".join(f"**{title}.**" for title, _ in blocks)))
