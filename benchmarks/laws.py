"""The laws at length: ``python -m benchmarks.laws [--times 20] [PATH …]`` runs each with so many times its examples.

A law is a test that Hypothesis draws examples for.  Each is printed with its examples, and what ended it; that is
never a time limit: there is none for an example, and none for a test.  Exits with 1 if a law fails, or if one saw
fewer examples than it was to see and Hypothesis does not say that there are no more.
"""

import argparse
import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.statistics import collector

TESTS = Path(__file__).parents[1] / "tests"
_SETTINGS = "_hypothesis_internal_use_settings"
_EXHAUSTED = "nothing left to do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one law saw."""

    law: str
    asked: int
    """Examples."""
    passing: int
    failing: int
    stopped: str
    """Why it ended, in Hypothesis' words."""

    @property
    def whole(self) -> bool:
        """Whether it saw all that was asked for, or all that there is."""
        return not self.failing and (self.passing >= self.asked or _EXHAUSTED in self.stopped)


@dataclass(eq=False)
class Laws:
    """A plugin of pytest: takes the laws alone, lengthens them, and keeps what they saw."""

    times: int
    found: list[Seen] = field(default_factory=list)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave the laws, with more examples and without limits of time."""
        laws = [item for item in items if getattr(_function(item), "is_hypothesis_test", False)]
        config.hook.pytest_deselected(items=[item for item in items if item not in laws])
        items[:] = laws
        done = set[int]()
        for item in laws:
            function = _function(item)
            item.add_marker(pytest.mark.timeout(0))
            if id(function) not in done:  # one function serves all parameters
                done.add(id(function))
                own: Any = getattr(function, _SETTINGS, settings.default)
                more = settings(
                    own, max_examples=own.max_examples * self.times, deadline=None,
                    suppress_health_check=list(HealthCheck),
                )  # fmt: skip
                setattr(function, _SETTINGS, more)

    @pytest.hookimpl(wrapper=True, trylast=True)  # innermost: Hypothesis' own plugin takes the figures too
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run a law, and keep its figures."""
        noted: list[dict[str, Any]] = []
        with cast("Any", collector).with_value(noted.append):
            result = yield
        self.found += [_seen(item, statistics) for statistics in noted]
        return result


def _function(item: pytest.Item) -> object:
    function: object = getattr(item, "obj", None)
    return getattr(function, "__func__", function)


def _seen(item: pytest.Item, statistics: dict[str, Any]) -> Seen:
    cases = [
        case for phase in ("reuse-phase", "generate-phase") for case in statistics.get(phase, {}).get("test-cases", ())
    ]
    own: settings = getattr(_function(item), _SETTINGS)
    return Seen(
        law=item.nodeid, asked=own.max_examples,
        passing=sum(case["status"] == "valid" for case in cases),
        failing=sum(case["status"] == "interesting" for case in cases),
        stopped=str(statistics.get("stopped-because", "")),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, metavar="N")
    parser.add_argument("paths", nargs="*", default=[str(TESTS)])
    asked = parser.parse_args()
    laws = Laws(times=asked.times)
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*quiet, *asked.paths], plugins=[laws])
    for seen in laws.found:
        print(f"{seen.passing:7} of {seen.asked:7}  {seen.law}  ({seen.stopped})")
    short = [seen.law for seen in laws.found if not seen.whole]
    print(f"{len(laws.found)} laws, {sum(seen.passing for seen in laws.found)} examples, {len(short)} stopped short")
    print("\n".join(short))
    sys.exit(1 if code != pytest.ExitCode.OK or short else 0)


if __name__ == "__main__":
    main()
