"""The pages for people: the state of the queue, without any secret or payload."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from aiohttp import web

from bot import __version__
from bot.jobs import Job, State
from bot.jobs.worker import Stats
from bot.onboarding.models import OnboardingNote
from bot.tracker.record import BurnDown
from bot.tracker.render import burndown

STYLE = """
:root { color-scheme: light dark; --fg: #1f2328; --bg: #fff; --soft: #59636e; --line: #d1d9e0; --card: #f6f8fa;
  --link: #0969da; --good: #1a7f37; --bad: #d1242f; --busy: #9a6700 }
@media (prefers-color-scheme: dark) { :root { --fg: #f0f6fc; --bg: #0d1117; --soft: #9198a1; --line: #3d444d;
  --card: #151b23; --link: #4493f8; --good: #3fb950; --bad: #f85149; --busy: #d29922 } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1.2rem; color: var(--fg);
  background: var(--bg) }
h1 { font-size: 1.5rem; margin: 0 0 .5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem } a { color: var(--link) }
.soft, time { color: var(--soft) } code { font: .9em ui-monospace, monospace }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0; padding: 0; list-style: none }
.cards li { flex: 1 1 8rem; padding: .7rem 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px }
.cards b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums }
pre { overflow-x: auto; padding: .6rem .8rem; background: var(--card); border-radius: 6px }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--soft); font-weight: 600; white-space: nowrap } td { overflow-wrap: break-word }
.reason { overflow-wrap: anywhere; min-width: 12rem } .narrow { width: auto }
.nowrap { white-space: nowrap } .num { font-variant-numeric: tabular-nums }
.dead, .fault { color: var(--bad); font-weight: 600 } .done { color: var(--good) }
.queued, .running { color: var(--busy) } .superseded, .ignored { color: var(--soft) }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: .8rem }
figure { margin: 0; padding: .7rem 1rem; border: 1px solid var(--line); border-radius: 8px; max-width: 45rem }
figure svg { display: block; width: 100%; margin-top: .5rem }
form { max-width: 34rem } label { display: block; margin: 1rem 0; font-weight: 600 }
input { display: block; width: 100%; margin-top: .3rem; padding: .5rem .7rem; font: inherit; font-weight: 400;
  color: inherit;
  background: var(--bg); border: 1px solid var(--line); border-radius: 6px }
