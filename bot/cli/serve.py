"""``ssot serve``: the webhook server and its workers."""

import asyncio
import os
import resource
import signal
import sys
import threading

import click

from bot.cli.faults import said
from bot.domain.errors import RetryLater, SettingsError, UserError
from bot.settings import Settings

OPEN_FILES = 8_192
FEWEST_OPEN_FILES = 128
"""Files that a server has open at once when it works: databases, scanner, requests to GitHub, a few connections."""
STOP_AT_LAST = 7.5
"""Seconds from the signal; whoever runs the server is promised 8."""


@click.command("serve")
@click.option("--host", help="Address to listen on.  [default: $HOST, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="0 picks a free port.  [default: $PORT, else 8000]")
@click.option("--smee", metavar="URL", help="For trying: also take deliveries from this channel of smee.io.")
def command(host: str | None, port: int | None, smee: str | None) -> None:
    """Run the webhook server and its workers until SIGTERM or Ctrl-C.

    Exits with 2 when it cannot start, and says what to fix.
    """
    from bot import memory
    from bot.jobs import StoreUnavailable
    from bot.web.smee import channel_url, refuse_where_it_is_no_trial

    os.umask(0o077)  # what the server keeps may be a private repository's
    memory.give_back_what_is_freed()
    try:
        _raise_file_limit()
        settings = Settings.from_env(os.environ)
        if smee is not None:
            refuse_where_it_is_no_trial(os.environ, settings.database_url.reveal())
            channel_url(smee)
        asyncio.run(_serve(settings, host or settings.host, settings.port if port is None else port, smee))
    except (UserError, StoreUnavailable, RetryLater, OSError) as error:
        click.echo(f"ssot serve: {said(error)}", err=True)
        sys.exit(2)


def _raise_file_limit() -> None:
    """Each connection is an open file; many systems allow a process 1,024 until it asks for more.

    Raises ``SettingsError`` where it cannot have enough.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    useful = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if useful < FEWEST_OPEN_FILES:
        raise SettingsError(
            f"the system lets a process open {useful} files, and the server needs at least {FEWEST_OPEN_FILES}: "
            "raise the hard limit (`ulimit -Hn`, `LimitNOFILE=`)"
        )
    if now != resource.RLIM_INFINITY and now < useful:
        resource.setrlimit(resource.RLIMIT_NOFILE, (useful, most))


async def _serve(settings: Settings, host: str, port: int, smee: str | None) -> None:
    from aiohttp import web

    from bot import log
    from bot.app import build, redactor, registered
    from bot.web import create_runner

    log.configure(form=settings.log_format, level=settings.log_level, redact=redactor(settings))
    app = build(settings, registered(settings))
    runner = create_runner(app.web)
    operator = create_runner(app.operator) if app.operator is not None else None
    stopping, tunnel = asyncio.Event(), None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        for address in runner.addresses:
            click.echo(f"listening on {url_of(address)}")
        if operator is not None and settings.admin_listen is not None:
            await operator.setup()
            await web.TCPSite(operator, *settings.admin_listen).start()
            for address in operator.addresses:
                click.echo(f"operator's pages on {url_of(address)}")
        tunnel = _follow(settings, smee, runner.addresses[0]) if smee else None
        await stopping.wait()
        _end_at_last()
    finally:
        if tunnel is not None:
            tunnel.cancel()
        if operator is not None:
            await operator.cleanup()
        await runner.cleanup()


def _end_at_last() -> None:
    """Ends the process ``STOP_AT_LAST`` seconds from now if it is still there.

    A database that is frozen keeps threads waiting, and Python waits for its threads.
    """

    def end() -> None:
        text = (
            "ssot serve: stopped without waiting any longer (does the database answer?): what it was doing is run again"
        )
        os.write(2, f"{text}\n".encode())
        os._exit(1)

    timer = threading.Timer(STOP_AT_LAST, end)
    timer.daemon = True
    timer.start()


def _follow(settings: Settings, smee: str, address: tuple[str | int, ...]) -> asyncio.Task[None]:
    """Begin to read a channel; what it says is for the person in front of the terminal."""
    from urllib.parse import urlsplit

    from bot.web.smee import Tunnel, follow

    def tell(text: str) -> None:
        click.echo(f"smee: {text}", err=True)

    tell(f"for trying only: {urlsplit(smee).hostname}, and everybody who knows this address, reads all payloads")
    secrets = [secret.reveal().encode() for secret in settings.webhook_secrets]
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(address[0]), address[0])  # noqa: S104  what was bound
    target = f"{url_of((own, address[1]))}/webhook"
    channel = Tunnel(url=smee, target=target, secrets=secrets, tell=tell)
    return asyncio.get_running_loop().create_task(follow(channel))


def url_of(address: tuple[str | int, ...]) -> str:
    """``http://127.0.0.1:8000`` of a socket's address."""
    host, port = str(address[0]), address[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
