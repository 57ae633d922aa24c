"""How long it takes to list a symbol's usages in a tree, and how many are found: ssot, ripgrep and ruff in one run.

    python benchmarks/scan.py TREE [SYMBOL] [--runs N] [--expect USAGES]

Each tool is a process of its own, timed from outside; the runs of the tools alternate, so that what else the machine
does hits all of them.  ripgrep is the floor: it reads every file and understands none.  ruff's TID251 resolves names
file by file.  Without SYMBOL ssot runs as it is installed, with its built-in migration, and once more with the same
name in a file (``ssot+yml``).  ``again`` is a run that has kept results of the run before, as every run of an installed
ssot has; ``fixes`` plans the fixes as well (``--format json``).  Memory is that of all of a tool's processes together,
where the system tells (Linux).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.config.builtin import CONFIG


@dataclass(slots=True, kw_only=True)
class Tool:
    """A command, and what was measured of it."""

    name: str
    command: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    peak_kib: int = 0
    output: str = ""

    def run(self, *, weigh: bool = False) -> None:
        """Run it once, and weigh its processes meanwhile if asked.  Exit code 1 means that something was found."""
        with tempfile.TemporaryFile() as output:
            begin = time.perf_counter()
            process = subprocess.Popen(self.command, stdout=output, stderr=subprocess.PIPE, env=environment())
            while weigh and process.poll() is None:
                self.peak_kib = max(self.peak_kib, sum(map(weight, family(process.pid))))
            complaint = process.stderr.read().decode() if process.stderr else ""
            process.wait()
            self.seconds.append(time.perf_counter() - begin)
            if process.returncode not in (0, 1):
                sys.exit(f"{self.name} failed with {process.returncode}: {complaint}")
            output.seek(0)
            self.output = output.read().decode("utf-8", "replace")

    @property
    def best(self) -> float:
        return min(self.seconds)


def environment() -> dict[str, str]:
    """Ours, in which Python may keep what it has compiled, as any installed program has it."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**own, "XDG_CACHE_HOME": str(KEPT)} if KEPT.is_dir() else own


KEPT = Path(tempfile.gettempdir()) / f"ssot-benchmark-{os.getpid()}"
"""Where results are kept between runs, and nowhere else."""


def family(process: int) -> list[int]:
    """The process and all below it."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [process, *(each for child in children for each in family(int(child)))]


def weight(process: int) -> int:
    """The KiB of a process, a page that several share counted in parts (proc(5), "Pss")."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def tools(tree: Path, given: str | None, scratch: Path) -> list[Tool]:
    """The tools that are installed; ssot and ripgrep must be."""
    symbol = given or CONFIG.migrations[0].targets[0].name
    leaf = symbol.rpartition(".")[2]
    config = scratch / "ssot.yml"
    config.write_text(f"version: 1\nmigrations:\n  benchmark:\n    deprecated: [{symbol}]\n")
    scan = [sys.executable, "-m", "bot", "scan", os.fspath(tree), "--no-cache"]
    found = [Tool(name="rg", command=[which("rg"), "-n", leaf, "-t", "py", os.fspath(tree)])]
    if given is None:
        found.append(Tool(name="ssot", command=scan))
    found.append(Tool(name="ssot+yml", command=[*scan, "--config", os.fspath(config)]))
    kept = [*scan[:-1], *(["--config", os.fspath(config)] if given else [])]
    found.append(Tool(name="again", command=kept))
    found.append(Tool(name="fixes", command=[*scan, "--format", "json", *kept[5:]]))
    found.append(Tool(name="fixes again", command=[*kept, "--format", "json"]))
    ruff = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if ruff:
        banned = scratch / "ruff.toml"
        banned.write_text(f'[lint.flake8-tidy-imports.banned-api]\n"{symbol}".msg = "deprecated"\n')
        command = [ruff, "check", "--select", "TID251", "--no-cache", "--output-format", "json"]
        found.append(Tool(name="ruff", command=[*command, "--config", os.fspath(banned), os.fspath(tree)]))
    return found


def which(name: str) -> str:
    return shutil.which(name) or sys.exit(f"{name} is not installed")


def usages(tool: Tool, tree: Path) -> set[tuple[str, int]]:
    """The lines that the tool names."""
    match tool.name:
        case "ruff":
            rows = [row for row in json.loads(tool.output) if row["code"] == "TID251"]
            return {(os.path.relpath(row["filename"], tree), row["location"]["row"]) for row in rows}
        case "rg":
            fields = [line.split(":", 2) for line in tool.output.splitlines()]
            return {(os.path.relpath(path, tree), int(line)) for path, line, _ in fields}
        case _:
            document = json.loads(tool.output)
            return {(finding["path"], finding["line"]) for finding in document["findings"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("symbol", nargs="?", help="a dotted name; that of the built-in migration by default")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--expect", type=int, help="fail unless ssot lists this many usages")
    arguments = parser.parse_args()
    tree: Path = arguments.tree.resolve()
    KEPT.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        compared = tools(tree, arguments.symbol, Path(scratch))
        for tool in compared:
            tool.run()  # what is on disk comes into memory for all of them
            tool.seconds.clear()
        for _ in range(arguments.runs):
            for tool in compared:
                tool.run()
        for tool in compared:
            tool.run(weigh=True)
            tool.seconds.pop()
        listing = next(tool for tool in compared if tool.name.startswith("ssot"))
        exact = Tool(name="ssot", command=[*listing.command, "--format", "json", "--no-fixes"])
        exact.run()
        report(compared, exact, tree)
        found = len(json.loads(exact.output)["findings"])
    shutil.rmtree(KEPT)
    if arguments.expect is not None and found != arguments.expect:
        sys.exit(f"{found} usages instead of {arguments.expect}")


def report(compared: Sequence[Tool], exact: Tool, tree: Path) -> None:
    """Print times, memory, ratios, and what each tool has of the lines that ssot resolves."""
    truth = usages(exact, tree)
    floor = compared[0].best
    print(f"{'tool':12} {'best':>8} {'median':>8} {'of rg':>7} {'peak':>9} {'lines':>6} {'recall':>7} {'other':>6}")
    for tool in compared:
        lines = usages(tool, tree) if tool.name in ("rg", "ruff") else truth
        recall = len(lines & truth) / len(truth) if truth else 1.0
        print(
            f"{tool.name:12} {tool.best:7.3f}s {statistics.median(tool.seconds):7.3f}s {tool.best / floor:6.1f}x"
            f" {tool.peak_kib / 1024:5.0f} MiB {len(lines):6} {recall:7.0%} {len(lines - truth):6}"
        )
    print(f"{len(json.loads(exact.output)['findings'])} usages in {len({path for path, _ in truth})} files of {tree}")


if __name__ == "__main__":
    main()
