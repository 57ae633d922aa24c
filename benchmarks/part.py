"""What a configuration costs on a tree: to list its usages, and to plan the fixes of one file; beside ripgrep.

    python -m benchmarks.part TREE CONFIG FILE [--runs N] [--expect USAGES]

ripgrep looks for the last components of the deprecated names as whole words, and understands none.  The CPU time is
that of all processes of a tool together, which says more than the clock where others use the machine; the tools take
turns.  `ssot migrate FILE` may cost what `ssot scan` does, and what the file does.

What the rest of the tree says of one file is kept between runs: the first one has to read it (``first``), the others
read of the rest what has changed.  That is measured in a cache of its own.

On two cores that others used as well (first, again, scan, in s of CPU): SciPy 1.11 (999 files), with
``scipy.special.gammaln`` and ``scipy/stats/_hypotests.py`` 4.0, 0.9, 1.0; with ``numpy.asarray`` and ``numpy.sum``,
which stand everywhere, and ``scipy/spatial/_procrustes.py`` 9.2, 2.1, 4.8.  rg takes 0.02 s.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.config import load


def commands(tree: Path, config: Path, file: Path) -> dict[str, Sequence[str]]:
    """The tools by name: the floor first."""
    rg = shutil.which("rg") or sys.exit("rg is not installed")
    migrations = load(config.read_bytes(), file=os.fspath(config)).migrations
    names = sorted({target.leaf for each in migrations for target in each.targets})
    ssot, given = [sys.executable, "-m", "bot"], ["--config", os.fspath(config)]
    return {
        "rg": [rg, "-w", "-t", "py", "|".join(names), os.fspath(tree)],
        "ssot scan": [*ssot, "scan", os.fspath(tree), "--no-cache", *given],
        "ssot migrate FILE": [*ssot, "migrate", os.fspath(file), *given],
    }


def run(name: str, command: Sequence[str], cache: str) -> tuple[float, float, bytes]:
    """CPU seconds, seconds by the clock, and the output.  Exit code 1 means that something was found."""
    own = {**os.environ, "SSOT_DATA_DIR": cache}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, check=False, env=own)
        seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        output.seek(0)
        printed = output.read()
    if done.returncode not in (0, 1):
        sys.exit(f"{name} failed with {done.returncode}: {done.stderr.decode()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, seconds, printed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("config", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--expect", type=int, help="fail unless ssot scan lists this many usages")
    arguments = parser.parse_args()
    tools = commands(arguments.tree.resolve(), arguments.config.resolve(), arguments.file.resolve())
    with tempfile.TemporaryDirectory() as cache:
        first = run("ssot migrate FILE", tools["ssot migrate FILE"], cache)
        rounds = [{name: run(name, command, cache) for name, command in tools.items()} for _ in range(arguments.runs)]
    best = {name: min(each[name][:2] for each in rounds) for name in tools}
    best["first"] = first[:2]
    print(f"{'tool':18} {'CPU':>8} {'clock':>8} {'of rg':>7} {'of scan':>8}")
    for name, (cpu, clock) in best.items():
        print(f"{name:18} {cpu:7.2f}s {clock:7.2f}s {cpu / best['rg'][0]:6.1f}x {cpu / best['ssot scan'][0]:7.2f}x")
    summary = rounds[0]["ssot scan"][2].decode().rstrip().rpartition("\n")[2]
    print(summary)
    found = int(summary.split()[0]) if summary[:1].isdigit() else 0
    if arguments.expect is not None and found != arguments.expect:
        sys.exit(f"{found} usages instead of {arguments.expect}")


if __name__ == "__main__":
    main()
