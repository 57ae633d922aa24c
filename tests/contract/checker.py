"""GitHub's own contract, loaded once: what we send and what the sandbox sends is held against it.

The data and where it comes from: ``data/NOTICE.md``.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.contract.closing import Schema
from tests.contract.graphql import GraphQLContract
from tests.contract.mismatch import Mismatch
from tests.contract.rest import Operation, RestContract
from tests.contract.versions import FIRST, at_version
from tests.contract.webhooks import WebhookContract

DATA = Path(__file__).parent / "data"


class Contract:
    """Every check returns what is wrong: an empty list is agreement."""

    def __init__(
        self,
        *,
        rest: RestContract,
        webhooks: WebhookContract,
        graphql: GraphQLContract,
        later: Mapping[str, RestContract] | None = None,
    ) -> None:
        """``rest`` is that of the API's first version, ``later`` those of others."""
        self.rest, self.webhooks, self.graphql = rest, webhooks, graphql
        self.versions = {FIRST: rest, **(later or {})}

    def operation(self, method: str, path: str) -> Operation | None:
        return self.rest.find(method, path)

    def check_request(
        self, method: str, path: str, query: Mapping[str, str], body: object, *, version: str = FIRST
    ) -> list[Mismatch]:
        """``path`` is percent-decoded and without query; ``body`` is parsed JSON, ``None`` when there is none."""
        return sorted(self._of(version).check_request(method, path, query, body))

    def check_response(
        self,
        operation: Operation,
        status: int,
        body: object,
        content_type: str | None,
        *,
        strict: bool = True,
        version: str = FIRST,
    ) -> list[Mismatch]:
        """``strict`` refuses undeclared properties: for the sandbox's answers, not for recorded ones."""
        return sorted(self._of(version).check_response(operation, status, body, content_type, strict=strict))

    def _of(self, version: str) -> RestContract:
        """An unknown version is refused, in the same shape by all."""
        return self.versions.get(version, self.rest)

    def check_graphql(self, document: str, variables: Mapping[str, Any], result: object) -> list[Mismatch]:
        """``result`` is the whole answer, ``{"data": …, "errors": …}``."""
        return sorted(self.graphql.check(document, variables, result))

    def check_webhook(self, event: str, payload: object, *, strict: bool = True) -> list[Mismatch]:
        return sorted(self.webhooks.check(event, payload, strict=strict))


def read_json(name: str) -> Schema:
    """One file of the data folder; every one of them is an object."""
    document: Schema = json.loads((DATA / name).read_text(encoding="utf-8"))
    return document


@cache
def github_contract() -> Contract:
    """The vendored contract, in the versions of the API that it describes."""
    rest, changes = read_json("rest.json"), read_json("rest-2026-03-10.json")
    return Contract(
        rest=RestContract(rest),
        later={changes["version"]: RestContract(at_version(rest, changes))},
        webhooks=WebhookContract(read_json("webhooks.json")),
        graphql=GraphQLContract((DATA / "schema.graphql").read_text(encoding="utf-8")),
    )
