"""Fixtures of the whole suite."""

from hypothesis import HealthCheck, settings

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

# No test may depend on how busy the machine is.
settings.register_profile("ssot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ssot")
