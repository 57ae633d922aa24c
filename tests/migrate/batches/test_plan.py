"""What is opened, in which order, and what becomes of what is open."""

from dataclasses import replace

import pytest

from bot.domain.finding import Kind
from bot.migrate.batches.models import (
    BatchFacts,
    BatchRequest,
    CloseBatch,
    ClosedPull,
    FileFacts,
    LeaveBatch,
    OpenBatch,
    Tier,
    UpdateBatch,
)
from bot.migrate.batches.plan import plan_batches
from tests.migrate.batches.facts import HEAD, NONE, SAFE, UNSAFE, cut, facts, file, found, opened, performed, pull_of

UNSAFELY = BatchRequest(tier=Tier.UNSAFE)


def test_one_pull_request_holds_what_fits_in_one() -> None:
    plan = plan_batches(facts("app/a.py", "lib/b.py"))
    (action,) = plan.actions
    assert isinstance(action, OpenBatch)
    assert [each.path for each in action.batch.files] == ["app/a.py", "lib/b.py"]
    assert action.batch.branch.startswith("ssot/managers/")
    assert plan.waiting == ()


def test_without_anything_to_do_nothing_is_done() -> None:
    assert plan_batches(facts()).actions == ()
    only = facts(file("a.py", found("a.py", NONE)))
    assert plan_batches(only).actions == ()
    assert [usage.path for usage in plan_batches(only).left] == ["a.py"]


def test_unsafe_fixes_come_on_demand_only() -> None:
    files = (file("a.py", found("a.py", UNSAFE)), file("b.py"))
    assert opened(plan_batches(facts(*files)).actions) == [["b.py"]]
    assert opened(plan_batches(facts(*files, ask=UNSAFELY)).actions) == [["a.py", "b.py"]]


def test_the_content_is_that_of_the_tier() -> None:
    both = file("a.py", found("a.py"), found("a.py", UNSAFE, line=9))
    for ask in (BatchRequest(), UNSAFELY):
        (action,) = plan_batches(facts(both, ask=ask)).actions
        assert isinstance(action, OpenBatch)
        (each,) = action.batch.files
        assert each.content == both.migrated[ask.tier].after
        assert len(each.left) == (1 if ask.tier is Tier.SAFE else 0)


def test_critical_paths_come_first_and_by_themselves() -> None:
    plan = plan_batches(facts("app/a.py", file("app/z.py", critical=True), "lib/b.py"))
    assert opened(plan.actions) == [["app/z.py"], ["app/a.py", "lib/b.py"]]


def test_more_than_may_be_open_wait_in_their_order() -> None:
    given = facts(*(f"d{n}/a.py" for n in range(7)), of=cut(files=1, open=3))
    plan = plan_batches(given)
    assert opened(plan.actions) == [[f"d{n}/a.py"] for n in range(3)]
    assert [batch.label for batch in plan.waiting] == ["d3", "d4", "d5", "d6"]


def test_what_is_open_is_not_opened_again() -> None:
    given = facts("app/a.py", "lib/b.py", of=cut(files=1))
    again = plan_batches(performed(given, plan_batches(given).actions))
    assert again.actions == ()
    assert len(again.current) == 2


def test_the_same_files_get_the_same_branch() -> None:
    first, second = (plan_batches(facts(*paths)).actions[0] for paths in (("a.py", "b.py"), ("b.py", "a.py")))
    third = plan_batches(facts("a.py", "c.py")).actions[0]
    branches = [action.batch.branch for action in (first, second, third) if isinstance(action, OpenBatch)]
    assert branches[0] == branches[1] != branches[2]


@pytest.mark.parametrize(
    ("path", "starts"),
    [
        ("netra_backend/app/Routes v2/a.py", "netra-backend-app-routes-v2-"),
        ("ünï/код/a.py", "n-"),
        ("код/a.py", ""),
        ("a.py", ""),
        ("/".join(["long"] * 40) + "/a.py", "long-"),
        ("..lock/@{x}/a.py", "lock-x-"),
    ],
    ids=["words", "accents", "cyrillic", "root", "long", "not-a-ref"],
)
def test_a_branch_is_a_name_that_git_takes(path: str, starts: str) -> None:
    (action,) = plan_batches(facts(path)).actions
    assert isinstance(action, OpenBatch)
    slug = action.batch.slug
    assert slug.startswith(starts)
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(slug) <= 70


