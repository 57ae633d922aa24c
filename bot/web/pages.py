"""The pages for people: what is going on, without any secret or payload."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from aiohttp import web

from bot import __version__
from bot.jobs import Job, State

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328 }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .8rem .3rem 0 }
th { border-bottom: 2px solid #d1d9e0 } td { border-bottom: 1px solid #d1d9e0; vertical-align: top }
td { overflow-wrap: anywhere } .dead { color: #d1242f; font-weight: 600 } .done { color: #1a7f37 }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #f0f6fc } }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(title: str, body: str, *, status: int = 200) -> web.Response:
    """A whole page around ``body``, which is HTML; ``title`` is text.  Nothing but its own style is loaded or run."""
    text = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>\n'
        f"<h1>{escape(title)}</h1>\n{body}\n</html>\n"
    )
    return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)


def public_page() -> web.Response:
    """What a stranger sees."""
    return page("ssot-bot", "<p>The bot is running.  Its operator sees more here.</p>")


def status_page(counts: Mapping[State, int], jobs: Sequence[Job], now: datetime) -> web.Response:
    """The number of deliveries in each state, and the newest of them."""
    totals = "".join(f"<tr><td>{state.value}<td>{count}" for state, count in counts.items())
    rows = "\n".join(_row(job, now) for job in jobs)
    heads = "".join(f"<th>{head}" for head in ("#", "Delivery", "Event", "For", "State", "Tries", "Came", "Reason"))
    return page(
        "ssot-bot",
        f"<p>Version {escape(__version__)}.  Metrics: <a href=/metrics>/metrics</a></p>"
        f"<h2>Deliveries</h2><table><tr><th>State<th>Number{totals}</table>"
        f"<h2>The newest {len(jobs)}</h2><table><tr>{heads}\n{rows}</table>",
    )


def _row(job: Job, now: datetime) -> str:
    event = f"{job.event}.{job.action}" if job.action else job.event
    state = f'<span class="{job.state.value}">{job.state.value}</span>'
    if job.next_at is not None and job.state is State.QUEUED:
        state += f" until {job.next_at:%H:%M:%S} UTC"
    cells = (str(job.seq), escape(job.id), escape(event), escape(job.key or ""), state, str(job.attempts))
    return "<tr><td>" + "<td>".join((*cells, _ago(now - job.received_at), escape(job.reason or "")))


def _ago(age: object) -> str:
    return f"{str(age).partition('.')[0]} ago"
