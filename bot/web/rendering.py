"""Pages from templates: everything that is put into one is text unless it is ``Markup``.

Jinja2 is imported when the first page is asked for: a server that nobody looks at does not hold it.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web

from bot.markdown.text import shorten, visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

HOME = Path(__file__).parent / "html"
STYLE = "/style.css"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
LONGEST = 200
"""Characters of a name or a sentence from outside; what is longer is cut in its middle."""


def page(template: str, *, status: int = 200, form_action: str = "'none'", **values: object) -> web.Response:
    """The page of a template in ``html/``.

    Nothing but our own stylesheet is loaded, nothing is run, and forms go to ``form_action`` (a source list of CSP)
    only.
    """
    text = _environment().get_template(template).render(values)
    policy = f"default-src 'none'; style-src 'self'; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def style_route() -> web.RouteDef:
    """The stylesheet of all pages: there is nothing of the bot's work in it, so everybody may have it."""

    async def style(_: web.Request) -> web.Response:
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=86400"}
        return web.Response(body=_style(), content_type="text/css", charset="utf-8", headers=headers)

    return web.get(STYLE, style)


@cache
def _style() -> bytes:
    return (HOME / "style.css").read_bytes()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HOME), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        foreign=foreign,
        visible=_visible,
        span=span,
        since=since,
        iso=iso,
        moment=moment,
        path=_path,
        with_code=_with_code,
    )
    environment.globals["stylesheet"] = f"{STYLE}?{hashlib.sha256(_style()).hexdigest()[:12]}"
    return environment


def foreign(text: str, most: int = LONGEST) -> "Markup":
    """Other people's text: its control characters are spelled out, it is cut, and its direction is its own affair."""
    from markupsafe import Markup

    return Markup("<bdi>{}</bdi>").format(shorten(visible(text), most))  # format escapes


def _visible(text: str) -> str:
    """The same where there can be no elements: in an attribute, in an option."""
    return shorten(visible(text), LONGEST)


def _with_code(text: str) -> "Markup":
    """A sentence that is also in the documents: what stands between backticks is code."""
    from markupsafe import Markup

    code, rest = Markup("<code>{}</code>"), Markup("{}")
    parts = text.split("`")
    return Markup("").join((code if at % 2 else rest).format(part) for at, part in enumerate(parts))  # format escapes


def _path(text: str) -> str:
    """``text`` as one segment of an address."""
    return quote(text, safe="")


# --- times ---------------------------------------------------------------------------------------------------------


def iso(at: datetime) -> str:
    """``2026-11-30T22:18:58Z``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def moment(at: datetime) -> str:
    """``2026-11-30 22:18:58 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def since(at: datetime, now: datetime) -> str:
    """``5 min ago``, or ``in 5 min``."""
    return f"in {span(at - now)}" if at - now >= timedelta(seconds=1) else f"{span(now - at)} ago"


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


def as_json(document: dict[str, Any], *, status: int = 200) -> web.Response:
    """The same that a page shows, for programs."""
    return web.json_response(document, status=status, headers=HEADERS)
