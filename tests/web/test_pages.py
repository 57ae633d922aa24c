"""Health, metrics, and the operator's pages."""

import asyncio
import base64
import sqlite3
from pathlib import Path

import pytest

from bot.jobs import State
from bot.web.pages import status_page
from tests.web.conftest import Serve, Server

TOKEN = "an operator token"


@pytest.mark.parametrize(("path", "text"), [("/health/live", "ok\n"), ("/health/ready", "ok\n")])
async def test_health(server: Server, path: str, text: str) -> None:
    answer = await server.get(path)
    assert (answer.status, answer.body) == (200, text)


async def test_a_locked_database_is_503_and_recovers_by_itself(server: Server, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "ssot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert (await server.post()).status == 503
    assert (await server.get("/health/ready")).status == 503
    assert (await server.get("/health/live")).status == 200
    other.execute("ROLLBACK")
    other.close()
    assert (await server.post()).status == 202
    async with asyncio.timeout(5):
        while True:
            if (await server.get("/health/ready")).status == 200:
                break
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("path", ["/metrics", "/status"])
@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        ("Bearer " + TOKEN, 200),
        ("Basic " + base64.b64encode(b"any:" + TOKEN.encode()).decode(), 200),
        ("Basic " + base64.b64encode(b"any:wrong").decode(), 401),
        ("Basic \udcff%%", 401),
        ("Digest x", 401),
    ],
    ids=["none", "wrong bearer", "bearer", "basic", "wrong basic", "garbage", "other scheme"],
)
async def test_the_token_opens_the_operators_pages(
    serve: Serve, path: str, authorization: str | None, status: int
) -> None:
    server = await serve(token=TOKEN)
    answer = await server.get(path, **({"Authorization": authorization} if authorization else {}))
    assert answer.status == status


@pytest.mark.parametrize("path", ["/metrics", "/status"])
async def test_without_a_token_only_this_machine_sees_them(server: Server, path: str) -> None:
    assert (await server.get(path)).status == 200
    assert (await server.get(path, X_Forwarded_For="203.0.113.5")).status == 401


async def test_a_stranger_sees_that_it_runs_and_no_more(server: Server) -> None:
    await server.post()
    assert "72d3162e" in (await server.get("/")).body
    answer = await server.get("/", X_Forwarded_For="203.0.113.5")
    assert answer.status == 200
    assert "72d3162e" not in answer.body


async def test_pages_load_and_run_nothing(server: Server) -> None:
    head = (await server.get("/status")).head
    assert "default-src 'none'" in head
    assert "X-Content-Type-Options: nosniff" in head
    assert "frame-ancestors 'none'" in head


async def test_what_came_from_outside_is_text_on_the_page(server: Server) -> None:
    from bot.jobs import Job
    from bot.jobs.clock import utc_now
    from bot.model import DeliveryId

    hostile = "<script>alert(1)</script>"
    job = Job(seq=1, id=DeliveryId(hostile), event=hostile, received_at=utc_now(), key=hostile, reason=hostile)
    text = status_page({State.DONE: 1}, [job], utc_now()).text or ""
    assert "<script>" not in text
    assert text.count("&lt;script&gt;") == 4


async def test_metrics_show_the_queue(server: Server) -> None:
    await server.post()
    text = (await server.get("/metrics")).body
    for name in (
        "ssot_queue_depth",
        "ssot_queue_oldest_age_seconds",
        "ssot_ack_seconds_count 1.0",
        "ssot_job_attempts",
    ):
        assert name in text
    assert 'ssot_signature_key_total{index="0"} 1.0' in text


@pytest.mark.parametrize("path", ["/nowhere", "//metrics", "/webhook/", "/health", "/setup", "/setup/registered"])
async def test_other_paths_do_not_exist(server: Server, path: str) -> None:
    """Setup (case 67) is off once there is an App: a server that takes deliveries has no such page."""
    assert (await server.get(path)).status == 404
