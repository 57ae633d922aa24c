"""Do the tests see a change of the engine?  ``make mutants``, or:

    python -m benchmarks.mutants [--seed N] [--count N] [--under PATH] [--mutant TEXT] [--keep FILE]

A random sample of one-place mutants of ``bot/engine`` (``benchmarks/mutation.py``) is tried against ``tests/engine``,
``tests/programs``, ``tests/presets`` and ``tests/local``.  Each test runs once with its coverage; then, for each
mutant, the tests that run its lines, the fastest first, until one fails.  Ends with 1 if the tests see less than 92 %
of the sample.  Mutants that no test can see are in ``benchmarks/equivalent_mutants.txt``, each with its reason.

mutmut has no random sample, starts from all 5,400, and its trampolines are seen by the tests that look at functions;
cosmic-ray starts pytest anew for every mutant, without the choice by coverage: 35 s each.  Here pytest collects once
(3 s), and each mutant is a fork in which the code object of one function is exchanged: what a mutant costs is its
tests.  Limits are of CPU time, so that a busy machine kills nothing.
"""

import argparse
import functools
import gc
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from coverage import Coverage, CoverageData

from benchmarks.mutation import Mutant, code, mutants

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "bot" / "engine"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
TESTS = ("tests/engine", "tests/programs", "tests/presets", "tests/local")
SHARE = 0.92
PROCESSES = 2
SECONDS = 3.0
"""Of CPU that a test may take, and ten times what it takes without a change."""
FIRST = 30
"""Tests of a mutant that come first because they are fast."""
MEMORY = 4 << 30
FAULT = 3  # the exit code of a fork whose own work failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one run of a test without a change showed."""

    seconds: float
    lines: Mapping[str, frozenset[int]]
    """By file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a mutant."""

    mutant: Mutant
    tried: int
    """How many tests run its lines."""
    killer: str
    """The test that failed, or why there is none to ask; empty: it survives."""
    equivalent: str = ""
    """Why no test can see it."""

    @property
    def verdict(self) -> str:
        return "equivalent" if self.equivalent else "killed" if self.killer else "survived"


class Session:
    """A pytest plugin: instead of the tests it runs ``work`` once everything is collected."""

    def __init__(self, work: "Callable[[Session], None]") -> None:
        self.items: dict[str, pytest.Item] = {}
        self._plugins: pytest.PytestPluginManager
        self.functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        """The engine's functions as they are loaded, by :func:`_place`."""
        self.failed = ""
        self._work = work

    def pytest_collection(self) -> None:
        """What one mutant showed must not be tried first on the next."""
        import hypothesis  # pytest wants to be the first to import it

        hypothesis.settings.register_profile("mutants", parent=hypothesis.settings.get_profile("ssot"), database=None)
        hypothesis.settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        self.items = {item.nodeid: item for item in session.items}
        self._plugins = session.config.pluginmanager
        for thing in gc.get_objects():
            if isinstance(thing, functools._lru_cache_wrapper):
                thing.cache_clear()
            elif isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(str(ENGINE)):
                self.functions.setdefault(_place(thing.__code__), []).append(thing)
        gc.freeze()
        self._work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = report.nodeid

    def say(self, line: str) -> None:
        """A line for the person who waits."""
        reporter: pytest.TerminalReporter | None = self._plugins.get_plugin("terminalreporter")
        if reporter:
            reporter.write_line(line, flush=True)

    def run(self, name: str, following: str | None) -> None:
        """One test; what it shares with the following one is kept."""
        item = self.items[name]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.items[following] if following else None)

    def fork(self, work: Callable[[], object], answer: Path) -> int:
        """The id of a process that does ``work`` and writes what it gives to ``answer``, as JSON."""
        process = os.fork()
        if process:
            return process
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            self._plugins.unregister(name="terminalreporter")
            answer.write_text(json.dumps(work()))
            os._exit(0)
        except BaseException:  # whatever it is, this process must not go on with its parent's work
            answer.write_text(traceback.format_exc())
            raise
        finally:
            os._exit(FAULT)


def each(session: Session, works: Iterable[tuple[Callable[[], object], Path]]) -> Iterator[tuple[Path, int]]:
    """The answers of forks, as they end, with their exit codes (negative: the signal); two run at a time."""
    running: dict[int, Path] = {}
    for work, answer in works:
        if len(running) == PROCESSES:
            yield _ended(running)
        running[session.fork(work, answer)] = answer
    while running:
        yield _ended(running)


