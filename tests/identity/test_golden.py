"""What is stored on GitHub, word for word.  A change of any of it is one that old comments and branches do not survive.

So these literals are never brought up to date: the code is.
"""

from datetime import UTC, datetime

import pytest

from bot.domain.commands import Decision
from bot.domain.facts import Comment
from bot.domain.reactions import Reaction
from bot.domain.references import PullRequestRef, Sha
from bot.identity import branches, checks, commits, decisions, external_ids, onboarding, places, pull_requests, replies
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.onboarding import OnboardingMark
from bot.identity.places import MarkerPlace
from bot.identity.pull_requests import BatchMark
from bot.identity.replies import AnsweredCommand
from tests.samples import REPO

KEYS = MarkerKeys(keys=(b"k" * 32,))
PULL = PullRequestRef(repo=REPO, number=7)
BASE = Sha("b" * 40)
BATCH = BatchMark(migration="managers", slug="app-0a1b2c3d", tier="safe", asked_by=123, digest="0123456789abcdef")

ON_PULL, TALK = MarkerPlace("77/pull/7"), MarkerPlace("77/issue/7")
MIGRATION, REMOVAL, FILE = MarkerPlace("77/migration"), MarkerPlace("77/removal"), MarkerPlace("file")
ONBOARDING = MarkerPlace("77/onboarding")
Stored = tuple[MarkerKind, MarkerPlace, tuple[str, ...], str]
STORED: list[Stored] = [
    (MarkerKind.FINGERPRINTS, ON_PULL, ("0123456789abcdef", "fedcba9876543210"),
     "<!-- ssot:fp=0123456789abcdef,fedcba9876543210 sig=dbb12795cd569217f1b0fa6c23888b8e -->"),
    (MarkerKind.RESOLVED, ON_PULL, ("0123456789abcdef",),
     "<!-- ssot:resolved=0123456789abcdef sig=61815ffdf83c72347c0d9157c120a3b8 -->"),
    (MarkerKind.REQUEST, ON_PULL, ("991.0", "1", "2"), "Ssot-Command: 991.0,1,2 sig=b382d57a6b755c97b55946d3fd541388"),
    (MarkerKind.ANSWER, TALK, ("991", "0", "rocket"),
     "<!-- ssot:re=991,0,rocket sig=641141e44fe6d62d97b2a787c618e5e4 -->"),
    (MarkerKind.APOLOGY, TALK, ("991", "0"), "<!-- ssot:sorry=991,0 sig=a8c3fda8c94ea5fdc2e13c64ed62ed7e -->"),
    (MarkerKind.ANSWER_ON_LINE, TALK, ("991", "0", "rocket"),
     "<!-- ssot:re-line=991,0,rocket sig=3278a327d0cda29fe1748c8779573abb -->"),
    (MarkerKind.APOLOGY_ON_LINE, TALK, ("991", "0"),
     "<!-- ssot:sorry-line=991,0 sig=72471134512697b6244b255201d75d59 -->"),
    (MarkerKind.REFUSAL, TALK, ("42",), "<!-- ssot:told-permission=42 sig=73cb13000c3c461a91b742a67a5c716a -->"),
    (MarkerKind.PRESS, TALK, ("press-0123456789abcdef",),
     "<!-- ssot:pressed=press-0123456789abcdef sig=6c6f3f48c5d91323b3f2320d971efb7a -->"),
    (MarkerKind.SKIP, TALK, ("0123456789abcdef", "616e6e", "776879206e6f74"),
     "<!-- ssot:skip=0123456789abcdef,616e6e,776879206e6f74 sig=4cc17f8855872f54af5c119adbc9a482 -->"),
    (MarkerKind.SKIP, TALK, ("0123456789abcdef", "", ""),
     "<!-- ssot:skip=0123456789abcdef,, sig=6b2a1f5dd8f880752c29d4521d5d9c01 -->"),
    (MarkerKind.ATTEST, TALK, ("staging", "616e6e", "7472696564206974"),
     "<!-- ssot:attest=staging,616e6e,7472696564206974 sig=ac0b69786a3d1c02712d6b6afdd069e9 -->"),
    (MarkerKind.ATTEST, TALK, ("staging", "", ""),
     "<!-- ssot:attest=staging,, sig=4753416e3c7aace55f0b61e389e505da -->"),
    (MarkerKind.TRACKER_BEGIN, TALK, ("managers", "issue-7"),
     "<!-- ssot:tracker-begin=managers,issue-7 sig=e61852a2525f3ab0bf1d1529539abb9e -->"),
    (MarkerKind.TRACKER_MEMORY, TALK, ("at:20260301t120000z", "item:routes-are-clean:h"),
     "<!-- ssot:tracker-memory=at:20260301t120000z,item:routes-are-clean:h sig=28c3a0c6c3531f37d9b65a9c40c327d2 -->"),
    (MarkerKind.TRACKER_END, TALK, ("managers", "issue-7"),
     "<!-- ssot:tracker-end=managers,issue-7 sig=24d6d34d74fa4988eef02b46575eda2a -->"),
    (MarkerKind.TRACKER_BEGIN, FILE, ("managers", "file"),
     "<!-- ssot:tracker-begin=managers,file sig=a73d07581a63815c9a8e5263c85af51d -->"),
    (MarkerKind.TRACKER_MEMORY, FILE, ("item:a:h",),
     "<!-- ssot:tracker-memory=item:a:h sig=f0fd26b93f82826925f4feca7181500a -->"),
    (MarkerKind.TRACKER_END, FILE, ("managers", "file"),
     "<!-- ssot:tracker-end=managers,file sig=057bdb5571c5161ed96e89e26f69b5f0 -->"),
    (MarkerKind.TRACKER_NOTE, TALK, ("managers", "contested"),
     "<!-- ssot:tracker-note=managers,contested sig=c9c39c10cbcef97b9e4643d9e5646efb -->"),
    (MarkerKind.TRACKER_FINISHED, TALK, ("managers", "finished"),
     "<!-- ssot:tracker-finished=managers,finished sig=82df56ba8a315b67e7d2680b9e45332f -->"),
    (MarkerKind.BATCH, MIGRATION, ("managers", "app-0a1b2c3d", "safe", "123", "0123456789abcdef"),
     "<!-- ssot:batch=managers,app-0a1b2c3d,safe,123,0123456789abcdef sig=636ae4ecdb6d67cc5ecb73eb528ebbd8 -->"),
    (MarkerKind.BATCH_END, MIGRATION, ("app-0a1b2c3d",),
     "<!-- ssot:batch-end=app-0a1b2c3d sig=7828b3e1fba4554acbdb783e05f11781 -->"),
    (MarkerKind.BATCH_CLOSED, TALK, ("1",), "<!-- ssot:batch-closed=1 sig=f23023bb95be56c682a839a4f7d70d6c -->"),
    (MarkerKind.BATCH_LEFT, TALK, ("1",), "<!-- ssot:batch-left=1 sig=3f1e86b34d3f415256bfb671e4340ce5 -->"),
    (MarkerKind.REMOVAL, REMOVAL, ("managers",),
     "<!-- ssot:removal=managers sig=776fe7666895f8f38b7a9cbfaf4ca0bd -->"),
    (MarkerKind.REMOVAL_STATE, TALK, ("managers", "free"),
     "<!-- ssot:removal-state=managers,free sig=18faf350b9031d5b565de3d41cd74196 -->"),
    (MarkerKind.ONBOARDING_BEGIN, ONBOARDING, ("b" * 40, "a" * 40, "0"),
     f"<!-- ssot:onboarding-begin={'b' * 40},{'a' * 40},0 sig=a246dcb93d64e341a57e1666457e15cf -->"),
    (MarkerKind.ONBOARDING_END, ONBOARDING, ("1",),
     "<!-- ssot:onboarding-end=1 sig=4195229c269c144ff1d7ef8b8de0a3f4 -->"),
    (MarkerKind.ONBOARDING_REQUEST, ONBOARDING, ("issue",),
     "<!-- ssot:onboarding-request=issue sig=f9dd1be1bcb9f862576b2ff8bdc4865f -->"),
    (MarkerKind.ONBOARDING_ISSUE, ONBOARDING, ("1",),
     "<!-- ssot:onboarding-issue=1 sig=c8b2daf380902a4393814a75074754d2 -->"),
    (MarkerKind.ONBOARDING_CLOSED, TALK, ("1",),
     "<!-- ssot:onboarding-closed=1 sig=99b71a9c5067a34b1dabe1c8a7a732de -->"),
]  # fmt: skip
TEXT_OF = {(kind, place, values): text for kind, place, values, text in STORED}


