"""Holds all traffic of a sandbox GitHub against the contract, and remembers what disagrees."""

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

from bot.sandbox.observer import Exchange, GraphQLExchange, WebhookSent
from tests.contract.checker import Contract
from tests.contract.mismatch import Mismatch
from tests.contract.versions import FIRST, HEADER
from tests.contract.waivers import Waivers


class ContractObserver:
    """Fulfils :class:`bot.sandbox.observer.Observer`.

    What an injected fault made or spoilt is not GitHub's and is not looked at; the request that met it is.
    """

    def __init__(self, contract: Contract, waivers: Waivers) -> None:
        self._contract, self.waivers = contract, waivers
        self.mismatches: list[tuple[str, Mismatch]] = []
        """What happened (``POST /repos/…``), and what is wrong with it."""
        self.seen: set[str] = set()
        """Ids of REST operations, names of webhooks, ``graphql``: that a test met what it wanted to meet."""

    def exchange(self, exchange: Exchange) -> None:
        if exchange.template == "/graphql":
            return
        label = f"{exchange.method} {exchange.path} -> {exchange.status}"
        version = exchange.request_headers.get(HEADER, FIRST)
        request = (exchange.method, exchange.path, exchange.query, exchange.request)
        self._note(label, self._contract.check_request(*request, version=version))
        operation = self._contract.operation(exchange.method, exchange.path)
        if operation is None:
            return
        self.seen.add(operation.id)
        if exchange.fault is None and exchange.method != "HEAD":
            content_type = exchange.headers.get("content-type")
            answer = (operation, exchange.status, exchange.response, content_type)
            self._note(label, self._contract.check_response(*answer, version=version))

    def graphql(self, exchange: GraphQLExchange) -> None:
        self.seen.add("graphql")
        result = {"data": None, "errors": [{"message": "spoilt"}]} if exchange.fault else exchange.response
        self._note(
            f"GraphQL {exchange.operation_name or exchange.document[:60]!r}",
            self._contract.check_graphql(exchange.document, exchange.variables, result),
        )

    def webhook(self, sent: WebhookSent) -> None:
        found = self._contract.check_webhook(sent.event, sent.payload)
        name = f"{sent.event}.{sent.action}" if sent.action else sent.event
        self.seen.add(name)
        self._note(f"webhook {name} {sent.guid}", found)

    @contextmanager
    def expecting(self, subject: str) -> Iterator[None]:
        """Mismatches whose subject fits this glob are the point of the test: there must be one, and it is no fault."""
        before = len(self.mismatches)
        yield
        met = [entry for entry in self.mismatches[before:] if fnmatchcase(entry[1].subject, subject)]
        assert met, f"no mismatch of {subject!r} was seen"
        self.mismatches[before:] = [entry for entry in self.mismatches[before:] if entry not in met]

    def report(self) -> str:
        """One paragraph for each thing that happened, one line for each mismatch: pointer and message."""
        happened = dict.fromkeys(label for label, _ in self.mismatches)
        return "\n".join(
            "\n".join([label, *dict.fromkeys(f"    {found}" for at, found in self.mismatches if at == label)])
            for label in happened
        )

    def _note(self, label: str, found: list[Mismatch]) -> None:
        self.mismatches += [(label, mismatch) for mismatch in self.waivers.unwaived(found)]
