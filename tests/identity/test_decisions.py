from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands import Decision
from bot.domain.facts import Comment
from bot.identity import decisions
from bot.identity.markers import MarkerKeys
from tests.samples import REPO

KEYS = MarkerKeys.derive([b"a secret of some length"])
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reply(*said: Decision, number: int = 7, keys: MarkerKeys = KEYS, ours: bool = True, after: int = 0) -> Comment:
    markers = "\n".join(decisions.marker(keys, REPO, number, decision) for decision in said)
    return Comment(
        id=1, node_id="IC_1", author="ssot-bot[bot]", ours=ours, body=f"Written down.\n\n{markers}", html_url="https://x/1",
        created_at=AT + timedelta(minutes=after),
    )  # fmt: skip


def said(*comments: Comment) -> dict[str, str]:
    return {f: w.reason for f, w in decisions.waivers(KEYS, REPO, 7, comments).items()}


@given(st.text(max_size=300), st.from_regex(r"[a-zA-Z0-9-]{1,39}", fullmatch=True))
def test_any_reason_comes_back_as_it_was_given(reason: str, by: str) -> None:
    waiver = decisions.waivers(KEYS, REPO, 7, [reply(decisions.skip("f1", by, reason))])["f1"]
    assert (waiver.by, waiver.reason) == (by, reason)


def test_the_last_word_counts() -> None:
    first, second = reply(decisions.skip("f1", "ann", "one")), reply(decisions.skip("f1", "ben", "two"))
    back, other = reply(decisions.unskip("f1")), reply(decisions.skip("f2", "ann", "three"))
    assert said(first, other) == {"f1": "one", "f2": "three"}
    assert said(first, second) == {"f1": "two"}
    assert said(first, other, back) == {"f2": "three"}
    assert said(back, first) == {"f1": "one"}


@pytest.mark.parametrize(
    "comment",
    [
        reply(decisions.skip("f1", "ann", "x"), ours=False),
        reply(decisions.skip("f1", "ann", "x"), number=8),
        reply(decisions.skip("f1", "ann", "x"), keys=MarkerKeys.derive([b"another secret, also long"])),
        reply(decisions.attest("f1", "ann", "x")),
        replace(reply(), body="<!-- ssot:skip=f1,616e6e,78 -->"),
    ],
    ids=["a person's", "of another conversation", "another App's", "of another kind", "unsigned"],
)
def test_what_the_bot_did_not_write_here_is_no_record(comment: Comment) -> None:
    assert said(comment) == {}


def test_an_attestation_says_who_when_why_and_where() -> None:
    comments = [reply(decisions.attest("staging", "ann", "tried it"), after=5)]
    found = decisions.attestations(KEYS, REPO, 7, comments)["staging"]
    assert (found.by, found.at, found.reason, found.link) == (
        "ann",
        AT + timedelta(minutes=5),
        "tried it",
        "https://x/1",
    )
    assert decisions.attestations(KEYS, REPO, 7, [*comments, reply(decisions.withdraw("staging"))]) == {}
