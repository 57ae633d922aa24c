"""Fixtures of the whole suite."""

from tests.canaries import pytest_runtest_makereport
from tests.contract.fixtures import contract, contract_observer, github, repo
from tests.postgres import postgres_server, postgres_url

__all__ = [
    "contract",
    "contract_observer",
    "github",
    "postgres_server",
    "postgres_url",
    "pytest_runtest_makereport",
    "repo",
]
