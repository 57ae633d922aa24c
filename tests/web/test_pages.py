"""Health, metrics, and the operator's pages."""

import asyncio
import base64
import re
import sqlite3
from collections import Counter
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.domain.references import Delivery, DeliveryId, Sha
from bot.domain.tracked import Point
from bot.github.traffic import Answered
from bot.jobs import Job, State
from bot.jobs.clock import utc_now
from bot.tracker.record import BurnDown
from bot.web.rendering import span
from bot.web.status.overview import Status, status_page
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


LOCAL_NAMES = ["localhost", "LocalHost:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535"]
OTHER_NAMES = [
    "",
    "bot.example.com",
    "localhost.example.com",
    "localhost@evil.example",
    "localhost:80:80",
    "localhost:",
    "localhost.",
    "127.0.0.1.nip.io",
    "127.0.0.2",
    "127.1",
    "0.0.0.0",  # noqa: S104  # a name, not listened on
    "2130706433",
    "::1",
    "[::1",
    "[::ffff:127.0.0.1]",
    "localhost, evil.example",
    "l\u00f6calhost",
]
FORWARDING = [
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "X-Forwarded",
    "x-forwarded-client-cert",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Original-For",
    "X-Original-Forwarded-For",
    "X-Original-Host",
    "X-Envoy-External-Address",
    "X-Appengine-User-IP",
    "X-Cloud-Trace-Context",
    "X-Amzn-Trace-Id",
    "X-Amz-Cf-Id",
    "X-Azure-ClientIP",
    "X-ProxyUser-Ip",
    "X-Remote-Addr",
    "True-Client-IP",
    "Client-IP",
    "CF-Connecting-IP",
    "CF-Ray",
    "CDN-Loop",
    "Fastly-Client-IP",
    "Fly-Client-IP",
    "Akamai-Origin-Hop",
    "Tailscale-User-Login",
    "Proxy-Authorization",
]
PAGES = [
    "/metrics",
    "/status",
    "/status.json",
    "/status/jobs",
    "/status/jobs.json",
    "/status/jobs/1",
    "/status/migrations/m",
]
SHOWN = ["/metrics", "/status", "/status.json", "/status/jobs", "/status/jobs.json"]
"""Those that there are in any case."""


@pytest.mark.parametrize("path", SHOWN)
@pytest.mark.parametrize("host", LOCAL_NAMES)
async def test_without_a_token_they_answer_to_the_machines_own_names(server: Server, path: str, host: str) -> None:
    assert (await server.get(path, Host=host)).status == 200


@pytest.mark.parametrize("host", OTHER_NAMES)
async def test_without_a_token_they_answer_to_no_other_name(server: Server, host: str) -> None:
    for path in PAGES:
        assert (await server.get(path, Host=host)).status in (400, 401)
    assert "Newest deliveries" not in (await server.get("/", Host=host)).body


@pytest.mark.parametrize("name", FORWARDING)
async def test_without_a_token_nothing_is_forwarded(server: Server, name: str) -> None:
    for path in PAGES:
        assert (await server.get(path, **{name: "127.0.0.1"})).status == 401
    assert "Newest deliveries" not in (await server.get("/", **{name: ""})).body


@pytest.mark.parametrize(
    "head",
    [
        b"GET /status HTTP/1.0\r\nHost: 127.0.0.1:8000\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET http://evil.example/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /status HTTP/1.1\r\nConnection: close\r\n\r\n",
    ],
    ids=["as nginx speaks", "two names", "another in the target", "no name"],
)
async def test_without_a_token_no_other_way_in(server: Server, head: bytes) -> None:
    assert (await server.send(head)).status in (400, 401)


async def test_what_programs_and_browsers_send_of_themselves_is_no_forwarding(server: Server) -> None:
    common = {
        "User-Agent": "Prometheus/3.0",
        "Accept": "text/html",
        "Accept-Encoding": "gzip",
        "X-Prometheus-Scrape-Timeout-Seconds": "10",
        "Sec-Fetch-Site": "none",
        "Upgrade-Insecure-Requests": "1",
        "DNT": "1",
        "Cookie": "a=b",
    }
    assert (await server.get("/metrics", **common)).status == 200