def stored(kind: MarkerKind, *values: str) -> str:
    """The one text of this kind with these values."""
    (text,) = (text for (each, _, said), text in TEXT_OF.items() if each is kind and said == values)
    return text


@pytest.mark.parametrize(("kind", "place", "values", "text"), STORED, ids=[f"{s[0].name}-{s[1]}" for s in STORED])
def test_a_marker_is_written_and_read_as_ever(
    kind: MarkerKind, place: MarkerPlace, values: tuple[str, ...], text: str
) -> None:
    assert kind.write(KEYS, place, values) == text
    assert kind.read(KEYS, place, f"Words.\n\n{text}") == values


def test_every_kind_is_stored_here() -> None:
    assert {kind for kind, *_ in STORED} == set(MarkerKind)
    assert len({kind.wire for kind in MarkerKind}) == len(MarkerKind)


def test_the_key_is_derived_as_ever() -> None:
    (key,) = MarkerKeys.derive([b"a secret of some length"]).keys
    assert key.hex() == "b8ffa9a6a261a5f788c44119890b7d79720670b499aeb60322a153e31be84686"


def test_places() -> None:
    assert places.pull_request(PULL) == "77/pull/7"
    assert places.conversation(REPO, 7) == "77/issue/7"
    assert places.migration(77) == "77/migration"
    assert places.removal(77) == "77/removal"
    assert places.onboarding(77) == "77/onboarding"
    assert places.FILE == "file"