def test_the_next_is_opened_when_one_is_merged() -> None:
    given = facts("d0/a.py", "d1/a.py", of=cut(files=1, open=1))
    after = performed(given, plan_batches(given).actions)
    merged = replace(after, open=(), files=tuple(f for f in after.files if f.path != "d0/a.py"))
    assert opened(plan_batches(merged).actions) == [["d1/a.py"]]


def test_files_of_another_pull_request_wait() -> None:
    given = replace(facts("a.py", "b.py"), taken={"a.py": 12, "z.py": 13})
    plan = plan_batches(given)
    assert opened(plan.actions) == [["b.py"]]
    assert plan.taken == (("a.py", 12),)


# --- those that are open -----------------------------------------------------------------------------------------


def with_open(*files: FileFacts) -> BatchFacts:
    """Of ``a.py`` and ``b.py`` a pull request is open; the files are by now those given."""
    given = facts("a.py", "b.py")
    return replace(performed(given, plan_batches(given).actions), files=files)


def test_a_fix_that_changed_is_committed_anew() -> None:
    given = with_open(file("a.py", text="other"), file("b.py"))
    (action,) = plan_batches(given).actions
    assert isinstance(action, UpdateBatch)
    assert action.commit
    assert action.batch.files[0].content.endswith(b"other")
    assert plan_batches(performed(given, (action,))).actions == ()


def test_a_file_that_somebody_migrated_leaves_the_pull_request() -> None:
    given = with_open(file("b.py"))
    (action,) = plan_batches(given).actions
    assert isinstance(action, UpdateBatch)
    assert [each.path for each in action.batch.files] == ["b.py"]
    assert action.batch.branch == given.open[0].branch


def test_a_new_usage_that_is_left_changes_the_text_alone() -> None:
    given = with_open(file("a.py", found("a.py"), found("a.py", NONE, line=8)), file("b.py"))
    (action,) = plan_batches(given).actions
    assert isinstance(action, UpdateBatch)
    assert not action.commit


def test_with_nothing_left_it_is_closed_and_its_place_is_free() -> None:
    given = replace(with_open(file("c.py")), migration=cut(open=1))
    plan = plan_batches(given)
    assert [type(action) for action in plan.actions] == [CloseBatch, OpenBatch]
    assert opened(plan.actions) == [["c.py"]]


def test_a_pull_request_that_a_person_pushed_to_is_left_alone() -> None:
    given = with_open(file("b.py"), file("c.py"))
    given = replace(given, open=tuple(replace(pull, foreign=True) for pull in given.open))
    plan = plan_batches(given)
    assert [type(action) for action in plan.actions] == [LeaveBatch, OpenBatch]
    assert opened(plan.actions) == [["c.py"]]


def test_a_person_s_push_is_no_matter_while_nothing_changed() -> None:
    given = with_open(file("a.py"), file("b.py"))
    given = replace(
        given, open=tuple(replace(pull, foreign=True, files={**pull.files, "notes.md": "1"}) for pull in given.open)
    )
    assert plan_batches(given).actions == ()


def test_one_that_leads_elsewhere_is_not_touched_and_keeps_its_files() -> None:
    given = with_open(file("a.py"), file("c.py"))
    given = replace(given, open=tuple(replace(pull, retargeted=True) for pull in given.open))
    assert opened(plan_batches(given).actions) == [["c.py"]]


def test_what_is_open_keeps_its_tier() -> None:
    both = file("a.py", found("a.py"), found("a.py", UNSAFE, line=9))
    given = facts(both)
    after = performed(given, plan_batches(given).actions)
    assert plan_batches(replace(after, ask=UNSAFELY)).actions == ()


def test_without_an_ask_nothing_is_opened_and_what_is_open_is_kept_up() -> None:
    given = replace(with_open(file("b.py"), file("c.py")), ask=None)
    assert [type(action) for action in plan_batches(given).actions] == [UpdateBatch]
    assert plan_batches(given).waiting == ()