async def test_with_a_token_a_proxy_is_as_good_as_any(serve: Serve) -> None:
    server = await serve(token=TOKEN)
    more = {"Host": "bot.example.com", "X-Forwarded-For": "203.0.113.5"}
    assert (await server.get("/status", **more)).status == 401
    assert (await server.get("/status", Authorization=f"Bearer {TOKEN}", **more)).status == 200


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
    hostile = "<script>alert(1)</script>"
    job = Job(seq=1, id=DeliveryId(hostile), event=hostile, received_at=utc_now(), key=hostile, reason=hostile)
    status = Status(
        fault=hostile,
        counts={State.DEAD: 1},
        dead=[job],
        recent=[job],
        now=utc_now(),
    )
    text = status_page(status).text or ""
    assert "<script>" not in text
    assert text.count("&lt;script&gt;") == 9


def status_with(*charts: BurnDown) -> str:
    status = Status(fault=None, counts={}, dead=[], recent=[], now=utc_now(), burn_downs=charts)
    return status_page(status).text or ""


def burn_down(*usages: int, migration: str = "managers") -> BurnDown:
    start = utc_now()
    history = (
        Point(at=start + timedelta(days=n), commit=Sha(f"{n:040x}"), usages=number) for n, number in enumerate(usages)
    )
    page = "https://github.com/acme/app/issues/506"
    return BurnDown(page=page, migration=migration, history=tuple(history))


def test_each_tracked_migration_has_its_burn_down() -> None:
    text = status_with(burn_down(120, 62), burn_down(7, migration="other"))
    assert re.findall(r'<svg [^>]*aria-label="(\w+): usages left', text) == ["managers", "other"]
    assert text.count('<a href="https://github.com/acme/app/issues/506">acme/app#506</a>') == 2
    assert "120 → 62 usages since" in text


def test_the_burn_down_needs_nothing_that_the_pages_policy_forbids() -> None:
    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name for name, _ in attrs}))

    found: list[tuple[str, set[str]]] = []
    Elements().feed(status_with(burn_down(120, 62, migration='<i style="x">')))
    assert "svg" in {tag for tag, _ in found}
    assert not {tag for tag, _ in found} & {"script", "image", "i", "foreignobject"}
    assert not any(name == "style" or name.startswith("on") for _, names in found for name in names)


def test_without_a_tracked_migration_there_is_no_such_section() -> None:
    assert "Migrations" not in status_with()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3_599, "59 min"), (7_500, "2 h 5 min"), (300_000, "3 d")],
)
def test_a_time_is_said_in_its_largest_units(seconds: float, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


async def test_the_status_page_says_what_was_given_up_and_why(server: Server) -> None:
    stored = await server.store.put(Delivery(id=DeliveryId("guid-9"), event="push", body=b"{}"), utc_now())
    await server.store.settle(stored.seq, State.DEAD, "failed 5 times: a defect", utc_now())
    text = (await server.get("/status")).body
    assert "accepting deliveries" in text
    assert "Dead letters" in text
    assert text.count("failed 5 times: a defect") == 2, "among the dead letters and among the newest"
    assert 'ssot_jobs{state="dead"} 1.0' in (await server.get("/metrics")).body


async def test_the_status_page_says_when_no_delivery_can_be_taken(serve: Serve) -> None:
    server = await serve(full=True)
    assert "not accepting deliveries: the database accepts no writes" in (await server.get("/status")).body


async def test_metrics_show_github_and_the_scanner(server: Server) -> None:
    server.metrics.github(Answered(identity="1", status=200, resource="core", remaining=4_990))
    server.metrics.github(Answered(identity="1", status=200, resource="core", remaining=4_989))
    server.metrics.github(Answered(identity="app", status=502, resource="", remaining=None))
    exits = Counter({"ok": 3, "crash:SIGSEGV": 1})
    server.metrics.watch_scanner(lambda: exits)
    exits["timeout"] += 1
    text = (await server.get("/metrics")).body
    for line in (
        'ssot_github_requests_total{identity="1",status="200"} 2.0',
        'ssot_github_requests_total{identity="app",status="502"} 1.0',
        'ssot_github_rate_remaining{identity="1",resource="core"} 4989.0',
        'ssot_scanner_exits_total{cause="crash:SIGSEGV"} 1.0',
        'ssot_scanner_exits_total{cause="timeout"} 1.0',
    ):
        assert line in text


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
    """Setup (case 67) is off once there is an App: a server that accepting deliveries has no such page."""
    assert (await server.get(path)).status == 404
