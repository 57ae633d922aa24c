"""Workflows against the sandbox GitHub, on one clock that the test moves."""

from tests.github.conftest import clock, contract_observer, gh, github, ref

__all__ = ["clock", "contract_observer", "gh", "github", "ref"]
