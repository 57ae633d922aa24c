"""GraphQL answers 200 whatever happens: its ``errors`` are read."""

import json

import pytest

from bot.domain.effects import Redeliver, ResolveThread, Review, ReviewComment
from bot.domain.errors import RetryLater
from bot.domain.references import PullRequestRef, RepoRef, Sha
from bot.github import GitHub, Performer, reads
from bot.github.errors import GraphQLError, MissingPermission, NotFound, Uncertain, UnexpectedShape
from bot.github.graphql import outcome
from bot.sandbox import Repo, Sandbox
from bot.sandbox.faults import Reply
from tests.github.clock import ManualClock


def answer(github: Sandbox, document: object, times: int | None = 1) -> None:
    body = json.dumps(document).encode()
    github.faults.add("graphql", Reply(status=200, body=body), effect=False, path="/graphql", times=times)


def error(kind: str | None, message: str = "no") -> dict[str, object]:
    return {"data": None, "errors": [{"message": message} | ({"type": kind} if kind else {})]}


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("NOT_FOUND", "Could not resolve", NotFound),
        ("FORBIDDEN", "Resource not accessible by integration", MissingPermission),
        ("FORBIDDEN", "The branch is protected", GraphQLError),
        ("UNPROCESSABLE", "no", GraphQLError),
        (None, "no", GraphQLError),
    ],
)
async def test_an_error_is_typed(
    github: Sandbox, performer: Performer, ref: RepoRef, kind: str | None, message: str, expected: type[Exception]
) -> None:
    answer(github, error(kind, message))
    with pytest.raises(expected) as caught:
        await performer.perform(ResolveThread(repo=ref, thread_id="PRRT_1"))
    assert type(caught.value) is expected


async def test_its_own_rate_limit_closes_the_gate(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock
) -> None:
    answer(github, error("RATE_LIMITED", "API rate limit exceeded"))
    with pytest.raises(RetryLater) as caught:
        await reads.review_threads(gh, PullRequestRef(repo=ref, number=1))
    assert (caught.value.at - clock.now()).total_seconds() == 60
    sent = len(github.requests)
    with pytest.raises(RetryLater):
        await reads.review_threads(gh, PullRequestRef(repo=ref, number=1))
    assert len(github.requests) == sent
    assert (await reads.repository(gh, ref)).ref == ref, "a primary limit stops its own resource"


@pytest.mark.parametrize("status", [200, 403])
async def test_a_secondary_limit_in_graphql_stops_everything(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock, status: int
) -> None:
    github.faults.graphql_limited(None, status=status, retry_after=90)
    with pytest.raises(RetryLater) as caught:
        await reads.review_threads(gh, PullRequestRef(repo=ref, number=1))
    assert (caught.value.at - clock.now()).total_seconds() == 90
    sent = len(github.requests)
    with pytest.raises(RetryLater):
        await reads.repository(gh, ref)
    assert len(github.requests) == sent


async def test_a_query_that_is_too_large_is_asked_for_in_smaller_pages(
    github: Sandbox, gh: GitHub, performer: Performer, repo: Repo, ref: RepoRef, clock: ManualClock
) -> None:
    pull = await repo.open_pull_request({"a.py": b"x = 1\n" * 9})
    comments = tuple(ReviewComment(path="a.py", line=line, start_line=None, body="here") for line in range(1, 8))
    await performer.perform(
        Review(
            pull=PullRequestRef(repo=ref, number=pull.number), head_sha=Sha(pull.head_sha), body="", comments=comments
        )
    )
    slept = list(clock.slept)
    github.limits.graphql_nodes = 700
    threads = await reads.review_threads(gh, PullRequestRef(repo=ref, number=pull.number))
    assert [thread.line for thread in threads] == list(range(1, 8))
    assert clock.slept == slept


async def test_a_query_that_is_too_large_whatever_its_size_is_refused(
    github: Sandbox, gh: GitHub, repo: Repo, ref: RepoRef
) -> None:
    pull = await repo.open_pull_request({"a.py": b"x = 1\n"})
    github.limits.graphql_nodes = 10
    with pytest.raises(GraphQLError) as caught:
        await reads.review_threads(gh, PullRequestRef(repo=ref, number=pull.number))
    assert caught.value.too_large


HICCUP = error(None, "Something went wrong while executing")
MISSHAPEN = [[], {}, {"data": None}, {"data": {"repository": {}}}]


@pytest.mark.parametrize("document", [*MISSHAPEN, HICCUP], ids=str)
async def test_a_useless_answer_is_asked_for_again(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock, document: object
) -> None:
    answer(github, document, times=None)
    with pytest.raises(RetryLater if document is HICCUP else UnexpectedShape):
        await reads.review_threads(gh, PullRequestRef(repo=ref, number=1))
    assert clock.slept == [0.5, 2.0]


@pytest.mark.parametrize("document", [*MISSHAPEN, HICCUP], ids=str)
async def test_a_useless_answer_to_a_mutation_is_uncertain(
    github: Sandbox, performer: Performer, ref: RepoRef, document: object
) -> None:
    answer(github, document, times=None)
    with pytest.raises(Uncertain if document is HICCUP else UnexpectedShape):
        await performer.perform(ResolveThread(repo=ref, thread_id="PRRT_1"))
    assert len([request for request in github.requests if request.path == "/graphql"]) == 1


def test_half_an_answer_is_none() -> None:
    with pytest.raises(GraphQLError):
        outcome({"data": {"repository": {"id": 1}}, "errors": [{"type": "NOT_FOUND", "message": "no"}]})


async def test_deliveries_are_listed_and_sent_again(
    github: Sandbox, gh: GitHub, performer: Performer, ref: RepoRef
) -> None:
    await github.ping()
    github.webhook_url = "http://127.0.0.1:9/nobody"
    await github.settled()
    (failed,) = [delivery async for delivery in reads.hook_deliveries(gh)]
    assert failed.failed
    await performer.perform(Redeliver(attempt=failed.id, guid=failed.guid))
    await github.settled()
    newest, oldest = [delivery async for delivery in reads.hook_deliveries(gh)]
    assert (newest.guid, newest.redelivery, oldest.redelivery) == (failed.guid, True, False)
