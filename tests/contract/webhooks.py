"""Webhook payloads: the schema of each event and action in ``data/webhooks.json``."""

from collections.abc import Iterator

import jsonschema_rs

from tests.contract.closing import Schema, closed_definitions
from tests.contract.mismatch import Mismatch, schema_mismatches


def pair_name(event: str, action: str | None) -> str:
    """``pull_request`` and ``ready_for_review`` are ``pull-request-ready-for-review`` in the description."""
    return "-".join(filter(None, (event, action))).replace("_", "-")


class WebhookContract:
    """The webhook half of the contract."""

    def __init__(self, description: Schema) -> None:
        self.events: dict[str, Schema] = description["events"]
        self._definitions = {
            True: closed_definitions(description["$defs"], referred_from=description["events"]),
            False: description["$defs"],
        }
        self._validators: dict[tuple[str, bool], jsonschema_rs.Draft202012Validator] = {}

    def check(self, event: str, payload: object, *, strict: bool = True) -> Iterator[Mismatch]:
        """Whether GitHub could have sent this payload under ``X-GitHub-Event: <event>``."""
        action = payload.get("action") if isinstance(payload, dict) else None
        name = pair_name(event, action if isinstance(action, str) else None)
        subject = f"webhook {name}"
        if name not in self.events:
            yield Mismatch(subject=subject, pointer="", message="the contract has no such event and action")
            return
        yield from schema_mismatches(subject, self._validator(name, strict=strict), payload)

    def _validator(self, name: str, *, strict: bool) -> jsonschema_rs.Draft202012Validator:
        if (name, strict) not in self._validators:
            whole = {**self.events[name], "$defs": self._definitions[strict]}
            self._validators[name, strict] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[name, strict]