button { margin-top: .8rem; padding: .5rem 1.2rem; font: inherit; font-weight: 600; color: #fff; background: #1f883d;
  border: 0; border-radius: 6px; cursor: pointer }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(title: str, body: str, *, status: int = 200, form_action: str = "'none'") -> web.Response:
    """A whole page around ``body``, which is HTML; ``title`` is text.

    Nothing but its own style is loaded or run, and forms go to ``form_action`` (a source list of CSP) only.
    """
    text = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>\n'
        f"<h1>{escape(title)}</h1>\n{body}\n</html>\n"
    )
    policy = (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action {form_action}; "
        "frame-ancestors 'none'"
    )
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def public_page() -> web.Response:
    """The page for everybody but the operator."""
    return page("ssot-bot", "<p>The bot is running. Its operator finds more at <code>/status</code>.</p>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the operator's page shows."""

    fault: str | None
    """Why no delivery can be accepted now; ``None`` when all is well."""
    stats: Stats
    counts: Mapping[State, int]
    dead: Sequence[Job]
    """The newest dead letters."""
    recent: Sequence[Job]
    """The newest deliveries."""
    now: datetime
    burn_downs: Sequence[BurnDown] = ()
    lacking: Sequence[str] = ()
    """A sentence for each installation that has not granted all that the bot needs."""
    onboardings: Sequence[OnboardingNote] = ()
    """The onboarding pull requests that are open, or that GitHub refuses."""


def status_page(status: Status) -> web.Response:
    """The queue in numbers, the dead letters with their reasons, and the newest deliveries."""
    health = '<b class="done">accepting deliveries</b>'
    if status.fault:
        health = f'<b class="fault">not accepting deliveries: {escape(status.fault)}</b>'
    return page(
        "ssot-bot",
        f'<p>{health} <span class="soft">· version {escape(__version__)} · <a href="/metrics">metrics</a></span></p>'
        f"{_cards(status)}{_lacking(status)}{_dead_letters(status)}{_onboardings(status)}"
        f"{_burn_downs(status)}"
        f"<h2>Newest deliveries</h2>{_table(status.recent, status.now)}",
    )


def _cards(status: Status) -> str:
    oldest = status.stats.oldest
    dead = status.counts.get(State.DEAD, 0)
    cards = (
        ("waiting", str(status.stats.waiting), ""),
        ("running", str(status.stats.running), ""),
        ("oldest unfinished", span(status.now - oldest) if oldest else "none", ""),
        ("done", str(status.counts.get(State.DONE, 0)), ""),
        ("dead letters", str(dead), "dead" if dead else ""),
    )
    items = (f'<li><b class="{tone}">{value}</b> <span class="soft">{name}</span>' for name, value, tone in cards)
    return f'<ul class="cards">{"".join(items)}</ul>'


def _lacking(status: Status) -> str:
    if not status.lacking:
        return ""
    items = "".join(f"<li>{escape(each)}" for each in status.lacking)
    return (
        '<h2>Not granted</h2><p class="soft">The bot goes on with what it has. An owner can accept the rest on the '
        f"installation's page; <code>ssot doctor</code> checks it.</p><ul>{items}</ul>"
    )


def _dead_letters(status: Status) -> str:
    if not status.dead:
        return ""
    return (
        '<h2>Dead letters</h2><p class="soft">The bot gave up on these; each row says why. Once fixed: '
        f"<code>ssot jobs retry NUMBER</code></p>{_table(status.dead, status.now)}"
    )


def _onboardings(status: Status) -> str:
    if not status.onboardings:
        return ""
    rows = "".join(f"<tr><td>{_repository(each)}<td class=reason>{_answer(each)}" for each in status.onboardings)
    return (
        '<h2>Onboarding</h2><p class="soft">Pull requests with a first configuration that nobody has answered yet, and '
        "those that GitHub refuses: they are tried again once a day.</p>"
        f'<div class="wide"><table><tr><th>Repository<th>Pull request{rows}</table></div>'
    )


def _repository(told: OnboardingNote) -> str:
    return f'<a href="{escape(told.page)}">{escape(told.repository)}</a>'


def _answer(told: OnboardingNote) -> str:
    number = told.number
    pull = "" if number is None else f'<a href="{escape(told.page)}/pull/{number}">#{number}</a>'
    if told.refused is None:
        return f"{pull} is open"
    return f"{pull} <b class=fault>refused</b>: {escape(told.refused)}"


def _burn_downs(status: Status) -> str:
    if not status.burn_downs:
        return ""
    return f'<h2>Migrations</h2><div class="charts">{"".join(map(_burn_down, status.burn_downs))}</div>'


def _burn_down(chart: BurnDown) -> str:
    """The chart has no style of its own, which the page's policy would have to allow."""
    owner, name, _, number = chart.page.rsplit("/", 4)[-4:]
    link = f'<a href="{escape(chart.page)}">{escape(f"{owner}/{name}#{number}")}</a>'
    return (
        f'<figure><figcaption><b>{escape(chart.migration)}</b> · {link}<br><span class="soft num">'
        f"{escape(burndown.line(chart.history))}</span></figcaption>"
        f"{burndown.svg(chart.history, title=f'{chart.migration}: usages left')}</figure>"
    )


def _table(jobs: Sequence[Job], now: datetime) -> str:
    if not jobs:
        return '<p class="soft">None yet.</p>'
    heads = "".join(f"<th>{head}" for head in ("Number", "Event", "For", "State", "Tries", "Received", "Reason"))
    rows = "\n".join(_row(job, now) for job in jobs)
    return f'<div class="wide"><table><tr>{heads}\n{rows}</table></div>'


def _row(job: Job, now: datetime) -> str:
    event = f"{job.event}.{job.action}" if job.action else job.event
    state = f'<span class="{job.state.value}">{job.state.value}</span>'
    if job.due is not None and job.state is State.QUEUED:
        state += f' <span class="soft">until {job.due:%H:%M:%S} UTC</span>'
    came = f'<time datetime="{job.received_at.isoformat()}" title="{job.received_at:%Y-%m-%d %H:%M:%S} UTC">'
    cells = (
        f'<td class="num" title="{escape(job.id)}">{job.seq}',
        f'<td class="nowrap">{escape(event)}',
        f"<td>{escape(job.place or job.key or '')}",
        f'<td class="nowrap">{state}',
        f'<td class="num">{job.attempts}',
        f'<td class="nowrap">{came}{span(now - job.received_at)} ago</time>',
        f'<td class="reason">{escape(job.reason or "")}',
    )
    return f"<tr>{''.join(cells)}"


def span(time: timedelta) -> str:
    """A time in its one or two largest units: ``42 s``, ``3 min``, ``2 h 5 min``, ``3 d``."""
    seconds = max(int(time.total_seconds()), 0)
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    match (days, hours, minutes):
        case (0, 0, 0):
            return f"{seconds} s"
        case (0, 0, _):
            return f"{minutes} min"
        case (0, _, _):
            return f"{hours} h {minutes} min"
        case _:
            return f"{days} d"
