"""Reading a configuration: every valid file a value, every other one an error at its place."""

import pytest

from bot.config import DEFAULT, Absent, Invalid, UnreadableConfig, Valid, load, parse_state, preset_names, show
from bot.domain.checklist_item import Attested, IssueEvidence, SubIssuesClosed
from bot.domain.errors import ConfigError
from bot.domain.migration import (
    Action,
    Applicability,
    Condition,
    Config,
    Mode,
    PullRequests,
    Requirement,
    Rewrite,
    Split,
    Target,
    TargetKind,
)
from tests.config.cases import VALID, WRONG, Wrong, evidence, migration, rule


@pytest.mark.parametrize("text", VALID.values(), ids=VALID.keys())
def test_a_valid_file_is_read_and_shown(text: str) -> None:
    config = load(text)
    assert load(text.encode()) == config
    assert load(show(config)) == config


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.id)
def test_an_error_has_its_place(wrong: Wrong) -> None:
    with pytest.raises(ConfigError) as caught:
        load(wrong.text, file="x.yml")
    error = caught.value
    assert wrong.says in error.message
    assert (error.file, error.line, error.column) == ("x.yml", *wrong.at)
    assert str(error).startswith(f"x.yml:{error.line}:{error.column}: ")


def test_all_errors_are_reported_in_the_order_of_the_file() -> None:
    text = "migrations:\n  b: {deprecated: [x.y, x.y]}\n  a: {deprecated: z, mode: x}\nmax_comments: no\n"
    with pytest.raises(ConfigError) as caught:
        load(text)
    error = caught.value
    assert [(e.line, e.column) for e in (error, *error.others)] == [(2, 25), (3, 19), (3, 28), (4, 15)]
    assert all(other.others == () for other in error.others)


def test_the_number_of_errors_is_bounded() -> None:
    with pytest.raises(ConfigError) as caught:
        load("".join(f"k{n}: v\n" for n in range(2000)))
    assert len(caught.value.others) == 99


def test_a_migration_with_everything() -> None:
    config = load(
        migration(
            "deprecated: {a.b: null, a.c: d.e, a.f: {message: No.}}\ncanonical: d.g\ndrop_in: true\nmode: migrate\n"
            "paths: {include: [src/], exclude: [gen/]}\ncritical: [src/x/]\nmessage: M.\ndocs_url: https://e.org/x\n"
            "rewrites: [{for: a.c, match: '$deprecated($x)', replace: '$canonical($x, utc)', safe_if: {$x: t.T}, "
            "imports: [z.utc], message: R.}]\nrequire: [d.e accepts p]\n"
            "tracking: {issue: 7, checklist: [{item: 'All done!', phase: P, evidence: {attested: true}}]}"
        )
        + "source_roots: [src]\nmax_comments: 3\n"
    )
    (found,) = config.migrations
    assert (config.source_roots, config.max_comments) == (("src",), 3)
    assert found.targets == (
        Target(name="a.b"),
        Target(name="a.c", canonical="d.e"),
        Target(name="a.f", canonical="d.g", message="No."),
    )
    assert found.rewrites == (
        Rewrite(
            match="$deprecated($x)",
            replace="$canonical($x, utc)",
            applicability=Applicability.UNSAFE,
            safe_if={"$x": "t.T"},
            imports=("z.utc",),
            message="R.",
            targets=("a.c",),
        ),
    )
    assert found.requires == (Requirement(symbol="d.e", parameter="p"),)
    assert (found.name, found.mode, found.drop_in) == ("m", Mode.MIGRATE, True)
    assert (found.include, found.exclude, found.critical) == (("src/",), ("gen/",), ("src/x/",))
    assert (found.message, found.docs_url, found.tracking_issue) == ("M.", "https://e.org/x", 7)
    (item,) = found.checklist
    assert (item.id, item.text, item.phase, item.evidence) == ("all-done", "All done!", "P", Attested())


def test_defaults() -> None:
    (found,) = load(migration("deprecated: a.b")).migrations
    assert found.mode is Mode.BLOCK_NEW
    assert not found.drop_in
    assert found.targets == (Target(name="a.b"),)
    assert load("migrations: {}") == Config(migrations=())


def test_pull_requests_are_cut_as_it_says() -> None:
    (found,) = load(
        migration("deprecated: a.b\npull_requests: {files: 7, open: 2, split: codeowners, draft: true}")
    ).migrations
    assert found.pull_requests == PullRequests(files=7, open=2, split=Split.CODEOWNERS, draft=True)
    (some,) = load(migration("deprecated: a.b\npull_requests: {open: 2}")).migrations
    assert some.pull_requests == PullRequests(open=2)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("{match: $deprecated}", Applicability.DISPLAY_ONLY),
        ("{match: $deprecated, replace: $canonical}", Applicability.UNSAFE),
        ("{when: result-unused, action: delete-statement}", Applicability.UNSAFE),
    ],
    ids=["explained", "replaced", "deleted"],
)
def test_what_a_rewrite_is_trusted_with_by_default(line: str, wanted: Applicability) -> None:
    assert load(rule(line)).migrations[0].rewrites[0].applicability is wanted


def test_modules_are_modules() -> None:
    (found,) = load(migration("modules: {old: new}")).migrations
    assert found.targets == (Target(name="old", canonical="new", kind=TargetKind.MODULE),)