def _ended(running: dict[int, Path]) -> tuple[Path, int]:
    process, status = os.waitpid(-1, 0)
    return running.pop(process), os.waitstatus_to_exitcode(status)


def measure(session: Session, names: Sequence[str], data: Path) -> dict[str, float]:
    """Each test once, with its coverage in ``data``; the seconds of CPU of each that passes."""
    seconds = {}
    coverage = Coverage(data_file=str(data), include=[f"{ENGINE}/*"], config_file=False)
    coverage.start()
    for name, following in zip(names, [*names[1:], None], strict=False):
        coverage.switch_context(name)
        started = time.process_time()
        session.run(name, following)
        if not session.failed:
            seconds[name] = time.process_time() - started
        session.failed = ""
    coverage.stop()
    coverage.save()
    return seconds


def measured(session: Session, folder: Path, known: dict[str, Measured]) -> dict[str, Measured]:
    """All tests that pass, each run once without a change; the known ones are taken as they are."""
    names = [name for name in session.items if name not in known]
    modules = sorted({name.partition("::")[0] for name in names})
    halves = [
        [name for name in names if modules.index(name.partition("::")[0]) % PROCESSES == half]
        for half in range(min(PROCESSES, len(modules)))
    ]
    works = [
        (functools.partial(measure, session, half, folder / f"{at}.coverage"), folder / f"{at}.json")
        for at, half in enumerate(halves)
    ]
    seconds: dict[str, float] = {}
    lines: dict[str, dict[str, set[int]]] = {name: {} for name in names}
    for answer, ended in each(session, works):
        if ended:
            raise RuntimeError(f"the tests cannot be measured: {answer.read_text()}")
        seconds.update(json.loads(answer.read_text()))
        data = CoverageData(basename=str(answer.with_suffix(".coverage")))
        data.read()
        for path in data.measured_files():
            for line, contexts in data.contexts_by_lineno(path).items():
                for name in filter(None, contexts):
                    lines[name].setdefault(path, set()).add(line)
    for name in sorted(set(names) - seconds.keys()):
        session.say(f"left out, for it fails without a change: {name}")
    new = {
        name: Measured(seconds=spent, lines={path: frozenset(those) for path, those in lines[name].items()})
        for name, spent in seconds.items()
    }
    return {name: test for name, test in (known | new).items() if name in session.items}


def kept(path: Path) -> dict[str, Measured]:
    """What an earlier run measured, if it kept it."""
    if not path.is_file():
        return {}
    return {
        name: Measured(seconds=seconds, lines={str(ENGINE / file): frozenset(those) for file, those in lines.items()})
        for name, (seconds, lines) in json.loads(path.read_text()).items()
    }


def keep(path: Path, tests: dict[str, Measured]) -> None:
    """For the next run: true until the engine changes; new tests are measured then."""
    found = {
        name: (test.seconds, {os.path.relpath(file, ENGINE): sorted(those) for file, those in test.lines.items()})
        for name, test in tests.items()
    }
    path.write_text(json.dumps(found))


def trial(session: Session, mutant: Mutant, names: Sequence[str], tests: dict[str, Measured]) -> str:
    """In a fork: the first of the tests that fails on the mutant, or nothing."""
    changed = code(mutant)
    for function in session.functions.get(_place(changed), ()):
        function.__code__ = changed
    for name, following in zip(names, [*names[1:], None], strict=False):
        signal.setitimer(signal.ITIMER_PROF, SECONDS + 10 * tests[name].seconds)
        session.run(name, following)
        if session.failed:
            return name
    return ""


def _place(found: CodeType) -> tuple[str, str, int]:
    return found.co_filename, found.co_qualname, found.co_firstlineno


def choose(mutant: Mutant, tests: dict[str, Measured]) -> list[str]:
    """The tests that run the mutant's lines: a few fast ones first, the rest by module, for what a module shares."""
    path = str(mutant.path)
    found = [name for name, test in tests.items() if not mutant.lines.isdisjoint(test.lines.get(path, ()))]
    found.sort(key=lambda name: tests[name].seconds)
    modules: dict[str, float] = {}
    for name in found:
        module = name.partition("::")[0]
        modules[module] = modules.get(module, 0.0) + tests[name].seconds
    return found[:FIRST] + sorted(found[FIRST:], key=lambda name: modules[name.partition("::")[0]])


