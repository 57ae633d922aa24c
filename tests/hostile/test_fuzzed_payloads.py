"""Recorded payloads in which one value is of another kind: each is acknowledged and ends, and the work goes on."""

import copy
import hashlib
import hmac
import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from bot.github.payloads.webhooks import PAYLOADS
from bot.jobs import State
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import CHANGE
from tests.contract.cut_webhooks import read_paths
from tests.e2e.conftest import RunningBot, bot, service
from tests.github.test_payloads import EXAMPLES, event_of
from tests.jobs.conftest import until

__all__ = ["bot", "service"]
INSTEAD: tuple[Any, ...] = (None, -1, 10**30, 1.5, True, "", "a\0b", "\ud800", "@" * 10_000, [], ["x"], {}, {"id": 1})
SEED, SENT = 20261201, 200
Path = tuple[str | int, ...]


def places(value: object, path: Path = ()) -> Iterator[Path]:
    """Of every value below ``value``, outer ones first."""
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def put(payload: Any, path: Path, value: object) -> Any:  # noqa: ANN401 - any JSON
    found = copy.deepcopy(payload)
    at = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return found


def is_read(event: str, path: Path) -> bool:
    plain = "".join("[]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
    return plain in set(read_paths(PAYLOADS[event]))


def of(repo: Repo, number: int, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload, of a repository and a pull request that are there."""
    made = copy.deepcopy(payload)
    made["installation"] = {**made.get("installation", {}), "id": 1}
    for part in filter(None, [made.get("repository")]):
        part |= {"id": repo.id, "full_name": repo.full_name, "name": repo.full_name.partition("/")[2]}
    for part in filter(None, [made.get("pull_request"), made.get("issue")]):
        part["number"] = number
    return made


async def test_a_value_of_another_kind_ends_its_delivery_and_nothing_else(
    bot: RunningBot, github: Sandbox, service: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    pull = await bot.receive(service.open_pull_request(dict(CHANGE)))
    installation = github.installation(service).id
    cases = [
        (event, put({**made, "installation": {**made["installation"], "id": installation}}, path, value))
        for key, recorded in EXAMPLES.items()
        if (event := event_of(key)) in PAYLOADS and event not in {"issue_comment", "merge_group", "ping"}
        for made in [of(service, pull.number, recorded)]
        for path in places(made)
        if is_read(event, path)
        for value in INSTEAD
    ]
    chosen = random.Random(SEED).sample(cases, SENT)  # noqa: S311  # cases, no secrets
    caplog.set_level(logging.ERROR)
    caplog.clear()
    statuses = await deliver(github, chosen)

    async def all_looked_at() -> bool:
        """What waits because GitHub does not show it yet was looked at too."""
        jobs = await bot.app.store.recent(10_000)
        return all(job.state.finished or job.reason for job in jobs if str(job.id).startswith("fuzzed-"))

    await until(all_looked_at, within=90)
    assert set(statuses) == {202}
    jobs = {str(job.id): job for job in await bot.app.store.recent(10_000)}
    assert {f"fuzzed-{number}" for number in range(SENT)} <= set(jobs), "nothing is lost"
    assert [job for job in jobs.values() if job.state is State.DEAD and not (job.reason or "").strip()] == []
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    again = await service.open_pull_request({"late.py": next(iter(CHANGE.values()))})

    async def is_checked() -> bool:
        return again.head_sha in {run.head_sha for run in service.check_runs}

    await until(is_checked, within=30)


async def deliver(github: Sandbox, cases: list[tuple[str, Any]]) -> list[int]:
    """Send them; the status of each."""
    found = []
    async with aiohttp.ClientSession() as session:
        for number, (event, payload) in enumerate(cases):
            body = json.dumps(payload).encode()
            digest = hmac.new(github.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
            head = {
                "Content-Type": "application/json", "X-GitHub-Event": event,
                "X-GitHub-Delivery": f"fuzzed-{number}", "X-Hub-Signature-256": f"sha256={digest}",
            }  # fmt: skip
            async with session.post(str(github.webhook_url), data=body, headers=head) as answer:
                found.append(answer.status)
    return found
