"""One comment for each statement group, on a line that GitHub accepts."""

import pytest

from bot.domain.file_result import NewFinding, Suggestion
from bot.domain.finding import Edit, Finding, Fix, Kind, Scanned
from bot.domain.migration import Applicability
from bot.engine.diff import comments
from bot.engine.diff.changes import review_changes
from bot.engine.diff.unified import Hunk, hunks
from tests.engine.diff.engine import change, edits, new_in, scan, scan_with

SOURCE = b"""\
from pkg.new import Dep


def f():
    from pkg.old import dep
    x = dep()
    return x, Dep
"""


def whole_group(source: bytes, finding: Finding) -> Fix | None:
    """The import goes, and all that is called by it changes, together."""
    imported = b"    from pkg.old import dep\n"
    at = source.index(imported)
    calls, call = [], source.find(b"dep()")
    while call >= 0:
        calls.append(Edit(start=call, end=call + 3, text="Dep"))
        call = source.find(b"dep()", call + 1)
    return edits(Edit(start=at, end=at + len(imported), text=""), *calls)


def line_by_line(source: bytes, finding: Finding) -> Fix | None:
    if finding.kind is Kind.IMPORT:
        return None
    return edits(Edit(start=finding.range.start, end=finding.range.end, text="Dep"), applicability=Applicability.UNSAFE)


def test_a_group_has_one_comment_about_its_call() -> None:
    (found,) = new_in(change(None, SOURCE), fixer=whole_group)
    assert (found.finding.kind, [other.kind for other in found.also]) == (Kind.CALL, [Kind.IMPORT])
    assert found.suggestion == Suggestion(start_line=5, end_line=6, text="    x = Dep()")
    assert (found.start_line, found.line, found.no_suggestion) == (5, 6, None)


def test_a_group_that_lies_apart_has_a_comment_without_a_suggestion() -> None:
    far = SOURCE.replace(b"    x = dep", b"    pass\n" * 20 + b"    x = dep")
    base = far.replace(b"    from pkg.old import dep\n", b"").replace(b"    x = dep()\n", b"    x = None\n")
    (found,) = new_in(change(base, far), fixer=whole_group)
    assert (found.line, found.start_line, found.suggestion) == (26, None, None)
    assert found.no_suggestion is not None
    assert "`/ssot migrate`" in found.no_suggestion


def test_an_old_usage_of_the_group_is_not_counted_as_new() -> None:
    head = SOURCE.replace(b"    return x", b"    y = dep()\n    return x, y")
    (found,) = new_in(change(SOURCE, head), fixer=whole_group)
    assert (found.finding.range.line, found.also) == (7, ())
    assert found.suggestion == Suggestion(start_line=5, end_line=7, text="    x = Dep()\n    y = Dep()")


def test_suggestions_on_the_same_line_are_offered_one_after_the_other() -> None:
    head = b"from pkg.new import Dep\nfrom pkg.old import dep\nx = dep(1), dep(2), Dep\ny = dep(3)\n"
    found = new_in(change(None, head), fixer=line_by_line)
    assert [(new.line, new.suggestion is not None) for new in found] == [(3, True), (3, False), (4, True)]
    assert "Another suggestion" in str(found[1].no_suggestion)


def test_a_big_file_gets_as_many_suggestions_as_can_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"from pkg.new import Dep\nfrom pkg.old import dep\nx = dep(1), Dep\n\ny = dep(3)\n\nz = dep(4)\nw = dep\n"
    monkeypatch.setattr(comments, "MAX_CHECKED", 2 * len(head))
    found = new_in(change(None, head), fixer=line_by_line)
    many = f"{comments.MANY} `/ssot migrate --unsafe` can commit it."
    assert [new.no_suggestion for new in found] == [None, None, many, many]


def test_an_import_without_a_fix_is_mentioned_by_its_first_use() -> None:
    found = new_in(change(None, b"from pkg.old import dep\nx = dep()\ny = dep()\n"))
    assert [(new.finding.kind, len(new.also)) for new in found] == [(Kind.CALL, 1), (Kind.CALL, 0)]


def test_an_import_alone_speaks_for_itself() -> None:
    (found,) = new_in(change(b"x = 1\n", b"x = 1\nfrom pkg.old import dep\n"))
    assert (found.finding.kind, found.line) == (Kind.IMPORT, 2)


def test_the_reason_of_the_engine_is_given() -> None:
    def explained(source: bytes, path: str) -> Scanned:
        report = scan(source, path)
        assert isinstance(report, Scanned)
        return Scanned(path=path, findings=tuple(_because(each) for each in report.findings))

    (found,) = review_changes([change(None, b"from pkg.old import dep\ndep()\n")], explained, scan, {})[0].new
    assert found.no_suggestion == "It is stored on self."


def _because(finding: Finding) -> Finding:
    return Finding(
        migration=finding.migration, path=finding.path, range=finding.range, kind=finding.kind, symbol=finding.symbol,
        message=finding.message, reason="It is stored on self.", reason_code="stored-on-self",
    )  # fmt: skip


def test_a_usage_outside_of_every_hunk_has_no_line() -> None:
    tail = b"pass\n" * 30
    base = b"from pkg.fresh import dep\n" + tail + b"dep()\n"
    head = b"from pkg.old import dep\n" + tail + b"dep(\n)\n"
    found = new_in(change(base, base.replace(b"fresh", b"old")))
    assert [(new.finding.range.line, new.line) for new in found] == [(32, 1)]  # the comment stands on the import
    assert [new.line for new in new_in(change(base, head))] == [32]
    moved = b"import pkg\n" + tail + b"from pkg.old import dep\n"
    assert [new.line for new in new_in(change(b"import pkg\n" + tail, moved))] == [32]


def lines_with(given: dict[str, tuple[Hunk, ...]], base: bytes, head: bytes) -> list[int | None]:
    reviews = review_changes([change(base, head)], scan_with(whole_group), scan, given)
    return [new.line for each in reviews for new in each.new]


def test_hunks_of_github_are_used_if_they_are_of_this_file() -> None:
    base, head = b"x = 1\n" * 9, b"x = 1\n" * 9 + SOURCE
    usual, narrow = hunks(base, head), hunks(base, head, context=0)
    for given in ({}, {"app/a.py": usual}, {"app/a.py": narrow}, {"app/b.py": usual}):
        assert lines_with(given, base, head) == [15]
    stale = hunks(base, head.replace(b"x = dep", b"y = dep"))
    assert lines_with({"app/a.py": stale}, base, head) == [15]
    elsewhere = hunks(head.replace(b"x = 1", b"x = 2", 1), head)
    assert lines_with({"app/a.py": elsewhere}, base, head) == [None]


def test_findings_are_in_the_order_of_the_file() -> None:
    found: list[NewFinding] = new_in(
        change(None, SOURCE.replace(b"def f():", b"from pkg.old import dep\nx = dep\ndef f():"))
    )
    assert [new.finding.range.line for new in found] == sorted(new.finding.range.line for new in found)
