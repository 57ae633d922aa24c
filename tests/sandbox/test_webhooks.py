"""Deliveries: signed, in order, logged, sent again; and what may go wrong on the way."""

import hashlib
import hmac
import itertools
import json
import random

import aiohttp

from bot.sandbox import Repo, Sandbox
from tests.sandbox.conftest import Caller, Clock, Receiver


async def test_deliveries_wait_for_an_address_and_are_signed(github: Sandbox, repo: Repo, receiver: Receiver) -> None:
    pr = await repo.open_pull_request({"src/a.py": b"x = 2\n"})
    await pr.comment("/ssot help", by=github.user("ann"))
    await github.settled()
    assert receiver.got == []
    github.webhook_url = receiver.url
    await github.deliver()
    assert receiver.events == ["push", "check_suite", "pull_request", "issue_comment"]
    for headers, body in receiver.got:
        digest = hmac.new(github.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
        assert json.loads(body)["installation"]["id"] == github.installation(repo).id
    assert len({headers["X-GitHub-Delivery"] for headers, _ in receiver.got}) == 4
    assert all(each.ok for each in github.deliveries)


async def test_what_the_app_is_not_told(github: Sandbox, repo: Repo) -> None:
    github.app.events.remove("issues")
    await repo.open_issue("Nobody hears of it")
    elsewhere = await github.repo("nobody/here", files={"a.py": b""}, installed=False)
    await elsewhere.open_pull_request({"a.py": b"1\n"})
    installation = github.installation(repo)
    github.suspend(installation)
    await repo.push({"b.py": b""})
    assert [each.event for each in github.deliveries] == ["installation"]


async def test_failed_deliveries_are_listed_and_sent_again(
    github: Sandbox, repo: Repo, receiver: Receiver, session: aiohttp.ClientSession
) -> None:
    github.webhook_url, receiver.status = receiver.url, 503
    issue = await repo.open_issue("One")
    await github.settled()
    app = Caller(session, github, github.jwt())
    [failed] = (await app("GET", "/app/hook/deliveries?status=failure")).json
    assert (failed["event"], failed["status_code"], failed["redelivery"]) == ("issues", 503, False)
    receiver.status = 202
    assert (await app("POST", f"/app/hook/deliveries/{failed['id']}/attempts")).status == 202
    await github.settled()
    newest = (await app("GET", "/app/hook/deliveries")).json[0]
    assert (newest["guid"], newest["status"], newest["redelivery"]) == (failed["guid"], "OK", True)
    assert [json.loads(body)["issue"]["number"] for _, body in receiver.got] == [issue.number] * 2
    whole = (await app("GET", f"/app/hook/deliveries/{newest['id']}")).json
    assert whole["request"]["payload"]["issue"]["title"] == "One"


async def test_deliveries_are_paged_by_cursor_and_reach_back_three_days(
    plain: Sandbox, plain_repo: Repo, receiver: Receiver, session: aiohttp.ClientSession, clock: Clock
) -> None:
    plain.webhook_url = receiver.url
    for number in range(5):
        await plain_repo.open_issue(f"Issue {number}")
    await plain.settled()
    app = Caller(session, plain, plain.jwt())
    first = await app("GET", "/app/hook/deliveries?per_page=3")
    following = first.headers["link"].partition(">")[0].removeprefix(f"<{plain.url}")
    rest = await app("GET", following)
    assert [len(first.json), len(rest.json)] == [3, 2]
    clock.advance(days=3, seconds=1)
    app.token = plain.jwt()
    assert (await app("GET", "/app/hook/deliveries")).json == []


async def test_a_receiver_that_is_down(plain: Sandbox, plain_repo: Repo) -> None:
    plain.webhook_url = "http://127.0.0.1:9/webhook"
    await plain_repo.open_issue("One")
    await plain.settled()
    assert (plain.deliveries[0].status_code, plain.deliveries[0].ok) == (0, False)


async def test_duplicates_losses_and_disorder(github: Sandbox, repo: Repo, receiver: Receiver) -> None:
    faults = github.webhooks.faults
    github.webhook_url = receiver.url
    faults.duplicate = 1
    await repo.open_issue("Twice")
    await github.settled()
    guids = [headers["X-GitHub-Delivery"] for headers, _ in receiver.got]
    assert guids == [github.deliveries[0].guid] * 2
    faults.lose = 1
    await repo.open_issue("Lost")
    await github.settled()
    assert (len(receiver.got), github.deliveries[1].status_code) == (2, 0)
    faults.hold()
    faults.order = random.Random(7)  # noqa: S311 - a shuffled order, not a secret
    titles = [f"Number {number}" for number in range(8)]
    for title in titles:
        await repo.open_issue(title)
    await github.settled()
    assert len(receiver.got) == 2
    github.webhooks.release()
    await github.settled()
    came = [json.loads(body)["issue"]["title"] for _, body in receiver.got[2:]]
    assert came != titles
    assert sorted(came) == sorted(titles)


async def test_installations_are_told(github: Sandbox, repo: Repo) -> None:
    other = await github.repo("acme/other", files={"a.py": b""})
    installation = github.installation(repo)
    github.remove_repositories(installation, [other])
    github.add_repositories(installation, [other])
    github.suspend(installation)
    github.unsuspend(installation)
    github.uninstall(installation)
    github.install("acme")
    await github.ping()
    assert [(each.event, each.action) for each in github.deliveries] == [
        ("installation_repositories", "removed"),
        ("installation_repositories", "added"),
        ("installation", "suspend"),
        ("installation", "unsuspend"),
        ("installation", "deleted"),
        ("installation", "created"),
        ("ping", None),
    ]


async def test_pinned_clock_and_ids_make_everything_repeatable(clock: Clock) -> None:
    async def run() -> tuple[str, str, list[str]]:
        async with Sandbox(clock=clock, ids=itertools.count(1)) as github:
            repo = await github.repo("acme/app", files={"a.py": b""})
            pr = await repo.open_pull_request({"a.py": b"1\n"})
            return pr.head_sha, github.token(repo), [each.guid for each in github.deliveries]

    assert await run() == await run()