def test_require_names_the_canonical_definition() -> None:
    (found,) = load(migration("deprecated: a.b\ncanonical: c.d\nrequire: [$canonical accepts user]")).migrations
    assert found.requires == (Requirement(symbol="c.d", parameter="user"),)


def test_sub_issues_by_the_number_of_their_parent() -> None:
    (item,) = load(evidence("{sub-issues: {number: 3}}")).migrations[0].checklist
    assert item.evidence == SubIssuesClosed(number=3)
    (item,) = load(evidence("{sub-issues: closed}")).migrations[0].checklist
    assert item.evidence == SubIssuesClosed()


def test_an_issue_by_its_number() -> None:
    (item,) = load(evidence("{issue: {number: 3}}")).migrations[0].checklist
    assert item.evidence == IssueEvidence(number=3)


def test_an_absent_file_is_the_built_in_migration() -> None:
    assert load(None) == load(f"extends: {DEFAULT}")


def test_what_is_extended_is_overridden_key_by_key() -> None:
    text = f"migrations: {{{DEFAULT}: {{extends: {DEFAULT}, mode: warn, tracking: {{issue: 9}}, critical: [x/]}}}}"
    (base,), (found,) = load(None).migrations, load(text).migrations
    assert (found.mode, found.tracking_issue, found.critical) == (Mode.WARN, 9, ("x/",))
    assert (found.checklist, found.rewrites, found.exclude) == (base.checklist, base.rewrites, base.exclude)


def test_an_own_migration_replaces_the_preset_of_its_name() -> None:
    text = f"extends: [{DEFAULT}, datetime-utcnow]\nmigrations: {{datetime-utcnow: {{deprecated: a.b}}}}"
    assert [len(m.targets) for m in load(text).migrations] == [1, 1]
    assert load(text).migrations[1].targets[0].name == "a.b"


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        pytest.param(
            migration("extends: datetime-utcnow\ndeprecated: a.b"),
            (3, 14),
            r"not one of the migration's deprecated names.* \(preset:datetime-utcnow:\d+:\d+\)$",
            id="its-rules-are-for-other-names",
        ),
        pytest.param(
            "extends: pkg-resources\n" + migration("extends: pkg-resources"),
            (4, 14),
            r"the migration 'pkg-resources' already deprecates '[\w.]+' \(preset:pkg-resources:\d+:\d+\)$",
            id="taken-twice",
        ),
        pytest.param(
            migration("deprecated: datetime.datetime.utcnow") + "extends: [pkg-resources, datetime-utcnow]\n",
            (3, 17),
            "the migration 'datetime-utcnow' already deprecates 'datetime.datetime.utcnow'$",
            id="deprecated-here-too",
        ),
        pytest.param(
            migration("deprecated: {datetime.datetime.now: datetime.datetime.utcnow}") + "extends: datetime-utcnow\n",
            (4, 10),
            r"are circular \(preset:datetime-utcnow:\d+:\d+\)$",
            id="its-successor-leads-back",
        ),
    ],
)
def test_an_error_from_a_preset_and_a_file_together_is_where_the_file_names_the_preset(
    text: str, at: tuple[int, int], says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load(text, file="own.yml")
    assert all(error.file == "own.yml" for error in (caught.value, *caught.value.others))
    assert (caught.value.line, caught.value.column) == at


def test_the_place_of_an_error_in_a_block_is_the_block() -> None:
    with pytest.raises(ConfigError) as caught:
        load(migration("deprecated: a.b\nrewrites:\n- match: >-\n    $deprecated(\n    $x +)"))
    assert (caught.value.line, caught.value.column) == (5, 14)


STATES = [
    (None, None, Absent(config=load(None))),
    (b"migrations: {}", None, Valid(config=Config(migrations=()))),
    (None, "it is a symbolic link", UnreadableConfig(reason="it is a symbolic link")),
    (b"migrations: {}", "half of it came", UnreadableConfig(reason="half of it came")),
]


@pytest.mark.parametrize(("text", "unreadable", "wanted"), STATES, ids=["absent", "valid", "unreadable", "half"])
def test_the_states(text: bytes | None, unreadable: str | None, wanted: object) -> None:
    assert parse_state(text, unreadable=unreadable) == wanted


def test_an_invalid_file_is_a_state_with_all_its_errors() -> None:
    state = parse_state(b"a: 1\nb: 2\n", file="y.yml")
    assert isinstance(state, Invalid)
    assert [error.line for error in state.errors] == [1, 1, 2]
    assert {error.file for error in state.errors} == {"y.yml"}


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_shown_and_read_again(name: str) -> None:
    config = load(f"extends: {name}")
    assert load(show(config)) == config


def test_the_default_removes_what_is_safe_and_explains_the_rest() -> None:
    rules = load(None).migrations[0].rewrites
    safe = [(r.when, r.action or r.replace) for r in rules if r.applicability is Applicability.SAFE]
    assert safe == [
        (Condition.RESULT_UNUSED, Action.DELETE_STATEMENT),
        (Condition.IMPORT_UNUSED, Action.DELETE_STATEMENT),
        (Condition.ONLY_PROBED, "$canonical"),
    ]
