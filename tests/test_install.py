"""The wheel beside a project that has packages `bot` and `handlers` of its own, and what `make dist` builds."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOOBY_TRAP = "raise SystemExit('a module of the project was run')\n"
PROJECT = {
    ".github/ssot.yml": "version: 1\nmigrations:\n  m:\n    deprecated: [bot.impl.old]\n    canonical: bot.impl.new\n",
    "bot/__init__.py": BOOBY_TRAP,
    "bot/__main__.py": BOOBY_TRAP,
    "bot/impl.py": "def old(): ...\ndef new(): ...\n",
    "bot/cli/__init__.py": BOOBY_TRAP,
    "handlers/__init__.py": BOOBY_TRAP,
    "app.py": "from bot.impl import old\n",
    "click.py": BOOBY_TRAP,
}


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SSOT_"))}
    return subprocess.run(
        list(map(str, command)), check=False, cwd=cwd, env={**clean, **(env or {})},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip


def build(source: Path, target: Path, *, epoch: int = 1_700_000_000) -> tuple[Path, Path]:
    """The wheel and the sdist of a source tree."""
    built = run(
        sys.executable, "-m", "hatchling", "build", "--directory", target,
        cwd=source, env={"SOURCE_DATE_EPOCH": str(epoch)},
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("dist"))[0]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The directory of a virtual environment's programs, with the wheel in it and a module of the user's beside."""
    venv = tmp_path_factory.mktemp("venv")
    assert run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv).returncode == 0
    site = site_packages(venv)
    dependencies = [path for path in sys.path if path.endswith("site-packages")]
    assert dependencies
    (site / "dependencies.pth").write_text("".join(f"{path}\n" for path in dependencies))
    (site / "bot").mkdir()
    (site / "bot" / "__init__.py").write_text(BOOBY_TRAP)
    (site / "handlers.py").write_text(BOOBY_TRAP)
    pip(venv, "install", "--no-deps", "--no-index", str(wheel))
    return venv / "bin"


def site_packages(venv: Path) -> Path:
    (site,) = venv.glob("lib/python*/site-packages")
    return site


def pip(venv: Path, *arguments: str) -> None:
    done = run(sys.executable, "-m", "pip", "--python", venv / "bin" / "python", *arguments, cwd=venv)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


def test_the_wheel_owns_one_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"ssot_bot", "ssot_bot-0.1.0.dist-info"}
    for needed in (
        "bot/cli/scan.py",
        "bot/config/schema.json",
        "bot/web/html/style.css",
        "bot/web/html/status.html",
        "handlers/__init__.py",
        "app.yaml",
        "__main__.py",
    ):
        assert f"ssot_bot/{needed}" in names


@pytest.mark.parametrize("path", [None, ".", "bot", "/:."], ids=str)
@pytest.mark.parametrize("command", [["ssot"], ["ssot-bot"], ["python", "-m", "ssot_bot"]], ids=" ".join)
def test_a_project_with_packages_of_these_names_is_scanned(
    environment: Path, project: Path, command: list[str], path: str | None
) -> None:
    program: list[str | Path] = [environment / command[0], *command[1:]]
    variables = {} if path is None else {"PYTHONPATH": path}
    done = run(*program, "scan", "--no-cache", cwd=project, env=variables)
    assert (done.returncode, done.stderr) == (1, "")
    assert "app.py:1:22: import" in done.stdout
    shown = run(*program, "--version", cwd=project, env=variables)
    assert shown.stdout == "ssot, version 0.1.0\n"


def test_the_processes_that_scan_for_the_server_import_nothing_of_the_project(environment: Path, project: Path) -> None:
    """The demo starts the server, whose fork server is a program of its own."""
    done = run(environment / "ssot", "demo", cwd=project, env={"PYTHONPATH": "."})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"All \d+ steps passed", done.stdout)
    assert "a module of the project was run" not in done.stdout + done.stderr


def test_the_fork_server_has_the_engine_in_memory(environment: Path, project: Path) -> None:
    """What it cannot import it passes over without a word, and every worker would load it again."""
    script = project.parent / "script.py"
    (project.parent / "telling.py").write_text(  # a worker does not load the program that it was started by
        "import sys\n"
        "def tell(queue, names):\n"
        "    queue.put(([name for name in names if name not in sys.modules], sys.modules['bot'].__file__))\n"
    )
    script.write_text(
        "from ssot_bot import use_own_modules\n"
        "use_own_modules()\n"
        "from bot.scanner.fork_server import PRELOADED, start\n"
        "from telling import tell\n"
        "if __name__ == '__main__':\n"
        "    context = start()\n"
        "    queue = context.SimpleQueue()\n"
        "    process = context.Process(target=tell, args=(queue, PRELOADED))\n"
        "    process.start()\n"
        "    print(*queue.get(), sep='\\n')\n"
        "    process.join()\n"
    )
    done = run(environment / "python", script, cwd=project, env={"PYTHONPATH": "."})
    assert done.returncode == 0, done.stderr
    missing, place = done.stdout.splitlines()
    assert missing == "[]"
    assert place == str(site_packages(environment.parent) / "ssot_bot" / "bot" / "__init__.py")


def test_the_manifest_is_found(environment: Path, project: Path) -> None:
    done = run(environment / "ssot", "manifest", "check", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_uninstalling_leaves_the_users_modules(environment: Path, wheel: Path) -> None:
    site = site_packages(environment.parent)
    pip(environment.parent, "uninstall", "--yes", "ssot-bot")
    try:
        assert (site / "bot" / "__init__.py").read_text() == BOOBY_TRAP
        assert (site / "handlers.py").read_text() == BOOBY_TRAP
        assert not (site / "ssot_bot").exists()
        assert not (environment / "ssot").exists()
    finally:
        pip(environment.parent, "install", "--no-deps", "--no-index", str(wheel))


def test_two_builds_are_equal_byte_for_byte(tmp_path: Path) -> None:
    """At another time, in another place, with another umask."""
    copy = tmp_path / "copy"
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
            (copy / name).chmod(0o777 if os.access(ROOT / name, os.X_OK) else 0o600)
    here, there = build(ROOT, tmp_path / "1"), build(copy, tmp_path / "2")
    for one, other in zip(here, there, strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes(), one.name


def test_the_sdist_builds_the_same_wheel(tmp_path: Path, wheel: Path) -> None:
    _, sdist = build(ROOT, tmp_path / "dist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    again, _ = build(tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path / "again")
    assert again.read_bytes() == wheel.read_bytes()