def judge(session: Session, sample: Sequence[Mutant], reasons: dict[str, str], store: Path | None) -> Iterator[Fate]:
    """What becomes of each mutant."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tests = measured(session, folder, kept(store) if store else {})
        if store:
            keep(store, tests)
        session.say(f"{len(tests)} tests, {sum(test.seconds for test in tests.values()):.0f} s of CPU with coverage")
        chosen = {folder / f"{at}.fate": (mutant, choose(mutant, tests)) for at, mutant in enumerate(sample)}
        works = (
            (functools.partial(trial, session, mutant, names, tests), answer)
            for answer, (mutant, names) in chosen.items()
        )
        for answer, ended in each(session, works):
            if ended == FAULT:
                raise RuntimeError(f"{chosen[answer][0].label}: the trial itself failed: {answer.read_text()}")
            mutant, names = chosen[answer]
            killer = json.loads(answer.read_text()) if not ended else f"ended by signal {-ended}"
            yield Fate(mutant=mutant, tried=len(names), killer=killer, equivalent=reasons.get(key(mutant), ""))


def key(mutant: Mutant) -> str:
    """The mutant's line in the list of the equivalent ones."""
    return f"{mutant.path.relative_to(ENGINE)} {mutant.label}"


def equivalents(text: str) -> dict[str, str]:
    """The list: the mutants' keys, each with the reason on the indented lines below it."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line[:1] not in ("", " ", "#"):
            name = line
            found[name] = ""
        elif line.startswith(" "):
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def told(fates: Sequence[Fate], stale: Iterable[str]) -> tuple[str, bool]:
    """The summary, and whether all is well."""
    count = Counter(fate.verdict for fate in fates)
    asked = len(fates) - count["equivalent"]
    share = count["killed"] / asked if asked else 1.0
    lines = [f"{fate.verdict}, {fate.tried} tests: {key(fate.mutant)}" for fate in fates if fate.verdict == "survived"]
    wrong = [key(fate.mutant) for fate in fates if fate.equivalent and fate.killer]
    lines += [f"killed, and named as equivalent: {name}" for name in wrong]
    lines += [f"named as equivalent, and not there: {name}" for name in stale]
    lines.append(
        f"{len(fates)} mutants: {count['killed']} killed, {count['survived']} survived, "
        f"{count['equivalent']} equivalent; {share:.1%} of {asked} killed"
    )
    return "\n".join(lines), share >= SHARE and not stale and not wrong


def main() -> int:
    """Take the sample, try it, and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--under", default="", help="only files whose path below bot/engine begins so")
    parser.add_argument("--mutant", action="append", default=[], help="only mutants whose key holds this")
    parser.add_argument("--keep", type=Path, help="a file that keeps which test runs which line, for the next run")
    options = parser.parse_args()
    everything = [mutant for path in sorted(ENGINE.rglob("*.py")) for mutant in mutants(path)]
    reasons = equivalents(EQUIVALENT.read_text())
    stale = sorted(reasons.keys() - {key(mutant) for mutant in everything})
    pool = [mutant for mutant in everything if key(mutant).startswith(options.under)]
    if options.mutant:
        pool = [mutant for mutant in pool if any(text in key(mutant) for text in options.mutant)]
    sample = random.Random(options.seed).sample(pool, min(options.count, len(pool)))  # noqa: S311  a sample, no secret
    fates: list[Fate] = []

    def work(session: Session) -> None:
        for fate in judge(session, sample, reasons, options.keep):
            fates.append(fate)
            session.say(f"{len(fates)} {fate.verdict}: {key(fate.mutant)} | {fate.killer or fate.tried}")

    with tempfile.TemporaryDirectory() as folder:
        ended = pytest.main(
            [*TESTS, "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "-o", "timeout=0",
             "-o", "tmp_path_retention_policy=none", f"--basetemp={folder}/tests"],
            plugins=[Session(work)],
        )  # fmt: skip
    if len(fates) < len(sample):
        return int(ended) or 1
    summary, well = told(fates, stale)
    print(f"seed {options.seed}, of {len(pool)}\n{summary}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
