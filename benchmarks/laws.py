"""The laws at length: ``python -m benchmarks.laws [--times 20] [PATH …]`` runs each with so many times its examples.

A law is a test that Hypothesis draws examples for.  Each file of tests has a process of its own, one after the other,
since Hypothesis remembers what it drew.  A row is printed for each law when its file is done: the examples, the
seconds, the most memory that the file's process had, and what ended the law; that is never a time limit: there is none
for an example, and none for a test.  Exits with 1 if a law fails, or if one saw fewer examples than it was to see and
Hypothesis does not say that there are no more.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
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
    seconds: float
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
        begun = time.monotonic()
        try:
            with cast("Any", collector).with_value(noted.append):
                return (yield)
        finally:
            self.found += [_seen(item, statistics, time.monotonic() - begun) for statistics in noted]


def _function(item: pytest.Item) -> object:
    function: object = getattr(item, "obj", None)
    return getattr(function, "__func__", function)


def _seen(item: pytest.Item, statistics: dict[str, Any], seconds: float) -> Seen:
    cases = [
        case for phase in ("reuse-phase", "generate-phase") for case in statistics.get(phase, {}).get("test-cases", ())
    ]
    own: settings = getattr(_function(item), _SETTINGS)
    return Seen(
        law=item.nodeid, asked=own.max_examples,
        passing=sum(case["status"] == "valid" for case in cases),
        failing=sum(case["status"] == "interesting" for case in cases),
        seconds=round(seconds, 1), stopped=str(statistics.get("stopped-because", "")),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOfLaws:
    """What the laws of one file saw."""

    path: str
    laws: tuple[Seen, ...]
    peak: int
    """MiB."""
    passed: bool


def _run(path: str, times: int, report: Path) -> int:
    """Run the laws of one file in this process, and write down what they saw; the exit status."""
    laws = Laws(times=times)
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*quiet, path], plugins=[laws])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    report.write_text(json.dumps({"laws": [asdict(seen) for seen in laws.found], "peak": peak}))
    return 0 if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else 1


def _apart(path: str, times: int) -> FileOfLaws:
    """The same in a process of its own.  A process that ends without a report has not passed."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory, "seen.json")
        command = [sys.executable, "-m", "benchmarks.laws", "--times", str(times), "--report", str(report), path]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        found: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {"laws": [], "peak": 0}
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
    return FileOfLaws(
        path=path, laws=tuple(Seen(**each) for each in found["laws"]), peak=found["peak"], passed=not done.returncode
    )


def _files(paths: Sequence[str]) -> Iterator[str]:
    """The files of tests that speak of Hypothesis; what is no directory is taken as it is (``FILE::LAW``)."""
    for path in paths:
        if not Path(path).is_dir():
            yield path
        else:
            named = sorted(Path(path).rglob("test_*.py"))
            yield from (str(file) for file in named if "hypothesis" in file.read_text())


def _table(found: FileOfLaws) -> str:
    rows = [
        f"{seen.passing:8,} of {seen.asked:8,}  {seen.seconds:8.1f} s  {found.peak:6,} MiB"
        f"  {'passed' if seen.whole else 'FAILED' if seen.failing else 'SHORT '}  {seen.law}  ({seen.stopped})"
        for seen in found.laws
    ]
    return "\n".join(
        rows if found.passed or not all(seen.whole for seen in found.laws) else [*rows, f"FAILED {found.path}"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, metavar="N")
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", default=[str(TESTS)])
    asked = parser.parse_args()
    if asked.report:
        sys.exit(_run(asked.paths[0], asked.times, asked.report))
    files = []
    for path in _files(asked.paths):
        files.append(_apart(path, asked.times))
        print(_table(files[-1]), flush=True)
    laws = [seen for file in files for seen in file.laws]
    short = [seen.law for seen in laws if not seen.whole] + [file.path for file in files if not file.passed]
    print(f"{len(laws)} laws, {sum(seen.passing for seen in laws):,} examples, {len(short)} failed or stopped short")
    print("\n".join(short))
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
