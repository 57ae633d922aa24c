"""``ssot setup``: registers the GitHub App in the browser and stores its credentials."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from bot.cli.faults import said
from bot.domain.errors import SettingsError, UserError
from bot.settings import Settings, data_directory, github_url
from bot.settings.credentials import configured, variables, write_credentials

if TYPE_CHECKING:
    from bot.github.registration import Registration

MADE_HERE = ("SSOT_MARKER_KEYS", "SSOT_METRICS_TOKEN")
"""The secrets that are not GitHub's."""
AND_WITH_THEM = ",\nand with them the password of /status and /metrics, SSOT_METRICS_TOKEN"
GOODBYE = 1.0
"""Seconds to deliver the last page."""


@click.command("setup")
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="0 picks a free port.")
def command(port: int) -> None:
    """Register the GitHub App from app.yaml in your browser.

    Serves http://127.0.0.1:PORT/setup until the App is registered, then stores the credentials in the data directory
    and exits.  To run it on another machine, forward the port: ssh -L 8000:127.0.0.1:8000 HOST.

    Exits with 2 when credentials of an App already exist.
    """
    try:
        if configured(os.environ):
            raise SettingsError("credentials of an App already exist; `ssot doctor` checks them")
        asyncio.run(_serve(port))
    except (UserError, OSError) as error:
        click.echo(f"ssot setup: {said(error)}", err=True)
        sys.exit(2)


async def _serve(port: int) -> None:
    from aiohttp import web

    from bot import log
    from bot.github.api import open_session
    from bot.github.manifest import manifest_document
    from bot.github.registration import Registration, convert
    from bot.web import create_runner
    from bot.web.setup import Setup, SetupParts

    redact, over = log.Redactor(), asyncio.Event()
    log.configure(redact=redact, level="warning")
    api_url = github_url(os.environ)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)

    def keep(made: Registration) -> str:
        made_of = _credentials_of(made, api_url)
        for secret in (made.private_key, made.webhook_secret, *(made_of[name] for name in MADE_HERE)):
            redact.register(secret)
        return _keep(made_of)

    def done(made: Registration, kept: str, start: str) -> None:
        click.echo(f"registered {made.name} as App {made.id}; credentials stored in {kept}{AND_WITH_THEM}")
        click.echo(f"next: run `{start}` and install the App: {made.html_url}/installations/new")
        asyncio.get_running_loop().call_later(GOODBYE, over.set)

    listener = socket.create_server(("127.0.0.1", port))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with open_session() as session:
        parts = SetupParts(
            address=address,
            api_url=api_url,
            manifest=manifest_document(),
            exchange=lambda code: convert(session, api_url, code),
            keep=keep,
            done=done,
        )
        app = web.Application(client_max_size=64 * 1024)
        app.add_routes(Setup(parts).routes())
        runner = create_runner(app)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            click.echo(f"open {address}/setup in a browser on this machine; press Ctrl-C to cancel")
            await over.wait()
        finally:
            await runner.cleanup()


def _credentials_of(made: "Registration", api_url: str) -> dict[str, str]:
    """What is stored of a new App, with ``MADE_HERE``."""
    return variables(
        app_id=made.id,
        private_key=made.private_key,
        webhook_secret=made.webhook_secret,
        marker_key=secrets.token_hex(32),
        metrics_token=secrets.token_urlsafe(24),
        api_url=api_url,
    )


def _keep(credentials: Mapping[str, str]) -> str:
    """Store the credentials; returns the file.  Raises ``UserError`` when they are invalid or cannot be written."""
    Settings.from_env(credentials)
    try:
        return str(write_credentials(data_directory(os.environ), credentials))
    except OSError as fault:
        text = f"the credentials cannot be stored ({fault.strerror}); delete the App on GitHub and try again"
        raise UserError(text) from fault
