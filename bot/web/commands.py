"""``GET /commands``: the command reference, for everybody who can reach the server."""

from collections.abc import Iterable

from aiohttp import web
from markdown_it import MarkdownIt

from bot.commands import render as words
from bot.domain.commands import CommandHelp
from bot.web.pages import page


def commands_route(commands: Iterable[CommandHelp]) -> web.RouteDef:
    """The route; the page is rendered once."""
    text = commands_html(tuple(commands))

    async def show(_: web.Request) -> web.Response:
        return page("Commands", text)

    return web.get("/commands", show)


def commands_html(commands: tuple[CommandHelp, ...]) -> str:
    """The same text as in the documents and in ``/ssot help``, as HTML."""
    parts = (
        "Write a command at the start of a line in a new comment, on a pull request or the tracking issue:",
        words.table(commands),
        words.REACTIONS,
        "## Command reference",
        words.document(commands),
    )
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render("\n\n".join(parts)))
