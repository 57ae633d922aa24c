"""GitHub's own descriptions of its webhooks: whatever they permit to be missing or null ends no delivery badly."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import handlers
from bot.domain.events import Malformed
from bot.github.payloads import parse
from bot.github.payloads.webhooks import PAYLOADS
from bot.jobs import Unreadable
from bot.settings import Allowed
from tests.contract.cut_webhooks import deep, read_paths
from tests.github.test_payloads import EXAMPLES, event_of

DATA = Path(__file__).parents[1] / "contract" / "data"
CUT = json.loads((DATA / "webhook-gaps.json").read_text(encoding="utf-8"))
OURS = [(path.name.partition(".")[0], json.loads(path.read_text())) for path in sorted((DATA / "ours").glob("*.json"))]
GROUP = {"head_sha": "a" * 40, "base_sha": "b" * 40, "head_ref": "refs/heads/gh-readonly-queue/m/pr-1"}
PAYLOADS_BY_EVENT: dict[str, list[dict[str, Any]]] = {}
for event, payload in [*((event_of(key), value) for key, value in EXAMPLES.items()), *OURS]:
    PAYLOADS_BY_EVENT.setdefault(event, []).append(payload)
PAYLOADS_BY_EVENT["merge_group"] = [{**EXAMPLES["push"], "action": "checks_requested", "merge_group": GROUP}]


def places(value: Any, path: list[str]) -> Iterator[tuple[Any, str]]:  # noqa: ANN401 - any JSON
    """The objects in which the last key of a path stands, and that key."""
    match value, path:
        case list(), [first, *rest] if first.startswith("[]"):
            for each in value:
                yield from places(each, [first.removeprefix("[]").removeprefix("."), *rest] if first != "[]" else rest)
        case dict(), [last]:
            yield value, last
        case dict(), [first, *rest] if first in value:
            yield from places(value[first], rest)
        case _:
            pass


def steps(path: str) -> list[str]:
    return path.replace("[]", ".[]").split(".")


def told(event: str, payload: dict[str, Any]) -> str | None:
    """What is wrong about it."""
    body = json.dumps(payload).encode()
    match parse(event, body), handlers.route(event, body, Allowed()):
        case (Malformed(reason=reason), _) | (_, Unreadable(reason=reason)):
            return reason
        case _:
            return None


@pytest.mark.parametrize("event", sorted(PAYLOADS))
def test_what_may_be_missing_or_null_ends_no_delivery_badly(event: str) -> None:
    """Of what is read; the rest is passed over, whatever it is."""
    wrong = {}
    read = set(read_paths(PAYLOADS[event]))
    for path, kinds in ((path, kinds) for path, kinds in CUT["gaps"][event].items() if path in read):
        for example in PAYLOADS_BY_EVENT[event]:
            for instead in kinds:
                changed = {"installation": {"id": 7}} | copy.deepcopy(example)
                for holder, key in places(changed, steps(path)):
                    if instead == "gone":
                        holder.pop(key, None)
                    else:
                        holder[key] = None
                if reason := told(event, changed):
                    wrong[f"{path} {instead}"] = reason
    assert wrong == {}


def test_the_cut_is_as_deep_as_what_is_read() -> None:
    """Else: ``python -m tests.contract.cut_webhooks``."""
    assert CUT["deep"] == deep()


def test_the_readme_names_the_oldest_server_that_was_looked_at() -> None:
    servers = sorted(version.removeprefix("ghes-") for version in CUT["versions"] if version.startswith("ghes-"))
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"GitHub Enterprise Server {servers[0]} and later" in " ".join(readme.split())


OTHERS = {
    "an older server's deployment status": ("deployment_status", "deployment-status-created", {"action": None}),
    "a number of 19 digits that nobody reads": ("push", "push", {"run": 9_223_372_036_854_775_807}),
    "a number of 30 digits that nobody reads": ("push", "push", {"run": 10**29}),
    "an id of 19 digits": ("push", "push", {"installation": {"id": 9_223_372_036_854_775_807}}),
}


@pytest.mark.parametrize(("event", "key", "changes"), OTHERS.values(), ids=OTHERS)
def test_what_else_comes(event: str, key: str, changes: dict[str, object]) -> None:
    given = {"installation": {"id": 7}} | EXAMPLES[key] | changes
    assert told(event, {name: value for name, value in given.items() if value is not None}) is None
