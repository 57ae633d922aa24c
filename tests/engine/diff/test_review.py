"""The whole engine over a change."""

from hypothesis import given, settings

from bot.domain.file_result import FileReview, NewFinding
from bot.domain.finding import Scanned
from bot.domain.migration import Migration, Target
from bot.engine.diff.compare import review_files
from bot.engine.diff.suggest import apply_suggestion
from bot.engine.diff.unified import hunks, same_hunk
from bot.engine.program.index import Index
from bot.engine.rewrite import apply_fixes
from bot.engine.scan import scan_file
from tests.engine.diff.engine import INDEX, MIGRATION, change, told
from tests.engine.diff.programs import LAYOUTS, PROGRAMS, Layout, program

DROP_IN = Migration(name="dep", targets=MIGRATION.targets, drop_in=True)

USE = b"from pkg.old import dep\n\n\ndef f():\n    return dep()\n"


def only(reviews: tuple[FileReview, ...]) -> FileReview:
    (found,) = reviews
    return found


def test_a_change_is_reviewed() -> None:
    found = only(review_files([change(b"x = 1\n", USE)], [MIGRATION], INDEX))
    assert told(found.new) == [("call", 5), ("import", 1)]
    assert isinstance(found.report, Scanned)
    assert len(found.report.findings) == 2


def test_reviews_are_in_the_order_of_the_changes() -> None:
    changes = [change(None, USE, path) for path in ("app/b.py", "app/a.py")]
    assert [each.report.path for each in review_files(changes, [MIGRATION], INDEX)] == ["app/b.py", "app/a.py"]


def test_each_side_wants_its_modules() -> None:
    base = b"from app.facade import dep\ndep()\n"
    found = only(review_files([change(base, base.replace(b"facade", b"fresh"))], [MIGRATION], INDEX))
    assert isinstance(found.report, Scanned)
    assert {"app.facade", "app.fresh"} <= found.report.missing_modules


def test_the_base_is_resolved_by_its_own_modules() -> None:
    source = b"from app.facade import dep\ndep()\n"
    was, now = (
        INDEX.with_modules([("app/facade.py", text)]) for text in (b"def dep(): ...\n", b"from pkg.old import dep\n")
    )
    changes = [change(source, source + b"x = 1\n")]
    assert told(only(review_files(changes, [MIGRATION], now, base_index=was)).new) == [("call", 2), ("import", 1)]
    assert told(only(review_files(changes, [MIGRATION], now)).new) == []


def test_a_file_that_leaves_an_excluded_directory_is_new() -> None:
    migration = Migration(name="dep", targets=MIGRATION.targets, exclude=("backups/**",))
    moved = change(USE, USE, "app/a.py", "backups/a.py")
    assert told(only(review_files([moved], [migration], INDEX)).new) == [("call", 5), ("import", 1)]


def test_the_definition_is_exempt_and_what_the_module_itself_does_with_it_is_not() -> None:
    assert only(review_files([change(None, b"def dep(): ...\n", "pkg/old.py")], [MIGRATION], INDEX)).new == ()
    reviewed = only(review_files([change(None, b"def dep(): ...\ndep()\n", "pkg/old.py")], [MIGRATION], INDEX))
    assert told(reviewed.new) == [("call", 2)]


def test_migrations_do_not_mix() -> None:
    other = Migration(name="other", targets=(Target(name="pkg.old.other"),))
    base = b"from pkg.old import dep, other\nother()\n"
    head = b"from pkg.old import dep, other\ndep()\n"
    found = only(review_files([change(base, head)], [MIGRATION, other], Index.build([("pkg/__init__.py", b"")])))
    assert told(found.new) == [("call", 2)]


def test_the_rewrite_is_suggested() -> None:
    (found,) = only(review_files([change(b"x = 1\n", USE)], [DROP_IN], INDEX)).new
    assert (found.finding.kind, [other.kind for other in found.also], found.no_suggestion) == ("call", ["import"], None)
    assert found.suggestion is not None
    assert apply_suggestion(USE, found.suggestion) == USE.replace(b"pkg.old", b"pkg.new").replace(b"dep", b"Dep")


def usages_in(source: bytes) -> int:
    report = scan_file(source, "app/a.py", [DROP_IN], INDEX, fixes=False)
    assert isinstance(report, Scanned)
    return len(report.findings)


def old_usages_of(head: bytes, new: NewFinding) -> int:
    """How many usages the fix of ``new`` takes along that were there before."""
    report = scan_file(head, "app/a.py", [DROP_IN], INDEX)
    assert isinstance(report, Scanned)
    return sum(each.fix == new.finding.fix and each not in (new.finding, *new.also) for each in report.findings)


@settings(derandomize=True, max_examples=25, deadline=None)
@given(old=PROGRAMS, new=PROGRAMS, layout=LAYOUTS)
def test_a_suggestion_is_the_fix_and_nothing_else(old: list[list[str]], new: list[list[str]], layout: Layout) -> None:
    base, head = program(old, layout), program(new, layout)
    shown = hunks(base, head)
    for found in only(review_files([change(base, head)], [DROP_IN], INDEX)).new:
        assert (found.suggestion is None) is (found.no_suggestion is not None)
        if found.suggestion:
            after = apply_suggestion(head, found.suggestion)
            assert after == apply_fixes(head, [found.finding], unsafe=True)
            assert same_hunk(shown, found.start_line or found.suggestion.end_line, found.suggestion.end_line)
            assert usages_in(after) == usages_in(head) - 1 - len(found.also) - old_usages_of(head, found)
