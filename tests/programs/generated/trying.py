"""Running a program before and after its safe fixes."""

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from bot.cli.choice import Choice, scan_config
from bot.domain.finding import Finding, Scanned
from bot.engine.rewrite import apply_fixes
from bot.local.files import list_files
from bot.local.search import Search
from bot.local.tree import Options, scan_tree
from tests.programs.model import Program
from tests.programs.running import Interpreter, read, write

_PRELOADED = ("unittest.mock", "asyncio", "doctest", "dataclasses", "typing", "functools", "contextlib", "pickle")
_UNREADY = re.compile(r"^[\w.]+ (?:AttributeError|NameError|ImportError)$", re.MULTILINE)
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a program."""

    before: str
    """What it printed."""
    after: str
    """What it prints after the safe fixes."""
    usages: tuple[Finding, ...]
    files: dict[str, str]
    """Its files after the fixes."""

    @property
    def runs(self) -> bool:
        """Whether the program runs to its end before: else it shows nothing.

        Nor does one of which a module reads what is not there yet: another path to the same thing may be there.
        """
        return bool(self.before) and "ended by" not in self.before and not _UNREADY.search(self.before)

    @property
    def fails(self) -> bool:
        """Whether an exception ends it after the fixes."""
        return "ended by" in self.after

    @property
    def same(self) -> bool:
        """Whether it behaves as before."""
        return self.before == self.after


class Trials:
    """Where programs are tried, one after another: a directory in memory, and a process to run them in."""

    def __enter__(self) -> Self:
        self._interpreter = Interpreter(_PRELOADED)
        self._place = TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)
        self._number = 0
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._interpreter.close()
        self._place.cleanup()

    def outcome(self, program: Program) -> Outcome:
        """Run it, fix it as ``ssot migrate --write`` does, and run it again."""
        self._number += 1
        with TemporaryDirectory(dir=self._place.name) as name:
            directory = Path(name)
            write(program, directory)
            before = self._run(directory, program)
            if not before or "ended by" in before or _UNREADY.search(before):
                return Outcome(before=before, after=before, usages=(), files={})
            usages = _fixed(directory)
            return Outcome(before=before, after=self._run(directory, program), usages=usages, files=read(directory))

    def _run(self, directory: Path, program: Program) -> str:
        printed = "\n".join(self._interpreter.run(directory, program.run))
        return re.sub(r" at 0x[0-9a-f]+", "", printed)


def _fixed(directory: Path) -> tuple[Finding, ...]:
    """Write the safe fixes; all usages, in the order of files and places."""
    config, listing = scan_config(directory, Choice()), list_files(directory)
    scan = scan_tree(directory, listing, Search.of(directory, listing, config, 1), config, Options(jobs=1, fixes=True))
    usages: list[Finding] = []
    for report in scan.reports:
        if isinstance(report, Scanned) and report.findings:
            path = directory / report.path
            path.write_bytes(apply_fixes(path.read_bytes(), report.findings))
            usages += [finding for finding in report.findings if finding.ignored is None]
    return tuple(usages)
