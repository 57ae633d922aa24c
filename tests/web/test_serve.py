"""``ssot serve`` and ``ssot jobs`` as a person runs them."""

import json
import os
import resource
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.web.conftest import headers, request

ROOT = Path(__file__).parents[2]
SECRET = "a webhook secret of the tests"


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.fixture
def env(tmp_path: Path, key: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "GITHUB_APP_ID": "1",
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "GITHUB_PRIVATE_KEY": key,
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "SSOT_DATA_DIR": str(tmp_path),
    }


def ssot(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False)


def start(env: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "bot", "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on http://127.0.0.1:"), process.communicate()[1]
    return process, line.split()[-1]


def comes_up(url: str) -> bool:
    """Whether it is ready within a minute: not before the scanner has read a known file."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer:  # noqa: S310  # our own address
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            time.sleep(0.1)
    return False


@pytest.fixture
def running(env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process, url = start(env)
    yield process, url
    process.kill()
    process.communicate()


def test_it_serves_and_stops_within_8_seconds(running: tuple[subprocess.Popen[str], str], env: dict[str, str]) -> None:
    process, url = running
    assert comes_up(url)
    kept = [path for path in Path(env["SSOT_DATA_DIR"]).iterdir() if path.is_file()]
    assert kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept), "payloads of private repositories are for the owner"
    second = ssot(env, "serve", "--port", "0")
    assert second.returncode == 2
    assert f"locked by process {process.pid}" in second.stderr
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - began < 8


def status_of(url: str, **headers: str) -> int:
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310  # our own address
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_operators_pages_on_a_port_of_their_own(env: dict[str, str]) -> None:
    process, url = start({**env, "SSOT_ADMIN_LISTEN": "127.0.0.1:0"})
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("operator's pages on http://127.0.0.1:")
        own = line.split()[-1]
        assert own != url
        for path in ("/metrics", "/status", "/"):
            assert status_of(own + path) == 200
            assert status_of(own + path, Host="evil.example") == (200 if path == "/" else 401)
        assert [status_of(url + path) for path in ("/metrics", "/status", "/", "/health/live")] == [404, 404, 200, 200]
        assert status_of(own + "/webhook") == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("GITHUB_WEBHOOK_SECRET", None, "GITHUB_WEBHOOK_SECRET is not set"),
        ("GITHUB_WEBHOOK_SECRET", "", "GITHUB_WEBHOOK_SECRET is not set"),
        ("GITHUB_WEBHOOK_SECRET", "fifteen bytes!!", "GITHUB_WEBHOOK_SECRET is too weak"),
        ("GITHUB_WEBHOOK_SECRET", "development", "GITHUB_WEBHOOK_SECRET is too weak"),
        ("SSOT_DATABASE_URL", "postgresql://127.0.0.1:9/db", "SSOT_DATABASE_URL: connection failed"),
        ("SSOT_METRICS_TOKEN", "short", "SSOT_METRICS_TOKEN is too weak"),
        ("SSOT_DATA_DIR", "/proc/nowhere", "/proc/nowhere"),
        ("SSOT_ADMIN_LISTEN", "127.0.0.1", "SSOT_ADMIN_LISTEN must be HOST:PORT"),
        ("SSOT_ADMIN_LISTEN", "127.0.0.1:70000", "SSOT_ADMIN_LISTEN must be HOST:PORT"),
    ],
    ids=[
        "unset",
        "empty",
        "15 bytes",
        "development",
        "another database",
        "weak token",
        "no directory",
        "no admin port",
        "no such port",
    ],
)
def test_it_does_not_start_and_says_what_to_mend(env: dict[str, str], name: str, value: str | None, text: str) -> None:
    changed = {key: val for key, val in env.items() if key != name} | ({} if value is None else {name: value})
    result = ssot(changed, "serve", "--port", "0")
    assert result.returncode == 2
    assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert "listening" not in result.stdout


def test_where_too_few_files_may_be_open_it_does_not_start(env: dict[str, str]) -> None:
    command = ["bash", "-c", f"ulimit -n 24 && exec {shlex.quote(sys.executable)} -m bot serve --port 0"]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("ssot serve: the system lets a process open 24 files, and the server needs")
    assert result.stderr.count("\n") == 1


def test_with_a_full_descriptor_table_it_ends_without_a_word_of_it(env: dict[str, str]) -> None:
    """What asyncio would accept again in a second is closed by then."""
    process, url = start(env)
    with ExitStack() as stack:
        stack.callback(process.kill)
        assert comes_up(url)
        port = int(url.rpartition(":")[2])
        slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        slow.sendall(request(b"half", head=headers(b"half", Content_Length="100")))  # its end is waited for
        time.sleep(0.2)
        open_now = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (open_now, hard))
        for _ in range(60):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        time.sleep(0.5)  # it has tried to accept them
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert "no_descriptors_left" in said
    assert "Traceback" not in said


def test_a_damaged_database_is_named(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "ssot.db").write_bytes(b"this is not a database, it is a text" * 200)
    result = ssot(env, "serve", "--port", "0")
    assert (result.returncode, result.stdout) == (2, "")
    assert "ssot.db" in result.stderr


NO_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a directory": (Path.mkdir, "is no regular file"),
    "a pipe": (os.mkfifo, "is no regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is no regular file"),
    "links in a circle": (lambda path: path.symlink_to(path), "lead in a circle"),
}


@pytest.mark.parametrize("name", ["ssot.db", "records.db"])
@pytest.mark.parametrize(("make", "text"), NO_FILES.values(), ids=NO_FILES.keys())
def test_a_database_that_is_no_file_is_named(
    env: dict[str, str], tmp_path: Path, name: str, make: Callable[[Path], None], text: str
) -> None:
    make(tmp_path / name)
    done = ssot(env, "serve", "--port", "0")
    assert done.returncode == 2
    assert name in done.stderr or "/dev/zero" in done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_jobs_without_a_database(env: dict[str, str]) -> None:
    result = ssot(env, "jobs", "list")
    assert result.returncode == 2
    assert "does not exist" in result.stderr


def test_jobs_while_the_server_runs(
    running: tuple[subprocess.Popen[str], str], env: dict[str, str], tmp_path: Path
) -> None:
    from bot.domain.references import Delivery, DeliveryId
    from bot.jobs import sql, sqlite_statements
    from bot.jobs.clock import utc_now
    from bot.jobs.model import State
    from bot.jobs.sqlite import existing

    connection = existing(tmp_path / "ssot.db", writable=True)
    first = Delivery(id=DeliveryId("guid-1"), event="push", body=b'{"a": "\xc3\xa4"}')
    later = Delivery(id=DeliveryId("later"), event="ssot.look", body=b"{}")
    at = datetime(2100, 1, 1, 9, 30, tzinfo=UTC)
    stored, _ = sql.put(
        connection,
        [
            sql.Put(delivery=first, received_at=utc_now()),
            sql.Put(delivery=later, received_at=utc_now(), not_before=at),
        ],
    )
    sqlite_statements.settle(connection, stored.seq, State.DEAD, "failed 5 times", utc_now())
    connection.close()
    assert "waits until 09:30:00Z" in ssot(env, "jobs", "list").stdout
    listed = json.loads(ssot(env, "jobs", "list", "--format", "json").stdout)
    assert [job["state"] for job in listed["jobs"] if job["id"] == "guid-1"] == ["dead"]
    assert "failed 5 times" in ssot(env, "jobs", "list", "--state", "dead").stdout
    assert json.loads(ssot(env, "jobs", "show", "guid-1", "--json").stdout)["seq"] == stored.seq
    assert ssot(env, "jobs", "show", str(stored.seq), "--body").stdout == '{"a": "ä"}'
    assert f"to retry    ssot jobs retry {stored.seq}" in ssot(env, "jobs", "show", "guid-1").stdout
    assert ssot(env, "jobs", "retry", "guid-1").stdout == f"job {stored.seq} is queued\n"
    assert ssot(env, "jobs", "show", "999").returncode == 2
