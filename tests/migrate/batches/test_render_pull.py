"""What the bot writes about migration pull requests: other people's names are text, our words can be found again."""

import re
from dataclasses import replace
from html import unescape

import pytest

from bot.domain.effects import MAX_BODY
from bot.domain.facts import Repository
from bot.domain.finding import Kind
from bot.domain.migration import Migration, Mode
from bot.domain.references import Sha
from bot.identity.markers import MarkerKeys
from bot.identity.pull_requests import BatchMark, batch_mark_of, reworded
from bot.migrate.batches import render_answer as replies
from bot.migrate.batches import render_pull as words
from bot.migrate.batches.models import (
    BatchFacts,
    BatchReport,
    BatchRequest,
    OpenBatch,
    OpenPull,
    PullRequestBatch,
    Tier,
)
from bot.migrate.batches.plan import plan_batches
from tests.markdown.test_text import GFM, HOSTILE
from tests.migrate.batches.facts import NONE, SAFE, UNSAFE, cut, facts, file, found
from tests.samples import REPO

KEYS = MarkerKeys.derive([b"a secret of some length"])
REPOSITORY = Repository(
    ref=REPO,
    node_id="R_77",
    default_branch="main",
    private=True,
    archived=False,
    html_url="https://github.com/acme/app",
)
MIGRATION = replace(cut(), tracking_issue=506, message="Use @team's `Manager`, fixes #1.", docs_url="https://e.org/x")
CLOSING = re.compile(r"\b(close[sd]?|fix(e[sd])?|resolve[sd]?)\b\W{0,3}(#\d|gh-\d|https?:)", re.IGNORECASE)
TAGS = {"p", "strong", "a", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "sub", "details", "summary"}
NAMES = [name for name in HOSTILE if name.strip() and "\n" not in name and len(name) < 300 and name != "\\"]


def batch(given: BatchFacts) -> PullRequestBatch:
    (action,) = plan_batches(given).actions
    assert isinstance(action, OpenBatch)
    return action.batch


def body(of: PullRequestBatch, migration: Migration = MIGRATION, *, asked_by: int = 7) -> str:
    return words.body(of, migration, REPOSITORY, KEYS, branch=of.branch, asked_by=asked_by)


def rendered(markdown: str) -> str:
    """The words that GitHub would scan for mentions and references: without code, tags and our own reference."""
    html = re.sub(r"<code>.*?</code>", "", GFM.render(markdown), flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", "", html)).replace("#506", "")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files_are_text_everywhere(name: str) -> None:
    path = f"{name}/a.py"
    given = facts(file(path, found(path, SAFE), found(path, NONE, line=9)), of=MIGRATION)
    one = batch(given)
    for title in (words.title(one), words.commit_message(one, MIGRATION)):
        said = title.replace("Part of #506", "")
        assert not re.search(r"@\w|#\d|GH-\d|https?:", said)
        assert not CLOSING.search(title)
        assert title.split("\n")[0].isprintable()
    text = body(one)
    answer = replies.reply([report(given, numbers={one.branch: 12})], REPOSITORY, 7)
    for shown in (text, answer):
        said = rendered(shown).replace("#12", "")
        assert not re.search(r"@\w|#\d|GH-\d", said)
        assert not CLOSING.search(said)
        html = re.sub(r"<code>.*?</code>", "", GFM.render(shown), flags=re.DOTALL)
        assert set(re.findall(r"<(\w+)", html)) <= TAGS
        links = re.findall(r'href="([^"]*)"', html)
        assert all(link.startswith(("https://github.com/acme/app/blob/", "https://e.org/")) for link in links)
    assert len(GFM.render(text).split("<tr>")) == 3, "the table has its head and one row"


def report(given: BatchFacts, *, numbers: dict[str, int] | None = None) -> BatchReport:
    ask = given.ask or BatchRequest()
    return BatchReport(
        migration=given.migration, commit=Sha("a" * 40), plan=plan_batches(given), ask=ask, numbers=numbers or {}
    )


def test_what_the_marker_says_is_read_back() -> None:
    one = batch(facts("app/a.py", of=MIGRATION, ask=BatchRequest(tier=Tier.UNSAFE)))
    mark = batch_mark_of(KEYS, REPO.id, body(one, asked_by=123))
    assert mark == BatchMark(migration="managers", slug=one.slug, tier=Tier.UNSAFE, asked_by=123, digest=one.digest)
    assert mark.of_branch(one.branch)
    assert mark.of_branch(f"{one.branch}-2")
    assert not mark.of_branch(f"{one.branch}-x")
    assert not mark.of_branch("ssot/managers/other")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",safe,", ",unsafe,"),
        lambda text: text.replace("managers,", "others,"),
        lambda text: re.sub(r"sig=\w", "sig=f", text).replace("sig=ff", "sig=0f"),
        lambda _: "",
    ],
    ids=["tier", "migration", "signature", "nothing"],
)
def test_a_marker_that_was_changed_is_none(change: object) -> None:
    assert callable(change)
    assert batch_mark_of(KEYS, REPO.id, change(body(batch(facts("a.py"))))) is None


