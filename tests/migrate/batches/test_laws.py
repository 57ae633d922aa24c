"""What holds of every plan."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.finding import Kind
from bot.domain.migration import Split
from bot.migrate.batches.codeowners import Codeowners
from bot.migrate.batches.groups import by_directory, by_owner
from bot.migrate.batches.models import (
    BatchFacts,
    BatchFile,
    BatchRequest,
    CloseBatch,
    ClosedPull,
    FileFacts,
    OpenBatch,
    OpenPull,
    Tier,
)
from bot.migrate.batches.plan import blob_id, plan_batches
from tests.migrate.batches.facts import HEAD, NONE, SAFE, UNSAFE, cut, file, found, opened, performed

NAMES = st.sampled_from(["a", "b", "c", "__init__"])
PATHS = st.builds(
    lambda parts, name: "/".join([*parts, f"{name}.py"]),
    st.lists(st.sampled_from(["app", "lib", "x"]), max_size=3),
    NAMES,
)
OWNERS = Codeowners.parse(b"* @all\n/app/ @core @web\nlib/x/ @x\n/lib/a.py\n")
SETTINGS = settings(max_examples=60, deadline=None)


@st.composite
def files(draw: st.DrawFn) -> tuple[FileFacts, ...]:
    paths = draw(st.lists(PATHS, unique=True, max_size=25))
    kinds = st.sampled_from([Kind.CALL, Kind.IMPORT, Kind.RE_EXPORT, Kind.DEFINITION])
    usages = st.tuples(st.sampled_from([SAFE, SAFE, UNSAFE, NONE]), kinds, st.booleans())
    return tuple(
        file(path, *(found(path, a, kind=k, critical=c, line=n) for n, (a, k, c) in enumerate(each, start=1)))
        for path in paths
        for each in [draw(st.lists(usages, min_size=1, max_size=3))]
    )


@st.composite
def pulls(draw: st.DrawFn, paths: list[str]) -> tuple[OpenPull, ...]:
    """Open ones, no file in two of them; of some the fixes have changed since, some hold files without usages."""
    shares = draw(st.lists(st.integers(0, 6), min_size=len(paths), max_size=len(paths)))
    found = []
    for number in range(1, 4):
        own = [path for path, share in zip(paths, shares, strict=True) if share == number]
        if own:
            text = draw(st.sampled_from(["{}safe", "{}old"]))
            blobs = {path: blob_id(text.format(path).encode(), HEAD) for path in own}
            found.append(
                OpenPull(
                    number=number,
                    branch=f"ssot/managers/p{number}",
                    head_sha=HEAD,
                    files=blobs,
                    tier=draw(st.sampled_from(Tier)),
                    foreign=draw(st.booleans()),
                    retargeted=draw(st.booleans()),
                )
            )
    return tuple(found)


@st.composite
def situations(draw: st.DrawFn) -> BatchFacts:
    present = draw(files())
    paths = [each.path for each in present]
    some = st.frozensets(st.sampled_from(paths), max_size=3) if paths else st.just(frozenset())
    ask = st.builds(
        BatchRequest, tier=st.sampled_from(Tier), paths=st.sampled_from([(), ("app",), ("",), ("lib", "a.py")])
    )
    return BatchFacts(
        migration=cut(draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.sampled_from(Split))),
        files=present,
        open=draw(pulls([*paths, "gone/a.py", "gone/b.py"])),
        taken=dict.fromkeys(draw(some), 80),
        closed=tuple(ClosedPull(number=90 + n, paths=each) for n, each in enumerate(draw(st.lists(some, max_size=2)))),
        owners=draw(st.sampled_from([OWNERS, None])),
        ask=draw(st.one_of(st.none(), ask)),
    )


def changed(each: BatchFile, given: BatchFacts) -> bool:
    contents = {made.after for file in given.files if file.path == each.path for made in file.migrated.values()}
    return each.content in contents and each.content != each.path.encode()


@SETTINGS
@given(situations())
def test_no_file_is_in_two_pull_requests(given: BatchFacts) -> None:
    plan = plan_batches(given)
    after = performed(given, plan.actions)
    held = [path for pull in after.open for path in pull.files]
    held += [each.path for batch in plan.waiting for each in batch.files]
    assert len(held) == len(set(held))
    assert given.taken.keys().isdisjoint(path for paths in opened(plan.actions) for path in paths)


@SETTINGS
@given(situations())
def test_no_more_than_the_configured_numbers(given: BatchFacts) -> None:
    plan = plan_batches(given)
    wanted = given.migration.pull_requests
    batches = [*(a.batch for a in plan.actions if isinstance(a, OpenBatch)), *plan.waiting]
    assert all(1 <= len(batch.files) <= wanted.files for batch in batches)
    assert len(performed(given, plan.actions).open) <= max(wanted.open, len(given.open))
    assert len({batch.branch for batch in batches}) == len(batches)
    assert all(changed(each, given) for batch in batches for each in batch.files)


@SETTINGS
@given(situations())
def test_nothing_that_can_be_done_is_forgotten(given: BatchFacts) -> None:
    if given.ask is None:
        return
    plan = plan_batches(given)
    held = {path for pull in performed(given, plan.actions).open for path in pull.files}
    waiting = {each.path for batch in plan.waiting for each in batch.files}
    declined = {path for pull in given.closed for path in pull.paths}
    facades = {file.path for file in plan.facades}
    for each in given.files:
        if not each.migrated[given.ask.tier].changed or each.path in facades | given.taken.keys():
            continue
        asked = given.ask.covers(each.path) if given.ask.paths else each.path not in declined
        assert not asked or (each.path in held) is not (each.path in waiting)


@SETTINGS
@given(situations())
def test_planning_again_finds_nothing_to_do(given: BatchFacts) -> None:
    after = performed(given, plan_batches(given).actions)
    again = plan_batches(after).actions
    assert all(action in plan_batches(given).actions for action in again)  # what is left alone stays so
    assert opened(again) == []
    assert not any(isinstance(action, CloseBatch) for action in again)


@SETTINGS
@given(situations())
def test_critical_files_come_first(given: BatchFacts) -> None:
    plan = plan_batches(given)
    critical = [a.batch.critical for a in plan.actions if isinstance(a, OpenBatch)]
    critical += [batch.critical for batch in plan.waiting]
    facades = given.ask is not None and given.ask.tier is Tier.UNSAFE
    assert facades or critical == sorted(critical, reverse=True)


@SETTINGS
@given(st.sets(PATHS, max_size=40), st.integers(1, 7))
def test_groups_hold_every_path_once(paths: set[str], limit: int) -> None:
    for groups in (by_directory(paths, limit), list(by_owner(paths, OWNERS, limit))):
        assert sorted(path for group in groups for path in group.paths) == sorted(paths)
        assert all(1 <= len(group.paths) <= limit for group in groups)
    if len(paths) > limit:
        for group in by_directory(paths, limit):
            assert len({path.split("/")[0] for path in group.paths if "/" in path}) <= 1


@SETTINGS
@given(st.sets(PATHS, max_size=40), st.integers(1, 7))
def test_the_order_of_the_files_is_no_matter(paths: set[str], limit: int) -> None:
    backwards = sorted(paths, reverse=True)
    assert by_directory(backwards, limit) == by_directory(sorted(paths), limit)


@SETTINGS
@given(situations())
def test_the_order_of_the_findings_is_no_matter(given: BatchFacts) -> None:
    backwards = replace(given, files=given.files[::-1])
    first, second = plan_batches(given), plan_batches(backwards)
    assert first.actions == second.actions
    assert first.waiting == second.waiting
