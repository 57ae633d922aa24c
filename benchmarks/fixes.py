"""What fixes cost: many rewrites in one file, a real tree with many constants, and ``ssot scan --format json``.

    python -m benchmarks.fixes [--constants TREE CONFIG] [--json TREE] [--runs N]

It prints ratios first: they do not depend on the machine.

- ``match``: one file with a rewritten call in each function, of a package outside the tree whose import has to stay.
  400 calls should cost at most 2.3 times as much as 200.
- ``--constants``: `ssot migrate` of a tree, the CPU and the memory of all processes together.  Home Assistant 2022.11
  with 106 constants: the source package ``homeassistant`` 2022.11.0 with ``homeassistant/const.py`` of 2023.1.0 laid
  over it, in a git repository: 25 to 29 s of CPU (the more, the busier the machine), at most 217 MiB.
- ``--json``: the built-in migration's usages in a tree with their fixes, beside ripgrep, which reads the same files.
"""

import argparse
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.scan import Tool, environment, family, weight, which
from bot.config.builtin import CONFIG

CALLS = (200, 400, 800)
_CONFIG = """\
version: 1
migrations:
  benchmark:
    deprecated: [depot.ledger.old]
    rewrites:
      - {match: "$deprecated($a, $b)", replace: "load($b, $a)", imports: [depot.vault.load], applicability: safe}
"""
_CALL = "\n\ndef f{n}(a, b):\n    return old(a, b + {n})\n"


def cpu(command: Sequence[str], *, weigh: bool = False) -> tuple[float, int]:
    """The seconds of CPU of a command with all its processes, and with ``weigh`` their peak of memory in KiB.

    A page that several processes share is counted once.  Exit code 1 means that usages are left.
    """
    before, peak = resource.getrusage(resource.RUSAGE_CHILDREN), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()) as process:
        while weigh and process.poll() is None:
            peak = max(peak, sum(map(weight, family(process.pid))))
            time.sleep(0.1)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} failed with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak


def migrate(tree: Path, config: Path) -> list[str]:
    """The command that plans the fixes of a tree."""
    return [sys.executable, "-m", "bot", "migrate", os.fspath(tree), "--config", os.fspath(config)]


def matches(scratch: Path, runs: int) -> None:
    """Print what 200, 400 and 800 calls cost; the least of several runs each."""
    config = scratch / "ssot.yml"
    config.write_text(_CONFIG)
    trees = {number: scratch / str(number) for number in CALLS}
    for number, tree in trees.items():
        tree.mkdir()
        body = "".join(_CALL.format(n=n) for n in range(number))
        (tree / "app.py").write_text(f"from depot.ledger import keep, old\n\nprint(keep, old)\n{body}")
    empty = scratch / "empty"
    empty.mkdir()
    (empty / "app.py").write_text("from depot.ledger import keep, old\n\nprint(keep, old)\n")
    start = min(cpu(migrate(empty, config))[0] for _ in range(runs))
    found = {number: min(cpu(migrate(tree, config))[0] for _ in range(runs)) for number, tree in trees.items()}
    for fewer, more in itertools.pairwise(CALLS):
        whole, alone = found[more] / found[fewer], (found[more] - start) / (found[fewer] - start)
        print(f"match {more} ÷ {fewer}: {whole:.2f} ({alone:.2f} without the start)")
    print(
        f"match: {', '.join(f'{number} in {seconds:.2f} s' for number, seconds in found.items())}, 0 in {start:.2f} s"
    )


def constants(tree: Path, config: Path) -> None:
    """Print CPU and memory of a migration, beside those of a scan of the same tree without fixes."""
    scan = [sys.executable, "-m", "bot", "scan", os.fspath(tree), "--config", os.fspath(config), "--no-cache"]
    listed, _ = cpu(scan)
    seconds, peak = cpu(migrate(tree, config), weigh=True)
    print(f"migrate ÷ scan: {seconds / listed:.1f} (CPU)")
    print(f"migrate: {seconds:.1f} s of CPU, {peak / 1024:.0f} MiB at most in all processes; scan: {listed:.1f} s")


def as_json(tree: Path, runs: int) -> None:
    """Print what usages with fixes cost beside a search for the name by ripgrep: the least of several runs each."""
    leaf = CONFIG.migrations[0].targets[0].leaf
    scan = [sys.executable, "-m", "bot", "scan", os.fspath(tree), "--no-cache", "--format", "json"]
    floor = Tool(name="rg", command=[which("rg"), "-n", leaf, "-t", "py", os.fspath(tree)])
    tools = [floor, Tool(name="json", command=scan), Tool(name="json --no-fixes", command=[*scan, "--no-fixes"])]
    for tool in tools:
        tool.run()  # what is on disk comes into memory for all of them
        tool.seconds.clear()
    for _ in range(runs):
        for tool in tools:
            tool.run()
    for tool in tools[1:]:
        print(f"{tool.name} ÷ rg: {tool.best / floor.best:.1f} ({tool.best:.3f} s and {floor.best:.3f} s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--constants", nargs=2, type=Path, metavar=("TREE", "CONFIG"))
    parser.add_argument("--json", type=Path, metavar="TREE")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        matches(Path(scratch), arguments.runs)
    if arguments.constants:
        tree, config = arguments.constants
        constants(tree.resolve(), config.resolve())
    if arguments.json:
        as_json(arguments.json.resolve(), arguments.runs)


if __name__ == "__main__":
    main()
