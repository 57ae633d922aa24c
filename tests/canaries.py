"""Every test of the suite is a test of secrecy: what it printed or logged holds no secret of the sandbox.

The sandbox's private key, webhook secret and tokens go through all the code that real ones go through.  A test that
shows one, in any spelling, fails.  (Case 63 of the hostile inputs, promise P8.)
"""

import re
from collections.abc import Generator
from functools import cache

import pytest

from bot.log import spellings
from bot.sandbox.auth import key_pair
from bot.sandbox.sandbox import SECRET

TOKEN = r"ghs_[0-9a-f]{36}"  # the form of those that the sandbox mints


@cache
def canary() -> re.Pattern[str]:
    """Any spelling of the sandbox's secrets."""
    lines = [line for line in key_pair()[0].splitlines() if not line.startswith("-----")]
    found = {re.escape(text) for secret in (SECRET, *lines) for text in spellings(secret)}
    return re.compile("|".join((TOKEN, *sorted(found, key=len, reverse=True))))


def leak(text: str) -> str | None:
    """How the first secret in ``text`` begins."""
    found = canary().search(text) if text else None
    return f"{found[0][:12]}…" if found else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.passed and (found := leak("".join(text for _, text in report.sections))):
        report.outcome = "failed"
        report.longrepr = f"a secret was shown in the output of this test: {found}"
    return report
