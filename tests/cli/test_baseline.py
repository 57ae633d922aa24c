"""``ssot scan --baseline``: the number of usages of a file may only fall."""

import json
from pathlib import Path

import pytest

from tests.cli.test_front import repository, ssot
from tests.cli.test_scan import write

__all__ = ["repository"]
ONE = "from pkg import impl\nimpl.old()\n"
TWO = f"{ONE}impl.old()\n"


@pytest.fixture
def ratchet(repository: Path) -> Path:
    """A repository with a baseline."""
    done = ssot("scan", "--write-baseline", "--baseline", "b.json")
    assert done.exit_code == 0, done.output
    return repository


def numbers(root: Path, file: str = "b.json") -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.loads((root / file).read_text())["usages"]
    return found


WRITTEN = {"m": {"pkg/safe.py": 2}, "u": {"pkg/manual.py": 1, "pkg/unsafe.py": 1}}


def test_what_is_there_is_written_and_allowed(ratchet: Path) -> None:
    assert numbers(ratchet) == WRITTEN
    done = ssot("scan", "--baseline", "b.json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "No new usages in 5 files; 4 usages in the baseline.\n"


def test_one_number_stands_on_one_line(ratchet: Path) -> None:
    text = (ratchet / "b.json").read_text()
    assert text.endswith("}\n")
    assert '\n   "pkg/unsafe.py": 1\n' in text


def test_more_in_a_file_is_found(ratchet: Path) -> None:
    write(ratchet, {"pkg/unsafe.py": "from pkg import impl\nimpl.odd(1)\nimpl.odd(2)\n"})
    done = ssot("scan", "--baseline", "b.json")
    assert done.exit_code == 1
    assert "pkg/unsafe.py: 2 × u, the baseline allows 1\n" in done.stderr
    assert "pkg/unsafe.py:3:1: call" in done.stdout
    assert "pkg/safe.py" not in done.stdout
    assert "2 usages in 1 file (2 call), of 5 files; 2 usages in the baseline" not in done.stdout
    assert "; 3 usages in the baseline.\n" in done.stdout


def test_a_new_file_is_found_also_where_another_has_fewer(ratchet: Path) -> None:
    write(ratchet, {"pkg/new.py": ONE, "pkg/safe.py": ONE})
    done = ssot("scan", "--baseline", "b.json")
    assert done.exit_code == 1
    assert "pkg/new.py: 1 × m, the baseline allows 0" in done.stderr


def test_another_migration_is_another_number(ratchet: Path) -> None:
    write(ratchet, {"pkg/unsafe.py": ONE})
    assert ssot("scan", "--baseline", "b.json").exit_code == 1


def test_fewer_are_noted_and_kept_on_demand(ratchet: Path) -> None:
    write(ratchet, {"pkg/safe.py": ONE})
    (ratchet / "pkg/manual.py").unlink()
    done = ssot("scan", "--baseline", "b.json")
    assert done.exit_code == 0
    assert done.stderr == "note: 2 fewer than the baseline: --write-baseline keeps it so\n"
    assert numbers(ratchet) == WRITTEN, "a check writes nothing"
    done = ssot("scan", "--baseline", "b.json", "--write-baseline")
    assert done.exit_code == 0
    assert done.stderr == "b.json: 2 usages in 2 files; 2 fewer, 0 more than before\n"
    assert numbers(ratchet) == {"m": {"pkg/safe.py": 1}, "u": {"pkg/unsafe.py": 1}}
    write(ratchet, {"pkg/safe.py": TWO})
    assert ssot("scan", "--baseline", "b.json").exit_code == 1, "it may not rise again"


def test_writing_lowers_and_raises_none(ratchet: Path) -> None:
    write(
        ratchet,
        {"pkg/safe.py": ONE, "pkg/new.py": ONE, "pkg/unsafe.py": "from pkg import impl\nimpl.odd(impl.odd(2))\n"},
    )
    done = ssot("scan", "--baseline", "b.json", "--write-baseline")
    assert done.exit_code == 1
    assert numbers(ratchet) == {"m": {"pkg/safe.py": 1}, "u": {"pkg/manual.py": 1, "pkg/unsafe.py": 1}}
    assert "pkg/new.py: 1 × m, the baseline allows 0" in done.stderr
    done = ssot("scan", "--baseline", "b.json", "--write-baseline", "--allow-more")
    assert done.exit_code == 0
    assert numbers(ratchet) == {"m": {"pkg/new.py": 1, "pkg/safe.py": 1}, "u": {"pkg/manual.py": 1, "pkg/unsafe.py": 2}}


def test_a_part_leaves_the_rest_alone(ratchet: Path) -> None:
    (ratchet / "pkg/manual.py").unlink()
    write(ratchet, {"pkg/safe.py": ONE})
    done = ssot("scan", "pkg/safe.py", "--baseline", "b.json")
    assert done.stderr == "note: 1 fewer than the baseline: --write-baseline keeps it so\n"
    assert ssot("scan", "pkg/safe.py", "--baseline", "b.json", "--write-baseline").exit_code == 0
    assert numbers(ratchet) == {**WRITTEN, "m": {"pkg/safe.py": 1}}


def test_a_file_that_cannot_be_read_keeps_its_number(ratchet: Path) -> None:
    write(ratchet, {"pkg/safe.py": "from pkg import impl\nimpl.old(\n"})
    assert ssot("scan", "--baseline", "b.json").exit_code == 1
    assert ssot("scan", "--baseline", "b.json", "--write-baseline").exit_code == 1
    assert numbers(ratchet) == WRITTEN


def test_an_ignored_usage_does_not_count(ratchet: Path) -> None:
    write(ratchet, {"pkg/safe.py": f"{ONE}impl.old()  # ssot: ignore[m] it has to stay\n"})
    assert "1 fewer" in ssot("scan", "--baseline", "b.json").stderr


def test_the_file_has_a_place_of_its_own(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "pkg")
    assert ssot("scan", "..", "--write-baseline").exit_code == 0
    assert numbers(repository, ".ssot-baseline.json") == WRITTEN


@pytest.mark.parametrize("form", ["json", "github", "sarif", "rdjson", "gitlab", "junit"])
def test_other_formats_show_what_is_new(ratchet: Path, form: str) -> None:
    assert ssot("scan", "--baseline", "b.json", "--format", form).exit_code == 0
    write(ratchet, {"pkg/new.py": ONE})
    done = ssot("scan", "--baseline", "b.json", "--format", form)
    assert done.exit_code == 1
    assert "pkg/new.py" in done.stdout
    assert "pkg/safe.py" not in done.stdout


WRONG = {
    "absent": (None, "no such file; --write-baseline writes it"),
    "no-json": ("{", "not a baseline"),
    "a-list": ("[]", 'it has no "usages"'),
    "no-usages": ('{"version": 1}', 'it has no "usages"'),
    "newer": ('{"version": 2, "usages": {}}', "version 2 is not 1"),
    "a-text": ('{"version": 1, "usages": {"m": {"a.py": "1"}}}', "m: a.py: not a number of usages: '1'"),
    "none": ('{"version": 1, "usages": {"m": {"a.py": 0}}}', "not a number of usages: 0"),
    "truth": ('{"version": 1, "usages": {"m": {"a.py": true}}}', "not a number of usages: True"),
    "flat": ('{"version": 1, "usages": {"m": 3}}', "not a number"),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_no_baseline_is_left_alone(repository: Path, text: str | None, words: str) -> None:
    if text is not None:
        write(repository, {"b.json": text})
        assert ssot("scan", "--baseline", "b.json", "--write-baseline", "--allow-more").exit_code == 2
        assert (repository / "b.json").read_text() == text
    done = ssot("scan", "--baseline", "b.json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


APART = {
    "base": (("--baseline", "b.json", "--base", "main"), "--baseline and --base exclude each other"),
    "input": (("-", "--write-baseline"), "has no baseline"),
    "more": (("--allow-more",), "--allow-more is for --write-baseline"),
}


@pytest.mark.parametrize(("arguments", "words"), APART.values(), ids=APART)
def test_what_does_not_go_together(repository: Path, arguments: tuple[str, ...], words: str) -> None:
    done = ssot("scan", *arguments, data="")
    assert done.exit_code == 2
    assert words in done.stderr
