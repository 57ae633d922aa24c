"""``GET /commands``: the command reference, for everybody who can reach the server."""

from collections.abc import Iterable
from functools import cache, partial

from aiohttp import web

from bot.commands import render as words
from bot.domain.commands import CommandHelp
from bot.web.rendering import page


def commands_route(commands: Iterable[CommandHelp]) -> web.RouteDef:
    """The route; the page is rendered when it is asked for first."""
    shown = cache(partial(commands_html, tuple(commands)))

    async def show(_: web.Request) -> web.Response:
        from markupsafe import Markup

        return page("commands.html", body=Markup(shown()))  # noqa: S704  # made of our own words, without HTML

    return web.get("/commands", show)


def commands_html(commands: tuple[CommandHelp, ...]) -> str:
    """The same text as in the documents and in ``/ssot help``, as HTML."""
    from markdown_it import MarkdownIt

    parts = (
        "Write a command at the start of a line in a new comment, on a pull request or the tracking issue:",
        words.table(commands),
        words.REACTIONS,
        "## Command reference",
        words.document(commands),
    )
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render("\n\n".join(parts)))
