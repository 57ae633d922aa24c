"""Modules import only from lower rooms, pure ones no adapter, and only ``identity`` writes what the bot is known by."""

from pathlib import Path

import pytest

from tests.identity_room import ROOT, WIRES, WORDS, forgeries, others
from tests.layering import complaints, imports_in, imports_of, is_pure, modules, name_of


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_only_from_lower_rooms(path: Path) -> None:
    assert complaints(name_of(path), imports_of(path)) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        pytest.param("bot.domain.facts", "bot.engine.scan", id="domain, of bot"),
        pytest.param("bot.domain.facts", "bot.markdown.text", id="domain, of its neighbour above"),
        pytest.param("bot.domain.facts", "time", id="domain, a clock"),
        pytest.param("bot.engine.scan", "bot.config", id="a lower room a higher one"),
        pytest.param("bot.engine.scan", "bot.identity.markers", id="neighbours"),
        pytest.param("bot.engine.scan", "asyncio", id="the engine, I/O"),
        pytest.param("bot.github.client", "bot.jobs", id="adapters each other"),
        pytest.param("bot.repository", "bot.review.update", id="what all share a capability"),
        pytest.param("bot.review.update", "bot.tracker.update", id="a lower capability a higher one"),
        pytest.param("bot.review.update", "handlers.github.push", id="handlers from below"),
        pytest.param("bot.web.hook", "handlers", id="handlers from the web"),
        pytest.param("bot.cli.serve", "handlers.commands", id="handlers from the command line"),
        pytest.param("handlers.github.push", "bot.app", id="the composition root from below"),
        pytest.param("bot.review.models", "bot.github.client", id="models, an adapter"),
        pytest.param("bot.review.plan", "bot.storage", id="plan, an adapter"),
        pytest.param("bot.migrate.pull.plan", "bot.jobs", id="a nested plan, an adapter"),
        pytest.param("bot.commands.parse", "bot.context", id="parse, the bot itself"),
        pytest.param("bot.review.render", "bot.scanner.scanner", id="render, an adapter"),
        pytest.param("bot.migrate.batches.render_pull", "bot.github.reads", id="render_…, an adapter"),
        pytest.param("bot.tracker.render.section", "bot.repository", id="in render, an adapter"),
        pytest.param("bot.tracker.checklist.update", "asyncio", id="the checklist, I/O"),
    ],
)
def test_the_order_can_be_broken(module: str, imported: str) -> None:
    assert complaints(module, {imported}) != []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("bot.domain.facts", "bot.domain.references"),
        ("bot.domain.facts", "dataclasses"),
        ("bot.review.plan", "bot.domain.facts"),
        ("bot.review.render", "bot.markdown.text"),
        ("bot.review.update", "bot.github.reads"),
        ("bot.app", "handlers"),
        ("bot.cli.serve", "bot.app"),
    ],
)
def test_what_the_order_has_nothing_against(module: str, imported: str) -> None:
    assert complaints(module, {imported}) == []


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("from bot import github", "bot.github"),
        ("from bot.github import reads", "bot.github.reads"),
        ("from bot.domain.facts import Comment", "bot.domain.facts"),
        ("import bot.engine.scan", "bot.engine.scan"),
        ("def f():\n    from bot.jobs import Done", "bot.jobs"),
    ],
)
def test_every_form_of_an_import_is_seen(source: str, imported: str) -> None:
    assert imported in imports_in(source)


def test_a_relative_import_is_seen() -> None:
    assert imports_in("from ..github import reads", ("bot", "review")) == {"bot.github.reads"}


def test_a_module_in_no_room_is_told() -> None:
    with pytest.raises(KeyError, match="is in no room"):
        complaints("bot.attic", {"bot.engine.scan"})


def test_the_pure_part_of_a_capability_is_pure() -> None:
    assert is_pure("bot.tracker.models")
    assert is_pure("bot.tracker.render.section")
    assert not is_pure("bot.tracker.update")


@pytest.mark.parametrize("path", others(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nobody_else_writes_or_parses_what_the_bot_recognises_itself_by(path: Path) -> None:
    assert forgeries(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'text = f"<!-- ssot:fp={value} sig={sig} -->"',
        'begin = re.compile(rb"<!-- ssot:batch=")',
        'branch = f"ssot/{migration}/{slug}"',
        'mine = branch.startswith("ssot/")',
        'branch = "ssot-removal/" + name',
        'head = f"refs/heads/{x}" if y else f"on ssot/{x}"',
        'message = f"Ssot-Command: {values}"',
        "from bot.identity.markers import MarkerKeys, write",
        "from bot.identity.markers import find as look",
        "from bot.identity import markers",
        "import bot.identity.markers as m",
        "def f():\n    from bot.identity.markers import read",
        'marker = signing.write(keys, place, "re", values)',
        'values = read(keys, place, "skip", body)',
        'NOTE = "tracker-note"',
        'mark = Mark(kind="removal", values=())',
        'KINDS = {"fp": 1}',
        "kind = MarkerKind.SKIP.wire",
        'place = MarkerPlace("77/issue/7")',
        'place = f"{repo.id}/issue/{number}"',
        'place = f"{repository}/migration"',
        'run = CheckRun(external_id=f"{place}:{digest}")',
        'about = run.external_id.rpartition(":")[0]',
        "found = PATTERN.fullmatch(event.external_id)",
        'name = pull.head_ref.removeprefix(prefix)',
        'found = re.match(PATTERN, external_id)',
        'case_of = {"apply-safe-fixes": run}',
    ],
)  # fmt: skip
def test_the_rule_can_be_broken(source: str) -> None:
    assert forgeries(source) != []


@pytest.mark.parametrize(
    "source",
    [
        '"""Branches are ``ssot/<migration>/<slug>``, markers ``<!-- ssot:fp=… -->``."""',
        'class A:\n    x: int\n    """Of ``ssot-removal/<migration>``."""',
        "def f():\n    # <!-- ssot:fp= -->\n    return 1",
        'text = "`/ssot migrate --unsafe` rewrites more"',
        'path = ".ssot/ssot.db"',
        'name = "ssot-bot"',
        'SPEC = CommandSpec(name="skip", summary="Put a finding aside.")',
        'log.info("command", command=name)',
        'what = "removal"',
        "from bot.identity.markers import Marker, MarkerKeys",
        "from bot.identity import branches, decisions",
        "text = MarkerKind.SKIP.write(keys, place, values)",
        "number = pull_number(event.external_id, event.repo.id)",
        "name = branches.migration_of(pull.head_ref)",
        "queued = GITHUBS.search(event.head_ref)",
        'url = f"{repository_url}/pull/{number}"',
        'key = f"{repo.full_name}#{number}"',
        'content = file.read("x")',
        'run = CheckRun(external_id=external_ids.of_pull(ref, said))',
    ],
)  # fmt: skip
def test_the_rule_lets_everything_else_be(source: str) -> None:
    assert forgeries(source) == []


def test_the_words_are_wire_names() -> None:
    assert WORDS < WIRES
