"""A file that has not changed since the last look is not read again; one that may have is."""

import os
import time
from pathlib import Path

import pytest

from bot.engine.program.sought import Sought
from bot.local.looks import FileStates, Look, Looks

LATER = 10_000_000_000
"""Nanoseconds after which a change is old."""
A = Sought(modules=frozenset({"a.b", "a.c", "a.d", "a.e"}), variables={"v": frozenset({"x", "y", "z"})})


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "tree.looks"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.py"
    path.write_text("import a\n")
    return path


def state(path: Path) -> tuple[int, int, int, int]:
    found = FileStates(path.parent).of(path.name)
    assert found is not None
    return found


def test_what_is_kept_comes_back_for_the_same_question_only(kept: Path, source: Path) -> None:
    look = Look(state(source), True, ("a", "b.c"))
    Looks.at(kept, A, ("", "src")).save({"source.py": look}, time.time_ns() + LATER)
    assert Looks.at(kept, A, ("", "src")).known == {"source.py": look}
    again = Sought(modules=frozenset({"a.e", "a.d", "a.c", "a.b"}), variables={"v": frozenset({"z", "x", "y"})})
    assert Looks.at(kept, again, ("", "src")).known == {"source.py": look}
    assert not Looks.at(kept, A, ("",)).known
    assert not Looks.at(kept, Sought(modules=frozenset({"a.b"})), ("", "src")).known


def test_what_has_just_changed_is_not_kept(kept: Path, source: Path) -> None:
    looks = {"source.py": Look(state(source))}
    Looks.at(kept, A, ()).save(looks, time.time_ns())
    assert not Looks.at(kept, A, ()).known
    Looks.at(kept, A, ()).save(looks, time.time_ns() + LATER)
    assert Looks.at(kept, A, ()).known == looks


@pytest.mark.parametrize("junk", [b"", b"\0", b"\x92", b"\x92\xa1a\x81\xa1b\x93\x01\x02\x03"])
def test_what_cannot_be_read_is_made_anew(kept: Path, source: Path, junk: bytes) -> None:
    kept.parent.mkdir()
    kept.write_bytes(junk)
    looks = Looks.at(kept, A, ())
    assert not looks.known
    looks.save({"source.py": Look(state(source))}, time.time_ns() + LATER)
    assert Looks.at(kept, A, ()).known


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path, source: Path) -> None:
    kept = source / "no directory" / "tree.looks"
    Looks.at(kept, A, ()).save({"source.py": Look(state(source))}, time.time_ns() + LATER)
    Looks.at(None, A, ()).save({"source.py": Look(state(source))}, time.time_ns() + LATER)
    assert sorted(tmp_path.iterdir()) == [source]


def test_every_change_is_seen(source: Path) -> None:
    before, times = state(source), source.stat()
    time.sleep(0.02)  # the step in which a kernel counts these times is 4 to 10 ms
    source.write_text("import b\n")  # of the same size
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    changed = state(source)
    assert changed != before
    assert changed[:3] == before[:3]
    other = source.with_name("other.py")
    other.write_text("import b\n")
    other.replace(source)
    assert state(source) != changed


def test_what_is_no_file_has_no_state(tmp_path: Path, source: Path) -> None:
    (tmp_path / "link.py").symlink_to(source)
    (tmp_path / "directory.py").mkdir()
    states = FileStates(tmp_path)
    assert [states.of(name) for name in ("link.py", "directory.py", "absent.py", "source.py/x")] == [None] * 4
