"""Programs put together at random, run before and after their safe fixes: what is called safe is safe, and enough is.

    python -m benchmarks.nursery [--programs 5000] [--jobs N]     # exits with 1 if less is found than is asked
    python -m benchmarks.nursery --first 20000 --programs 1000    # other programs: from that seed on
    python -m benchmarks.nursery --show SEED                      # one program, made smaller while it behaves otherwise
    python -m benchmarks.nursery --record                         # keep today's safe and right fixes as those to be had

A program is made of its seed (`tests.programs.generated`), so the same number is the same program for ever, as long as
the pieces stay; from seed 20,000 on there are more pieces.  Printed are: programs that behave otherwise after safe
fixes (asked: 0); of the recorded fixes, those that are unsafe or manual today (asked: at most 1 %), each with its
program, place and reason; programs with a safe fix (asked: 60 %); usages of the written programs that were refused
without need (asked: 80 % safe).
"""

import argparse
import difflib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from benchmarks.shrinking import shrunk
from bot.domain.finding import Finding
from bot.domain.migration import Applicability
from tests.programs.generated.composing import program
from tests.programs.generated.drawing import Seeded
from tests.programs.generated.trying import Outcome, Trials
from tests.programs.model import Program, Safe
from tests.programs.reading import programs

RECORD = Path(__file__).with_name("nursery.txt")
"""A line for each program that behaves as before: its seed, a digest of its text, and a key for each safe usage."""
_DIGITS = 4
_WIDER = 20_000
"""The first seed whose program has pieces of all sorts; those before it keep what they are made of."""
_BATCH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What is kept of a program that was tried."""

    seed: int
    digest: str
    runs: bool
    same: bool
    verdicts: tuple[tuple[str, bool, str, str], ...]
    """For each usage its key, whether it is safe, the reason where it is not, and that in words with its place."""

    @property
    def safe(self) -> list[str]:
        """The keys of the safe usages."""
        return [key for key, safe, *_ in self.verdicts if safe]


def made(seed: int) -> Program:
    """The program of a seed."""
    return program(Seeded(seed), str(seed), wider=seed >= _WIDER)


def tried(seeds: Sequence[int]) -> list[Tried]:
    """Try some programs, in a process of their own."""
    with Trials() as trials:
        return [_tried(seed, trials) for seed in seeds]


def _tried(seed: int, trials: Trials) -> Tried:
    one = made(seed)
    outcome = trials.outcome(one)
    verdicts = tuple((_key(usage), _is_safe(usage), usage.reason_code or "", _told(usage)) for usage in outcome.usages)
    return Tried(seed=seed, digest=_digest(one), runs=outcome.runs, same=outcome.same, verdicts=verdicts)


def _is_safe(usage: Finding) -> bool:
    return usage.fix is not None and usage.fix.applicability is Applicability.SAFE


def _told(usage: Finding) -> str:
    return f"{usage.path}:{usage.range.line}: {usage.symbol} ({usage.kind.value}): {usage.reason or ''}"


def _key(usage: Finding) -> str:
    return blake2b(f"{usage.path}:{usage.range.start}".encode(), digest_size=_DIGITS // 2).hexdigest()


def _digest(one: Program) -> str:
    return blake2b(repr(sorted(one.tree.items())).encode(), digest_size=4).hexdigest()


def all_tried(first: int, number: int, jobs: int) -> list[Tried]:
    """The programs that run from a seed on, so many, in the order of their seeds."""
    seeds = (range(start, start + _BATCH) for start in range(first, first + number * 2, _BATCH))
    found: list[Tried] = []
    with ProcessPoolExecutor(jobs) as pool:
        while len(found) < number:
            for group in pool.map(tried, islice(seeds, jobs * 4)):
                found += [each for each in group if each.runs]
            print(f"\r{len(found)} programs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found[:number]


def record(found: Sequence[Tried]) -> None:
    """Keep the safe usages of the programs that behave as before."""
    lines = [f"{each.seed} {each.digest} {''.join(each.safe)}\n" for each in found if each.same and each.safe]
    RECORD.write_text("".join(lines), encoding="utf-8")


def recorded() -> dict[tuple[int, str], frozenset[str]]:
    """By seed and digest, the keys of the usages that were safe and right."""
    known = {}
    for line in RECORD.read_text(encoding="utf-8").splitlines():
        seed, digest, keys = line.split(" ")
        known[int(seed), digest] = frozenset(keys[n : n + _DIGITS] for n in range(0, len(keys), _DIGITS))
    return known


def _lost(found: Sequence[Tried]) -> tuple[int, list[tuple[int, str, str]]]:
    """How many recorded fixes there are in these programs, and those that are not safe any more.

    Of each its seed, its reason, and that in words with its place.
    """
    known, total, lost = recorded(), 0, []
    for each in found:
        keys = known.get((each.seed, each.digest), frozenset())
        total += len(keys)
        reasons = {key: (reason, told) for key, safe, reason, told in each.verdicts if not safe}
        lost += [(each.seed, *reasons.get(key, ("not found", ""))) for key in sorted(keys - set(each.safe))]
    return total, lost


def needless() -> tuple[int, int]:
    """Of the written programs about needless refusals: the usages that may stay refused are left out; safe, and all."""
    safe = total = 0
    with Trials() as trials:
        for name, one in programs().items():
            if name.startswith("needless/") and isinstance(one.expect, Safe):
                usages = trials.outcome(one).usages
                total += len(usages) - one.expect.left
                safe += sum(map(_is_safe, usages))
    return safe, total


def report(found: Sequence[Tried]) -> bool:
    """Print what was found; whether it is all that is asked."""
    changed = [each.seed for each in found if not each.same]
    total, lost = _lost(found)
    with_fix = sum(bool(each.safe) for each in found)
    safe, refused = needless()
    print(f"programs that behave otherwise after safe fixes: {len(changed)} of {len(found)} (asked: 0)")
    for seed in changed:
        print(f"  --show {seed}")
    print(f"recorded safe and right fixes that are none today: {len(lost)} of {total}, {len(lost) / (total or 1):.2%}"
          " (asked: at most 1 %)")  # fmt: skip
    for reason, number in Counter(reason for _, reason, _ in lost).most_common():
        print(f"  {number} × {reason}")
        for line in dict.fromkeys(f"    program {seed}, {told}" for seed, each, told in lost if each == reason):
            print(line)
    print(f"programs with a safe fix: {with_fix / len(found):.1%} (asked: 60 %)")
    print(f"usages once refused without need that are safe: {safe} of {refused} (asked: 80 %)")
    return not changed and len(lost) <= total / 100 and with_fix >= 0.6 * len(found) and safe >= 0.8 * refused


def show(seed: int) -> None:
    """One program, as small as it gets while it behaves otherwise after its safe fixes."""
    with Trials() as trials:
        one = made(seed)
        outcome = trials.outcome(one)
        if outcome.runs and not outcome.same:
            one = shrunk(one, partial(_differs, trials, outcome.fails), "app/")
        print("\n".join(_lines(one, trials.outcome(one))))


def _differs(trials: Trials, fails: bool, one: Program) -> bool:
    """Whether it behaves otherwise in the same way: it ends by an exception, or it does not."""
    outcome = trials.outcome(one)
    return outcome.runs and not outcome.same and outcome.fails == fails


def _lines(one: Program, outcome: Outcome) -> Iterator[str]:
    yield one.config
    for path, text in one.files.items():
        if text.strip():
            after = outcome.files.get(path, text)
            yield f"--- {path}\n{text.rstrip()}"
            yield from list(difflib.unified_diff(text.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    for usage in outcome.usages:
        yield f"{usage.path}:{usage.range.line}: {usage.symbol}: {usage.applicability.value}: {usage.reason or ''}"
    yield from difflib.unified_diff(outcome.before.splitlines(), outcome.after.splitlines(), "before", "after", n=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=5_000, metavar="NUMBER")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N")
    parser.add_argument("--show", type=int, metavar="SEED")
    parser.add_argument("--record", action="store_true")
    asked = parser.parse_args()
    if asked.show is not None:
        show(asked.show)
        return
    found = all_tried(asked.first, asked.programs, asked.jobs)
    if asked.record:
        record(found)
        return
    sys.exit(0 if report(found) else 1)


if __name__ == "__main__":
    main()
