"""How much memory does a server hold while nothing comes in?

    python -m benchmarks.idle [--seconds 60]    # from the moment that it listens

``ssot serve`` as it is, on SQLite, against the sandbox GitHub in this process.  Told is what each of its processes
holds: its proportional share (PSS), in which a page that several of them have in common counts once for all.
https://docs.kernel.org/filesystems/proc.html
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.kill import ROOT, environment_of
from benchmarks.throughput import descendants
from bot.sandbox import Sandbox
from bot.sandbox.example import FILES

MIB = 1024


def share(pid: int) -> float:
    """A process's memory, in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / MIB


def name_of(pid: int) -> str:
    line = Path(f"/proc/{pid}/cmdline").read_text()
    known = {"resource_tracker": "resource tracker", "forkserver": "fork server or worker"}
    return next((name for word, name in known.items() if word in line), line.replace("\0", " ")[:60])


async def measure(seconds: float, directory: Path) -> None:
    async with Sandbox() as github:
        await github.repo("acme/service", files=dict(FILES))
        environment = {
            "PATH": os.environ["PATH"],
            **environment_of(github, directory, f"sqlite:///{directory}/ssot.db"),
        }
        command = [sys.executable, "-m", "bot", "serve", "--port", "0"]
        server = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=-1)
        try:
            assert server.stdout is not None  # noqa: S101  # for the type checker
            await server.stdout.readline()  # it listens
            await asyncio.sleep(seconds)
            print(f"{share(server.pid):6.1f} MiB  server")
            helpers = {pid: share(pid) for pid in descendants(server.pid)}
            for pid, held in helpers.items():
                print(f"{held:6.1f} MiB  {name_of(pid)}")
            print(f"{sum(helpers.values()):6.1f} MiB  all helpers")
        finally:
            server.terminate()
            await server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ssot-idle-") as name:
        asyncio.run(measure(options.seconds, Path(name)))


if __name__ == "__main__":
    main()
