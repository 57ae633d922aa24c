"""The operator's pages: what they say, what they let through, and that everybody can read and operate them."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from bot.domain.references import Delivery, DeliveryId, RepositoryId, Sha
from bot.domain.tracked import Point
from bot.inventory.models import MigrationProgress, MigrationPulls, RepositoryProgress
from bot.inventory.progress import KnownProgress
from bot.jobs import Job, State
from bot.tracker.record import BurnDown
from bot.web.rendering import HOME, page
from bot.web.status.jobs import view_of, what
from bot.web.status.migrations import migrations, total
from bot.web.status.overview import Status, status_json, status_page
from bot.web.status.reasons import plain
from handlers import HANDLERS
from tests.web.conftest import Server

NOW = datetime(2026, 11, 30, 22, 18, 58, 123456, tzinfo=UTC)
SITE = "https://github.com"
COMMIT = "a" * 40


def job(seq: int = 1, **values: object) -> Job:
    given = {"id": DeliveryId(f"guid-{seq}"), "event": "pull_request", "received_at": NOW - timedelta(minutes=5)}
    return Job(seq=seq, **{**given, **values})  # type: ignore[arg-type]  # fields by name


# --- reasons -------------------------------------------------------------------------------------------------------

INTERNAL = "an internal error ({}): the log has it under this delivery"
REASONS = {
    "failed 5 times: KeyError: 'head'": f"failed 5 times: {INTERNAL.format('KeyError')}",
    "failed 1 times: a defect": "failed 1 times: a defect",
    "sqlite3.OperationalError": "sqlite3.OperationalError",
    "NoAnswer: GitHub did not answer (not before 2026-01-01T00:00:00+00:00)": "GitHub did not answer",
    "RetryLater: 403 with retry-after (not before 2026-01-01T00:00:00+00:00)": (
        "GitHub's rate limit is used up, or GitHub asked to wait"
    ),
    "still waiting after 2 days, 0:00:00: NoAnswer: GitHub did not answer (not before 2026) (2026)": (
        "gave up after waiting for 2 days: GitHub did not answer"
    ),
    "the process died during 3 runs; before that: ValueError: x": (
        f"the process died during 3 runs; before that: {INTERNAL.format('ValueError')}"
    ),
    "TimeoutError: no result within 300 s": "it took longer than it may (no result within 300 s)",
    "Expected `str | null`, got `int` - at `$.action`": "the payload is not as GitHub describes it, so it was not read",
    "by delivery 72d3162e-cc78-11e3-81ab-4c9367dc0958": "replaced by a newer delivery",
    "not the default branch": "not the default branch",
    "written: m: 4 usages": "written: m: 4 usages",
}


@pytest.mark.parametrize(("recorded", "said"), REASONS.items(), ids=range(len(REASONS)))
def test_reasons_are_sentences(recorded: str, said: str) -> None:
    found = plain(recorded)
    assert found is not None
    assert found.text == said
    if said not in (recorded, "replaced by a newer delivery"):
        assert found.detail == recorded, "nothing is lost: the job's page has it"


# --- places --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "place", "event", "shown", "url"),
    [
        ("repo:7#12", "acme/app#12", "pull_request", "acme/app#12", f"{SITE}/acme/app/pull/12"),
        ("repo:7#12", "acme/app#12", "issue_comment", "acme/app#12", f"{SITE}/acme/app/issues/12"),
        ("ssot.tracker repo:7#5", "ssot.tracker acme/app#5", "ssot.tracker", "acme/app#5", f"{SITE}/acme/app/issues/5"),
        ("repo:7", "acme/app", "push", "acme/app", f"{SITE}/acme/app"),
        (f"repo:7@{COMMIT}", f"acme/app@{COMMIT}", "status", "acme/app@aaaaaaa", f"{SITE}/acme/app/commit/{COMMIT}"),
        ("repo:7", "repo:7", "push", "repo:7", None),
        ("repo:7", "evil/../x", "push", "evil/../x", None),
        ("repo:7", "javascript:alert(1)//x", "push", "javascript:alert(1)//x", None),
        ("installation 5", "installation 5", "installation", "installation 5", None),
        ("ssot.sweep", "ssot.sweep", "ssot.sweep", None, None),
        (None, None, "ping", None, None),
    ],
)  # fmt: skip
def test_a_job_leads_to_its_page(key: str | None, place: str | None, event: str, shown: str, url: str | None) -> None:
    found = view_of(job(key=key, place=place, event=event), SITE)
    assert (found.place, found.url) == (shown, url)


def test_every_event_that_is_handled_has_words() -> None:
    assert all(re.fullmatch(r"[A-Za-z ]+", what(event)) for event in HANDLERS)


# --- progress ------------------------------------------------------------------------------------------------------


def point(days: int, usages: int) -> Point:
    return Point(at=NOW + timedelta(days=days), commit=Sha("c" * 40), usages=usages)


def known(number: int, usages: int, *history: Point, pulls: MigrationPulls | None = None) -> KnownProgress:
    migration = MigrationProgress(migration="m", usages=usages, files=1, tracking_issue=5, history=history)
    repository = RepositoryProgress(
        repository=RepositoryId(number),
        name=f"acme/app{number}",
        page=f"{SITE}/acme/app{number}",
        branch="main",
        surveyed="key",
        at=NOW,
        migrations=(migration,),
    )
    return KnownProgress(repository=repository, pulls={"m": pulls} if pulls else {})


def test_a_migration_is_summed_up_over_its_repositories() -> None:
    one = known(1, 4, point(0, 9), point(2, 4), pulls=MigrationPulls(migration="m", open=(3, 4), merged=2, closed=1))
    two = known(2, 0, point(1, 5), point(3, 0))
    (found,) = migrations([one, two], [])
    assert (found.usages, found.files, found.repositories, found.done, found.open, found.merged) == (4, 2, 2, 1, 2, 2)
    assert [each.usages for each in found.history] == [14, 14, 9, 4]
    assert [row.name for row in found.rows] == ["acme/app1", "acme/app2"]


def test_a_tracker_has_the_longer_history_and_counts_once() -> None:
    chart = BurnDown(
        page=f"{SITE}/acme/app1/issues/5",
        migration="m",
        history=(point(-9, 20), point(0, 4)),
        repository=RepositoryId(1),
    )
    (found,) = migrations([known(1, 4, point(0, 4))], [chart])
    assert [each.usages for each in found.history] == [20, 4]
    assert found.repositories == 1
    assert total([]) == []


# --- what everybody can read ---------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The elements of a page, with what is needed to hold them against the rules."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)

    VOID = frozenset({"meta", "link", "input", "br", "line", "path", "circle"})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, "elements are nested, and all are closed"

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            self.text[tag] = self.text.get(tag, "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.elements if name == tag]


def full_status() -> Status:
    """Something of everything."""
    jobs = [
        job(1, state=State.DEAD, reason="failed 5 times: KeyError: 'head'", finished_at=NOW),
        job(2, state=State.RUNNING, started_at=NOW - timedelta(seconds=5), key="repo:7#1", place="acme/app#1"),
        job(3, next_at=NOW + timedelta(minutes=9), reason="RetryLater: later (not before 2026)", attempts=2),
        job(4, state=State.RUNNING, started_at=NOW - timedelta(minutes=9)),
        job(5),
        job(6, state=State.IGNORED, reason="ping", finished_at=NOW),
    ]
    return Status(
        fault=None,
        counts=dict.fromkeys(State, 1),
        dead=jobs[:1],
        recent=jobs,
        unfinished=jobs[1:5],
        now=NOW,
        progress=[known(1, 4, point(-2, 9), point(-1, 4))],
        lacking=["acme lacks a permission."],
    )


def status_text(status: Status) -> str:
    return status_page(status).text or ""


def pages() -> dict[str, str]:
    """Pages of each kind."""
    jobs_page = page(
        "jobs.html",
        asked={"repository": "", "event": "", "state": "", "before": ""},
        found=[view_of(job(), SITE)],
        folded=[],
        fault="There is no such state.",
        next="/status/jobs?before=1",
        json="/status/jobs.json",
        repositories=["acme/app"],
        events=[("push", "push")],
        states=[("dead", "dead")],
        now=NOW,
    )
    (migration,) = migrations([known(1, 4, point(-2, 9))], [])
    job_page = page("job.html", job=view_of(job(state=State.DEAD, reason="x"), SITE), history=[], others=[], now=NOW)
    migration_page = page("migration.html", migration=migration, rows=migration.rows, more=0, now=NOW)
    found = {"jobs": jobs_page, "job": job_page, "migration": migration_page, "public": page("public.html")}
    found["setup"] = page("setup_form.html", state="s", name="n", fault="", url="", owner="")
    return {"status": status_text(full_status()), **{name: answer.text or "" for name, answer in found.items()}}


PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_and_operated_by_everybody(name: str) -> None:
    found = Page(PAGES[name])
    titles = [tag for tag, _, within in found.elements if tag == "title" and "head" in within]
    assert len(found.all("main")) == len(found.all("h1")) == len(titles) == 1
    assert found.all("html")[0]["lang"] == "en"
    skip = next(attributes for tag, attributes, _ in found.elements if tag == "a")
    assert skip["href"] == "#" + str(found.all("main")[0]["id"]), "the first link leads past the rest"
    levels = [int(tag[1]) for tag, _, _ in found.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    for tag, attributes, within in found.elements:
        if tag in ("input", "select") and attributes.get("type") != "hidden":
            assert "label" in within, f"{attributes} has no label"
        if "wide" in str(attributes.get("class")).split() or tag == "pre":
            assert (attributes["tabindex"], attributes["role"]) == ("0", "region"), "the keyboard can scroll it"
            assert attributes["aria-label"]
        if tag == "svg":
            assert attributes["aria-label"]
        assert "tbody" in within or "thead" in within or tag != "tr"
        assert tag != "th" or attributes.get("scope") in ("col", "row")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_script_and_no_style_of_its_own(name: str) -> None:
    found = Page(PAGES[name])
    assert {tag for tag, _, _ in found.elements}.isdisjoint({"script", "style", "iframe", "object", "img"})
    assert next(attributes["href"] for attributes in found.all("link")).startswith("/style.css?")  # type: ignore[union-attr]
    for _, attributes, _ in found.elements:
        assert not any(each == "style" or each.startswith("on") for each in attributes)


@pytest.mark.parametrize("name", PAGES)
def test_times_have_whole_seconds(name: str) -> None:
    times = [str(attributes["datetime"]) for attributes in Page(PAGES[name]).all("time")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in times)
    assert times or name in ("public", "setup")


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["fg", "soft", "link", "good", "bad", "busy"])
def test_the_colours_of_text_can_be_told_from_what_is_behind(scheme: int, name: str) -> None:
    found = colours(re.findall(r":root \{(.*?)\n *\}", (HOME / "style.css").read_text(), re.DOTALL)[scheme])
    assert contrast(found[name], found["bg"]) >= 4.5
    assert contrast(found[name], found["card"]) >= 4.5
    assert contrast(found["button"], found["button-fg"]) >= 4.5
    assert contrast(found["focus"], found["bg"]) >= 3


def test_the_stylesheet_knows_dark_paper_and_the_keyboard() -> None:
    text = (HOME / "style.css").read_text()
    assert all(rule in text for rule in ("prefers-color-scheme: dark", "@media print", ":focus-visible", ".skip:focus"))


# --- what strangers write ------------------------------------------------------------------------------------------

HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover=\"alert(1)' x='",
    "direction": "a\u202egpj.exe\u2066\u200f",
    "control": "a\0b\x1b[31m\r\nc",
    "template": "{{ 7 * 7 }}{% for x in y %}",
    "long": "x" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_names_from_outside_do_no_harm(text: str) -> None:
    each = job(1, id=DeliveryId(text), event=text, action=text, key=text, place=text, reason=text, state=State.DEAD)
    status = Status(
        fault=None, counts={}, dead=[each], recent=[each], unfinished=[each], now=NOW, lacking=[text], progress=[]
    )
    told = status_text(status)
    job_page = page("job.html", job=view_of(each, SITE), history=[], others=[view_of(each, SITE)], now=NOW)
    shown = told + (job_page.text or "")
    found = {tag for tag, _, _ in Page(told).elements}
    assert found.isdisjoint({"script", "img"})
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\0\x1b]", shown)
    assert "49" not in re.findall(r"<bdi>(.*?)</bdi>", told)
    assert len(told) < 30_000
    assert json.loads(status_json(status).text or "")["dead"][0]["event"] == text, "programs get it as it is"


def test_what_a_template_is_given_is_text() -> None:
    text = page("message.html", title="<b>", text="<script>").text or ""
    assert (text.count("&lt;b&gt;"), text.count("&lt;script&gt;")) == (2, 1)
    form = page(
        "jobs.html",
        asked={"repository": '"><em>', "event": "", "state": "", "before": ""},
        found=[],
        folded=[],
        fault=None,
        next=None,
        json="",
        repositories=["<i>"],
        events=[("<u>", "<u>")],
        states=[],
        now=NOW,
    )
    assert {tag for tag, _, _ in Page(form.text or "").elements}.isdisjoint({"em", "i", "u"})


# --- filters and JSON ----------------------------------------------------------------------------------------------

JOB_KEYS = [
    "number",
    "delivery",
    "event",
    "action",
    "repository",
    "place",
    "url",
    "state",
    "attempts",
    "received_at",
    "started_at",
    "due_at",
    "ended_at",
    "reason",
    "detail",
    "replaced_by",
]
STATUS_KEYS = ["version", "program", "now", "accepting", "fault", "counts", "oldest_unfinished_at", "dead", "retrying"]
STATUS_KEYS += ["slow", "running", "waiting", "recent", "problems", "not_granted", "onboarding", "migrations"]


async def filled(server: Server) -> None:
    for number, event in enumerate(("push", "pull_request", "push"), 1):
        stored = await server.store.put(Delivery(id=DeliveryId(f"g-{number}"), event=event, body=b"nobody"), NOW)
        await server.store.settle(stored.seq, State.DEAD if number == 1 else State.IGNORED, "a defect", NOW)


async def test_the_keys_of_the_json_are_those_that_the_documents_list(server: Server) -> None:
    await filled(server)
    status = json.loads((await server.get("/status.json")).body)
    assert list(status) == STATUS_KEYS
    assert list(status["dead"][0]) == JOB_KEYS
    assert json.loads((await server.get("/status", Accept="application/json")).body).keys() == status.keys()
    assert (await server.get("/status", Accept="text/html,application/json;q=0.9")).body.startswith("<!doctype")
    one = json.loads((await server.get("/status/jobs/1.json")).body)
    assert list(one) == ["version", *JOB_KEYS, "history"]
    assert json.loads((await server.get("/status/jobs/g-1.json")).body) == one, "by the delivery, too"
    documents = (Path(__file__).parents[2] / "docs/operations.md").read_text()
    assert all(f"`{key}`" in documents for key in (*STATUS_KEYS, *JOB_KEYS))


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [3, 2, 1]),
        ("?state=dead", [1]),
        ("?event=push", [3, 1]),
        ("?event=push&state=ignored", [3]),
        ("?before=3", [2, 1]),
        ("?state=&event=&repository=&before=", [3, 2, 1]),
        ("?event=%00%22%3E", []),
    ],
)
async def test_the_list_is_filtered_by_plain_parameters(server: Server, query: str, numbers: list[int]) -> None:
    await filled(server)
    found = json.loads((await server.get(f"/status/jobs.json{query}")).body)
    assert [each["number"] for each in found["jobs"]] == numbers
    text = (await server.get(f"/status/jobs{query}")).body
    assert sorted(map(int, re.findall(r'href="/status/jobs/(\d+)"', text)), reverse=True) == numbers


@pytest.mark.parametrize("query", ["state=odd", "before=x", "before=-1", "repository=nobody/here", "repository=%00"])
async def test_a_question_without_sense_is_answered_with_a_sentence(server: Server, query: str) -> None:
    answer = await server.get(f"/status/jobs?{query}")
    assert answer.status == 400
    assert 'role="alert"' in answer.body
    assert json.loads((await server.get(f"/status/jobs.json?{query}")).body)["fault"]


async def test_what_had_nothing_to_do_is_folded(server: Server) -> None:
    await filled(server)
    for path in ("/status", "/status/jobs"):
        text = (await server.get(path)).body
        before, _, folded = text.rpartition("<details>")
        assert 'href="/status/jobs/1"' in before
        assert 'href="/status/jobs/2"' in folded
        assert 'href="/status/jobs/3"' in folded
    assert "<details>" not in (await server.get("/status/jobs?state=ignored")).body, "unless it is asked for"


async def test_a_dead_job_says_how_to_retry_it_and_what_became_of_it_before(server: Server) -> None:
    await filled(server)
    text = (await server.get("/status/jobs/1")).body
    assert "ssot jobs retry 1" in text
    assert await server.store.retry(1)
    assert "Ended as dead, and was queued again" in (await server.get("/status/jobs/1")).body


@pytest.mark.parametrize("path", ["/status/jobs/99", "/status/jobs/%3Cscript%3E", "/status/migrations/none"])
async def test_what_is_not_there_is_404_in_a_sentence(server: Server, path: str) -> None:
    answer = await server.get(path)
    assert (answer.status, "<script>" in answer.body) == (404, False)
    assert (await server.get(f"{path}.json")).status == 404


async def test_the_stylesheet_is_ours_and_for_everybody(server: Server) -> None:
    answer = await server.get("/style.css", X_Forwarded_For="203.0.113.5")
    assert (answer.status, "text/css" in answer.head) == (200, True)
    head = (await server.get("/status")).head
    assert "style-src 'self'" in head
    assert "unsafe" not in head
