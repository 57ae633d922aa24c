"""GitHub misbehaving: no request too early, no write twice, no answer believed that is none."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.effects import NewComment
from bot.domain.errors import Gone, RetryLater
from bot.domain.references import RepoRef, Sha
from bot.github import GitHub, Performer, reads
from bot.github.errors import MissingPermission, Unauthorized, Uncertain, UnexpectedShape
from bot.github.shape import key_of
from bot.sandbox import Repo, Sandbox
from bot.sandbox.faults import Fault, Reply
from tests.github.clock import ManualClock
from tests.github.conftest import ref_of

REPO = "/repos/acme/app"


async def wait_of(gh: GitHub, ref: RepoRef, clock: ManualClock) -> float:
    """How long a read is told to wait, in seconds."""
    before = clock.now()
    with pytest.raises(RetryLater) as caught:
        await reads.repository(gh, ref)
    return (caught.value.at - before).total_seconds()


@pytest.mark.parametrize(
    ("status", "seconds"), [(403, 17), (429, 17), (403, 3600), (429, 1)], ids=["403", "429", "an hour", "a second"]
)
async def test_nothing_is_sent_before_retry_after(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock, status: int, seconds: int
) -> None:
    github.faults.limited(status=status, retry_after=seconds, path=REPO)
    assert await wait_of(gh, ref, clock) == seconds
    sent = len(github.requests)
    clock.advance(seconds - 0.5)
    assert await wait_of(gh, ref, clock) == 0.5
    assert len(github.requests) == sent
    clock.advance(0.5)
    assert (await reads.repository(gh, ref)).default_branch == "main"


async def test_retry_after_as_a_date_is_obeyed(github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock) -> None:
    github.faults.limited(retry_after=clock.now() + timedelta(seconds=90), path=REPO)
    wait = await wait_of(gh, ref, clock)
    assert 90 <= wait <= 93, "the Date header has a resolution of a second"


async def test_an_exhausted_quota_waits_for_its_reset(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock
) -> None:
    github.faults.limited(reset=clock.now() + timedelta(minutes=20), path=REPO)
    assert 1_200 <= await wait_of(gh, ref, clock) <= 1_203
    sent = len(github.requests)
    assert await wait_of(gh, ref, clock) > 0
    assert len(github.requests) == sent


async def test_the_last_request_of_a_quota_closes_the_gate(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock
) -> None:
    assert (await reads.repository(gh, ref)).ref == ref
    github.limits.quotas["core"] = 2
    await reads.role(gh, ref, "ann", person=github.user("ann").id)
    sent = len(github.requests)
    assert await wait_of(gh, ref, clock) > 3_000
    assert len(github.requests) == sent


async def test_a_secondary_limit_without_headers_waits_a_minute_then_longer(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock
) -> None:
    github.faults.limited(path=REPO, times=3)
    waits = []
    for _ in range(3):
        waits.append(await wait_of(gh, ref, clock))
        clock.advance(waits[-1])
    assert waits == [60, 120, 240]
    await reads.repository(gh, ref)
    github.faults.limited(path=REPO)
    clock.advance(120)
    assert await wait_of(gh, ref, clock) == 60, "a success starts the count again"


async def test_other_installations_are_not_held_up(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock
) -> None:
    other = ref_of(github, await github.repo("elsewhere/app", files={"a.py": b""}))
    github.faults.limited(retry_after=500, path=REPO)
    await wait_of(gh, ref, clock)
    assert (await reads.repository(gh, other)).ref == other


async def test_a_limit_on_a_token_request_holds_up_its_installation_only(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock
) -> None:
    other = ref_of(github, await github.repo("elsewhere/app", files={"a.py": b""}))
    github.faults.limited(retry_after=500, path=f"/app/installations/{ref.installation}/*")
    assert await wait_of(gh, ref, clock) == 500
    assert (await reads.repository(gh, other)).ref == other


async def test_a_limited_write_is_sent_once(github: Sandbox, performer: Performer, ref: RepoRef, repo: Repo) -> None:
    issue = await repo.open_issue("t", "b")
    github.faults.limited(retry_after=30, method="POST", path="*/comments")
    with pytest.raises(RetryLater) as caught:
        await performer.perform(NewComment(repo=ref, number=issue.number, body="hello"))
    assert not isinstance(caught.value, Uncertain), "a rate limit says that nothing happened"
    assert issue.comments == []


BROKEN: dict[str, Callable[[Sandbox, int], Fault]] = {
    "500": lambda github, times: github.faults.error(500, path=REPO, times=times),
    "502": lambda github, times: github.faults.error(502, path=REPO, times=times),
    "520": lambda github, times: github.faults.error(520, path=REPO, times=times),
    "reset": lambda github, times: github.faults.drop(effect=False, path=REPO, times=times),
    "half json": lambda github, times: github.faults.half_json(path=REPO, times=times),
    "html 502": lambda github, times: github.faults.html(502, path=REPO, times=times),
    "html 200": lambda github, times: github.faults.html(200, path=REPO, times=times),
    "empty 200": lambda github, times: github.faults.empty(path=REPO, times=times),
}


@pytest.mark.parametrize("breakage", BROKEN)
async def test_a_read_is_tried_again(github: Sandbox, gh: GitHub, ref: RepoRef, breakage: str) -> None:
    BROKEN[breakage](github, 2)
    assert (await reads.repository(gh, ref)).ref == ref


@pytest.mark.parametrize("breakage", BROKEN)
async def test_a_read_is_given_up_after_three_tries(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock, breakage: str
) -> None:
    BROKEN[breakage](github, 9)
    assert await wait_of(gh, ref, clock) >= 30
    # The pauses between the three; aiohttp itself repeats a GET on a kept connection that had been closed.
    assert clock.slept == [0.5, 2.0]


@pytest.mark.parametrize("happened", [True, False], ids=["it happened", "it did not"])
@pytest.mark.parametrize("breakage", ["reset", "502", "empty"])
async def test_a_write_without_an_answer_is_never_repeated(
    github: Sandbox, performer: Performer, ref: RepoRef, repo: Repo, breakage: str, happened: bool
) -> None:
    issue = await repo.open_issue("t", "b")
    where: dict[str, Any] = {"method": "POST", "path": "*/comments", "times": None}
    match breakage:
        case "reset":
            github.faults.drop(effect=happened, **where)
        case "502":
            github.faults.error(effect=happened, **where)
        case _:
            github.faults.empty(effect=happened, **where)
    with pytest.raises(Uncertain):
        await performer.perform(NewComment(repo=ref, number=issue.number, body="hello"))
    assert len(issue.comments) == int(happened)
    assert len([request for request in github.requests if request.path.endswith("/comments")]) == 1


@pytest.mark.parametrize("status", [410, 451])
async def test_gone_is_gone(github: Sandbox, gh: GitHub, ref: RepoRef, status: int) -> None:
    github.faults.status(status, "gone", path=REPO)
    with pytest.raises(Gone):
        await reads.repository(gh, ref)


async def test_a_renamed_repository_is_followed(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    repo.rename("app2")
    found = await reads.repository(gh, ref)
    assert (found.ref.id, found.ref.name) == (ref.id, "app2")


async def test_a_deleted_installation_is_gone(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    github.uninstall(github.installation(repo))
    with pytest.raises(Gone):
        await reads.repository(gh, ref)


async def test_a_suspended_installation_is_gone(github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo) -> None:
    github.suspend(github.installation(repo))
    with pytest.raises(Gone, match="suspended"):
        await reads.repository(gh, ref)


async def test_a_repository_that_left_the_installation_is_gone(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo
) -> None:
    github.remove_repositories(github.installation(repo), [repo])
    with pytest.raises(Gone, match="does not include"):
        await reads.repository(gh, ref)


async def test_a_permission_that_was_not_granted_is_asked_for_once(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo, clock: ManualClock
) -> None:
    pull = await repo.open_pull_request({"src/a.py": b"x = 2\n"})
    del github.installation(repo).permissions["checks"]
    for _ in range(5):
        with pytest.raises(MissingPermission, match="checks: read"):
            await reads.check_runs(gh, ref, Sha(pull.head_sha))
    assert len(github.requests) == 1
    clock.advance(601)
    github.installation(repo).permissions["checks"] = "write"
    assert await reads.check_runs(gh, ref, Sha(pull.head_sha)) == ()


async def test_a_permission_that_is_withdrawn_mid_run_is_named(
    github: Sandbox, performer: Performer, ref: RepoRef, repo: Repo
) -> None:
    issue = await repo.open_issue("t", "b")
    await performer.perform(NewComment(repo=ref, number=issue.number, body="one"))
    github.installation(repo).permissions |= {"issues": "read", "pull_requests": "read"}
    with pytest.raises(MissingPermission) as caught:
        await performer.perform(NewComment(repo=ref, number=issue.number, body="two"))
    assert caught.value.operation == "issues/create-comment"
    assert len(issue.comments) == 1


async def test_a_revoked_token_is_replaced_once(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    await reads.repository(gh, ref)
    github.revoke_tokens()
    assert (await reads.repository(gh, ref)).ref == ref
    statuses = [request.status for request in github.requests]
    assert statuses == [201, 200, 401, 201, 304]


async def test_a_token_that_is_never_taken_ends(github: Sandbox, gh: GitHub, ref: RepoRef) -> None:
    github.faults.status(401, "Bad credentials", path=REPO, times=None)
    with pytest.raises(Unauthorized):
        await reads.repository(gh, ref)
    assert len([request for request in github.requests if request.path == REPO]) == 2


@pytest.mark.parametrize("hours", [-1, 1], ids=["behind", "ahead"])
async def test_a_wrong_clock_is_set_by_the_server(
    github: Sandbox, gh: GitHub, ref: RepoRef, clock: ManualClock, hours: int
) -> None:
    clock.wall_jump = timedelta(hours=hours)
    assert (await reads.repository(gh, ref)).ref == ref
    assert [request.status for request in github.requests] == [401, 201, 200]


@pytest.mark.parametrize("write", [False, True], ids=["read", "written"])
async def test_an_answer_of_another_shape_is_a_failed_try_that_names_the_key(
    github: Sandbox, gh: GitHub, performer: Performer, ref: RepoRef, repo: Repo, *, write: bool
) -> None:
    """Waiting helps as little as for a defect of ours: it is no ``RetryLater``."""
    issue = await repo.open_issue("Track it")
    path = f"{REPO}/issues/{issue.number}/comments" if write else f"{REPO}/commits/*/check-runs"
    body = b'{"check_runs": [{"id": 1}], "total_count": 1}'
    reply = Reply(status=201 if write else 200, body=body)
    github.faults.add("shape", reply, effect=write, path=path, times=None)
    new = NewComment(repo=ref, number=issue.number, body="x")
    asked = performer.perform(new) if write else reads.check_runs(gh, ref, Sha(repo.branch().sha), name="ssot")
    with pytest.raises(UnexpectedShape) as caught:
        await asked
    assert not isinstance(caught.value, RetryLater)
    assert caught.value.key == ("id" if write else "app")


def told(read: Callable[[Any], object], data: object) -> str:
    try:
        read(data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as fault:
        return key_of(fault)
    raise AssertionError("it has the shape")


def _nested(data: Any) -> object:  # noqa: ANN401 - any JSON
    return data["user"]["login"]


def _listed(data: Any) -> object:  # noqa: ANN401 - any JSON
    return [each["a"] for each in data["items"]]


def _moment(data: Any) -> object:  # noqa: ANN401 - any JSON
    return _parsed(data["closed_at"])


def _parsed(text: str) -> object:
    return datetime.fromisoformat(text)


def _optional(data: Any) -> object:  # noqa: ANN401 - any JSON
    return data.get("user").get("login")


KEYS = {
    "gone": (_nested, {"user": {}}, "user.login"),
    "the outer one is gone": (_nested, {}, "user"),
    "null": (_nested, {"user": None}, "user.login"),
    "no object at all": (_nested, [], "user"),
    "in a list": (_listed, {"items": [{"a": 1}, {"b": 1}]}, "a"),
    "no time": (_moment, {"closed_at": "secret"}, "closed_at"),
    "got": (_optional, {}, "user"),
}


@pytest.mark.parametrize(("read", "data", "key"), KEYS.values(), ids=KEYS)
def test_the_key_is_named_and_nothing_of_the_answer(read: Callable[[Any], object], data: object, key: str) -> None:
    assert told(read, data) == key