def test_replies() -> None:
    answer, apology = stored(MarkerKind.ANSWER, "991", "0", "rocket"), stored(MarkerKind.APOLOGY, "991", "0")
    press = stored(MarkerKind.PRESS, "press-0123456789abcdef")
    command = AnsweredCommand(comment_id=991, index=0, reaction=Reaction.ROCKET)
    assert replies.answer(KEYS, REPO, 7, command) == answer
    assert replies.answer_in(KEYS, REPO, 7, answer) == command
    assert replies.apology(KEYS, REPO, 7, 991, 0) == apology
    assert replies.is_apology(KEYS, REPO, 7, 991, 0, apology)
    assert not replies.is_apology(KEYS, REPO, 7, 991, 1, apology)
    on_line = AnsweredCommand(comment_id=991, index=0, reaction=Reaction.ROCKET, on_line=True)
    answer = stored(MarkerKind.ANSWER_ON_LINE, "991", "0", "rocket")
    assert (replies.answer(KEYS, REPO, 7, on_line), replies.answer_in(KEYS, REPO, 7, answer)) == (answer, on_line)
    there = stored(MarkerKind.APOLOGY_ON_LINE, "991", "0")
    assert replies.apology(KEYS, REPO, 7, 991, 0, on_line=True) == there
    assert replies.is_apology(KEYS, REPO, 7, 991, 0, there, on_line=True)
    assert not replies.is_apology(KEYS, REPO, 7, 991, 0, there)
    assert replies.refusal(KEYS, REPO, 7, 42) == stored(MarkerKind.REFUSAL, "42")
    assert replies.is_refusal(KEYS, REPO, 7, 42, stored(MarkerKind.REFUSAL, "42"))
    assert not replies.is_refusal(KEYS, REPO, 7, 4, stored(MarkerKind.REFUSAL, "42"))
    assert replies.press(KEYS, REPO, 7, "press-0123456789abcdef") == press
    assert replies.is_answer_to_press(KEYS, REPO, 7, "press-0123456789abcdef", press)


@pytest.mark.parametrize(
    ("decision", "kind", "values"),
    [
        (decisions.skip("0123456789abcdef", "ann", "why not"), MarkerKind.SKIP, ("616e6e", "776879206e6f74")),
        (decisions.unskip("0123456789abcdef"), MarkerKind.SKIP, ("", "")),
        (decisions.attest("staging", "ann", "tried it"), MarkerKind.ATTEST, ("616e6e", "7472696564206974")),
        (decisions.withdraw("staging"), MarkerKind.ATTEST, ("", "")),
    ],
)
def test_decisions(decision: Decision, kind: MarkerKind, values: tuple[str, ...]) -> None:
    assert decisions.marker(KEYS, REPO, 7, decision) == stored(kind, decision.about, *values)


def test_decisions_are_read_from_what_is_stored() -> None:
    def said(text: str) -> Comment:
        at = datetime(2026, 3, 1, tzinfo=UTC)
        return Comment(id=1, node_id="", author="", ours=True, body=text, html_url="https://x/1", created_at=at)

    skip = said(stored(MarkerKind.SKIP, "0123456789abcdef", "616e6e", "776879206e6f74"))
    waiver = decisions.waivers(KEYS, REPO, 7, [skip])["0123456789abcdef"]
    assert (waiver.by, waiver.reason) == ("ann", "why not")
    attest = said(stored(MarkerKind.ATTEST, "staging", "616e6e", "7472696564206974"))
    attestation = decisions.attestations(KEYS, REPO, 7, [attest])["staging"]
    assert (attestation.by, attestation.reason) == ("ann", "tried it")


def test_commits() -> None:
    trailer = stored(MarkerKind.REQUEST, "991.0", "1", "2")
    assert commits.request(KEYS, PULL, "991.0", 1, 2) == trailer
    assert commits.part_of(KEYS, PULL, "991.0", f"Migrate 1 usage\n\n{trailer}\n") == 1


