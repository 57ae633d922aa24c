"""Writing a program, migrating it as ``ssot migrate --write`` does, and running it."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from bot.cli.fix_files import command
from tests.programs.model import CONFIG, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What the command did."""

    code: int
    """0: no usage is left, 1: some are."""
    told: str
    """The summary, with the reasons of what is left."""
    files: Mapping[str, str]

    @property
    def left(self) -> int:
        """The usages that stay."""
        found = re.search(r"^(\d+) usages? left", self.told, re.MULTILINE)
        return int(found[1]) if found else 0


class Interpreter:
    """A process in which scripts run, each in a fork: an interpreter's start costs more than most programs."""

    def __init__(self, preload: tuple[str, ...] = ()) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(Path(__file__).with_name("child.py")), *preload],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONHASHSEED": "0"},
        )  # fmt: skip

    def run(self, directory: Path, scripts: tuple[str, ...]) -> list[str]:
        """What each script prints, with the exception that ends it."""
        return [self._run(directory, script) for script in scripts]

    def _run(self, directory: Path, script: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(directory), script]) + "\n")
        self._process.stdin.flush()
        return str(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def write(program: Program, directory: Path) -> None:
    """The program's files, below ``directory``."""
    for path, text in program.tree.items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())


def migrate(directory: Path) -> Migrated:
    """``ssot migrate --write``."""
    result = CliRunner().invoke(command, [str(directory), "--write"], catch_exceptions=False)
    return Migrated(code=result.exit_code, told=result.output, files=read(directory))


def read(directory: Path) -> dict[str, str]:
    """The text of the files below ``directory``, but for the configuration."""
    found = {path.relative_to(directory).as_posix(): path for path in sorted(directory.rglob("*"))}
    return {name: path.read_bytes().decode() for name, path in found.items() if path.is_file() and name != CONFIG}
