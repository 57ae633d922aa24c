"""``ssot serve``: the webhook server and its workers."""

import asyncio
import os
import resource
import signal
import sys

import click

from bot.domain.errors import RetryLater, SettingsError
from bot.settings import Settings

OPEN_FILES = 8_192


@click.command("serve")
@click.option("--host", help="Address to listen on.  [default: $HOST, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="0 picks a free port.  [default: $PORT, else 8000]")
def command(host: str | None, port: int | None) -> None:
    """Run the webhook server and its workers until SIGTERM or Ctrl-C.

    Exits with 2 when it cannot start, and says what to fix.
    """
    from bot.jobs import StoreUnavailable

    os.umask(0o077)  # what the server keeps may be a private repository's
    _raise_file_limit()
    try:
        settings = Settings.from_env(os.environ)
        asyncio.run(_serve(settings, host or settings.host, settings.port if port is None else port))
    except (SettingsError, StoreUnavailable, RetryLater, OSError) as error:
        click.echo(f"ssot serve: {error}", err=True)
        sys.exit(2)


def _raise_file_limit() -> None:
    """Each connection is an open file; many systems allow a process 1,024 until it asks for more."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    useful = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if now != resource.RLIM_INFINITY and now < useful:
        resource.setrlimit(resource.RLIMIT_NOFILE, (useful, most))


async def _serve(settings: Settings, host: str, port: int) -> None:
    from aiohttp import web

    from bot import log
    from bot.app import build, redactor, registered
    from bot.web import create_runner

    log.configure(form=settings.log_format, level=settings.log_level, redact=redactor(settings))
    app = build(settings, registered(settings))
    runner = create_runner(app.web)
    operator = create_runner(app.operator) if app.operator is not None else None
    stopping = asyncio.Event()
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
        await stopping.wait()
    finally:
        if operator is not None:
            await operator.cleanup()
        await runner.cleanup()


def url_of(address: tuple[str | int, ...]) -> str:
    """``http://127.0.0.1:8000`` of a socket's address."""
    host, port = str(address[0]), address[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
