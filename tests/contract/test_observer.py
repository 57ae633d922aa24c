"""The observer fails the test whose traffic broke the contract, and says how."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.sandbox.observer import Exchange, GraphQLExchange, WebhookSent
from tests.contract.checker import Contract
from tests.contract.observer import ContractObserver
from tests.contract.waivers import Waiver, Waivers

pytest_plugins = "pytester"

GOOD = Exchange(
    method="GET",
    path="/repos/acme/app/issues/1/comments",
    template="/repos/{owner}/{repo}/issues/{issue_number}/comments",
    query={},
    request_headers={},
    request=None,
    identity="app",
    status=200,
    headers={"content-type": "application/json; charset=utf-8"},
    response=[],
    fault=None,
    at=datetime(2026, 1, 1, tzinfo=UTC),
)
BAD_REQUEST = replace(GOOD, query={"sinse": "2026-01-01T00:00:00Z"})
BAD_RESPONSE = replace(GOOD, response=[{}])


@pytest.fixture
def observer(contract: Contract) -> ContractObserver:
    return ContractObserver(contract, Waivers(()))


@pytest.mark.parametrize("exchange", [BAD_REQUEST, BAD_RESPONSE], ids=["request", "response"])
def test_a_mismatch_is_kept(observer: ContractObserver, exchange: Exchange) -> None:
    observer.exchange(GOOD)
    assert observer.mismatches == []
    observer.exchange(exchange)
    assert observer.mismatches != []


def test_the_report_names_exchange_pointer_and_fault(observer: ContractObserver) -> None:
    observer.exchange(BAD_REQUEST)
    assert observer.report() == (
        "GET /repos/acme/app/issues/1/comments -> 200\n"
        "    issues/list-comments query: /sinse: GitHub has no such parameter"
    )


def test_an_injected_fault_is_no_answer_of_github(observer: ContractObserver) -> None:
    observer.exchange(replace(BAD_RESPONSE, status=502, fault="bad-gateway", headers={"content-type": "text/html"}))
    assert observer.mismatches == []


def test_a_request_that_met_a_fault_is_still_ours(observer: ContractObserver) -> None:
    observer.exchange(replace(BAD_REQUEST, status=502, fault="bad-gateway"))
    assert observer.mismatches != []


def test_an_unknown_route_is_a_mismatch(observer: ContractObserver) -> None:
    observer.exchange(replace(GOOD, path="/nowhere", template=None, status=404))
    assert "GitHub has no such operation" in observer.report()


@pytest.mark.parametrize("fault", [None, "slow"], ids=["answered", "spoilt"])
def test_a_bad_document_is_a_mismatch(observer: ContractObserver, fault: str | None) -> None:
    observer.graphql(
        GraphQLExchange(
            document="{ x }", variables={}, operation_name=None, identity="app", status=200, response={}, fault=fault
        )
    )
    assert [mismatch.subject for _, mismatch in observer.mismatches] == ["graphql document"]


def test_a_bad_webhook_is_a_mismatch(observer: ContractObserver) -> None:
    observer.webhook(WebhookSent(event="push", action=None, guid="1-2", headers={}, payload={}))
    assert observer.report().startswith("webhook push 1-2\n")


def test_a_waiver_covers_and_is_counted(contract: Contract) -> None:
    used = Waiver(subject="issues/list-comments query", pointer="/sinse", message="no such", reason="an example")
    idle = Waiver(subject="issues/list-comments query", pointer="/page", message="", reason="an example")
    waivers = Waivers((used, idle))
    observer = ContractObserver(contract, waivers)
    observer.exchange(BAD_REQUEST)
    assert observer.mismatches == []
    assert waivers.unused == [idle]


def test_an_expected_mismatch_is_the_point_of_the_test(observer: ContractObserver) -> None:
    with observer.expecting("issues/list-comments query"):
        observer.exchange(BAD_REQUEST)
    assert observer.mismatches == []


def test_what_was_expected_must_happen_and_hides_nothing_else(observer: ContractObserver) -> None:
    with pytest.raises(AssertionError, match="no mismatch"), observer.expecting("issues/list-comments query"):
        observer.exchange(BAD_RESPONSE)
    assert observer.mismatches != []


def test_the_fixture_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makeconftest("from tests.contract.fixtures import contract, contract_observer")
    pytester.makepyfile(
        """
        from bot.sandbox.observer import WebhookSent

        def test_sends_nonsense(contract_observer):
            contract_observer.webhook(WebhookSent(event="push", action=None, guid="1", headers={}, payload={}))

        def test_sends_nothing(contract_observer):
            pass
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the traffic breaks GitHub's contract:*", '*"ref" is a required property*'])
