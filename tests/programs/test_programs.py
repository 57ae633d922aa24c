"""Every program behaves after its migration as before, and what can be migrated is."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.programs.known import KNOWN
from tests.programs.model import Expected, Program, Refused, Safe
from tests.programs.reading import programs
from tests.programs.running import Interpreter, Migrated, migrate, read, write

PROGRAMS = programs()


@pytest.fixture(scope="module")
def interpreter() -> Iterator[Interpreter]:
    """Where programs run.  The suite itself stays on one core: to fork for each small tree costs more than it saves."""
    process, cores = Interpreter(), os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[os.getpid() % len(cores)]})
    yield process
    os.sched_setaffinity(0, cores)
    process.close()


def _cases() -> Iterator[object]:
    for name, program in PROGRAMS.items():
        marks = [pytest.mark.xfail(reason="a known fault", strict=True)] if name in KNOWN else []
        yield pytest.param(program, id=name, marks=marks)


@pytest.mark.parametrize("program", list(_cases()))
def test_program(program: Program, tmp_path: Path, interpreter: Interpreter) -> None:
    write(program, tmp_path)
    before, printed = read(tmp_path), interpreter.run(tmp_path, program.run)
    done = migrate(tmp_path)
    shown = "\n".join(f"--- {path}\n{text}" for path, text in done.files.items() if before[path] != text) + done.told
    assert interpreter.run(tmp_path, program.run) == printed, shown
    _check(program.expect, before, done, shown)


def _check(expected: Expected, before: Mapping[str, str], done: Migrated, shown: str) -> None:
    assert done.code in (0, 1), shown
    match expected:
        case Safe(left=left, holds=holds):
            assert done.files != before, shown
            assert done.left == left, shown
            for path, text in holds:
                assert text in done.files[path], shown
        case Refused(words=words):
            assert done.left, shown
            assert words in done.told, shown
        case _:
            pass


def test_the_known_faults_are_programs() -> None:
    assert PROGRAMS.keys() >= KNOWN


@pytest.mark.parametrize("kind", sorted({name.partition("/")[0] for name in PROGRAMS}))
def test_the_programs_themselves_run(kind: str, tmp_path: Path, interpreter: Interpreter) -> None:
    """A program that fails from the start shows nothing."""
    for name, program in PROGRAMS.items():
        if name.startswith(f"{kind}/"):
            directory = tmp_path / program.name
            write(program, directory)
            printed = interpreter.run(directory, program.run)
            assert not any("ended by" in text or not text for text in printed), f"{name}: {printed}"