def test_a_marker_of_another_repository_is_none() -> None:
    assert batch_mark_of(KEYS, 78, body(batch(facts("a.py")))) is None


def test_only_our_part_of_the_text_is_replaced() -> None:
    before, after = body(batch(facts("a.py"))), body(batch(facts("a.py", "b.py")))
    assert reworded(f"Mine.\n\n{before}\n\nMine, too: \\1", after) == f"Mine.\n\n{after}\n\nMine, too: \\1"
    assert reworded("Mine.", after) is None


def test_the_text_says_what_why_how_proved_and_what_is_left() -> None:
    path = "app/a.py"
    one = batch(facts(file(path, found(path, SAFE), found(path, NONE, line=9)), of=MIGRATION))
    text = body(one)
    assert "Part of #506." in text
    for part in (
        "**What.** Migrates 1 usage of `get_manager`",
        "**Why.**",
        "**How it was checked.**",
        "**Not migrated**, 1 usage",
    ):
        assert part in text
    assert "No rule fits" in text
    assert f"https://github.com/acme/app/blob/{one.branch}/app/a.py#L9" in text
    assert "may change behaviour" not in text


def test_unsafe_rewrites_are_told() -> None:
    path = "app/a.py"
    one = batch(facts(file(path, found(path, UNSAFE)), of=MIGRATION, ask=BatchRequest(tier=Tier.UNSAFE)))
    assert "may change behaviour" in body(one)
    assert "1 fix to review" in body(one)


def test_without_a_tracker_no_issue_is_named() -> None:
    alone = replace(MIGRATION, tracking_issue=None, message=None)
    one = batch(facts("a.py", of=alone))
    assert "#" not in re.sub(r"<!--.*?-->|\(http[^)]*\)", "", body(one, alone))
    assert "Part of" not in words.commit_message(one, alone)


def test_texts_end_before_github_s_limit() -> None:
    long = "/".join(["directory"] * 20)
    paths = [f"{long}/{n}.py" for n in range(300)]
    files = [
        file(path, *(found(path, UNSAFE, line=n) for n in range(1, 12)), found(path, NONE, line=50)) for path in paths
    ]
    given = facts(
        *files, of=replace(MIGRATION, pull_requests=cut(300).pull_requests), ask=BatchRequest(tier=Tier.UNSAFE)
    )
    one = batch(given)
    assert len(body(one)) <= MAX_BODY
    assert batch_mark_of(KEYS, REPO.id, body(one)) is not None
    assert "shortened" in body(one)
    assert len(words.title(one)) <= 256
    assert len(replies.dry_run([report(given)], REPOSITORY)) < 3 * MAX_BODY


@pytest.mark.parametrize(
    ("mode", "says"),
    [(Mode.MIGRATE, "The next one opens when one is merged"), (Mode.BLOCK_NEW, "Run the command again")],
)
def test_how_it_goes_on_depends_on_the_mode(mode: Mode, says: str) -> None:
    migration = replace(MIGRATION, mode=mode, pull_requests=cut(1, 1).pull_requests)
    assert says in replies.reply([report(facts("a.py", "b/b.py", of=migration))], REPOSITORY, 7)


def test_what_cannot_be_read_is_named() -> None:
    from bot.domain.finding import Failed, Skipped

    unread = (Failed(path="a.py", line=3, message="invalid <syntax>"), Skipped(path="b.py", reason="too big"))
    text = replies.reply([replace(report(facts("c.py")), unread=unread)], REPOSITORY, 7)
    assert "**Not scanned**: 2 files." in text
    assert "line 3" in text
    assert "too big" in text


def test_on_an_issue_that_tracks_nothing_the_trackers_are_named() -> None:
    assert "tracked in #506" in replies.no_tracker(7, {"managers": 506})
    assert "No migration of this repository has a tracking issue" in replies.no_tracker(7, {})


def test_the_comments_say_why() -> None:
    pull = OpenPull(number=12, branch="ssot/m/x", head_sha=Sha("a" * 40), files={})
    assert "Nothing is left to migrate in these files" in words.closing(REPOSITORY, pull, KEYS)
    assert "I no longer update it" in words.leaving(REPOSITORY, pull, KEYS)


def test_a_facade_and_another_migration_s_files_are_explained() -> None:
    facade = file("f.py", found("f.py", UNSAFE, kind=Kind.RE_EXPORT))
    given = replace(facts(facade, "a.py", "t.py", of=MIGRATION, ask=BatchRequest(tier=Tier.UNSAFE)), taken={"t.py": 12})
    text = replies.reply([report(given)], REPOSITORY, 7)
    assert "Re-exports are removed last" in text
    assert "Another open pull request changes these files, so they wait: `t.py` in #12." in text
