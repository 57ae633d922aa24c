"""All that strangers can fill memory with, at once: the server stays below 300 MiB, and small good work goes on."""

import asyncio
import hashlib
import hmac
import io
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from benchmarks.kill import ROOT, environment_of
from bot.app import SCANNER_MEMORY, SCANNERS
from bot.sandbox import Sandbox
from bot.sandbox.example import CHANGE, FILES
from tests.hostile.shapes import ALL, MIB, Stage
from tests.hostile.test_secrets import children_of

MOST = 300 * MIB
GOOD = 3
"""Reviews of small pull requests that have to be done meanwhile."""
PATIENCE = 400.0
"""Seconds; on a quiet machine a tenth of it."""


@dataclass
class Running:
    process: asyncio.subprocess.Process
    url: str


@dataclass
class Peak:
    """Bytes, a page that several processes share counted in parts: proc(5), "Pss"."""

    server: int = 0
    helpers: int = 0

    async def watch(self, pid: int) -> None:
        while True:
            self.server = max(self.server, pss(pid))
            self.helpers = max(self.helpers, sum(map(pss, children_of(pid))))
            await asyncio.sleep(0.1)


def pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended a moment ago
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@pytest.fixture
async def github() -> AsyncIterator[Sandbox]:
    """Without its checks of each answer, which would take most of the time."""
    async with Sandbox() as sandbox:
        sandbox.limits.quotas["core"] = 1_000_000
        yield sandbox


@pytest.fixture
async def server(github: Sandbox, tmp_path: Path) -> AsyncIterator[Running]:
    environment = environment_of(github, tmp_path, f"sqlite:///{tmp_path / 'ssot.db'}")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.latency", "--serve", "fast", cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **environment, "SSOT_TRACKER_WINDOW": "0.5"},
    )  # fmt: skip
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    reading = asyncio.ensure_future(process.stdout.read())
    yield Running(process, f"http://127.0.0.1:{port}")
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 30)
    finally:
        if process.returncode is None:
            process.kill()
        await reading


@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read from Linux' /proc")
async def test_all_of_it_at_once(github: Sandbox, server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    places = asyncio.Semaphore(2)

    async def deliver(event: str, body: bytes, guid: str) -> None:
        digest = hmac.new(github.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        head = {
            "Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": guid,
            "X-Hub-Signature-256": f"sha256={digest}",
        }  # fmt: skip
        async with places, aiohttp.ClientSession() as session:
            for _ in range(100):
                async with session.post(f"{server.url}/webhook", data=io.BytesIO(body), headers=head) as answer:
                    if answer.status == 202:
                        return
                await asyncio.sleep(0.5)
        raise AssertionError(f"{guid} was never acknowledged")

    good = await github.repo("good/service", files=dict(FILES))
    stage = Stage(github, deliver, monkeypatch)
    deeds = [deed for shape in ALL for deed in await shape(stage)]
    github.webhook_url = f"{server.url}/webhook"
    peak = Peak()
    watching = asyncio.ensure_future(peak.watch(server.process.pid))
    hostile = [asyncio.ensure_future(deed()) for deed in deeds]
    began = time.monotonic()
    for number in range(GOOD):
        pull = await good.open_pull_request(dict(CHANGE), title=f"{number}")
        while not pull.reviews:
            assert server.process.returncode is None
            assert time.monotonic() - began < PATIENCE, f"{number} of {GOOD} good pull requests were reviewed"
            await asyncio.sleep(0.1)
    took = time.monotonic() - began
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*hostile)
        await asyncio.sleep(max(20 - took, 0))
    watching.cancel()
    print(
        f"server {peak.server / MIB:.0f} MiB, helpers {peak.helpers / MIB:.0f} MiB, {GOOD} good reviews in {took:.0f} s"
    )
    assert peak.server < MOST
    assert peak.helpers < SCANNERS * SCANNER_MEMORY + 100 * MIB
