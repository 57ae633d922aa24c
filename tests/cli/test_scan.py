"""``ssot scan`` on a small repository: what is printed, what it exits with, what it survives."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.config import load
from bot.domain.finding import Skipped
from bot.local.files import Listing
from bot.local.search import Search
from bot.local.tree import Options, scan_tree

CONFIG = """\
version: 1
migrations:
  m:
    deprecated: [pkg.impl.old]
    canonical: pkg.impl.new
    drop_in: true
    paths: {exclude: ["backups/**"]}
    critical: ["pkg/routes/**"]
"""
FILES: dict[str, str | bytes] = {
    ".github/ssot.yml": CONFIG,
    "pkg/__init__.py": "",
    "pkg/impl.py": "def old(): ...\ndef new(): ...\n",
    "pkg/facade.py": "from pkg.impl import old as legacy\n",
    "pkg/routes/api.py": "from pkg.impl import old\n\n\ndef f():\n\treturn 'é', old()\n",
    "pkg/user.py": "from pkg.facade import legacy\nlegacy()\n",
    "pkg/homonym.py": "class C:\n    def old(self): ...\n",
    "pkg/broken.py": "from pkg.impl import old\nold(\n",
    "pkg/latin.py": b"# coding: utf-7\nold\n",
    "backups/pkg/user.py": "from pkg.impl import old\n",
    "notes.txt": "pkg.impl.old",
}


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSOT_DATA_DIR", str(tmp_path / "data"))
    root = tmp_path / "repository"
    write(root, FILES)
    return root


def ssot(*arguments: str | Path, data: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["scan", *map(str, arguments)], input=data)


def document(*arguments: str | Path, data: bytes | None = None) -> dict[str, object]:
    done = ssot(*arguments, "--format", "json", "--no-fixes", data=data)
    assert done.exit_code in (0, 1), done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def places(found: dict[str, object]) -> list[str]:
    findings = found["findings"]
    assert isinstance(findings, list)
    return [f"{f['path']}:{f['line']}:{f['column']}:{f['kind']}" for f in findings]


EVERYTHING = [
    "pkg/facade.py:1:22:import",
    "pkg/routes/api.py:1:22:import",
    "pkg/routes/api.py:5:14:call",
    "pkg/user.py:1:24:import",
    "pkg/user.py:2:1:call",
]


@pytest.mark.parametrize("jobs", ["1", "2", "7"])
def test_json_lists_everything(repository: Path, jobs: str) -> None:
    found = document(repository, "--jobs", jobs)
    assert places(found) == EVERYTHING
    assert found["version"] == 1
    assert found["files"] == 9
    assert found["root"] == str(repository)
    assert found["unparsable"] == [
        {"path": "pkg/broken.py", "line": 2, "message": "'(' was never closed", "hits": [1, 2]}
    ]
    assert found["skipped"] == [{"path": "pkg/latin.py", "reason": "encoding not supported: utf-7"}]


def test_text_shows_the_line_and_a_caret(repository: Path) -> None:
    done = ssot(repository)
    assert done.exit_code == 1
    assert (
        "pkg/routes/api.py:5:14: call (critical path): This calls the deprecated pkg.impl.old."
        " Use pkg.impl.new instead. [m]\n"
        "    5 |     return 'é', old()\n"
        "      |                 ^^^\n"
    ) in done.stdout
    assert "pkg/broken.py:2: does not parse: '(' was never closed; the name is on lines 1, 2" in done.stdout
    assert done.stdout.endswith(
        "5 usages in 3 files (3 import, 2 call), of 9 files; 1 file not parsed; 1 file not scanned.\n"
        "`ssot migrate` shows what can be fixed\n"
    )
    assert "\x1b" not in done.stdout


def test_colour_on_demand(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1m" in ssot(repository).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in ssot(repository).stdout


def test_github_commands_are_escaped(repository: Path) -> None:
    write(repository, {"pkg/a,b:%.py": "from pkg.impl import old\n"})
    lines = ssot(repository, "--format", "github").stdout.splitlines()
    assert (
        "::warning file=pkg/a%2Cb%3A%25.py,line=1,endLine=1,col=22,endColumn=25,title=m::"
        "This imports the deprecated pkg.impl.old. Use pkg.impl.new instead."
    ) in lines
    assert sum(line.startswith("::error file=pkg/routes/api.py") for line in lines) == 2
    assert all(line.startswith("::") for line in lines)


def test_sarif_is_one_run_with_places_and_stable_fingerprints(repository: Path) -> None:
    def run() -> dict[str, list[dict[str, object]]]:
        log = json.loads(ssot(repository, "--format", "sarif", "--no-fixes").stdout)
        assert log["version"] == "2.1.0"
        (only,) = log["runs"]
        found: dict[str, list[dict[str, object]]] = only
        return found

    before = run()
    assert [result["ruleId"] for result in before["results"]] == ["m"] * 5
    write(repository, {"pkg/user.py": "\n\nfrom pkg.facade import legacy\nlegacy()\n"})
    after = run()
    assert [r["partialFingerprints"] for r in before["results"]] == [r["partialFingerprints"] for r in after["results"]]
    assert before["results"][3]["locations"] != after["results"][3]["locations"]


def test_a_file_and_a_directory_inside(repository: Path) -> None:
    assert places(document(repository / "pkg" / "routes")) == EVERYTHING[1:3]
    assert places(document(repository / "pkg" / "routes" / "api.py")) == EVERYTHING[1:3]
    assert document(repository / "pkg" / "routes" / "api.py")["root"] == str(repository)


SEVERAL = {
    "two files": (["pkg/user.py", "pkg/facade.py"], [0, 3, 4]),
    "a file and a directory": (["pkg/routes", "pkg/user.py"], [1, 2, 3, 4]),
    "one twice, and inside another": (["pkg/routes/api.py", "pkg/routes", "pkg/routes/api.py"], [1, 2]),
    "a file whose usage goes through another": (["pkg/user.py"], [3, 4]),
    "one without a usage": (["pkg/homonym.py", "pkg/facade.py"], [0]),
    "the whole and a part": ([".", "pkg/user.py"], [0, 1, 2, 3, 4]),
}


@pytest.mark.parametrize(("paths", "found"), SEVERAL.values(), ids=SEVERAL)
def test_several_paths(repository: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str], found: list[int]) -> None:
    monkeypatch.chdir(repository)
    assert places(document(*paths)) == [EVERYTHING[each] for each in found]


def test_several_paths_count_their_files_and_what_is_wrong_in_them_alone(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    found = document("pkg/user.py", "pkg/broken.py")
    assert found["files"] == 2
    assert [each["path"] for each in found["unparsable"]] == ["pkg/broken.py"]  # type: ignore[attr-defined]
    assert found["skipped"] == []


def test_a_file_that_git_ignores_is_scanned_when_it_is_named(committed: Path) -> None:
    write(committed, {".gitignore": "build/\n", "build/x.py": "from pkg.impl import old\n"})
    assert places(document(committed / "build" / "x.py", committed / "pkg" / "facade.py")) == [
        "build/x.py:1:22:import",
        EVERYTHING[0],
    ]


def test_standard_input(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    found = document("-", data=b"from pkg.impl import old\r\nold()\r\n")
    assert places(found) == ["-:1:22:import", "-:2:1:call"]
    assert "old()" in ssot("-", data=b"from pkg.impl import old\nold()\n").stdout


def test_nothing_found_is_zero(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x = 1\n", ".github/ssot.yml": CONFIG})
    done = ssot(tmp_path, "--no-cache")
    assert (done.exit_code, done.stdout) == (0, "No usages in 1 file.\n")


WRONG = {
    "no-such-path": (["nowhere"], "nowhere: no such file or directory"),
    "no-such-config": ([".", "--config", "none.yml"], "none.yml: no such file"),
    "bad-config": ([".", "--config", "bad.yml"], "bad.yml:1:"),
    "unknown-format": ([".", "--format", "xml"], "xml"),
    "standard-input-and-more": (["-", "pkg"], "- (standard input) cannot be scanned together with other paths"),
    "elsewhere": (["pkg", "/usr"], "/usr: outside "),
    "one-of-several-is-absent": (["pkg", "nowhere"], "nowhere: no such file or directory"),
    "not-a-repository": ([".", "--base", "main"], "git"),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_errors_exit_with_two(
    repository: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    write(repository, {"bad.yml": "versoin: 1\n"})
    monkeypatch.chdir(repository)
    done = ssot(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_links_are_not_followed(repository: Path) -> None:
    (repository / "pkg" / "loop").symlink_to(repository, target_is_directory=True)
    (repository / "pkg" / "link.py").symlink_to(repository / "pkg" / "user.py")
    assert places(document(repository)) == EVERYTHING


def test_what_cannot_be_read_is_listed(repository: Path) -> None:
    long = f"pkg/{300 * 'x'}.py"
    listing = Listing(paths=(long, "pkg/user.py"), unreadable=(("closed", "Permission denied"),))
    config = load(CONFIG)
    search = Search.of(repository, listing, config, 2)
    scan = scan_tree(repository, listing, search, config, Options(jobs=2))
    assert [report for report in scan.reports if isinstance(report, Skipped)] == [
        Skipped(path="closed", reason="Permission denied"),
        Skipped(path=long, reason="File name too long"),
    ]


def test_virtual_environments_and_caches_are_left_out(repository: Path) -> None:
    use = "from pkg.impl import old\n"
    write(repository, {"env/pyvenv.cfg": "", "env/lib/x.py": use, "node_modules/x.py": use, ".hidden/x.py": use})
    assert places(document(repository)) == [".hidden/x.py:1:22:import", *EVERYTHING]


def test_a_big_file_is_read_whole(repository: Path) -> None:
    write(repository, {"big.py": "#" * 3_000_000 + "\nfrom pkg.impl import old\n"})
    assert places(document(repository))[0] == "big.py:2:22:import"


# --- the cache ------------------------------------------------------------------------------------------------


def test_the_cache_gives_the_same_answer_and_sees_changes_elsewhere(repository: Path, tmp_path: Path) -> None:
    first = document(repository)
    assert any((tmp_path / "data").rglob("*.json"))
    assert document(repository) == first
    write(repository, {"pkg/facade.py": "from pkg.impl import new as legacy\n"})
    assert places(document(repository)) == EVERYTHING[1:3]


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"type": "Scanned"}', b'{"type": "Odd"}'])
def test_a_broken_cache_is_rewritten(repository: Path, tmp_path: Path, junk: bytes) -> None:
    document(repository)
    entries = list((tmp_path / "data").rglob("*.json"))
    assert entries
    for entry in entries:
        entry.write_bytes(junk)
    assert places(document(repository)) == EVERYTHING
    assert all(entry.read_bytes() != junk for entry in entries)


CYCLE: dict[str, str | bytes] = {
    ".github/ssot.yml": CONFIG.replace("pkg.impl.new", "pkg.vault.new"),
    "pkg/vault.py": "from pkg import helpers\n\n\ndef new(): ...\n",
    "pkg/helpers.py": "",
    "pkg/user.py": "from pkg.impl import old\n\n\ndef go():\n    return old()\n",
}


def fixes(repository: Path, *arguments: str) -> object:
    done = ssot(repository, *arguments, "--format", "json", "--fixes")
    assert done.exit_code in (0, 1), done.output
    return json.loads(done.stdout)["findings"]


def test_the_cache_sees_which_imports_run_elsewhere(repository: Path) -> None:
    write(repository, CYCLE)
    first = fixes(repository)
    write(repository, {"pkg/helpers.py": "from pkg.user import go\n"})
    second = fixes(repository)
    assert second != first
    assert second == fixes(repository, "--no-cache")


@pytest.mark.parametrize("junk", [b"", b"\x80", b"\x81\xa1a\x01", b"junk", b"\xff\xfe"])
def test_what_is_kept_of_files_may_be_broken(repository: Path, tmp_path: Path, junk: bytes) -> None:
    first = fixes(repository)
    [kept] = (tmp_path / "data").rglob("*.facts")
    good = kept.read_bytes()
    kept.write_bytes(junk)
    assert fixes(repository) == first
    assert kept.read_bytes() != junk
    kept.write_bytes(good)
    write(repository, {"pkg/user.py": "from pkg.facade import legacy\n"})
    assert fixes(repository) == fixes(repository, "--no-cache")


def test_no_file_is_read_again_for_what_it_says(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fixes(repository)
    monkeypatch.setattr("bot.local.facts_cache.facts_at", None)
    monkeypatch.setattr("bot.local.facts_cache.imports_of", None)
    assert fixes(repository) == first


WITNESS: dict[str, str | bytes] = {
    "pkg/user.py": "from pkg import impl\n\n\ndef go():\n    return impl.old()\n",
    "pkg/quiet.py": "from pkg import user\n\nuser.impl_old = print\n",
}


def test_files_that_did_not_change_are_not_searched_again(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, WITNESS)
    later = time.time_ns() + 10_000_000_000
    monkeypatch.setattr("bot.local.program.time.time_ns", lambda: later)  # what has just changed is not kept
    first = fixes(repository)
    with monkeypatch.context() as patch:
        patch.setattr("bot.local.program.starred", None)
        assert fixes(repository) == first
    write(repository, {"pkg/quiet.py": "from pkg import user\n\nuser.impl.old = print\n"})
    second = fixes(repository)
    assert second != first
    assert second == fixes(repository, "--no-cache")


def test_the_cache_does_not_grow_for_ever(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.local.cache.MAX_ENTRIES", 8)
    for number in range(4):
        write(repository, {"pkg/user.py": f"from pkg.facade import legacy\nlegacy()  # {number}\n"})
        assert places(document(repository)) == EVERYTHING
        assert len(list((tmp_path / "data").rglob("*.json"))) <= 8


def test_no_cache_writes_none(repository: Path, tmp_path: Path) -> None:
    assert places(document(repository, "--no-cache")) == EVERYTHING
    assert not (tmp_path / "data").exists()


def test_a_cache_that_cannot_be_written_is_no_error(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SSOT_DATA_DIR", str(tmp_path / "file"))
    assert places(document(repository)) == EVERYTHING


# --- git ------------------------------------------------------------------------------------------------------


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def committed(repository: Path) -> Path:
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "all")
    return repository


def test_ignored_files_are_left_out_of_a_work_tree(committed: Path) -> None:
    use = "from pkg.impl import old\n"
    write(committed, {".gitignore": "build/\n*.gen.py\n", "build/x.py": use, "a.gen.py": use, "new.py": use})
    (committed / "pkg" / "homonym.py").unlink()
    assert places(document(committed)) == ["new.py:1:22:import", *EVERYTHING]


def test_what_git_lists_and_is_no_file_is_none(committed: Path) -> None:
    before = document(committed)
    (committed / "pkg" / "link.py").symlink_to(committed / "pkg" / "user.py")
    (committed / "pkg" / "gone.py").write_text("from pkg.impl import old\n")
    (committed / "pkg" / "directory.py").write_text("from pkg.impl import old\n")
    git(committed, "add", "--all")
    (committed / "pkg" / "gone.py").unlink()
    (committed / "pkg" / "directory.py").unlink()
    (committed / "pkg" / "directory.py").mkdir()
    assert document(committed) == before


def test_base_shows_what_is_new(committed: Path) -> None:
    git(committed, "checkout", "-qb", "work")
    git(committed, "mv", "pkg/user.py", "pkg/renamed.py")
    write(committed, {
        "pkg/routes/api.py": "from pkg.impl import old\n\n\ndef f():\n\n\treturn 'é', old()\n\n\ndef g():\n    old()\n",
        "pkg/added.py": "from pkg.impl import old\nold()\n",
    })  # fmt: skip
    assert places(document(committed, "--base", "main")) == [
        "pkg/added.py:1:22:import",
        "pkg/added.py:2:1:call",
        "pkg/routes/api.py:10:5:call",
    ]


def test_base_of_several_paths(committed: Path) -> None:
    more = "from pkg.impl import old\n"
    write(committed, {"pkg/a.py": more, "pkg/b.py": more, "pkg/routes/c.py": more})
    found = document(committed / "pkg" / "b.py", committed / "pkg" / "routes", "--base", "HEAD")
    assert places(found) == ["pkg/b.py:1:22:import", "pkg/routes/c.py:1:22:import"]


@pytest.mark.parametrize("revision", ["no-such", "--help", ""])
def test_an_unknown_base_is_an_error(committed: Path, revision: str) -> None:
    done = ssot(committed, f"--base={revision}")
    assert done.exit_code == 2
    assert done.stdout == ""


def test_start_up_imports_only_what_is_needed(repository: Path) -> None:
    program = (
        "import sys\nfrom bot.cli import main\n"
        "try: main(['scan', '.', '--no-cache'])\nexcept SystemExit: pass\n"
        "heavy = {'aiohttp', 'libcst', 'gidgethub', 'asyncio', 'structlog', 'cryptography'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("options", [(), ("--format", "json", "--no-fixes")], ids=["text", "json"])
def test_a_scan_without_fixes_loads_no_second_parser_in_any_process(repository: Path, options: tuple[str, ...]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "bot", "scan", ".", "--no-cache", *options]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "bot" in loaded
    assert not loaded & {"libcst", "pyflakes"}
