"""Fixtures of the whole suite."""

from tests.contract.fixtures import contract, contract_observer, github, repo

__all__ = ["contract", "contract_observer", "github", "repo"]