def test_pull_requests() -> None:
    values = ("managers", "app-0a1b2c3d", "safe", "123", "0123456789abcdef")
    begin, end = stored(MarkerKind.BATCH, *values), stored(MarkerKind.BATCH_END, "app-0a1b2c3d")
    assert pull_requests.batch_markers(KEYS, 77, BATCH) == (begin, end)
    assert pull_requests.batch_mark_of(KEYS, 77, f"{begin}\nWords.\n{end}") == BATCH
    assert pull_requests.reworded(f"Mine.\n{begin}\nWords.\n{end}\nMine.", "New.") == "Mine.\nNew.\nMine."
    removal = stored(MarkerKind.REMOVAL, "managers")
    assert pull_requests.removal_marker(KEYS, 77, "managers") == removal
    assert pull_requests.is_removal(KEYS, 77, "managers", removal)


def test_onboarding() -> None:
    mark = OnboardingMark(base=BASE, head=Sha("a" * 40))
    begin, end = stored(MarkerKind.ONBOARDING_BEGIN, BASE, "a" * 40, "0"), stored(MarkerKind.ONBOARDING_END, "1")
    assert onboarding.onboarding_markers(KEYS, 77, mark) == (begin, end)
    assert onboarding.onboarding_mark_of(KEYS, 77, f"Mine.\r\n{begin}\r\nWords.\r\n{end}") == mark
    assert onboarding.onboarding_reworded(f"Mine.\n{begin}\nWords.\n{end}\nMine.", "New.") == "Mine.\nNew.\nMine."
    assert onboarding.onboarding_reworded(f"Mine.\n{begin}\nWords.", "New.") is None
    later = OnboardingMark(base=None, head=Sha("a" * 40), issue=12)
    assert onboarding.onboarding_mark_of(KEYS, 77, onboarding.onboarding_markers(KEYS, 77, later)[0]) == later
    asks = stored(MarkerKind.ONBOARDING_REQUEST, "issue")
    assert onboarding.issue_box(KEYS, 77, "Words.") == f"- [ ] Words. {asks}"
    issue = stored(MarkerKind.ONBOARDING_ISSUE, "1")
    assert onboarding.issue_marker(KEYS, 77) == issue
    assert onboarding.is_tracking_issue(KEYS, 77, issue)
    assert not onboarding.is_tracking_issue(KEYS, 78, issue)


@pytest.mark.parametrize(
    ("line", "ticked"),
    [
        ("- [x] Words. {asks}", True),
        ("* [X] Words. {asks}", True),
        ("Mine.\r\n- [x] Words. {asks}\r\nMine.", True),
        ("- [ ] Words. {asks}", False),
        ("- [x] Mine.\n- [ ] Words. {asks}", False),
        ("- [x] Words.\n{asks}", False),
        ("- [x] Words.", False),
        ("- [x] Words. <!-- ssot:onboarding-request=issue sig=f9dd1be1bcb9f862576b2ff8bdc48650 -->", False),
    ],
)
def test_a_box_is_ticked_by_its_own_line(line: str, ticked: bool) -> None:
    text = line.format(asks=stored(MarkerKind.ONBOARDING_REQUEST, "issue"))
    assert onboarding.asks_for_issue(KEYS, 77, text) is ticked


def test_branches() -> None:
    assert branches.of_batch("managers", "app-0a1b2c3d") == "ssot/managers/app-0a1b2c3d"
    assert branches.alternative("ssot/managers/app-0a1b2c3d", 2) == "ssot/managers/app-0a1b2c3d-2"
    assert branches.is_of_batch("ssot/managers/app-0a1b2c3d-2", "managers", "app-0a1b2c3d")
    assert not branches.is_of_batch("ssot/managers/app-0a1b2c3d-x", "managers", "app-0a1b2c3d")
    assert branches.migration_of("ssot/managers/app-0a1b2c3d") == "managers"
    assert [branches.migration_of(each) for each in ("ssot/managers", "ssot-removal/managers", "main")] == [None] * 3
    assert branches.ONBOARDING == "ssot-onboarding"
    assert branches.migration_of(branches.ONBOARDING) is None
    assert branches.of_removal("managers") == "ssot-removal/managers"
    assert branches.is_of_removal("ssot-removal/managers")
    assert not branches.is_of_removal("ssot/managers/app-0a1b2c3d")


def test_external_ids() -> None:
    one, queued = "77/pull/7:dcb3f7088583e134", f"77/queue/7/{'b' * 40}:dcb3f7088583e134"
    assert external_ids.of_pull(PULL, "what it says") == one
    assert external_ids.of_queued(PULL, BASE, "what it says") == queued
    assert external_ids.pull_number(one, 77) == 7
    assert external_ids.queue_entry(queued, 77) == (7, BASE)
    assert external_ids.pull_number(queued, 77) is None
    assert external_ids.queue_entry(one, 77) is None


def test_checks() -> None:
    assert (checks.CHECK_NAME, checks.APPLY_SAFE_FIXES, checks.RESCAN) == ("ssot", "apply-safe-fixes", "rescan")
