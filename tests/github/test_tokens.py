"""Tokens are narrow, made once, used until five minutes before their end, and seen nowhere."""

import asyncio
import base64
import json
import logging

import pytest

from bot.domain.effects import NewComment
from bot.domain.references import PullRequestRef, RepoRef, Sha
from bot.github import GitHub, Performer, reads
from bot.github.manifest import needed_permissions
from bot.github.purposes import CONVERSATION, MIGRATION, REVIEW, TRACKER, covers
from bot.github.tokens import Minted
from bot.sandbox import Repo, Sandbox
from tests.github.clock import ManualClock

TOKENS = "/app/installations/{installation_id}/access_tokens"


def token_requests(github: Sandbox) -> list[object]:
    return [request.body for request in github.requests if request.template == TOKENS]


async def test_a_token_is_for_one_repository_and_one_purpose(
    github: Sandbox, gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo
) -> None:
    issue = await repo.open_issue("t", "b")
    await reads.branch_head(gh, ref, "main")
    await performer.perform(NewComment(repo=ref, number=issue.number, body="hello"))
    assert token_requests(github) == [
        {"repository_ids": [ref.id], "permissions": {"contents": "read"}},
        {"repository_ids": [ref.id], "permissions": {"issues": "write", "pull_requests": "write"}},
    ]


async def test_many_who_ask_at_once_get_one_token(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    await asyncio.gather(*(reads.repository(gh, ref) for _ in range(20)))
    assert len(token_requests(github)) == 1


async def test_one_who_gives_up_does_not_take_the_others_token(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    hold = github.faults.hold(path="/app/installations/*")
    first, second = (asyncio.create_task(reads.repository(gh, ref)) for _ in range(2))
    await hold.reached.wait()
    first.cancel()
    hold.release()
    assert (await second).ref == ref
    assert len(token_requests(github)) == 1


@pytest.mark.parametrize(("minutes", "made"), [(54, 1), (56, 2)])
async def test_a_token_is_used_until_five_minutes_before_its_end(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock, minutes: int, made: int
) -> None:
    await reads.repository(gh, ref)
    clock.advance(minutes * 60)
    await reads.repository(gh, ref)
    assert len(token_requests(github)) == made
    assert all(request.status != 401 for request in github.requests)


async def test_the_jwt_is_backdated_and_short(github: Sandbox, gh: GitHub, clock: ManualClock) -> None:
    token = gh._key.jwt()
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    now = clock.now().timestamp()
    assert claims == {"iat": int(now) - 60, "exp": int(now) + 480, "iss": str(github.app.id)}
    assert gh._key.jwt() == token
    clock.advance(301)
    assert gh._key.jwt() != token


async def test_secrets_are_seen_nowhere(
    github: Sandbox, gh: GitHub, ref: RepoRef, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await reads.repository(gh, ref)
    github.faults.error(502, path="*/git/ref/*", times=None)
    with pytest.raises(Exception, match="502") as caught:
        await reads.branch_head(gh, ref, "main")
    (key_line, *_) = github.app.private_key.splitlines()[1:]
    output = capsys.readouterr()
    shown = "".join(
        (
            caplog.text, output.out, output.err, repr(caught.value), str(caught.value), repr(gh), repr(vars(gh)),
            repr(gh.channel(ref.installation)), repr(Minted(token="ghs_canary", expires_at=gh.clock.now())),
        )
    )  # fmt: skip
    assert not [secret for secret in (*github.tokens, key_line, "ghs_canary", gh._key.jwt()) if secret in shown]
    assert github.tokens


async def test_repositories_share_no_token(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    other = await github.repo("acme/other", files={"a.py": b""})
    theirs = RepoRef(installation=ref.installation, id=type(ref.id)(other.id), owner="acme", name="other")
    await asyncio.gather(reads.repository(gh, ref), reads.repository(gh, theirs))
    assert sorted(str(body) for body in token_requests(github)) == sorted(
        str({"repository_ids": [number], "permissions": {"metadata": "read"}}) for number in (ref.id, other.id)
    )


async def test_a_pull_requests_checks_and_files_are_read_with_different_tokens(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo
) -> None:
    pull = await repo.open_pull_request({"b.py": b""})
    await reads.check_runs(gh, ref, Sha(pull.head_sha))
    await reads.open_pull_requests(gh, ref)
    asked = [body["permissions"] for body in token_requests(github) if isinstance(body, dict)]
    assert asked == [{"checks": "read"}, {"pull_requests": "read"}]


async def test_work_asks_for_one_token_and_keeps_to_it(
    github: Sandbox, gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo
) -> None:
    pull = await repo.open_pull_request({"b.py": b""})
    working = gh.working_for(REVIEW)
    await reads.check_runs(working, ref, Sha(pull.head_sha))
    await reads.branch_head(working, ref, "main")
    await reads.pull_request(working, PullRequestRef(repo=ref, number=pull.number))
    assert token_requests(github) == [{"repository_ids": [ref.id], "permissions": dict(sorted(REVIEW.items()))}]
    await performer.working_for(REVIEW).perform(NewComment(repo=ref, number=pull.number, body="hello"))
    own = {"repository_ids": [ref.id], "permissions": {"issues": "write", "pull_requests": "write"}}
    assert token_requests(github)[1:] == [own], "what a purpose does not cover has a token of its own"


async def test_what_is_not_granted_to_all_of_the_work_is_asked_for_one_by_one(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo
) -> None:
    installation = github.installation(repo)
    del installation.permissions["issues"]
    working = gh.working_for(REVIEW)
    await reads.branch_head(working, ref, "main")
    await reads.open_pull_requests(working, ref)
    asked = [body["permissions"] for body in token_requests(github) if isinstance(body, dict)]
    assert asked == [dict(sorted(REVIEW.items())), {"contents": "read"}, {"pull_requests": "read"}]


async def test_a_shared_token_that_is_refused_is_made_once_more(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo
) -> None:
    working = gh.working_for(REVIEW)
    await reads.branch_head(working, ref, "main")
    github.revoke_tokens()
    await reads.branch_head(working, ref, "main")
    await reads.open_pull_requests(working, ref)
    assert [str(body).count("checks") for body in token_requests(github)] == [1, 1]


@pytest.mark.parametrize(
    ("granted", "needed", "holds"),
    [
        ({"checks": "write"}, {"checks": "read"}, True),
        ({"checks": "write"}, {"checks": "write"}, True),
        ({"checks": "read"}, {"checks": "write"}, False),
        ({"checks": "write"}, {"contents": "read"}, False),
        ({"checks": "write", "contents": "read"}, {"checks": "read", "contents": "read"}, True),
        ({"checks": "write", "contents": "read"}, {"checks": "read", "contents": "write"}, False),
        ({}, {"metadata": "read"}, False),
    ],
)
def test_a_purpose_covers_what_it_names(granted: dict[str, str], needed: dict[str, str], holds: bool) -> None:
    assert covers(granted, needed) is holds


@pytest.mark.parametrize("purpose", [REVIEW, CONVERSATION, MIGRATION, TRACKER])
def test_a_purpose_asks_for_nothing_that_the_app_does_not_have(purpose: dict[str, str]) -> None:
    assert covers(needed_permissions(), purpose)