# --- closed by a person -------------------------------------------------------------------------------------------


def test_what_a_person_closed_is_not_opened_again() -> None:
    given = replace(
        facts("app/a.py", "lib/b.py"), closed=(ClosedPull(number=9, paths=frozenset({"app/a.py", "x.py"})),)
    )
    plan = plan_batches(given)
    assert opened(plan.actions) == [["lib/b.py"]]
    assert plan.closed == (ClosedPull(number=9, paths=frozenset({"app/a.py"})),)


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        (("app/a.py",), [["app/a.py"]]),
        (("app",), [["app/a.py", "app/c.py"]]),
        (("",), [["app/a.py", "app/c.py", "lib/b.py"]]),
        (("*.py",), [["app/a.py", "app/c.py", "lib/b.py"]]),
        (("ap?/[ab].py",), [["app/a.py"]]),
        (("ap",), []),
        (("app/a.pyi", "nowhere"), []),
    ],
    ids=["file", "directory", "everything", "glob", "another-glob", "prefix-of-a-name", "nothing"],
)
def test_it_is_asked_for_again_by_its_path(paths: tuple[str, ...], wanted: list[list[str]]) -> None:
    closed = (ClosedPull(number=9, paths=frozenset({"app/a.py"})),)
    given = replace(facts("app/a.py", "lib/b.py", "app/c.py", ask=BatchRequest(paths=paths)), closed=closed)
    assert opened(plan_batches(given).actions) == wanted


# --- façades ------------------------------------------------------------------------------------------------------


def test_a_facade_goes_last_when_nothing_imports_it() -> None:
    facade = file("app/__init__.py", found("app/__init__.py", UNSAFE, kind=Kind.RE_EXPORT))
    user = file("app/a.py", found("app/a.py", kind=Kind.IMPORT))
    plan = plan_batches(facts(facade, user, ask=UNSAFELY))
    assert opened(plan.actions) == [["app/a.py"]]
    assert plan.facades == (facade,)
    alone = plan_batches(facts(facade, ask=UNSAFELY))
    assert opened(alone.actions) == [["app/__init__.py"]]
    assert alone.facades == ()


@pytest.mark.parametrize(
    ("kind", "applicability", "held"),
    [
        (Kind.STRING_REFERENCE, NONE, True),
        (Kind.IMPORT, NONE, True),
        (Kind.CALL, SAFE, True),
        (Kind.DEFINITION, NONE, False),
    ],
)
def test_what_keeps_a_facade(kind: Kind, applicability: object, *, held: bool) -> None:
    facade = file("f.py", found("f.py", UNSAFE, kind=Kind.RE_EXPORT))
    other = file("a.py", found("a.py", NONE if applicability is NONE else SAFE, kind=kind))
    plan = plan_batches(facts(facade, other, ask=UNSAFELY))
    assert (plan.facades == (facade,)) is held


def test_what_is_safe_in_a_facade_does_not_wait() -> None:
    path = "f.py"
    facade = file(path, found(path, UNSAFE, kind=Kind.RE_EXPORT), found(path, SAFE, line=9))
    plan = plan_batches(facts(facade, file("a.py"), ask=UNSAFELY))
    batch = next(action.batch for action in plan.actions if isinstance(action, OpenBatch))
    (each,) = [each for each in batch.files if each.path == path]
    assert each.content == facade.migrated[Tier.SAFE].after
    assert [usage.kind for usage in each.left] == [Kind.RE_EXPORT]


def test_facades_of_one_name_go_together() -> None:
    paths = ("a/__init__.py", "b/__init__.py")
    given = facts(*(file(path, found(path, UNSAFE, kind=Kind.RE_EXPORT)) for path in paths), ask=UNSAFELY)
    assert opened(plan_batches(given).actions) == [list(paths)]


def test_the_object_ids_are_those_of_the_repository() -> None:
    (action,) = plan_batches(facts("a.py")).actions
    assert isinstance(action, OpenBatch)
    assert {len(blob or "") for blob in pull_of(action.batch).files.values()} == {len(HEAD)}
